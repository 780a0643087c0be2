"""A stretch of the log, read once for all views that stand before it.

Only entries that some view wants are fetched: the topic column, an index into the entry, is
enough to tell. The entries are decoded when a handler first asks, and then for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ledger.core.codec import is_newer, known_topics
from ledger.core.entry import Entry
from ledger.storage.connect import Database
from projections.engine.view import View

Found: TypeAlias = tuple[str, Entry]
"""An entry and its topic."""

_ALL = """
    SELECT position, topic, entry FROM events
    WHERE ledger_id = $1 AND position BETWEEN $2 AND $3 ORDER BY position
"""
_SOME = """
    SELECT position, topic, entry FROM events
    WHERE ledger_id = $1 AND position BETWEEN $2 AND $3
        AND (topic = ANY($4) OR topic <> ALL($5))
    ORDER BY position
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """All positions from ``start`` to ``end``, with the topics and entries that are wanted.

    ``newer`` is the first that only a newer version understands: no view may pass over it.
    """

    start: int
    end: int
    found: Sequence[Found]
    newer: Found | None = None

    def until(self, end: int) -> Batch:
        """Return the part up to a position."""
        newer = self.newer if self.newer and self.newer[1].position <= end else None
        found = [one for one in self.found if one[1].position <= end]
        return Batch(self.start, end, found, newer)

    def wanted(self, view: View, after: int) -> list[Found]:
        """Return the entries after a position that change the view, with their topics."""
        found = self.found
        if after >= self.start:
            found = [one for one in found if one[1].position > after]
        if view.every is not None:
            return list(found)
        topics = view.handlers.keys() | view.reversing
        return [one for one in found if one[0] in topics]


async def read_batch(
    db: Database, ledger_id: str, views: Iterable[View], *, start: int, end: int
) -> Batch:
    """Read what these views want of the log from ``start`` to ``end``, both included."""
    views = tuple(views)
    if any(view.every is not None for view in views):
        rows = await db.fetch(_ALL, ledger_id, start, end)
    else:
        topics = list({topic for view in views for topic in view.handlers.keys() | view.reversing})
        rows = await db.fetch(_SOME, ledger_id, start, end, topics, list(known_topics()))
    found = [(topic, Entry(position, data)) for position, topic, data in rows]
    newer = next((one for one in found if is_newer(one[0])), None)
    return Batch(start, end, found, newer)
