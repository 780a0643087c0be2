"""The ceiling: COPY of ready rows into a table with the same columns and keys, nothing else."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import Any
from uuid import uuid4

from ledger.core.clock import utc_now
from ledger.merkle.tree import HASH_BYTES
from ledger.storage.connect import connect
from ledger.storage.group import EVENT_COLUMNS
from scripts.benchmarks.rows import Sample
from scripts.benchmarks.store import BULK_EVENTS, ORIGIN, TOPIC, new_bench_entry
from scripts.benchmarks.trials import Place, Times, Trial, race

TABLE = "copied_events"
_CREATE = f"CREATE TABLE IF NOT EXISTS {TABLE} (LIKE events INCLUDING ALL)"


def trial_of_copy(case: str, streams: int) -> Trial:
    """Batches of 1,000 rows of so many streams, one transaction each, one connection."""
    return Trial(case=case, system="copy", writers=1, run=partial(copy, streams))


async def copy(streams: int, place: Place) -> Sample:
    """Measure batches of 1,000 rows like the ones that our store writes."""
    times = Times()
    db = await connect(place.dsn)
    await db.execute(_CREATE)
    batches = _batches(place.count(60), streams)
    sample = await race([_copy(db, batches, times)], times)
    await db.close()
    return sample


async def _copy(db: Any, batches: list[list[tuple[Any, ...]]], times: Times) -> int:
    for batch in batches:
        began = time.perf_counter()
        await db.copy_records_to_table(TABLE, records=batch, columns=EVENT_COLUMNS)
        times.take(began)
    return len(batches) * BULK_EVENTS


def _batches(count: int, streams: int) -> list[list[tuple[Any, ...]]]:
    ledger_id, now = f"copy-{uuid4().hex}", utc_now()
    stream_ids = [str(uuid4()) for _ in range(streams)]
    entry = new_bench_entry(stream_ids[0], 1).to_bytes(origin=ORIGIN, recorded_at=now)
    leaf = os.urandom(HASH_BYTES)

    def row(number: int) -> tuple[Any, ...]:
        stream_id, version = stream_ids[number % streams], number // streams + 1
        return (ledger_id, number, stream_id, version, TOPIC, now, now, leaf, entry)

    starts = range(0, count * BULK_EVENTS, BULK_EVENTS)
    return [[row(number) for number in range(start, start + BULK_EVENTS)] for start in starts]
