"""Note that somebody reads audit data: once for a stretch of time, before the answer is given."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import Conflict
from ledger.policies import POLICY_BOOK_ID, PolicyBook, PolicyMissing
from ledger.readings import Reading, reading_id
from ledger.storage.ledger import Ledger

MINUTES_IF_NO_POLICY = 60
START_OF_TIME = datetime(1970, 1, 1, tzinfo=UTC)


async def window_of(ledger: Ledger, by: By) -> tuple[datetime, datetime]:
    """Return the stretch of time in which a moment lies, as the policies have it."""
    minutes = MINUTES_IF_NO_POLICY
    book = await ledger.consult(PolicyBook, POLICY_BOOK_ID)
    if book is not None:
        with suppress(PolicyMissing):
            minutes = max(book.number("privacy.reading_minutes", on=local_day(by.at)), 1)
    length = timedelta(minutes=minutes)
    begins_at = START_OF_TIME + (by.at - START_OF_TIME) // length * length
    return begins_at, begins_at + length


async def note_reading(ledger: Ledger, by: By, operation: str) -> tuple[datetime, datetime]:
    """Record the reading unless this window's is in the log; return the window.

    Whatever keeps it from being recorded is raised: what is not recorded is not read.
    """
    begins_at, ends_at = await window_of(ledger, by)
    if await ledger.find(Reading, reading_id(by.actor_id, operation, begins_at)) is None:
        reading = Reading.begin(by, operation=operation, begins_at=begins_at, ends_at=ends_at)
        with suppress(Conflict):  # another process was quicker: it is in the log
            await ledger.for_request().save(reading)
    return begins_at, ends_at
