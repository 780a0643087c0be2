"""What people may do with expenses from public revenue.

Where a step moves money, the expense and the estate's public account are saved
together: either both have happened or neither.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from ledger.accounts import PublicAccount
from ledger.claims import Claimed
from ledger.commands.claiming import (
    claim_invoices,
    claim_money,
    release_invoices,
    release_money,
    without_others_invoices,
)
from ledger.commands.interests import without_interest
from ledger.commands.petition_terms import terms_from_now, terms_of
from ledger.commands.plain_texts import without_personal_data
from ledger.core.aggregate import By
from ledger.core.times import NOT_YET, NoUndo, decision, fact, statement
from ledger.core.values import AmountFen, Day, Name, OptionalName, Statement, Text
from ledger.expenses import EvidenceKind, Expense, ExpenseTerms
from ledger.storage.ledger import Ledger, Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyForExpense:
    """Ask for money from an estate's public account, as its owners' committee."""

    account_id: UUID
    amount_fen: AmountFen
    category: Name
    purpose: Statement
    payee: Name
    payee_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeExpense:
    """Change an application, giving the reason; review and approval start anew.

    All terms are named; evidence sent along replaces what was relied on before.
    """

    expense_id: UUID
    amount_fen: AmountFen
    category: Name
    purpose: Statement
    payee: Name
    payee_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PassExpenseReview:
    """Let an application pass the community's review."""

    expense_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnExpense:
    """Send an application back to the owners' committee, giving the reason."""

    expense_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveExpense:
    """Approve a reviewed expense; its amount is set aside in the account."""

    expense_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectExpense:
    """Refuse a reviewed expense, or take an approval back, giving the reason."""

    expense_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PayExpense:
    """Pay an approved expense, exactly as approved, from what was set aside."""

    expense_id: UUID
    amount_fen: AmountFen
    bank_reference: OptionalName = ""
    split_of_fen: AmountFen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawExpense:
    """Give an application up before it is paid, giving the reason."""

    expense_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseExpensePayment:
    """Undo a payment whose money is back in the account, giving the reason."""

    expense_id: UUID
    bank_reference: OptionalName = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachExpenseEvidence:
    """Add documents to an expense; at least one must be sent along as evidence."""

    expense_id: UUID
    kind: EvidenceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishExpense:
    """Show an expense to all owners at a place, until a day."""

    expense_id: UUID
    where: Name
    until_on: Day


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseObjection:
    """Object to an expense, as an owner."""

    expense_id: UUID
    statement: Text
    objection_id: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerObjection:
    """Answer an owner's objection."""

    expense_id: UUID
    objection_id: UUID
    answer: Text


@decision(undo="withdraw_expense")
async def apply_for_expense(command: ApplyForExpense, ledger: Ledger, by: By) -> Recorded:
    """Apply; the expense is of the estate whose account is named."""
    account = await ledger.load(PublicAccount, command.account_id)
    policies, by = await terms_of(ledger, by)
    by = await without_interest(ledger, by, account.estate_id, command.payee_id)
    by = await without_others_invoices(ledger, by, expense_id=account.id)
    by = without_personal_data(by, purpose=command.purpose, payee=command.payee)
    expense = Expense.apply_for(
        by,
        account_id=account.id,
        estate_id=account.estate_id,
        terms=_terms(command),
        categories=policies.book.items("expense.categories", on=policies.day),
    )
    return await ledger.save(expense)


@decision(undo=NOT_YET)
async def change_expense(command: ChangeExpense, ledger: Ledger, by: By) -> Recorded:
    """Change the application; what was set aside for it is free again."""
    expense, by = await _expense_for(ledger, command.expense_id, by)
    policies, by = await terms_of(ledger, by)
    by = without_personal_data(by, purpose=command.purpose, payee=command.payee)
    freed = await _free_hold(ledger, expense, by)
    categories = policies.book.items("expense.categories", on=policies.day)
    expense.change(by, terms=_terms(command), categories=categories)
    return await ledger.save(expense, *freed)


