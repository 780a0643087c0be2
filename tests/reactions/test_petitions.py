"""Deadlines and escalations on a real ledger: what time does by itself, once and with its cause."""

from __future__ import annotations

from datetime import date

import asyncpg
import pytest

from ledger.commands.calendar import PublishCalendarYear, publish_calendar_year
from ledger.commands.conduct import TransferUnit, transfer_unit
from ledger.commands.findings import RemindCompany, remind_company
from ledger.commands.petition_supervision import IssueSupervisionOrder, issue_supervision_order
from ledger.conduct import UnitConduct
from ledger.core.clock import moment_missed
from ledger.core.entry import Entry
from ledger.findings import Finding
from ledger.petitions import Level, Petition
from ledger.reactions import REACTIONS, conduct, findings, petitions
from ledger.reactions.checking import check_timers
from ledger.reactions.engine import Reactions
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_entries
from ledger.verification.findings import Findings
from tests.petition_world import (
    APPROVER,
    OFFICE,
    UNIT,
    day,
    done,
    escalated,
    filed,
    found_county,
    in_hand,
    raised_finding,
    sent_to_county,
    solved,
    who,
)

CONDUCT = UnitConduct.create_id(unit_id=UNIT)
NOTICE = PublishCalendarYear(
    year=2027,
    holidays=(date(2027, 1, 1), date(2027, 1, 4)),
    workdays=(),
    notice="国办发明电〔2026〕7号",
)


@pytest.fixture
async def county(ledger: Ledger) -> Ledger:
    await found_county(ledger)
    return ledger


def reactions_on(ledger: Ledger) -> Reactions:
    return Reactions(ledger, [petitions.reaction, conduct.reaction, findings.reaction])


async def recorded(ledger: Ledger, *topics: str) -> list[Entry]:
    """Return the entries of these topics, in the order of the log."""
    entries = await read_entries(ledger.pool, ledger.id, start=0, limit=1_000)
    return [entry for entry in entries if entry.topic in topics]


async def caught_up(ledger: Ledger, *, on: float) -> None:
    """Let reactions that were never started before do everything that is due by a day."""
    runner = reactions_on(ledger)
    await runner.catch_up(now=day(on))
    assert [follower.failure for follower in runner.followers] == [None, None, None]
    findings = Findings()
    async with ledger.pool.acquire() as db, db.transaction(isolation="repeatable_read"):
        await check_timers(db, ledger.id, REACTIONS[:3], findings)
    assert [one for one in findings.first if not one.detail.endswith(str(UNIT))] == []


MISSED = "petition.deadline_missed.v1"
FELL_DUE = "unit_conduct.transfer_fell_due.v1"
COUNTED = "unit_conduct.escalation_counted.v1"


async def test_a_missed_deadline_is_recorded_once_with_its_cause_and_day(county: Ledger) -> None:
    await filed(county)
    (filing,) = await recorded(county, "petition.filed.v1")
    await caught_up(county, on=2.5)  # Wednesday evening: the routing term is not over
    assert await recorded(county, MISSED) == []
    for _ in range(3):
        await caught_up(county, on=4)
    (missed,) = await recorded(county, MISSED)

    assert isinstance(missed.event, Petition.DeadlineMissed)
    assert (missed.event.clock, missed.event.due_on) == ("routing", date(2026, 3, 4))
    assert missed.occurred_at == moment_missed(date(2026, 3, 4))
    assert (missed.by.cause, missed.by.role) == (filing.event_id, "reaction")


async def test_a_deadline_that_was_kept_is_never_missed(county: Ledger) -> None:
    await solved(county, await in_hand(county), on=1)
    await caught_up(county, on=60)

    assert await recorded(county, MISSED) == []


async def test_a_deadline_kept_late_is_missed_although_nobody_looked_in_between(
    county: Ledger,
) -> None:
    await solved(county, await in_hand(county), on=14)
    await caught_up(county, on=14)
    await caught_up(county, on=60)
    (missed,) = await recorded(county, MISSED)

    assert missed.occurred_at == moment_missed(date(2026, 3, 11))


async def test_each_clock_of_a_petition_is_missed_by_itself(county: Ledger) -> None:
    petition_id = await in_hand(county)
    await escalated(county, petition_id, Level.STREET, Level.COUNTY)
    order = IssueSupervisionOrder(petition_id=petition_id, unit_id=UNIT, demand="限期修复", days=3)
    await done(issue_supervision_order, order, county, who(APPROVER))
    await caught_up(county, on=60)

    missed = await recorded(county, MISSED, "petition.supervision_order_missed.v1")
    assert [(entry.topic, entry.occurred_at) for entry in missed] == [
        ("petition.supervision_order_missed.v1", moment_missed(date(2026, 3, 5))),
        (MISSED, moment_missed(date(2026, 3, 11))),
    ]


