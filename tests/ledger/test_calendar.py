from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import chinese_calendar
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from ledger.calendar import (
    PUBLIC_CALENDAR,
    DayFreeAndWorked,
    DayOutsideYear,
    Due,
    WorkCalendar,
    WorkdayNotOnWeekend,
    WorkingDays,
    YearHasNoHolidays,
    YearNotice,
    YearUnchanged,
    changed_due,
)
from ledger.core.errors import InvalidValue, ReasonMissing
from tests.examples import by
from tests.examples.calendar import (
    HOLIDAYS_2027,
    NOTICE,
    WORKDAYS_2027,
    opened,
    year_published,
)
from tests.given import given, replay, state_of


def publish(
    calendar: WorkCalendar,
    *,
    holidays: tuple[date, ...] = HOLIDAYS_2027,
    workdays: tuple[date, ...] = WORKDAYS_2027,
    reason: str = "",
) -> None:
    calendar.publish_year(
        by(reason=reason), year=2027, holidays=holidays, workdays=workdays, notice=NOTICE
    )


# Counting ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "days", "due"),
    [
        (date(2026, 9, 24), 5, date(2026, 10, 9)),
        (date(2026, 2, 13), 5, date(2026, 2, 27)),
        (date(2026, 9, 30), 2, date(2026, 10, 9)),
        (date(2026, 3, 2), 1, date(2026, 3, 3)),
        (date(2026, 3, 6), 1, date(2026, 3, 9)),
        (date(2026, 2, 13), 1, date(2026, 2, 14)),
    ],
)
def test_working_days_run_over_holidays_and_weekends_that_are_worked(
    day: date, days: int, due: date
) -> None:
    assert PUBLIC_CALENDAR.add_working_days(day, days) == Due(due, is_provisional=False)


def test_the_weekend_days_worked_in_2026_are_the_six_of_the_notice() -> None:
    year = [date(2026, 1, 1) + timedelta(days) for days in range(365)]
    weekend = [day for day in year if day.weekday() >= 5 and PUBLIC_CALENDAR.is_working_day(day)]

    assert weekend == [
        date(2026, 1, 4),
        date(2026, 2, 14),
        date(2026, 2, 28),
        date(2026, 5, 9),
        date(2026, 9, 20),
        date(2026, 10, 10),
    ]


def test_zero_days_end_on_the_day_itself_or_on_the_next_working_day() -> None:
    assert PUBLIC_CALENDAR.add_working_days(date(2026, 3, 2), 0).on == date(2026, 3, 2)
    assert PUBLIC_CALENDAR.add_working_days(date(2026, 10, 1), 0).on == date(2026, 10, 8)


def test_a_deadline_does_not_run_backwards() -> None:
    with pytest.raises(InvalidValue):
        PUBLIC_CALENDAR.add_working_days(date(2026, 3, 2), -1)


def test_a_deadline_in_a_year_without_a_notice_is_provisional() -> None:
    assert PUBLIC_CALENDAR.add_working_days(date(2026, 12, 30), 1) == Due(
        date(2026, 12, 31), is_provisional=False
    )
    assert PUBLIC_CALENDAR.add_working_days(date(2026, 12, 30), 2) == Due(
        date(2027, 1, 4), is_provisional=True
    )
    assert PUBLIC_CALENDAR.is_known(2026)
    assert not PUBLIC_CALENDAR.is_known(2027)


def test_an_unknown_year_is_worked_monday_to_friday_but_on_holidays_fixed_by_date() -> None:
    assert PUBLIC_CALENDAR.is_working_day(date(2027, 10, 4))
    for month, day in ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)):
        for year in range(2027, 2035):
            assert not PUBLIC_CALENDAR.is_working_day(date(year, month, day))
    assert PUBLIC_CALENDAR.add_working_days(date(2030, 12, 31), 1) == Due(date(2031, 1, 2), True)
    assert not PUBLIC_CALENDAR.is_working_day(date(2027, 10, 2))


known_days = st.dates(date(2010, 1, 1), date(2026, 6, 30))


@for_all(known_days, st.integers(1, 90))
def test_a_deadline_is_what_counting_day_by_day_gives(day: date, days: int) -> None:
    on, left = day, days
    while left:
        on += timedelta(days=1)
        left -= chinese_calendar.is_workday(on)

    assert PUBLIC_CALENDAR.add_working_days(day, days) == Due(on, is_provisional=False)
    assert PUBLIC_CALENDAR.count_working_days(day, on) == days


@for_all(st.dates(date(2015, 1, 1), date(2030, 12, 31)), st.integers(0, 1_000))
def test_counting_undoes_adding_across_years(day: date, days: int) -> None:
    due = PUBLIC_CALENDAR.add_working_days(day, days)

    assert PUBLIC_CALENDAR.is_working_day(due.on)
    if days:
        assert PUBLIC_CALENDAR.count_working_days(day, due.on) == days
    assert PUBLIC_CALENDAR.count_working_days(due.on, day) == 0


# Notices -------------------------------------------------------------------------------


