"""Deadlines of money and points on a real ledger: what passes unmet is recorded, exactly once.

Each case is one story: what sets a deadline, what the reaction records when its
day is over, and what would have met it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from ledger.core.aggregate import Aggregate, By
from ledger.core.clock import end_of_day, local_day, moment_missed
from ledger.core.entry import Entry
from ledger.deposits import Deposit
from ledger.erasures import Erasure
from ledger.expenses import Expense
from ledger.findings import Finding, FindingSource
from ledger.points import PointsAccount
from ledger.reactions import deposits, erasures, expenses, findings, points
from ledger.reactions.engine import Reactions
from ledger.reactions.reaction import Reaction
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.reading import read_entries
from tests.examples import AT
from tests.examples import by as person
from tests.examples import deposits as d
from tests.examples import erasures as e
from tests.examples import expenses as x
from tests.examples import findings as f
from tests.examples import points as p
from tests.examples.accounts import ACCOUNT, ESTATE
from tests.examples.persons import SUBJECT
from tests.ledger import deposit_steps as step
from tests.ledger.test_points_accounts import AWARD

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Case:
    """A deadline: how a record comes by it, what meets it, and what is recorded if nothing does."""

    reaction: Reaction
    due_on: date
    begin: Callable[[], Aggregate]
    meet: Callable[[Any, By], None]
    missed: str
    cause: str


def drawn_on() -> Deposit:
    """A deposit from which the pipe was paid, and that is to be filled up again."""
    deposit = step.assess()
    for take in (step.receive(), step.request(), step.approve(), step.pay(), step.demand()):
        take(deposit)
    return deposit


def ended() -> Deposit:
    """A deposit whose contract ended on the day of ``AT`` and that still holds its money."""
    deposit = step.assess()
    step.receive()(deposit)
    step.end()(deposit)
    return deposit


RETURN_DUE_ON = step.TODAY + timedelta(days=d.AGREEMENT.return_days)


def applied() -> Expense:
    """An expense that the committee asks for."""
    return Expense.apply_for(
        x.CHAIR, account_id=ACCOUNT, estate_id=ESTATE, terms=x.TERMS, categories=x.CATEGORIES
    )


def paid() -> Expense:
    """A paid expense that is to be published."""
    expense = applied()
    expense.pass_review(x.REVIEWER)
    expense.approve(x.HEAD)
    expense.pay(x.CASHIER, amount_fen=x.GATE_FEN, bank_reference="P-1", publish_by=x.PUBLISH_BY)
    return expense


def objected() -> Expense:
    """An expense that an owner objects to before it is paid."""
    expense = applied()
    expense.raise_objection(
        x.OWNER, objection_id=x.OBJECTION, statement="价格偏高", due=x.ANSWER_BY
    )
    return expense


def reminded() -> Finding:
    """A finding of which the company was reminded."""
    finding = Finding.raise_finding(
        person(),
        supervisor_id=f.PERSON,
        supervises_estate=True,
        estate_id=f.ESTATE,
        company_id=f.COMPANY,
        source=FindingSource.UNANNOUNCED_VISIT,
        category="safety",
        item="fire_lane",
        summary="消防通道被车辆占用",
        place="三号楼",
    )
    finding.remind_company(person(), due_on=f.DUE_ON, is_provisional=False)
    return finding


def rewarded() -> PointsAccount:
    """A volunteer's account with points that run out one day."""
    account = PointsAccount.open(person(), volunteer_id=p.VOLUNTEER, community_id=p.COMMUNITY)
    account.award(person(), AWARD, minutes_a_day_max=480)
    return account


def spend(account: PointsAccount, by: By) -> None:
    account.redeem(by, order_id=p.ORDER, item_id=p.ITEM, pieces=1, points=AWARD.points)


def erasure_asked() -> Erasure:
    """A request to erase that the data protection officer has to answer."""
    return Erasure.request(
        e.ASKER,
        subject_id=SUBJECT,
        record_ids=(),
        ground="purpose_ended",
        due_on=e.DUE_ON,
        is_provisional=False,
    )


