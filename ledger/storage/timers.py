"""What waits, and for whom, as the full check reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from ledger.core.entry import Entry
from ledger.storage.connect import Connection

_TIMERS = """
    SELECT key, CASE WHEN due_at BETWEEN '0001-01-02' AND '9999-12-30' THEN due_at END AS due_at
    FROM timers WHERE ledger_id = $1 AND reaction = $2
"""
_POSITION = "SELECT position FROM trackings WHERE ledger_id = $1 AND name = $2"
_STREAMS = """
    SELECT stream_id, position, entry FROM events
    WHERE ledger_id = $1 AND topic = ANY($2) ORDER BY stream_id, version
"""


async def read_timers_and_position(
    db: Connection, ledger_id: str, reaction: str
) -> tuple[dict[str, datetime | None], int]:
    """Return when timers are due by key (``None``: on no day), and what was read."""
    rows = await db.fetch(_TIMERS, ledger_id, reaction)
    position = await db.fetchval(_POSITION, ledger_id, f"reaction:{reaction}")
    return {row["key"]: row["due_at"] for row in rows}, -1 if position is None else position


async def read_streams_with(
    db: Connection, ledger_id: str, topics: Sequence[str]
) -> AsyncIterator[tuple[str, list[Entry]]]:
    """Yield each stream that has such entries, one after the other, inside a transaction."""
    stream_id, entries = "", list[Entry]()
    async for row in db.cursor(_STREAMS, ledger_id, list(topics), prefetch=1_000):
        if row["stream_id"] != stream_id and entries:
            yield stream_id, entries
            entries = []
        stream_id = row["stream_id"]
        entries.append(Entry(row["position"], row["entry"]))
    if entries:
        yield stream_id, entries
