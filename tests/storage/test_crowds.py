"""Many callers at once: whatever the groups they fall into, each is answered rightly, once."""

from __future__ import annotations

import asyncio
from collections import Counter

import asyncpg

from ledger.core.errors import Conflict
from ledger.storage.errors import OutcomeUnknown, Unavailable
from ledger.storage.ledger import Ledger, Recorded, open_ledger
from tests.examples import by
from tests.faults.oracle import check_ledger
from tests.storage.jars import Jar
from tests.storage.test_ledger import fill, once, saved_jar

CALLERS = 64
ROUNDS = 10


async def made_once(ledger: Ledger, key: str) -> Recorded:
    """Record a jar under a key, and go on asking until the answer is certain."""
    while True:
        try:
            return await ledger.for_request(once=once(key)).save(Jar.make(by()))
        except (OutcomeUnknown, Unavailable):
            await asyncio.sleep(0.01)


async def crowds(ledger: Ledger) -> list[Recorded]:
    """Let many callers append, round after round; return all answers."""
    answers: list[Recorded] = []
    for number in range(ROUNDS):
        keys = (f"{number} {caller}" for caller in range(CALLERS))
        answers += await asyncio.gather(*(made_once(ledger, key) for key in keys))
    return answers


async def test_a_crowd_records_everything_once(store_dsn: str, ledger: Ledger) -> None:
    answers = await crowds(ledger)
    walk = await check_ledger(store_dsn, ledger.id)

    assert sorted(answer.position for answer in answers) == list(range(walk.size))
    assert len({answer.id for answer in answers}) == walk.size


async def test_a_key_that_is_asked_twice_at_once_counts_once(
    store_dsn: str, ledger: Ledger
) -> None:
    before = len(await crowds(ledger))
    for number in range(20):
        keys = [f"twice {number} {caller}" for caller in range(CALLERS)]
        answers = await asyncio.gather(*(made_once(ledger, key) for key in [*keys, *keys]))
        positions = Counter(answer.position for answer in answers)
        assert set(positions.values()) == {2}, "both who asked with a key got the same answer"
        assert sum(answer.replayed for answer in answers) == CALLERS

    walk = await check_ledger(store_dsn, ledger.id)
    assert walk.size == before + 20 * CALLERS


async def test_of_two_who_ask_for_one_version_one_is_refused(
    store_dsn: str, ledger: Ledger
) -> None:
    await crowds(ledger)
    ids = [await saved_jar(ledger) for _ in range(CALLERS)]
    for _ in range(10):
        asked = [fill(ledger, one) for one in [*ids, *ids]]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        refused = sum(isinstance(outcome, Conflict) for outcome in outcomes)
        taken = sum(isinstance(outcome, Recorded) for outcome in outcomes)
        assert taken + refused == 2 * CALLERS
        assert taken >= CALLERS

    versions = [(await ledger.load(Jar, one)).version for one in ids]
    assert min(versions) > 10
    await check_ledger(store_dsn, ledger.id)


async def test_another_writer_in_between_spoils_no_group(store_dsn: str, ledger: Ledger) -> None:
    answers = await crowds(ledger)
    async with open_ledger(store_dsn, ledger.id, pool_size_max=2) as other:
        for number in range(30):
            asked = [made_once(ledger, f"between {number} {caller}") for caller in range(CALLERS)]
            answers += await asyncio.gather(*asked, made_once(other, f"other {number}"))
    walk = await check_ledger(store_dsn, ledger.id)

    assert sorted(answer.position for answer in answers) == list(range(walk.size))


async def test_connections_that_are_cut_lose_and_repeat_nothing(
    store_dsn: str, ledger: Ledger
) -> None:
    answers = await crowds(ledger)
    is_over = asyncio.Event()
    cutting = asyncio.create_task(cut_connections(store_dsn, is_over))
    for number in range(40):
        asked = [made_once(ledger, f"cut {number} {caller}") for caller in range(CALLERS)]
        answers += await asyncio.gather(*asked)
    is_over.set()
    cuts = await cutting
    walk = await check_ledger(store_dsn, ledger.id)

    assert cuts > 0
    assert sorted(answer.position for answer in answers) == list(range(walk.size))


async def cut_connections(dsn: str, is_over: asyncio.Event) -> int:
    """End whatever connection writes or wrote last, again and again; return how many."""
    db, cuts = await asyncpg.connect(dsn), 0
    while not is_over.is_set():
        cuts += await db.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database()"
            " AND query LIKE '%UPDATE heads%' AND pid <> pg_backend_pid()"
        )
        await asyncio.sleep(0.02)
    await db.close()
    return cuts
