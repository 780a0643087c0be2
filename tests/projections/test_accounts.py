"""The accounts view: commands in, balances, statements, periods and rent against schedule out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from ledger.accounts import PublicAccount
from ledger.commands.accounts import (
    ClosePeriod,
    ReceiveRevenue,
    ReverseRevenue,
    close_period,
    receive_revenue,
    reverse_revenue,
)
from ledger.commands.expenses import (
    ApplyForExpense,
    ApproveExpense,
    PassExpenseReview,
    PayExpense,
    ReverseExpensePayment,
    apply_for_expense,
    approve_expense,
    pass_expense_review,
    pay_expense,
    reverse_expense_payment,
)
from ledger.commands.leases import (
    AmendLease,
    EndLease,
    SignLease,
    amend_lease,
    end_lease,
    sign_lease,
)
from ledger.core.aggregate import By
from ledger.core.errors import NotFound
from ledger.leases import Instalment, Lease
from ledger.storage.ledger import Ledger
from projections.accounts import (
    AccountAt,
    AccountQuery,
    IncomeQuery,
    LeaseAt,
    LeaseQuery,
    PeriodQuery,
    StatementQuery,
    account_by_id,
    account_income,
    account_periods,
    account_register,
    account_statement,
    lease_by_id,
    lease_income,
    view,
)
from projections.engine import Row
from tests.commands import money as m
from tests.commands.county import ESTATE, STREET, build_county
from tests.examples import AT
from tests.examples.leases import QUARTERS, TERMS
from tests.projections.any_account import random_account
from tests.projections.asking import ask, assert_rebuilds_the_same, last_recorded_at, topics_at

DAY = timedelta(days=1)
RENT_FEN = 8_000_00
SHOP = SignLease(
    account_id=m.ACCOUNT,
    premises="社区服务用房一层东侧",
    area_m2_hundredths=120_50,
    tenant="惠民便利店",
    starts_on=date(2026, 1, 1),
    ends_on=date(2026, 12, 31),
    schedule=tuple(Instalment(due_on=day, amount_fen=RENT_FEN) for day in QUARTERS),
)
GATE = ApplyForExpense(
    account_id=m.ACCOUNT,
    amount_fen=6_000_00,
    category="repair",
    purpose="维修小区南门",
    payee="宏达维修公司",
)


def on(day: date, by: By = m.CLERK) -> By:
    """Return a person deciding at 10:00 in China on a day."""
    return replace(by, at=datetime(day.year, day.month, day.day, 2, tzinfo=UTC))


@pytest.fixture
async def estate(ledger: Ledger) -> Ledger:
    """A ledger with two estates, whose public accounts are open."""
    await build_county(ledger)
    await m.open_accounts(ledger)
    return ledger


async def take(
    ledger: Ledger, amount_fen: int, by: By, *, category: str = "rent", lease_id: UUID | None = None
) -> UUID:
    """Record revenue; return the receipt's id."""
    command = ReceiveRevenue(
        account_id=m.ACCOUNT,
        category=category,
        amount_fen=amount_fen,
        payer="惠民便利店",
        lease_id=lease_id,
    )
    await receive_revenue(command, ledger, by)
    return command.receipt_id


async def gate(ledger: Ledger, *, is_paid: bool = True) -> UUID:
    """Apply for the gate, review, approve and, unless said otherwise, pay it."""
    expense_id = (await apply_for_expense(GATE, ledger, m.CHAIR)).id
    await pass_expense_review(PassExpenseReview(expense_id=expense_id), ledger, m.REVIEWER)
    await approve_expense(ApproveExpense(expense_id=expense_id), ledger, m.HEAD)
    if is_paid:
        pay = PayExpense(expense_id=expense_id, amount_fen=GATE.amount_fen, bank_reference="P-1")
        await pay_expense(pay, ledger, m.CASHIER)
    return expense_id


async def the_account(ledger: Ledger, **as_of: Any) -> Row:
    return await ask(ledger, view, account_by_id, AccountAt(account_id=m.ACCOUNT, **as_of))


async def statement(ledger: Ledger, **wishes: Any) -> list[Row]:
    query = StatementQuery(account_id=m.ACCOUNT, **wishes)
    return (await ask(ledger, view, account_statement, query)).rows


