"""Petitions in lists: filtered, counted, page by page, as they were, and what came in."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from ledger.commands.petition_closing import (
    WithdrawPetition,
    withdraw_petition,
)
from ledger.commands.petitions import (
    DispatchPetition,
    ReclassifyPetition,
    dispatch_petition,
    reclassify_petition,
)
from ledger.core.errors import NotFound
from ledger.petitions import Level, Stage
from ledger.storage.ledger import Ledger
from projections.engine import Row, catch_up
from projections.petition_register import (
    IntakeQuery,
    PetitionAt,
    PetitionQuery,
    petition_by_id,
    petition_counts,
    petition_intake,
    petition_timeline,
)
from projections.petitions import view
from tests.petition_world import (
    COMMUNITY,
    ESTATE,
    UNIT,
    day,
    done,
    escalated,
    filed,
    found_county,
    in_hand,
    solved,
    who,
)
from tests.projections.petition_asking import ids, register


@pytest.fixture
async def county(ledger: Ledger) -> Ledger:
    await found_county(ledger)
    return ledger


async def test_every_filter_narrows_the_register(county: Ledger) -> None:
    first = await in_hand(county)
    second = await filed(county, on=3, channel="hotline", category="utilities", item="heating")
    third = await filed(county, on=4, estate_id=None)
    await done(
        withdraw_petition,
        WithdrawPetition(petition_id=third),
        county,
        who(on=5, reason="已自行解决"),
    )
    await escalated(county, first, Level.STREET, on=5)

    expected: list[tuple[PetitionQuery, set[UUID]]] = [
        (PetitionQuery(), {first, second, third}),
        (PetitionQuery(stage=Stage.FILED), {second}),
        (PetitionQuery(is_open=False), {third}),
        (PetitionQuery(channel="hotline"), {second}),
        (PetitionQuery(category="facilities"), {first, third}),
        (PetitionQuery(community_id=COMMUNITY), {first, second, third}),
        (PetitionQuery(estate_id=ESTATE), {first, second}),
        (PetitionQuery(holder_id=UNIT), {first}),
        (PetitionQuery(unit_id=COMMUNITY), {first, second, third}),
        (PetitionQuery(level=Level.STREET), {first}),
        (PetitionQuery(level_reached=Level.COMMUNITY), {first, second, third}),
        (PetitionQuery(filed_from=date(2026, 3, 5)), {second, third}),
        (PetitionQuery(filed_to=date(2026, 3, 4)), {first}),
        (PetitionQuery(is_overdue=True, at=day(4.5)), set()),
        (PetitionQuery(is_overdue=True, at=day(8)), {second}),
        (PetitionQuery(is_overdue=False, at=day(8)), {first, third}),
    ]
    for query, found in expected:
        assert await ids(county, query) == found, query


async def test_counts_follow_the_same_filters(county: Ledger) -> None:
    solved_id = await in_hand(county)
    await solved(county, solved_id, on=1)
    await filed(county, on=1)
    await filed(county, on=8, estate_id=None)
    await catch_up(county, [view])

    async def counts(**asked: object) -> Row:
        query = PetitionQuery(at=day(9), **asked)  # type: ignore[arg-type]
        return await petition_counts(county.pool, county.id, query)

    everything = {"open": 2, "overdue": 1, "resolved": 1, "unsatisfied": 0, "count": 3}
    assert await counts() == everything
    assert (await counts(estate_id=ESTATE))["count"] == 2
    assert (await counts(is_overdue=True))["count"] == 1
    assert (await counts(channel="hotline"))["open"] == 0


async def test_pages_follow_each_other_without_gap_or_overlap(county: Ledger) -> None:
    made = [await filed(county, on=number // 2) for number in range(7)]
    seen: list[UUID] = []
    cursor: str | None = None
    while True:
        page = await register(county, PetitionQuery(cursor=cursor, page_size=3))
        seen += [row["petition_id"] for row in page.rows]
        if (cursor := page.next_cursor) is None:
            break
    assert sorted(seen) == sorted(made)
    days = [made.index(petition_id) // 2 for petition_id in seen]
    assert days == sorted(days, reverse=True)


async def test_the_register_can_be_read_as_it_was_and_as_it_was_known(county: Ledger) -> None:
    petition_id = await filed(county)
    known = county.clock()
    send = DispatchPetition(petition_id=petition_id, unit_id=UNIT)
    await done(dispatch_petition, send, county, who(on=1))
    await catch_up(county, [view])

    async def holder(**as_of: object) -> UUID:
        query = PetitionAt(petition_id=petition_id, **as_of)  # type: ignore[arg-type]
        row = await petition_by_id(county.pool, county.id, query)
        told = await petition_timeline(county.pool, county.id, query)
        assert told["holdings"][-1]["holder_id"] == row["holder_id"]
        found: UUID = row["holder_id"]
        return found

    assert await holder() == UNIT
    assert await holder(at=day(0.5)) == COMMUNITY
    assert await holder(known_at=known) == COMMUNITY
    with pytest.raises(NotFound):
        await holder(at=day(-1))


async def test_intake_is_counted_by_channel_month_community_category_and_estate(
    county: Ledger,
) -> None:
    for month, count in ((0, 4), (31, 2)):
        for _ in range(count):
            await filed(county, on=month, channel="hotline")
    await filed(county, estate_id=None)
    await catch_up(county, [view])

    query = IntakeQuery(by=("estate_id", "month"), channel="hotline", estate_id=ESTATE)
    page = await petition_intake(county.pool, county.id, query)
    assert [(row["month"], row["count"]) for row in page.rows] == [("2026-03", 4), ("2026-04", 2)]
    assert page.rows[0]["estate_id"] == str(ESTATE)
    assert page.rows[0]["first_position"] < page.rows[0]["last_position"]

    by_channel = IntakeQuery(by=("channel",), month_to="2026-03")
    page = await petition_intake(county.pool, county.id, by_channel)
    assert [(r["channel"], r["count"]) for r in page.rows] == [("hotline", 4), ("reception_day", 1)]

    first = await petition_intake(county.pool, county.id, IntakeQuery(page_size=1))
    rest = await petition_intake(county.pool, county.id, IntakeQuery(cursor=first.next_cursor))
    assert [row["month"] for row in (*first.rows, *rest.rows)] == ["2026-03", "2026-04"]


async def test_another_category_moves_the_count_from_that_day_on(county: Ledger) -> None:
    petition_id = await filed(county)
    change = ReclassifyPetition(petition_id=petition_id, category="utilities", item="heating")
    await done(reclassify_petition, change, county, who(on=3, reason="实为供热问题"))
    await catch_up(county, [view])

    async def counts(on: float) -> dict[str, int]:
        query = IntakeQuery(by=("category",), at=day(on))
        page = await petition_intake(county.pool, county.id, query)
        return {row["category"]: row["count"] for row in page.rows}

    assert await counts(2) == {"facilities": 1}
    assert await counts(4) == {"utilities": 1}
