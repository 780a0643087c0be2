"""What people may do with draw-downs of a deposit: ask, decide, pay, verify, contest, refund."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from ledger.commands.interests import without_interest
from ledger.commands.petition_terms import terms_of
from ledger.commands.plain_texts import without_personal_data
from ledger.core.aggregate import By
from ledger.core.times import decision, fact, statement
from ledger.core.values import AmountFen, Name, OptionalName, Reason, Statement, Text
from ledger.deposits import Cause, CauseKind, ContestOutcome, Deposit, DrawTerms
from ledger.deposits.rules import CauseOfAnotherEstate
from ledger.findings import Finding
from ledger.petitions import Petition
from ledger.storage.ledger import Ledger, Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDraw:
    """Ask for a draw-down; a petition or finding is named by id, anything else by its record."""

    deposit_id: UUID
    amount_fen: AmountFen
    payee: Name
    purpose: Statement
    cause_kind: CauseKind
    cause_id: UUID | None = None
    cause_record: Reason = ""
    payee_id: UUID | None = None
    reminder_id: UUID | None = None
    draw_id: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveDraw:
    """Approve a draw-down that somebody else asked for."""

    deposit_id: UUID
    draw_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectDraw:
    """Refuse a draw-down, giving the reason."""

    deposit_id: UUID
    draw_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelDraw:
    """Give up a draw-down that is not paid yet, giving the reason."""

    deposit_id: UUID
    draw_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEmergencyWork:
    """Tell a contractor to do the work: after approval, or at once in an emergency."""

    deposit_id: UUID
    draw_id: UUID
    contractor: Name
    work: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class PayDraw:
    """Pay an approved draw-down, exactly as approved."""

    deposit_id: UUID
    draw_id: UUID
    amount_fen: AmountFen
    bank_reference: OptionalName = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyWork:
    """Record whether the work of a draw-down was found good."""

    deposit_id: UUID
    draw_id: UUID
    is_accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestDraw:
    """Object to a draw-down, as the company that paid the deposit."""

    deposit_id: UUID
    draw_id: UUID
    statement: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideContest:
    """Decide the company's objection, giving the reason."""

    deposit_id: UUID
    draw_id: UUID
    outcome: ContestOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundDraw:
    """Record that money of a paid draw-down came back into the deposit, giving the reason."""

    deposit_id: UUID
    draw_id: UUID
    amount_fen: AmountFen
    bank_reference: OptionalName = ""


@decision(undo="cancel_draw")
async def request_draw(command: RequestDraw, ledger: Ledger, by: By) -> Recorded:
    """Ask for a draw-down; a petition or finding named as its cause must exist."""
    deposit = await ledger.load(Deposit, command.deposit_id)
    cause = Cause(kind=command.cause_kind, id=command.cause_id, record=command.cause_record)
    by = await _check_cause(ledger, by, cause, deposit.estate_id)
    by = without_personal_data(
        by, payee=command.payee, purpose=command.purpose, cause_record=command.cause_record
    )
    terms = DrawTerms(
        amount_fen=command.amount_fen,
        payee=command.payee,
        purpose=command.purpose,
        cause=cause,
        payee_id=command.payee_id,
        reminder_id=command.reminder_id,
    )
    deposit.request_draw(by, draw_id=command.draw_id, terms=terms)
    return await ledger.save(deposit)


@decision(undo="reverse_deposit_step")
async def approve_draw(command: ApproveDraw, ledger: Ledger, by: By) -> Recorded:
    """Approve a draw-down."""
    deposit = await ledger.load(Deposit, command.deposit_id)
    by = await _impartial(ledger, deposit, command.draw_id, by)
    deposit.approve_draw(by, draw_id=command.draw_id)
    return await ledger.save(deposit)


@decision(undo="reverse_deposit_step")
async def reject_draw(command: RejectDraw, ledger: Ledger, by: By) -> Recorded:
    """Refuse a draw-down."""
    deposit = await ledger.load(Deposit, command.deposit_id)
    deposit.reject_draw(by, draw_id=command.draw_id)
    return await ledger.save(deposit)


