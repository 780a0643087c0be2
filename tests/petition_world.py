"""A small county in which petitions, findings and units' conduct happen, through real commands.

Days are counted from Monday 2 March 2026, 09:00 in China. Persons are numbers; one
who may take a step differs from one who took the step before.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from ledger.commands.findings import AppointSupervisor, RaiseFinding, appoint_supervisor
from ledger.commands.findings import raise_finding as raise_finding_now
from ledger.commands.organisations import EstablishOrganisation, establish_organisation
from ledger.commands.petition_closing import (
    ClosePetition,
    VisitBack,
    close_petition,
    visit_back,
)
from ledger.commands.petition_handling import AnswerPetition, answer_petition
from ledger.commands.petition_supervision import EscalatePetition, escalate_petition
from ledger.commands.petitions import (
    AcceptPetition,
    DispatchPetition,
    FilePetition,
    accept_petition,
    dispatch_petition,
    file_petition,
)
from ledger.commands.policies import AdoptStandardPolicies, adopt_standard_policies
from ledger.core.aggregate import By
from ledger.findings import FindingSource
from ledger.organisations import Kind, organisation_id
from ledger.petitions import Cause, Level, Outcome, Petition
from ledger.storage.ledger import Ledger, Recorded
from tests.examples import AT

SINCE = date(2020, 1, 1)
COUNTY = organisation_id("county")
STREET = organisation_id("street")
COMMUNITY = organisation_id("community")
ESTATE = organisation_id("estate")
COMPANY = organisation_id("company")
UNIT = organisation_id("unit")
OTHER_UNIT = organisation_id("other-unit")
DEPARTMENT = organisation_id("department")
OFFICE = organisation_id("office")
PETITIONER = UUID(int=900)
SUPERVISOR = UUID(int=901)

CLERK, DISPATCHER, HANDLER, VISITOR, APPROVER = range(11, 16)

_ORGANISATIONS: tuple[tuple[str, Kind, str, UUID | None], ...] = (
    ("county", Kind.COUNTY, "临沭县", None),
    ("street", Kind.STREET, "临沭街道", COUNTY),
    ("community", Kind.COMMUNITY, "红石湖社区", STREET),
    ("estate", Kind.ESTATE, "红石湖小区", COMMUNITY),
    ("company", Kind.PROPERTY_COMPANY, "某物业公司", COUNTY),
    ("unit", Kind.UNIT, "县供热中心", COUNTY),
    ("other-unit", Kind.UNIT, "县市政中心", COUNTY),
    ("department", Kind.DEPARTMENT, "县住建局", COUNTY),
    ("office", Kind.OTHER, "县委作风效能办公室", COUNTY),
)


def day(number: float) -> datetime:
    """Return 09:00 in China, so many days after Monday 2 March 2026."""
    return AT + timedelta(days=number)


def who(number: int = CLERK, *, on: float = 0, reason: str = "", **said: Any) -> By:
    """Return a person who decides on a day."""
    if number == HANDLER:
        said.setdefault("organisation_id", UNIT)
    return By(actor_id=UUID(int=number), at=day(on), role="street", reason=reason, **said)


async def found_county(ledger: Ledger) -> None:
    """Adopt the policies and establish the organisations."""
    await adopt_standard_policies(AdoptStandardPolicies(), ledger, who(on=-400))
    for code, kind, name_zh, parent_id in _ORGANISATIONS:
        command = EstablishOrganisation(
            code=code, kind=kind, name_zh=name_zh, valid_from=SINCE, parent_id=parent_id
        )
        await establish_organisation(command, ledger, who(on=-400))


async def done(
    function: Callable[[Any, Ledger, By], Awaitable[Recorded]],
    command: Any,
    ledger: Ledger,
    by: By,
) -> Recorded:
    """Run a command function (shorter to read in a row of steps)."""
    return await function(command, ledger, by)


async def filed(ledger: Ledger, *, on: float = 0, **changed: Any) -> UUID:
    """File a petition about a damp garage."""
    given: dict[str, Any] = {
        "channel": "reception_day",
        "title": "地下车库潮湿积水",
        "summary": "雨后地下车库积水，墙面发霉",
        "community_id": COMMUNITY,
        "estate_id": ESTATE,
        "petitioner_id": PETITIONER,
        "category": "facilities",
        "item": "damp_garage",
    }
    return (await file_petition(FilePetition(**(given | changed)), ledger, who(on=on))).id


async def in_hand(ledger: Ledger, *, on: float = 0, unit_id: UUID = UNIT, **changed: Any) -> UUID:
    """File a petition, send it to a unit, which accepts it the same day."""
    petition_id = await filed(ledger, on=on, **changed)
    dispatch = DispatchPetition(petition_id=petition_id, unit_id=unit_id)
    await dispatch_petition(dispatch, ledger, who(DISPATCHER, on=on))
    handler = who(HANDLER, on=on, organisation_id=unit_id)
    await accept_petition(AcceptPetition(petition_id=petition_id), ledger, handler)
    return petition_id


async def escalated(
    ledger: Ledger,
    petition_id: UUID,
    *levels: Level,
    on: float = 0,
    by_id: UUID = STREET,
    person: int = APPROVER,
) -> None:
    """Take a petition up, level by level, by somebody of an organisation."""
    for level in levels:
        command = EscalatePetition(petition_id=petition_id, level=level, cause=Cause.UNRESOLVED)
        by = who(person, on=on, reason="长期未解决", organisation_id=by_id)
        await escalate_petition(command, ledger, by)


async def sent_to_county(ledger: Ledger, *, on: float = 0, unit_id: UUID = UNIT) -> UUID:
    """Let a petition of a unit go up to the county."""
    petition_id = await in_hand(ledger, on=on, unit_id=unit_id)
    await escalated(ledger, petition_id, Level.STREET, Level.COUNTY, on=on)
    return petition_id


async def solved(
    ledger: Ledger, petition_id: UUID, *, on: float = 0, visited_by: UUID = COMMUNITY
) -> None:
    """Let a petition in hand be answered, visited back as solved by somebody, and closed."""
    answer = AnswerPetition(
        petition_id=petition_id, outcome=Outcome.RESOLVED, summary="积水已清理，通风系统已修复"
    )
    held_by = (await ledger.load(Petition, petition_id)).holder_id
    await answer_petition(answer, ledger, who(HANDLER, on=on, organisation_id=held_by))
    visit = VisitBack(petition_id=petition_id, is_resolved=True, is_satisfied=True)
    await visit_back(visit, ledger, who(VISITOR, on=on, organisation_id=visited_by))
    await close_petition(ClosePetition(petition_id=petition_id), ledger, who(on=on))


async def raised_finding(ledger: Ledger, *, on: float = 0, appoint: bool = True) -> UUID:
    """Let a supervisor of the estate find something."""
    if appoint:
        appointment = AppointSupervisor(person_id=SUPERVISOR, estate_ids=(ESTATE,))
        await appoint_supervisor(appointment, ledger, who(on=on))
    command = RaiseFinding(
        supervisor_id=SUPERVISOR,
        estate_id=ESTATE,
        company_id=COMPANY,
        source=FindingSource.GROUP_CHAT,
        category="property_service",
        item="cleaning",
        summary="三号楼楼道多日未清扫",
    )
    return (await raise_finding_now(command, ledger, who(SUPERVISOR.int, on=on))).id
