"""A view filled a second time, beside the live one, in a schema apart.

The view's SQL names its tables without a schema, so the same DDL, handlers and
statements work there: only the search path differs. The schemas are there for good, because
the role that serves may make none; one at a time has each of them. Its tables are dropped at
the end; those left behind by a crash are dropped by the next that comes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256

import asyncpg

from ledger.core.errors import Conflict
from ledger.storage.connect import (
    LOG_SCHEMA,
    SCRATCH_SCHEMAS,
    VIEWS_SCHEMA,
    connect,
    create_pool,
)
from projections.engine.following import Following
from projections.engine.install import create_tables, install_missing
from projections.engine.view import View

CONNECTIONS_MAX = 2

_TABLES = """
    SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') FROM pg_tables
    WHERE schemaname = $1
"""


class ScratchTaken(Conflict):
    """This view is already being rebuilt or verified; wait until that is done.

    该视图正在被重建或核对，请等待其完成。
    """


class ScratchesTaken(Conflict):
    """As many views as can be are being rebuilt or verified; wait until one of them is done.

    正在重建或核对的视图已达上限，请等待其中之一完成。
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
    live = await connect(dsn, command_timeout=None)
    try:
        if not await _lock(live, int.from_bytes(name[:8], "big", signed=True)):
            raise ScratchTaken(view=view.name)
        schema = await _free_schema(live)
        await install_missing(live, (view,))
        await _clear(live, schema)
        try:
            pool = await create_pool(dsn, size_max=CONNECTIONS_MAX, search_path=_within(schema))
            try:
                async with pool.acquire() as db:
                    await _create(db, view, schema)
                yield Scratch(schema, live, Following(pool, ledger_id, (view,)))
            finally:
                await pool.close()
        finally:
            await _clear(live, schema)
    finally:
        await live.close()


async def _free_schema(db: asyncpg.Connection) -> str:
    """Take a schema until the connection closes (refuses with ``ScratchesTaken``)."""
    for schema in SCRATCH_SCHEMAS:
        name = sha256(schema.encode()).digest()
        if await _lock(db, int.from_bytes(name[:8], "big", signed=True)):
            return schema
    raise ScratchesTaken(views=len(SCRATCH_SCHEMAS))


async def _lock(db: asyncpg.Connection, key: int) -> bool:
    taken: bool = await db.fetchval("SELECT pg_try_advisory_lock($1)", key)
    return taken


async def _clear(db: asyncpg.Connection, schema: str) -> None:
    if tables := await db.fetchval(_TABLES, schema):
        await db.execute(f"DROP TABLE {tables}")


async def _create(db: asyncpg.pool.PoolConnectionProxy, view: View, schema: str) -> None:
    await create_tables(db, (view,), schema)
    await db.execute(
        f"CREATE TABLE {schema}.view_checkpoints"
        f" (LIKE {VIEWS_SCHEMA}.view_checkpoints INCLUDING ALL)"
    )


def _within(schema: str) -> str:
    """Return the search path that finds the copy's tables before the live ones."""
    return f"{LOG_SCHEMA}, {schema}, {VIEWS_SCHEMA}, pg_temp"