@decision(undo="reverse_deposit_step")
async def cancel_draw(command: CancelDraw, ledger: Ledger, by: By) -> Recorded:
    """Give up a draw-down."""
    deposit = await ledger.load(Deposit, command.deposit_id)
    deposit.cancel_draw(by, draw_id=command.draw_id)
    return await ledger.save(deposit)


@decision(undo="reverse_deposit_step")
async def order_emergency_work(command: OrderEmergencyWork, ledger: Ledger, by: By) -> Recorded:
    """Order the work of a draw-down."""
    deposit = await ledger.load(Deposit, command.deposit_id)
    by = without_personal_data(by, contractor=command.contractor, work=command.work)
    deposit.order_work(
        by, draw_id=command.draw_id, contractor=command.contractor, work=command.work
    )
    return await ledger.save(deposit)


@fact(after="the approval", undo="reverse_deposit_step")
async def pay_draw(command: PayDraw, ledger: Ledger, by: By) -> Recorded:
    """Pay a draw-down; from today the company has its time to object."""
    deposit = await ledger.load(Deposit, command.deposit_id)
    by = await _impartial(ledger, deposit, command.draw_id, by)
    policies, by = await terms_of(ledger, by)
    deposit.pay_draw(
        by,
        draw_id=command.draw_id,
        amount_fen=command.amount_fen,
        bank_reference=command.bank_reference,
        contest_until=policies.due("deposit.contest_working_days"),
    )
    return await ledger.save(deposit)


@fact(after="the order of work", undo="reverse_deposit_step")
async def verify_work(command: VerifyWork, ledger: Ledger, by: By) -> Recorded:
    """Record how the work was found."""
    deposit = await ledger.load(Deposit, command.deposit_id)
    by = await _impartial(ledger, deposit, command.draw_id, by)
    deposit.verify_work(by, draw_id=command.draw_id, is_accepted=command.is_accepted)
    return await ledger.save(deposit)


@statement(after="the payment", undo="reverse_deposit_step")
async def contest_draw(command: ContestDraw, ledger: Ledger, by: By) -> Recorded:
    """Record the company's objection."""
    deposit = await ledger.load(Deposit, command.deposit_id)
    by = without_personal_data(by, statement=command.statement)
    deposit.contest_draw(by, draw_id=command.draw_id, statement=command.statement)
    return await ledger.save(deposit)


@decision(undo="reverse_deposit_step")
async def decide_contest(command: DecideContest, ledger: Ledger, by: By) -> Recorded:
    """Decide the company's objection."""
    deposit = await ledger.load(Deposit, command.deposit_id)
    by = await _impartial(ledger, deposit, command.draw_id, by)
    deposit.decide_contest(by, draw_id=command.draw_id, outcome=command.outcome)
    return await ledger.save(deposit)


@fact(after="the payment", undo="reverse_deposit_step")
async def refund_draw(command: RefundDraw, ledger: Ledger, by: By) -> Recorded:
    """Record money that came back."""
    deposit = await ledger.load(Deposit, command.deposit_id)
    deposit.refund_draw(
        by,
        draw_id=command.draw_id,
        amount_fen=command.amount_fen,
        bank_reference=command.bank_reference,
    )
    return await ledger.save(deposit)


async def _impartial(ledger: Ledger, deposit: Deposit, draw_id: UUID, by: By) -> By:
    """Refuse who declared an interest in the estate, the company, the payee or those who asked."""
    draw = deposit.draws.get(draw_id)
    payee_id, asked_by = (None, None) if draw is None else (draw.terms.payee_id, draw.requested_by)
    return await without_interest(
        ledger, by, deposit.estate_id, deposit.company_id, payee_id, asked_by
    )


async def _check_cause(ledger: Ledger, by: By, cause: Cause, estate_id: UUID) -> By:
    """Look a named petition or finding up; it must not concern another estate.

    A petition that names no estate (a street corner, a whole community) may be a cause.
    """
    if cause.id is None:
        return by
    kinds: dict[CauseKind, type[Petition] | type[Finding]] = {
        CauseKind.PETITION: Petition,
        CauseKind.FINDING: Finding,
    }
    if cause.kind not in kinds:
        return by
    found = await ledger.load(kinds[cause.kind], cause.id)
    if found.estate_id not in (None, estate_id):
        by = by.refuse(CauseOfAnotherEstate(kind=cause.kind, estate_id=str(found.estate_id)))
    return by
