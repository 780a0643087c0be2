"""A view made again from the log is the same, byte for byte; what was changed by hand is found."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from ledger.storage.connect import SCRATCH_SCHEMAS
from ledger.storage.ledger import Ledger
from projections.engine import ViewStopped, catch_up, digest, rebuild, status, verify
from projections.engine.following import Following
from projections.engine.scratch import ScratchesTaken, ScratchTaken, open_scratch
from tests.projections.jars import POISON_STONES, jars_view
from tests.projections.test_engine import assert_counted_once, jar_with, rows_of

TABLES = ("test_jars_v1", "test_jar_states_v1", "test_fillings_v1", "test_labels_v1")


async def grow(ledger: Ledger) -> None:
    """Let the view grow in small steps, as it does in service."""
    following = Following(ledger.pool, ledger.id, [jars_view()], batch_entries=3)
    await catch_up(ledger, [jars_view()])
    for number in range(12):
        await jar_with(ledger, *range(number), label=f"label {number % 3}")
        await following.catch_up()


async def test_rebuild_equals_incremental(ledger: Ledger, store_dsn: str) -> None:
    view = jars_view()
    await grow(ledger)
    before = await digest(store_dsn, ledger.id, view)
    verified = await verify(store_dsn, ledger.id, view)
    rebuilt = await rebuild(store_dsn, ledger.id, view)
    after = await digest(store_dsn, ledger.id, view)

    assert verified.is_right
    assert before == after == verified.rebuilt
    assert rebuilt.row_count == sum(table.row_count for table in after.tables) > 100
    await assert_counted_once(ledger)


async def test_other_ledgers_in_the_tables_are_left_alone(ledger: Ledger, store_dsn: str) -> None:
    await grow(ledger)
    others = await ledger.pool.fetchval(
        "SELECT count(*) FROM test_jars_v1 WHERE ledger_id <> $1", ledger.id
    )
    await ledger.pool.execute(
        "INSERT INTO test_labels_v1 SELECT 'other', label, 1, 0, 0 FROM test_labels_v1"
        " WHERE ledger_id = $1 ON CONFLICT DO NOTHING",
        ledger.id,
    )
    await rebuild(store_dsn, ledger.id, jars_view())

    assert others == await ledger.pool.fetchval(
        "SELECT count(*) FROM test_jars_v1 WHERE ledger_id <> $1", ledger.id
    )
    assert await ledger.pool.fetchval(
        "SELECT count(*) FROM test_labels_v1 WHERE ledger_id = 'other'"
    )


@pytest.mark.parametrize(
    ("statement", "table", "live", "rebuilt"),
    [
        (
            "UPDATE test_fillings_v1 SET stones = 9 WHERE ledger_id = $1 AND position = 2",
            "test_fillings_v1",
            {"stones": 9},
            {"stones": 0},
        ),
        ("DELETE FROM test_labels_v1 WHERE ledger_id = $1", "test_labels_v1", None, ...),
        (
            "INSERT INTO test_labels_v1 VALUES ($1, 'new', 1, 0, 0)",
            "test_labels_v1",
            ...,
            None,
        ),
        (
            "UPDATE test_jars_v1 SET notes = '{}' WHERE ledger_id = $1 AND stones = 55",
            "test_jars_v1",
            ...,
            ...,
        ),
    ],
)
async def test_a_row_changed_by_hand_is_found_and_mended(  # noqa: PLR0917
    ledger: Ledger, store_dsn: str, statement: str, table: str, live: object, rebuilt: object
) -> None:
    view = jars_view()
    await grow(ledger)
    await ledger.pool.execute(statement, ledger.id)
    verified = await verify(store_dsn, ledger.id, view)
    found = verified.difference

    assert not verified.is_right
    assert found is not None
    assert found.table == table
    assert live is ... or found.live == live
    assert rebuilt is ... or found.rebuilt == rebuilt
    await rebuild(store_dsn, ledger.id, view)
    assert (await verify(store_dsn, ledger.id, view)).is_right


async def test_two_auditors_at_different_heads_agree_about_the_past(
    ledger: Ledger, store_dsn: str
) -> None:
    view = jars_view()
    await jar_with(ledger, 1, 2)
    await catch_up(ledger, [view])
    then = await digest(store_dsn, ledger.id, view)
    await grow(ledger)
    now = await digest(store_dsn, ledger.id, view)

    assert now.sha256 != then.sha256
    assert await digest(store_dsn, ledger.id, view, position=2) == then
    assert then.position == 2


async def test_a_mended_view_is_rebuilt_past_where_it_stopped(
    ledger: Ledger, store_dsn: str
) -> None:
    await jar_with(ledger, 1, POISON_STONES, 3)
    with pytest.raises(ViewStopped):
        await catch_up(ledger, [jars_view(is_fragile=True)])
    with pytest.raises(ViewStopped):
        await rebuild(store_dsn, ledger.id, jars_view(is_fragile=True))
    (row,) = await rows_of(ledger, "test_jars_v1")
    assert row["stones"] == 1, "a rebuild that fails leaves the rows as they were"

    await rebuild(store_dsn, ledger.id, jars_view())
    (stands,) = await status(ledger.pool, ledger.id, [jars_view()])
    assert (stands.position, stands.failure) == (3, None)
    await assert_counted_once(ledger)


async def test_a_rebuild_under_load_misses_nothing(ledger: Ledger, store_dsn: str) -> None:
    view = jars_view()
    await grow(ledger)
    following = Following(ledger.pool, ledger.id, [view], batch_entries=5)

    async def write() -> None:
        for number in range(30):
            await jar_with(ledger, number)
            await following.catch_up()

    await asyncio.gather(write(), rebuild(store_dsn, ledger.id, view), return_exceptions=False)
    await following.catch_up()

    await assert_counted_once(ledger)
    assert (await verify(store_dsn, ledger.id, view)).is_right


async def test_only_one_copy_of_a_view_is_made_at_a_time(ledger: Ledger, store_dsn: str) -> None:
    view = jars_view()
    async with open_scratch(store_dsn, ledger.id, view) as scratch:
        with pytest.raises(ScratchTaken):
            await verify(store_dsn, ledger.id, view)
        assert await tables_in(ledger, scratch.schema) == len(TABLES) + 1
    assert await tables_in(ledger, scratch.schema) == 0


async def test_as_many_copies_as_there_are_schemas_and_what_a_crash_left_is_cleared(
    ledger: Ledger, store_dsn: str
) -> None:
    views = [jars_view(name=f"jars{number}") for number in range(len(SCRATCH_SCHEMAS) + 1)]
    async with AsyncExitStack() as stack:
        for view in views[:-1]:
            await stack.enter_async_context(open_scratch(store_dsn, ledger.id, view))
        with pytest.raises(ScratchesTaken):
            await verify(store_dsn, ledger.id, views[-1])
    await ledger.pool.execute(f"CREATE TABLE {SCRATCH_SCHEMAS[0]}.test_jars_v1 (left_behind text)")
    await grow(ledger)
    assert (await verify(store_dsn, ledger.id, jars_view())).is_right
    assert await tables_in(ledger, SCRATCH_SCHEMAS[0]) == 0


async def tables_in(ledger: Ledger, schema: str) -> int:
    count: int = await ledger.pool.fetchval(
        "SELECT count(*) FROM pg_tables WHERE schemaname = $1", schema
    )
    return count
