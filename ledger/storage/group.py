"""One group of appends in one transaction: what writes to the log (and `quick.py`, its shortcut).

    lock the head row ► is it the end of what was signed? ► what do the streams and keys say now?
    ► take out who conflicts ► positions, recorded_at, entries, leaf hashes, frontier, full tiles,
    codes by the service's key ► COPY ► head ► commit

Everything that decides an outcome is read after the head row is locked, so the
answers are the truth at the moment of the append, for every process. A replay of
an idempotency key is answered here too, never from a read-only look: the locked
row makes its commit wait for the standby like any other.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ledger.core.clock import Clock, local_day
from ledger.core.entry import NewEntry
from ledger.core.errors import LedgerError
from ledger.merkle.tree import Frontier, leaf_hash
from ledger.storage.connect import Connection
from ledger.storage.doubts import is_ahead
from ledger.storage.edge import ahead_of_clock, large_hashes, look_at_edge
from ledger.storage.entry_macs import MAC_COLUMNS, NO_RECEIPT, EntryMacs, receipt_digest
from ledger.storage.errors import DecisionTooOld, NotInitialised, ServiceKeyOther
from ledger.storage.known import HeadRow, Known, Remembered, look, refusal_or_replay
from ledger.storage.requests import Append, Appended, Once
from ledger.storage.stops import Stop, stop_appends
from ledger.storage.tiling import TILE_COLUMNS, TileRow, tile

log = logging.getLogger(__name__)

CHANNEL = "minzhang_appended"
MICROSECOND = timedelta(microseconds=1)
DECISION_KEEPS = timedelta(seconds=60)
"""How long a decision waits for its append before it is decided again."""

EVENT_COLUMNS = (
    "ledger_id",
    "position",
    "stream_id",
    "version",
    "topic",
    "occurred_at",
    "recorded_at",
    "leaf_hash",
    "entry",
)
LEAF_COLUMN = EVENT_COLUMNS.index("leaf_hash")
RECEIPT_COLUMNS = (
    "ledger_id",
    "caller",
    "key",
    "request_digest",
    "stream_id",
    "version",
    "first_position",
    "event_count",
)

_LOCK_HEAD = """
    SELECT origin, size, frontier, recorded_at, stopped, key_check, coalesce((
        SELECT c.size FROM checkpoints AS c WHERE c.ledger_id = $1 ORDER BY c.size DESC LIMIT 1
    ), 0) FROM heads WHERE ledger_id = $1 FOR UPDATE
"""
_MOVE_TRACKING = """
    INSERT INTO trackings (ledger_id, name, position, mac) VALUES ($1, $2, $3, $4)
    ON CONFLICT (ledger_id, name)
        DO UPDATE SET position = excluded.position, mac = excluded.mac
"""
_END_TIMER = "DELETE FROM timers WHERE ledger_id = $1 AND reaction = $2 AND key = $3"
_SET_TIMER = """
    INSERT INTO timers (ledger_id, reaction, key, due_at, cause) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (ledger_id, reaction, key)
        DO UPDATE SET due_at = excluded.due_at, cause = excluded.cause
"""
_MOVE_HEAD = """
    WITH moved AS (
        UPDATE heads SET size = $2, frontier = $3, recorded_at = $4, key_check = $6
        WHERE ledger_id = $1 RETURNING 1
    )
    SELECT pg_notify($5, $1 || ' ' || $2::bigint) FROM moved
