"""A view filled a second time, beside the live one, in a schema of its own.

The view's SQL names its tables without a schema, so the same DDL, handlers and
statements work there: only the search path differs. The schema is dropped at the
end; one left behind by a crash is dropped by the next that comes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256

import asyncpg

from ledger.core.errors import Conflict
from ledger.storage.connect import connect, create_pool
from projections.engine.following import Following
from projections.engine.install import create_tables, install_missing
from projections.engine.view import View

CONNECTIONS_MAX = 2


class ScratchTaken(Conflict):
    """This view is already being rebuilt or verified; wait until that is done.

    该视图正在被重建或核对，请等待其完成。
    """


@dataclass(frozen=True, slots=True)
class Scratch:
    """``live`` sees the live tables; the followed copy is in ``schema``."""

    schema: str
    live: asyncpg.Connection
    following: Following

    async def fill(self, up_to: int | None = None) -> int:
        """Apply the log to the copy; return the last position applied.

        Raises ``ViewStopped`` when the view cannot apply an entry.
        """
        await self.following.catch_up(up_to)
        if stopped := self.following.stopped():
            raise stopped
        return self.following.followers[0].position


@asynccontextmanager
async def open_scratch(dsn: str, ledger_id: str, view: View) -> AsyncIterator[Scratch]:
    """Make an empty copy of the view until the block ends (refuses with ``ScratchTaken``)."""
    name = sha256(f"{ledger_id} {view.name} {view.version}".encode()).digest()
    schema, lock = f"scratch_{name[:8].hex()}", int.from_bytes(name[:8], "big", signed=True)
    live = await connect(dsn, command_timeout=None)
    try:
        if not await live.fetchval("SELECT pg_try_advisory_lock($1)", lock):
            raise ScratchTaken(view=view.name)
        await install_missing(live, (view,))
        await _create(live, schema)
        try:
            pool = await create_pool(await _within(live, dsn, schema), size_max=CONNECTIONS_MAX)
            try:
                async with pool.acquire() as db:
                    await create_tables(db, (view,))
                yield Scratch(schema, live, Following(pool, ledger_id, (view,)))
            finally:
                await pool.close()
        finally:
            await live.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    finally:
        await live.close()


async def _create(db: asyncpg.Connection, schema: str) -> None:
    async with db.transaction():
        await db.execute("SET LOCAL client_min_messages = warning")
        await db.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        await db.execute(f"CREATE SCHEMA {schema}")
        await db.execute(
            f"CREATE TABLE {schema}.view_checkpoints (LIKE view_checkpoints INCLUDING ALL)"
        )


async def _within(live: asyncpg.Connection, dsn: str, schema: str) -> str:
    """Return the connection string with the schema before the one of the live tables."""
    usual = await live.fetchval("SELECT current_schema()")
    return f"{dsn}{'&' if '?' in dsn else '?'}search_path={schema},{usual}"