CASES = {
    "top-up": Case(
        deposits.reaction,
        d.TOP_UP_DUE.on,
        drawn_on,
        lambda deposit, by: step.top_up(by=by)(deposit),
        "deposit.top_up_missed.v1",
        "deposit.top_up_demanded.v1",
    ),
    "return": Case(
        deposits.reaction,
        RETURN_DUE_ON,
        ended,
        lambda deposit, by: step.give_back(by=d.second(by))(deposit),
        "deposit.return_missed.v1",
        "deposit.contract_ended.v1",
    ),
    "publication": Case(
        expenses.reaction,
        x.PUBLISH_BY.on,
        paid,
        lambda expense, by: expense.publish(
            by, where="公告栏", until_on=local_day(by.now) + timedelta(days=15), days_min=15
        ),
        "expense.publication_missed.v1",
        "expense.paid.v1",
    ),
    "answer": Case(
        expenses.reaction,
        x.ANSWER_BY.on,
        objected,
        lambda expense, by: expense.answer_objection(
            by, objection_id=x.OBJECTION, answer="三家比价"
        ),
        "expense.objection_answer_missed.v1",
        "expense.objection_raised.v1",
    ),
    "rectification": Case(
        findings.reaction,
        f.DUE_ON,
        reminded,
        lambda finding, by: finding.rectify(by, summary="通道已清空"),
        "finding.rectification_missed.v1",
        "finding.company_reminded.v1",
    ),
    "erasure": Case(
        erasures.reaction,
        e.DUE_ON,
        erasure_asked,
        lambda erasure, by: erasure.restrict(by, hold="audit"),
        "erasure.answer_overdue.v1",
        "erasure.requested.v1",
    ),
    "points": Case(
        points.reaction,
        p.EXPIRES_ON,
        rewarded,
        spend,
        "points_account.points_expired.v1",
        "points_account.points_awarded.v1",
    ),
}
DONE_LATE = [name for name in CASES if name != "points"]  # points that ran out cannot be spent


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


async def entries_of(ledger: Ledger) -> list[Entry]:
    return await read_entries(ledger.pool, ledger.id, start=0, limit=1_000)


async def missed(ledger: Ledger) -> list[Entry]:
    """Return what reactions recorded."""
    return [entry for entry in await entries_of(ledger) if entry.by.role == "reaction"]


async def look(ledger: Ledger, case: Case, now: datetime) -> None:
    """Let a reaction that was never started before catch up, with the clock at a moment."""
    runner = Reactions(ledger, [case.reaction])
    await runner.catch_up(now=now)
    assert runner.followers[0].failure is None


def at(moment: datetime) -> By:
    return person(17, at=moment, reason="办理")


async def test_a_missed_deadline_is_recorded_once_with_its_cause_and_day(
    ledger: Ledger, case: Case
) -> None:
    await ledger.save(case.begin())
    await look(ledger, case, end_of_day(case.due_on))
    assert await missed(ledger) == [], "the whole last day counts"

    for days in (0, 0, 1, 400):
        await look(ledger, case, moment_missed(case.due_on) + timedelta(days=days))
    (entry,) = await missed(ledger)
    (cause,) = [e for e in await entries_of(ledger) if e.topic == case.cause]

    assert entry.topic == case.missed
    assert entry.by.cause == cause.event_id
    assert entry.occurred_at == moment_missed(case.due_on)
    assert local_day(entry.occurred_at - MICROSECOND) == case.due_on
    assert (entry.by.actor_id, entry.by.post) == (case.reaction.actor_id, case.reaction.name)


async def test_what_is_done_on_the_last_day_is_in_time(ledger: Ledger, case: Case) -> None:
    record = case.begin()
    case.meet(record, at(end_of_day(case.due_on)))
    await ledger.save(record)
    await look(ledger, case, moment_missed(case.due_on) + timedelta(days=400))

    assert await missed(ledger) == []


@pytest.mark.parametrize("name", DONE_LATE)
async def test_what_was_done_late_was_missed_even_if_nobody_looked(
    ledger: Ledger, name: str
) -> None:
    """As in an import: the deadline and the late answer are both in the log when one looks."""
    case = CASES[name]
    record = case.begin()
    case.meet(record, at(moment_missed(case.due_on)))
    await ledger.save(record)
    for days in (1, 30):
        await look(ledger, case, moment_missed(case.due_on) + timedelta(days=days))
    (entry,) = await missed(ledger)

    assert (entry.topic, entry.occurred_at) == (case.missed, moment_missed(case.due_on))


