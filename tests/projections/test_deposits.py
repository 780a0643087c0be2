"""The deposits view: steps in, register, lines, draw-downs and top-ups out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from ledger.core.aggregate import By
from ledger.core.errors import LedgerError, NotFound
from ledger.deposits import CauseKind, ContestOutcome, Deposit
from ledger.storage.ledger import Ledger
from projections.deposits import (
    DemandQuery,
    DepositAt,
    DepositLinesQuery,
    DepositQuery,
    DrawAt,
    DrawQuery,
    ReminderQuery,
    RollForwardQuery,
    deposit_by_id,
    deposit_lines,
    deposit_register,
    deposit_reminders,
    deposit_roll_forward,
    deposit_top_ups,
    draw_by_id,
    draw_register,
    view,
)
from projections.engine import Row
from projections.periods import Period
from tests.examples import AT
from tests.examples import deposits as d
from tests.ledger import deposit_steps as step
from tests.projections.asking import ask, assert_rebuilds_the_same, last_recorded_at, topics_at

DAY = timedelta(days=1)


def on_day(by: By, day: int) -> By:
    """Return the same person, ``day`` days after the first day of the story."""
    return replace(by, at=AT + day * DAY)


def heating_pipe() -> Deposit:
    """¥20,000 come in, ¥5,000 go to the pipe, ¥5,000 come in again: a day for each step."""
    deposit = step.assess()
    steps: tuple[Callable[[Deposit], None], ...] = (
        step.receive(by=on_day(d.CLERK, 1)),
        step.remind(on_day(d.SUPERVISOR, 2), AT + 2 * DAY),
        step.request(by=on_day(d.proven(d.CLERK), 3)),
        step.order(on_day(d.CLERK, 4)),
        step.approve(on_day(d.HEAD, 5)),
        step.pay(by=on_day(d.CASHIER, 6)),
        step.verify(on_day(d.COMMUNITY, 7)),
        step.demand(by=on_day(d.CLERK, 8)),
        step.top_up(by=on_day(d.CLERK, 35)),
        step.contest(on_day(d.FIRM, 10)),
        step.decide(on_day(step.CASHIER_SAYS, 11), ContestOutcome.DISMISSED),
    )
    for take in steps:
        take(deposit)
    return deposit


@pytest.fixture
async def pipe(ledger: Ledger) -> Ledger:
    """A ledger with the deposit of the heating pipe."""
    await ledger.save(heating_pipe())
    return ledger


async def the_deposit(ledger: Ledger, **as_of: Any) -> Row:
    return await ask(ledger, view, deposit_by_id, DepositAt(deposit_id=d.DEPOSIT, **as_of))


def figures(row: Row) -> dict[str, int]:
    """Return the figures that are not zero, in yuan."""
    return {
        name.removesuffix("_fen"): value // 100
        for name, value in row.items()
        if name.endswith("_fen") and value and name != "base_fen"
    }


async def test_the_register_shows_what_a_deposit_holds(pipe: Ledger) -> None:
    row = await the_deposit(pipe)
    (listed,) = (await ask(pipe, view, deposit_register, DepositQuery(estate_id=d.ESTATE))).rows

    assert row == listed
    assert figures(row) == {
        "required": 20_000,
        "held": 20_000,
        "free": 20_000,
        "received": 20_000,
        "topped_up": 5_000,
        "paid": 5_000,
    }
    assert (row["status"], row["open_draw_count"], row["contract"]) == (
        "full",
        0,
        d.AGREEMENT.contract,
    )
    assert await topics_at(pipe, row["positions"]) == [
        "deposit.assessed.v1",
        "deposit.received.v1",
        "deposit.draw_requested.v1",
        "deposit.draw_paid.v1",
        "deposit.top_up_demanded.v1",
        "deposit.top_up_received.v1",
    ]


async def test_a_draw_shows_its_cause_and_everyone_who_had_a_part(pipe: Ledger) -> None:
    query = DrawAt(deposit_id=d.DEPOSIT, draw_id=d.DRAW)
    draw = await ask(pipe, view, draw_by_id, query)
    by_cause = DrawQuery(cause_kind=CauseKind.EMERGENCY, contest_status="dismissed")

    assert (draw["cause_kind"], draw["cause_record"]) == ("emergency", d.EMERGENCY.record)
    assert (draw["requested_by"], draw["decided_by"], draw["paid_by"], draw["verified_by"]) == (
        d.CLERK.actor_id,
        d.HEAD.actor_id,
        d.CASHIER.actor_id,
        d.COMMUNITY.actor_id,
    )
    assert (draw["status"], draw["paid_fen"], draw["is_work_accepted"]) == ("paid", 5_000_00, True)
    assert draw["contest_until_on"] == d.CONTEST_UNTIL.on
    assert (draw["contest_statement"], draw["contest_status"], draw["contest_reason"]) == (
        "管道属供热单位维护范围",
        "dismissed",
        "经核实",
    )
    assert len(draw["positions"]) == 7
    assert [row["draw_id"] for row in (await ask(pipe, view, draw_register, by_cause)).rows] == [
        d.DRAW
    ]
    with pytest.raises(NotFound):
        await ask(pipe, view, draw_by_id, replace(query, draw_id=UUID(int=1)))


async def test_every_line_has_its_cause_and_what_was_held_after_it(pipe: Ledger) -> None:
    page = await ask(pipe, view, deposit_lines, DepositLinesQuery(deposit_id=d.DEPOSIT))

    assert [
        (line["kind"], line["held_fen"] // 100, line["held_after_fen"] // 100, line["cause_kind"])
        for line in page.rows
    ] == [
        ("assessed", 0, 0, ""),
        ("received", 20_000, 20_000, ""),
        ("draw_requested", 0, 20_000, "emergency"),
        ("draw_paid", -5_000, 15_000, "emergency"),
        ("top_up_demanded", 0, 15_000, ""),
        ("top_up_received", 5_000, 20_000, ""),
    ]
    assert [line["promised_after_fen"] // 100 for line in page.rows] == [0, 0, 5_000, 0, 0, 0]


async def test_lines_come_page_by_page(pipe: Ledger) -> None:
    query = DepositLinesQuery(deposit_id=d.DEPOSIT, page_size=4)
    first = await ask(pipe, view, deposit_lines, query)
    rest = await ask(pipe, view, deposit_lines, replace(query, cursor=first.next_cursor))

    assert (len(first.rows), len(rest.rows), rest.next_cursor) == (4, 2, None)
    assert rest.rows[-1]["held_after_fen"] == 20_000_00, "the balance runs on over pages"


async def test_opening_and_movements_give_closing(pipe: Ledger) -> None:
    months = (
        await ask(pipe, view, deposit_roll_forward, RollForwardQuery(deposit_id=d.DEPOSIT))
    ).rows
    by_year = RollForwardQuery(deposit_id=d.DEPOSIT, period=Period.YEAR)
    (year,) = (await ask(pipe, view, deposit_roll_forward, by_year)).rows

    assert [(m["period"], figures(m)) for m in months] == [
        (
            "2026-03",
            {"in": 20_000, "out": 5_000, "received": 20_000, "paid": 5_000, "closing": 15_000},
        ),
        ("2026-04", {"opening": 15_000, "in": 5_000, "topped_up": 5_000, "closing": 20_000}),
    ]
    for row in (*months, year):
        assert row["opening_fen"] + row["in_fen"] - row["out_fen"] == row["closing_fen"]
    assert (months[0]["first_position"], months[1]["last_position"]) == (0, 9)
    assert year["line_count"] == 6


async def test_a_missed_top_up_shows_until_it_came_in_late(ledger: Ledger) -> None:
    deposit = step.assess()
    step.receive()(deposit)
    step.request()(deposit)
    step.approve()(deposit)
    step.pay()(deposit)
    step.demand()(deposit)
    step.miss_top_up()(deposit)
    await ledger.save(deposit)
    (missed,) = (await ask(ledger, view, deposit_top_ups, DemandQuery(status="missed"))).rows
    late = on_day(d.CLERK, 30)
    step.top_up(by=late)(deposit)
    await ledger.save(deposit)
    (met,) = (await ask(ledger, view, deposit_top_ups, DemandQuery(estate_id=d.ESTATE))).rows

    assert (missed["open_fen"], missed["due_on"]) == (5_000_00, d.TOP_UP_DUE.on)
    assert (met["status"], met["open_fen"], met["settled_at"]) == ("met_late", 0, late.at)
    assert (await the_deposit(ledger))["missed_count"] == 1


async def test_a_reminder_is_listed(pipe: Ledger) -> None:
    (row,) = (await ask(pipe, view, deposit_reminders, ReminderQuery(deposit_id=d.DEPOSIT))).rows

    assert (row["matter"], row["reminder_id"], row["role"]) == (
        "供热管道漏水",
        d.REMINDER,
        "supervisor",
    )


async def test_what_came_late_counts_at_its_time_once_it_was_known(pipe: Ledger) -> None:
    """A second payment of the company, made on day 2, is entered after everything else."""
    before = await last_recorded_at(pipe)
    deposit = await pipe.load(Deposit, d.DEPOSIT)
    step.receive(1_000_00, on_day(d.CLERK, 2))(deposit)
    await pipe.save(deposit)
    at = AT + 4 * DAY
    known_now = await the_deposit(pipe, at=at)
    known_then = await the_deposit(pipe, at=at, known_at=before)
    months = RollForwardQuery(deposit_id=d.DEPOSIT, at=at)
    (month,) = (await ask(pipe, view, deposit_roll_forward, months)).rows

    assert (known_now["held_fen"], known_now["promised_fen"]) == (21_000_00, 5_000_00)
    assert (known_then["held_fen"], known_then["free_fen"]) == (20_000_00, 15_000_00)
    assert (known_now["received_fen"], known_now["paid_fen"]) == (21_000_00, 0)
    assert (await the_deposit(pipe))["held_fen"] == 21_000_00
    assert (month["closing_fen"], month["closing_held_fen"]) == (21_000_00, 5_000_00)


async def test_before_it_was_assessed_there_was_no_deposit(pipe: Ledger) -> None:
    with pytest.raises(NotFound):
        await the_deposit(pipe, at=AT - DAY)


# Any sequence of steps -------------------------------------------------------------------


def random_deposit(random: Random, number: int) -> Deposit:
    """Return a deposit with random steps at random times; what rules refuse is left out.

    Every other one is history, where much is marked that a live command would refuse.
    """

    def someone(who: By) -> By:
        at = AT + random.randrange(400) * DAY
        return replace(who, at=at, reason="经核实", is_history=number % 2 == 1)

    deposit = Deposit.assess(
        someone(d.CLERK),
        estate_id=UUID(int=random.randrange(3)),
        company_id=d.COMPANY,
        base_fen=random.randrange(1, 50_000),
        rate_bp=700,
        rate_limits_bp=d.LIMITS_BP,
        agreement=replace(d.AGREEMENT, contract=f"合同{number}"),
    )
    for _ in range(40):
        with suppress(LedgerError):
            random.choice(STEPS)(deposit, random, someone)
    return deposit


def _draw_id(random: Random) -> UUID:
    return UUID(int=500 + random.randrange(4))


def _request(deposit: Deposit, random: Random, someone: Callable[[By], By]) -> None:
    by = d.proven(someone(d.CLERK))
    step.request(random.randrange(1, 900), by, draw_id=_draw_id(random))(deposit)


def _pay(deposit: Deposit, random: Random, someone: Callable[[By], By]) -> None:
    draw_id, due = _draw_id(random), d.CONTEST_UNTIL
    amount_fen = deposit.draws[draw_id].terms.amount_fen if draw_id in deposit.draws else 1
    deposit.pay_draw(
        someone(d.CASHIER),
        draw_id=draw_id,
        amount_fen=amount_fen,
        bank_reference="B",
        contest_until=due,
    )


def _give_up(deposit: Deposit, random: Random, someone: Callable[[By], By]) -> None:
    give_up = random.choice((deposit.reject_draw, deposit.cancel_draw))
    give_up(someone(d.HEAD), draw_id=_draw_id(random))


def _refund(deposit: Deposit, random: Random, someone: Callable[[By], By]) -> None:
    deposit.refund_draw(
        d.second(someone(d.CLERK)),
        draw_id=_draw_id(random),
        amount_fen=random.randrange(1, 300),
        bank_reference="B",
    )


Step = Callable[[Deposit, Random, Callable[[By], By]], None]
STEPS: tuple[Step, ...] = (
    lambda deposit, random, someone: step.receive(random.randrange(1, 2_000), someone(d.CLERK))(
        deposit
    ),
    lambda deposit, random, someone: step.reassess(random.randrange(1, 50_000), 800)(deposit),
    _request,
    _request,
    lambda deposit, random, someone: step.approve(someone(d.HEAD), _draw_id(random))(deposit),
    lambda deposit, random, someone: step.approve(someone(d.HEAD), _draw_id(random))(deposit),
    _pay,
    _pay,
    _give_up,
    _refund,
    lambda deposit, random, someone: step.remind(someone(d.SUPERVISOR))(deposit),
    lambda deposit, random, someone: step.demand(
        None, someone(d.CLERK), UUID(int=700 + random.randrange(3))
    )(deposit),
    lambda deposit, random, someone: step.top_up(
        random.randrange(1, 2_000), someone(d.CLERK), UUID(int=700 + random.randrange(3))
    )(deposit),
)


async def test_after_any_steps_the_view_says_what_the_deposit_says(
    ledger: Ledger, store_dsn: str
) -> None:
    random = Random(20_260_302)  # noqa: S311  dice, not secrets
    saved = [random_deposit(random, number) for number in range(30)]
    for deposit in saved:
        await ledger.save(deposit)
    await assert_rebuilds_the_same(ledger, store_dsn, view)

    last = await last_recorded_at(ledger)
    for deposit in saved:
        query = DepositAt(deposit_id=deposit.id)
        now = await ask(ledger, view, deposit_by_id, query)
        summed = await ask(ledger, view, deposit_by_id, replace(query, known_at=last))
        months = RollForwardQuery(deposit_id=deposit.id)
        closing = (await ask(ledger, view, deposit_roll_forward, months)).rows[-1]
        said = {
            "held_fen": deposit.held_fen,
            "promised_fen": deposit.promised_fen,
            "free_fen": deposit.free_fen,
            "required_fen": deposit.required_fen,
            "shortfall_fen": deposit.shortfall_fen,
        }
        assert {name: now[name] for name in said} == said
        assert {name: summed[name] for name in said} == said
        assert (closing["closing_fen"], closing["closing_held_fen"]) == (
            deposit.held_fen,
            deposit.promised_fen,
        )