@decision(undo=NOT_YET)
async def pass_expense_review(command: PassExpenseReview, ledger: Ledger, by: By) -> Recorded:
    """Pass the review."""
    expense, by = await _expense_for(ledger, command.expense_id, by)
    expense.pass_review(by)
    return await ledger.save(expense)


@decision(undo=NOT_YET)
async def return_expense(command: ReturnExpense, ledger: Ledger, by: By) -> Recorded:
    """Send the application back."""
    expense, by = await _expense_for(ledger, command.expense_id, by)
    freed = await _free_hold(ledger, expense, by)
    expense.send_back(by)
    return await ledger.save(expense, *freed)


@decision(undo="reject_expense")
async def approve_expense(command: ApproveExpense, ledger: Ledger, by: By) -> Recorded:
    """Approve, and set the amount aside; refused when the account has not enough that is free."""
    expense, by = await _expense_for(ledger, command.expense_id, by)
    expense.approve(by)
    if not expense.is_held:  # history may approve what was paid before
        return await ledger.save(expense)
    account = await ledger.load(PublicAccount, expense.account_id)
    account.place_hold(by, expense_id=expense.id, amount_fen=expense.terms.amount_fen)
    return await ledger.save(expense, account)


@decision(undo=NOT_YET)
async def reject_expense(command: RejectExpense, ledger: Ledger, by: By) -> Recorded:
    """Refuse; what was set aside is free again."""
    expense, by = await _expense_for(ledger, command.expense_id, by)
    freed = await _free_hold(ledger, expense, by)
    expense.reject(by)
    await release_invoices(ledger, by, expense.invoices, expense_id=expense.id)
    return await ledger.save(expense, *freed)


@fact(after="the approval", undo="reverse_expense_payment")
async def pay_expense(command: PayExpense, ledger: Ledger, by: By) -> Recorded:
    """Pay from the account; from today the policy's time to publish runs."""
    expense, by = await _expense_for(ledger, command.expense_id, by)
    account = await ledger.load(PublicAccount, expense.account_id)
    policies, by = await terms_from_now(ledger, by)
    by = account.booked(expense.after_approval(by))
    expense.pay(
        by,
        amount_fen=command.amount_fen,
        bank_reference=command.bank_reference,
        publish_by=policies.due("expense.publication_working_days"),
    )
    by = await claim_money(
        ledger,
        by,
        Claimed.MONEY_OUT,
        command.bank_reference,
        within=account.id,
        holder_id=expense.id,
        place_id=expense.estate_id,
        amount_fen=command.amount_fen,
        split_of_fen=command.split_of_fen,
    )
    account.pay_out(
        by,
        expense_id=expense.id,
        amount_fen=command.amount_fen,
        payee=expense.terms.payee,
        bank_reference=command.bank_reference,
    )
    return await ledger.save(expense, account)


@decision(undo=NOT_YET)
async def withdraw_expense(command: WithdrawExpense, ledger: Ledger, by: By) -> Recorded:
    """Withdraw; what was set aside is free again."""
    expense = await ledger.load(Expense, command.expense_id)
    freed = await _free_hold(ledger, expense, by)
    expense.withdraw(by)
    await release_invoices(ledger, by, expense.invoices, expense_id=expense.id)
    return await ledger.save(expense, *freed)


