"""The reaction engine on a real ledger: exactly once, in time or late, whoever runs it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from ledger.core.aggregate import By
from ledger.core.entry import Entry
from ledger.reactions.engine import Reactions
from ledger.reactions.reaction import CLOCK_JUMPED, Reaction, Work
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.reading import read_entries
from ledger.storage.requests import Timer
from tests.examples import AT, by
from tests.storage.jars import Jar
from tests.storage.test_ledger import fill, saved_jar

WAIT = timedelta(days=3)


def patience() -> Reaction:
    """A jar must be filled within three days; when it is not, ten stones go in as a reminder."""
    reaction = Reaction("patience")

    @reaction.on(Jar.Made)
    async def made(work: Work, event: Jar.Made, entry: Entry) -> None:
        work.set_timer(str(event.originator_id), entry.occurred_at + WAIT, cause=entry.event_id)

    @reaction.on(Jar.Filled)
    async def filled(work: Work, event: Jar.Filled, entry: Entry) -> None:
        await work.end_timer(str(event.originator_id), at=entry.occurred_at)

    @reaction.when_due
    async def due(work: Work, timer: Timer, by: By) -> None:
        jar = await work.load(Jar, UUID(timer.key))
        jar.fill(by, 10)

    return reaction


async def reminders(ledger: Ledger) -> list[Entry]:
    entries = await read_entries(ledger.pool, ledger.id, start=0, limit=1_000)
    return [entry for entry in entries if entry.by.role == "reaction"]


async def test_what_is_not_done_in_time_is_recorded_once_with_its_cause(ledger: Ledger) -> None:
    await saved_jar(ledger)
    reactions = Reactions(ledger, [patience()])
    await reactions.catch_up(now=AT + WAIT - timedelta(seconds=1))
    assert await reminders(ledger) == []
    for _ in range(3):
        await reactions.catch_up(now=AT + WAIT)
    (reminder,) = await reminders(ledger)
    made = (await read_entries(ledger.pool, ledger.id, start=0, limit=1))[0]

    assert reminder.by.cause == made.event_id
    assert reminder.occurred_at == AT + WAIT


async def test_what_is_done_in_time_ends_the_wait(ledger: Ledger) -> None:
    jar_id = await saved_jar(ledger)
    await fill(ledger, jar_id)
    await Reactions(ledger, [patience()]).catch_up(now=AT + 2 * WAIT)

    assert await reminders(ledger) == []


async def test_what_was_done_late_counts_as_missed_even_if_nobody_looked(ledger: Ledger) -> None:
    jar_id = await saved_jar(ledger)
    jar = await ledger.load(Jar, jar_id)
    jar.fill(by(at=AT + 2 * WAIT))
    await ledger.save(jar)
    await Reactions(ledger, [patience()]).catch_up(now=AT + 2 * WAIT)

    assert [entry.occurred_at for entry in await reminders(ledger)] == [AT + WAIT]


async def test_two_processes_record_it_once(ledger: Ledger, store_dsn: str) -> None:
    await asyncio.gather(*(saved_jar(ledger) for _ in range(30)))
    async with open_ledger(store_dsn, ledger.id, pool_size_max=2) as other:
        runners = [Reactions(ledger, [patience()]), Reactions(other, [patience()])]
        for _ in range(2):
            await asyncio.gather(*(runner.catch_up(now=AT + WAIT) for runner in runners))

    assert len(await reminders(ledger)) == 30
    streams = [entry.stream_id for entry in await reminders(ledger)]
    assert len(set(streams)) == 30


async def test_a_new_process_goes_on_where_the_last_one_stopped(ledger: Ledger) -> None:
    await saved_jar(ledger)
    await Reactions(ledger, [patience()]).catch_up(now=AT)
    await Reactions(ledger, [patience()]).catch_up(now=AT + WAIT)
    await Reactions(ledger, [patience()]).catch_up(now=AT + WAIT)

    assert len(await reminders(ledger)) == 1


async def test_a_reaction_that_fails_stops_and_says_why_and_others_go_on(ledger: Ledger) -> None:
    broken = Reaction("broken")

    @broken.on(Jar.Made)
    async def made(work: Work, event: Jar.Made, entry: Entry) -> None:
        raise ZeroDivisionError("on purpose")

    await saved_jar(ledger)
    reactions = Reactions(ledger, [broken, patience()])
    await reactions.catch_up(now=AT + WAIT)

    failure = reactions.followers[0].failure or ""
    assert failure.startswith("ZeroDivisionError in tests/reactions/test_engine.py:")
    assert "on purpose" not in failure, "where, and no values"
    assert reactions.followers[0].position == -1
    assert len(await reminders(ledger)) == 1


async def test_a_deadline_that_only_a_jumping_clock_reached_is_flagged(
    ledger: Ledger, store_dsn: str
) -> None:
    now = datetime.now(UTC)
    jumped_by = timedelta()
    async with open_ledger(
        store_dsn, ledger.id, pool_size_max=2, clock=lambda: now + jumped_by
    ) as jumpy:
        reactions = Reactions(jumpy, [patience()])
        await jumpy.save(Jar.make(by(at=now)))
        await reactions.catch_up()
        assert await reminders(ledger) == []
        jumped_by = timedelta(days=365)
        await reactions.catch_up()
    (reminder,) = await reminders(ledger)

    assert reminder.by.breaches == (CLOCK_JUMPED,)


@pytest.mark.parametrize("times", [1, 3])
async def test_nothing_to_do_appends_nothing(ledger: Ledger, times: int) -> None:
    await saved_jar(ledger)
    reactions = Reactions(ledger, [Reaction("idle")])
    for _ in range(times):
        await reactions.catch_up()

    assert (
        await ledger.pool.fetchval("SELECT count(*) FROM trackings WHERE ledger_id = $1", ledger.id)
        == 0
    )
