"""Points accounts and their statements as views: commands in, rows out, at any two times."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from ledger.commands.points import (
    ExpirePoints,
    RecordPastAward,
    ReversePoints,
    expire_points,
    record_past_award,
    reverse_points,
    service_id_of,
)
from ledger.commands.shop import (
    CancelRedemption,
    RedeemPoints,
    cancel_redemption,
    redeem_points,
)
from ledger.core.errors import NotFound
from ledger.storage.ledger import Ledger
from projections.engine import AsOf, Row, catch_up
from projections.points import (
    PointsAccountQuery,
    PointsAccountsQuery,
    points_account,
    points_accounts,
    points_by_community,
    points_of_services,
)
from tests.examples.points import (
    COMMUNITY,
    DAY,
    ENDS_AT,
    EXPIRES_ON,
    STARTS_AT,
    VOLUNTEER,
    WITH_REASON,
    at,
)
from tests.points_world import (
    POINTS_OF_CLEANING,
    days_later,
    earned,
    open_town,
    opened_account,
    stocked,
)
from tests.projections.points_asking import (
    VIEWS,
    account_row,
    statement,
)


@pytest.fixture
async def town(ledger: Ledger) -> Ledger:
    """A ledger with the standard policies."""
    await open_town(ledger)
    return ledger


def moved(lines: list[Row]) -> list[tuple[str, int, int]]:
    return [(line["kind"], line["points"], line["balance_points"]) for line in lines]


async def test_an_account_shows_what_came_what_went_and_what_is_left(town: Ledger) -> None:
    account_id, item_id = await opened_account(town), await stocked(town, price_points=10)
    activity_id = await earned(town, account_id)
    order = {"item_id": item_id, "order_id": uuid4()}
    redeem = RedeemPoints(account_id=account_id, pieces=1, **order)
    await redeem_points(redeem, town, days_later(1))
    row = await account_row(town, account_id)

    assert (row["volunteer_id"], row["community_id"]) == (VOLUNTEER, COMMUNITY)
    assert (row["awarded_points"], row["redeemed_points"], row["balance_points"]) == (20, 10, 10)
    assert row["next_expiry_on"] == EXPIRES_ON
    (lot,) = row["lots"]
    assert (UUID(lot["service_id"]), lot["points"]) == (service_id_of(activity_id, VOLUNTEER), 10)
    topics = await town.pool.fetch(
        "SELECT entry FROM events WHERE ledger_id = $1 AND position = ANY($2)",
        town.id,
        row["positions"],
    )
    assert len(topics) == 3
    assert all(b'"points_account.' in record["entry"] for record in topics)


async def test_a_statement_has_a_running_balance_and_says_why(town: Ledger) -> None:
    account_id, item_id = await opened_account(town), await stocked(town)
    activity_id = await earned(town, account_id)
    order = {"item_id": item_id, "order_id": uuid4()}
    redeem = RedeemPoints(account_id=account_id, pieces=1, **order)
    await redeem_points(redeem, town, days_later(1))
    await cancel_redemption(CancelRedemption(**order), town, days_later(2, reason="买错了"))
    reverse = ReversePoints(
        account_id=account_id, service_id=service_id_of(activity_id, VOLUNTEER), points=5
    )
    await reverse_points(reverse, town, days_later(3, reason="时长有误"))
    after = at(ENDS_AT + timedelta(days=800))
    await expire_points(ExpirePoints(account_id=account_id), town, after)
    lines = await statement(town, account_id)

    assert moved(lines) == [
        ("opened", 0, 0),
        ("awarded", 20, 20),
        ("redeemed", -20, 0),
        ("returned", 20, 20),
        ("reversed", -5, 15),
        ("expired", -15, 0),
    ]
    award = lines[1]
    assert (award["activity_id"], award["served_on"]) == (activity_id, DAY)
    assert (award["minutes"], award["rule"]) == (120, "points.per_hour.cleaning")
    assert award["expires_on"] == EXPIRES_ON
    assert (lines[2]["order_id"], lines[2]["pieces"]) == (order["order_id"], 1)
    assert lines[4]["reason"] == "时长有误"
    assert (await account_row(town, account_id))["lots"] == []


async def test_a_late_entry_counts_from_the_day_on_which_it_happened(town: Ledger) -> None:
    account_id = await opened_account(town)
    await earned(town, account_id, days=10)
    await account_row(town, account_id)
    before = town.clock()
    late = replace(days_later(5), is_history=True)
    past = RecordPastAward(
        account_id=account_id,
        reference="2024-0017",
        kind="patrol",
        served_on=DAY,
        minutes=30,
        points=7,
    )
    await record_past_award(past, town, late)

    async def held(days: float, **times: Any) -> tuple[int, int]:
        row = await account_row(town, account_id, at=ENDS_AT + timedelta(days=days), **times)
        lots: int = sum(lot["points"] for lot in row["lots"])
        return row["balance_points"], lots

    assert await held(1) == (0, 0)
    assert await held(6) == (7, 7)
    assert await held(6, known_at=before) == (0, 0)
    assert await held(11) == (27, 27)
    assert await held(11, known_at=before) == (20, 20)
    lines = await statement(town, account_id)
    assert moved(lines) == [("opened", 0, 0), ("awarded", 7, 7), ("awarded", 20, 27)]
    assert lines[1]["breaches"] == ["service-not-verified"]
    known = await statement(town, account_id, known_at=before)
    assert moved(known) == [("opened", 0, 0), ("awarded", 20, 20)]


async def test_the_register_is_by_balance_now_and_then_page_by_page(town: Ledger) -> None:
    people = [UUID(int=500 + number) for number in range(5)]
    for number, volunteer_id in enumerate(people):
        community_id = COMMUNITY if number % 2 else UUID(int=77)
        account_id = await opened_account(town, volunteer_id, community_id)
        for turn in range(number):
            await earned(town, account_id, volunteer_id, days=turn)
    await catch_up(town, VIEWS)
    now = town.clock()

    async def listed(**asked: Any) -> list[tuple[UUID, int]]:
        found: list[tuple[UUID, int]] = []
        cursor: str | None = None
        while True:
            query = PointsAccountsQuery(page_size=2, cursor=cursor, **asked)
            page = await points_accounts(town.pool, town.id, query)
            found += [(row["volunteer_id"], row["balance_points"]) for row in page.rows]
            cursor = page.next_cursor
            if cursor is None:
                return found

    expected = [(people[n], n * POINTS_OF_CLEANING) for n in (4, 3, 2, 1, 0)]
    assert await listed() == expected
    assert await listed(known_at=now) == expected
    assert await listed(community_id=COMMUNITY) == [expected[1], expected[3]]
    assert await listed(community_id=COMMUNITY, at=now) == [expected[1], expected[3]]
    early = await listed(at=ENDS_AT + timedelta(days=0.5))
    assert sorted(held for _, held in early) == [0, 20, 20, 20, 20]
    assert await listed(volunteer_id=people[2]) == [expected[2]]
    for as_of in (AsOf(), AsOf(known_at=now)):
        rows = await points_by_community(town.pool, town.id, as_of)
        assert {row["community_id"]: row["points"] for row in rows} == {
            COMMUNITY: 80,
            UUID(int=77): 120,
        }


async def test_an_account_that_does_not_exist_is_not_found(town: Ledger) -> None:
    account_id = await opened_account(town)
    assert (await account_row(town, account_id))["lots"] == []
    long_ago = STARTS_AT - timedelta(days=400)
    for asked in ({"account_id": uuid4()}, {"account_id": account_id, "at": long_ago}):
        with pytest.raises(NotFound):
            await points_account(town.pool, town.id, PointsAccountQuery(**asked))


async def test_points_of_a_service_are_less_what_was_reversed(town: Ledger) -> None:
    account_id = await opened_account(town)
    service_id = service_id_of(await earned(town, account_id), VOLUNTEER)
    reverse = ReversePoints(account_id=account_id, service_id=service_id, points=5)
    await reverse_points(reverse, town, WITH_REASON)
    await catch_up(town, VIEWS)
    query = PointsAccountQuery(account_id=account_id)
    rows = await points_of_services(town.pool, town.id, query)
    assert [(row["service_id"], row["points"]) for row in rows] == [(service_id, 15)]


async def test_no_account_is_lost_between_pages_while_its_balance_rises(town: Ledger) -> None:
    """The list goes by balance: it is read on as it was when its first page was read."""
    volunteers = [UUID(int=700 + number) for number in range(3)]
    accounts = [await opened_account(town, one) for one in volunteers]
    for number, (account_id, volunteer_id) in enumerate(zip(accounts, volunteers, strict=True)):
        for turn in range(3 - number):
            await earned(town, account_id, volunteer_id, days=2 * turn)
    await catch_up(town, VIEWS)
    cursor, seen = None, []
    for _ in range(3):
        query = PointsAccountsQuery(page_size=1, cursor=cursor)
        page = await points_accounts(town.pool, town.id, query)
        seen += [(row["account_id"], row["balance_points"]) for row in page.rows]
        cursor = page.next_cursor
        for turn in range(4, 7):
            await earned(town, accounts[2], volunteers[2], days=2 * turn + 20 * len(seen))
        await catch_up(town, VIEWS)

    assert seen == [(accounts[0], 60), (accounts[1], 40), (accounts[2], 20)]
    assert cursor is None
    (first, *_) = (await points_accounts(town.pool, town.id, PointsAccountsQuery())).rows
    assert (first["account_id"], first["balance_points"]) == (accounts[2], 200)
