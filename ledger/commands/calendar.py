"""Publish a year's working days; ``calendar_of`` is how other commands count them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Le, MaxLen

from ledger.calendar import PUBLIC_CALENDAR, WORK_CALENDAR_ID, WorkCalendar, WorkingDays
from ledger.core.aggregate import By
from ledger.core.guards import by_two
from ledger.core.times import NoUndo, decision
from ledger.core.values import Day, Statement
from ledger.storage.ledger import Ledger, Recorded

Year = Annotated[int, Ge(2004), Le(2200)]
"""A calendar year; the moving of working days across weekends is older, but not recorded here."""
Days = Annotated[tuple[Day, ...], MaxLen(200)]
"""Days of a notice, in any order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishCalendarYear:
    """Record the State Council's notice for a year: holidays, weekend days worked, reference."""

    year: Year
    holidays: Days
    workdays: Days
    notice: Statement


async def calendar_of(ledger: Ledger) -> WorkingDays:
    """Return what counts this ledger's working days; works before any notice was recorded."""
    calendar = await ledger.consult(WorkCalendar, WORK_CALENDAR_ID)
    return PUBLIC_CALENDAR if calendar is None else calendar.working_days()


@decision(undo=NoUndo("the year is published again, as the notice truly says"))
async def publish_calendar_year(command: PublishCalendarYear, ledger: Ledger, by: By) -> Recorded:
    """Record a year's notice, opening the ledger's calendar if this is its first.

    A year that is known already takes two persons, and a reason.
    """
    calendar = await ledger.find(WorkCalendar, WORK_CALENDAR_ID) or WorkCalendar.open(by)
    if calendar.working_days().is_known(command.year):  # deadlines were counted by it
        by = by_two(by.with_reason())
    calendar.publish_year(
        by,
        year=command.year,
        holidays=command.holidays,
        workdays=command.workdays,
        notice=command.notice,
    )
    return await ledger.save(calendar)
