"""When an event provably came into the log: after one moment, before another.

    not before   the newest checkpoint without it that somebody outside dated: the log as it was
                 shown then ended before this event
    not after    the first dated checkpoint that covers it: by then it was in the log, as it is

The second is a proof. The first is as good as the promise to publish at once: an event may have
come in while a checkpoint without it was on its way to whoever dated it, so a claim is given
``PUBLISHING_DELAY``. A log that holds events back for longer than that has something to explain.

Dated is a checkpoint by a witness's cosignature or an authority's time stamp; each is checked here
again, by keys and roots that the caller brings, and against the tree, before it counts.
``recorded_at`` is only the server's claim; a claim outside of the interval is a lie or a wrong
clock. What happened before it was recorded is not covered: the interval is about the log, not
about the world.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from ledger.core.errors import LedgerError
from ledger.merkle.checkpoints import read_checkpoint
from ledger.merkle.keys import VerifyingKey
from ledger.merkle.notes import Note, read_note, read_signature_lines
from ledger.storage.connect import Database
from ledger.storage.tree import read_root

PUBLISHING_DELAY = timedelta(minutes=1)
COSIGNATURE_STEP = timedelta(seconds=1)
"""A cosignature says the second in which it was made, not where in it."""
LOOKS_MAX = 8
"""Sizes that are looked at in each direction before giving up: only spoiled rows need a second."""

_NEXT = """
    SELECT size, note FROM checkpoints AS c WHERE ledger_id = $1 AND size > $2 AND (
        EXISTS (SELECT 1 FROM cosignatures AS s WHERE s.ledger_id = $1 AND s.size = c.size)
        OR EXISTS (SELECT 1 FROM time_stamps AS t WHERE t.ledger_id = $1 AND t.size = c.size)
    ) ORDER BY size LIMIT 1
"""
_PREVIOUS = """
    SELECT size, note FROM checkpoints AS c WHERE ledger_id = $1 AND size <= $2 AND (
        EXISTS (SELECT 1 FROM cosignatures AS s WHERE s.ledger_id = $1 AND s.size = c.size)
        OR EXISTS (SELECT 1 FROM time_stamps AS t WHERE t.ledger_id = $1 AND t.size = c.size)
    ) ORDER BY size DESC LIMIT 1
"""
_LINES = """
    SELECT line FROM cosignatures WHERE ledger_id = $1 AND size = $2
    UNION ALL SELECT line FROM cosignature_renewals WHERE ledger_id = $1 AND size = $2
"""
_STAMPS = "SELECT authority, stamped, token FROM time_stamps WHERE ledger_id = $1 AND size = $2"


class Stamper(Protocol):
    """An authority for time stamps whose roots the caller believes."""

    @property
    def name(self) -> str:
        """Its name, as rows name it."""

    def check(self, token: bytes, stamped: bytes) -> datetime:
        """Return when it dated exactly these bytes (refuses with a ``LedgerError``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One end of an interval: a checkpoint of ``size`` entries, dated by somebody outside."""

    at: datetime
    size: int
    by: str
    is_time_stamp: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Between which moments an event came into the log; ``None``: nobody dated that side."""

    not_before: Bound | None
    not_after: Bound | None

    def contains(self, claimed: datetime) -> bool:
        """Tell whether a claimed time (``recorded_at``) is possible for an honest log."""
        before, after = self.not_before, self.not_after
        if before is not None and claimed < before.at - PUBLISHING_DELAY:
            return False
        if after is None:
            return True
        step = timedelta(0) if after.is_time_stamp else COSIGNATURE_STEP
        return claimed < after.at + step if step else claimed <= after.at


async def interval_of(
    db: Database,
    ledger_id: str,
    position: int,
    *,
    witnesses: Iterable[VerifyingKey] = (),
    authorities: Sequence[Stamper] = (),
) -> Interval:
    """Return when the event at a position provably came into the log."""
    keys = list(witnesses)
    looking = _Looking(db, ledger_id, keys, {one.name: one for one in authorities})
    return Interval(
        not_before=await looking.for_bound(_PREVIOUS, position, is_upper=False),
        not_after=await looking.for_bound(_NEXT, position, is_upper=True),
    )


@dataclass(frozen=True, slots=True)
class _Looking:
    db: Database
    ledger_id: str
    keys: list[VerifyingKey]
    authorities: dict[str, Stamper]

    async def for_bound(self, query: str, size: int, *, is_upper: bool) -> Bound | None:
        """Return the tightest bound of the nearest checkpoint that somebody dated."""
        for _ in range(LOOKS_MAX):
            row = await self.db.fetchrow(query, self.ledger_id, size)
            if row is None:
                return None
            found = await self._bounds(row["size"], row["note"])
            if found:
                return min(found, key=_at) if is_upper else max(found, key=_at)
            size = row["size"] if is_upper else row["size"] - 1
        return None

    async def _bounds(self, size: int, text: str) -> list[Bound]:
        """Return what holds: nothing that is stored beside a note is believed unchecked."""
        try:
            note = read_note(text.encode())
            checkpoint = read_checkpoint(note.text)
            root = await read_root(self.db, self.ledger_id, size)
            if (checkpoint.size, checkpoint.root) != (size, root):
                return []
        except LedgerError:
            return []
        return [*await self._cosigned(size, note), *await self._stamped(size, note)]

    async def _cosigned(self, size: int, note: Note) -> list[Bound]:
        found = []
        for (line,) in await self.db.fetch(_LINES, self.ledger_id, size):
            with suppress(LedgerError):
                read = note.with_lines(*read_signature_lines(line))
                found += [
                    Bound(at=one.at, size=size, by=one.key.name, is_time_stamp=False)
                    for one in read.signatures_by(self.keys)
                    if one.at is not None
                ]
        return found

    async def _stamped(self, size: int, note: Note) -> list[Bound]:
        found = []
        for row in await self.db.fetch(_STAMPS, self.ledger_id, size):
            at = self._stamped_at(row, note.text)
            if at is not None:
                bound = Bound(at=at, size=size, by=row["authority"], is_time_stamp=True)
                found.append(bound)
        return found

    def _stamped_at(self, row: Any, text: str) -> datetime | None:
        authority = self.authorities.get(row["authority"])
        if authority is None:
            return None
        stamped: str = row["stamped"]
        try:
            if read_note(stamped.encode()).text != text:
                return None
            return authority.check(row["token"], stamped.encode())
        except LedgerError:
            return None


def _at(bound: Bound) -> datetime:
    return bound.at
