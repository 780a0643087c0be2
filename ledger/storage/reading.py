"""Read the log: entries by position, streams by version. Nothing here decides or writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.core.entry import Entry
from ledger.merkle.tree import Frontier
from ledger.storage.connect import Database
from ledger.storage.errors import NotInitialised

_ENTRIES = """
    SELECT position, entry FROM events
    WHERE ledger_id = $1 AND position >= $2 ORDER BY position LIMIT $3
"""
_STREAM = """
    SELECT position, entry FROM events
    WHERE ledger_id = $1 AND stream_id = $2 AND version > $3 ORDER BY version
"""
STANDING = ("organisation.", "delegation.")
"""How the topics begin of what permissions follow from; migration 0020 indexes them."""

_STANDING = """
    SELECT position, entry FROM events
    WHERE ledger_id = $1 AND position >= $2
        AND (starts_with(topic, 'organisation.') OR starts_with(topic, 'delegation.'))
    ORDER BY position
"""
_OF_STREAMS = """
    SELECT position, entry FROM events
    WHERE ledger_id = $1 AND stream_id = ANY($2) AND topic = ANY($3)
    ORDER BY position
"""
_FIRST_OF_STREAMS = """
    SELECT position, entry FROM events
    WHERE ledger_id = $1 AND stream_id = ANY($2) AND version <= 1
    ORDER BY position
"""
_OF_SEALING = """
    SELECT position, entry FROM events
    WHERE ledger_id = $1 AND position >= $2 AND topic IN (
        'person.sealed.v1', 'person.erased.v1', 'erasure.approved.v1', 'erasure.carried_out.v1'
    ) ORDER BY position LIMIT $3
"""
_BEGUN_WITH = """
    SELECT position, entry FROM events WHERE ledger_id = $1 AND topic = $2 ORDER BY position
"""
_MENTIONS = """
    SELECT position, entry FROM events
    WHERE ledger_id = $1 AND position($2::bytea in entry) > 0 ORDER BY events.position LIMIT $3
"""
_HEAD = "SELECT origin, size, frontier, recorded_at FROM heads WHERE ledger_id = $1"


@dataclass(frozen=True, slots=True)
class Head:
    """How far the log reaches: ``size`` entries, the right edge of their tree."""

    origin: str
    size: int
    frontier: Frontier
    recorded_at: datetime


async def read_head(db: Database, ledger_id: str) -> Head:
    """Return the ledger's head (refuses with ``NotInitialised``)."""
    row = await db.fetchrow(_HEAD, ledger_id)
    if row is None:
        raise NotInitialised(ledger=ledger_id)
    frontier = Frontier.from_bytes(row["size"], row["frontier"])
    return Head(row["origin"], row["size"], frontier, row["recorded_at"])


async def read_entries(db: Database, ledger_id: str, *, start: int, limit: int) -> list[Entry]:
    """Return up to ``limit`` entries from position ``start`` on, in log order."""
    rows = await db.fetch(_ENTRIES, ledger_id, start, limit)
    return [Entry(position, data) for position, data in rows]


async def read_sealing(db: Database, ledger_id: str, *, start: int, limit: int) -> list[Entry]:
    """Return up to ``limit`` entries on what was sealed and erased, from ``start`` on."""
    rows = await db.fetch(_OF_SEALING, ledger_id, start, limit)
    return [Entry(position, data) for position, data in rows]


async def read_mentions(db: Database, ledger_id: str, text: str, *, limit: int) -> list[Entry]:
    """Return the entries in which an id stands anywhere: a walk over the whole log."""
    rows = await db.fetch(_MENTIONS, ledger_id, text.encode(), limit)
    return [Entry(position, data) for position, data in rows]


async def read_stream(
    db: Database, ledger_id: str, stream_id: str, *, after_version: int = -1
) -> list[Entry]:
    """Return a stream's entries after a version, in order."""
    rows = await db.fetch(_STREAM, ledger_id, stream_id, after_version)
    return [Entry(position, data) for position, data in rows]


async def read_standing(db: Database, ledger_id: str, *, start: int) -> list[Entry]:
    """Return what happened to organisations and delegations from a position on, in log order."""
    return [Entry(*row) for row in await db.fetch(_STANDING, ledger_id, start)]


async def read_of_streams(
    db: Database, ledger_id: str, stream_ids: Sequence[str], topics: Sequence[str]
) -> list[Entry]:
    """Return the entries with these topics of some streams, in log order."""
    rows = await db.fetch(_OF_STREAMS, ledger_id, stream_ids, topics)
    return [Entry(*row) for row in rows]


async def read_begun_with(db: Database, ledger_id: str, topic: str) -> list[Entry]:
    """Return all entries of a topic that few have, by a look through the whole log."""
    return [Entry(*row) for row in await db.fetch(_BEGUN_WITH, ledger_id, topic)]


async def read_first_of_streams(
    db: Database, ledger_id: str, stream_ids: Sequence[str]
) -> list[Entry]:
    """Return how some streams began, in log order."""
    return [Entry(*row) for row in await db.fetch(_FIRST_OF_STREAMS, ledger_id, stream_ids)]
