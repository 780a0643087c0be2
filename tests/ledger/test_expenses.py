"""The rules of expenses, without a database: four steps, four persons, in this order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from ledger.core.aggregate import By, Event
from ledger.core.clock import end_of_day
from ledger.core.errors import (
    AmountNotPositive,
    EvidenceMissing,
    LedgerError,
    NotFound,
    ReasonMissing,
    SamePersonTwice,
)
from ledger.expenses import EvidenceKind, Expense, ExpenseStatus, ExpenseTerms, rules
from tests.examples import expenses as x
from tests.examples.accounts import ACCOUNT, ESTATE
from tests.given import replay, state_of
from tests.story import numbered, story

Action = Callable[[Expense], None]

OTHER = UUID(int=9)
REVIEWED = (x.applied(), x.review_passed())
APPROVED = (*REVIEWED, x.approved())
PAID = (*APPROVED, x.paid())
OBJECTED = (*PAID, x.objection_raised())

CHAIR_SAYS = x.because(x.CHAIR)
REVIEWER_SAYS = x.because(x.REVIEWER)
HEAD_SAYS = x.because(x.HEAD)
CASHIER_SAYS = x.because(x.CASHIER)


def apply(by: By = x.CHAIR, terms: ExpenseTerms = x.TERMS) -> Expense:
    return Expense.apply_for(
        by, account_id=ACCOUNT, estate_id=ESTATE, terms=terms, categories=x.CATEGORIES
    )


def change(by: By = CHAIR_SAYS, terms: ExpenseTerms = x.CHEAPER) -> Action:
    return lambda expense: expense.change(by, terms=terms, categories=x.CATEGORIES)


def review(by: By = x.REVIEWER) -> Action:
    return lambda expense: expense.pass_review(by)


def send_back(by: By = REVIEWER_SAYS) -> Action:
    return lambda expense: expense.send_back(by)


def approve(by: By = x.HEAD) -> Action:
    return lambda expense: expense.approve(by)


def reject(by: By = HEAD_SAYS) -> Action:
    return lambda expense: expense.reject(by)


def pay(amount_fen: int = x.GATE_FEN, by: By = x.CASHIER) -> Action:
    return lambda expense: expense.pay(
        by, amount_fen=amount_fen, bank_reference="P-1", publish_by=x.PUBLISH_BY
    )


def withdraw(by: By = CHAIR_SAYS) -> Action:
    return lambda expense: expense.withdraw(by)


def reverse(by: By = CASHIER_SAYS) -> Action:
    return lambda expense: expense.reverse_payment(by, bank_reference="P-2")


def attach(by: By) -> Action:
    return lambda expense: expense.attach_evidence(by, kind=EvidenceKind.INVOICE)


def publish(until_on: date = x.SHOWN_UNTIL, by: By = x.CHAIR) -> Action:
    return lambda expense: expense.publish(by, where="小区公告栏", until_on=until_on, days_min=15)


def miss_publication(by: By = x.REACTION) -> Action:
    return lambda expense: expense.miss_publication(by)


def object_(by: By = x.OWNER) -> Action:
    return lambda expense: expense.raise_objection(
        by, objection_id=x.OBJECTION, statement="价格偏高", due=x.ANSWER_BY
    )


def answer(by: By = x.CHAIR, objection_id: UUID = x.OBJECTION) -> Action:
    return lambda expense: expense.answer_objection(
        by, objection_id=objection_id, answer="三家比价，取最低价"
    )


def miss_answer(by: By = x.REACTION, objection_id: UUID = x.OBJECTION) -> Action:
    return lambda expense: expense.miss_objection_answer(by, objection_id=objection_id)


# What can happen ------------------------------------------------------------------------


def test_the_committee_applies() -> None:
    (event,) = apply().collect_events()

    assert event == replace(x.applied(), originator_id=event.originator_id)


@pytest.mark.parametrize(
    ("history", "action", "expected"),
    [
        ((x.applied(),), review(), x.review_passed()),
        (REVIEWED, approve(), x.approved()),
        (APPROVED, pay(), x.paid()),
        (PAID, reverse(), x.payment_reversed()),
        ((x.applied(),), send_back(), x.returned()),
        (REVIEWED, send_back(), x.returned()),
        (REVIEWED, reject(), x.rejected()),
        (APPROVED, reject(), x.rejected()),
        ((x.applied(),), withdraw(), x.withdrawn()),
        (APPROVED, withdraw(), x.withdrawn()),
        ((x.applied(), x.returned()), change(), x.changed()),
        (APPROVED, change(), x.changed()),
        (PAID, attach(x.with_invoice(x.CHAIR)), x.evidence_attached()),
        (APPROVED, publish(), x.published()),
        (PAID, publish(), x.published()),
        (PAID, miss_publication(), x.publication_missed()),
        (PAID, object_(), x.objection_raised()),
        (OBJECTED, answer(), x.objection_answered()),
        (OBJECTED, miss_answer(), x.objection_answer_missed()),
        ((*OBJECTED, x.objection_answer_missed()), answer(), x.objection_answered()),
    ],
)
def test_a_step_leaves_its_event(
    history: tuple[Event, ...], action: Action, expected: Event
) -> None:
    story(*history).when(action).then(expected)


def test_new_evidence_alone_is_a_change() -> None:
    by = x.with_invoice(CHAIR_SAYS)
    story(*APPROVED).when(change(by, x.TERMS)).then(x.changed(x.TERMS, by=by))


def test_a_change_voids_review_and_approval() -> None:
    expense = replay(numbered((*APPROVED, x.changed())))

    assert expense.status is ExpenseStatus.APPLIED
    assert not expense.is_held
    assert (expense.reviewed_by, expense.approved_by) == (frozenset(), frozenset())
    (
        story(*APPROVED, x.changed())
        .when(pay())
        .then_refused(rules.ExpenseStepOutOfOrder, step="pay", status="applied")
    )


def test_a_changed_expense_goes_through_all_steps_again() -> None:
    again = (x.changed(), x.review_passed(), x.approved())
    amount_fen = x.CHEAPER.amount_fen
    story(*APPROVED, *again).when(pay(amount_fen)).then(x.paid(amount_fen))


def test_an_approved_expense_holds_its_money_until_it_is_paid() -> None:
    assert replay(numbered(APPROVED)).is_held
    assert not replay(numbered(PAID)).is_held


# What is refused ------------------------------------------------------------------------

TWICE = SamePersonTwice
ORDER = rules.ExpenseStepOutOfOrder
CHAIR_ID = x.CHAIR.actor_id
LAST_DAY = replace(x.REACTION, at=end_of_day(x.PUBLISH_BY.on))
LAST_ANSWER_DAY = replace(x.REACTION, at=end_of_day(x.ANSWER_BY.on))


def as_person(by: By, role: str) -> By:
    return replace(by, role=role)


REFUSALS: list[tuple[tuple[Event, ...], Action, type[LedgerError], dict[str, str | int]]] = [
    # One person takes two steps, openly or through somebody else.
    ((x.applied(),), review(as_person(x.CHAIR, "community")), TWICE,
     {"step": "review", "earlier_step": "apply"}),
    ((x.applied(),), review(replace(x.REVIEWER, on_behalf_of=CHAIR_ID)), TWICE,
     {"step": "review", "earlier_step": "apply"}),
    (REVIEWED, approve(as_person(x.CHAIR, "street")), TWICE,
     {"step": "approve", "earlier_step": "apply"}),
    (REVIEWED, approve(as_person(x.REVIEWER, "street")), TWICE,
     {"step": "approve", "earlier_step": "review"}),
    (APPROVED, pay(by=as_person(x.CHAIR, "street")), TWICE,
     {"step": "pay", "earlier_step": "apply"}),
    (APPROVED, pay(by=as_person(x.REVIEWER, "street")), TWICE,
     {"step": "pay", "earlier_step": "review"}),
    (APPROVED, pay(by=x.HEAD), TWICE, {"step": "pay", "earlier_step": "approve"}),
    (APPROVED, pay(by=replace(x.CASHIER, on_behalf_of=x.HEAD.actor_id)), TWICE,
     {"step": "pay", "earlier_step": "approve"}),
    (OBJECTED, answer(x.OWNER), TWICE, {"step": "answer", "earlier_step": "object"}),
    # Each step has its office.
    (APPROVED, change(as_person(CHAIR_SAYS, "street")), rules.NotTheCommitteesStep,
     {"role": "street"}),
    (APPROVED, withdraw(HEAD_SAYS), rules.NotTheCommitteesStep, {"role": "street"}),
    ((x.applied(),), review(x.HEAD), rules.NotTheCommunitysStep, {"role": "street"}),
    ((x.applied(),), send_back(HEAD_SAYS), rules.NotTheCommunitysStep, {"role": "street"}),
    (REVIEWED, approve(x.REVIEWER), rules.NotTheStreetsStep, {"role": "community"}),
    (REVIEWED, reject(REVIEWER_SAYS), rules.NotTheStreetsStep, {"role": "community"}),
    (APPROVED, pay(by=x.REVIEWER), rules.NotTheStreetsStep, {"role": "community"}),
    (PAID, reverse(REVIEWER_SAYS), rules.NotTheStreetsStep, {"role": "community"}),
    (PAID, object_(x.CHAIR), rules.NotAnOwnersStep, {"role": "owners_committee"}),
    # The order of the steps.
    ((x.applied(),), approve(), ORDER, {"step": "approve", "status": "applied"}),
    ((x.applied(),), pay(), ORDER, {"step": "pay", "status": "applied"}),
    (REVIEWED, pay(), ORDER, {"step": "pay", "status": "reviewed"}),
    (REVIEWED, review(), ORDER, {"step": "review", "status": "reviewed"}),
    (APPROVED, approve(), ORDER, {"step": "approve", "status": "approved"}),
    (APPROVED, send_back(), ORDER, {"step": "return", "status": "approved"}),
    ((x.applied(),), reject(), ORDER, {"step": "reject", "status": "applied"}),
    ((x.applied(), x.returned()), review(), ORDER, {"step": "review", "status": "returned"}),
    ((*REVIEWED, x.rejected()), approve(), ORDER, {"step": "approve", "status": "rejected"}),
    ((*APPROVED, x.withdrawn()), pay(), ORDER, {"step": "pay", "status": "withdrawn"}),
    # Decided is decided.
    (PAID, pay(), rules.ExpenseAlreadyPaid, {"status": "paid"}),
    ((*PAID, x.payment_reversed()), pay(), rules.ExpenseAlreadyPaid, {"status": "reversed"}),
    (APPROVED, reverse(), rules.ExpenseNotPaid, {"status": "approved"}),
    ((*PAID, x.payment_reversed()), reverse(), rules.ExpenseNotPaid, {"status": "reversed"}),
    (PAID, change(), rules.ExpenseDecided, {"status": "paid"}),
    (PAID, withdraw(), rules.ExpenseDecided, {"status": "paid"}),
    ((*REVIEWED, x.rejected()), change(), rules.ExpenseDecided, {"status": "rejected"}),
    ((x.applied(), x.withdrawn()), withdraw(), rules.ExpenseDecided, {"status": "withdrawn"}),
    # Amounts, reasons, terms.
    (APPROVED, pay(x.GATE_FEN + 1), rules.PaymentDiffersFromApproval,
     {"asked_fen": x.GATE_FEN + 1, "approved_fen": x.GATE_FEN}),
    (APPROVED, pay(x.GATE_FEN - 1), rules.PaymentDiffersFromApproval,
     {"asked_fen": x.GATE_FEN - 1, "approved_fen": x.GATE_FEN}),
    (APPROVED, pay(0), AmountNotPositive, {"amount_fen": 0}),
    (APPROVED, change(terms=replace(x.TERMS, amount_fen=0)), AmountNotPositive,
     {"amount_fen": 0}),
    (APPROVED, change(terms=replace(x.TERMS, category="yacht")), rules.ExpenseCategoryUnknown,
     {"list": "expense.categories"}),
    (APPROVED, change(terms=x.TERMS), rules.ExpenseUnchanged, {}),
    (APPROVED, change(x.CHAIR), ReasonMissing, {}),
    (APPROVED, withdraw(x.CHAIR), ReasonMissing, {}),
    (REVIEWED, send_back(x.REVIEWER), ReasonMissing, {}),
    (REVIEWED, reject(x.HEAD), ReasonMissing, {}),
    (PAID, reverse(x.CASHIER), ReasonMissing, {}),
    # What lets others check it.
    (PAID, attach(x.CHAIR), EvidenceMissing, {"field": "evidence"}),
    (REVIEWED, publish(), rules.NothingToPublish, {"status": "reviewed"}),
    (PAID, publish(x.SHOWN_UNTIL - timedelta(days=1)), rules.PublicationTooShort,
     {"until_on": "2026-03-16", "days_min": 15}),
    (PAID, miss_publication(LAST_DAY), rules.ExpenseNotOverdue, {"due_on": "2026-03-23"}),
    ((*PAID, x.published()), miss_publication(), rules.ExpenseNothingOverdue, {"status": "paid"}),
    ((*PAID, x.publication_missed()), miss_publication(), rules.ExpenseNothingOverdue,
     {"status": "paid"}),
    (APPROVED, miss_publication(), rules.ExpenseNothingOverdue, {"status": "approved"}),
    ((*PAID, x.payment_reversed()), miss_publication(), rules.ExpenseNothingOverdue,
     {"status": "reversed"}),
    (OBJECTED, object_(), rules.ObjectionExists, {"objection_id": str(x.OBJECTION)}),
    (PAID, answer(), NotFound, {"kind": "objection", "id": str(x.OBJECTION)}),
    (PAID, miss_answer(), NotFound, {"kind": "objection", "id": str(x.OBJECTION)}),
    ((*OBJECTED, x.objection_answered()), answer(), rules.ObjectionAlreadyAnswered,
     {"objection_id": str(x.OBJECTION)}),
    (OBJECTED, miss_answer(LAST_ANSWER_DAY), rules.ExpenseNotOverdue, {"due_on": "2026-03-16"}),
    ((*OBJECTED, x.objection_answered()), miss_answer(), rules.ExpenseNothingOverdue,
     {"status": "paid"}),
    ((*OBJECTED, x.objection_answer_missed()), miss_answer(), rules.ExpenseNothingOverdue,
     {"status": "paid"}),
]  # fmt: skip


@pytest.mark.parametrize(("history", "action", "error", "facts"), REFUSALS)
def test_a_step_is_refused(
    history: tuple[Event, ...],
    action: Action,
    error: type[LedgerError],
    facts: dict[str, str | int],
) -> None:
    story(*history).when(action).then_refused(error, **facts)


@pytest.mark.parametrize(
    ("by", "terms", "error"),
    [
        (x.HEAD, x.TERMS, rules.NotTheCommitteesStep),
        (x.CHAIR, replace(x.TERMS, amount_fen=0), AmountNotPositive),
        (x.CHAIR, replace(x.TERMS, category="yacht"), rules.ExpenseCategoryUnknown),
    ],
)
def test_an_application_is_refused(by: By, terms: ExpenseTerms, error: type[LedgerError]) -> None:
    with pytest.raises(error):
        apply(by, terms)


def test_whoever_changed_an_application_counts_as_an_applicant() -> None:
    second = replace(CHAIR_SAYS, actor_id=OTHER)
    reviewer = replace(x.REVIEWER, actor_id=OTHER)
    (
        story(x.applied(), x.changed(by=second))
        .when(review(reviewer))
        .then_refused(TWICE, step="review", earlier_step="apply")
    )


def test_what_happened_without_review_is_recorded_and_marked() -> None:
    """An old payment that one street clerk made alone: the approval was written afterwards."""
    expense = apply(replace(x.CHAIR, is_history=True))
    pay(by=replace(x.CASHIER, is_history=True))(expense)
    approve(replace(x.CASHIER, is_history=True))(expense)

    events = [event for event in expense.pending_events if isinstance(event, Event)]
    assert [event.by.breaches for event in events] == [
        (),
        ("expense-step-out-of-order",),
        ("expense-step-out-of-order",),
    ]
    assert expense.status is ExpenseStatus.PAID
    assert not expense.is_held
    assert state_of(replay(events)) == state_of(expense)