async def test_the_statement_runs_and_ends_with_what_the_account_has(estate: Ledger) -> None:
    receipt_id = await take(estate, 9_000_00, m.CLERK, category="parking")
    await take(estate, 7_000_00, m.CLERK)
    expense_id = await gate(estate)
    await reverse_revenue(
        ReverseRevenue(account_id=m.ACCOUNT, receipt_id=receipt_id), estate, m.CASHIER
    )
    lines = await statement(estate)
    row = await the_account(estate)
    account = await estate.load(PublicAccount, m.ACCOUNT)

    assert [
        (
            line["kind"],
            line["amount_fen"] // 100,
            line["balance_after_fen"] // 100,
            line["held_after_fen"] // 100,
        )
        for line in lines
    ] == [
        ("opened", 0, 0, 0),
        ("revenue_received", 9_000, 9_000, 0),
        ("revenue_received", 7_000, 16_000, 0),
        ("hold_placed", 0, 16_000, 6_000),
        ("paid_out", -6_000, 10_000, 0),
        ("revenue_reversed", -9_000, 1_000, 0),
    ]
    assert (lines[4]["expense_id"], lines[4]["bank_reference"]) == (expense_id, "P-1")
    assert (lines[5]["category"], lines[5]["reason"]) == ("parking", m.CASHIER.reason)
    assert (row["balance_fen"], row["held_fen"], row["free_fen"]) == (1_000_00, 0, 1_000_00)
    assert row["balance_fen"] == account.balance_fen
    assert await topics_at(estate, [row["first_position"], row["last_position"]]) == [
        "public_account.opened.v1",
        "public_account.revenue_reversed.v1",
    ]


async def test_a_statement_can_be_narrowed_without_losing_its_balance(estate: Ledger) -> None:
    await take(estate, 9_000_00, m.CLERK, category="parking")
    await take(estate, 7_000_00, m.CLERK)
    expense_id = await gate(estate)

    (parking,) = await statement(estate, category="parking")
    paid, held = await statement(estate, expense_id=expense_id, newest_first=True)
    assert parking["balance_after_fen"] == 9_000_00
    assert (paid["kind"], paid["balance_after_fen"]) == ("paid_out", 10_000_00)
    assert held["kind"] == "hold_placed"
    assert await statement(estate, occurred_from=AT + DAY) == []
    query = StatementQuery(account_id=m.ACCOUNT, page_size=2)
    first = await ask(estate, view, account_statement, query)
    second = await ask(estate, view, account_statement, replace(query, cursor=first.next_cursor))
    assert second.rows[0]["balance_after_fen"] == 16_000_00


async def test_a_payment_that_came_back_is_there_again(estate: Ledger) -> None:
    await take(estate, 9_000_00, m.CLERK)
    expense_id = await gate(estate)
    await reverse_expense_payment(ReverseExpensePayment(expense_id=expense_id), estate, m.CASHIER)
    row, last = await the_account(estate), (await statement(estate))[-1]

    assert (row["balance_fen"], row["paid_fen"], row["paid_back_fen"]) == (
        9_000_00,
        6_000_00,
        6_000_00,
    )
    assert (last["kind"], last["counterparty"]) == ("payment_reversed", GATE.payee)


async def test_periods_open_with_what_the_last_one_closed_with(estate: Ledger) -> None:
    await take(estate, 9_000_00, on(date(2026, 3, 31)))
    await take(estate, 7_000_00, on(date(2026, 4, 1)))
    await gate(estate)  # on 2 March
    await close_period(
        ClosePeriod(account_id=m.ACCOUNT, year=2026, month=3), estate, on(date(2026, 4, 2))
    )
    march, april = (
        await ask(estate, view, account_periods, PeriodQuery(account_id=m.ACCOUNT))
    ).rows

    assert (march["period"], march["in_fen"], march["out_fen"], march["closing_fen"]) == (
        "2026-03",
        9_000_00,
        6_000_00,
        3_000_00,
    )
    assert (march["received_fen"], march["paid_fen"]) == (9_000_00, 6_000_00)
    assert (april["opening_fen"], april["in_fen"], april["closing_fen"]) == (
        3_000_00,
        7_000_00,
        10_000_00,
    )
    assert (await the_account(estate))["closed_through"] == date(2026, 3, 31)
    then = await the_account(estate, at=AT + 30 * DAY)
    assert (then["closed_through"], then["balance_fen"]) == (None, 3_000_00)


