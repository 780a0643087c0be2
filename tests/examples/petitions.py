"""A damp garage on an estate: the petition, from the reception day to its end."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from ledger.core.aggregate import By, Event
from ledger.petitions import (
    ClockName,
    Deadline,
    Level,
    MeetingOutcome,
    Outcome,
    Petition,
    Side,
    events,
)
from tests.examples import AT, by

PETITION = UUID(int=200)
OTHER_PETITION = UUID(int=201)
COMMUNITY = UUID(int=202)
ESTATE = UUID(int=203)
PETITIONER = UUID(int=204)
COMPANY = UUID(int=205)
UNIT = UUID(int=206)
DEPARTMENT = UUID(int=207)
STREET = UUID(int=208)
COUNTY_OFFICE = UUID(int=209)
MEETING = UUID(int=210)

CLERK, DISPATCHER, HANDLER, VISITOR, APPROVER, SUPERVISOR = range(11, 17)
"""Numbers of persons, as ``tests.examples.by`` takes them."""

TODAY = date(2026, 3, 2)
REASON = "情况需要说明"

FOUR_SIDES = (
    Side.COMMUNITY_PARTY_ORGANISATION,
    Side.RESIDENTS_COMMITTEE,
    Side.OWNERS_COMMITTEE,
    Side.PROPERTY_COMPANY,
)


def day(number: int) -> datetime:
    """Return 09:00 in China, so many days after Monday 2 March 2026."""
    return AT + timedelta(days=number)


def who(number: int = CLERK, *, on: int = 0, reason: str = "") -> By:
    return by(number, at=day(on), reason=reason)


def deadline(
    clock: ClockName,
    holder_id: UUID,
    *,
    days: int = 2,
    due: int | None = None,
    starts: int = 0,
    is_provisional: bool = False,
) -> Deadline:
    """Return a deadline ``due`` days after Monday 2 March 2026 (``days`` if it is not given)."""
    return Deadline(
        clock=clock,
        holder_id=holder_id,
        starts_on=TODAY + timedelta(days=starts),
        days=days,
        in_working_days=True,
        due_on=TODAY + timedelta(days=days if due is None else due),
        is_provisional=is_provisional,
    )


ROUTING = deadline(ClockName.ROUTING, COMMUNITY)
ACCEPTANCE = deadline(ClockName.ACCEPTANCE, UNIT, days=1)
HANDLING = deadline(ClockName.HANDLING, UNIT, days=9)
EXTENDED = deadline(ClockName.EXTENSION, UNIT, days=10, due=19, starts=9)
WHISTLE = deadline(ClockName.WHISTLE, DEPARTMENT, days=1)
VISIT_DUE = deadline(ClockName.VISIT_BACK, COMMUNITY, days=3)
SUPERVISION_DUE = deadline(ClockName.SUPERVISION, UNIT, days=10)


def fields(version: int, decided: By) -> dict[str, Any]:
    return {
        "originator_id": PETITION,
        "originator_version": version,
        "timestamp": decided.at,
        "by": decided,
    }


def filed(*, category: str | None = "facilities", item: str | None = "damp_garage") -> events.Filed:
    return events.Filed(
        **fields(1, who()),
        originator_topic=Petition.TOPIC,
        channel="reception_day",
        procedure="community",
        category=category,
        item=item,
        title="地下车库潮湿积水",
        summary="雨后地下车库积水，墙面发霉",
        place="地下车库",
        community_id=COMMUNITY,
        estate_id=ESTATE,
        petitioner_id=PETITIONER,
        received_by_id=COMMUNITY,
        reference="",
        deadlines=(ROUTING,),
    )


def classified(version: int = 2, decided: By | None = None) -> events.Classified:
    return events.Classified(
        **fields(version, decided or who()), category="facilities", item="damp_garage"
    )


def reclassified(version: int = 2, decided: By | None = None) -> events.Reclassified:
    return events.Reclassified(
        **fields(version, decided or who(reason=REASON)), category="facilities", item="pipes"
    )


def merged(version: int = 2, decided: By | None = None) -> events.Merged:
    return events.Merged(**fields(version, decided or who()), into_petition_id=OTHER_PETITION)


def absorbed(version: int = 2, decided: By | None = None) -> events.Absorbed:
    return events.Absorbed(**fields(version, decided or who()), petition_id=OTHER_PETITION)


def dispatched(
    version: int = 2, decided: By | None = None, deadlines: tuple[Deadline, ...] | None = None
) -> events.Dispatched:
    return events.Dispatched(
        **fields(version, decided or who(DISPATCHER)),
        unit_id=UNIT,
        deadlines=(ACCEPTANCE, HANDLING) if deadlines is None else deadlines,
    )


def dispatch_disputed(version: int = 3, decided: By | None = None) -> events.DispatchDisputed:
    return events.DispatchDisputed(**fields(version, decided or who(HANDLER, reason=REASON)))


def dispatch_returned(version: int = 4, decided: By | None = None) -> events.DispatchReturned:
    return events.DispatchReturned(
        **fields(version, decided or who(DISPATCHER, reason=REASON)),
        to_unit_id=COMMUNITY,
        deadlines=(ROUTING,),
    )


def dispatch_upheld(version: int = 4, decided: By | None = None) -> events.DispatchUpheld:
    return events.DispatchUpheld(
        **fields(version, decided or who(DISPATCHER, reason=REASON)), deadlines=(ACCEPTANCE,)
    )


def accepted(version: int = 3, decided: By | None = None) -> events.Accepted:
    return events.Accepted(**fields(version, decided or who(HANDLER)), deadlines=())


def handler_assigned(version: int = 4, decided: By | None = None) -> events.HandlerAssigned:
    return events.HandlerAssigned(
        **fields(version, decided or who(HANDLER)),
        handler_id=UUID(int=HANDLER),
        co_unit_ids=(DEPARTMENT,),
    )


def whistle_blown(version: int = 5, decided: By | None = None) -> events.WhistleBlown:
    return events.WhistleBlown(
        **fields(version, decided or who(HANDLER)),
        department_ids=(DEPARTMENT,),
        deadlines=(WHISTLE,),
    )


def department_reported_in(
    version: int = 6, decided: By | None = None
) -> events.DepartmentReportedIn:
    return events.DepartmentReportedIn(
        **fields(version, decided or who()), department_id=DEPARTMENT
    )


def department_answered(version: int = 7, decided: By | None = None) -> events.DepartmentAnswered:
    return events.DepartmentAnswered(
        **fields(version, decided or who()), department_id=DEPARTMENT, summary="已检修排水泵"
    )


def department_assessed(version: int = 8, decided: By | None = None) -> events.DepartmentAssessed:
    return events.DepartmentAssessed(
        **fields(version, decided or who()),
        department_id=DEPARTMENT,
        is_prompt=True,
        is_effective=False,
    )


def four_party_meeting_held(
    version: int = 5, decided: By | None = None
) -> events.FourPartyMeetingHeld:
    return events.FourPartyMeetingHeld(
        **fields(version, decided or who()),
        meeting_id=MEETING,
        sides=FOUR_SIDES,
        led_by=Side.COMMUNITY_PARTY_ORGANISATION,
        outcome=MeetingOutcome.CLAIMED,
    )


def responsibility_claimed(
    version: int = 2, decided: By | None = None, deadlines: tuple[Deadline, ...] = (HANDLING,)
) -> events.ResponsibilityClaimed:
    return events.ResponsibilityClaimed(
        **fields(version, decided or who()), company_id=COMPANY, deadlines=deadlines
    )


def obligor_spend_reported(
    version: int = 3, decided: By | None = None, amount_fen: int = 40_000_00
) -> events.ObligorSpendReported:
    return events.ObligorSpendReported(
        **fields(version, decided or who()),
        payer_id=COMPANY,
        amount_fen=amount_fen,
        purpose="购买除湿机，维修通风系统",
    )


def obligor_spend_reversed(
    version: int = 4, decided: By | None = None
) -> events.ObligorSpendReversed:
    return events.ObligorSpendReversed(
        **fields(version, decided or who(reason=REASON)),
        version_reversed=3,
        amount_fen=40_000_00,
    )


def action_taken(version: int = 5, decided: By | None = None) -> events.ActionTaken:
    return events.ActionTaken(
        **fields(version, decided or who(HANDLER)), summary="八名保洁人员清理积水"
    )


def answered(version: int = 6, decided: By | None = None) -> events.Answered:
    return events.Answered(
        **fields(version, decided or who(HANDLER)),
        outcome=Outcome.RESOLVED,
        summary="积水已清理，通风系统已修复",
        deadlines=(VISIT_DUE,),
    )


def extension_requested(version: int = 5, decided: By | None = None) -> events.ExtensionRequested:
    return events.ExtensionRequested(
        **fields(version, decided or who(HANDLER, reason=REASON)), deadline=EXTENDED
    )


def extension_approved(version: int = 6, decided: By | None = None) -> events.ExtensionApproved:
    return events.ExtensionApproved(
        **fields(version, decided or who(APPROVER)), deadlines=(EXTENDED,)
    )


def extension_rejected(version: int = 6, decided: By | None = None) -> events.ExtensionRejected:
    return events.ExtensionRejected(**fields(version, decided or who(APPROVER, reason=REASON)))


def visited_back(
    version: int = 7,
    decided: By | None = None,
    *,
    is_resolved: bool | None = True,
    is_satisfied: bool | None = True,
) -> events.VisitedBack:
    return events.VisitedBack(
        **fields(version, decided or who(VISITOR)),
        is_resolved=is_resolved,
        is_satisfied=is_satisfied,
    )


def handling_resumed(version: int = 8, decided: By | None = None) -> events.HandlingResumed:
    return events.HandlingResumed(**fields(version, decided or who()), deadlines=(HANDLING,))


def closed(
    version: int = 8,
    decided: By | None = None,
    *,
    unit_id: UUID = UNIT,
    is_resolved: bool | None = True,
    highest_level: Level = Level.COMMUNITY,
) -> events.Closed:
    return events.Closed(
        **fields(version, decided or who()),
        unit_id=unit_id,
        is_resolved=is_resolved,
        highest_level=highest_level,
    )


def petitioner_joined(version: int = 2) -> events.PetitionerJoined:
    return events.PetitionerJoined(**fields(version, who()), petitioner_id=UUID(int=211))


def petitioner_left(version: int = 3) -> events.PetitionerLeft:
    return events.PetitionerLeft(**fields(version, who(reason=REASON)), petitioner_id=UUID(int=211))


def reopened(version: int = 9, decided: By | None = None) -> events.Reopened:
    return events.Reopened(
        **fields(version, decided or who(reason=REASON)),
        to_unit_id=COMMUNITY,
        deadlines=(ROUTING,),
    )


def withdrawn(version: int = 2, decided: By | None = None) -> events.Withdrawn:
    return events.Withdrawn(**fields(version, decided or who(reason=REASON)))


IN_HAND = (filed(), dispatched(), accepted(), handler_assigned())
"""A petition that its unit handles."""
ANSWERED = (*IN_HAND, action_taken(), answered())
CLOSED = (*ANSWERED, visited_back(), closed())

EXAMPLES: tuple[Event, ...] = (
    filed(),
    classified(),
    reclassified(),
    merged(),
    absorbed(),
    dispatched(),
    dispatch_disputed(),
    dispatch_returned(),
    dispatch_upheld(),
    accepted(),
    handler_assigned(),
    petitioner_joined(),
    petitioner_left(),
    whistle_blown(),
    department_reported_in(),
    department_answered(),
    department_assessed(),
    four_party_meeting_held(),
    responsibility_claimed(),
    obligor_spend_reported(),
    obligor_spend_reversed(),
    action_taken(),
    answered(),
    extension_requested(),
    extension_approved(),
    extension_rejected(),
    visited_back(),
    handling_resumed(),
    closed(),
    reopened(),
    withdrawn(),
)
