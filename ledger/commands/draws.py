"""What people may do with draw-downs of a deposit: ask, decide, pay, verify, contest, refund."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from ledger.claims import Claimed
from ledger.commands.deposits import claim_of, deposit_for
from ledger.commands.draw_causes import guard_cause
from ledger.commands.interests import without_interest
from ledger.commands.petition_terms import terms_from_now, terms_of
from ledger.commands.plain_texts import without_personal_data
from ledger.core.aggregate import By
from ledger.core.times import decision, fact, statement
from ledger.core.values import AmountFen, Name, OptionalName, Reason, Statement, Text
from ledger.deposits import Cause, CauseKind, ContestOutcome, Deposit, DrawTerms
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
    split_of_fen: AmountFen | None = None


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
    split_of_fen: AmountFen | None = None


@decision(undo="cancel_draw")
async def request_draw(command: RequestDraw, ledger: Ledger, by: By) -> Recorded:
    """Ask for a draw-down; a petition or finding named as its cause must exist."""
    deposit, by = await deposit_for(ledger, command.deposit_id, by)
    by = await without_interest(ledger, by, command.payee_id)
    cause = Cause(kind=command.cause_kind, id=command.cause_id, record=command.cause_record)
    by = await guard_cause(ledger, by, deposit, cause, command.payee_id)
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
    deposit, by = await _drawn_on(ledger, command.deposit_id, command.draw_id, by)
    if draw := deposit.draws.get(command.draw_id):
        by = await guard_cause(ledger, by, deposit, draw.terms.cause, draw.terms.payee_id)
    deposit.approve_draw(by, draw_id=command.draw_id)
    return await ledger.save(deposit)


@decision(undo="reverse_deposit_step")
async def reject_draw(command: RejectDraw, ledger: Ledger, by: By) -> Recorded:
    """Refuse a draw-down."""
    deposit, by = await _drawn_on(ledger, command.deposit_id, command.draw_id, by)
    deposit.reject_draw(by, draw_id=command.draw_id)
    return await ledger.save(deposit)


@decision(undo="reverse_deposit_step")
async def cancel_draw(command: CancelDraw, ledger: Ledger, by: By) -> Recorded:
    """Give up a draw-down."""
    deposit, by = await _drawn_on(ledger, command.deposit_id, command.draw_id, by)
    deposit.cancel_draw(by, draw_id=command.draw_id)
    return await ledger.save(deposit)


@decision(undo="reverse_deposit_step")
async def order_emergency_work(command: OrderEmergencyWork, ledger: Ledger, by: By) -> Recorded:
    """Order the work of a draw-down."""
    deposit, by = await _drawn_on(ledger, command.deposit_id, command.draw_id, by)
    by = without_personal_data(by, contractor=command.contractor, work=command.work)
    deposit.order_work(
        by, draw_id=command.draw_id, contractor=command.contractor, work=command.work
    )
    return await ledger.save(deposit)


@fact(after="the approval", undo="reverse_deposit_step")
async def pay_draw(command: PayDraw, ledger: Ledger, by: By) -> Recorded:
    """Pay a draw-down; from the day on which it is told the company has its time to object."""
    deposit, by = await _drawn_on(ledger, command.deposit_id, command.draw_id, by)
    policies, by = await terms_from_now(ledger, by)
    by = await claim_of(ledger, by, deposit, command, Claimed.MONEY_OUT)
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
    deposit, by = await _drawn_on(ledger, command.deposit_id, command.draw_id, by)
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
    deposit, by = await _drawn_on(ledger, command.deposit_id, command.draw_id, by)
    policies, by = await terms_of(ledger, by)
    deposit.decide_contest(
        by,
        draw_id=command.draw_id,
        outcome=command.outcome,
        refund_due=policies.due("deposit.refund_working_days"),
    )
    return await ledger.save(deposit)


@fact(after="the payment", undo="reverse_deposit_step", by_two=True)
async def refund_draw(command: RefundDraw, ledger: Ledger, by: By) -> Recorded:
    """Record money that came back."""
    deposit, by = await _drawn_on(ledger, command.deposit_id, command.draw_id, by)
    by = await claim_of(ledger, by, deposit, command, Claimed.MONEY_IN)
    deposit.refund_draw(
        by,
        draw_id=command.draw_id,
        amount_fen=command.amount_fen,
        bank_reference=command.bank_reference,
    )
    return await ledger.save(deposit)


async def _drawn_on(ledger: Ledger, deposit_id: UUID, draw_id: UUID, by: By) -> tuple[Deposit, By]:
    """Return a deposit for a step with one draw-down that is taken for an authority.

    Refuses who declared an interest in the estate, the company, the payee or those who asked.
    """
    deposit, by = await deposit_for(ledger, deposit_id, by)
    if draw := deposit.draws.get(draw_id):
        by = await without_interest(ledger, by, draw.terms.payee_id, draw.requested_by)
    return deposit, by
