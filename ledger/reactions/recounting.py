"""Counting provisional days again when the working days of a year are announced.

How many working days a term had is not written in each event that set one. It follows from
the calendar by which its day was counted, which is the one before the year was announced.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from ledger.calendar import PUBLIC_CALENDAR, Due, WorkCalendar, WorkingDays, changed_due
from ledger.core.clock import local_day
from ledger.core.entry import Entry
from ledger.reactions.reaction import Work
from ledger.storage.reading import read_stream


@dataclass(frozen=True, slots=True)
class Announced:
    """The calendar before a year was announced and after it, and when it was."""

    before: WorkingDays
    after: WorkingDays
    at: datetime

    @classmethod
    async def of(cls, work: Work, entry: Entry) -> Self:
        """Return both calendars around a ``work_calendar.year_published.v1``."""
        ledger = work.ledger
        calendar: WorkCalendar | None = None
        before = PUBLIC_CALENDAR
        for earlier in await read_stream(ledger.pool, ledger.id, entry.stream_id, after_version=0):
            if earlier.version > entry.version:
                break
            if calendar is not None:
                before = calendar.working_days()
            calendar = earlier.event.mutate(calendar)
        assert calendar is not None  # noqa: S101 - the entry itself is in its stream
        return cls(before, calendar.working_days(), entry.occurred_at)

    def recounted(self, due: Due, *, set_at: datetime) -> Due | None:
        """Return a provisional day that was set earlier as it counts now; ``None`` if the same."""
        if not due.is_provisional or set_at > self.at:
            return None
        start = local_day(set_at)
        days = self.before.count_working_days(start, due.on)
        return changed_due(due, start=start, days=days, calendar=self.after)
