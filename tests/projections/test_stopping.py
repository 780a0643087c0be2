"""A view that cannot apply an entry stops there and says so; it skips nothing and holds nobody."""

from __future__ import annotations

import logging

import pytest

from ledger.storage.ledger import Ledger
from projections.engine import ViewBehind, ViewStopped, catch_up, status, wait_for
from projections.engine.following import Following
from tests.projections.jars import POISON_STONES, UNWRITABLE_STONES, jars_view
from tests.projections.test_engine import assert_counted_once, jar_with, rows_of


@pytest.mark.parametrize("batch_entries", [1, 2, 3, 100])
async def test_one_poisonous_entry_stops_one_view_and_no_other(
    ledger: Ledger, batch_entries: int, caplog: pytest.LogCaptureFixture
) -> None:
    sturdy, fragile = jars_view(), jars_view("fragile", is_fragile=True)
    await jar_with(ledger, 1, 2, POISON_STONES, 3)
    with pytest.raises(ViewStopped):
        await catch_up(ledger, [fragile, sturdy])
    await jar_with(ledger, 5)
    following = Following(ledger.pool, ledger.id, [fragile, sturdy], batch_entries=batch_entries)
    await following.catch_up()
    stopped, running = await status(ledger.pool, ledger.id, [fragile, sturdy])

    assert (stopped.position, stopped.failed_position, stopped.lag) == (2, 3, 4)
    assert stopped.failure is not None
    kind, _, line_no = stopped.failure.partition(":")
    assert kind == "ValueError in tests/projections/jars.py"
    assert line_no.partition(", ")[2] == "at test_jar.filled.v1", (
        "the entry's kind, none of its values"
    )
    assert (running.position, running.failed_position) == (6, None)
    (row,) = await rows_of(ledger, "test_jars_fragile_v1")
    assert (row["stones"], row["positions"]) == (3, [0, 1, 2]), "what came before is kept"
    await assert_counted_once(ledger)
    assert any(
        record.levelno == logging.ERROR and "fragile" in record.getMessage()
        for record in caplog.records
    )


@pytest.mark.parametrize("stones", [UNWRITABLE_STONES, POISON_STONES])
async def test_wherever_the_entry_is_everything_before_it_is_kept(
    ledger: Ledger, stones: int
) -> None:
    view = jars_view("fragile", is_fragile=True)
    for number in range(10):
        await jar_with(ledger, 1, stones if number == 6 else 2, 3)
    with pytest.raises(ViewStopped):
        await catch_up(ledger, [view])
    (stands,) = await status(ledger.pool, ledger.id, [view])
    rows = await rows_of(ledger, "test_jars_fragile_v1")

    assert (stands.position, stands.failed_position) == (25, 26)
    assert sum(len(row["positions"]) for row in rows) == 26


async def test_mended_it_goes_on_where_it_stopped(ledger: Ledger) -> None:
    await jar_with(ledger, 1, POISON_STONES, 3)
    with pytest.raises(ViewStopped):
        await catch_up(ledger, [jars_view(is_fragile=True)])
    await catch_up(ledger, [jars_view()])
    (stands,) = await status(ledger.pool, ledger.id, [jars_view()])

    assert (stands.position, stands.failed_position, stands.failure) == (3, None, None)
    await assert_counted_once(ledger)


async def test_a_running_worker_notices_that_another_mended_the_view(ledger: Ledger) -> None:
    await jar_with(ledger, 1, POISON_STONES, 3)
    with pytest.raises(ViewStopped):
        await catch_up(ledger, [jars_view(is_fragile=True)])
    worker = Following(ledger.pool, ledger.id, [jars_view(is_fragile=True)])
    await worker.catch_up()
    assert [bool(follower.failure) for follower in worker.followers] == [True]
    await catch_up(ledger, [jars_view()])
    await jar_with(ledger, 4)
    await worker.catch_up()

    assert [follower.failure for follower in worker.followers] == [None]
    await assert_counted_once(ledger)


async def test_whoever_waits_for_a_stopped_view_is_told(ledger: Ledger) -> None:
    view = jars_view(is_fragile=True)
    await jar_with(ledger, 1, POISON_STONES)
    with pytest.raises(ViewStopped):
        await catch_up(ledger, [view])

    assert await wait_for(ledger.pool, ledger.id, view, 1) == 1
    with pytest.raises(ViewStopped):
        await wait_for(ledger.pool, ledger.id, view, 2)


async def test_whoever_waits_in_vain_is_told(ledger: Ledger) -> None:
    await jar_with(ledger, 1)
    with pytest.raises(ViewBehind):
        await wait_for(ledger.pool, ledger.id, jars_view(), 1, timeout_seconds=0)
