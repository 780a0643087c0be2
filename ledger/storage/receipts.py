"""Receipts, read: which commands of a caller the log holds already, and what they addressed."""

from __future__ import annotations

from uuid import UUID

from ledger.storage.connect import Database

_ALL = "SELECT key, stream_id FROM receipts WHERE ledger_id = $1 AND caller = $2"
_FIRST = """
    SELECT key FROM receipts WHERE ledger_id = $1 AND caller = $2 ORDER BY first_position LIMIT 1
"""
_ONE = "SELECT 1 FROM receipts WHERE ledger_id = $1 AND caller = $2 AND key = $3"


async def read_receipts(db: Database, ledger_id: str, caller: str) -> dict[str, UUID]:
    """Return the keys that a caller used, each with the id of what its command addressed."""
    rows = await db.fetch(_ALL, ledger_id, caller)
    return {key: UUID(stream_id) for key, stream_id in rows}


async def first_key(db: Database, ledger_id: str, caller: str) -> str | None:
    """Return the key of the first command that a caller gave, if it gave any."""
    key: str | None = await db.fetchval(_FIRST, ledger_id, caller)
    return key


async def has_receipt(db: Database, ledger_id: str, caller: str, key: str) -> bool:
    """Tell whether a caller's command with this key was recorded."""
    return await db.fetchval(_ONE, ledger_id, caller, key) is not None
