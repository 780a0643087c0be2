"""Move a ledger's secrets to another database: copied, compared, then switched at once.

    source, locked ─► target: all rows, compared, one commit
                   ─► source: "moved" is noted and the rows are deleted, one commit

Until the second commit the source is complete and is the home; after it the target is. Killed in
between, it is done again from the start; what an earlier try left at the target is replaced.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from ledger.core.errors import LedgerError
from ledger.sealing import Keyring
from ledger.storage.connect import Connection
from ledger.storage.migrate import Migration, read_migrations
from ledger.storage.vault import unwrapped

KEYS_MIGRATIONS = frozenset({"0030_sealing_keys.sql", "0035_sealing_moved.sql"})
BATCH = 500
NIL = UUID(int=0)
_LOCK = 0x6D6F7665  # "move": held in both databases, so that one is never taken for two

_COLUMNS = (
    "ledger_id, slot_id, subject_id, record_id, kek, wrapped, event_id, stream_id, version,"
    " is_confirmed, created_at"
)
_READ = f"""
    SELECT {_COLUMNS} FROM sealing_slots
    WHERE ledger_id = $1 AND slot_id > $2 ORDER BY slot_id LIMIT $3
"""  # noqa: S608 - names of ours
_WRITE = f"""
    INSERT INTO sealing_slots ({_COLUMNS})
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""  # noqa: S608 - names of ours
_EMPTY = "DELETE FROM sealing_slots WHERE ledger_id = $1"
_COUNT = "SELECT count(*) FROM sealing_slots WHERE ledger_id = $1"
_MOVED = "SELECT slots_count, moved_at FROM sealing_moved WHERE ledger_id = $1"
_NOTE_MOVED = """
    INSERT INTO sealing_moved (ledger_id, slots_count) VALUES ($1, $2)
"""
_UNMOVED = "DELETE FROM sealing_moved WHERE ledger_id = $1"


class KeysHaveOneHome(LedgerError):
    """Source and target are the same database: there is nothing to move.

    来源与目标是同一个数据库，无须迁移。
    """


class CopyDiffers(LedgerError):
    """The copy of the secrets is not what the source has: nothing was switched.

    密钥副本与来源不一致：未作切换。
    """


@dataclass(frozen=True, slots=True)
class Moved:
    """How many secrets went from a database to another, and when."""

    slots_count: int
    moved_at: datetime


def keys_migrations() -> list[Migration]:
    """Return the migrations of a database that holds secrets."""
    return [one for one in read_migrations() if one.name in KEYS_MIGRATIONS]


async def moved_away(db: Connection, ledger_id: str) -> Moved | None:
    """Return when a ledger's secrets went from this database to another, if they did."""
    row = await db.fetchrow(_MOVED, ledger_id)
    return None if row is None else Moved(row["slots_count"], row["moved_at"])


async def slots_count(db: Connection, ledger_id: str) -> int:
    """Return how many secrets of a ledger this database holds."""
    found: int = await db.fetchval(_COUNT, ledger_id)
    return found


async def move_keys(
    ledger_id: str, source: Connection, target: Connection, keyring: Keyring, batch: int = BATCH
) -> AsyncIterator[int]:
    """Move the secrets; yield how many are copied so far.

    Refuses with ``KeysHaveOneHome``, ``CopyDiffers``, ``KeyUnknown``: the source stays the home.
    """
    async with _two_databases(source, target), source.transaction():
        await source.execute("LOCK TABLE sealing_slots IN SHARE ROW EXCLUSIVE MODE")
        async with target.transaction():
            await target.execute(_UNMOVED, ledger_id)
            await target.execute(_EMPTY, ledger_id)
            done = 0
            async for rows in _batches(source, ledger_id, batch):
                await target.executemany(_WRITE, [tuple(row) for row in rows])
                done += len(rows)
                yield done
            count, digest = await _digest(source, ledger_id)
            if (count, digest) != await _digest(target, ledger_id, keyring):
                raise CopyDiffers()
        await source.execute(_EMPTY, ledger_id)
        await source.execute(_NOTE_MOVED, ledger_id, count)


@asynccontextmanager
async def _two_databases(source: Connection, target: Connection) -> AsyncIterator[None]:
    """Refuse one database under two addresses: its lock cannot be had twice."""
    await source.execute("SELECT pg_advisory_lock($1)", _LOCK)
    try:
        if not await target.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
            raise KeysHaveOneHome()
        try:
            yield
        finally:
            await target.execute("SELECT pg_advisory_unlock($1)", _LOCK)
    finally:
        await source.execute("SELECT pg_advisory_unlock($1)", _LOCK)


async def _batches(db: Connection, ledger_id: str, batch: int) -> AsyncIterator[list[Any]]:
    after = NIL
    while rows := await db.fetch(_READ, ledger_id, after, batch):
        yield rows
        after = rows[-1]["slot_id"]


async def _digest(
    db: Connection, ledger_id: str, keyring: Keyring | None = None
) -> tuple[int, bytes]:
    """Return the count and digest of all rows; with keys each secret is unwrapped as well."""
    count, digest = 0, sha256()
    async for rows in _batches(db, ledger_id, BATCH):
        for row in rows:
            digest.update(repr(tuple(row)).encode())
            if keyring is not None:
                unwrapped(keyring, ledger_id, row)
        count += len(rows)
    return count, digest.digest()
