"""Make what rests on the entries fit them again: leaf hashes, tiles, head, receipts, what follows.

Only ``ledger.publishing.recovery`` calls this, as the owner of the tables, inside the transaction
of the entry that says so, while nobody serves. The entries count as they are found: from the first
on as far as there is no gap. What lay behind a gap, and receipts of what is not there, are set
aside as evidence (``ended_events``, ``ended_receipts``).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from ledger.core.entry import Entry
from ledger.merkle.tiles import TILE_WIDTH, subtree_root
from ledger.merkle.tree import Frontier, leaf_hash
from ledger.storage.connect import Connection
from ledger.storage.tiling import TILE_COLUMNS

BATCH_ROWS = 2_000

_EVENTS = "SELECT position, leaf_hash, entry FROM events WHERE ledger_id = $1 ORDER BY position"
_SET_LEAF = "UPDATE events SET leaf_hash = $3 WHERE ledger_id = $1 AND position = $2"
_TILES = """
    SELECT level, number, hashes, root FROM tiles WHERE ledger_id = $1 ORDER BY level, number
"""
_HEAD = "SELECT size, frontier, recorded_at FROM heads WHERE ledger_id = $1"
_SET_HEAD = """
    UPDATE heads SET size = $2, frontier = $3, recorded_at = $4 WHERE ledger_id = $1
"""
_SET_ASIDE_EVENTS = """
    WITH gone AS (
        DELETE FROM events WHERE ledger_id = $1 AND (position >= $2 OR position < 0)
        RETURNING position, entry
    ), kept AS (
        INSERT INTO ended_events (ledger_id, position, entry, ended_at)
        SELECT $1, position, entry, $3 FROM gone
    )
    SELECT count(*) FROM gone
"""
# A receipt that names entries which are not there, or others than it says.
_SET_ASIDE_RECEIPTS = """
    WITH gone AS (
        DELETE FROM receipts AS r WHERE r.ledger_id = $1 AND (
            r.first_position + r.event_count > $2
            OR NOT EXISTS (
                SELECT FROM events AS e WHERE e.ledger_id = r.ledger_id
                    AND e.position >= r.first_position
                    AND e.position < r.first_position + r.event_count
                    AND e.stream_id = r.stream_id AND e.version = r.version
            )
        )
        RETURNING caller, key, request_digest, stream_id, version, first_position, event_count
    ), kept AS (
        INSERT INTO ended_receipts (ledger_id, caller, key, request_digest, stream_id, version,
            first_position, event_count, ended_at)
        SELECT $1, gone.*, $3 FROM gone
    )
    SELECT count(*) FROM gone
"""
_FOLLOWING = (
    "DELETE FROM snapshots WHERE ledger_id = $1 AND $2::bigint IS NOT NULL",
    "UPDATE trackings SET position = $2::bigint - 1, mac = NULL"
    " WHERE ledger_id = $1 AND position >= $2",
    """DELETE FROM timers WHERE ledger_id = $1 AND $2::bigint IS NOT NULL AND NOT EXISTS (
        SELECT FROM events WHERE events.ledger_id = timers.ledger_id
            AND events.stream_id = timers.key
    )""",
)
TABLES = ("events", "tiles", "receipts", "entry_macs")
"""Tables of the log that refuse changes."""


@dataclass(slots=True)
class Mended:
    """How the log is now, and what had to be made again so that it fits."""

    size: int = 0
    frontier: Frontier = field(default_factory=Frontier)
    recorded_at: datetime | None = None
    what: list[str] = field(default_factory=list)


@asynccontextmanager
async def changes_allowed(db: Connection) -> AsyncIterator[None]:
    """Let the owner change the tables of the log for a block of its transaction."""
    for table in TABLES:
        await db.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_are_append_only")
    yield
    for table in TABLES:
        await db.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_are_append_only")


async def mend_tree(db: Connection, ledger_id: str, *, at: datetime) -> Mended:
    """Make everything fit the entries as they are found; inside ``changes_allowed``."""
    mended = Mended()
    leaves = await _mend_leaves(db, ledger_id, mended)
    for leaf in leaves:
        mended.frontier.append(leaf)
    mended.size = len(leaves)
    aside = await db.fetchval(_SET_ASIDE_EVENTS, ledger_id, mended.size, at)
    if aside:
        mended.what.append(f"{aside} entries behind a gap set aside")
    await _mend_tiles(db, ledger_id, leaves, mended)
    await _mend_head(db, ledger_id, mended)
    aside = await db.fetchval(_SET_ASIDE_RECEIPTS, ledger_id, mended.size, at)
    if aside:
        mended.what.append(f"{aside} receipts set aside")
    for statement in _FOLLOWING:
        await db.execute(statement, ledger_id, mended.size)
    return mended


async def _mend_leaves(db: Connection, ledger_id: str, mended: Mended) -> list[bytes]:
    """Return the leaf hashes of the entries up to the first gap, put right in their rows."""
    leaves: list[bytes] = []
    wrong: list[tuple[str, int, bytes]] = []
    async for position, stored, entry in db.cursor(_EVENTS, ledger_id, prefetch=BATCH_ROWS):
        if position < 0:
            continue
        if position != len(leaves):
            break
        leaf = leaf_hash(entry)
        leaves.append(leaf)
        mended.recorded_at = _recorded_at(position, entry) or mended.recorded_at
        if leaf != stored:
            wrong.append((ledger_id, position, leaf))
    await db.executemany(_SET_LEAF, wrong)
    if wrong:
        mended.what.append(f"{len(wrong)} leaf hashes")
    return leaves


def _recorded_at(position: int, entry: bytes) -> datetime | None:
    try:
        return Entry(position, entry).recorded_at
    except (ValueError, KeyError, TypeError):
        return None


async def _mend_tiles(db: Connection, ledger_id: str, leaves: list[bytes], mended: Mended) -> None:
    stored = {(row[0], row[1]): (row[2], row[3]) for row in await db.fetch(_TILES, ledger_id)}
    level, hashes, rows, changed = 0, leaves, [], 0
    while hashes:
        roots = []
        for number in range(len(hashes) // TILE_WIDTH):
            tile = hashes[number * TILE_WIDTH : (number + 1) * TILE_WIDTH]
            roots.append(subtree_root(tile))
            row = (b"".join(tile), roots[-1])
            if stored.pop((level, number), None) != row:
                changed += 1
                rows.append((ledger_id, level, number, *row))
        level, hashes = level + 1, roots
    delete = "DELETE FROM tiles WHERE ledger_id = $1 AND level = $2 AND number = $3"
    await db.executemany(delete, [row[:3] for row in rows])
    await db.executemany(delete, [(ledger_id, *key) for key in stored])
    await db.copy_records_to_table("tiles", records=rows, columns=TILE_COLUMNS)
    if changed or stored:
        mended.what.append(f"{changed + len(stored)} tiles")


async def _mend_head(db: Connection, ledger_id: str, mended: Mended) -> None:
    size, frontier, recorded_at = await db.fetchrow(_HEAD, ledger_id)
    now = mended.size, mended.frontier.to_bytes(), mended.recorded_at or recorded_at
    if (size, frontier, recorded_at) != now:
        mended.what.append("head")
        await db.execute(_SET_HEAD, ledger_id, *now)