"""


async def append_group(  # noqa: PLR0913, PLR0917 - an append, everything in hand
    db: Connection,
    ledger_id: str,
    requests: Sequence[Append],
    clock: Clock,
    remembered: Remembered,
    macs: EntryMacs | None = None,
) -> list[Appended | LedgerError]:
    """Append what can be appended; return each request's outcome. The caller commits.

    Refusals (``Conflict``, ``IdempotencyMismatch``, ``EntryTooLarge``) concern their own
    request only; any other exception means that nothing of the group was written. A log that is
    stopped, or that turns out here to be doubtful and is stopped so, takes nothing.
    """
    row = await db.fetchrow(_LOCK_HEAD, ledger_id)
    if row is None:
        raise NotInitialised(ledger=ledger_id)
    head = HeadRow(*row)
    remembered.forget_unless(head)
    if stop := await _stop_of(db, ledger_id, head, remembered, clock()):
        remembered.forget()
        return [stop.refusal() for _ in requests]
    known = await look(db, ledger_id, requests, remembered.versions)
    group = Group.after(head, ledger_id, clock, macs)
    outcomes = group.take_all(requests, known)
    tiling = await tile(db, ledger_id, head.size, remembered.open_leaves, group.leaves)
    await _write(db, group, tiling.rows)
    after = group.head() if group.events else head
    remembered.propose(after, known.versions, tiling.open_leaves)
    return outcomes


def is_too_old(decided_at: datetime | None, now: datetime) -> bool:
    """Tell whether a midnight in China, or ``DECISION_KEEPS``, lies between."""
    if decided_at is None:
        return False
    return now - decided_at > DECISION_KEEPS or local_day(now) != local_day(decided_at)


async def _stop_of(
    db: Connection, ledger_id: str, head: HeadRow, remembered: Remembered, now: datetime
) -> Stop | None:
    """Return what stops the log; what is seen here first is noted for everybody."""
    if head.stopped is not None:
        return Stop.of_text(head.stopped)
    if remembered.head is None:
        seen_size = max(head.signed_size, remembered.signed_under(head.origin))
        checked = replace(head, signed_size=seen_size)
        edge = await look_at_edge(db, ledger_id, checked, seen=remembered.large_hashes, now=now)
        doubt, remembered.open_leaves = edge.doubt, edge.open_leaves
    else:
        ahead = is_ahead(head.recorded_at, now)
        doubt = ahead_of_clock(head.recorded_at, now) if ahead else None
    if doubt is None:
        remembered.large_hashes = large_hashes(head)
        return None
    stop = Stop.because_of(doubt, now)
    log.critical("nothing more is recorded in %s: %s", ledger_id, stop)
    await stop_appends(db, ledger_id, stop)
    return stop


def _later(now: datetime, last: datetime) -> datetime:
    """Return the present, or just after the last entry if the clock ran backwards."""
    if last.tzinfo is None:  # -infinity: the ledger is empty
        return now
    return max(now.astimezone(UTC), last + MICROSECOND)


@dataclass(slots=True)
class Group:
    """The accepted requests, and the rows that they become."""

    ledger_id: str
    origin: str
    frontier: Frontier
    next_recorded_at: datetime
    now: datetime
    key_check: bytes | None = None
    macs: EntryMacs | None = None
    accepted: list[Append] = field(default_factory=list)
    events: list[tuple[Any, ...]] = field(default_factory=list)
    receipts: list[tuple[Any, ...]] = field(default_factory=list)
    codes: list[bytes] = field(default_factory=list)

    @classmethod
    def after(
        cls, head: HeadRow, ledger_id: str, clock: Clock, macs: EntryMacs | None = None
    ) -> Group:
        """Begin a group at the log's end."""
        frontier = Frontier.from_bytes(head.size, head.frontier)
        now = clock()
        next_at = _later(now, head.recorded_at)
        return cls(ledger_id, head.origin, frontier, next_at, now, head.key_check, macs)

    def head(self) -> HeadRow:
        """Return the head row after the group."""
        last = self.next_recorded_at - MICROSECOND
        frontier = self.frontier
        return HeadRow(
            self.origin, frontier.size, frontier.to_bytes(), last, key_check=self.key_check
        )

    def mac_rows(self) -> list[tuple[str, int, bytes]]:
        """Return the row with the codes of the group's entries, from where the key began on."""
        if not self.codes:
            return []
        return [(self.ledger_id, self.frontier.size - len(self.codes), b"".join(self.codes))]

    @property
    def leaves(self) -> list[bytes]:
        """The leaf hashes of the accepted events."""
        return [event[LEAF_COLUMN] for event in self.events]

    def take_all(self, requests: Sequence[Append], known: Known) -> list[Appended | LedgerError]:
        """Give each request its positions or its refusal."""
        return [refusal_or_replay(one, known) or self.take(one, known) for one in requests]

    def take(self, request: Append, known: Known) -> Appended | LedgerError:
        """Give the request its positions; an entry that is too large refuses all of it."""
        if is_too_old(request.decided_at, self.now):
            return DecisionTooOld(decided_at=str(request.decided_at))
        first = self.frontier.size
        in_force = request.key_check or self.key_check
        if in_force is not None and (self.macs is None or self.macs.check != in_force):
            return ServiceKeyOther(key_check=in_force.hex())
        try:
            ready = self._encode(request.entries)
        except LedgerError as error:
            return error
        self.key_check = in_force
        leaves = [self._add(entry, recorded_at, data) for entry, recorded_at, data in ready]
        appended = _place(request, first, tuple(leaves))
        known.remember(request, appended)
        self.accepted.append(request)
        if request.once and request.entries:
            self.receipts.append(_receipt(self.ledger_id, request.once, appended))
        if self.key_check is not None:
            self._add_codes(request, appended)
        return appended

    def _add_codes(self, request: Append, appended: Appended) -> None:
        if self.macs is None or not appended.leaf_hashes:
            return
        receipt = receipt_digest(request.once, appended) if request.once else NO_RECEIPT
        for position, leaf in enumerate(appended.leaf_hashes, appended.first_position):
            self.codes.append(self.macs.of(position, leaf, receipt))
            receipt = NO_RECEIPT

    def _encode(self, entries: Sequence[NewEntry]) -> list[tuple[NewEntry, datetime, bytes]]:
        origin, recorded_at = self.origin, self.next_recorded_at
        ready = []
        for entry in entries:
            ready.append(
                (entry, recorded_at, entry.to_bytes(origin=origin, recorded_at=recorded_at))
            )
            recorded_at += MICROSECOND
        return ready

    def _add(self, entry: NewEntry, recorded_at: datetime, data: bytes) -> bytes:
        leaf = leaf_hash(data)
        self.events.append(
            (
                self.ledger_id,
                self.frontier.size,
                entry.stream_id,
                entry.version,
                entry.topic,
                entry.occurred_at,
                recorded_at,
                leaf,
                data,
            )
        )
        self.frontier.append(leaf)
        self.next_recorded_at = recorded_at + MICROSECOND
        return leaf