async def test_the_third_escalation_in_a_row_makes_a_transfer_due_and_the_second_does_not(
    county: Ledger,
) -> None:
    petition_ids = [await sent_to_county(county, on=number) for number in range(2)]
    await caught_up(county, on=2)
    assert len(await recorded(county, COUNTED)) == 2
    assert await recorded(county, FELL_DUE) == []

    petition_ids.append(await sent_to_county(county, on=2))
    third = (await recorded(county, "petition.escalated.v1"))[-1]
    for _ in range(2):
        await caught_up(county, on=2)
    (due,) = await recorded(county, FELL_DUE)

    assert isinstance(due.event, UnitConduct.TransferFellDue)
    assert due.event.petition_ids == tuple(petition_ids)
    assert due.event.due_on == date(2026, 3, 11)
    assert (due.by.cause, due.by.role) == (third.event_id, "reaction")
    assert due.by.policy_version > 0


async def test_every_further_escalation_of_the_streak_is_due_too(county: Ledger) -> None:
    for number in range(4):
        await sent_to_county(county, on=number)
    await caught_up(county, on=4)

    dues = [entry.event for entry in await recorded(county, FELL_DUE)]
    assert [len(due.petition_ids) for due in dues] == [3, 1]  # type: ignore[attr-defined]


async def test_going_up_to_the_street_counts_nothing(county: Ledger) -> None:
    for number in range(3):
        petition_id = await in_hand(county, on=number)
        await escalated(county, petition_id, Level.STREET, on=number)
    await caught_up(county, on=4)

    assert await recorded(county, COUNTED) == []


async def test_a_broken_streak_starts_anew(county: Ledger) -> None:
    await sent_to_county(county)
    await sent_to_county(county, on=1)
    solved_below = await in_hand(county, on=2)
    await escalated(county, solved_below, Level.STREET, on=2)
    await solved(county, solved_below, on=2)
    for number in (3, 4):
        await sent_to_county(county, on=number)
    await caught_up(county, on=4)
    assert len(await recorded(county, "unit_conduct.streak_broken.v1")) == 1
    assert await recorded(county, FELL_DUE) == []

    await sent_to_county(county, on=5)
    await caught_up(county, on=5)
    assert len(await recorded(county, FELL_DUE)) == 1
    assert (await county.load(UnitConduct, CONDUCT)).streak == 3


async def test_what_never_went_up_breaks_no_streak(county: Ledger) -> None:
    for number in range(2):
        await sent_to_county(county, on=number)
    await solved(county, await in_hand(county, on=2), on=2)
    await sent_to_county(county, on=3)
    await caught_up(county, on=3)

    assert len(await recorded(county, FELL_DUE)) == 1


async def test_a_transfer_that_is_not_made_in_time_is_missed_once(county: Ledger) -> None:
    for number in range(3):
        await sent_to_county(county, on=number)
    await caught_up(county, on=9.5)
    assert await recorded(county, "unit_conduct.transfer_missed.v1") == []
    third = (await recorded(county, "petition.escalated.v1"))[-1]
    for _ in range(2):
        await caught_up(county, on=30)
    (missed,) = await recorded(county, "unit_conduct.transfer_missed.v1")

    assert missed.occurred_at == moment_missed(date(2026, 3, 11))
    assert missed.by.cause == third.event_id


async def test_a_transfer_made_in_time_is_not_missed(county: Ledger) -> None:
    for number in range(3):
        await sent_to_county(county, on=number)
    await caught_up(county, on=3)
    transfer = TransferUnit(unit_id=UNIT, office_id=OFFICE)
    await done(transfer_unit, transfer, county, who(on=5))
    await caught_up(county, on=30)

    assert await recorded(county, "unit_conduct.transfer_missed.v1") == []


async def test_a_transfer_made_late_before_anyone_looked_is_missed(county: Ledger) -> None:
    for number in range(3):
        await sent_to_county(county, on=number)
    await caught_up(county, on=3)
    transfer = TransferUnit(unit_id=UNIT, office_id=OFFICE)
    await done(transfer_unit, transfer, county, who(on=20))
    await caught_up(county, on=20)
    (missed,) = await recorded(county, "unit_conduct.transfer_missed.v1")

    assert missed.occurred_at == moment_missed(date(2026, 3, 11))


