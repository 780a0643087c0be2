"""A small county for tests of commands: its organisations, its policies, and who does what."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from uuid import UUID

from ledger.commands.organisations import EstablishOrganisation, establish_organisation
from ledger.commands.petitions import (
    AcceptPetition,
    AssignHandler,
    DispatchPetition,
    FilePetition,
    accept_petition,
    assign_handler,
    dispatch_petition,
    file_petition,
)
from ledger.commands.policies import AdoptStandardPolicies, adopt_standard_policies
from ledger.core.aggregate import By
from ledger.organisations import Kind, organisation_id
from ledger.storage.ledger import Ledger
from tests.examples import by

COUNTY = organisation_id("371329")
STREET = organisation_id("371329001")
COMMUNITY = organisation_id("371329001001")
OTHER_COMMUNITY = organisation_id("371329001002")
ESTATE = organisation_id("371329001001.e1")
OTHER_ESTATE = organisation_id("371329001002.e1")
COMPANY = organisation_id("company-1")
DEPARTMENT = organisation_id("housing")
OTHER_DEPARTMENT = organisation_id("urban-management")
EFFICIENCY_OFFICE = organisation_id("efficiency-office")

PETITIONER = UUID(int=900)
CLERK, DISPATCHER, HANDLER, VISITOR, APPROVER, SUPERVISOR = range(901, 907)
REASON = "情况需要说明"

_TREE: tuple[tuple[str, Kind, str | None], ...] = (
    ("371329", Kind.COUNTY, None),
    ("371329001", Kind.STREET, "371329"),
    ("371329001001", Kind.COMMUNITY, "371329001"),
    ("371329001002", Kind.COMMUNITY, "371329001"),
    ("371329001001.e1", Kind.ESTATE, "371329001001"),
    ("371329001002.e1", Kind.ESTATE, "371329001002"),
    ("company-1", Kind.PROPERTY_COMPANY, "371329"),
    ("housing", Kind.DEPARTMENT, "371329"),
    ("urban-management", Kind.DEPARTMENT, "371329"),
    ("efficiency-office", Kind.DEPARTMENT, "371329"),
)


def who(
    number: int = CLERK, *, on: str = "2026-03-02", reason: str = "", of: UUID | None = None
) -> By:
    """Return a person deciding at 10:00 in China on a day; the handler is of the department."""
    at = datetime.combine(date.fromisoformat(on), time(2), UTC)
    of = DEPARTMENT if of is None and number == HANDLER else of
    return replace(by(number, at=at, reason=reason), policy_version=0, organisation_id=of)


async def build_county(ledger: Ledger) -> None:
    """Adopt the standard policies and establish the organisations."""
    await adopt_standard_policies(AdoptStandardPolicies(), ledger, who())
    for code, kind, parent in _TREE:
        command = EstablishOrganisation(
            code=code,
            kind=kind,
            name_zh=f"组织{code}",
            parent_id=None if parent is None else organisation_id(parent),
            valid_from=date(2020, 1, 1),
        )
        await establish_organisation(command, ledger, who())


DAMP_GARAGE = FilePetition(
    channel="hotline",
    title="地下车库潮湿积水",
    summary="雨后地下车库积水，墙面发霉",
    community_id=COMMUNITY,
    petitioner_id=PETITIONER,
    place="地下车库",
    estate_id=ESTATE,
    category="facilities",
    item="damp_garage",
)


async def filed(ledger: Ledger, *, on: str = "2026-03-02", channel: str = "hotline") -> UUID:
    """Return the id of a petition that was just filed."""
    command = replace(DAMP_GARAGE, channel=channel)
    return (await file_petition(command, ledger, who(on=on))).id


async def in_hand(ledger: Ledger, *, on: str = "2026-03-02", channel: str = "hotline") -> UUID:
    """Return the id of a petition that the department handles."""
    petition_id = await filed(ledger, on=on, channel=channel)
    dispatch = DispatchPetition(petition_id=petition_id, unit_id=DEPARTMENT)
    await dispatch_petition(dispatch, ledger, who(DISPATCHER, on=on))
    await accept_petition(AcceptPetition(petition_id=petition_id), ledger, who(HANDLER, on=on))
    assign = AssignHandler(petition_id=petition_id, handler_id=UUID(int=HANDLER))
    await assign_handler(assign, ledger, who(HANDLER, on=on))
    return petition_id
