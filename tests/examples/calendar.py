"""Good events of the work calendar."""

from __future__ import annotations

from datetime import date

from ledger.calendar import WORK_CALENDAR_ID, WorkCalendar
from ledger.core.aggregate import By, Event
from tests.examples import AT, by

HOLIDAYS_2027 = (date(2027, 1, 1), date(2027, 2, 8), date(2027, 2, 9))
WORKDAYS_2027 = (date(2027, 2, 14),)
NOTICE = "国办发明电〔2026〕示例号"


def opened() -> WorkCalendar.Opened:
    """A calendar without notices."""
    return WorkCalendar.Opened(
        originator_id=WORK_CALENDAR_ID,
        originator_topic=WorkCalendar.TOPIC,
        originator_version=1,
        timestamp=AT,
        by=by(),
    )


def year_published(
    version: int = 2,
    *,
    year: int = 2027,
    holidays: tuple[date, ...] = HOLIDAYS_2027,
    workdays: tuple[date, ...] = WORKDAYS_2027,
    notice: str = NOTICE,
    who: By | None = None,
) -> WorkCalendar.YearPublished:
    """An invented notice for 2027."""
    return WorkCalendar.YearPublished(
        originator_id=WORK_CALENDAR_ID,
        originator_version=version,
        timestamp=AT,
        by=who or by(),
        year=year,
        holidays=holidays,
        workdays=workdays,
        notice=notice,
    )


EXAMPLES: tuple[Event, ...] = (opened(), year_published())
