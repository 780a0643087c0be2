"""The oracle: what must be true of a ledger whatever happened to it.

Every acknowledged command is there exactly once, at the position that was answered; a
command without an answer is there once or not at all, and never in part. Positions run from
0 without holes, versions from 1; the head is the last row's; leaf hashes, tiles, frontier and
root re-derive from the bytes of the entries; the columns say what the headers say; every receipt
is about what it points to. `minzhang verify`, which checks the same its own way, agrees. Views that
were followed all the while are, row by row, what the log makes of them when they are built anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from ledger.core.values import derived_id
from ledger.merkle.tiles import TILE_WIDTH
from ledger.merkle.tree import Frontier, leaf_hash, tree_root
from ledger.storage.group import EVENT_COLUMNS, MICROSECOND, RECEIPT_COLUMNS
from ledger.storage.ledger import open_ledger
from ledger.verification.check import Wanted
from ledger.verification.check import check_ledger as check_by_product
from projections import VIEWS
from projections.engine import catch_up, verify
from tests.faults.diary import Diary

BATCH_ROWS = 5_000


@dataclass
class Walk:
    """One pass over the log, and what it has seen so far."""

    origin: str
    size: int = 0
    recorded_at: datetime | None = None
    versions: dict[str, int] = field(default_factory=dict)
    streams: list[str] = field(default_factory=list)
    stream_versions: list[int] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    event_ids: set[str] = field(default_factory=set)
    events_of_command: Counter[str] = field(default_factory=Counter)

    def step(self, row: asyncpg.Record) -> None:
        """Check the next row against the one before it and against its own entry."""
        header = orjson.loads(row["entry"].partition(b"\n")[0])
        assert row["position"] == self.size, f"a hole or a double before {row['position']}"
        assert row["leaf_hash"] == leaf_hash(row["entry"])
        assert header["origin"] == self.origin
        assert _columns(row) == _columns_in(header)
        self._follows(row)
        assert header["id"] not in self.event_ids, f"event {header['id']} is there twice"
        self.event_ids.add(header["id"])
        self.events_of_command[header.get("correlation", "")] += 1
        self.leaves.append(row["leaf_hash"])
        self.size += 1

    def _follows(self, row: asyncpg.Record) -> None:
        stream_id, version, at = row["stream_id"], row["version"], row["recorded_at"]
        assert self.recorded_at is None or at >= self.recorded_at + MICROSECOND
        assert version == self.versions.get(stream_id, 0) + 1, f"versions of {stream_id}"
        self.recorded_at = at
        self.versions[stream_id] = version
        self.streams.append(stream_id)
        self.stream_versions.append(version)


async def check_ledger(dsn: str, ledger_id: str, diary: Diary | None = None) -> Walk:
    """Check everything about one ledger in one snapshot; return what was seen."""
    db = await asyncpg.connect(dsn)
    try:
        async with db.transaction(isolation="repeatable_read", readonly=True):
            head = await db.fetchrow("SELECT * FROM heads WHERE ledger_id = $1", ledger_id)
            walk = Walk(head["origin"])
            async for row in _rows(db, ledger_id):
                walk.step(row)
            receipts = await db.fetch(
                f"SELECT {', '.join(RECEIPT_COLUMNS)} FROM receipts WHERE ledger_id = $1",  # noqa: S608
                ledger_id,
            )
            tiles = await db.fetch(
                "SELECT level, number, hashes, root FROM tiles WHERE ledger_id = $1", ledger_id
            )
    finally:
        await db.close()
    check_head(head, walk)
    check_tiles(tiles, walk)
    check_receipts(receipts, walk)
    if diary is not None:
        check_answers(diary, receipts, walk)
    report = await check_by_product(Wanted(dsn=dsn, ledger_id=ledger_id, workers=0))
    assert report.findings.first == [], "the product's own check sees what this one does not"
    assert report.size >= walk.size  # writers that were not stopped have gone on
    assert report.size > walk.size or report.root == tree_root(walk.leaves)
    return walk


async def follow(dsn: str, ledger_id: str) -> None:
    """Bring all views up to the log's end, as their worker does."""
    async with open_ledger(dsn, ledger_id, pool_size_max=4) as ledger:
        await catch_up(ledger, VIEWS)


