"""Deal with the matter: call departments, meet, claim, act, answer, ask for more time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID, uuid4

from annotated_types import Ge, Le, MaxLen, MinLen

from ledger.commands.acting_for import guard_claim, guard_of_unit, guard_party
from ledger.commands.interests import in_office, without_interest
from ledger.commands.petition_terms import (
    Terms,
    guard_kind,
    terms_from_now,
    terms_of,
)
from ledger.commands.petitions import UnitIds, handling_deadline
from ledger.commands.plain_texts import without_personal_data
from ledger.core.aggregate import By
from ledger.core.times import NoUndo, decision, fact, statement
from ledger.core.values import AmountFen, Statement, Text
from ledger.organisations import Kind
from ledger.petitions import ClockName, Deadline, MeetingOutcome, Outcome, Petition, Side
from ledger.petitions.errors import NothingToExtend
from ledger.storage.ledger import Ledger, Recorded

Days = Annotated[int, Ge(1), Le(1_000)]
"""A number of days, at least one."""
Version = Annotated[int, Ge(1)]
"""The version of an event within its stream."""

CALLABLE = (Kind.DEPARTMENT, Kind.STREET, Kind.UNIT, Kind.PROPERTY_COMPANY, Kind.OTHER)
"""Who can be called by whistle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlowWhistle:
    """Call departments to come to the community and help."""

    petition_id: UUID
    department_ids: UnitIds


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDepartmentIn:
    """Record that a called department came."""

    petition_id: UUID
    department_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerForDepartment:
    """Record what a called department did or will do."""

    petition_id: UUID
    department_id: UUID
    summary: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessDepartment:
    """Record how those who called a department judge that it came and what it did."""

    petition_id: UUID
    department_id: UUID
    is_prompt: bool
    is_effective: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldFourPartyMeeting:
    """Record that the monthly four-party meeting dealt with a petition.

    ``meeting_id`` ties together all petitions of one meeting; a new one if left out.
    """

    petition_id: UUID
    sides: Annotated[tuple[Side, ...], MinLen(1), MaxLen(20)]
    led_by: Side
    outcome: MeetingOutcome
    meeting_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimResponsibility:
    """Record that a property company takes a matter as its own duty."""

    petition_id: UUID
    company_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportObligorSpend:
    """Record what a company that claimed the matter spent of its own money, in fen."""

    petition_id: UUID
    payer_id: UUID
    amount_fen: AmountFen
    purpose: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseObligorSpend:
    """Take a wrong report of spending back; needs a reason."""

    petition_id: UUID
    version_reversed: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeAction:
    """Record what was done about a petition."""

    petition_id: UUID
    summary: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPetition:
    """Tell the petitioner what came of it."""

    petition_id: UUID
    outcome: Outcome
    summary: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestExtension:
    """Ask for more days to answer, working days or days as the procedure counts; with a reason."""

    petition_id: UUID
    days: Days


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveExtension:
    """Grant the days that were asked for."""

    petition_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectExtension:
    """Refuse the days that were asked for; needs a reason."""

    petition_id: UUID


@decision(undo="reverse_petition_step")
async def blow_whistle(command: BlowWhistle, ledger: Ledger, by: By) -> Recorded:
    """Call the departments; each one's clock for reporting in starts."""
    terms, by = await terms_of(ledger, by)
    for department_id in command.department_ids:
        by = await guard_kind(ledger, by, department_id, *CALLABLE)
    petition, by = await in_office(ledger, by, command.petition_id)
    department_ids = tuple(dict.fromkeys(command.department_ids))
    deadlines = tuple(
        terms.deadline(ClockName.WHISTLE, "petition.whistle_term", department_id)
        for department_id in department_ids
    )
    petition.blow_whistle(by, department_ids=department_ids, deadlines=deadlines)
    return await ledger.save(petition)


@fact(after="the whistle", undo="reverse_petition_step", by_paper=True)
async def report_department_in(command: ReportDepartmentIn, ledger: Ledger, by: By) -> Recorded:
    """Record that the department came."""
    petition, by = await in_office(ledger, by, command.petition_id)
    by = await guard_party(ledger, by, command.department_id)
    petition.report_in(by, department_id=command.department_id)
    return await ledger.save(petition)


@decision(undo="reverse_petition_step", by_paper=True)
async def answer_for_department(command: AnswerForDepartment, ledger: Ledger, by: By) -> Recorded:
    """Record the department's answer."""
    by = without_personal_data(by, summary=command.summary)
    petition, by = await in_office(ledger, by, command.petition_id)
    by = await guard_party(ledger, by, command.department_id)
    petition.answer_for_department(by, department_id=command.department_id, summary=command.summary)
    return await ledger.save(petition)


@decision(undo="reverse_petition_step")
async def assess_department(command: AssessDepartment, ledger: Ledger, by: By) -> Recorded:
    """Record the judgement on the department."""
    petition, by = await in_office(ledger, by, command.petition_id)
    by = await without_interest(ledger, by, command.department_id)
    petition.assess_department(
        by,
        department_id=command.department_id,
        is_prompt=command.is_prompt,
        is_effective=command.is_effective,
    )
    return await ledger.save(petition)


