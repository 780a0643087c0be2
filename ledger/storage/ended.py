"""When a log ends and goes on under another origin: the head's new name, old checkpoints set aside.

Only ``ledger.publishing.recovery`` calls this, inside the transaction of the entry that says so.
"""

from __future__ import annotations

from datetime import datetime

from ledger.merkle.checkpoints import read_checkpoint
from ledger.storage.checkpoints import KeptCheckpoint, checkpoints_before
from ledger.storage.connect import Connection
from ledger.storage.errors import NotInitialised
from ledger.storage.known import HeadRow
from ledger.storage.tree import BeyondTheLog, read_root

BATCH_ROWS = 500

_LOCK = "SELECT 1 FROM heads WHERE ledger_id = $1 FOR UPDATE"
_RENAME = "UPDATE heads SET origin = $2 WHERE ledger_id = $1"
_LAST = """
    SELECT origin, size, frontier, (
        SELECT e.recorded_at FROM events AS e
        WHERE e.ledger_id = $1 AND e.position = heads.size - 1
    ) AS recorded_at, key_check FROM heads WHERE ledger_id = $1
"""
_SET_TIME = "UPDATE heads SET recorded_at = $2 WHERE ledger_id = $1"
_KEEP = """
    INSERT INTO ended_checkpoints (ledger_id, origin, size, note, ended_at)
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""
_REMOVE = (
    "DELETE FROM time_stamps WHERE ledger_id = $1 AND size = $2",
    "DELETE FROM cosignatures WHERE ledger_id = $1 AND size = $2",
    "DELETE FROM checkpoints WHERE ledger_id = $1 AND size = $2",
)


async def lock_head(db: Connection, ledger_id: str) -> None:
    """Let nobody append until the transaction ends (refuses with ``NotInitialised``)."""
    if await db.fetchval(_LOCK, ledger_id) is None:
        raise NotInitialised(ledger=ledger_id)


async def change_origin(db: Connection, ledger_id: str, origin: str) -> None:
    """Let entries carry another origin from now on."""
    await db.execute(_RENAME, ledger_id, origin)


async def put_time_back(db: Connection, ledger_id: str, now: datetime) -> HeadRow | None:
    """Let the head say the last entry's time, or the present if that is ahead of it; return it."""
    row = await db.fetchrow(_LAST, ledger_id)
    if row is None or row["recorded_at"] is None:
        return None
    recorded_at = min(row["recorded_at"], now)
    await db.execute(_SET_TIME, ledger_id, recorded_at)
    size, frontier = row["size"], row["frontier"]
    return HeadRow(row["origin"], size, frontier, recorded_at, key_check=row["key_check"])


async def end_checkpoints(db: Connection, ledger_id: str, size: int, *, at: datetime) -> int:
    """Set aside every checkpoint that a log of ``size`` entries does not bear out; say how many.

    From the largest down to the first that fits: what was signed before that one fits as well.
    """
    ended, below = 0, None
    while batch := await checkpoints_before(db, ledger_id, below, limit=BATCH_ROWS):
        for kept in batch:
            if await _fits(db, ledger_id, kept, size):
                return ended
            await _set_aside(db, ledger_id, kept, at)
            ended += 1
        below = batch[-1].checkpoint.size
    return ended


async def _fits(db: Connection, ledger_id: str, kept: KeptCheckpoint, size: int) -> bool:
    if kept.checkpoint.size > size:
        return False
    try:
        root = await read_root(db, ledger_id, kept.checkpoint.size)
    except BeyondTheLog:
        return False
    return root == kept.checkpoint.root == read_checkpoint(kept.note.text).root


async def _set_aside(db: Connection, ledger_id: str, kept: KeptCheckpoint, at: datetime) -> None:
    size = kept.checkpoint.size
    await db.execute(_KEEP, ledger_id, kept.checkpoint.origin, size, str(kept.note), at)
    for statement in _REMOVE:
        await db.execute(statement, ledger_id, size)