@fact(after="the payment", undo=NoUndo("it is itself a taking back; the payment is recorded anew"))
async def reverse_expense_payment(
    command: ReverseExpensePayment, ledger: Ledger, by: By
) -> Recorded:
    """Undo the payment; the account has its money again."""
    expense, by = await _expense_for(ledger, command.expense_id, by)
    account = await ledger.load(PublicAccount, expense.account_id)
    by = account.booked(expense.after_payment(by))
    paid_fen = account.payments.get(expense.id, 0)
    reference = account.references.get(expense.id, "")
    by = await claim_money(
        ledger,
        by,
        Claimed.MONEY_IN,
        command.bank_reference,
        within=account.id,
        holder_id=expense.id,
        place_id=expense.estate_id,
        amount_fen=paid_fen,
    )
    await release_money(
        ledger,
        by,
        Claimed.MONEY_OUT,
        reference,
        within=account.id,
        holder_id=expense.id,
        amount_fen=paid_fen,
    )
    await release_invoices(ledger, by, expense.invoices, expense_id=expense.id)
    expense.reverse_payment(by, bank_reference=command.bank_reference)
    account.reverse_payment(by, expense_id=expense.id, bank_reference=command.bank_reference)
    return await ledger.save(expense, account)


@decision(undo=NOT_YET)
async def attach_expense_evidence(
    command: AttachExpenseEvidence, ledger: Ledger, by: By
) -> Recorded:
    """Add documents."""
    expense, by = await _expense_for(ledger, command.expense_id, by)
    if command.kind is EvidenceKind.INVOICE:
        digests = [document.sha256 for document in by.evidence]
        by = await claim_invoices(
            ledger, by, digests, expense_id=expense.id, estate_id=expense.estate_id
        )
    expense.attach_evidence(by, kind=command.kind)
    return await ledger.save(expense)


@fact(after="the approval", undo=NOT_YET)
async def publish_expense(command: PublishExpense, ledger: Ledger, by: By) -> Recorded:
    """Publish, for at least as many days as the policy says."""
    expense, by = await _expense_for(ledger, command.expense_id, by)
    policies, by = await terms_from_now(ledger, by)
    expense.publish(
        without_personal_data(by, where=command.where),
        where=command.where,
        until_on=command.until_on,
        days_min=policies.book.number("expense.publication_days_min", on=policies.day),
    )
    return await ledger.save(expense)


@statement(undo=NOT_YET)
async def raise_objection(command: RaiseObjection, ledger: Ledger, by: By) -> Recorded:
    """Object; the answer is due within the policy's time."""
    expense = await ledger.load(Expense, command.expense_id)
    policies, by = await terms_from_now(ledger, by)
    expense.raise_objection(
        without_personal_data(by, statement=command.statement),
        objection_id=command.objection_id,
        statement=command.statement,
        due=policies.due("expense.objection_answer_working_days"),
    )
    return await ledger.save(expense)


@decision(undo=NOT_YET)
async def answer_objection(command: AnswerObjection, ledger: Ledger, by: By) -> Recorded:
    """Answer."""
    expense, by = await _expense_for(ledger, command.expense_id, by)
    by = without_personal_data(by, answer=command.answer)
    expense.answer_objection(by, objection_id=command.objection_id, answer=command.answer)
    return await ledger.save(expense)


def _terms(command: ApplyForExpense | ChangeExpense) -> ExpenseTerms:
    return ExpenseTerms(
        amount_fen=command.amount_fen,
        category=command.category,
        purpose=command.purpose,
        payee=command.payee,
        payee_id=command.payee_id,
    )


async def _expense_for(ledger: Ledger, expense_id: UUID, by: By) -> tuple[Expense, By]:
    """Return an expense for a step that is taken for an authority, and who takes it.

    Refuses who declared an interest in the estate, the payee or those who applied, and evidence
    that is the invoice of another expense.
    """
    expense = await ledger.load(Expense, expense_id)
    by = await without_interest(
        ledger, by, expense.estate_id, expense.terms.payee_id, expense.applied_by
    )
    return expense, await without_others_invoices(ledger, by, expense_id=expense.id)


async def _free_hold(ledger: Ledger, expense: Expense, by: By) -> tuple[PublicAccount, ...]:
    """Release what is set aside for an approved expense; return the account to save with it."""
    if not expense.is_held:
        return ()
    account = await ledger.load(PublicAccount, expense.account_id)
    account.release_hold(by, expense_id=expense.id)
    return (account,)
