"""Read slices of the log: by topic and position, by stream and version; and follow it.

A follower notes how far it has read. ``move_tracking`` changes that note together
with whatever the follower keeps in tables of its own, or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ledger.core.entry import Entry
from ledger.core.errors import Conflict
from ledger.storage.connect import Connection, Database
from ledger.storage.requests import Tracking

POSITION_MAX = 2**63 - 1

_BY_POSITION = """
    SELECT position, entry FROM events
    WHERE ledger_id = $1 AND position BETWEEN $2 AND $3 ORDER BY position LIMIT $4
"""
_BY_TOPIC = """
    SELECT position, entry FROM events
    WHERE ledger_id = $1 AND position BETWEEN $2 AND $3 AND topic = ANY($5)
    ORDER BY position LIMIT $4
"""
_BY_VERSION = """
    SELECT position, entry FROM events
    WHERE ledger_id = $1 AND stream_id = $2 AND version > $3 AND version <= $4
    ORDER BY version LIMIT $5
"""
_BY_VERSION_DOWN = """
    SELECT position, entry FROM events
    WHERE ledger_id = $1 AND stream_id = $2 AND version > $3 AND version <= $4
    ORDER BY version DESC LIMIT $5
"""
_SIZE = "SELECT size FROM heads WHERE ledger_id = $1"
_TRACKING = "SELECT position FROM trackings WHERE ledger_id = $1 AND name = $2"
# Appends that move a tracking hold the head row; so does this.
_LOCK_HEAD = "SELECT 1 FROM heads WHERE ledger_id = $1 FOR UPDATE"
_MOVE_TRACKING = """
    INSERT INTO trackings (ledger_id, name, position) VALUES ($1, $2, $3)
    ON CONFLICT (ledger_id, name) DO UPDATE SET position = excluded.position
        WHERE trackings.position < excluded.position
    RETURNING position
"""


async def read_range(  # noqa: PLR0913 - the bounds, each by name
    db: Database,
    ledger_id: str,
    *,
    first: int = 0,
    last: int = POSITION_MAX,
    topics: Sequence[str] = (),
    limit: int,
) -> list[Entry]:
    """Return up to ``limit`` entries of some topics (none named: all), both ends included."""
    if topics:
        rows = await db.fetch(_BY_TOPIC, ledger_id, first, last, limit, list(topics))
    else:
        rows = await db.fetch(_BY_POSITION, ledger_id, first, last, limit)
    return [Entry(position, data) for position, data in rows]


async def read_versions(  # noqa: PLR0913 - the bounds, each by name
    db: Database,
    ledger_id: str,
    stream_id: str,
    *,
    above: int = -1,
    up_to: int = POSITION_MAX,
    limit: int | None = None,
    is_descending: bool = False,
) -> list[Entry]:
    """Return a stream's entries above one version and up to another, in order or backwards."""
    statement = _BY_VERSION_DOWN if is_descending else _BY_VERSION
    rows = await db.fetch(statement, ledger_id, stream_id, above, up_to, limit)
    return [Entry(position, data) for position, data in rows]


async def read_size(db: Database, ledger_id: str) -> int:
    """Return how many entries the ledger has; none where there is no ledger."""
    return await db.fetchval(_SIZE, ledger_id) or 0


async def read_tracking(db: Database, ledger_id: str, name: str) -> int | None:
    """Return the position up to which a follower has read; ``None`` before it began."""
    position: int | None = await db.fetchval(_TRACKING, ledger_id, name)
    return position


async def move_tracking(
    db: Connection, ledger_id: str, tracking: Tracking, *, statement: str, arguments: Sequence[Any]
) -> None:
    """Move a follower on and run its statement in one transaction.

    Raises ``Conflict`` when the follower is there already.
    """
    async with db.transaction():
        await db.execute(_LOCK_HEAD, ledger_id)
        moved = await db.fetchval(_MOVE_TRACKING, ledger_id, tracking.name, tracking.position)
        if moved is None:
            raise Conflict(follower=tracking.name, position=tracking.position)
        await db.execute(statement, *arguments)
