"""Activities and services as views: commands in, rows out, at any two times."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from ledger.commands.activities import (
    CancelActivity,
    CloseActivity,
    RejectService,
    WithdrawVerification,
    cancel_activity,
    close_activity,
    open_activity,
    reject_service,
    withdraw_verification,
)
from ledger.core.errors import NotFound
from ledger.storage.ledger import Ledger
from projections.engine import catch_up
from projections.services import (
    ActivitiesQuery,
    ActivityQuery,
    ServicesQuery,
    verified_time,
    volunteer_activities,
    volunteer_activity,
)
from tests.examples import by
from tests.examples.points import (
    DAY,
    ENDS_AT,
    ESTATE,
    ORGANISER,
    OTHER_VOLUNTEER,
    STARTS_AT,
    VOLUNTEER,
    WITH_REASON,
)
from tests.points_world import (
    CLEANING,
    VERIFIER,
    attended,
    days_later,
    open_town,
    served,
)
from tests.projections.points_asking import (
    VIEWS,
    service_rows,
)


@pytest.fixture
async def town(ledger: Ledger) -> Ledger:
    """A ledger with the standard policies."""
    await open_town(ledger)
    return ledger


async def test_a_service_shows_who_was_there_and_who_vouches_for_it(town: Ledger) -> None:
    activity_id = await served(town)
    (row,) = await service_rows(town, volunteer_id=VOLUNTEER)
    assert (row["state"], row["minutes"], row["served_on"]) == ("verified", 120, DAY)
    assert (row["checked_in_at"], row["checked_out_at"]) == (STARTS_AT, ENDS_AT)
    assert (row["decided_by"], row["decided_as"]) == (VERIFIER, days_later(0).role)
    assert (row["title"], row["place_id"], row["organiser_id"]) == ("清扫楼道", ESTATE, ORGANISER)
    assert len(row["positions"]) == 3
    activity = await volunteer_activity(town.pool, town.id, ActivityQuery(activity_id=activity_id))
    assert (activity["present_count"], activity["verified_count"]) == (1, 1)
    assert (activity["state"], activity["verified_minutes"]) == ("open", 120)


async def test_a_verification_withdrawn_can_be_judged_again(town: Ledger) -> None:
    activity_id = await served(town)
    await catch_up(town, VIEWS)
    before = town.clock()
    of_service = {"activity_id": activity_id, "volunteer_id": VOLUNTEER}
    withdrawal = WithdrawVerification(**of_service)
    await withdraw_verification(withdrawal, town, days_later(1, reason="记错了人"))
    (row,) = await service_rows(town, activity_id=activity_id)
    assert (row["state"], row["minutes"], row["decided_by"]) == ("left", 0, None)
    assert row["reason"] == "记错了人"
    await reject_service(RejectService(**of_service), town, days_later(2, reason="未到场"))
    (row,) = await service_rows(town, activity_id=activity_id)
    assert (row["state"], row["reason"]) == ("rejected", "未到场")
    (then,) = await service_rows(town, activity_id=activity_id, known_at=before)
    assert (then["state"], then["minutes"]) == ("verified", 120)
    (then,) = await service_rows(town, activity_id=activity_id, at=ENDS_AT + timedelta(days=1.5))
    assert then["state"] == "left"
    activity = await volunteer_activity(town.pool, town.id, ActivityQuery(activity_id=activity_id))
    counts = ("present_count", "verified_count", "rejected_count", "verified_minutes")
    assert [activity[name] for name in counts] == [1, 0, 1, 0]


async def test_services_and_activities_are_found_by_who_and_what(town: Ledger) -> None:
    await served(town)
    other = await attended(town, OTHER_VOLUNTEER, days=3)
    called_off = (await open_activity(CLEANING, town, by())).id
    await cancel_activity(CancelActivity(activity_id=called_off), town, WITH_REASON)
    await close_activity(CloseActivity(activity_id=other), town, days_later(4))

    async def count(**asked: Any) -> int:
        return len(await service_rows(town, **asked))

    assert await count() == await count(place_id=ESTATE) == 2
    assert await count(state="verified") == await count(decided_by=VERIFIER) == 1
    assert await count(volunteer_id=OTHER_VOLUNTEER, state="left") == 1
    assert await count(served_from=DAY + timedelta(days=1)) == 1
    assert await count(served_to=DAY) == await count(served_to=DAY, kind="cleaning") == 1
    assert await count(kind="patrol") == await count(organiser_id=uuid4()) == 0
    time = await verified_time(town.pool, town.id, ServicesQuery(place_id=ESTATE))
    assert (time["count"], time["minutes"]) == (1, 120)
    found = await volunteer_activities(town.pool, town.id, ActivitiesQuery())
    assert found.rows[0]["state"] == "closed"
    query = ActivitiesQuery(state="cancelled", organiser_id=ORGANISER)
    (row,) = (await volunteer_activities(town.pool, town.id, query)).rows
    assert row["activity_id"] == called_off
    with pytest.raises(NotFound):
        await volunteer_activity(town.pool, town.id, ActivityQuery(activity_id=uuid4()))
