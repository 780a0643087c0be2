"""Refusals counted in windows of 15 minutes, so that a flood of them makes few entries.

``count`` tells whether the refusal that it counts is one that an entry should tell of (the first,
the second, the fourth, the eighth …); ``windows_over`` gives what is left to tell of windows that
are over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg

from ledger.storage.connect import Database

WINDOW = timedelta(minutes=15)


class RefusalKind(StrEnum):
    """What was refused."""

    FAILED = "failed"  # signing in
    BLOCKED = "blocked"  # signing in, unread
    DENIED = "denied"  # an operation that the role does not have


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Who was refused what; ``subject`` stands in for strangers where nobody is known."""

    kind: RefusalKind
    subject: UUID
    what: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How often somebody was refused something since a moment."""

    refused: Refused
    since: datetime
    attempts_count: int

    @property
    def is_worth_an_entry(self) -> bool:
        """Tell whether the count has doubled since the last entry."""
        return self.attempts_count & (self.attempts_count - 1) == 0


_COUNT = """
    INSERT INTO refusal_windows AS w
        (ledger_id, kind, subject, what, role, started_at, attempts, recorded)
    VALUES ($1, $2, $3, $4, $5, $6, 1, 0)
    ON CONFLICT (ledger_id, kind, subject, what, role, started_at)
    DO UPDATE SET attempts = w.attempts + 1
    RETURNING attempts
"""
_TOLD = """
    UPDATE refusal_windows SET recorded = greatest(recorded, $7) WHERE ledger_id = $1
        AND kind = $2 AND subject = $3 AND what = $4 AND role = $5 AND started_at = $6
"""
_TAKE_OVER = """
    DELETE FROM refusal_windows WHERE ledger_id = $1 AND started_at < $2
    RETURNING kind, subject, what, role, started_at, attempts, recorded
"""


async def count(db: Database, ledger_id: str, refused: Refused, *, now: datetime) -> Window:
    """Count one refusal."""
    since = _window_start(now)
    attempts: int = await db.fetchval(_COUNT, ledger_id, *_key(refused), since)
    return Window(refused=refused, since=since, attempts_count=attempts)


async def note_told(db: Database, ledger_id: str, window: Window) -> None:
    """Note that an entry tells of so many."""
    await db.execute(_TOLD, ledger_id, *_key(window.refused), window.since, window.attempts_count)


async def take_windows_over(
    db: asyncpg.Connection, ledger_id: str, *, now: datetime
) -> list[Window]:
    """Take away the windows that are over; return those of which something is left to tell.

    In a transaction of the caller, who ends it when the entries are made.
    """
    rows = await db.fetch(_TAKE_OVER, ledger_id, _window_start(now))
    return [
        Window(
            refused=Refused(
                kind=RefusalKind(row["kind"]),
                subject=UUID(int=row["subject"].int),
                what=row["what"],
                role=row["role"],
            ),
            since=row["started_at"],
            attempts_count=row["attempts"],
        )
        for row in rows
        if row["attempts"] > row["recorded"]
    ]


def _key(refused: Refused) -> tuple[str, UUID, str, str]:
    return str(refused.kind), refused.subject, refused.what, refused.role


def _window_start(now: datetime) -> datetime:
    seconds = int(WINDOW.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
