"""One group of appends in one transaction: the only code that writes to the log.

    lock the head row ► what do the streams and keys say now? ► take out who conflicts
    ► positions, recorded_at, entries, leaf hashes, frontier ► COPY ► head ► commit

Everything that decides an outcome is read after the head row is locked, so the
answers are the truth at the moment of the append, for every process. A replay of
an idempotency key is answered here too, never from a read-only look: the locked
row makes its commit wait for the standby like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ledger.core.clock import Clock
from ledger.core.entry import NewEntry
from ledger.core.errors import Conflict, LedgerError
from ledger.merkle.tree import Frontier, leaf_hash
from ledger.storage.connect import Connection
from ledger.storage.errors import IdempotencyMismatch, NotInitialised
from ledger.storage.requests import Append, Appended, Once

CHANNEL = "minzhang_appended"
MICROSECOND = timedelta(microseconds=1)
REMEMBERED_STREAMS_MAX = 20_000

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
    SELECT origin, size, frontier, recorded_at FROM heads WHERE ledger_id = $1 FOR UPDATE
"""
_VERSIONS = """
    SELECT asked.stream_id, (
        SELECT events.version FROM events
        WHERE events.ledger_id = $1 AND events.stream_id = asked.stream_id
        ORDER BY events.version DESC LIMIT 1
    ) AS version
    FROM unnest($2::text[]) AS asked (stream_id)
"""
_TAKEN = """
    SELECT stream_id, version FROM events JOIN unnest($2::text[], $3::bigint[])
        AS asked (stream_id, version) USING (stream_id, version)
    WHERE ledger_id = $1
"""
_RECEIPTS = """
    SELECT caller, key, request_digest, stream_id, version, first_position, event_count
    FROM receipts JOIN unnest($2::text[], $3::text[]) AS asked (caller, key) USING (caller, key)
    WHERE ledger_id = $1
"""
_TRACKINGS = "SELECT name, position FROM trackings WHERE ledger_id = $1 AND name = ANY($2)"
_MOVE_TRACKING = """
    INSERT INTO trackings (ledger_id, name, position) VALUES ($1, $2, $3)
    ON CONFLICT (ledger_id, name) DO UPDATE SET position = excluded.position
"""
_TIMERS = """
    SELECT reaction, key FROM timers JOIN unnest($2::text[], $3::text[])
        AS asked (reaction, key) USING (reaction, key)
    WHERE ledger_id = $1
"""
_END_TIMER = "DELETE FROM timers WHERE ledger_id = $1 AND reaction = $2 AND key = $3"
_SET_TIMER = """
    INSERT INTO timers (ledger_id, reaction, key, due_at, cause) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (ledger_id, reaction, key)
        DO UPDATE SET due_at = excluded.due_at, cause = excluded.cause
"""
_MOVE_HEAD = """
    WITH moved AS (
        UPDATE heads SET size = $2, frontier = $3, recorded_at = $4 WHERE ledger_id = $1
        RETURNING 1
    )
    SELECT pg_notify($5, $1 || ' ' || $2::bigint) FROM moved
"""


@dataclass(slots=True)
class Remembered:
    """Stream versions as of this process's last commit: true while the frontier is that one.

    Equal frontiers mean equal logs, so nothing that anybody else did can be missed. What a
    group learns is kept only once its commit is certain (``confirm``).
    """

    frontier: bytes | None = None
    versions: dict[str, int] = field(default_factory=dict)
    _proposed: tuple[bytes, dict[str, int]] | None = None

    def forget_unless(self, frontier: bytes) -> None:
        """Forget everything if the log is not as this process left it."""
        self._proposed = None
        if frontier != self.frontier or len(self.versions) > REMEMBERED_STREAMS_MAX:
            self.frontier, self.versions = frontier, {}

    def propose(self, frontier: bytes, versions: dict[str, int]) -> None:
        """Take note of how the log will be after the commit."""
        self._proposed = (frontier, versions)

    def confirm(self) -> None:
        """The commit is certain: from now on it is so."""
        if self._proposed:
            self.frontier, versions = self._proposed
            self.versions.update(versions)
            self._proposed = None


@dataclass(slots=True)
class Known:
    """What streams, keys, followers and timers say, read under the head row's lock."""

    versions: dict[str, int]
    taken: set[tuple[str, int]]
    receipts: dict[tuple[str, str], tuple[bytes, Appended]]
    trackings: dict[str, int]
    timers: set[tuple[str, str]]


