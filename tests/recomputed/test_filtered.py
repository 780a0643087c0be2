"""Every view as of two times is the view made from the log that both times leave.

The log is copied without what had not happened or was not known, into a ledger of its own; the
views that follow the copy say now what the others say as of then, row by row.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any, TypeAlias
from uuid import uuid4

import asyncpg

from ledger.storage.connect import LOG_SCHEMA
from ledger.storage.ledger import Ledger, open_ledger
from projections import VIEWS
from projections.engine import AsOf, Row, Select, Table, catch_up
from projections.engine.reading import NOW
from tests.recomputed.figures import Said, counting, read
from tests.recomputed.test_random import steps_of_deposits
from tests.scripts.conftest import loaded_demo, small_demo, whole_log

__all__ = ["loaded_demo", "small_demo"]

Rows: TypeAlias = dict[tuple[Any, ...], Row]
APART = {"occurred_at", "recorded_at"}
"""Columns that say when a row was made, which an image says of its own making."""
PAIRS = 3

_COPY = """
    INSERT INTO events
    SELECT $2, position, stream_id, version, topic, occurred_at, recorded_at, leaf_hash, entry
    FROM events WHERE ledger_id = $1 AND position = ANY($3)
"""
_HEAD = """
    INSERT INTO heads (ledger_id, origin, size, frontier, recorded_at)
    SELECT $2, origin || '/' || $2, size, frontier, recorded_at FROM heads WHERE ledger_id = $1
"""


@asynccontextmanager
async def copied(
    ledger: Ledger, dsn: str, superuser: asyncpg.Connection, kept: list[Said]
) -> AsyncIterator[Ledger]:
    """Give a ledger with some of the entries of another, at the same positions."""
    name = f"copy{uuid4().hex[:12]}"
    positions = [said.position for said in kept]
    await superuser.execute(f"SET search_path = {LOG_SCHEMA}")
    await superuser.execute(_HEAD, ledger.id, name)
    await superuser.execute(_COPY, ledger.id, name, positions)
    async with open_ledger(dsn, name, pool_size_max=2) as copy:
        yield copy


async def rows_of(ledger: Ledger, table: Table, as_of: AsOf) -> Rows:
    """Return a table's rows by key, without what says when each was made."""
    rows = await Select(table, ledger.id, as_of).all(ledger.pool, order=())
    return {
        tuple(row[name] for name in table.key): {
            name: value for name, value in row.items() if name not in APART
        }
        for row in rows
    }


def differences(shown: Rows, made: Rows) -> list[Any]:
    """Return what is not the same: the key, and the columns as shown and as made."""
    found: list[Any] = [(key, "only one has it") for key in shown.keys() ^ made.keys()]
    for key in shown.keys() & made.keys():
        for name, value in made[key].items():
            if value != shown[key][name]:
                found.append((key, name, shown[key][name], value))
    return found


async def assert_as_from_what_was_left(
    ledger: Ledger, dsn: str, superuser: asyncpg.Connection, chance: Random
) -> None:
    log = [read(entry.position, entry.data) for entry in await whole_log(ledger)]
    moments = sorted(said.occurred_at for said in log)
    known = sorted(said.recorded_at for said in log)
    for number in range(PAIRS):
        at = chance.choice(moments)
        known_at = chance.choice(known) if number else known[-1]
        as_of = AsOf(at=at, known_at=known_at)
        kept = counting(log, at, known_at)
        async with copied(ledger, dsn, superuser, kept) as copy:
            await catch_up(copy, VIEWS)
            for view in VIEWS:
                for table in view.tables:
                    if table.history and table.stream:
                        shown = await rows_of(ledger, table, as_of)
                        made = await rows_of(copy, table, NOW)
                        assert differences(shown, made) == [], (table.name, as_of)


async def test_the_demo_as_of_any_times_is_made_of_what_had_happened_and_was_known(
    loaded_demo: Ledger, store_dsn: str, superuser: asyncpg.Connection
) -> None:
    await catch_up(loaded_demo, VIEWS)
    chance = Random(11)  # noqa: S311 - the same each time
    await assert_as_from_what_was_left(loaded_demo, store_dsn, superuser, chance)


async def test_deposits_with_late_facts_and_reversals_are_too(
    ledger: Ledger, store_dsn: str, superuser: asyncpg.Connection
) -> None:
    chance = Random(12)  # noqa: S311 - the same each time
    await steps_of_deposits(ledger, chance)
    await catch_up(ledger, VIEWS)
    await assert_as_from_what_was_left(ledger, store_dsn, superuser, chance)