@pytest.mark.parametrize("name", DONE_LATE)
async def test_what_is_done_after_the_miss_is_recorded_changes_nothing(
    ledger: Ledger, name: str
) -> None:
    case = CASES[name]
    record = case.begin()
    await ledger.save(record)
    await look(ledger, case, moment_missed(case.due_on))
    late = await ledger.load(type(record), record.id)
    case.meet(late, at(moment_missed(case.due_on) + timedelta(days=1)))
    await ledger.save(late)
    await look(ledger, case, moment_missed(case.due_on) + timedelta(days=2))

    assert [entry.topic for entry in await missed(ledger)] == [case.missed]


async def test_of_two_processes_one_records_it(ledger: Ledger, store_dsn: str, case: Case) -> None:
    await ledger.save(case.begin())
    now = moment_missed(case.due_on)
    async with open_ledger(store_dsn, ledger.id, pool_size_max=2) as other:
        runners = [Reactions(one, [case.reaction]) for one in (ledger, other)]
        catching_up: list[Awaitable[None]] = [runner.catch_up(now=now) for runner in runners]
        await asyncio.gather(*catching_up)
        await asyncio.gather(*(runner.catch_up(now=now) for runner in runners))

    assert [entry.topic for entry in await missed(ledger)] == [case.missed]


async def test_a_record_with_two_deadlines_misses_each_on_its_day_for_its_own_cause(
    ledger: Ledger,
) -> None:
    """Paid: to be published by the 23rd; objected to: to be answered by the 16th."""
    expense = paid()
    expense.raise_objection(
        x.OWNER, objection_id=x.OBJECTION, statement="价格偏高", due=x.ANSWER_BY
    )
    await ledger.save(expense)
    case = CASES["publication"]
    await look(ledger, case, moment_missed(x.ANSWER_BY.on))
    await look(ledger, case, moment_missed(x.PUBLISH_BY.on))
    first, second = await missed(ledger)
    by_id = {entry.event_id: entry.topic for entry in await entries_of(ledger)}

    assert [(e.topic, local_day(e.occurred_at - MICROSECOND)) for e in (first, second)] == [
        ("expense.objection_answer_missed.v1", x.ANSWER_BY.on),
        ("expense.publication_missed.v1", x.PUBLISH_BY.on),
    ]
    assert [by_id[e.by.cause] for e in (first, second) if e.by.cause] == [
        "expense.objection_raised.v1",
        "expense.paid.v1",
    ]


async def test_a_top_up_in_parts_is_missed_unless_the_last_part_is_in_time(ledger: Ledger) -> None:
    case = CASES["top-up"]
    deposit = drawn_on()
    step.top_up(3_000_00, at(AT))(deposit)
    step.top_up(2_000_00, at(moment_missed(case.due_on)))(deposit)
    await ledger.save(deposit)
    await look(ledger, case, moment_missed(case.due_on) + timedelta(days=1))

    assert [entry.topic for entry in await missed(ledger)] == [case.missed]


async def test_nothing_is_missed_of_a_payment_that_was_reversed(ledger: Ledger) -> None:
    expense = paid()
    expense.reverse_payment(replace(x.CASHIER, reason="户名有误"), bank_reference="")
    await ledger.save(expense)
    await look(ledger, CASES["publication"], moment_missed(x.PUBLISH_BY.on))

    assert await missed(ledger) == []


async def test_money_that_came_back_after_the_deposit_was_emptied_must_go_back_too(
    ledger: Ledger,
) -> None:
    """Emptied in time, then a draw-down was refunded: the company waits for its money again."""
    case = CASES["return"]
    deposit = drawn_on()
    step.end()(deposit)
    day_after = d.second(at(AT + timedelta(days=1)))
    step.give_back(15_000_00, day_after)(deposit)
    step.refund(5_000_00, day_after)(deposit)
    await ledger.save(deposit)
    await look(ledger, case, moment_missed(RETURN_DUE_ON))

    topics = [entry.topic for entry in await missed(ledger)]
    assert topics == ["deposit.top_up_missed.v1", case.missed]