async def test_a_closed_month_keeps_its_figures_and_shows_what_was_told_later(
    estate: Ledger,
) -> None:
    await take(estate, 9_000_00, on(date(2026, 3, 20)))
    await close_period(
        ClosePeriod(account_id=m.ACCOUNT, year=2026, month=3), estate, on(date(2026, 4, 2))
    )
    periods = PeriodQuery(account_id=m.ACCOUNT)
    (closed, *_) = (await ask(estate, view, account_periods, periods)).rows
    past = replace(on(date(2026, 3, 25)), is_history=True)
    await take(estate, 500_00, past)  # an import, dated into the closed month
    late = replace(on(date(2026, 4, 3)), is_late=True, true_day=date(2026, 3, 26))
    await take(estate, 40_00, late)  # a fact that could not be booked on its day
    march, april = (await ask(estate, view, account_periods, periods)).rows

    told = {name: march.pop(name) for name in list(march) if name.startswith("told_later")}
    assert told == {
        "told_later_in_fen": 540_00,
        "told_later_out_fen": 0,
        "told_later_count": 2,
    }
    assert march == {name: closed[name] for name in march}, "nothing of it changed"
    assert (april["opening_fen"], april["in_fen"]) == (9_000_00, 540_00)
    assert april["closing_fen"] == (await the_account(estate))["balance_fen"]
    assert april["told_later_count"] == 0


async def test_revenue_by_category_leaves_out_what_was_reversed(estate: Ledger) -> None:
    receipt_id = await take(estate, 9_000_00, m.CLERK, category="parking")
    await take(estate, 500_00, m.CLERK, category="parking")
    await take(estate, 7_000_00, m.CLERK)
    reverse = ReverseRevenue(account_id=m.ACCOUNT, receipt_id=receipt_id)
    await reverse_revenue(reverse, estate, m.CASHIER)
    page = await ask(estate, view, account_income, IncomeQuery(account_id=m.ACCOUNT))

    assert [(row["category"], row["amount_fen"], row["count"]) for row in page.rows] == [
        ("parking", 500_00, 3),
        ("rent", 7_000_00, 1),
    ]


