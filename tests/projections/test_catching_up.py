"""Workers that bring views up: all of them get there, and no death of anybody costs a row."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence

import orjson
import psutil
import pytest

from ledger.storage.ledger import Ledger
from projections import VIEWS
from projections.catching_up import WORKER, catch_up_in_processes
from projections.engine import Projector, View, catch_up, install, status, verify, wait_for
from scripts.benchmarks.catching_up import fill
from tests.waiting import wait_until

PATIENCE_SECONDS = 60.0
EVENTS = 6_000
CHANGED = ("audit_trail", "points", "services")


@pytest.fixture
async def filled(ledger: Ledger) -> Ledger:
    """A ledger with a log that three views have much to do with, and none has read."""
    await install(ledger.pool, VIEWS)
    await fill(ledger, EVENTS)
    return ledger


async def lags(ledger: Ledger) -> set[int]:
    """Return how far behind the views are."""
    return {view.lag for view in await status(ledger.pool, ledger.id, VIEWS)}


async def assert_right(ledger: Ledger, dsn: str) -> None:
    """Compare the views that have rows with what the log makes of them."""
    for view in VIEWS:
        if view.name in CHANGED:
            assert (await verify(dsn, ledger.id, view)).is_right


def workers() -> list[psutil.Process]:
    """Return the worker processes that this process has started and that are there yet."""
    return [child for child in psutil.Process().children() if WORKER in child.cmdline()]


async def some_progress(ledger: Ledger) -> None:
    """Wait until a view has moved on."""

    async def moved() -> bool:
        return len(await lags(ledger)) > 1

    await wait_until(moved, what="a view that moves on")


async def test_several_processes_bring_all_views_up(filled: Ledger, store_dsn: str) -> None:
    await catch_up_in_processes(store_dsn, filled.id, VIEWS)

    assert await lags(filled) == {0}
    assert not workers(), "they have ended and were waited for"
    await assert_right(filled, store_dsn)


async def test_killed_workers_leave_views_that_others_take_up(
    filled: Ledger, store_dsn: str
) -> None:
    helped = asyncio.create_task(catch_up_in_processes(store_dsn, filled.id, VIEWS))
    await some_progress(filled)
    for worker in workers():
        worker.send_signal(signal.SIGKILL)
    await helped
    await catch_up(filled, VIEWS)

    assert await lags(filled) == {0}
    await assert_right(filled, store_dsn)


async def test_whoever_is_told_to_stop_ends_its_workers(filled: Ledger, store_dsn: str) -> None:
    helped = asyncio.create_task(catch_up_in_processes(store_dsn, filled.id, VIEWS))
    await some_progress(filled)
    helped.cancel()
    with pytest.raises(asyncio.CancelledError):
        await helped

    assert not workers()
    await catch_up(filled, VIEWS)
    await assert_right(filled, store_dsn)


async def test_a_worker_ends_when_whoever_started_it_dies(filled: Ledger, store_dsn: str) -> None:
    pipe = asyncio.subprocess.PIPE
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", WORKER, stdin=pipe, stdout=pipe
    )
    task = {"dsn": store_dsn, "ledger": filled.id}
    await worker.communicate(orjson.dumps(task) + b'\n"audit_trail"\n"services"\n')

    assert worker.returncode == 0
    await catch_up(filled, VIEWS)
    await assert_right(filled, store_dsn)


async def test_a_service_gets_help_with_what_is_far_behind_and_follows_the_rest(
    filled: Ledger, store_dsn: str
) -> None:
    helped: list[str] = []

    async def helpers(dsn: str, ledger_id: str, views: Sequence[View]) -> None:
        helped.extend(view.name for view in views)
        await catch_up_in_processes(dsn, ledger_id, views)

    near = [view for view in VIEWS if view.name not in CHANGED]
    await catch_up(filled, near)
    async with Projector(
        store_dsn, filled.id, VIEWS, helpers=helpers, far_behind_entries=EVENTS // 2
    ):
        for view in VIEWS:
            await wait_for(filled.pool, filled.id, view, EVENTS - 1, PATIENCE_SECONDS)

    assert sorted(helped) == sorted(CHANGED)
    assert not workers()
    await assert_right(filled, store_dsn)


async def test_a_service_whose_helpers_fail_does_it_alone(filled: Ledger, store_dsn: str) -> None:
    async def helpers(dsn: str, ledger_id: str, views: Sequence[View]) -> None:
        raise OSError("no process left")

    async with Projector(store_dsn, filled.id, VIEWS, helpers=helpers, far_behind_entries=10):
        for view in VIEWS:
            await wait_for(filled.pool, filled.id, view, EVENTS - 1, PATIENCE_SECONDS)

    await assert_right(filled, store_dsn)


async def test_what_a_worker_would_log_is_logged_by_who_started_it(
    store_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    await catch_up_in_processes(store_dsn, "nowhere", VIEWS[:2])

    told = [record.getMessage() for record in caplog.records if record.name == "__main__"]
    assert sorted(told) == sorted(
        f"the view {view.name} is left where it is: NotInitialised" for view in VIEWS[:2]
    )
