"""What can be asked of the appender, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.core.entry import NewEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """Makes a command happen once however often it is sent: kept with its events for ever."""

    caller: str
    key: str
    request_digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """A follower moves on to ``position`` in the same transaction as the events it records.

    ``after`` is where it believes to stand (``None``: not checked, only that it moves forward).
    """

    name: str
    position: int
    after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """A moment that a reaction waits for."""

    reaction: str
    key: str
    due_at: datetime
    cause: UUID


@dataclass(frozen=True, slots=True)
class Beside:
    """What changes in the same transaction as the events: of a reaction, or the service's key."""

    tracking: Tracking | None = None
    timers_set: Sequence[Timer] = ()
    timers_ended: Sequence[tuple[str, str]] = ()
    key_check: bytes | None = None


NOTHING_BESIDE = Beside()


@dataclass(slots=True, kw_only=True)
class Append:
    """Entries that go in together or not at all, with what must change beside them.

    The first entry of each stream says which version it expects the stream to be
    at: one less than its own. With ``gaps_allowed`` only an existing version is a
    conflict. ``unchanged`` are (stream, version) that the decision was based on and that
    must still be so (-1: no such stream). ``timers_ended`` are (reaction, key) that must
    still exist: of two processes that act on one timer, one is refused. Made for every command,
    so not frozen: that would cost more than the hash of its event. ``decided_at``: when what is
    asked was decided; an append much later, or on another day in China, is refused.
    ``key_check`` is set by the entry that names the service's key: it is in force from there on.
    """

    entries: Sequence[NewEntry] = ()
    unchanged: Sequence[tuple[str, int]] = ()
    once: Once | None = None
    tracking: Tracking | None = None
    timers_set: Sequence[Timer] = ()
    timers_ended: Sequence[tuple[str, str]] = ()
    gaps_allowed: bool = False
    decided_at: datetime | None = None
    key_check: bytes | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """Where the entries are now; ``replayed`` when an earlier request with this key put them there.

    ``stream_id`` and ``version`` are of the stream that the request addressed (its first
    entry's), after the append. ``leaf_hashes`` are of the entries as they were hashed now; a
    replay's stand in the log.
    """

    stream_id: str
    version: int
    first_position: int
    event_count: int
    replayed: bool = False
    leaf_hashes: tuple[bytes, ...] = ()

    @property
    def last_position(self) -> int:
        """Where the last entry is."""
        return self.first_position + self.event_count - 1