def test_a_calendar_opens_without_notices() -> None:
    calendar = WorkCalendar.open(by())

    assert list(calendar.collect_events()) == [opened()]
    assert calendar.notices == {}


def test_a_notice_is_recorded_in_the_order_of_days() -> None:
    given(opened()).when(
        lambda calendar: publish(calendar, holidays=(*HOLIDAYS_2027[::-1], HOLIDAYS_2027[0]))
    ).then(year_published())


def test_a_notice_makes_its_year_known() -> None:
    days = replay([opened(), year_published()]).working_days()

    assert days.is_known(2027)
    assert not days.is_working_day(date(2027, 1, 1))
    assert days.is_working_day(date(2027, 2, 14))
    assert days.add_working_days(date(2026, 12, 30), 2) == Due(
        date(2027, 1, 4), is_provisional=False
    )


def test_a_notice_replaces_the_public_calendar_of_its_year() -> None:
    quiet = YearNotice(holidays=(date(2026, 1, 1),), workdays=(), notice=NOTICE)
    days = WorkingDays({2026: quiet})

    assert days.is_working_day(date(2026, 10, 1))
    assert not days.is_working_day(date(2026, 10, 10))


def test_a_notice_may_move_days_of_the_december_before() -> None:
    notice = YearNotice(
        holidays=(date(2026, 12, 31),), workdays=(date(2026, 12, 27),), notice=NOTICE
    )
    days = WorkingDays({2027: notice})

    assert not days.is_working_day(date(2026, 12, 31))
    assert days.is_working_day(date(2026, 12, 27))
    assert not days.is_working_day(date(2026, 10, 1)), "the rest of the year stays as it was"


def test_replacing_a_notice_needs_a_reason() -> None:
    other = (date(2027, 1, 1),)

    given(opened(), year_published()).when(
        lambda calendar: publish(calendar, holidays=other)
    ).then_refused(ReasonMissing)
    given(opened(), year_published()).when(
        lambda calendar: publish(calendar, holidays=other, reason="通知有更正")
    ).then(year_published(3, holidays=other, who=by(reason="通知有更正")))


def test_the_same_notice_is_not_recorded_twice() -> None:
    given(opened(), year_published()).when(publish).then_refused(YearUnchanged, year=2027)


def test_a_notice_names_at_least_one_holiday() -> None:
    given(opened()).when(lambda calendar: publish(calendar, holidays=())).then_refused(
        YearHasNoHolidays, year=2027
    )


@pytest.mark.parametrize("day", [date(2026, 11, 30), date(2028, 1, 1)])
def test_a_notice_names_days_of_its_year_and_the_december_before(day: date) -> None:
    given(opened()).when(lambda calendar: publish(calendar, holidays=(day,))).then_refused(
        DayOutsideYear, year=2027, day=day.isoformat()
    )


def test_a_day_cannot_be_free_and_worked() -> None:
    given(opened()).when(lambda calendar: publish(calendar, holidays=WORKDAYS_2027)).then_refused(
        DayFreeAndWorked, day="2027-02-14"
    )


def test_a_day_worked_instead_is_a_weekend_day() -> None:
    given(opened()).when(
        lambda calendar: publish(calendar, workdays=(date(2027, 2, 15),))
    ).then_refused(WorkdayNotOnWeekend, day="2027-02-15")


def test_imported_history_is_marked_where_a_rule_would_refuse() -> None:
    calendar = replay([opened()])

    calendar.publish_year(
        replace(by(), is_history=True), year=2027, holidays=(), workdays=(), notice=NOTICE
    )

    assert calendar.pending_events[-1].by.breaches == ("year-has-no-holidays",)


# Deadlines that were provisional ---------------------------------------------------------


def test_a_provisional_deadline_moves_or_is_confirmed_when_the_notice_arrives() -> None:
    start = date(2026, 12, 30)
    before = PUBLIC_CALENDAR.add_working_days(start, 2)
    calendar = replay([opened(), year_published()]).working_days()

    now = changed_due(before, start=start, days=2, calendar=calendar)

    assert now == Due(date(2027, 1, 4), is_provisional=False)
    assert changed_due(now, start=start, days=2, calendar=calendar) is None
    confirmed = changed_due(
        Due(date(2027, 3, 2), is_provisional=True),
        start=date(2027, 3, 1),
        days=1,
        calendar=calendar,
    )
    assert confirmed == Due(date(2027, 3, 2), is_provisional=False)


@for_all(st.sets(st.dates(date(2027, 1, 1), date(2027, 12, 31)), min_size=1, max_size=20))
def test_any_notice_replays_to_the_same_calendar(days: set[date]) -> None:
    calendar = WorkCalendar.open(by())
    holidays = tuple(sorted(days))
    publish(calendar, holidays=holidays, workdays=())
    events: list[Any] = list(calendar.collect_events())

    assert state_of(replay(events)) == state_of(calendar)
    counting = calendar.working_days()
    for offset in range(365):
        day = date(2027, 1, 1) + timedelta(offset)
        assert counting.is_working_day(day) == (day.weekday() < 5 and day not in days)
