"""The `eventsourcing` library's own PostgreSQL recorder, in its default mode and with functions.

The default mode locks the table for each append. The mode with database functions
does not, and its readers can miss events of writers that commit late: it is shown as
`eventsourcing-functions`, beside, not as an equal.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from scripts.benchmarks.rows import Sample
from scripts.benchmarks.store import BULK_EVENTS, STATE, TOPIC
from scripts.benchmarks.trials import Place, Times, Trial
from scripts.failures import Failure

if TYPE_CHECKING:
    from eventsourcing.postgres import PostgresApplicationRecorder

CALLS = {1: 500, 32: 1_500, 256: 1_500}
CONNECTIONS_MAX = 64


def trials_of_library_appends() -> list[Trial]:
    """One event a call, by 1, 32 and 256 threads."""
    trials = [_trial("append", "eventsourcing", writers, functions=False) for writers in CALLS]
    return [*trials, _trial("append", "eventsourcing-functions", 32, functions=True)]


def trials_of_library_bulk() -> list[Trial]:
    """A thousand events a call."""
    return [Trial(case="bulk", system="eventsourcing", writers=1, run=_bulk)]


def check_installed() -> None:
    """Refuse to start without what the library's recorder needs."""
    if find_spec("psycopg") is None or find_spec("psycopg_pool") is None:
        raise Failure(
            "对比测试需要 psycopg：请执行 pip install 'minzhang[bench]'。",
            "the comparison needs psycopg: run pip install 'minzhang[bench]'",
        )


def _trial(case: str, system: str, writers: int, *, functions: bool) -> Trial:
    return Trial(
        case=case, system=system, writers=writers, run=partial(_append, writers, functions)
    )


async def _append(writers: int, functions: bool, place: Place) -> Sample:
    calls = place.count(CALLS[writers]) // writers or 1
    return await asyncio.to_thread(_race, place, writers, calls, 1, functions)


async def _bulk(place: Place) -> Sample:
    return await asyncio.to_thread(_race, place, 1, place.count(10), BULK_EVENTS, False)


def _race(place: Place, writers: int, calls: int, events: int, functions: bool) -> Sample:
    times = Times()
    with (
        _recorder(place.dsn, writers, functions) as recorder,
        ThreadPoolExecutor(max_workers=writers) as threads,
    ):
        list(threads.map(lambda _: _write(recorder, 1, 1, Times()), range(writers)))  # connect
        began = time.perf_counter()
        jobs = [threads.submit(_write, recorder, calls, events, times) for _ in range(writers)]
        counts = [job.result() for job in jobs]
        return Sample(sum(counts), time.perf_counter() - began, times.call_seconds)


def _write(
    recorder: PostgresApplicationRecorder, calls: int, event_count: int, times: Times
) -> int:
    from eventsourcing.persistence import StoredEvent  # noqa: PLC0415  an extra

    stream_id, version = uuid4(), 0
    for _ in range(calls):
        began = time.perf_counter()
        versions = range(version + 1, version + event_count + 1)
        recorder.insert_events([StoredEvent(stream_id, v, TOPIC, STATE) for v in versions])
        times.take(began)
        version += event_count
    return version


@contextmanager
def _recorder(dsn: str, writers: int, functions: bool) -> Iterator[PostgresApplicationRecorder]:
    from eventsourcing.postgres import (  # noqa: PLC0415  an extra
        PostgresApplicationRecorder,
        PostgresDatastore,
    )

    parts = urlsplit(dsn)
    host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
    datastore = PostgresDatastore(
        dbname=parts.path.lstrip("/"),
        host=host,
        port=str(parts.port or 5432),
        user=parts.username or "",
        password=parts.password or "",
        pool_size=min(writers, CONNECTIONS_MAX),
        connect_timeout=60,
        max_waiting=1_000,
        lock_timeout=60,
        enable_db_functions=functions,
    )
    recorder = PostgresApplicationRecorder(
        datastore, events_table_name="events_by_function" if functions else "events_of_library"
    )
    recorder.create_table()
    try:
        yield recorder
    finally:
        datastore.close()
