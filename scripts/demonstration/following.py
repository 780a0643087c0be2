"""Keeps the views up to date while the demo is loaded: a process of its own, on another core.

    python -m scripts.demonstration.following     (on stdin: {"dsn": "…", "ledger": "371329"})

It follows the log until its stdin ends, which also happens when whoever started it dies; then
it brings the views up to the log's end and exits. What it does not manage, the service does.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import orjson

from ledger.core.log_lines import log_as_lines
from ledger.storage.connect import create_pool
from projections import VIEWS
from projections.engine import install_missing
from projections.engine.following import Following

PAUSE_SECONDS = 1.0


@asynccontextmanager
async def views_follow(dsn: str, ledger_id: str) -> AsyncIterator[None]:
    """Let another process follow the log for the block, and wait until it has seen all of it."""
    follower = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, stdin=asyncio.subprocess.PIPE
    )
    assert follower.stdin is not None  # noqa: S101 - asked for above
    try:
        follower.stdin.write(orjson.dumps({"dsn": dsn, "ledger": ledger_id}) + b"\n")
        await follower.stdin.drain()
        yield
        follower.stdin.close()
        await follower.wait()
    finally:
        if follower.returncode is None:
            with suppress(ProcessLookupError):
                follower.terminate()
            await follower.wait()


async def follow(dsn: str, ledger_id: str, over: asyncio.Event) -> None:
    """Apply what comes into the log, until told that it is over and all is applied."""
    pool = await create_pool(dsn, size_max=len(VIEWS) + 1)
    try:
        await install_missing(pool, VIEWS)
        following = Following(pool, ledger_id, VIEWS)
        is_last = False
        while not is_last:
            is_last = over.is_set()
            await following.catch_up()
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), PAUSE_SECONDS)
    finally:
        await pool.close()


async def main() -> None:
    """Read what to follow, then follow until stdin ends."""
    task = orjson.loads(await asyncio.to_thread(sys.stdin.buffer.readline))
    over = asyncio.Event()
    following = asyncio.create_task(follow(task["dsn"], task["ledger"], over))
    await asyncio.to_thread(sys.stdin.buffer.read)
    over.set()
    await following


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):  # Ctrl-C reaches both processes; the other one ends this one
        log_as_lines(logging.WARNING)
        asyncio.run(main())
