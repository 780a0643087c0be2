"""Is the head row the end of this log? Asked under its lock, by whoever did not write last.

    head row ─► not behind what was signed ─► its lowest hashes are those of the last entries
             ─► nothing stands behind it ─► its time is the last entry's ─► the clock agrees

The hashes of large subtrees change once in 256 entries: whenever they are not those that
this process saw last, the whole edge is compared with the tiles. So a torn head, a database that
lost its end in a failover, and a time set by hand are seen before anything is appended to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.core.errors import LedgerError
from ledger.merkle.tiles import TILE_WIDTH
from ledger.merkle.tree import HASH_BYTES, Frontier
from ledger.storage.connect import Connection
from ledger.storage.doubts import LogAheadOfClock, LogBehind, LogDoubtful, LogTorn, is_ahead
from ledger.storage.known import HeadRow
from ledger.storage.tree import BeyondTheLog, read_root

_LAST = """
    SELECT position, leaf_hash, recorded_at FROM events
    WHERE ledger_id = $1 AND position >= $2 ORDER BY position LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Edge:
    """What is wrong with the log's end (None: nothing), and the leaves since the last full tile."""

    doubt: LogDoubtful | None = None
    open_leaves: Sequence[bytes] | None = None


async def look_at_edge(
    db: Connection, ledger_id: str, head: HeadRow, *, seen: bytes, now: datetime
) -> Edge:
    """Compare the head with what lies before it; ``seen``: large hashes that were found right."""
    if head.size < head.signed_size:
        return Edge(LogBehind(size=head.size, signed_size=head.signed_size, where="checkpoints"))
    open_count = head.size % TILE_WIDTH
    first = head.size - (open_count or min(head.size, 1))
    rows = await db.fetch(_LAST, ledger_id, first, TILE_WIDTH + 1)
    leaves = [leaf for _, leaf, _ in rows] if open_count else []
    is_whole = [position for position, *_ in rows] == list(range(first, head.size))
    if not is_whole or not await _fits(db, ledger_id, head, leaves, seen):
        return Edge(LogTorn(size=head.size))
    if is_ahead(head.recorded_at, now):
        return Edge(ahead_of_clock(head.recorded_at, now))
    if rows and rows[-1]["recorded_at"] != head.recorded_at:
        return Edge(LogTorn(size=head.size, recorded_at=head.recorded_at.isoformat()))
    return Edge(open_leaves=leaves)


def large_hashes(head: HeadRow) -> bytes:
    """Return the hashes of the head's subtrees that are full tiles or larger."""
    small = (head.size % TILE_WIDTH).bit_count() * HASH_BYTES
    return head.frontier[: len(head.frontier) - small]


def ahead_of_clock(recorded_at: datetime, now: datetime) -> LogAheadOfClock:
    """Return what is said of a log whose time cannot be."""
    return LogAheadOfClock(recorded_at=recorded_at.isoformat(), clock=now.isoformat())


async def _fits(
    db: Connection, ledger_id: str, head: HeadRow, leaves: Sequence[bytes], seen: bytes
) -> bool:
    try:
        frontier = Frontier.from_bytes(head.size, head.frontier)
    except ValueError:
        return False
    small = Frontier()
    for leaf in leaves:
        small.append(leaf)
    large = large_hashes(head)
    if head.frontier != large + small.to_bytes():
        return False
    if large == seen:
        return True
    try:
        return await read_root(db, ledger_id, head.size) == frontier.root()
    except (BeyondTheLog, LedgerError):
        return False