def _place(request: Append, first: int, leaves: tuple[bytes, ...]) -> Appended:
    if not request.entries:
        return Appended("", -1, first, 0)
    addressed, version = request.entries[0].stream_id, request.entries[0].version
    for entry in request.entries:
        if entry.stream_id == addressed and entry.version > version:
            version = entry.version
    return Appended(addressed, version, first, len(request.entries), leaf_hashes=leaves)


def _receipt(ledger_id: str, once: Once, appended: Appended) -> tuple[Any, ...]:
    return (
        ledger_id,
        once.caller,
        once.key,
        once.request_digest,
        appended.stream_id,
        appended.version,
        appended.first_position,
        appended.event_count,
    )


async def _write(db: Connection, group: Group, tiles: Sequence[TileRow]) -> None:
    for request in group.accepted:
        await _write_beside(db, group, request)
    if not group.events:
        return
    await db.copy_records_to_table("events", records=group.events, columns=EVENT_COLUMNS)
    if tiles:
        await db.copy_records_to_table("tiles", records=tiles, columns=TILE_COLUMNS)
    if group.receipts:
        await db.copy_records_to_table("receipts", records=group.receipts, columns=RECEIPT_COLUMNS)
    if mac_rows := group.mac_rows():
        await db.copy_records_to_table("entry_macs", records=mac_rows, columns=MAC_COLUMNS)
    head = group.head()
    moved = head.size, head.frontier, head.recorded_at, CHANNEL, head.key_check
    await db.execute(_MOVE_HEAD, group.ledger_id, *moved)


async def _write_beside(db: Connection, group: Group, request: Append) -> None:
    ledger_id = group.ledger_id
    if request.timers_ended:
        await db.executemany(_END_TIMER, [(ledger_id, *ended) for ended in request.timers_ended])
    if request.timers_set:
        await db.executemany(
            _SET_TIMER,
            [(ledger_id, t.reaction, t.key, t.due_at, t.cause) for t in request.timers_set],
        )
    if request.tracking:
        moved = request.tracking.name, request.tracking.position
        is_bound = group.macs is not None and group.key_check is not None
        mac = group.macs.of_tracking(*moved) if group.macs and is_bound else None
        await db.execute(_MOVE_TRACKING, ledger_id, *moved, mac)