async def check_views(dsn: str, ledger_id: str) -> None:
    """Every view as it stands equals the one that is made from the log anew."""
    await follow(dsn, ledger_id)
    for view in VIEWS:
        assert (await verify(dsn, ledger_id, view)).is_right, f"the view {view.name} differs"


async def _rows(db: asyncpg.Connection, ledger_id: str) -> AsyncIterator[asyncpg.Record]:
    columns = ", ".join(EVENT_COLUMNS)
    query = f"SELECT {columns} FROM events WHERE ledger_id = $1 ORDER BY position"  # noqa: S608
    async for row in db.cursor(query, ledger_id, prefetch=BATCH_ROWS):
        yield row


def check_head(head: asyncpg.Record, walk: Walk) -> None:
    """The head row is the last event's, and its frontier is the tree over all leaves."""
    assert head["size"] == walk.size
    if walk.recorded_at is not None:
        assert head["recorded_at"] == walk.recorded_at
    frontier = Frontier()
    for leaf in walk.leaves:
        frontier.append(leaf)
    assert head["frontier"] == frontier.to_bytes()
    assert Frontier.from_bytes(head["size"], head["frontier"]).root() == tree_root(walk.leaves)


def check_tiles(tiles: Sequence[asyncpg.Record], walk: Walk) -> None:
    """Every tile that the tree fills is stored, as the leaves make it, and no other."""
    stored = {(row["level"], row["number"]): (row["hashes"], row["root"]) for row in tiles}
    made: dict[tuple[int, int], tuple[bytes, bytes]] = {}
    level, hashes = 0, walk.leaves
    while hashes:
        rows = [hashes[at : at + TILE_WIDTH] for at in range(0, len(hashes), TILE_WIDTH)]
        full = [row for row in rows if len(row) == TILE_WIDTH]
        roots = [tree_root(row) for row in full]
        made |= {(level, n): (b"".join(row), roots[n]) for n, row in enumerate(full)}
        level, hashes = level + 1, roots
    assert stored == made


def check_receipts(receipts: Sequence[asyncpg.Record], walk: Walk) -> None:
    """A receipt names its events; no event has two receipts."""
    claimed: set[int] = set()
    for receipt in receipts:
        first = receipt["first_position"]
        span = range(first, first + receipt["event_count"])
        assert span.stop <= walk.size
        assert claimed.isdisjoint(span), f"two receipts for the events at {span}"
        claimed.update(span)
        assert walk.streams[first] == receipt["stream_id"]
        addressed = [at for at in span if walk.streams[at] == receipt["stream_id"]]
        assert max(walk.stream_versions[at] for at in addressed) == receipt["version"]


def check_answers(diary: Diary, receipts: Sequence[asyncpg.Record], walk: Walk) -> None:
    """What was acknowledged is there once, where it was said; the rest 0 or 1 times, whole."""
    found: dict[str, Any] = {receipt["key"]: receipt for receipt in receipts}
    for key, position in diary.acknowledged.items():
        receipt = found[key]
        last = receipt["first_position"] + receipt["event_count"] - 1
        assert last == position, f"{key} was answered {position} and is at {last}"
    for key, event_count in diary.asked.items():
        stored = walk.events_of_command[str(derived_id("command", key))]
        assert stored == (event_count if key in found else 0), f"{key} is there in part"
    assert found.keys() <= diary.asked.keys(), "the log holds commands that nobody sent"


def _columns(row: asyncpg.Record) -> tuple[Any, ...]:
    return row["stream_id"], row["version"], row["topic"], row["occurred_at"], row["recorded_at"]


def _columns_in(header: dict[str, Any]) -> tuple[Any, ...]:
    occurred_at = datetime.fromisoformat(header["occurred_at"])
    recorded_at = datetime.fromisoformat(header["recorded_at"])
    return header["stream"], header["version"], header["topic"], occurred_at, recorded_at
