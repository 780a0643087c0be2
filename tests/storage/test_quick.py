"""The short way of an append, and what closes it: others who write to the same ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from ledger.core.errors import Conflict
from ledger.storage.ledger import Ledger, Recorded, open_ledger
from tests.examples import by
from tests.faults.oracle import check_ledger
from tests.storage.jars import Jar
from tests.storage.test_ledger import fill, once, saved_jar


@pytest.fixture
async def other(store_dsn: str, ledger: Ledger) -> AsyncIterator[Ledger]:
    """The same ledger, opened by somebody else: an appender of its own."""
    async with open_ledger(store_dsn, ledger.id, pool_size_max=2) as other:
        yield other


def ways(ledger: Ledger) -> tuple[int, int]:
    """How many groups went the short way, and how many there were."""
    return ledger.appender.figures.quick_groups, ledger.appender.figures.groups


async def alone(ledger: Ledger) -> None:
    """Append until the process finds that it is alone."""
    for _ in range(3):
        await saved_jar(ledger)


async def test_who_writes_alone_goes_the_short_way(ledger: Ledger) -> None:
    for _ in range(5):
        await saved_jar(ledger)
    assert ways(ledger) == (3, 5), "the first two find out that nobody else writes"


async def test_who_is_not_alone_is_turned_back_and_goes_the_long_way(
    store_dsn: str, ledger: Ledger, other: Ledger
) -> None:
    await alone(ledger)
    await saved_jar(other)
    for _ in range(4):
        await saved_jar(ledger)
    assert ways(ledger) == (1 + 2, 3 + 4)
    assert (await check_ledger(store_dsn, ledger.id)).size == 8


async def test_a_version_that_somebody_else_took_is_a_conflict(
    store_dsn: str, ledger: Ledger, other: Ledger
) -> None:
    await alone(ledger)
    jar_id = await saved_jar(ledger)
    stale = await ledger.load(Jar, jar_id)
    stale.fill(by())
    await fill(other, jar_id, 2)
    with pytest.raises(Conflict):
        await ledger.save(stale)
    await fill(ledger, jar_id, 3)
    assert (await other.load(Jar, jar_id)).stones == 5
    await check_ledger(store_dsn, ledger.id)


async def test_a_conflict_in_a_quick_group_concerns_nobody_else(
    store_dsn: str, ledger: Ledger
) -> None:
    await alone(ledger)
    jar_id = await saved_jar(ledger)
    jars = [await ledger.load(Jar, jar_id) for _ in range(5)]
    for jar in jars:
        jar.fill(by())
    asked = [*map(ledger.save, jars), *(ledger.save(Jar.make(by())) for _ in range(5))]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [Recorded, *[Conflict] * 4, *[Recorded] * 5]
    assert ways(ledger) == (1 + 1 + 1, 3 + 1 + 1)
    await check_ledger(store_dsn, ledger.id)


async def test_a_replay_alone_goes_the_long_way_and_one_among_news_the_short(
    store_dsn: str, ledger: Ledger, other: Ledger
) -> None:
    first = await other.for_request(once=once("key")).save(Jar.make(by()))
    await alone(ledger)
    again = await ledger.for_request(once=once("key")).save(Jar.make(by()))
    assert (again.replayed, again.position) == (True, first.position)
    assert ways(ledger) == (1, 4)

    asked = (ledger.for_request(once=once("key")).save(Jar.make(by())), ledger.save(Jar.make(by())))
    again, fresh = await asyncio.gather(*asked)
    assert (again.replayed, again.position, fresh.replayed) == (True, 0, False)
    assert ways(ledger) == (2, 5)
    await check_ledger(store_dsn, ledger.id)


async def test_a_key_that_somebody_else_used_is_a_replay(
    store_dsn: str, ledger: Ledger, other: Ledger
) -> None:
    await alone(ledger)
    first = await other.for_request(once=once("key")).save(Jar.make(by()))
    again = await ledger.for_request(once=once("key")).save(Jar.make(by()))

    assert (again.replayed, again.id, again.position) == (True, first.id, first.position)
    await check_ledger(store_dsn, ledger.id)


async def test_two_who_write_at_once_leave_one_log(
    store_dsn: str, ledger: Ledger, other: Ledger
) -> None:
    for _ in range(20):
        await asyncio.gather(saved_jar(ledger), saved_jar(other), saved_jar(other))
        await asyncio.gather(*(saved_jar(ledger) for _ in range(3)))
    assert (await check_ledger(store_dsn, ledger.id)).size == 20 * 6
