"""Everything that can happen to an expense, each with what it changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.calendar import Due
from ledger.core import aggregate as core
from ledger.core.guards import persons
from ledger.expenses.values import EvidenceKind, ExpenseStatus, ExpenseTerms, Objection

if TYPE_CHECKING:
    from ledger.expenses.expense import Expense


@dataclass(frozen=True, kw_only=True)
class ExpenseEvent(core.Event):
    """Any event of an expense."""


@dataclass(frozen=True, kw_only=True)
class Applied(ExpenseEvent, core.Created):
    """The owners' committee asked for money from the estate's public account."""

    TOPIC = "expense.applied.v1"

    account_id: UUID
    estate_id: UUID
    terms: ExpenseTerms


@dataclass(frozen=True, kw_only=True)
class Changed(ExpenseEvent):
    """The committee changed what it asks for; review and approval so far no longer count."""

    TOPIC = "expense.changed.v1"

    terms: ExpenseTerms

    def apply(self, expense: Expense) -> None:
        expense.terms = self.terms
        expense.applied_by |= persons(self.by)
        if not expense.status.is_paid():
            expense.status = ExpenseStatus.APPLIED
            expense.reviewed_by = frozenset()
            expense.approved_by = frozenset()


@dataclass(frozen=True, kw_only=True)
class ReviewPassed(ExpenseEvent):
    """The community's party organisation reviewed the expense and let it pass."""

    TOPIC = "expense.review_passed.v1"

    def apply(self, expense: Expense) -> None:
        expense.reviewed_by = persons(self.by)
        if expense.status in (ExpenseStatus.APPLIED, ExpenseStatus.RETURNED):
            expense.status = ExpenseStatus.REVIEWED


@dataclass(frozen=True, kw_only=True)
class Returned(ExpenseEvent):
    """The community sent the application back to the committee, giving the reason."""

    TOPIC = "expense.returned.v1"

    def apply(self, expense: Expense) -> None:
        if not expense.status.is_paid():
            expense.status = ExpenseStatus.RETURNED
            expense.reviewed_by = frozenset()
            expense.approved_by = frozenset()


@dataclass(frozen=True, kw_only=True)
class Approved(ExpenseEvent):
    """The street approved the expense; its amount is set aside in the public account."""

    TOPIC = "expense.approved.v1"

    def apply(self, expense: Expense) -> None:
        expense.approved_by = persons(self.by)
        expense.approved_at = self.timestamp
        if not expense.status.is_paid():
            expense.status = ExpenseStatus.APPROVED


@dataclass(frozen=True, kw_only=True)
class Rejected(ExpenseEvent):
    """The street refused the expense, or took its approval back, giving the reason."""

    TOPIC = "expense.rejected.v1"

    def apply(self, expense: Expense) -> None:
        if not expense.status.is_paid():
            expense.status = ExpenseStatus.REJECTED


@dataclass(frozen=True, kw_only=True)
class Withdrawn(ExpenseEvent):
    """The committee gave the application up, giving the reason."""

    TOPIC = "expense.withdrawn.v1"

    def apply(self, expense: Expense) -> None:
        if not expense.status.is_paid():
            expense.status = ExpenseStatus.WITHDRAWN


@dataclass(frozen=True, kw_only=True)
class Paid(ExpenseEvent):
    """The street paid the expense; it must be published until ``publish_by``."""

    TOPIC = "expense.paid.v1"

    amount_fen: int
    bank_reference: str
    publish_by: Due

    def apply(self, expense: Expense) -> None:
        expense.status = ExpenseStatus.PAID
        expense.paid_at = self.timestamp
        expense.publication.due = self.publish_by


@dataclass(frozen=True, kw_only=True)
class PaymentReversed(ExpenseEvent):
    """The payment was undone and its money is back in the account, for the reason given."""

    TOPIC = "expense.payment_reversed.v1"

    bank_reference: str

    def apply(self, expense: Expense) -> None:
        expense.status = ExpenseStatus.REVERSED


@dataclass(frozen=True, kw_only=True)
class EvidenceAttached(ExpenseEvent):
    """Documents were added; what they are is in the event's evidence (digest, size, type)."""

    TOPIC = "expense.evidence_attached.v1"

    kind: EvidenceKind

    def apply(self, expense: Expense) -> None:
        if self.kind is EvidenceKind.INVOICE:
            expense.invoices.update(document.sha256 for document in self.by.evidence)


@dataclass(frozen=True, kw_only=True)
class Published(ExpenseEvent):
    """The expense was shown to all owners, at this place and until this day."""

    TOPIC = "expense.published.v1"

    where: str
    until_on: date

    def apply(self, expense: Expense) -> None:
        publication = expense.publication
        publication.until_on = self.until_on
        publication.first_at = publication.first_at or self.timestamp


@dataclass(frozen=True, kw_only=True)
class PublicationMissed(ExpenseEvent):
    """The last day for publishing the expense passed, and it was not published."""

    TOPIC = "expense.publication_missed.v1"

    def apply(self, expense: Expense) -> None:
        expense.publication.is_missed = True


@dataclass(frozen=True, kw_only=True)
class ObjectionRaised(ExpenseEvent):
    """An owner objected; the answer is due on the day given."""

    TOPIC = "expense.objection_raised.v1"

    objection_id: UUID
    statement: str
    due: Due

    def apply(self, expense: Expense) -> None:
        expense.objections[self.objection_id] = Objection(raised_by=persons(self.by), due=self.due)


@dataclass(frozen=True, kw_only=True)
class ObjectionAnswered(ExpenseEvent):
    """An objection was answered."""

    TOPIC = "expense.objection_answered.v1"

    objection_id: UUID
    answer: str

    def apply(self, expense: Expense) -> None:
        expense.objections[self.objection_id].answered_at = self.timestamp


@dataclass(frozen=True, kw_only=True)
class ObjectionAnswerMissed(ExpenseEvent):
    """The day passed on which an objection was to be answered at the latest."""

    TOPIC = "expense.objection_answer_missed.v1"

    objection_id: UUID

    def apply(self, expense: Expense) -> None:
        expense.objections[self.objection_id].is_missed = True
