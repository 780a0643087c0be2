from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest

from ledger.calendar import Due, WorkCalendar
from ledger.commands.calendar import PublishCalendarYear, calendar_of, publish_calendar_year
from ledger.core.errors import SecondPersonNeeded
from ledger.storage.ledger import Ledger
from tests.examples import by
from tests.examples.calendar import HOLIDAYS_2027, NOTICE, WORKDAYS_2027

YEAR_2027 = PublishCalendarYear(
    year=2027, holidays=HOLIDAYS_2027, workdays=WORKDAYS_2027, notice=NOTICE
)


async def test_working_days_count_before_any_notice_is_recorded(ledger: Ledger) -> None:
    calendar = await calendar_of(ledger)

    assert calendar.add_working_days(date(2026, 9, 24), 5) == Due(
        date(2026, 10, 9), is_provisional=False
    )


async def test_the_first_notice_opens_the_calendar_and_counts_at_once(ledger: Ledger) -> None:
    assert (await calendar_of(ledger)).add_working_days(date(2026, 12, 30), 2).is_provisional

    recorded = await publish_calendar_year(YEAR_2027, ledger, by())

    assert [type(event) for event in recorded.events] == [
        WorkCalendar.Opened,
        WorkCalendar.YearPublished,
    ]
    assert (await calendar_of(ledger)).add_working_days(date(2026, 12, 30), 2) == Due(
        date(2027, 1, 4), is_provisional=False
    )


async def test_a_corrected_notice_replaces_the_first(ledger: Ledger) -> None:
    await publish_calendar_year(YEAR_2027, ledger, by())
    corrector = by(reason="通知有更正")
    corrected = PublishCalendarYear(
        year=2027, holidays=(date(2027, 1, 4),), workdays=(), notice=NOTICE
    )
    with pytest.raises(SecondPersonNeeded):
        await publish_calendar_year(corrected, ledger, corrector)

    two = replace(corrector, proposed_by=(uuid4(),))
    recorded = await publish_calendar_year(corrected, ledger, two)

    assert recorded.version == 3
    assert not (await calendar_of(ledger)).is_working_day(date(2027, 1, 4))
    assert (await calendar_of(ledger)).is_working_day(date(2027, 1, 1))
