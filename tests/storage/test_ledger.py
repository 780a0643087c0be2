"""Load and save on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from ledger.core.entry import EntryTooLarge
from ledger.core.errors import Conflict, NotFound
from ledger.merkle.tree import leaf_hash, tree_root
from ledger.storage.errors import IdempotencyMismatch, VersionMismatch
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_entries, read_head
from ledger.storage.requests import Once
from tests.examples import by
from tests.storage.jars import Jar


def once(key: str, body: bytes = b"body") -> Once:
    return Once(caller="tests", key=key, request_digest=leaf_hash(body))


async def saved_jar(ledger: Ledger) -> UUID:
    return (await ledger.save(Jar.make(by()))).id


async def fill(ledger: Ledger, jar_id: UUID, stones: int = 1) -> Any:
    jar = await ledger.load(Jar, jar_id)
    jar.fill(by(), stones)
    return await ledger.save(jar)


async def test_an_aggregate_comes_back_as_it_was_saved(ledger: Ledger) -> None:
    jar_id = await saved_jar(ledger)
    recorded = await fill(ledger, jar_id, 3)
    jar = await ledger.load(Jar, jar_id)

    assert (jar.label, jar.stones, jar.version) == ("jar", 3, 2)
    assert (recorded.id, recorded.version, recorded.position) == (jar_id, 2, 1)


async def test_an_unknown_id_is_not_found(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        await ledger.load(Jar, uuid4())


async def test_of_two_writers_with_the_same_version_one_is_told_to_retry(ledger: Ledger) -> None:
    jar_id = await saved_jar(ledger)
    first, second = await ledger.load(Jar, jar_id), await ledger.load(Jar, jar_id)
    first.fill(by())
    second.fill(by())
    outcomes = await asyncio.gather(ledger.save(first), ledger.save(second), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes].count(Conflict) == 1
    assert (await ledger.load(Jar, jar_id)).stones == 1


async def test_a_conflict_spoils_nobody_else_in_its_group(ledger: Ledger) -> None:
    jar_id = await saved_jar(ledger)
    jars = [await ledger.load(Jar, jar_id) for _ in range(10)]
    for jar in jars:
        jar.fill(by())
    others = [ledger.save(Jar.make(by())) for _ in range(10)]
    outcomes = await asyncio.gather(*map(ledger.save, jars), *others, return_exceptions=True)

    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 9
    assert (await read_head(ledger.pool, ledger.id)).size == 1 + 1 + 10


async def test_several_aggregates_go_in_together_or_not_at_all(ledger: Ledger) -> None:
    jar_id = await saved_jar(ledger)
    stale = await ledger.load(Jar, jar_id)
    stale.fill(by())
    await fill(ledger, jar_id)
    fresh = Jar.make(by())
    with pytest.raises(Conflict):
        await ledger.save(stale, fresh)

    assert await ledger.find(Jar, fresh.id) is None


async def test_positions_are_contiguous_and_the_frontier_is_the_tree(ledger: Ledger) -> None:
    await asyncio.gather(*(saved_jar(ledger) for _ in range(70)))
    entries = await read_entries(ledger.pool, ledger.id, start=0, limit=1_000)
    head = await read_head(ledger.pool, ledger.id)

    assert [entry.position for entry in entries] == list(range(70)) == list(range(head.size))
    assert head.frontier.root() == tree_root(leaf_hash(entry.data) for entry in entries)
    times = [entry.recorded_at for entry in entries]
    assert times == sorted(set(times)), "recorded_at rises with every entry"


async def test_the_same_key_records_once_and_gets_the_same_answer(ledger: Ledger) -> None:
    handles = [ledger.for_request(once=once("k")) for _ in range(20)]
    answers = await asyncio.gather(*(handle.save(Jar.make(by())) for handle in handles))

    assert len({(a.id, a.position, a.version, a.event_ids) for a in answers}) == 1
    assert [answer.replayed for answer in answers].count(False) == 1
    assert (await read_head(ledger.pool, ledger.id)).size == 1


async def test_a_key_can_be_asked_for_before_the_command_is_decided_again(ledger: Ledger) -> None:
    assert await ledger.for_request(once=once("k")).replay() is None
    first = await ledger.for_request(once=once("k")).save(Jar.make(by()))
    again = await ledger.for_request(once=once("k")).replay()

    assert again is not None
    assert (again.id, again.event_ids, again.replayed) == (first.id, first.event_ids, True)
    assert again.leaf_hashes == first.leaf_hashes != ()


async def test_the_same_key_with_another_body_is_refused(ledger: Ledger) -> None:
    await ledger.for_request(once=once("k")).save(Jar.make(by()))
    with pytest.raises(IdempotencyMismatch):
        await ledger.for_request(once=once("k", b"other")).save(Jar.make(by()))


async def test_an_expected_version_is_kept(ledger: Ledger) -> None:
    jar_id = await saved_jar(ledger)
    with pytest.raises(VersionMismatch):
        await ledger.for_request(expected=(jar_id, 5)).load(Jar, jar_id)
    assert (await ledger.for_request(expected=(jar_id, 1)).load(Jar, jar_id)).version == 1


async def test_a_dry_run_says_what_would_happen_and_records_nothing(ledger: Ledger) -> None:
    recorded = await ledger.for_request(is_dry_run=True).save(Jar.make(by()))

    assert [type(event) for event in recorded.events] == [Jar.Made]
    assert (await read_head(ledger.pool, ledger.id)).size == 0


async def test_what_was_consulted_must_not_have_changed(ledger: Ledger) -> None:
    jar_id = await saved_jar(ledger)
    reader = ledger.for_request()
    consulted = await reader.consult(Jar, jar_id)
    assert consulted is not None
    await fill(ledger, jar_id)
    with pytest.raises(Conflict):
        await reader.save(Jar.make(by(), label=str(consulted.stones)))
    again = await reader.consult(Jar, jar_id)

    assert again is not None
    assert again.stones == 1
    assert (await reader.save(Jar.make(by()))).version == 1


async def test_all_who_consult_at_the_same_moment_get_what_one_look_found(ledger: Ledger) -> None:
    jar_id = await saved_jar(ledger)
    found = await asyncio.gather(*(ledger.for_request().consult(Jar, jar_id) for _ in range(50)))

    assert len({id(jar) for jar in found}) == 1
    assert found[0] is not None
    await fill(ledger, jar_id)
    again = await ledger.consult(Jar, jar_id)
    assert again is not None
    assert (found[0].stones, again.stones) == (0, 1)


async def test_an_entry_that_is_too_large_is_refused_alone(ledger: Ledger) -> None:
    big, small = Jar.make(by(), label="x" * 70_000), Jar.make(by())
    outcomes = await asyncio.gather(ledger.save(big), ledger.save(small), return_exceptions=True)

    assert isinstance(outcomes[0], EntryTooLarge)
    assert (await read_head(ledger.pool, ledger.id)).size == 1


async def test_a_long_stream_is_loaded_from_its_snapshot(ledger: Ledger) -> None:
    jar = Jar.make(by())
    for _ in range(150):
        jar.fill(by())
    await ledger.save(jar)
    await ledger.load(Jar, jar.id)
    kept = await ledger.pool.fetchval(
        "SELECT version FROM snapshots WHERE ledger_id = $1", ledger.id
    )
    await fill(ledger, jar.id)

    assert kept == 151
    assert ((await ledger.load(Jar, jar.id)).stones, (await ledger.load(Jar, jar.id)).version) == (
        151,
        152,
    )


async def test_a_caller_that_goes_away_leaves_nothing_half_done(ledger: Ledger) -> None:
    tasks = [asyncio.create_task(saved_jar(ledger)) for _ in range(50)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    entries = await read_entries(ledger.pool, ledger.id, start=0, limit=100)
    head = await read_head(ledger.pool, ledger.id)

    assert head.size == len(entries) >= 25
    assert head.frontier.root() == tree_root(leaf_hash(entry.data) for entry in entries)


@pytest.mark.parametrize("table", ["events", "receipts"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET version = 9", "DELETE FROM {}", "TRUNCATE {}"]
)
async def test_history_cannot_be_changed(
    ledger: Ledger, superuser: asyncpg.Connection, table: str, statement: str
) -> None:
    """The app has no right to; a trigger stops whoever has."""
    await ledger.for_request(once=once("k")).save(Jar.make(by()))
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
        await ledger.pool.execute(statement.format(table))
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await superuser.execute(statement.format(table))
