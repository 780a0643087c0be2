"""Appends to our store: single events, bulk, conflicts, and a long log."""

from __future__ import annotations

import os
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

from uuid_utils.compat import uuid7

from ledger.core.clock import utc_now
from ledger.core.entry import FORMAT_VERSION, NewEntry, stamp
from ledger.core.errors import Conflict
from ledger.merkle.tree import Frontier
from ledger.storage.appender import Appender
from ledger.storage.connect import Connection, connect
from ledger.storage.ledger import create_ledger
from ledger.storage.requests import Append
from ledger.storage.tiling import TILE_COLUMNS, tile
from scripts.benchmarks.rows import Sample
from scripts.benchmarks.trials import Place, Times, Trial, race

EVENT_BYTES = 256
STATE = b'{"text":"' + b"x" * (EVENT_BYTES - 11) + b'"}'
TOPIC = "bench.appended.v1"
OCCURRED_AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
OCCURRED = stamp(OCCURRED_AT)
ORIGIN = "bench.example.org"
BULK_EVENTS = 1_000
CALLS = {1: 2_000, 32: 24_000, 256: 48_000}

_FILL = """
    INSERT INTO events (ledger_id, position, stream_id, version, topic, occurred_at, recorded_at,
        leaf_hash, entry)
    SELECT $1, n, 'filling-' || n % 50000, n / 50000 + 1, 'bench.filled.v1', now(), now(),
        sha256(n::text::bytea), $3
    FROM generate_series($2::bigint, $4::bigint - 1) AS n
"""
_LEAVES = """
    SELECT leaf_hash FROM events
    WHERE ledger_id = $1 AND position >= $2 AND position < $3 ORDER BY position
"""
_FILLED = """
    UPDATE heads SET size = $2::bigint, frontier = $3, recorded_at = (
        SELECT recorded_at FROM events WHERE ledger_id = $1 AND position = $2::bigint - 1
    )
    WHERE ledger_id = $1
"""
FILL_ROWS = 100_000


def trials_of_appends() -> list[Trial]:
    """One event a call, by 1, 32 and 256 writers at once."""
    return [
        Trial(case="append", system="minzhang", writers=writers, run=partial(append, writers))
        for writers in CALLS
    ]


def trials_of_bulk() -> list[Trial]:
    """A thousand events a call, by one writer."""
    return [Trial(case="bulk", system="minzhang", writers=1, run=append_bulk)]


def trials_of_conflicts() -> list[Trial]:
    """Every tenth call asks for a version that is taken; the same without, beside it."""
    return [
        Trial(case=f"conflicts-{share}%", system="minzhang", writers=32, run=partial(clash, share))
        for share in (0, 10)
    ]


def trials_of_growth(grown_events: int) -> list[Trial]:
    """One event a call by 32 writers, to a log of 10,000 events and to a long one."""
    return [
        Trial(case=f"growth-{size}", system="minzhang", writers=32, run=partial(append_to, size))
        for size in (10_000, grown_events)
    ]


def new_bench_entry(stream_id: str, version: int) -> NewEntry:
    """Return an entry as the store gets it from a recorder: header and 256 bytes of state."""
    event_id = uuid7()
    header = {
        "v": FORMAT_VERSION,
        "id": str(event_id),
        "stream": stream_id,
        "version": version,
        "topic": TOPIC,
        "occurred_at": OCCURRED,
        "nonce": b64encode(os.urandom(16)).decode(),
    }
    return NewEntry(
        event_id=event_id,
        stream_id=stream_id,
        version=version,
        topic=TOPIC,
        occurred_at=OCCURRED_AT,
        header=header,
        state=STATE,
    )


@asynccontextmanager
async def open_appender(dsn: str, ledger_id: str = "") -> AsyncIterator[Appender]:
    """Open an appender, warm, on a ledger that is made if it is not named."""
    if not ledger_id:
        ledger_id = await fresh_ledger(dsn)
    async with Appender(dsn, ledger_id, clock=utc_now) as appender:
        await appender.append(Append(entries=[new_bench_entry(str(uuid4()), 1)]))
        yield appender


