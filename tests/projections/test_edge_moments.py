"""Events from before moments had bounds: views bear a moment at the calendar's very edge."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from ledger.core.clock import local_day
from ledger.points import Activity
from ledger.storage.ledger import Ledger
from projections import VIEWS
from projections.deposits import ReminderQuery, deposit_reminders
from projections.engine import catch_up, verify, view_named
from projections.engine.shape import FIRST_EDGE, LAST_EDGE
from projections.services import ActivitiesQuery, volunteer_activities
from tests.examples import by
from tests.examples import deposits as d
from tests.ledger import deposit_steps as step

FIRST = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=8)))
LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-8)))


async def test_views_go_on_after_moments_at_the_edge(ledger: Ledger, store_dsn: str) -> None:
    activity = Activity._begin(
        Activity.Opened,
        by(),
        organiser_id=d.ESTATE,
        place_id=d.ESTATE,
        kind="cleaning",
        title="清扫",
        starts_at=FIRST,
        ends_at=LAST,
        capacity=5,
    )
    deposit = step.assess()
    deposit._record(
        type(deposit).CompanyReminded,
        replace(d.SUPERVISOR),
        reminder_id=d.ESTATE,
        matter="消防通道",
        due_at=FIRST,
    )
    await ledger.save(activity, deposit)
    await catch_up(ledger, VIEWS)

    (row,) = (await volunteer_activities(ledger.pool, ledger.id, ActivitiesQuery())).rows
    assert (row["starts_at"], row["ends_at"]) == (FIRST_EDGE, LAST_EDGE)
    (line,) = (await deposit_reminders(ledger.pool, ledger.id, ReminderQuery())).rows
    assert line["due_at"] == FIRST_EDGE
    for name in ("services", "deposits"):
        verified = await verify(store_dsn, ledger.id, view_named(VIEWS, name))
        assert verified.is_right, verified.difference


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime.max.replace(tzinfo=UTC), date.max),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), date.min),
        (LAST, date.max),
        (FIRST, date.min),
    ],
)
def test_the_day_of_a_moment_at_the_edge_is_the_last_or_the_first(
    moment: datetime, day: date
) -> None:
    assert local_day(moment) == day
