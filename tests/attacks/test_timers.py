"""Attacks on deadlines: the rows that say when a record is asked."""

from __future__ import annotations

from uuid import uuid4

import asyncpg
import pytest

from ledger.core.clock import moment_missed
from ledger.reactions import REACTIONS
from ledger.reactions.checking import check_timers
from ledger.reactions.engine import Reactions
from ledger.storage.ledger import Ledger
from ledger.verification.findings import Findings
from tests.examples import AT, by
from tests.reactions.test_deadlines import CASES, Case
from tests.storage.jars import Jar


async def found(db: asyncpg.Connection, ledger: Ledger) -> list[tuple[str, str]]:
    findings = Findings()
    async with db.transaction(isolation="repeatable_read", readonly=True):
        await check_timers(db, ledger.id, REACTIONS, findings)
    return [(one.rule, one.detail) for one in findings.first]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_a_deadline_is_silenced(
    case: Case, ledger: Ledger, superuser: asyncpg.Connection
) -> None:
    """Attack 26, of every deadline. ``minzhang verify`` names reaction and record."""
    record = case.begin()
    await ledger.save(record)
    runner = Reactions(ledger, [case.reaction])
    await runner.catch_up(now=AT)
    assert await found(superuser, ledger) == []
    named = f"{case.reaction.name} {record.id}"

    put_off = "UPDATE timers SET due_at = {} WHERE ledger_id = $1"
    for later in ("due_at + interval '400 days'", "'infinity'"):
        await superuser.execute(put_off.format(later), ledger.id)
        assert await found(superuser, ledger) == [("timer-late", named)]
    await superuser.execute(put_off.format("'2020-01-01'"), ledger.id)
    assert await found(superuser, ledger) == [], "too early does no harm"
    await superuser.execute("DELETE FROM timers WHERE ledger_id = $1", ledger.id)
    assert await found(superuser, ledger) == [("timer-missing", named)]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_nothing_is_found_once_a_deadline_was_missed(
    case: Case, ledger: Ledger, superuser: asyncpg.Connection
) -> None:
    """Attack 26 is none: the day passed and was recorded. Nothing is found."""
    await ledger.save(case.begin())
    for now in (AT, moment_missed(case.due_on)):
        await Reactions(ledger, [case.reaction]).catch_up(now=now)
        assert await found(superuser, ledger) == []


async def test_a_timer_is_made_up(ledger: Ledger, superuser: asyncpg.Connection) -> None:
    """Attack 26, for nobody and for another kind. ``minzhang verify`` names both; see also
    ``tests/reactions/test_set_aside.py``: no reaction stops at them."""
    jar = Jar.make(by())
    await ledger.save(jar)
    keys = sorted([str(jar.id), str(uuid4())])
    for reaction in REACTIONS:
        for key in keys:
            await superuser.execute(
                "INSERT INTO timers VALUES ($1, $2, $3, '2020-01-01', gen_random_uuid())",
                ledger.id,
                reaction.name,
                key,
            )
    wanted = [("timer-for-nobody", f"{one.name} {key}") for one in REACTIONS for key in keys]
    assert sorted(await found(superuser, ledger)) == sorted(wanted)
