"""What estate supervisors do: raise findings, remind companies, see things put right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from annotated_types import Ge, Le

from ledger.commands.interests import without_interest
from ledger.commands.petition_handling import Days
from ledger.commands.petition_terms import WORKING_DAYS, guard_kind, terms_of
from ledger.commands.petitions import UnitIds
from ledger.commands.plain_texts import without_personal_data
from ledger.core.aggregate import By
from ledger.core.errors import NotFound, RuleViolated
from ledger.core.times import NoUndo, decision, fact
from ledger.core.values import Code, Place, Text, Version
from ledger.findings import Finding, FindingSource, Supervisor
from ledger.organisations import Kind
from ledger.storage.ledger import Ledger, Recorded

Score = Annotated[int, Ge(-100), Le(100)]
"""What a finding counts in the company's assessment; below zero is against it."""


class AlreadyAppointed(RuleViolated):
    """The person is a supervisor already; assign further estates instead.

    此人已是小区监督员；如需增加小区，请另行分配。
    """


class ReminderTooLong(RuleViolated):
    """A reminder gives the company more days than the policy allows.

    提醒给出的整改期限超过规定的上限。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointSupervisor:
    """Make a person (by pseudonymous id) supervisor of some estates."""

    person_id: UUID
    estate_ids: UnitIds


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignSupervisor:
    """Let a supervisor watch over one more estate."""

    person_id: UUID
    estate_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSupervisor:
    """Take an estate from a supervisor; needs a reason."""

    person_id: UUID
    estate_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseFinding:
    """Record a problem that a supervisor saw on an estate; the company looks after that estate."""

    supervisor_id: UUID
    estate_id: UUID
    company_id: UUID
    source: FindingSource
    category: Code
    item: Code
    summary: Text
    place: Place = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindCompany:
    """Tell the company to put it right within working days (the policy's number, if left out)."""

    finding_id: UUID
    days: Days | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SolveFindingOnTheSpot:
    """Record that a problem was put right at once."""

    finding_id: UUID
    summary: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RectifyFinding:
    """Record that somebody not of the company saw that a problem was put right."""

    finding_id: UUID
    summary: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportUnrectified:
    """Record that somebody not of the company saw that a problem was not put right."""

    finding_id: UUID
    summary: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldCompanyTalk:
    """Record a talk with the company about a finding that it was reminded of."""

    finding_id: UUID
    convener_id: UUID
    conclusion: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAssessmentScore:
    """Record what a finding counts in the company's assessment."""

    finding_id: UUID
    points: Score


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawFinding:
    """Take back a finding that was a mistake; needs a reason."""

    finding_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseFindingStep:
    """Take back a step that was a mistake; needs a reason, and two persons for a check."""

    finding_id: UUID
    version_reversed: Version


@decision(undo="release_supervisor")
async def appoint_supervisor(command: AppointSupervisor, ledger: Ledger, by: By) -> Recorded:
    """Appoint the supervisor."""
    estate_ids = tuple(dict.fromkeys(command.estate_ids))
    for estate_id in estate_ids:
        by = await guard_kind(ledger, by, estate_id, Kind.ESTATE)
    known = await ledger.find(Supervisor, Supervisor.create_id(person_id=command.person_id))
    if known is not None:
        raise AlreadyAppointed(person_id=str(command.person_id))
    supervisor = Supervisor.appoint(by, person_id=command.person_id, estate_ids=estate_ids)
    return await ledger.save(supervisor)


@decision(undo="release_supervisor")
async def assign_supervisor(command: AssignSupervisor, ledger: Ledger, by: By) -> Recorded:
    """Assign one more estate."""
    by = await guard_kind(ledger, by, command.estate_id, Kind.ESTATE)
    supervisor = await _supervisor(ledger, command.person_id)
    supervisor.assign(by, estate_id=command.estate_id)
    return await ledger.save(supervisor)


@decision(undo="assign_supervisor")
async def release_supervisor(command: ReleaseSupervisor, ledger: Ledger, by: By) -> Recorded:
    """Release the supervisor from an estate."""
    supervisor = await _supervisor(ledger, command.person_id)
    supervisor.release(by, estate_id=command.estate_id)
    return await ledger.save(supervisor)


@fact(after="the supervisor's appointment", undo="withdraw_finding")
async def raise_finding(command: RaiseFinding, ledger: Ledger, by: By) -> Recorded:
    """Raise the finding."""
    terms, by = await terms_of(ledger, by)
    by = await guard_kind(ledger, by, command.estate_id, Kind.ESTATE)
    by = await guard_kind(ledger, by, command.company_id, Kind.PROPERTY_COMPANY)
    by = terms.guard_classification(by, command.category, command.item)
    by = without_personal_data(by, summary=command.summary, place=command.place)
    by = await without_interest(ledger, by, command.company_id, command.estate_id)
    supervisor_stream = Supervisor.create_id(person_id=command.supervisor_id)
    supervisor = await ledger.consult(Supervisor, supervisor_stream)
    finding = Finding.raise_finding(
        by,
        supervisor_id=command.supervisor_id,
        supervises_estate=supervisor is not None and command.estate_id in supervisor.estate_ids,
        estate_id=command.estate_id,
        company_id=command.company_id,
        source=command.source,
        category=command.category,
        item=command.item,
        summary=command.summary,
        place=command.place,
    )
    return await ledger.save(finding)


@decision(undo="reverse_finding_step")
async def remind_company(command: RemindCompany, ledger: Ledger, by: By) -> Recorded:
    """Remind the company; its clock starts."""
    terms, by = await terms_of(ledger, by)
    days = command.days or terms.book.number("finding.reminder_term", on=terms.day)
    days_max = terms.book.number("finding.reminder_term_max", on=terms.day)
    if days > days_max:
        by = by.refuse(ReminderTooLong(asked_days=days, days_max=days_max))
    due = terms.due_after(days, unit=WORKING_DAYS)
    finding, by = await _in_office(ledger, by, command.finding_id)
    finding.remind_company(by, due_on=due.on, is_provisional=due.is_provisional)
    return await ledger.save(finding)


@fact(undo="reverse_finding_step")
async def solve_finding_on_the_spot(
    command: SolveFindingOnTheSpot, ledger: Ledger, by: By
) -> Recorded:
    """Record that it was solved at once."""
    by = without_personal_data(by, summary=command.summary)
    finding, by = await _in_office(ledger, by, command.finding_id)
    finding.solve_on_the_spot(by, summary=command.summary)
    return await ledger.save(finding)


@fact(after="the reminder", undo="reverse_finding_step")
async def rectify_finding(command: RectifyFinding, ledger: Ledger, by: By) -> Recorded:
    """Record that it was put right."""
    by = without_personal_data(by, summary=command.summary)
    finding, by = await _in_office(ledger, by, command.finding_id)
    finding.rectify(by, summary=command.summary)
    return await ledger.save(finding)


@fact(after="the reminder", undo="reverse_finding_step")
async def report_unrectified(command: ReportUnrectified, ledger: Ledger, by: By) -> Recorded:
    """Record that it was not put right: from now on it may be the cause of a draw-down."""
    by = without_personal_data(by, summary=command.summary)
    finding, by = await _in_office(ledger, by, command.finding_id)
    finding.find_unrectified(by, summary=command.summary)
    return await ledger.save(finding)


@fact(undo="reverse_finding_step")
async def hold_company_talk(command: HoldCompanyTalk, ledger: Ledger, by: By) -> Recorded:
    """Record the talk."""
    by = await guard_kind(ledger, by, command.convener_id)
    by = without_personal_data(by, conclusion=command.conclusion)
    finding, by = await _in_office(ledger, by, command.finding_id)
    finding.hold_company_talk(by, convener_id=command.convener_id, conclusion=command.conclusion)
    return await ledger.save(finding)


@decision(undo="reverse_finding_step")
async def note_assessment_score(command: NoteAssessmentScore, ledger: Ledger, by: By) -> Recorded:
    """Record the score."""
    finding, by = await _in_office(ledger, by, command.finding_id)
    finding.note_assessment_score(by, points=command.points)
    return await ledger.save(finding)


@decision(undo="reverse_finding_step")
async def withdraw_finding(command: WithdrawFinding, ledger: Ledger, by: By) -> Recorded:
    """Withdraw the finding."""
    finding, by = await _in_office(ledger, by, command.finding_id)
    finding.withdraw(by)
    return await ledger.save(finding)


@decision(undo=NoUndo("what was right after all is recorded anew"))
async def reverse_finding_step(command: ReverseFindingStep, ledger: Ledger, by: By) -> Recorded:
    """Take the step back."""
    finding, by = await _in_office(ledger, by, command.finding_id)
    finding.reverse_step(by, version=command.version_reversed)
    return await ledger.save(finding)


async def _supervisor(ledger: Ledger, person_id: UUID) -> Supervisor:
    stream_id = Supervisor.create_id(person_id=person_id)
    supervisor = await ledger.find(Supervisor, stream_id)
    if supervisor is None:
        raise NotFound(kind=Supervisor.TOPIC, id=str(person_id))
    return supervisor


async def _in_office(ledger: Ledger, by: By, finding_id: UUID) -> tuple[Finding, By]:
    """Return a finding for a step; refuses who declared an interest in its estate or company."""
    finding = await ledger.load(Finding, finding_id)
    return finding, await without_interest(ledger, by, finding.company_id, finding.estate_id)
