"""One timer row that somebody wrote stops nobody's deadline, whatever it is for."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from api.reaction_figures import ReactionsCollector
from ledger.core.clock import moment_missed
from ledger.reactions import REACTIONS
from ledger.reactions.engine import Reactions
from ledger.reactions.reaction import Reaction
from ledger.storage.ledger import Ledger
from tests.examples import AT, by
from tests.reactions.test_deadlines import CASES, missed
from tests.storage.jars import Jar

NOBODY = str(uuid4())
WRITE = """
    INSERT INTO timers (ledger_id, reaction, key, due_at, cause)
    VALUES ($1, $2, $3, $4::text::timestamptz, gen_random_uuid())
    ON CONFLICT (ledger_id, reaction, key) DO UPDATE SET due_at = excluded.due_at
"""
BEFORE = "2020-01-01"


async def of_another_kind(ledger: Ledger) -> str:
    jar = Jar.make(by())
    await ledger.save(jar)
    return str(jar.id)


async def spoil(ledger: Ledger, superuser: asyncpg.Connection) -> None:
    """Let each jar's second entry be one that cannot be read any more."""
    await superuser.execute("SET session_replication_role = replica")
    await superuser.execute(
        "UPDATE events SET entry = '\\x00' || entry WHERE ledger_id = $1 AND topic = $2",
        ledger.id,
        Jar.Filled.TOPIC,
    )


@pytest.mark.parametrize("reaction", REACTIONS, ids=lambda reaction: reaction.name)
async def test_a_timer_for_nobody_stops_no_reaction(
    reaction: Reaction,
    ledger: Ledger,
    superuser: asyncpg.Connection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Every reaction, and every record whose deadline it can miss."""
    cases = [one for one in CASES.values() if one.reaction is reaction]
    records = [one.begin() for one in cases]
    for record in records[:1]:
        await ledger.save(record)
    rows = [
        (NOBODY, BEFORE),
        ("not an id", BEFORE),
        (await of_another_kind(ledger), BEFORE),
        (str(uuid4()), "infinity"),
        (str(uuid4()), "-infinity"),
        (str(uuid4()), "20000-01-01"),
    ]
    for key, due_at in rows:
        await superuser.execute(WRITE, ledger.id, reaction.name, key, due_at)

    runner = Reactions(ledger, [reaction])
    due_on = cases[0].due_on if cases else None
    with caplog.at_level(logging.ERROR, "ledger.reactions.engine"):
        for days in (0, 0, 1):
            now = moment_missed(due_on) + timedelta(days=days) if due_on else None
            await runner.catch_up(now=now)

    (follower,) = runner.followers
    assert follower.failure is None
    assert follower.set_aside == {key for key, _ in rows}
    assert len(caplog.records) == len(rows), "each is told once"
    assert [one.topic for one in await missed(ledger)] == [one.missed for one in cases[:1]]
    left = await superuser.fetchval("SELECT count(*) FROM timers WHERE ledger_id = $1", ledger.id)
    assert left == len(rows), "what is set aside stays to be looked at"
    registry = CollectorRegistry()
    registry.register(ReactionsCollector(runner))
    labels = {"reaction": reaction.name}
    assert registry.get_sample_value("minzhang_timers_set_aside", labels) == len(rows)


async def test_a_record_that_cannot_be_read_keeps_its_timer_and_nobody_else_s(
    ledger: Ledger, superuser: asyncpg.Connection
) -> None:
    case = CASES["publication"]
    jar = Jar.make(by())
    jar.fill(by())
    await ledger.save(jar)
    await ledger.save(case.begin())
    await Reactions(ledger, [case.reaction]).catch_up(now=AT)  # has read all of it
    await spoil(ledger, superuser)
    await superuser.execute(WRITE, ledger.id, case.reaction.name, str(jar.id), BEFORE)

    runner = Reactions(ledger, [case.reaction])
    await runner.catch_up(now=moment_missed(case.due_on))
    (follower,) = runner.followers
    assert (follower.failure, follower.set_aside) == (None, {str(jar.id)})
    topics = await superuser.fetch("SELECT topic FROM events WHERE ledger_id = $1", ledger.id)
    assert [row["topic"] for row in topics].count(case.missed) == 1
