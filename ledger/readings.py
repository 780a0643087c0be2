"""Readings: who reads the audit trail and other audit data, told once for a stretch of time.

One event an actor, operation and window, not one a page: enough to see who looked
at what and when, without burying the log under its own readers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.values import derived_id


class Reading(core.Aggregate):
    """One actor's reading of one kind of audit data in one window."""

    TOPIC = "reading"

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of a reading."""

    @dataclass(frozen=True, kw_only=True)
    class Begun(Event, core.Created):
        """Somebody began to read audit data; what they read until ``ends_at`` is told by this."""

        TOPIC = "reading.begun.v1"

        operation: str
        begins_at: datetime
        ends_at: datetime

    def __init__(self, *, operation: str, begins_at: datetime, ends_at: datetime) -> None:
        self.operation = operation
        self.begins_at = begins_at
        self.ends_at = ends_at

    @classmethod
    def begin(cls, by: By, *, operation: str, begins_at: datetime, ends_at: datetime) -> Reading:
        """Record that somebody reads audit data in a window."""
        return cls._begin(
            cls.Begun,
            by,
            id=reading_id(by.actor_id, operation, begins_at),
            operation=operation,
            begins_at=begins_at,
            ends_at=ends_at,
        )


def reading_id(actor_id: UUID, operation: str, begins_at: datetime) -> UUID:
    """Return the id of the one reading of an actor, an operation and a window."""
    return derived_id("reading", f"{actor_id}:{operation}:{begins_at.isoformat()}")
