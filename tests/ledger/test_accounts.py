"""The rules of public accounts, without a database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import orjson
import pytest

from ledger.accounts import PublicAccount, rules
from ledger.core.aggregate import By, Event
from ledger.core.clock import end_of_day
from ledger.core.errors import (
    AmountNotPositive,
    LedgerError,
    NotFound,
    ReasonMissing,
    SecondPersonNeeded,
)
from tests.examples import accounts as a
from tests.examples import by as person
from tests.given import replay, state_of
from tests.story import numbered, story

Action = Callable[[PublicAccount], None]

OTHER = UUID(int=9)
COMPANY = person(7, role="company", reason="有误")
FEBRUARY = datetime(2026, 2, 28, 1, 0, tzinfo=UTC)
LATE_FEBRUARY = replace(a.CLERK_SAYS, at=FEBRUARY)
TWO = replace(a.CLERK_SAYS, proposed_by=(UUID(int=8),))
RECEIVED = (a.opened(), a.revenue_received())
HELD = (*RECEIVED, a.hold_placed())
PAID = (*HELD, a.paid_out())
CLOSED = (*RECEIVED, a.period_closed())


def receive(amount_fen: int = a.RENT_FEN, by: By = a.CLERK, category: str = "rent") -> Action:
    receipt = replace(a.receipt(amount_fen), category=category)
    return lambda account: account.receive(by, receipt=receipt, categories=a.CATEGORIES)


def reverse(by: By = a.CLERK_SAYS, receipt_id: UUID = a.RECEIPT) -> Action:
    return lambda account: account.reverse_receipt(by, receipt_id=receipt_id)


def hold(amount_fen: int = a.RENT_FEN, by: By = a.HEAD, expense_id: UUID = a.EXPENSE) -> Action:
    return lambda account: account.place_hold(by, expense_id=expense_id, amount_fen=amount_fen)


def release(by: By = a.CLERK) -> Action:
    return lambda account: account.release_hold(by, expense_id=a.EXPENSE)


def pay(amount_fen: int = a.RENT_FEN, by: By = a.CASHIER) -> Action:
    return lambda account: account.pay_out(
        by,
        expense_id=a.EXPENSE,
        amount_fen=amount_fen,
        payee="宏达维修公司",
        bank_reference="P-1",
    )


def pay_back(by: By = a.CLERK_SAYS) -> Action:
    return lambda account: account.reverse_payment(by, expense_id=a.EXPENSE, bank_reference="P-2")


def close(year: int = 2026, month: int = 2, by: By = a.CLERK) -> Action:
    return lambda account: account.close_period(by, year=year, month=month)


def reopen(year: int = 2026, month: int = 2, by: By = TWO) -> Action:
    return lambda account: account.reopen_period(by, year=year, month=month)


@pytest.mark.parametrize(
    ("history", "action"),
    [
        (CLOSED, receive(by=LATE_FEBRUARY)),
        (CLOSED, reverse(LATE_FEBRUARY)),
        ((*CLOSED, a.hold_placed()), pay(by=LATE_FEBRUARY)),
        ((*PAID, a.period_closed()), pay_back(LATE_FEBRUARY)),
    ],
)
def test_what_happened_in_a_closed_month_is_booked_when_it_is_open_again(
    history: tuple[Event, ...], action: Action
) -> None:
    if action.__qualname__.startswith("receive"):
        history = (a.opened(), a.period_closed())
    account = replay(numbered(history))
    action(account)
    (event,) = account.collect_events()
    assert event.timestamp == end_of_day(FEBRUARY.date()) + timedelta(microseconds=1)
    assert (event.by.true_day, event.by.breaches) == (FEBRUARY.date(), ("period-is-closed",))


def test_a_month_closed_wrongly_is_opened_again_by_two() -> None:
    account = replay(numbered((*CLOSED, a.period_reopened())))
    assert account.closed_through == date(2026, 1, 31)
    receive(by=replace(a.CLERK, at=FEBRUARY))(replay(numbered((a.opened(), a.period_reopened()))))
    story(*CLOSED).when(reopen()).then(a.period_reopened(TWO))
    reopened = (*CLOSED, a.period_reopened())
    story(*reopened).when(close()).then(a.period_closed())


def test_an_estate_has_one_account_and_its_id_follows_from_the_estate() -> None:
    account = PublicAccount.open(a.CLERK, estate_id=a.ESTATE, street_id=a.STREET)

    assert list(account.collect_events()) == [a.opened()]


@pytest.mark.parametrize(
    ("history", "action", "expected"),
    [
        ((a.opened(),), receive(), a.revenue_received()),
        (RECEIVED, reverse(), a.revenue_reversed()),
        (RECEIVED, hold(), a.hold_placed()),
        (HELD, release(), a.hold_released()),
        (HELD, pay(), a.paid_out()),
        (PAID, pay_back(), a.payment_reversed()),
        (RECEIVED, close(), a.period_closed()),
        (CLOSED, hold(), a.hold_placed()),
    ],
)
def test_a_step_leaves_its_event(
    history: tuple[Event, ...], action: Action, expected: Event
) -> None:
    story(*history).when(action).then(expected)


def test_money_comes_and_goes() -> None:
    account = replay(numbered(HELD))
    assert (account.balance_fen, account.held_fen, account.free_fen) == (
        a.RENT_FEN,
        a.RENT_FEN,
        0,
    )
    account = replay(numbered(PAID))
    assert (account.balance_fen, account.held_fen, account.free_fen) == (0, 0, 0)
    account = replay(numbered((*PAID, a.payment_reversed())))
    assert account.free_fen == a.RENT_FEN


def test_money_that_came_back_can_be_held_again() -> None:
    story(*PAID, a.payment_reversed()).when(hold()).then(a.hold_placed())


def test_the_first_moment_after_a_closed_month_takes_entries() -> None:
    first = replace(a.CLERK, at=end_of_day(FEBRUARY.date()) + timedelta(microseconds=1))
    (
        story(a.opened(), a.period_closed())
        .when(receive(by=first))
        .then(a.revenue_received(by=first))
    )


REFUSALS: list[tuple[tuple[Event, ...], Action, type[LedgerError], dict[str, str | int]]] = [
    (RECEIVED, receive(by=COMPANY), rules.AccountNotKeptByStreet, {"role": "company"}),
    (RECEIVED, reverse(COMPANY), rules.AccountNotKeptByStreet, {"role": "company"}),
    (HELD, pay(by=COMPANY), rules.AccountNotKeptByStreet, {"role": "company"}),
    (PAID, pay_back(COMPANY), rules.AccountNotKeptByStreet, {"role": "company"}),
    (RECEIVED, close(by=COMPANY), rules.AccountNotKeptByStreet, {"role": "company"}),
    ((a.opened(),), receive(category="lottery"), rules.RevenueCategoryUnknown,
     {"list": "account.revenue_categories"}),
    (RECEIVED, receive(), rules.ReceiptExists, {"receipt_id": str(a.RECEIPT)}),
    ((*RECEIVED, a.revenue_reversed()), receive(), rules.ReceiptExists,
     {"receipt_id": str(a.RECEIPT)}),
    (RECEIVED, reverse(a.CLERK), ReasonMissing, {}),
    (RECEIVED, reverse(receipt_id=OTHER), NotFound, {"kind": "receipt", "id": str(OTHER)}),
    ((*RECEIVED, a.revenue_reversed()), reverse(), rules.ReceiptAlreadyReversed,
     {"receipt_id": str(a.RECEIPT)}),
    ((*RECEIVED, a.hold_placed(1)), reverse(), rules.ReversalExceedsFree,
     {"asked_fen": a.RENT_FEN, "free_fen": a.RENT_FEN - 1}),
    (RECEIVED, hold(a.RENT_FEN + 1), rules.HoldExceedsFree,
     {"asked_fen": a.RENT_FEN + 1, "free_fen": a.RENT_FEN}),
    (HELD, hold(1, expense_id=OTHER), rules.HoldExceedsFree, {"asked_fen": 1, "free_fen": 0}),
    (HELD, hold(), rules.HoldExists, {"expense_id": str(a.EXPENSE)}),
    (RECEIVED, release(), rules.HoldMissing, {"expense_id": str(a.EXPENSE)}),
    (PAID, release(), rules.HoldMissing, {"expense_id": str(a.EXPENSE)}),
    (RECEIVED, pay(), rules.HoldMissing, {"expense_id": str(a.EXPENSE)}),
    (HELD, pay(a.RENT_FEN - 1), rules.PaymentDiffersFromHold,
     {"asked_fen": a.RENT_FEN - 1, "held_fen": a.RENT_FEN}),
    (PAID, pay(), rules.PaymentExists, {"expense_id": str(a.EXPENSE)}),
    (HELD, pay_back(), rules.PaymentMissing, {"expense_id": str(a.EXPENSE)}),
    ((*PAID, a.payment_reversed()), pay_back(), rules.PaymentMissing,
     {"expense_id": str(a.EXPENSE)}),
    (PAID, pay_back(a.CLERK), ReasonMissing, {}),
    (CLOSED, reopen(by=a.CLERK_SAYS), SecondPersonNeeded, {}),
    (CLOSED, reopen(by=replace(TWO, reason="")), ReasonMissing, {}),
    (CLOSED, reopen(2026, 3), rules.PeriodNotClosed, {"closed_through": "2026-02-28"}),
    (RECEIVED, reopen(), rules.PeriodNotClosed, {"closed_through": ""}),
    (CLOSED, close(), rules.PeriodAlreadyClosed, {"closed_through": "2026-02-28"}),
    (CLOSED, close(2025, 12), rules.PeriodAlreadyClosed, {"closed_through": "2026-02-28"}),
    (RECEIVED, close(2026, 3), rules.PeriodNotOver, {"ends_on": "2026-03-31"}),
]  # fmt: skip


@pytest.mark.parametrize(("history", "action", "error", "facts"), REFUSALS)
def test_a_step_is_refused(
    history: tuple[Event, ...],
    action: Action,
    error: type[LedgerError],
    facts: dict[str, str | int],
) -> None:
    story(*history).when(action).then_refused(error, **facts)


def test_only_the_street_opens_an_account() -> None:
    with pytest.raises(rules.AccountNotKeptByStreet):
        PublicAccount.open(COMPANY, estate_id=a.ESTATE, street_id=a.STREET)


@pytest.mark.parametrize("amount_fen", [0, -1])
@pytest.mark.parametrize("step", [receive, hold, pay])
def test_an_amount_must_be_positive(step: Callable[[int], Action], amount_fen: int) -> None:
    story(a.opened()).when(step(amount_fen)).then_refused(AmountNotPositive, amount_fen=amount_fen)


def test_a_payment_without_approval_that_happened_is_recorded_and_marked() -> None:
    breaches = ("period-is-closed", "hold-missing", "account-overdrawn")
    past = replace(a.CASHIER, at=FEBRUARY, is_history=True)
    booked_at = end_of_day(FEBRUARY.date()) + timedelta(microseconds=1)
    booked = replace(past, at=booked_at, true_day=FEBRUARY.date(), breaches=breaches)
    expected = a.paid_out(a.RENT_FEN + 1, by=booked)

    story(*CLOSED).when(pay(a.RENT_FEN + 1, past)).then(expected)

    assert replay(numbered((*CLOSED, expected))).balance_fen == -1


@pytest.mark.parametrize(
    "history", [(a.opened(),), CLOSED, HELD, PAID, (*RECEIVED, a.revenue_reversed())]
)
def test_a_snapshot_restores_the_same_state(history: tuple[Event, ...]) -> None:
    account = replay(numbered(history))
    restored = PublicAccount.__new__(PublicAccount)

    restored.restore(orjson.loads(orjson.dumps(account.to_snapshot())))

    base = {"_id", "_version", "_created_on", "_modified_on"}
    wanted = {name: value for name, value in state_of(account).items() if name not in base}
    assert state_of(restored) == wanted