async def test_provisional_deadlines_are_counted_again_when_the_year_is_published(
    county: Ledger,
) -> None:
    petition_id = await in_hand(county, on=300)  # Sunday 27 December 2026
    await caught_up(county, on=300)
    (provisional,) = (await county.load(Petition, petition_id)).clocks
    assert provisional.is_provisional
    await done(publish_calendar_year, NOTICE, county, who(on=301))
    for _ in range(2):
        await caught_up(county, on=302)
    (recounted,) = await recorded(county, "petition.deadline_recounted.v1")
    (clock,) = (await county.load(Petition, petition_id)).clocks

    assert (clock.due_on, clock.is_provisional) == (date(2027, 1, 7), False)
    assert provisional.due_on == date(2027, 1, 6)
    assert recounted.by.role == "reaction"

    await caught_up(county, on=311.2)  # Thursday 7 January 2027: the new day is not over
    assert await recorded(county, MISSED) == []
    await caught_up(county, on=312)
    (missed,) = await recorded(county, MISSED)
    assert missed.occurred_at == moment_missed(date(2027, 1, 7))


async def test_a_timer_for_nobody_stops_neither_a_recount_nor_a_miss(
    county: Ledger, superuser: asyncpg.Connection
) -> None:
    petition_id = await in_hand(county, on=300)
    await caught_up(county, on=300)
    await superuser.execute(
        "INSERT INTO timers (ledger_id, reaction, key, due_at, cause)"
        " VALUES ($1, 'petition-deadlines', $2, '2020-01-01', gen_random_uuid())",
        county.id,
        str(UNIT),
    )
    await done(publish_calendar_year, NOTICE, county, who(on=301))
    await caught_up(county, on=302)
    (clock,) = (await county.load(Petition, petition_id)).clocks
    assert clock.due_on == date(2027, 1, 7)
    await caught_up(county, on=312)
    assert len(await recorded(county, MISSED)) == 1


async def test_a_final_deadline_is_not_counted_again(county: Ledger) -> None:
    await in_hand(county)
    await caught_up(county, on=1)
    await done(publish_calendar_year, NOTICE, county, who(on=2))
    await caught_up(county, on=2)

    assert await recorded(county, "petition.deadline_recounted.v1") == []


async def test_a_company_that_does_not_rectify_in_time_is_recorded_once(county: Ledger) -> None:
    finding_id = await raised_finding(county)
    await done(remind_company, RemindCompany(finding_id=finding_id), county, who())
    (reminder,) = await recorded(county, "finding.company_reminded.v1")
    for on in (1.0, 5.0, 6.0):
        await caught_up(county, on=on)
    (missed,) = await recorded(county, "finding.rectification_missed.v1")

    assert missed.by.cause == reminder.event_id
    assert missed.occurred_at == moment_missed(date(2026, 3, 4))
    assert (await county.load(Finding, finding_id)).is_unrectified


async def test_a_reminders_provisional_day_is_counted_again_by_its_own_number_of_days(
    county: Ledger,
) -> None:
    finding_id = await raised_finding(county, on=301)
    remind = RemindCompany(finding_id=finding_id, days=3)
    await done(remind_company, remind, county, who(on=302))  # Tuesday 29 December 2026
    await caught_up(county, on=302)
    before = await county.load(Finding, finding_id)
    assert (before.due_on, before.is_provisional) == (date(2027, 1, 4), True)

    await done(publish_calendar_year, NOTICE, county, who(on=303))
    for _ in range(2):
        await caught_up(county, on=303)
    assert len(await recorded(county, "finding.deadline_recounted.v1")) == 1
    after = await county.load(Finding, finding_id)
    assert (after.due_on, after.is_provisional) == (date(2027, 1, 5), False)

    await caught_up(county, on=320)
    (missed,) = await recorded(county, "finding.rectification_missed.v1")
    assert missed.occurred_at == moment_missed(date(2027, 1, 5))


async def test_a_transfers_provisional_day_is_counted_again(county: Ledger) -> None:
    for number in range(300, 303):
        await sent_to_county(county, on=number)
    await caught_up(county, on=302)
    (before,) = (await county.load(UnitConduct, CONDUCT)).transfers_due
    assert (before.due_on, before.is_provisional) == (date(2027, 1, 6), True)

    await done(publish_calendar_year, NOTICE, county, who(on=303))
    for _ in range(2):
        await caught_up(county, on=303)
    assert len(await recorded(county, "unit_conduct.transfer_recounted.v1")) == 1
    (after,) = (await county.load(UnitConduct, CONDUCT)).transfers_due
    assert (after.due_on, after.is_provisional) == (date(2027, 1, 7), False)

    await caught_up(county, on=320)
    (missed,) = await recorded(county, "unit_conduct.transfer_missed.v1")
    assert missed.occurred_at == moment_missed(date(2027, 1, 7))
