"""Ranges are checked in processes of their own, one a processor, all in one snapshot.

A worker connects once, takes part in the snapshot of whoever started it, and checks the ranges
that it is given. It ends when its parent does.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

from ledger.storage.connect import Connection
from ledger.storage.verifying import snapshot
from ledger.verification.ranges import Outcome, Task, check_range

WORKERS_MAX = 8

Check: TypeAlias = Callable[[Task], Awaitable[Outcome]]


@dataclass(slots=True)
class _Here:
    """What one worker process holds."""

    loop: asyncio.AbstractEventLoop
    db: Connection
    open: AsyncExitStack


_here: list[_Here] = []


@asynccontextmanager
async def checking(dsn: str, shared: str, count: int | None) -> AsyncIterator[Check]:
    """Give what checks a range in one of ``count`` processes (None: one a processor)."""
    workers = min(count or os.cpu_count() or 1, WORKERS_MAX)
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(dsn, shared),
    )
    loop = asyncio.get_running_loop()
    try:
        yield lambda task: loop.run_in_executor(pool, _check, task)
    finally:
        await asyncio.to_thread(pool.shutdown, cancel_futures=True)


def _start(dsn: str, shared: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent ends this one
    loop = asyncio.new_event_loop()
    stack = AsyncExitStack()
    db = loop.run_until_complete(stack.enter_async_context(snapshot(dsn, shared)))
    _here.append(_Here(loop, db, stack))


def _check(task: Task) -> Outcome:
    here = _here[0]
    return here.loop.run_until_complete(check_range(here.db, task))
