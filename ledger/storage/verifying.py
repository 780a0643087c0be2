"""What the full check reads: rows as they are stored, in one snapshot for several connections."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg

from ledger.storage.connect import Connection, connect

Row: TypeAlias = "asyncpg.Record"
BATCH_ROWS = 1_024

_EVENTS = """
    SELECT position, stream_id, version, topic, occurred_at, recorded_at, leaf_hash, entry
    FROM events WHERE ledger_id = $1 AND position >= $2 AND position < $3 ORDER BY position
"""
_TILES = """
    SELECT number, hashes, root FROM tiles
    WHERE ledger_id = $1 AND level = $2 AND number >= $3 AND number < $4 ORDER BY number
"""
_TILES_BEYOND = """
    SELECT level, number FROM tiles WHERE ledger_id = $1 AND number >= $2 >> (8 * (level + 1))
    ORDER BY level, number LIMIT 100
"""
_CHECKPOINTS = """
    SELECT size, root, note FROM checkpoints
    WHERE ledger_id = $1 AND size >= $2 AND size < $3 ORDER BY size
"""
_COSIGNATURES = """
    SELECT c.size, c.key_name, c.key_id, c.line, c.cosigned_at, checkpoints.note
    FROM cosignatures AS c LEFT JOIN checkpoints USING (ledger_id, size)
    WHERE c.ledger_id = $1 ORDER BY c.size
"""
_TIME_STAMPS = """
    SELECT t.size, t.authority, t.stamped, t.token, checkpoints.note
    FROM time_stamps AS t LEFT JOIN checkpoints USING (ledger_id, size)
    WHERE t.ledger_id = $1 ORDER BY t.size
"""
_HEAD = "SELECT origin, size, frontier, recorded_at FROM heads WHERE ledger_id = $1"
_BEYOND = "SELECT position FROM events WHERE ledger_id = $1 AND position >= $2 LIMIT 100"
_LOWEST = "SELECT min(position) FROM events WHERE ledger_id = $1"
# In the order of versions each version is one more than the last, and stands later in the log.
_VERSIONS = """
    SELECT position, stream_id, version FROM (
        SELECT position, stream_id, version,
            coalesce(lag(version) OVER of_stream, 0) AS version_before,
            coalesce(lag(position) OVER of_stream, -1) AS position_before
        FROM events WHERE ledger_id = $1
        WINDOW of_stream AS (PARTITION BY stream_id ORDER BY version, position)
    ) AS found
    WHERE position <= position_before
        OR version <= version_before OR (NOT $2 AND version <> version_before + 1)
    ORDER BY position LIMIT 100
"""
# The events of one command are recorded in one step, a microsecond apart.
_RECEIPTS = """
    SELECT * FROM (
        SELECT caller, key, first_position,
            first_stream IS NOT DISTINCT FROM stream_id AS is_stream,
            last_version IS NOT DISTINCT FROM version AS is_version,
            found = event_count AND span = (event_count - 1) * interval '1 microsecond' AS is_count
        FROM receipts CROSS JOIN LATERAL (
            SELECT count(*) AS found, max(e.recorded_at) - min(e.recorded_at) AS span,
                (array_agg(e.stream_id ORDER BY e.position))[1] AS first_stream,
                max(e.version) FILTER (WHERE e.stream_id = receipts.stream_id) AS last_version
            FROM events AS e WHERE e.ledger_id = receipts.ledger_id
                AND e.position >= first_position AND e.position < first_position + event_count
        ) AS named
        WHERE ledger_id = $1
    ) AS compared
    WHERE NOT (is_stream AND is_version AND is_count) ORDER BY first_position LIMIT 100