async def append_group(
    db: Connection,
    ledger_id: str,
    requests: Sequence[Append],
    clock: Clock,
    remembered: Remembered,
) -> list[Appended | LedgerError]:
    """Append what can be appended; return each request's outcome. The caller commits.

    Refusals (``Conflict``, ``IdempotencyMismatch``, ``EntryTooLarge``) concern their own
    request only; any other exception means that nothing of the group was written.
    """
    head = await db.fetchrow(_LOCK_HEAD, ledger_id)
    if head is None:
        raise NotInitialised(ledger=ledger_id)
    remembered.forget_unless(head["frontier"])
    known = await _look(db, ledger_id, requests, remembered.versions)
    group = Group(
        ledger_id,
        head["origin"],
        Frontier.from_bytes(head["size"], head["frontier"]),
        _later(clock(), head["recorded_at"]),
    )
    outcomes = [
        _refusal_or_replay(request, known) or group.take(request, known) for request in requests
    ]
    await _write(db, group)
    remembered.propose(group.frontier.to_bytes(), known.versions)
    return outcomes


def _later(now: datetime, last: datetime) -> datetime:
    """Return the present, or just after the last entry if the clock ran backwards."""
    if last.tzinfo is None:  # -infinity: the ledger is empty
        return now
    return max(now.astimezone(UTC), last + MICROSECOND)


async def _look(
    db: Connection, ledger_id: str, requests: Sequence[Append], remembered: dict[str, int]
) -> Known:
    touched = {e.stream_id for r in requests for e in r.entries}
    streams = {e.stream_id for r in requests if not r.gaps_allowed for e in r.entries}
    streams.update(stream_id for r in requests for stream_id, _ in r.unchanged)
    versions = {one: remembered[one] for one in touched | streams if one in remembered}
    loose = [(e.stream_id, e.version) for r in requests if r.gaps_allowed for e in r.entries]
    keys = [(r.once.caller, r.once.key) for r in requests if r.once]
    names = [r.tracking.name for r in requests if r.tracking]
    timers = [timer for r in requests for timer in r.timers_ended]
    known = Known(versions, set(), {}, {}, set())
    if unknown := streams - versions.keys():
        rows = await db.fetch(_VERSIONS, ledger_id, list(unknown))
        versions.update((stream, -1 if version is None else version) for stream, version in rows)
    if loose:
        known.taken = {tuple(row) for row in await db.fetch(_TAKEN, ledger_id, *_columns(loose))}
    if keys:
        for row in await db.fetch(_RECEIPTS, ledger_id, *_columns(keys)):
            before = replace(Appended(*row[3:]), replayed=True)
            known.receipts[row["caller"], row["key"]] = (row["request_digest"], before)
    if names:
        known.trackings = dict(await db.fetch(_TRACKINGS, ledger_id, names))
    if timers:
        known.timers = {tuple(row) for row in await db.fetch(_TIMERS, ledger_id, *_columns(timers))}
    return known


def _columns(rows: Sequence[tuple[Any, Any]]) -> tuple[list[Any], list[Any]]:
    return [first for first, _ in rows], [second for _, second in rows]


def _refusal_or_replay(request: Append, known: Known) -> Appended | LedgerError | None:
    if request.once and (found := known.receipts.get((request.once.caller, request.once.key))):
        digest, appended = found
        same = digest == request.once.request_digest
        return appended if same else IdempotencyMismatch(key=request.once.key)
    return (
        _tracking_refusal(request, known)
        or _timer_refusal(request, known)
        or _version_refusal(request, known)
    )


def _tracking_refusal(request: Append, known: Known) -> Conflict | None:
    tracking = request.tracking
    if tracking is None:
        return None
    stands_at = known.trackings.get(tracking.name, -1)
    in_place = tracking.after is None or tracking.after == stands_at
    if in_place and tracking.position > stands_at:
        return None
    return Conflict(follower=tracking.name, position=stands_at)


def _timer_refusal(request: Append, known: Known) -> Conflict | None:
    for reaction, key in request.timers_ended:
        if (reaction, key) not in known.timers:
            return Conflict(reaction=reaction, timer=key)
    return None


