"""Which ledgers a database holds."""

from __future__ import annotations

from ledger.storage.connect import Database


async def ledger_ids(db: Database) -> list[str]:
    """Return the names of all ledgers in the database, sorted."""
    rows = await db.fetch("SELECT ledger_id FROM heads ORDER BY ledger_id")
    return [row["ledger_id"] for row in rows]
