"""Streaks of units: escalations counted by the reaction, shown with what followed."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from ledger.commands.calendar import PublishCalendarYear, publish_calendar_year
from ledger.commands.conduct import (
    AnalysePerformance,
    HoldUnitTalk,
    RecordInspectionFinding,
    TransferUnit,
    analyse_performance,
    hold_unit_talk,
    record_inspection_finding,
    transfer_unit,
)
from ledger.conduct import FindingKind
from ledger.core.errors import NotFound
from ledger.petitions import Level
from ledger.reactions import conduct as conduct_reaction
from ledger.reactions.engine import Reactions
from ledger.storage.ledger import Ledger
from projections.conduct import (
    UnitAt,
    UnitQuery,
    UnitStepsQuery,
    unit_conduct_steps,
    unit_streak,
    unit_streaks,
    view,
)
from projections.engine import Row, catch_up, rebuild, verify
from tests.petition_world import (
    OFFICE,
    OTHER_UNIT,
    UNIT,
    day,
    done,
    escalated,
    found_county,
    in_hand,
    sent_to_county,
    solved,
    who,
)


@pytest.fixture
async def county(ledger: Ledger) -> Ledger:
    await found_county(ledger)
    return ledger


async def react(ledger: Ledger, *, on: float) -> None:
    await Reactions(ledger, [conduct_reaction.reaction]).catch_up(now=day(on))
    await catch_up(ledger, [view])


async def unit(ledger: Ledger, **as_of: Any) -> Row:
    return await unit_streak(ledger.pool, ledger.id, UnitAt(unit_id=UNIT, **as_of))


async def steps(ledger: Ledger, **asked: Any) -> list[Row]:
    query = UnitStepsQuery(unit_id=UNIT, **asked)
    return (await unit_conduct_steps(ledger.pool, ledger.id, query)).rows


async def third_in_a_row(ledger: Ledger) -> list[UUID]:
    """Three petitions of the unit go up to the county on three days."""
    petition_ids = [await sent_to_county(ledger, on=number) for number in range(3)]
    await react(ledger, on=3)
    return petition_ids


async def test_three_escalations_in_a_row_make_a_transfer_due(county: Ledger) -> None:
    petition_ids = await third_in_a_row(county)
    row = await unit(county, at=day(3))

    assert (row["streak"], row["streak_no"], row["longest_streak"]) == (3, 1, 3)
    assert row["streak_petition_ids"] == petition_ids
    assert row["transfers_due_count"] == 1
    assert row["transfer_due_on"] == date(2026, 3, 11)  # five working days after Wednesday
    assert not row["is_transfer_overdue"]
    assert [(s["step"], s["streak"]) for s in await steps(county)] == [
        ("escalation_counted", 1),
        ("escalation_counted", 2),
        ("escalation_counted", 3),
        ("transfer_fell_due", 3),
    ]
    counted = await steps(county, step="escalation_counted")
    assert row["streak_positions"] == [step["position"] for step in counted]


async def test_what_followed_a_transfer_is_shown(county: Ledger) -> None:
    petition_ids = await third_in_a_row(county)
    transfer = TransferUnit(unit_id=UNIT, office_id=OFFICE)
    await done(transfer_unit, transfer, county, who(on=5))
    analysis = AnalysePerformance(unit_id=UNIT, conclusion="督办不力")
    await done(analyse_performance, analysis, county, who(on=6))
    found = RecordInspectionFinding(unit_id=UNIT, kind=FindingKind.SLOWNESS, summary="拖延")
    await done(record_inspection_finding, found, county, who(on=7))
    await react(county, on=7)
    waiting = await unit(county)
    talk = HoldUnitTalk(unit_id=UNIT, convener_id=OFFICE, conclusion="限期改正")
    await done(hold_unit_talk, talk, county, who(on=8))
    await react(county, on=20)
    row = await unit(county)

    assert (waiting["findings_open_count"], waiting["talks_count"]) == (1, 0)
    assert (row["findings_open_count"], row["talks_count"], row["analyses_count"]) == (0, 1, 1)
    assert (row["transfers_count"], row["transfers_missed_count"]) == (1, 0)
    assert (row["transfers_due_count"], row["transfer_due_on"]) == (0, None)
    (transferred,) = await steps(county, step="transferred_to_efficiency_office")
    assert transferred["petition_ids"] == petition_ids
    assert transferred["waited_minutes"] == 3 * 24 * 60
    assert (await steps(county, step="inspection_finding_recorded"))[0]["kind"] == "slowness"


async def test_a_transfer_that_does_not_come_is_missed_and_still_due(county: Ledger) -> None:
    await third_in_a_row(county)
    await react(county, on=12)
    row = await unit(county, at=day(12))

    assert (row["transfers_missed_count"], row["transfers_due_count"]) == (1, 1)
    assert row["is_transfer_overdue"]
    (missed,) = await steps(county, step="transfer_missed")
    assert (missed["due_on"], missed["role"]) == (date(2026, 3, 11), "reaction")
    query = UnitQuery(is_transfer_overdue=True)
    assert len((await unit_streaks(county.pool, county.id, query)).rows) == 1


async def test_a_matter_solved_below_the_county_breaks_the_streak(county: Ledger) -> None:
    await sent_to_county(county)
    await sent_to_county(county, on=1)
    petition_id = await in_hand(county, on=2)
    await escalated(county, petition_id, Level.STREET, on=2)
    await solved(county, petition_id, on=3)
    await sent_to_county(county, on=4)
    await react(county, on=5)
    row = await unit(county)

    assert (row["streak"], row["streak_no"], row["breaks_count"]) == (1, 2, 1)
    assert (row["longest_streak"], row["escalations_count"]) == (2, 3)
    (broken,) = await steps(county, step="streak_broken")
    assert (broken["petition_ids"], broken["streak"]) == ([petition_id], 0)
    newest = await steps(county, newest_first=True)
    assert newest[0]["streak_no"] == 2


async def test_units_are_listed_worst_first(county: Ledger) -> None:
    await sent_to_county(county, unit_id=OTHER_UNIT)
    await third_in_a_row(county)
    everyone = await unit_streaks(county.pool, county.id, UnitQuery())
    long_ones = await unit_streaks(county.pool, county.id, UnitQuery(streak_min=2))
    due = await unit_streaks(county.pool, county.id, UnitQuery(has_transfer_due=False))
    first = await unit_streaks(county.pool, county.id, UnitQuery(page_size=1))
    rest = await unit_streaks(county.pool, county.id, UnitQuery(cursor=first.next_cursor))

    assert [row["unit_id"] for row in everyone.rows] == [UNIT, OTHER_UNIT]
    assert [row["unit_id"] for row in long_ones.rows] == [UNIT]
    assert [row["unit_id"] for row in due.rows] == [OTHER_UNIT]
    assert [row["unit_id"] for row in (*first.rows, *rest.rows)] == [UNIT, OTHER_UNIT]


async def test_streaks_can_be_read_as_they_were(county: Ledger) -> None:
    await third_in_a_row(county)
    known = county.clock()
    await sent_to_county(county, on=4)
    await react(county, on=5)

    assert (await unit(county))["streak"] == 4
    assert (await unit(county, at=day(1.5)))["streak"] == 2
    assert (await unit(county, known_at=known))["streak"] == 3
    assert len(await steps(county, at=day(1.5))) == 2
    with pytest.raises(NotFound):
        await unit(county, at=day(-1))


async def test_rebuild_equals_incremental(county: Ledger, store_dsn: str) -> None:
    await third_in_a_row(county)
    await react(county, on=12)
    transfer = TransferUnit(unit_id=UNIT, office_id=OFFICE)
    await done(transfer_unit, transfer, county, who(on=13))
    await react(county, on=14)

    assert (await verify(store_dsn, county.id, view)).is_right
    assert (await rebuild(store_dsn, county.id, view)).row_count > 10


async def test_a_transfers_day_is_provisional_until_the_years_working_days_are_known(
    county: Ledger,
) -> None:
    for number in range(300, 303):
        await sent_to_county(county, on=number)
    await react(county, on=302)
    row = await unit(county)
    assert (row["transfer_due_on"], row["is_provisional"]) == (date(2027, 1, 6), True)

    notice = PublishCalendarYear(
        year=2027,
        holidays=(date(2027, 1, 1), date(2027, 1, 4)),
        workdays=(),
        notice="国办发明电〔2026〕7号",
    )
    await done(publish_calendar_year, notice, county, who(on=303))
    await react(county, on=303)
    row = await unit(county)
    assert (row["transfer_due_on"], row["is_provisional"]) == (date(2027, 1, 7), False)
    (step,) = await steps(county, step="transfer_recounted")
    assert step["due_on"] == date(2027, 1, 7)
