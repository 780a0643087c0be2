"""An expense's state, and what may be asked of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from ledger.calendar import Due
from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import EvidenceMissing, NotFound
from ledger.core.guards import apart, persons, positive
from ledger.expenses import events, guards, rules
from ledger.expenses.values import (
    OWNER,
    EvidenceKind,
    ExpenseStatus,
    ExpenseTerms,
    Objection,
    Publication,
)

PUBLICATION_DAYS_MAX = 366
"""No notice stays up longer than a year: a day beyond that is a typing mistake."""


class Expense(core.Aggregate):
    """One expense of one estate, from the application to the answer to the last objection."""

    TOPIC = "expense"

    # Events: what can happen to it (written down in events.py; types refer to them there)

    Event = events.ExpenseEvent
    Applied = events.Applied
    Changed = events.Changed
    ReviewPassed = events.ReviewPassed
    Returned = events.Returned
    Approved = events.Approved
    Rejected = events.Rejected
    Withdrawn = events.Withdrawn
    Paid = events.Paid
    PaymentReversed = events.PaymentReversed
    EvidenceAttached = events.EvidenceAttached
    Published = events.Published
    PublicationMissed = events.PublicationMissed
    ObjectionRaised = events.ObjectionRaised
    ObjectionAnswered = events.ObjectionAnswered
    ObjectionAnswerMissed = events.ObjectionAnswerMissed

    # State: what we remember of it, starting from ``Applied`` ---------------------------

    def __init__(self, *, account_id: UUID, estate_id: UUID, terms: ExpenseTerms, by: By) -> None:
        self.account_id = account_id
        self.estate_id = estate_id
        self.terms = terms
        self.status = ExpenseStatus.APPLIED
        self.applied_by = persons(by)
        self.reviewed_by: frozenset[UUID] = frozenset()
        self.approved_by: frozenset[UUID] = frozenset()
        self.approved_at: datetime | None = None
        self.paid_at: datetime | None = None
        self.invoices: set[str] = set()
        self.publication = Publication()
        self.objections: dict[UUID, Objection] = {}

    @property
    def is_held(self) -> bool:
        """Tell whether the amount must be set aside in the account: approved, not paid."""
        return self.status is ExpenseStatus.APPROVED

    # Commands: the four steps -----------------------------------------------------------

    @classmethod
    def apply_for(
        cls,
        by: By,
        *,
        account_id: UUID,
        estate_id: UUID,
        terms: ExpenseTerms,
        categories: tuple[str, ...],
    ) -> Expense:
        """Ask for money; ``categories`` are those that the policy lists."""
        by = guards.sound(guards.by_committee(by), terms, categories)
        return cls._begin(cls.Applied, by, account_id=account_id, estate_id=estate_id, terms=terms)

    def change(self, by: By, *, terms: ExpenseTerms, categories: tuple[str, ...]) -> None:
        """Change what is asked for, giving the reason; voids review and approval."""
        by = self._open(guards.by_committee(by)).with_reason()
        by = guards.sound(by, terms, categories)
        if terms == self.terms and not by.evidence:
            raise rules.ExpenseUnchanged()
        self._record(self.Changed, by, terms=terms)

    def pass_review(self, by: By) -> None:
        """Let the application pass the community's review."""
        by = guards.by_community(by)
        by = guards.in_order(by, "review", self.status, ExpenseStatus.APPLIED)
        by = apart(by, "review", {"apply": self.applied_by})
        self._record(self.ReviewPassed, by)

    def send_back(self, by: By) -> None:
        """Return the application to the committee, giving the reason."""
        by = guards.by_community(by).with_reason()
        by = guards.in_order(
            by, "return", self.status, ExpenseStatus.APPLIED, ExpenseStatus.REVIEWED
        )
        self._record(self.Returned, by)

    def approve(self, by: By) -> None:
        """Approve the reviewed expense for the street."""
        by = guards.by_street(by)
        by = guards.in_order(by, "approve", self.status, ExpenseStatus.REVIEWED)
        earlier = {"apply": self.applied_by, "review": self.reviewed_by}
        by = apart(by, "approve", earlier)
        self._record(self.Approved, by)

    def reject(self, by: By) -> None:
        """Refuse the reviewed expense, or take an approval back, giving the reason."""
        by = guards.by_street(by).with_reason()
        by = guards.in_order(
            by, "reject", self.status, ExpenseStatus.REVIEWED, ExpenseStatus.APPROVED
        )
        self._record(self.Rejected, by)

    def pay(self, by: By, *, amount_fen: int, bank_reference: str, publish_by: Due) -> None:
        """Pay exactly what was approved; ``publish_by`` is the last day for publishing it."""
        positive(amount_fen)
        if self.status.is_paid():
            raise rules.ExpenseAlreadyPaid(status=self.status)
        by = guards.by_street(by)
        by = guards.in_order(by, "pay", self.status, ExpenseStatus.APPROVED)
        earlier = {
            "apply": self.applied_by,
            "review": self.reviewed_by,
            "approve": self.approved_by,
        }
        by = apart(by, "pay", earlier)
        by = self.after_approval(by)
        approved_fen = self.terms.amount_fen
        if amount_fen != approved_fen:
            by = by.refuse(
                rules.PaymentDiffersFromApproval(asked_fen=amount_fen, approved_fen=approved_fen)
            )
        self._record(
            self.Paid,
            by,
            amount_fen=amount_fen,
            bank_reference=bank_reference,
            publish_by=publish_by,
        )

    def withdraw(self, by: By) -> None:
        """Give the application up before it is paid, giving the reason."""
        by = self._open(guards.by_committee(by)).with_reason()
        self._record(self.Withdrawn, by)

    def reverse_payment(self, by: By, *, bank_reference: str) -> None:
        """Undo the payment, giving the reason; the money goes back into the account."""
        by = guards.by_street(by).with_reason()
        if self.status is not ExpenseStatus.PAID:
            raise rules.ExpenseNotPaid(status=self.status)
        by = self.after_payment(by)
        self._record(self.PaymentReversed, by, bank_reference=bank_reference)

    # Commands: what lets others check it ------------------------------------------------

    def attach_evidence(self, by: By, *, kind: EvidenceKind) -> None:
        """Add documents (in ``by.evidence``); nothing that was attached is ever taken away."""
        if not by.evidence:
            raise EvidenceMissing(field="evidence")
        self._record(self.EvidenceAttached, by, kind=kind)

    def publish(self, by: By, *, where: str, until_on: date, days_min: int) -> None:
        """Show the expense to all owners, for at least ``days_min`` days after today."""
        if self.status is not ExpenseStatus.APPROVED and not self.status.is_paid():
            by = by.refuse(rules.NothingToPublish(status=self.status))
        first_on = local_day(by.now) + timedelta(days=days_min)
        last_on = local_day(by.now) + timedelta(days=PUBLICATION_DAYS_MAX)
        if until_on < first_on:
            by = by.refuse(
                rules.PublicationTooShort(until_on=until_on.isoformat(), days_min=days_min)
            )
        if until_on > last_on:
            by = by.refuse(rules.PublicationTooLong(until_on_max=last_on.isoformat()))
        by = self.after_approval(by)
        self._record(self.Published, by, where=where, until_on=until_on)

    def miss_publication(self, by: By) -> None:
        """Record that the expense was not published in time (for the reaction that watches)."""
        due = self.publication.due
        is_late = self.publication.is_late() and self.status is ExpenseStatus.PAID
        if due is None or not is_late:
            raise rules.ExpenseNothingOverdue(status=self.status)
        guards.past(by, due.on)
        self._record(self.PublicationMissed, by)

    def raise_objection(self, by: By, *, objection_id: UUID, statement: str, due: Due) -> None:
        """Let an owner object; ``due`` is the last day for the answer."""
        if by.role != OWNER:
            by = by.refuse(rules.NotAnOwnersStep(role=by.role))
        if objection_id in self.objections:
            raise rules.ObjectionExists(objection_id=str(objection_id))
        self._record(
            self.ObjectionRaised, by, objection_id=objection_id, statement=statement, due=due
        )

    def answer_objection(self, by: By, *, objection_id: UUID, answer: str) -> None:
        """Answer an objection, once, and not by the person who raised it."""
        objection = self._objection(objection_id)
        if objection.is_answered:
            raise rules.ObjectionAlreadyAnswered(objection_id=str(objection_id))
        by = apart(by, "answer", {"object": objection.raised_by})
        self._record(self.ObjectionAnswered, by, objection_id=objection_id, answer=answer)

    def miss_objection_answer(self, by: By, *, objection_id: UUID) -> None:
        """Record that an objection was not answered in time (for the reaction that watches)."""
        objection = self._objection(objection_id)
        if not objection.is_late():
            raise rules.ExpenseNothingOverdue(status=self.status)
        guards.past(by, objection.due.on)
        self._record(self.ObjectionAnswerMissed, by, objection_id=objection_id)

    def after_approval(self, by: By) -> By:
        """Book a fact no earlier than the approval, where there was one."""
        earliest = self.approved_at
        return by if earliest is None else by.booked_from(earliest, "told-before-approval")

    def after_payment(self, by: By) -> By:
        """Book a fact no earlier than the payment, where there was one."""
        earliest = self.paid_at
        return by if earliest is None else by.booked_from(earliest, "told-before-payment")

    def _open(self, by: By) -> By:
        return by if self.status.is_open() else by.refuse(rules.ExpenseDecided(status=self.status))

    def _objection(self, objection_id: UUID) -> Objection:
        if objection_id not in self.objections:
            raise NotFound(kind="objection", id=str(objection_id))
        return self.objections[objection_id]
