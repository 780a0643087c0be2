"""A pool that lets go of a server which no longer answers.

A server that hangs (a stopped machine, a cut cable) closes nothing: every connection to it waits
for its own time-out, half a minute and more, though another server has long taken over. So one
connection asks every few seconds whether the server is there; once no answer comes in time, all
connections of the pool are closed, whoever waits on one is told so at once, and the next ones go
to whichever host accepts writes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg

from ledger.storage.connect import LOST_CONNECTION, Opened, connect, create_pool

log = logging.getLogger(__name__)

ASK_EVERY_SECONDS = 2.0
ANSWER_SECONDS = 4.0


@asynccontextmanager
async def open_watched_pool(dsn: str, *, size_max: int) -> AsyncIterator[asyncpg.Pool]:
    """Open a pool until the block ends, and watch its server."""
    opened = Opened()
    first = await connect(dsn)  # before any other, so that it is of the same server
    try:
        pool = await create_pool(dsn, size_max=size_max, opened=opened)
    except BaseException:
        first.terminate()
        raise
    watch = asyncio.create_task(_watch(dsn, first, opened), name="watch over a pool")
    try:
        yield pool
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
        await pool.close()


async def _watch(dsn: str, first: asyncpg.Connection, opened: Opened) -> None:
    db: asyncpg.Connection | None = first
    while True:
        try:
            await _ask(db or await connect(dsn))
        except TimeoutError:
            log.warning("the database does not answer: %d connections are let go", len(opened))
            for connection in list(opened):
                connection.terminate()
        except (asyncpg.PostgresError, *LOST_CONNECTION):
            pass  # connections that are closed say so themselves
        db = None
        await asyncio.sleep(ASK_EVERY_SECONDS)


async def _ask(db: asyncpg.Connection) -> None:
    """Ask again and again; raises what goes wrong, ``TimeoutError`` when no answer comes."""
    try:
        while True:
            async with asyncio.timeout(ANSWER_SECONDS):
                await db.execute("SELECT 1")
            await asyncio.sleep(ASK_EVERY_SECONDS)
    finally:
        db.terminate()
