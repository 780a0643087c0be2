"""Working days in China: the State Council's yearly notice moves them across weekends.

A public calendar (the package ``chinesecalendar``) knows the years up to the
last notice that it was released with; a notice recorded here adds a year, or
replaces one. A year that neither knows is counted Monday to Friday, without the
holidays that the State Council's regulation fixes by date, and every deadline that
touches it says that it is provisional; ``changed_due`` tells what becomes of such a
deadline when the notice arrives.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from uuid import UUID

import chinese_calendar

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.errors import InvalidValue, RuleViolated
from ledger.core.values import derived_id

WORK_CALENDAR_ID = derived_id("work-calendar", "")

SATURDAY = 5

FIXED_HOLIDAYS = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))
"""Month and day of what is free in every year: 全国年节及纪念日放假办法 (2024), Article 2.

The other holidays follow the moon, and which weekends are worked only the notice says.
"""


class YearHasNoHolidays(RuleViolated):
    """The notice of a year must name at least one holiday.

    年度放假安排必须至少列出一个放假日。
    """


class DayOutsideYear(RuleViolated):
    """The notice of a year may name days of that year and of the December before it only.

    年度放假安排只能列出当年以及上一年十二月的日期。
    """


class DayFreeAndWorked(RuleViolated):
    """A day cannot be a holiday and a working day at once.

    同一天不能既放假又上班。
    """


class WorkdayNotOnWeekend(RuleViolated):
    """A working day that makes up for a holiday must be a Saturday or a Sunday.

    调休上班日必须是星期六或星期日。
    """


class YearUnchanged(RuleViolated):
    """The calendar already says exactly this about the year.

    日历中该年度的安排与此完全相同。
    """


@dataclass(frozen=True, slots=True)
class Due:
    """The last day of a deadline; provisional while a year that it touches is unknown."""

    on: date
    is_provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class YearNotice:
    """What a notice says: free days, weekend days that are worked, and where it was published."""

    holidays: tuple[date, ...]
    workdays: tuple[date, ...]
    notice: str


@dataclass(frozen=True, slots=True)
class _Year:
    """The working days of one year as ordinals, sorted; ``is_known`` when a notice fixed them."""

    ordinals: tuple[int, ...]
    is_known: bool


class WorkingDays:
    """Counts working days over the public calendar and the notices recorded in this ledger."""

    def __init__(self, notices: Mapping[int, YearNotice]) -> None:
        self._notices = notices
        self._years: dict[int, _Year] = {}

    def is_known(self, year: int) -> bool:
        """Tell whether a notice has fixed the working days of a year."""
        return self._year(year).is_known

    def is_working_day(self, day: date) -> bool:
        """Tell whether a day is worked; in an unknown year, Monday to Friday but fixed holidays."""
        ordinals = self._year(day.year).ordinals
        ordinal = day.toordinal()
        index = bisect_right(ordinals, ordinal)
        return index > 0 and ordinals[index - 1] == ordinal

    def add_working_days(self, day: date, days: int) -> Due:
        """Return the ``days``-th working day after ``day``, which itself does not count.

        Zero days end on the day itself, or on the next working day if it is not one.
        """
        if days < 0:
            raise InvalidValue(field="days", rule="a deadline cannot run backwards")
        ordinal = day.toordinal()
        if days == 0:
            ordinal, days = ordinal - 1, 1
        number = day.year
        year = self._year(number)
        is_known = year.is_known
        index = bisect_right(year.ordinals, ordinal) + days - 1
        while index >= len(year.ordinals):
            index -= len(year.ordinals)
            number += 1
            year = self._year(number)
            is_known = is_known and year.is_known
        return Due(date.fromordinal(year.ordinals[index]), not is_known)

    def count_working_days(self, after: date, until: date) -> int:
        """Return how many working days lie after one day up to and including another.

        Zero when ``until`` does not lie after ``after``.
        """
        if until <= after:
            return 0
        count = -bisect_right(self._year(after.year).ordinals, after.toordinal())
        for number in range(after.year, until.year):
            count += len(self._year(number).ordinals)
        return count + bisect_right(self._year(until.year).ordinals, until.toordinal())

    def _year(self, number: int) -> _Year:
        year = self._years.get(number)
        if year is None:
            year = _year_of(number, self._notices.get(number), self._notices.get(number + 1))
            self._years[number] = year
        return year


@lru_cache(maxsize=1_024)
def _year_of(number: int, notice: YearNotice | None, next_notice: YearNotice | None) -> _Year:
    """Work out one year; the next year's notice may still move days of this December."""
    days = [date(number, 1, 1) + timedelta(offset) for offset in range(_length(number))]
    worked, is_known = _public_working_days(days)
    if notice is not None:
        worked, is_known = {day for day in days if day.weekday() < SATURDAY}, True
    for said in (notice, next_notice):
        if said is not None:
            worked -= set(said.holidays)
            worked |= {day for day in said.workdays if day.year == number}
    return _Year(tuple(sorted(day.toordinal() for day in worked)), is_known)