def _version_refusal(request: Append, known: Known) -> Conflict | None:
    for stream_id, version in request.unchanged:
        if known.versions[stream_id] != version:
            return Conflict(id=stream_id, version=known.versions[stream_id], read_version=version)
    if request.gaps_allowed:
        asked = [(entry.stream_id, entry.version) for entry in request.entries]
        taken = next((one for one in asked if one in known.taken), None)
        if taken or len(set(asked)) < len(asked):
            stream_id, version = taken or asked[-1]
            return Conflict(id=stream_id, version=version)
        return None
    reached: dict[str, int] = {}
    for entry in request.entries:
        version = reached.get(entry.stream_id, known.versions[entry.stream_id])
        # A stream begins at version 0 or 1: the library's default and ours is 1.
        if entry.version != version + 1 and not (version == -1 and entry.version == 1):
            return Conflict(id=entry.stream_id, version=version, expected_version=entry.version - 1)
        reached[entry.stream_id] = entry.version
    return None


@dataclass(slots=True)
class Group:
    """The accepted requests, and the rows that they become."""

    ledger_id: str
    origin: str
    frontier: Frontier
    next_recorded_at: datetime
    accepted: list[Append] = field(default_factory=list)
    events: list[tuple[Any, ...]] = field(default_factory=list)
    receipts: list[tuple[Any, ...]] = field(default_factory=list)

    def take(self, request: Append, known: Known) -> Appended | LedgerError:
        """Give the request its positions; an entry that is too large refuses all of it."""
        appended = _place(request, self.frontier.size)
        at, origin = self.next_recorded_at, self.origin
        try:
            data = [
                entry.to_bytes(origin=origin, recorded_at=at + number * MICROSECOND)
                for number, entry in enumerate(request.entries)
            ]
        except LedgerError as error:
            return error
        for entry, entry_bytes in zip(request.entries, data, strict=True):
            self._add(entry, entry_bytes)
        _remember(request, known, appended)
        self.accepted.append(request)
        if request.once and request.entries:
            self.receipts.append(_receipt(self.ledger_id, request.once, appended))
        return appended

    def _add(self, entry: NewEntry, entry_bytes: bytes) -> None:
        leaf = leaf_hash(entry_bytes)
        self.events.append(
            (
                self.ledger_id,
                self.frontier.size,
                entry.stream_id,
                entry.version,
                entry.topic,
                entry.occurred_at,
                self.next_recorded_at,
                leaf,
                entry_bytes,
            )
        )
        self.frontier.append(leaf)
        self.next_recorded_at += MICROSECOND


def _place(request: Append, first: int) -> Appended:
    if not request.entries:
        return Appended("", -1, first, 0)
    addressed, version = request.entries[0].stream_id, request.entries[0].version
    for entry in request.entries:
        if entry.stream_id == addressed and entry.version > version:
            version = entry.version
    return Appended(addressed, version, first, len(request.entries))


def _remember(request: Append, known: Known, appended: Appended) -> None:
    """Let the later requests of the group see what this one did."""
    for entry in request.entries:
        stream_id, version = entry.stream_id, entry.version
        if stream_id in known.versions:  # else: gaps are allowed, nobody asked for its version
            known.versions[stream_id] = max(version, known.versions[stream_id])
        known.taken.add((stream_id, version))
    if request.tracking:
        known.trackings[request.tracking.name] = request.tracking.position
    known.timers.difference_update(request.timers_ended)
    if request.once and request.entries:
        replay = replace(appended, replayed=True)
        key = (request.once.caller, request.once.key)
        known.receipts[key] = (request.once.request_digest, replay)


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


async def _write(db: Connection, group: Group) -> None:
    for request in group.accepted:
        await _write_beside(db, group.ledger_id, request)
    if not group.events:
        return
    await db.copy_records_to_table("events", records=group.events, columns=EVENT_COLUMNS)
    if group.receipts:
        await db.copy_records_to_table("receipts", records=group.receipts, columns=RECEIPT_COLUMNS)
    await db.execute(
        _MOVE_HEAD,
        group.ledger_id,
        group.frontier.size,
        group.frontier.to_bytes(),
        group.next_recorded_at - MICROSECOND,
        CHANNEL,
    )


async def _write_beside(db: Connection, ledger_id: str, request: Append) -> None:
    if request.timers_ended:
        await db.executemany(_END_TIMER, [(ledger_id, *ended) for ended in request.timers_ended])
    if request.timers_set:
        await db.executemany(
            _SET_TIMER,
            [(ledger_id, t.reaction, t.key, t.due_at, t.cause) for t in request.timers_set],
        )
    if request.tracking:
        await db.execute(
            _MOVE_TRACKING, ledger_id, request.tracking.name, request.tracking.position
        )
