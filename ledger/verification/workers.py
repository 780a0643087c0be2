"""Ranges are checked by processes of their own, one a processor, all in one snapshot.

    python -m ledger.verification.workers     stdin                        stdout
                                              dsn, name of the snapshot
                                              a task                       its outcome
                                              (end)

Each message is a pickle after its length in four bytes: both ends are one program. A worker
connects once, takes part in the snapshot of whoever started it, and ends when its stdin does.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, BinaryIO, TypeAlias

from ledger.core.errors import LedgerError
from ledger.core.log_lines import log_as_lines
from ledger.storage.verifying import snapshot
from ledger.verification.ranges import Outcome, Task, check_range

WORKERS_MAX = 8
MODULE = "ledger.verification.workers"
LENGTH_BYTES = 4

Check: TypeAlias = Callable[[Task], Awaitable[Outcome]]


class WorkerLost(LedgerError):
    """A process that helped to check ended before its time: nothing is said about the data.

    协助核验的进程意外终止：未就数据得出结论。
    """


@asynccontextmanager
async def checking(dsn: str, shared: str, count: int | None) -> AsyncIterator[Check]:
    """Give what checks a range in one of ``count`` processes (None: one a processor)."""
    free: asyncio.Queue[asyncio.subprocess.Process] = asyncio.Queue()

    async def check(task: Task) -> Outcome:
        worker = await free.get()
        try:
            outcome: Outcome = await _ask(worker, task)
            return outcome
        finally:
            free.put_nowait(worker)

    async with AsyncExitStack() as stack:
        for _ in range(min(count or os.cpu_count() or 1, WORKERS_MAX)):
            worker = await stack.enter_async_context(_worker())
            _send(worker, (dsn, shared))
            free.put_nowait(worker)
        yield check


@asynccontextmanager
async def _worker() -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", MODULE)
    worker = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    try:
        yield worker
    finally:
        with suppress(ProcessLookupError):
            worker.kill()  # it holds nothing but a snapshot
        await worker.wait()


async def _ask(worker: asyncio.subprocess.Process, task: Task) -> Any:
    if worker.stdout is None:
        raise WorkerLost()
    try:
        _send(worker, task)
        length = int.from_bytes(await worker.stdout.readexactly(LENGTH_BYTES), "big")
        return pickle.loads(await worker.stdout.readexactly(length))  # noqa: S301 - our own child
    except (asyncio.IncompleteReadError, ConnectionError) as ended:
        raise WorkerLost(status=worker.returncode) from ended


def _send(worker: asyncio.subprocess.Process, message: object) -> None:
    if worker.stdin is not None:
        worker.stdin.write(_packed(message))


def _packed(message: object) -> bytes:
    data = pickle.dumps(message)
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


def _messages(file: BinaryIO) -> Any:
    while len(length := file.read(LENGTH_BYTES)) == LENGTH_BYTES:
        yield pickle.loads(file.read(int.from_bytes(length, "big")))  # noqa: S301 - our own parent


async def work() -> None:
    """Check what comes in until stdin ends; nobody else is waited for, so reading may block."""
    messages = _messages(sys.stdin.buffer)
    dsn, shared = next(messages)
    async with snapshot(dsn, shared) as db:
        for task in messages:
            sys.stdout.buffer.write(_packed(await check_range(db, task)))
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):  # Ctrl-C reaches all; the parent says what happened
        log_as_lines(logging.WARNING)
        asyncio.run(work())