"""
_OVERLAPS = """
    SELECT first_position FROM (
        SELECT first_position,
            max(first_position + event_count) OVER (
                ORDER BY first_position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS end_before
        FROM receipts WHERE ledger_id = $1
    ) AS found
    WHERE first_position < end_before ORDER BY first_position LIMIT 100
"""
_TABLES = """
    SELECT relname, relkind, relrowsecurity, relhasrules FROM pg_class
    WHERE oid = ANY(ARRAY(SELECT to_regclass(name) FROM unnest($1::text[]) AS name))
"""
_TRIGGERS = """
    SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A') AND NOT tgisinternal
        AND tgrelid = ANY(ARRAY(SELECT to_regclass(name) FROM unnest($1::text[]) AS name))
"""
_CONSTRAINTS = """
    SELECT conname FROM pg_constraint WHERE convalidated
        AND conrelid = ANY(ARRAY(SELECT to_regclass(name) FROM unnest($1::text[]) AS name))
"""
_INDEXES_BROKEN = """
    SELECT indexrelid::regclass::text FROM pg_index
    WHERE indrelid = ANY(ARRAY(SELECT to_regclass(name) FROM unnest($1::text[]) AS name))
        AND NOT (indisvalid AND indisready)
"""

LOG_TABLES = (
    "heads", "events", "receipts", "tiles", "checkpoints", "cosignatures", "time_stamps",
)  # fmt: skip
TRIPWIRES = {
    "trigger": {
        "events_are_append_only",
        "receipts_are_append_only",
        "heads_are_never_removed",
        "tiles_are_append_only",
    },
    "constraint": {
        "heads_pkey",
        "events_pkey",
        "events_one_writer_per_version",
        "receipts_pkey",
        "tiles_pkey",
        "checkpoints_pkey",
        "events_leaf_hash_check",
        "events_entry_check",
        "tiles_hashes_check",
        "tiles_root_check",
    },
}
_PLAIN_TABLE = (b"r", b"p")  # a table, or one that is spread over partitions


@asynccontextmanager
async def snapshot(dsn: str, shared: str | None = None) -> AsyncIterator[Connection]:
    """Open a connection whose every answer is of one moment: its own, or one that is shared."""
    db = await connect(dsn, command_timeout=None)
    try:
        await _raw_times(db)
        async with db.transaction(isolation="repeatable_read", readonly=True):
            if shared is not None:
                await db.execute(f"SET TRANSACTION SNAPSHOT '{_plain(shared)}'")
            yield db
    finally:
        await db.close()


async def share(db: Connection) -> str:
    """Return the name by which other connections take part in this snapshot."""
    name: str = await db.fetchval("SELECT pg_export_snapshot()")
    return name


async def raw_events(db: Connection, ledger_id: str, start: int, end: int) -> list[Row]:
    """Return rows of events; times are microseconds since 2000, as they are stored."""
    rows: list[Row] = await db.fetch(_EVENTS, ledger_id, start, end)
    return rows


async def raw_tiles(
    db: Connection, ledger_id: str, level: int, start: int, end: int
) -> dict[int, tuple[bytes, bytes]]:
    """Return hashes and root of full tiles by number."""
    rows = await db.fetch(_TILES, ledger_id, level, start, end)
    return {number: (hashes, root) for number, hashes, root in rows}


async def tiles_beyond(db: Connection, ledger_id: str, size: int) -> list[Row]:
    """Return tiles that a log of this size cannot have."""
    rows: list[Row] = await db.fetch(_TILES_BEYOND, ledger_id, size)
    return rows


async def raw_checkpoints(db: Connection, ledger_id: str, start: int, end: int) -> list[Row]:
    """Return (size, root, note) of checkpoints with start <= size < end."""
    rows: list[Row] = await db.fetch(_CHECKPOINTS, ledger_id, start, end)
    return rows


async def raw_head(db: Connection, ledger_id: str) -> Row | None:
    """Return the head row, if there is one."""
    return await db.fetchrow(_HEAD, ledger_id)


async def positions_beyond(db: Connection, ledger_id: str, size: int) -> list[int]:
    """Return positions of events from ``size`` on, and negative ones."""
    lowest = await db.fetchval(_LOWEST, ledger_id)
    beyond = [row["position"] for row in await db.fetch(_BEYOND, ledger_id, size)]
    return ([lowest] if lowest is not None and lowest < 0 else []) + beyond


def cosignatures(db: Connection, ledger_id: str) -> AsyncIterator[Row]:
    """Yield cosignatures, each with the note that it is below (None: there is none)."""
    found: AsyncIterator[Row] = aiter(db.cursor(_COSIGNATURES, ledger_id, prefetch=BATCH_ROWS))
    return found


def time_stamps(db: Connection, ledger_id: str) -> AsyncIterator[Row]:
    """Yield time stamps, each with the note of its checkpoint."""
    found: AsyncIterator[Row] = aiter(db.cursor(_TIME_STAMPS, ledger_id, prefetch=BATCH_ROWS))
    return found


async def broken_versions(db: Connection, ledger_id: str, *, are_gaps_allowed: bool) -> list[Row]:
    """Return events whose version does not follow the one before in their stream."""
    rows: list[Row] = await db.fetch(_VERSIONS, ledger_id, are_gaps_allowed)
    return rows


async def broken_receipts(db: Connection, ledger_id: str) -> list[Row]:
    """Return receipts that do not fit the events they name."""
    rows: list[Row] = await db.fetch(_RECEIPTS, ledger_id)
    return rows


async def overlapping_receipts(db: Connection, ledger_id: str) -> list[int]:
    """Return first positions of receipts that name an event that another names too."""
    return [row["first_position"] for row in await db.fetch(_OVERLAPS, ledger_id)]


async def tripwires_gone(db: Connection) -> list[tuple[str, str]]:
    """Return (table or '', what) that keeps the tables of the log from changes and is not there."""
    tables = list(LOG_TABLES)
    gone: list[tuple[str, str]] = []
    found = {row["relname"]: row for row in await db.fetch(_TABLES, tables)}
    for table in tables:
        row = found.get(table)
        if row is None or row["relkind"] not in _PLAIN_TABLE:
            gone.append((table, "not a plain table"))
        elif row["relrowsecurity"] or row["relhasrules"]:
            gone.append((table, "rules or row security"))
    for kind, query in (("trigger", _TRIGGERS), ("constraint", _CONSTRAINTS)):
        there = {row[0] for row in await db.fetch(query, tables)}
        gone += [("", f"{kind} {name}") for name in sorted(TRIPWIRES[kind] - there)]
    gone += [("", f"index {row[0]}") for row in await db.fetch(_INDEXES_BROKEN, tables)]
    return gone


async def _raw_times(db: Connection) -> None:
    """Take times as the numbers that are stored: also one that no calendar has can be shown."""
    await db.set_type_codec(
        "timestamptz",
        schema="pg_catalog",
        encoder=lambda micros: (micros,),
        decoder=_first,
        format="tuple",
    )


def _first(stored: tuple[Any, ...]) -> Any:
    return stored[0]


def _plain(name: str) -> str:
    if not name.replace("-", "").isalnum():
        raise ValueError(name)
    return name
