"""Moments of the demo: offices work on working days from 8:30 to 17:30, in China."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random

from ledger.calendar import PUBLIC_CALENDAR
from ledger.core.clock import LOCAL

OPENS, CLOSES = 8 * 60 + 30, 17 * 60 + 30
MINUTES_A_DAY = CLOSES - OPENS


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """Return a moment of a day in China."""
    return datetime.combine(day, time(hour, minute), LOCAL).astimezone(UTC)


@cache
def working_day_after(day: date, days: int) -> date:
    """Return the working day so many working days after a day (0: the day itself, or the next)."""
    return PUBLIC_CALENDAR.add_working_days(day, days).on


def after(moment: datetime, minutes: int) -> datetime:
    """Return the moment when so many minutes of working time have passed."""
    local = moment.astimezone(LOCAL)
    day, minute = local.date(), local.hour * 60 + local.minute
    first = working_day_after(day, 0)
    if first != day or minute < OPENS:
        minute = OPENS
    elif minute >= CLOSES:
        first, minute = working_day_after(day, 1), OPENS
    days, minute = divmod(minute - OPENS + minutes, MINUTES_A_DAY)
    minute += OPENS
    return at(working_day_after(first, days), minute // 60, minute % 60)


def office_hours(rng: Random, day: date) -> datetime:
    """Return some moment in which an office works, on this day or the next working day."""
    minute = rng.randrange(OPENS, CLOSES)
    return at(working_day_after(day, 0), minute // 60, minute % 60)


def any_hour(rng: Random, day: date) -> datetime:
    """Return some moment between seven in the morning and ten at night."""
    return at(day, rng.randrange(7, 22), rng.randrange(60))


def a_day(rng: Random, start: date, end: date) -> date:
    """Return some day from ``start`` until before ``end``."""
    return start + timedelta(days=rng.randrange((end - start).days))


def months_later(day: date, months: int) -> date:
    """Return the first day of the month so many months later."""
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, 1)
