"""A reader at position N has seen everything before N, over many processes, always."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

import asyncpg

from ledger.storage.reading import read_entries
from tests.faults.diary import Diary
from tests.faults.oracle import check_ledger
from tests.faults.writers import Writers, shared_jar_in
from tests.waiting import wait_until

READERS = 3
EVENTS = 5_000
WRITERS = 8


class Tail:
    """Follows a log as a projection does: always asks for what comes after what it has."""

    def __init__(self) -> None:
        self.seen: list[UUID] = []
        self.reads = 0

    async def follow(self, dsn: str, ledger_id: str) -> None:
        db = await asyncpg.connect(dsn)
        try:
            while True:
                start = len(self.seen)
                entries = await read_entries(db, ledger_id, start=start, limit=100)
                positions = [entry.position for entry in entries]
                assert positions == list(range(start, start + len(entries))), "a reader skipped"
                self.seen += [entry.event_id for entry in entries]
                self.reads += 1
        finally:
            await db.close()


async def count_what_is_before(dsn: str, ledger_id: str) -> None:
    """At every moment, as many events lie before the last one as its position says."""
    db = await asyncpg.connect(dsn)
    try:
        while True:
            row = await db.fetchrow(
                "SELECT count(*), max(position) AS last FROM events WHERE ledger_id = $1", ledger_id
            )
            assert row["count"] == row["last"] + 1
    finally:
        await db.close()


async def test_a_tailing_reader_misses_nothing_under_many_writing_processes(
    store_dsn: str, ledger_id: str, tmp_path: Path
) -> None:
    tails = [Tail() for _ in range(READERS)]
    jar = await shared_jar_in(store_dsn, ledger_id)
    with Writers(store_dsn, ledger_id, tmp_path, shared_jar=jar, lanes=8) as writers:
        readers = [asyncio.create_task(tail.follow(store_dsn, ledger_id)) for tail in tails]
        readers.append(asyncio.create_task(count_what_is_before(store_dsn, ledger_id)))
        writers.start(WRITERS)

        def all_far_enough() -> bool:
            assert not [reader.exception() for reader in readers if reader.done()]
            return all(len(tail.seen) >= EVENTS for tail in tails)

        await wait_until(all_far_enough)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    walk = await check_ledger(store_dsn, ledger_id, Diary.read(tmp_path))
    log = await asyncpg.connect(store_dsn)
    entries = await read_entries(log, ledger_id, start=0, limit=walk.size)
    await log.close()
    in_order = [entry.event_id for entry in entries]

    assert all(tail.seen == in_order[: len(tail.seen)] for tail in tails)
    assert all(tail.reads > 10 for tail in tails)
