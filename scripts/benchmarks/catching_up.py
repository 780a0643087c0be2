"""Projection catch-up: all views together over a log that they have not seen.

The log tells of volunteers: activities opened, attended, verified and closed, accounts
opened and points awarded. Views that such events do not concern pass over them.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

from ledger.core.aggregate import Aggregate, By
from ledger.core.clock import local_day, utc_now
from ledger.points import Activity, ActivityPlan, PointsAccount, ServiceAward
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.reading import read_head
from projections import VIEWS
from projections.engine import catch_up
from scripts.benchmarks.commands import KIND, by_clerk
from scripts.benchmarks.rows import Sample
from scripts.benchmarks.store import fresh_ledger
from scripts.benchmarks.trials import Place, Trial

EVENTS = 50_000
VOLUNTEERS = 10
ACTIVITIES_A_SAVE = 20
HOURS = 2


def trials_of_projections() -> list[Trial]:
    """All views, from nothing to the log's end."""
    return [Trial(case="projections", system="minzhang", writers=1, run=catch_up_all)]


async def catch_up_all(place: Place) -> Sample:
    """Measure one catch-up of all views; the one call is the whole of it."""
    ledger_id = await fresh_ledger(place.dsn)
    async with open_ledger(place.dsn, ledger_id, pool_size_max=10) as ledger:
        await fill(ledger, place.count(EVENTS))
        began = time.perf_counter()
        await catch_up(ledger, VIEWS)
        seconds = time.perf_counter() - began
        size = (await read_head(ledger.pool, ledger.id)).size
    return Sample(size, seconds, [seconds])


async def fill(ledger: Ledger, event_count: int) -> None:
    """Record lives of activities until the log has so many events."""
    size = 0
    while size < event_count:
        lives = [one for _ in range(ACTIVITIES_A_SAVE) for one in life_of_an_activity()]
        size = (await ledger.save(*lives)).position + 1


def life_of_an_activity() -> list[Aggregate]:
    """Return an activity that is over, and the accounts of those who served."""
    clerk = by_clerk()
    starts_at = utc_now() - timedelta(days=1)
    ends_at = starts_at + timedelta(hours=HOURS)
    plan = ActivityPlan(
        kind=KIND, title="志愿巡逻", starts_at=starts_at, ends_at=ends_at, capacity=VOLUNTEERS
    )
    activity = Activity.open(clerk, plan, organiser_id=uuid4(), place_id=uuid4(), kinds=(KIND,))
    accounts: list[Aggregate] = []
    for _ in range(VOLUNTEERS):
        volunteer_id = uuid4()
        activity.check_in(replace(clerk, at=starts_at), volunteer_id=volunteer_id, early_minutes=30)
        activity.check_out(replace(clerk, at=ends_at), volunteer_id=volunteer_id)
        activity.verify(clerk, volunteer_id=volunteer_id, minutes=HOURS * 60)
        accounts.append(_account(clerk, volunteer_id, activity))
    activity.close(clerk)
    return [activity, *accounts]


def _account(clerk: By, volunteer_id: UUID, activity: Activity) -> PointsAccount:
    account = PointsAccount.open(clerk, volunteer_id=volunteer_id, community_id=uuid4())
    served_on = local_day(activity.plan.starts_at)
    award = ServiceAward(
        service_id=uuid4(),
        activity_id=activity.id,
        served_on=served_on,
        minutes=HOURS * 60,
        rule=f"points.per_hour.{KIND}",
        points=20,
        expires_on=served_on + timedelta(days=730),
    )
    account.award(clerk, award, minutes_a_day_max=480)
    return account
