"""Create the tables of all views where they are missing."""

from __future__ import annotations

import asyncpg

from ledger.storage.connect import LOG_SCHEMA, VIEWS_SCHEMA, Connection, Database
from ledger.storage.migrate import LOCK
from projections.engine.view import View

_MISSING = """
    SELECT count(*) FROM unnest($1::text[]) AS asked (name) WHERE to_regclass(name) IS NULL
"""


async def install(db: Database, views: tuple[View, ...]) -> None:
    """Create tables and indexes that do not exist yet; doing it again is safe."""
    if isinstance(db, asyncpg.Pool):
        async with db.acquire() as connection:
            await _install(connection, views)
    else:
        await _install(db, views)


async def install_missing(db: Database, views: tuple[View, ...]) -> None:
    """The same, when a table is missing: one look, cheap enough before every catch-up."""
    names = [name for view in views for name in view.table_names()]
    if await db.fetchval(_MISSING, names):
        await install(db, views)


async def _install(db: Connection, views: tuple[View, ...]) -> None:
    await db.execute("SELECT pg_advisory_lock($1)", LOCK)
    try:
        await create_tables(db, views)
    finally:
        await db.execute("SELECT pg_advisory_unlock($1)", LOCK)


async def create_tables(
    db: Connection, views: tuple[View, ...], schema: str = VIEWS_SCHEMA
) -> None:
    """Run the views' DDL in a schema."""
    for view in views:
        async with db.transaction():
            await db.execute("SET LOCAL client_min_messages = warning")
            await db.execute(f"SET LOCAL search_path = {schema}, {LOG_SCHEMA}, pg_temp")
            await db.execute(view.sql)
