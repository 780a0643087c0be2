"""What an append must know before it is decided, and what it refuses.

What streams, keys, followers and timers say is asked for all requests of a group
at once. Stream versions are remembered while the log is as this process left it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ledger.core.errors import Conflict, LedgerError
from ledger.storage.connect import Connection
from ledger.storage.errors import IdempotencyMismatch
from ledger.storage.requests import Append, Appended

REMEMBERED_STREAMS_MAX = 20_000

_VERSIONS = """
    SELECT asked.stream_id, (
        SELECT events.version FROM events
        WHERE events.ledger_id = $1 AND events.stream_id = asked.stream_id
        ORDER BY events.version DESC LIMIT 1
    ) AS version
    FROM unnest($2::text[]) AS asked (stream_id)
"""
# A look-up for each key that is asked for: a join could as well be done by reading the table.
_TAKEN = """
    SELECT found.* FROM unnest($2::text[], $3::bigint[]) AS asked (stream_id, version)
    CROSS JOIN LATERAL (
        SELECT stream_id, version FROM events
        WHERE ledger_id = $1 AND stream_id = asked.stream_id AND version = asked.version LIMIT 1
    ) AS found
"""
_RECEIPTS = """
    SELECT found.* FROM unnest($2::text[], $3::text[]) AS asked (caller, key)
    CROSS JOIN LATERAL (
        SELECT caller, key, request_digest, stream_id, version, first_position, event_count
        FROM receipts
        WHERE ledger_id = $1 AND caller = asked.caller AND key = asked.key LIMIT 1
    ) AS found
"""
_TRACKINGS = "SELECT name, position FROM trackings WHERE ledger_id = $1 AND name = ANY($2)"
_TIMERS = """
    SELECT found.* FROM unnest($2::text[], $3::text[]) AS asked (reaction, key)
    CROSS JOIN LATERAL (
        SELECT reaction, key FROM timers
        WHERE ledger_id = $1 AND reaction = asked.reaction AND key = asked.key LIMIT 1
    ) AS found
"""


@dataclass(frozen=True, slots=True)
class HeadRow:
    """A ledger's head row; ``recorded_at`` is of the last entry.

    ``stopped`` says why nothing may be appended, ``key_check`` which service key is in force, and
    ``signed_size`` how large the largest checkpoint in the database is.
    """

    origin: str
    size: int
    frontier: bytes
    recorded_at: datetime
    stopped: str | None = None
    key_check: bytes | None = None
    signed_size: int = 0


@dataclass(slots=True)
class Remembered:
    """The head as this process last left it, and stream versions: true while the head is that.

    Equal frontiers mean equal logs, so nothing that anybody else did can be missed. What a
    group learns is kept only once its commit is certain (``confirm``). ``head`` is None
    when nobody knows; ``is_alone`` while nobody else seems to write. ``open_leaves`` are the
    leaf hashes since the last full tile, None when nobody knows. ``large_hashes`` were found to
    fit the tiles; ``signed`` is the name and size that the log was last seen signed with.
    """

    head: HeadRow | None = None
    is_alone: bool = False
    versions: dict[str, int] = field(default_factory=dict)
    open_leaves: Sequence[bytes] | None = None
    large_hashes: bytes = b""
    signed: tuple[str, int] = ("", 0)
    _proposed: tuple[HeadRow, dict[str, int], Sequence[bytes] | None] | None = None

    def forget(self) -> None:
        """Somebody else wrote, or nobody knows: start from nothing."""
        self.head, self.is_alone, self.open_leaves, self._proposed = None, False, None, None
        self.versions.clear()

    def forget_unless(self, head: HeadRow) -> None:
        """Forget everything if the log is not as this process left it."""
        self._proposed = None
        left = self.head
        if left is None or (head.frontier, head.recorded_at) != (left.frontier, left.recorded_at):
            self.forget()
            return
        self.is_alone = True

    def note_signed(self, origin: str, size: int) -> None:
        """Take note that the log was signed so far: under that name it never gets shorter."""
        if origin != self.signed[0] or size > self.signed[1]:
            self.signed = origin, size

    def signed_under(self, origin: str) -> int:
        """Return how far the log was seen signed under its present name."""
        return self.signed[1] if self.signed[0] == origin else 0

    def propose(
        self, head: HeadRow, versions: dict[str, int], open_leaves: Sequence[bytes] | None
    ) -> None:
        """Take note of how the log will be after the commit."""
        self._proposed = (head, versions, open_leaves)

    def confirm(self) -> None:
        """The commit is certain: from now on it is so."""
        if self._proposed:
            self.head, versions, self.open_leaves = self._proposed
            if len(self.versions) > REMEMBERED_STREAMS_MAX:
                self.versions.clear()
            self.versions.update(versions)
            self._proposed = None


@dataclass(slots=True)
class Known:
    """What streams, keys, followers and timers say."""

    versions: dict[str, int]
    taken: set[tuple[str, int]]
    receipts: dict[tuple[str, str], tuple[bytes, Appended]]
    trackings: dict[str, int]
    timers: set[tuple[str, str]]

    def remember(self, request: Append, appended: Appended) -> None:
        """Let the later requests of the group see what this one did."""
        for entry in request.entries:
            stream_id, version = entry.stream_id, entry.version
            if stream_id in self.versions:  # else: gaps are allowed, nobody asked for its version
                self.versions[stream_id] = max(version, self.versions[stream_id])
            self.taken.add((stream_id, version))
        if request.tracking:
            self.trackings[request.tracking.name] = request.tracking.position
        self.timers.difference_update(request.timers_ended)
        if request.once and request.entries:
            replay = replace(appended, replayed=True)
            key = (request.once.caller, request.once.key)
            self.receipts[key] = (request.once.request_digest, replay)


async def look(
    db: Connection, ledger_id: str, requests: Sequence[Append], remembered: dict[str, int]
) -> Known:
    """Ask what the requests depend on, but for the stream versions that are remembered."""
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


def refusal_or_replay(request: Append, known: Known) -> Appended | LedgerError | None:
    """Return why the request is refused, or what its key recorded before; None: it can go in."""
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
