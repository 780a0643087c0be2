"""Take petitions up to street and county, supervise them, count provisional deadlines again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from ledger.commands.interests import in_office
from ledger.commands.petition_handling import Days
from ledger.commands.petition_terms import WORKING_DAYS, Terms, guard_kind, terms_of
from ledger.commands.petitions import UnitIds
from ledger.commands.plain_texts import without_personal_data
from ledger.core.aggregate import By
from ledger.core.errors import RuleViolated
from ledger.core.times import NoUndo, decision, fact
from ledger.core.values import Statement, Text, Version
from ledger.petitions import Cause, ClockName, Deadline, Level, Petition
from ledger.storage.ledger import Ledger, Recorded


class SupervisionTooLong(RuleViolated):
    """A supervision order gives more days than the policy allows.

    督办单给出的期限超过规定的上限。
    """


class NothingToRecount(RuleViolated):
    """No running deadline of this petition changes when it is counted again.

    该诉求没有需要重新计算的期限。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalatePetition:
    """Take a petition up one level, to the street or the county; needs a reason."""

    petition_id: UUID
    level: Level
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldJointMeeting:
    """Record that the county's office brought units together on a petition."""

    petition_id: UUID
    convener_id: UUID
    unit_ids: UnitIds
    conclusion: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueSupervisionOrder:
    """Order a unit to do something within working days (the policy's number, if left out)."""

    petition_id: UUID
    unit_id: UUID
    demand: Statement
    days: Days | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetSupervisionOrder:
    """Confirm that the open supervision order of a petition was carried out."""

    petition_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RecountDeadlines:
    """Count the provisional deadlines of a petition again, by the working days announced since."""

    petition_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversePetitionStep:
    """Take back a step that was a mistake; needs a reason, and two persons for a check."""

    petition_id: UUID
    version_reversed: Version


@decision(undo="reverse_petition_step")
async def escalate_petition(command: EscalatePetition, ledger: Ledger, by: By) -> Recorded:
    """Escalate the petition; the unit that holds it is named."""
    petition, by = await in_office(ledger, by, command.petition_id)
    petition.escalate(by, level=command.level, cause=command.cause)
    return await ledger.save(petition)


@fact(after="the escalation", undo="reverse_petition_step")
async def hold_joint_meeting(command: HoldJointMeeting, ledger: Ledger, by: By) -> Recorded:
    """Record the joint meeting."""
    by = await guard_kind(ledger, by, command.convener_id)
    for unit_id in command.unit_ids:
        by = await guard_kind(ledger, by, unit_id)
    by = without_personal_data(by, conclusion=command.conclusion)
    petition, by = await in_office(ledger, by, command.petition_id)
    petition.hold_joint_meeting(
        by,
        convener_id=command.convener_id,
        unit_ids=command.unit_ids,
        conclusion=command.conclusion,
    )
    return await ledger.save(petition)


@decision(undo="reverse_petition_step")
async def issue_supervision_order(
    command: IssueSupervisionOrder, ledger: Ledger, by: By
) -> Recorded:
    """Issue the order; the unit's clock for meeting it starts."""
    terms, by = await terms_of(ledger, by)
    by = await guard_kind(ledger, by, command.unit_id)
    by = without_personal_data(by, demand=command.demand)
    days = command.days or terms.book.number("petition.supervision_term", on=terms.day)
    days_max = terms.book.number("petition.supervision_term_max", on=terms.day)
    if days > days_max:
        by = by.refuse(SupervisionTooLong(asked_days=days, days_max=days_max))
    petition, by = await in_office(ledger, by, command.petition_id)
    deadline = terms.deadline_after(
        ClockName.SUPERVISION, days, unit=WORKING_DAYS, holder_id=command.unit_id
    )
    petition.issue_supervision_order(
        by, unit_id=command.unit_id, demand=command.demand, deadlines=(deadline,)
    )
    return await ledger.save(petition)


@fact(after="the order", undo="reverse_petition_step")
async def meet_supervision_order(command: MeetSupervisionOrder, ledger: Ledger, by: By) -> Recorded:
    """Record that the order was met."""
    petition, by = await in_office(ledger, by, command.petition_id)
    petition.meet_supervision_order(by)
    return await ledger.save(petition)


@decision(undo=NoUndo("what was right after all is recorded anew"))
async def reverse_petition_step(command: ReversePetitionStep, ledger: Ledger, by: By) -> Recorded:
    """Take the step back; of a merger both petitions go on as if it had not been."""
    petition, by = await in_office(ledger, by, command.petition_id)
    into_id = petition.merged_into(command.version_reversed)
    petition.reverse_step(by, version=command.version_reversed)
    if into_id is None:
        return await ledger.save(petition)
    into = await ledger.load(Petition, into_id)
    into.give_back(by, petition.id)
    return await ledger.save(petition, into)


@decision(undo=NoUndo("it counts from the calendar, and counts again when that changes"))
async def recount_deadlines(command: RecountDeadlines, ledger: Ledger, by: By) -> Recorded:
    """Count again each running provisional deadline that comes out otherwise by now."""
    terms, by = await terms_of(ledger, by)
    petition, by = await in_office(ledger, by, command.petition_id)
    for old in petition.clocks:
        new = recounted(terms, old)
        if new != old:
            petition.recount_deadline(by, old=old, new=new)
    if not petition.pending_events:
        raise NothingToRecount(petition_id=str(petition.id))
    return await ledger.save(petition)


def recounted(terms: Terms, deadline: Deadline) -> Deadline:
    """Return a provisional deadline as the calendar counts it now; any other as it is."""
    if not (deadline.is_provisional and deadline.in_working_days):
        return deadline
    due = terms.due_after(deadline.days, unit=WORKING_DAYS, starts_on=deadline.starts_on)
    return replace(deadline, due_on=due.on, is_provisional=due.is_provisional)
