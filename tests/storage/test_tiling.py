"""Tiles of the tree: complete with the append that completes them, right at every size."""

from __future__ import annotations

import asyncio
from importlib.resources import files

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from ledger.core.clock import utc_now
from ledger.core.entry import FORMAT_VERSION, NewEntry, stamp
from ledger.merkle.proofs import check_consistency, check_inclusion
from ledger.merkle.tiles import Tile, pack_entries
from ledger.merkle.tree import leaf_hash, tree_root
from ledger.storage.connect import connect
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.reading import read_entries
from ledger.storage.requests import Append
from ledger.storage.tree import (
    BeyondTheLog,
    read_bundle,
    read_consistency_proof,
    read_inclusion_proof,
    read_root,
    read_tile,
)
from tests.faults.oracle import check_ledger

LONG = 66_000  # one full tile of level 1, and more


def entries(count: int, *, stream: str) -> list[NewEntry]:
    return [an_entry(stream, version) for version in range(1, count + 1)]


def an_entry(stream: str, version: int) -> NewEntry:
    event_id, now, topic = uuid7(), utc_now(), "tests.counted.v1"
    header = {
        "v": FORMAT_VERSION,
        "id": str(event_id),
        "stream": stream,
        "version": version,
        "topic": topic,
        "occurred_at": stamp(now),
    }
    return NewEntry(
        event_id=event_id,
        stream_id=stream,
        version=version,
        topic=topic,
        occurred_at=now,
        header=header,
        state=b"{}",
    )


async def append(ledger: Ledger, count: int) -> None:
    await ledger.appender.append(Append(entries=entries(count, stream=str(uuid7()))))


async def leaves_of(ledger: Ledger) -> list[bytes]:
    found = await read_entries(ledger.pool, ledger.id, start=0, limit=100_000)
    return [leaf_hash(entry.data) for entry in found]


@pytest.mark.parametrize("counts", [[255, 1], [256], [300] * 6, [1, 254, 1, 1, 511, 2_000]])
async def test_a_tile_is_complete_with_the_append_that_completes_it(
    store_dsn: str, ledger: Ledger, counts: list[int]
) -> None:
    for count in counts:
        await append(ledger, count)
        await check_ledger(store_dsn, ledger.id)


async def test_single_events_by_the_short_way_complete_tiles_too(
    store_dsn: str, ledger: Ledger
) -> None:
    for _ in range(13):
        await asyncio.gather(*(append(ledger, 1) for _ in range(50)))
    assert ledger.appender.figures.quick_groups > 0
    assert (await check_ledger(store_dsn, ledger.id)).size == 650


async def test_processes_that_take_turns_complete_each_others_tiles(
    store_dsn: str, ledger: Ledger
) -> None:
    async with open_ledger(store_dsn, ledger.id, pool_size_max=2) as other:
        for turn in range(12):
            await append((ledger, other)[turn % 2], 97)
    assert (await check_ledger(store_dsn, ledger.id)).size == 12 * 97


async def test_proofs_roots_and_tiles_of_a_long_log_at_many_sizes(
    store_dsn: str, ledger: Ledger
) -> None:
    for _ in range(LONG // 6_000):
        await append(ledger, 6_000)
    assert (await check_ledger(store_dsn, ledger.id)).size == LONG
    hashes, db = await leaves_of(ledger), ledger.pool
    sizes = [1, 255, 256, 257, 65_535, 65_536, 65_537, LONG]
    roots = {size: tree_root(hashes[:size]) for size in sizes}
    for size, root in roots.items():
        assert await read_root(db, ledger.id, size) == root
        for index in {0, size // 3, size - 1}:
            proof = await read_inclusion_proof(db, ledger.id, index, size)
            check_inclusion(leaf=hashes[index], index=index, size=size, proof=proof, root=root)
        for old in (one for one in sizes if one <= size):
            check_consistency(
                old_size=old,
                old_root=roots[old],
                size=size,
                root=root,
                proof=await read_consistency_proof(db, ledger.id, old, size),
            )
    last = Tile(0, LONG // 256, LONG % 256)
    assert await read_tile(db, ledger.id, last) == b"".join(hashes[-(LONG % 256) :])
    assert len(await read_tile(db, ledger.id, Tile(1, 1, 1))) == 32
    assert await read_tile(db, ledger.id, Tile(2, 0, 1)) == tree_root(hashes[:65_536])


async def test_a_bundle_holds_the_exact_entries(ledger: Ledger) -> None:
    await append(ledger, 5)
    stored = await read_entries(ledger.pool, ledger.id, start=0, limit=5)
    bundle = await read_bundle(ledger.pool, ledger.id, Tile(None, 0, 3))
    assert bundle == pack_entries([entry.data for entry in stored[:3]])


async def test_what_the_log_does_not_have_is_refused(ledger: Ledger) -> None:
    await append(ledger, 3)
    with pytest.raises(BeyondTheLog):
        await read_root(ledger.pool, ledger.id, 4)
    with pytest.raises(BeyondTheLog):
        await read_tile(ledger.pool, ledger.id, Tile(0, 0, 4))
    with pytest.raises(BeyondTheLog):
        await read_bundle(ledger.pool, ledger.id, Tile(None, 0, 4))
    with pytest.raises(BeyondTheLog):
        await read_inclusion_proof(ledger.pool, ledger.id, 0, 400)


async def test_a_ledger_from_before_the_tiles_gets_them(database: str, ledger: Ledger) -> None:
    """The migration makes, from leaf hashes alone, what the appends would have completed."""
    for _ in range(11):
        await append(ledger, 6_000)
    scripts = files("ledger.storage").joinpath("migrations")
    db = await connect(database)
    await db.execute(scripts.joinpath("0001_log.sql").read_text())
    columns = "ledger_id, position, stream_id, version, topic, occurred_at, recorded_at"
    rows = await ledger.pool.fetch(
        f"SELECT {columns}, leaf_hash, ''::bytea FROM events WHERE ledger_id = $1",  # noqa: S608
        ledger.id,
    )
    await db.copy_records_to_table("events", records=[tuple(row) for row in rows])
    await db.execute(scripts.joinpath("0004_tiles.sql").read_text())
    question = "SELECT * FROM tiles WHERE ledger_id = $1 ORDER BY level, number"
    made = await db.fetch(question, ledger.id)
    assert made == await ledger.pool.fetch(question, ledger.id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await db.execute("UPDATE tiles SET level = 1")
    await db.close()
