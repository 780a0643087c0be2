"""Time as the ledger counts it: moments are kept in UTC, days are days in China."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

Clock: TypeAlias = Callable[[], datetime]

LOCAL = ZoneInfo("Asia/Shanghai")


def utc_now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def local_day(moment: datetime) -> date:
    """Return the day in China on which a moment falls, at the edge the calendar's last or first."""
    try:
        return moment.astimezone(LOCAL).date()
    except OverflowError:
        return date.max if moment.year > 1 else date.min


def end_of_day(day: date) -> datetime:
    """Return the last microsecond of a day in China: until then a due date is kept."""
    return datetime.combine(day, time.max, LOCAL).astimezone(UTC)


def moment_missed(due_on: date) -> datetime:
    """Return the first moment at which a day in China is over: what was due on it is missed."""
    return end_of_day(due_on) + timedelta(microseconds=1)