async def test_what_came_late_counts_at_its_time_once_it_was_known(estate: Ledger) -> None:
    await take(estate, 9_000_00, on(date(2026, 3, 5)))
    await take(estate, 1_000_00, on(date(2026, 3, 20)))
    before = await last_recorded_at(estate)
    await take(estate, 500_00, on(date(2026, 3, 4)))
    at = datetime(2026, 3, 10, tzinfo=UTC)

    assert (await the_account(estate, at=at))["balance_fen"] == 9_500_00
    assert (await the_account(estate, at=at, known_at=before))["balance_fen"] == 9_000_00
    assert [line["balance_after_fen"] // 100 for line in await statement(estate)] == [
        0,
        500,
        9_500,
        10_500,
    ]
    known_before = await statement(estate, at=at, known_at=before)
    assert [line["balance_after_fen"] // 100 for line in known_before] == [0, 9_000]
    with pytest.raises(NotFound):
        await the_account(estate, at=AT - DAY)


async def test_the_register_lists_the_accounts_of_a_street(estate: Ledger) -> None:
    await take(estate, 9_000_00, m.CLERK)
    rows = (await ask(estate, view, account_register, AccountQuery(street_id=STREET))).rows
    (one,) = (await ask(estate, view, account_register, AccountQuery(estate_id=ESTATE))).rows
    past = (
        await ask(estate, view, account_register, AccountQuery(street_id=STREET, at=AT - DAY))
    ).rows

    assert sorted(row["balance_fen"] for row in rows) == [0, 9_000_00]
    assert one["account_id"] == m.ACCOUNT
    assert past == []


# Rent against schedule -------------------------------------------------------------------


async def test_rent_that_came_in_settles_the_oldest_instalment_first(estate: Ledger) -> None:
    lease_id = (await sign_lease(SHOP, estate, on(date(2026, 1, 1)))).id
    await take(estate, 12_000_00, on(date(2026, 3, 2)), lease_id=lease_id)
    query = LeaseAt(lease_id=lease_id, on=date(2026, 5, 1))
    row = await ask(estate, view, lease_by_id, query)

    assert (row["due_fen"], row["received_fen"], row["arrears_fen"]) == (
        16_000_00,
        12_000_00,
        4_000_00,
    )
    assert (row["overdue_since_on"], row["next_due_on"], row["next_due_fen"]) == (
        QUARTERS[1],
        QUARTERS[2],
        RENT_FEN,
    )
    assert [(i["status"], i["open_fen"] // 100) for i in row["instalments"]] == [
        ("paid", 0),
        ("overdue", 4_000),
        ("upcoming", 8_000),
        ("upcoming", 8_000),
    ]
    (line,) = await statement(estate, lease_id=lease_id)
    assert row["last_receipt_position"] == line["position"]


@pytest.mark.parametrize(
    ("day", "due_fen", "received_fen", "arrears_fen"),
    [
        (date(2026, 1, 4), 0, 0, 0),
        (date(2026, 1, 5), RENT_FEN, 0, RENT_FEN),
        (date(2026, 3, 2), RENT_FEN, RENT_FEN, 0),
        (date(2027, 1, 1), 4 * RENT_FEN, RENT_FEN, 3 * RENT_FEN),
    ],
)
async def test_arrears_are_as_of_a_day(
    estate: Ledger, day: date, due_fen: int, received_fen: int, arrears_fen: int
) -> None:
    lease_id = (await sign_lease(SHOP, estate, on(date(2026, 1, 1)))).id
    await take(estate, RENT_FEN, on(date(2026, 3, 2)), lease_id=lease_id)
    (row,) = (await ask(estate, view, lease_income, LeaseQuery(estate_id=ESTATE, on=day))).rows

    assert (row["due_fen"], row["received_fen"], row["arrears_fen"]) == (
        due_fen,
        received_fen,
        arrears_fen,
    )


async def test_a_reversed_receipt_leaves_the_rent_open_again(estate: Ledger) -> None:
    lease_id = (await sign_lease(SHOP, estate, on(date(2026, 1, 1)))).id
    receipt_id = await take(estate, RENT_FEN, on(date(2026, 3, 2)), lease_id=lease_id)
    reverse = ReverseRevenue(account_id=m.ACCOUNT, receipt_id=receipt_id)
    await reverse_revenue(reverse, estate, on(date(2026, 3, 3), m.CASHIER))
    query = LeaseQuery(account_id=m.ACCOUNT, at=datetime(2026, 3, 4, tzinfo=UTC))
    (row,) = (await ask(estate, view, lease_income, query)).rows

    assert (row["received_fen"], row["arrears_fen"]) == (0, RENT_FEN)


async def test_an_amended_and_an_ended_lease_owe_what_they_say_then(estate: Ledger) -> None:
    lease_id = (await sign_lease(SHOP, estate, on(date(2026, 1, 1)))).id
    less = SHOP.schedule[:1] + tuple(replace(i, amount_fen=1_000_00) for i in SHOP.schedule[1:])
    changes = {name: getattr(SHOP, name) for name in SHOP.__slots__ if name != "account_id"}
    amend = AmendLease(lease_id=lease_id, **(changes | {"schedule": less}))
    await amend_lease(amend, estate, on(date(2026, 3, 2), m.CHAIR))
    end = EndLease(lease_id=lease_id, ended_on=date(2026, 6, 30))
    await end_lease(end, estate, on(date(2026, 6, 30), m.CHAIR))

    async def due_fen(day: date, **as_of: Any) -> int:
        query = LeaseAt(lease_id=lease_id, on=day, **as_of)
        row = await ask(estate, view, lease_by_id, query)
        return int(row["due_fen"])

    assert await due_fen(date(2026, 3, 1)) == RENT_FEN
    assert await due_fen(date(2026, 12, 31)) == RENT_FEN + 1_000_00
    assert await due_fen(date(2026, 12, 31), at=datetime(2026, 2, 1, tzinfo=UTC)) == 4 * RENT_FEN
    row = await ask(estate, view, lease_by_id, LeaseAt(lease_id=lease_id))
    assert (row["ended_on"], row["amended_count"], len(row["positions"])) == (
        date(2026, 6, 30),
        1,
        3,
    )
    assert len(row["instalments"]) == 2


# Any sequence of steps -------------------------------------------------------------------


async def test_after_any_steps_the_view_says_what_the_account_says(
    ledger: Ledger, store_dsn: str
) -> None:
    dice = Random(20_260_302)  # noqa: S311  dice, not secrets
    saved = [random_account(dice, number) for number in range(20)]
    lease = Lease.sign(m.CLERK, account_id=saved[0].id, terms=TERMS)
    await ledger.save(*saved, lease)
    await assert_rebuilds_the_same(ledger, store_dsn, view, batch_entries=7)

    last = await last_recorded_at(ledger)
    for account in saved:
        query = AccountAt(account_id=account.id)
        now = await ask(ledger, view, account_by_id, query)
        summed = await ask(ledger, view, account_by_id, replace(query, known_at=last))
        lines = StatementQuery(account_id=account.id, newest_first=True, page_size=1)
        (final,) = (await ask(ledger, view, account_statement, lines)).rows
        periods = PeriodQuery(account_id=account.id)
        closing = (await ask(ledger, view, account_periods, periods)).rows[-1]
        said = (account.balance_fen, account.held_fen)
        assert (now["balance_fen"], now["held_fen"]) == said
        assert (final["balance_after_fen"], final["held_after_fen"]) == said
        assert (closing["closing_fen"], closing["closing_held_fen"]) == said
        assert summed == now, "the lines alone give the same account"
