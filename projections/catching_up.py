"""Views that are far behind are brought up by several processes, one a processor.

    minzhang serve ─┬─► worker ──► audit_trail, organisations, then points …
                    └─► worker ──► petitions, policies, then services …

Each view has a checkpoint and a lock of its own, so it makes no difference who moves it on. A
worker is told one view after another and says when each is done, and what is to be logged. It
ends when its stdin does, so also when whoever started it dies. What a worker leaves behind,
because it was killed or a view stopped, the ``Projector`` in the service takes up where it stands.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson

from ledger.core.log_lines import ELSEWHERE
from projections.engine import View

WORKER = "projections.worker"
VIEWS_AT_ONCE = 2
"""Of one worker: it computes for one view while the rows of the other are written."""
WORKERS_MAX = 4
ENDING_SECONDS = 10.0
LINE_BYTES_MAX = 1024**2


async def catch_up_in_processes(dsn: str, ledger_id: str, views: Sequence[View]) -> None:
    """Let workers bring these views, by name some of ``VIEWS``, up to the log's end.

    Returns when they have done what they could; cancelled, it ends them first.
    """
    waiting = deque(view.name for view in views)
    async with asyncio.TaskGroup() as group:
        for _ in range(min(os.cpu_count() or 1, WORKERS_MAX, len(waiting))):
            group.create_task(_employ(dsn, ledger_id, waiting))


async def _employ(dsn: str, ledger_id: str, waiting: deque[str]) -> None:
    async with _worker(dsn, ledger_id) as (orders, done):
        given = 0
        while given or waiting:
            while waiting and given < VIEWS_AT_ONCE:
                orders.write(orjson.dumps(waiting.popleft()) + b"\n")
                given += 1
            line = await done.readline()
            if not line:  # it died
                return
            given -= _answered(line)


def _answered(line: bytes) -> int:
    """Return 1 for a view that is done, 0 for a line of the worker's log, which goes to ours."""
    if not line.endswith(b"\n"):  # it died in the middle of it
        return 0
    answer: str | dict[str, Any] = orjson.loads(line)
    if isinstance(answer, str):
        return 1
    error = {name: answer[name] for name in ("error", "trace") if name in answer}
    logger = logging.getLogger(answer["logger"])
    logger.log(answer["level"], "%s", answer["message"], extra={ELSEWHERE: error})
    return 0


@asynccontextmanager
async def _worker(
    dsn: str, ledger_id: str
) -> AsyncIterator[tuple[asyncio.StreamWriter, asyncio.StreamReader]]:
    """Start a worker for the block: where to write names, where to read that they are done."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", WORKER, stdin=pipe, stdout=pipe, limit=LINE_BYTES_MAX
    )
    assert process.stdin is not None and process.stdout is not None  # noqa: S101 - piped
    try:
        # Not in the arguments, which everybody on the machine may read.
        process.stdin.write(orjson.dumps({"dsn": dsn, "ledger": ledger_id}) + b"\n")
        yield process.stdin, process.stdout
    finally:
        process.stdin.close()
        await _ended(process, process.stdout)


async def _ended(process: asyncio.subprocess.Process, told: asyncio.StreamReader) -> None:
    """Wait for a worker whose stdin is closed, and log its last lines; the rest is rolled back."""
    try:
        async with asyncio.timeout(ENDING_SECONDS):
            async for line in told:
                _answered(line)
            await process.wait()
    except (TimeoutError, asyncio.CancelledError):
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