async def fresh_ledger(dsn: str) -> str:
    """Make an empty ledger and return its name."""
    ledger_id = f"bench-{uuid4().hex}"
    db = await connect(dsn)
    await create_ledger(db, ledger_id, origin=ORIGIN)
    await db.close()
    return ledger_id


async def append(writers: int, place: Place, ledger_id: str = "") -> Sample:
    """Measure single events by so many writers, each on a stream of its own."""
    calls, times = place.count(CALLS[writers]) // writers or 1, Times()
    async with open_appender(place.dsn, ledger_id) as appender:
        return await race([_write(appender, calls, times) for _ in range(writers)], times)


async def _write(appender: Appender, calls: int, times: Times) -> int:
    stream_id = str(uuid4())
    for version in range(1, calls + 1):
        began = time.perf_counter()
        await appender.append(Append(entries=[new_bench_entry(stream_id, version)]))
        times.take(began)
    return calls


async def append_bulk(place: Place) -> Sample:
    """Measure calls with a thousand events, one after the other."""
    times = Times()
    async with open_appender(place.dsn) as appender:
        return await race([_write_bulk(appender, place.count(60), times)], times)


async def _write_bulk(appender: Appender, calls: int, times: Times) -> int:
    stream_id = str(uuid4())
    for call in range(calls):
        began = time.perf_counter()
        first = call * BULK_EVENTS + 1
        versions = range(first, first + BULK_EVENTS)
        await appender.append(Append(entries=[new_bench_entry(stream_id, v) for v in versions]))
        times.take(began)
    return calls * BULK_EVENTS


async def clash(share: int, place: Place) -> Sample:
    """Measure 32 writers of whose calls ``share`` percent conflict; only accepted events count."""
    calls, times = place.count(CALLS[32]) // 32 or 1, Times()
    async with open_appender(place.dsn) as appender:
        return await race(
            [_write_clashing(appender, calls, share, times) for _ in range(32)], times
        )


async def _write_clashing(appender: Appender, calls: int, share: int, times: Times) -> int:
    stream_id, version = str(uuid4()), 0
    for call in range(calls):
        clashes = call % 100 < share and version > 0
        began = time.perf_counter()
        asked = new_bench_entry(stream_id, version if clashes else version + 1)
        try:
            await appender.append(Append(entries=[asked]))
            version += 1
        except Conflict:
            if not clashes:
                raise
        times.take(began)
    return version


async def append_to(size: int, place: Place) -> Sample:
    """Measure 32 writers on a log that has ``size`` events already."""
    ledger_id = await _grown_ledger(place.dsn, size)
    return await append(32, place, ledger_id)


async def _grow_tree(
    db: Connection, ledger_id: str, start: int, end: int, frontier: Frontier
) -> None:
    """Take filled events into the tree: an append looks whether the log's end fits it."""
    leaves = [leaf for (leaf,) in await db.fetch(_LEAVES, ledger_id, start, end)]
    tiling = await tile(db, ledger_id, start, None, leaves)
    if tiling.rows:
        await db.copy_records_to_table("tiles", records=tiling.rows, columns=TILE_COLUMNS)
    for leaf in leaves:
        frontier.append(leaf)


async def _grown_ledger(dsn: str, size: int) -> str:
    """Return a ledger that was filled to ``size``, made in an earlier round if possible."""
    db = await connect(dsn, command_timeout=None)
    row = await db.fetchrow(
        "SELECT ledger_id FROM heads WHERE origin = $1 ORDER BY size LIMIT 1", f"{ORIGIN}/{size}"
    )
    if row is None:
        ledger_id = f"grown-{size}"
        await create_ledger(db, ledger_id, origin=f"{ORIGIN}/{size}")
        frontier = Frontier()
        for start in range(0, size, FILL_ROWS):
            end = min(size, start + FILL_ROWS)
            await db.execute(_FILL, ledger_id, start, STATE * 2, end)
            await _grow_tree(db, ledger_id, start, end, frontier)
        await db.execute(_FILLED, ledger_id, size, frontier.to_bytes())
        await db.execute("VACUUM ANALYZE events")
        await db.execute("CHECKPOINT")
    else:
        ledger_id = row["ledger_id"]
    await db.close()
    return ledger_id
