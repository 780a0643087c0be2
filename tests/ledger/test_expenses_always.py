"""What holds of an account and its expenses after any sequence of steps.

Each move below does what its command does: the expense decides, the account
follows, and if either refuses, neither changes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from uuid import UUID

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from ledger.accounts import PublicAccount
from ledger.core.aggregate import Aggregate, By, Event
from ledger.core.errors import LedgerError
from ledger.expenses import Expense, ExpenseStatus
from tests.examples import accounts as a
from tests.examples import by as person
from tests.examples import expenses as x
from tests.given import replay, state_of

PERSONS = st.integers(min_value=1, max_value=6)
AMOUNTS = st.integers(min_value=0, max_value=100)
WHICH = st.sampled_from([0, 1])


def who(number: int, role: str) -> By:
    return person(number, role=role, reason="经核实")


@dataclass
class World:
    """One estate's account with two expenses, and what went in and out."""

    account: PublicAccount
    expenses: list[Expense] = field(default_factory=list)


Move = Callable[[World], None]


def world() -> World:
    account = PublicAccount.open(a.CLERK, estate_id=a.ESTATE, street_id=a.STREET)
    return World(account, [applied(30), applied(50)])


def applied(amount_fen: int) -> Expense:
    return Expense.apply_for(
        x.CHAIR,
        account_id=a.ACCOUNT,
        estate_id=a.ESTATE,
        terms=replace(x.TERMS, amount_fen=amount_fen),
        categories=x.CATEGORIES,
    )


def free_hold(world: World, expense: Expense, by: By) -> None:
    if expense.is_held:
        world.account.release_hold(by, expense_id=expense.id)


def receive(number: int, amount_fen: int, receipt: int) -> Move:
    def move(world: World) -> None:
        coming = a.receipt(amount_fen, receipt_id=UUID(int=receipt))
        world.account.receive(who(number, "street"), receipt=coming, categories=a.CATEGORIES)

    return move


def reverse_receipt(receipt: int) -> Move:
    return lambda world: world.account.reverse_receipt(
        who(1, "street"), receipt_id=UUID(int=receipt)
    )


def change(which: int, number: int, amount_fen: int) -> Move:
    def move(world: World) -> None:
        expense, by = world.expenses[which], who(number, "owners_committee")
        free_hold(world, expense, by)
        terms = replace(expense.terms, amount_fen=amount_fen)
        expense.change(by, terms=terms, categories=x.CATEGORIES)

    return move


def review(which: int, number: int) -> Move:
    return lambda world: world.expenses[which].pass_review(who(number, "community"))


def approve(which: int, number: int) -> Move:
    def move(world: World) -> None:
        expense, by = world.expenses[which], who(number, "street")
        expense.approve(by)
        world.account.place_hold(by, expense_id=expense.id, amount_fen=expense.terms.amount_fen)

    return move


def undo(which: int, how: str, role: str) -> Move:
    def move(world: World) -> None:
        expense, by = world.expenses[which], who(6, role)
        free_hold(world, expense, by)
        getattr(expense, how)(by)

    return move


def pay(which: int, number: int) -> Move:
    def move(world: World) -> None:
        expense, by = world.expenses[which], who(number, "street")
        amount_fen = expense.terms.amount_fen
        expense.pay(by, amount_fen=amount_fen, bank_reference="", publish_by=x.PUBLISH_BY)
        world.account.pay_out(
            by, expense_id=expense.id, amount_fen=amount_fen, payee="", bank_reference=""
        )

    return move


def reverse_payment(which: int) -> Move:
    def move(world: World) -> None:
        expense, by = world.expenses[which], who(6, "street")
        expense.reverse_payment(by, bank_reference="")
        world.account.reverse_payment(by, expense_id=expense.id, bank_reference="")

    return move


RECEIPTS = st.integers(min_value=600, max_value=620)
REVIEWERS = st.sampled_from([2, 2, 2, 1, 3])
APPROVERS = st.sampled_from([3, 3, 3, 1, 2])
PAYERS = st.sampled_from([4, 4, 4, 1, 2, 3])
WEIGHED: list[tuple[int, st.SearchStrategy[Move]]] = [
    (3, st.builds(receive, PERSONS, AMOUNTS, RECEIPTS)),
    (6, st.builds(review, WHICH, REVIEWERS)),
    (6, st.builds(approve, WHICH, APPROVERS)),
    (6, st.builds(pay, WHICH, PAYERS)),
    (2, st.builds(change, WHICH, st.sampled_from([1, 1, 1, 1, 2]), AMOUNTS)),
    (1, st.builds(reverse_receipt, RECEIPTS)),
    (1, st.builds(undo, WHICH, st.just("send_back"), st.just("community"))),
    (1, st.sampled_from([undo(0, "reject", "street"), undo(1, "withdraw", "owners_committee")])),
    (2, st.builds(reverse_payment, WHICH)),
]
MOVES = st.sampled_from([m for weight, m in WEIGHED for _ in range(weight)]).flatmap(lambda m: m)
SEQUENCES = st.lists(MOVES, min_size=20, max_size=60)

SIGNS: dict[type[Event], int] = {
    PublicAccount.RevenueReversed: -1,
    PublicAccount.PaidOut: -1,
    PublicAccount.PaymentReversed: 1,
}


def moved_fen(event: Event) -> int:
    if isinstance(event, PublicAccount.RevenueReceived):
        return event.receipt.amount_fen
    return SIGNS.get(type(event), 0) * int(vars(event).get("amount_fen", 0))


def events_of(aggregate: Aggregate) -> list[Event]:
    return [event for event in aggregate.pending_events if isinstance(event, Event)]


def attempt(world: World, move: Move) -> World:
    """Do what a command does: all of it, or, when something refuses, nothing."""
    events = [e for one in (world.account, *world.expenses) for e in one.pending_events]
    tried = deepcopy(world, {id(event): event for event in events})  # events never change
    with suppress(LedgerError):
        move(tried)
        return tried
    return world


@settings(deadline=None)
@for_all(moves=SEQUENCES)
def test_no_sequence_of_steps_makes_or_loses_money(moves: list[Move]) -> None:
    now = attempt(world(), receive(1, 70, 1))
    for move in moves:
        now = attempt(now, move)

        approved = {e.id: e.terms.amount_fen for e in now.expenses if e.is_held}
        assert now.account.holds == approved
        assert now.account.free_fen >= 0

    assert now.account.balance_fen == sum(map(moved_fen, events_of(now.account)))
    for aggregate in (now.account, *now.expenses):
        assert state_of(replay(events_of(aggregate))) == state_of(aggregate)


@settings(deadline=None)
@for_all(moves=SEQUENCES)
def test_no_expense_is_paid_by_fewer_than_four_persons(moves: list[Move]) -> None:
    now = attempt(world(), receive(1, 70, 1))
    for move in moves:
        now = attempt(now, move)

    for expense in now.expenses:
        paid = [e for e in events_of(expense) if isinstance(e, Expense.Paid)]
        if paid:
            payer = {paid[0].by.actor_id}
            steps = [expense.applied_by, expense.reviewed_by, expense.approved_by, payer]
            assert all(steps)
            assert len(frozenset().union(*steps)) == sum(map(len, steps))
            assert expense.status in (ExpenseStatus.PAID, ExpenseStatus.REVERSED)