def _public_working_days(days: list[date]) -> tuple[set[date], bool]:
    try:
        return {day for day in days if chinese_calendar.is_workday(day)}, True
    except NotImplementedError:
        return {day for day in days if day.weekday() < SATURDAY and not _is_fixed(day)}, False


def _is_fixed(day: date) -> bool:
    return (day.month, day.day) in FIXED_HOLIDAYS


def _length(year: int) -> int:
    return date(year, 12, 31).timetuple().tm_yday


PUBLIC_CALENDAR = WorkingDays({})
"""Working days as the public calendar alone has them: what a ledger without notices counts with."""


def changed_due(due: Due, *, start: date, days: int, calendar: WorkingDays) -> Due | None:
    """Return what ``days`` working days from ``start`` end on by now; ``None`` if still ``due``.

    For deadlines that were provisional when they were set: a result tells that the
    notice moved the day, or confirmed it (``is_provisional`` became false).
    """
    now = calendar.add_working_days(start, days)
    return None if now == due else now


class WorkCalendar(core.Aggregate):
    """The notices of one ledger, a year each; the one recorded last counts."""

    TOPIC = "work_calendar"

    # Events: what can happen to the calendar --------------------------------------------

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of the work calendar."""

    @dataclass(frozen=True, kw_only=True)
    class Opened(Event, core.Created):
        """The ledger keeps a work calendar of its own over the public one."""

        TOPIC = "work_calendar.opened.v1"

    @dataclass(frozen=True, kw_only=True)
    class YearPublished(Event):
        """The notice for a year was published: it replaces what was known of that year.

        ``holidays`` are free days, ``workdays`` weekend days that are worked, ``notice`` is
        where it was published, such as 国办发明电〔2025〕7号.
        """

        TOPIC = "work_calendar.year_published.v1"

        year: int
        holidays: tuple[date, ...]
        workdays: tuple[date, ...]
        notice: str

        def apply(self, calendar: WorkCalendar) -> None:
            calendar.notices[self.year] = YearNotice(
                holidays=self.holidays, workdays=self.workdays, notice=self.notice
            )

    # State: what we remember of it ------------------------------------------------------

    def __init__(self) -> None:
        self.notices: dict[int, YearNotice] = {}

    @staticmethod
    def create_id(*_: object, **__: object) -> UUID:
        """There is one work calendar a ledger."""
        return WORK_CALENDAR_ID

    def working_days(self) -> WorkingDays:
        """Return what counts working days with the notices so far."""
        return WorkingDays(dict(self.notices))

    # Commands: what you may ask for -----------------------------------------------------

    @classmethod
    def open(cls, by: By) -> WorkCalendar:
        """Open the ledger's work calendar, without notices."""
        return cls._begin(cls.Opened, by)

    def publish_year(
        self,
        by: By,
        *,
        year: int,
        holidays: tuple[date, ...],
        workdays: tuple[date, ...],
        notice: str,
    ) -> None:
        """Record the notice for a year; replacing an earlier one needs a reason."""
        holidays, workdays = tuple(sorted(set(holidays))), tuple(sorted(set(workdays)))
        by = _guard_days(by, year, holidays, workdays)
        said = YearNotice(holidays=holidays, workdays=workdays, notice=notice)
        if year in self.notices:
            if self.notices[year] == said:
                raise YearUnchanged(year=year)
            by = by.with_reason()
        self._record(
            self.YearPublished,
            by,
            year=year,
            holidays=holidays,
            workdays=workdays,
            notice=notice,
        )


def _guard_days(by: By, year: int, holidays: tuple[date, ...], workdays: tuple[date, ...]) -> By:
    if not holidays:
        by = by.refuse(YearHasNoHolidays(year=year))
    for day in (*holidays, *workdays):
        if day.year != year and (day.year, day.month) != (year - 1, 12):
            raise DayOutsideYear(year=year, day=day.isoformat())
    for day in workdays:
        if day in holidays:
            by = by.refuse(DayFreeAndWorked(day=day.isoformat()))
        if day.weekday() < SATURDAY:
            by = by.refuse(WorkdayNotOnWeekend(day=day.isoformat()))
    return by
