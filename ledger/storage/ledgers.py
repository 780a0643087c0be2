"""Which ledgers a database holds, and locks on them."""

from __future__ import annotations

import asyncpg

from ledger.storage.connect import Database


async def ledger_ids(db: Database) -> list[str]:
    """Return the names of all ledgers in the database, sorted."""
    rows = await db.fetch("SELECT ledger_id FROM heads ORDER BY ledger_id")
    return [row["ledger_id"] for row in rows]


async def hold_alone(connection: asyncpg.Connection, ledger_id: str, purpose: str) -> bool:
    """Take a lock for one purpose on a ledger until the connection closes; ``False`` if taken.

    It keeps nobody from writing: only those who ask for the same purpose are kept apart.
    """
    held: bool = await connection.fetchval(
        "SELECT pg_try_advisory_lock(hashtextextended($1, 0))", f"{purpose} {ledger_id}"
    )
    return held
