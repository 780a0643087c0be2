"""When something happened: what each kind of command lets its teller say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from ledger.commands import telling
from ledger.core.aggregate import By, Evidence
from ledger.core.clock import local_day
from ledger.core.errors import LedgerError, SamePersonTwice
from ledger.core.times import NoUndo, Timing, decision, fact, statement, timing_of
from ledger.storage.ledger import Ledger

CLERK, LEADER, COMPANY, STREET = uuid4(), uuid4(), uuid4(), uuid4()
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SCAN = Evidence(sha256="ab" * 32, name="扫描件.pdf", media_type="application/pdf", size_bytes=9)
ALONE = By(actor_id=CLERK, at=NOW, role="street", organisation_id=STREET)
UNDO = NoUndo("a test")


def timing(declare: object) -> Timing:
    async def recorded() -> None: ...

    return timing_of(declare(recorded))  # type: ignore[operator]


DECISION = timing(decision(undo=UNDO))
FACT = timing(fact(undo=UNDO))
STATEMENT = timing(statement(undo=UNDO))


@pytest.fixture
def two() -> Iterator[By]:
    yield replace(ALONE, proposed_by=(LEADER,), reason="补录")


async def refusal(ledger: Ledger, by: By, kind: Timing, **said: object) -> LedgerError:
    given: dict[str, object] = {"occurred_at": None, "said_by": None, **said}
    with pytest.raises(LedgerError) as caught:
        await telling.told(by, kind, ledger, **given)  # type: ignore[arg-type]
    return caught.value


async def test_a_decision_happens_when_it_is_recorded(ledger: Ledger) -> None:
    by = await telling.told(ALONE, DECISION, ledger, occurred_at=None, said_by=None)
    assert (by.at, by.now, by.is_late) == (NOW, NOW, False)
    for moment in (NOW - timedelta(days=40), NOW, NOW + timedelta(days=1)):
        error = await refusal(ledger, replace(ALONE, reason="有理由"), DECISION, occurred_at=moment)
        assert isinstance(error, telling.DecisionHappensNow)
        assert error.facts["field"] == "occurred_at"


async def test_a_fact_of_today_is_not_late(ledger: Ledger) -> None:
    at = NOW - timedelta(minutes=40)
    by = await telling.told(ALONE, FACT, ledger, occurred_at=at, said_by=None)
    assert (by.at, by.now, by.is_late, by.true_day) == (at, NOW, False, None)


async def test_a_fact_of_an_earlier_day_is_late_and_needs_a_reason(ledger: Ledger) -> None:
    at = NOW - timedelta(days=1)
    assert isinstance(await refusal(ledger, ALONE, FACT, occurred_at=at), telling.LateWithoutReason)
    by = await telling.told(
        replace(ALONE, reason="昨日已付"), FACT, ledger, occurred_at=at, said_by=None
    )
    assert (by.at, by.now, by.is_late, by.true_day) == (at, NOW, True, None)


async def test_nothing_has_happened_in_the_future(ledger: Ledger) -> None:
    error = await refusal(ledger, ALONE, FACT, occurred_at=NOW + timedelta(minutes=6))
    assert isinstance(error, telling.OccurredInFuture)


async def test_beyond_the_term_it_takes_two_and_keeps_its_true_day(ledger: Ledger, two: By) -> None:
    at = NOW - timedelta(days=55)
    error = await refusal(ledger, replace(ALONE, reason="忘记了"), FACT, occurred_at=at)
    assert isinstance(error, telling.LateTakesTwo)
    assert error.facts["days_max"] == 30
    by = await telling.told(two, FACT, ledger, occurred_at=at, said_by=None)
    assert by.is_late
    assert by.true_day == date(2026, 1, 6)
    assert local_day(by.at) == local_day(NOW) - timedelta(days=30)
    assert telling.BEYOND_TERM in by.breaches


@pytest.mark.parametrize("as_whom", ["oneself", "a stand-in"])
async def test_a_stand_in_is_no_second_person(ledger: Ledger, two: By, as_whom: str) -> None:
    same = {"oneself": replace(two, proposed_by=(CLERK,))}
    same["a stand-in"] = replace(two, on_behalf_of=LEADER)
    error = await refusal(ledger, same[as_whom], FACT, occurred_at=NOW - timedelta(days=55))
    assert isinstance(error, SamePersonTwice)


async def test_who_speaks_says_it_now(ledger: Ledger) -> None:
    at = NOW - timedelta(days=2)
    by = replace(ALONE, reason="补录", evidence=(SCAN,))
    assert isinstance(await refusal(ledger, by, STATEMENT, occurred_at=at), telling.SaysForItself)


async def test_a_paper_counts_from_its_receipt_with_its_scan(ledger: Ledger) -> None:
    at = NOW - timedelta(days=2)
    bare = replace(ALONE, reason="纸质信件")
    error = await refusal(ledger, bare, STATEMENT, occurred_at=at, said_by=COMPANY)
    assert isinstance(error, telling.PaperNotScanned)
    by = await telling.told(
        replace(bare, evidence=(SCAN,)), STATEMENT, ledger, occurred_at=at, said_by=COMPANY
    )
    assert (by.at, by.said_by, by.is_late) == (at, COMPANY, True)


@pytest.mark.parametrize("party", [CLERK, STREET, LEADER])
async def test_nobody_records_a_paper_of_their_own_party(ledger: Ledger, party: object) -> None:
    by = replace(ALONE, reason="纸质信件", evidence=(SCAN,), on_behalf_of=LEADER)
    error = await refusal(ledger, by, STATEMENT, said_by=party)
    assert isinstance(error, telling.PaperOfOnesOwn)


async def test_only_a_statement_is_said_by_somebody_else(ledger: Ledger) -> None:
    for kind in (DECISION, FACT):
        error = await refusal(ledger, ALONE, kind, said_by=COMPANY)
        assert isinstance(error, telling.NotAStatement)


async def test_some_steps_of_a_party_are_taken_on_paper_too(ledger: Ledger) -> None:
    on_paper = replace(ALONE, evidence=(SCAN,))
    for kind in (
        timing(decision(undo=UNDO, by_paper=True)),
        timing(fact(undo=UNDO, by_paper=True)),
    ):
        by = await telling.told(on_paper, kind, ledger, occurred_at=None, said_by=COMPANY)
        assert by.said_by == COMPANY
        without = await refusal(ledger, ALONE, kind, said_by=COMPANY)
        assert isinstance(without, telling.PaperNotScanned)