@fact(undo="reverse_petition_step")
async def hold_four_party_meeting(
    command: HoldFourPartyMeeting, ledger: Ledger, by: By
) -> Recorded:
    """Record the meeting, with the quorum and the leader that the policies ask for."""
    terms, by = await terms_of(ledger, by)
    petition, by = await in_office(ledger, by, command.petition_id)
    petition.hold_four_party_meeting(
        by,
        meeting_id=command.meeting_id or uuid4(),
        sides=command.sides,
        led_by=command.led_by,
        outcome=command.outcome,
        members=terms.book.items("petition.meeting_members", on=terms.day),
        quorum=terms.book.number("petition.meeting_quorum", on=terms.day),
        leader=terms.book.text("petition.meeting_leader", on=terms.day),
    )
    return await ledger.save(petition)


@statement(undo="reverse_petition_step")
async def claim_responsibility(command: ClaimResponsibility, ledger: Ledger, by: By) -> Recorded:
    """Record the claim; a petition that no unit had yet goes to the company, with its deadline."""
    terms, by = await terms_of(ledger, by)
    by = await guard_kind(ledger, by, command.company_id, Kind.PROPERTY_COMPANY)
    petition = await ledger.load(Petition, command.petition_id)
    by = await guard_claim(ledger, by, petition, command.company_id)
    deadline = handling_deadline(terms, petition, command.company_id)
    petition.claim(by, company_id=command.company_id, deadlines=(deadline,))
    return await ledger.save(petition)


@fact(after="the company's claim", undo="reverse_obligor_spend", by_paper=True)
async def report_obligor_spend(command: ReportObligorSpend, ledger: Ledger, by: By) -> Recorded:
    """Record the company's own spending, up to what the policy takes in one report."""
    terms, by = await terms_from_now(ledger, by)
    by = without_personal_data(by, purpose=command.purpose)
    petition = await ledger.load(Petition, command.petition_id)
    by = await guard_party(ledger, by, command.payer_id)
    petition.report_obligor_spend(
        by,
        payer_id=command.payer_id,
        amount_fen=command.amount_fen,
        purpose=command.purpose,
        max_fen=terms.number("petition.obligor_spend_max"),
    )
    return await ledger.save(petition)


@decision(undo=NoUndo("it is itself a taking back; the spending is reported anew"))
async def reverse_obligor_spend(command: ReverseObligorSpend, ledger: Ledger, by: By) -> Recorded:
    """Take the report back."""
    petition = await ledger.load(Petition, command.petition_id)
    petition.reverse_obligor_spend(by, version_reversed=command.version_reversed)
    return await ledger.save(petition)


@fact(undo="reverse_petition_step")
async def take_action(command: TakeAction, ledger: Ledger, by: By) -> Recorded:
    """Record the action; whoever does so counts as a handler."""
    by = without_personal_data(by, summary=command.summary)
    petition, by = await in_office(ledger, by, command.petition_id)
    by = await guard_of_unit(ledger, by, *petition.acting_units)
    petition.take_action(by, summary=command.summary)
    return await ledger.save(petition)


@decision(undo="reverse_petition_step")
async def answer_petition(command: AnswerPetition, ledger: Ledger, by: By) -> Recorded:
    """Record the answer; the clock for asking the petitioner back starts."""
    terms, by = await terms_of(ledger, by)
    by = without_personal_data(by, summary=command.summary)
    petition, by = await in_office(ledger, by, command.petition_id)
    by = await guard_of_unit(ledger, by, petition.holder_id)
    deadline = terms.deadline(
        ClockName.VISIT_BACK, "petition.visit_back_term", petition.received_by_id
    )
    petition.answer(by, outcome=command.outcome, summary=command.summary, deadlines=(deadline,))
    return await ledger.save(petition)


@decision(undo="reverse_petition_step")
async def request_extension(command: RequestExtension, ledger: Ledger, by: By) -> Recorded:
    """Ask for more time, within what the procedure allows."""
    terms, by = await terms_of(ledger, by)
    petition, by = await in_office(ledger, by, command.petition_id)
    by = await guard_of_unit(ledger, by, petition.holder_id)
    procedure = petition.procedure
    petition.request_extension(
        by,
        deadline=_extended(terms, petition, command.days, by),
        days_max=terms.book.number(f"petition.{procedure}.extension_max", on=terms.day),
        extensions_max=terms.book.number(f"petition.{procedure}.extensions_max", on=terms.day),
    )
    return await ledger.save(petition)


@decision(undo="reverse_petition_step")
async def approve_extension(command: ApproveExtension, ledger: Ledger, by: By) -> Recorded:
    """Grant the time; the extended clock replaces the old one."""
    petition, by = await in_office(ledger, by, command.petition_id)
    petition.approve_extension(by)
    return await ledger.save(petition)


@decision(undo="reverse_petition_step")
async def reject_extension(command: RejectExtension, ledger: Ledger, by: By) -> Recorded:
    """Refuse the time; the old clock stands."""
    petition, by = await in_office(ledger, by, command.petition_id)
    petition.reject_extension(by)
    return await ledger.save(petition)


def _extended(terms: Terms, petition: Petition, days: int, by: By) -> Deadline:
    """Return the deadline ``days`` after the present one; in history, after the request's day."""
    running = petition.answer_clock()
    if running is None:
        by.refuse(NothingToExtend())
    unit = terms.book.value(f"petition.{petition.procedure}.extension_max", on=terms.day).unit
    return terms.deadline_after(
        ClockName.EXTENSION,
        days,
        unit=unit,
        holder_id=petition.holder_id,
        starts_on=running.due_on if running else None,
    )
