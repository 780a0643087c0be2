"""Killed in a batch, at any moment, fifty times: every entry still counts once."""

from __future__ import annotations

import asyncio
import sys

from ledger.storage.ledger import Ledger
from projections.engine import catch_up, install_missing, status, verify
from tests.projections.jars import jars_view
from tests.projections.test_engine import assert_counted_once, jar_with

KILLS = 50
JARS = 600  # more than fifty lives are enough for, on a quick machine too


async def test_a_worker_killed_in_a_batch_loses_and_repeats_nothing(
    ledger: Ledger, store_dsn: str
) -> None:
    view = jars_view()
    for number in range(JARS):
        await jar_with(ledger, *[1] * 29, label=f"label {number % 7}")
    await install_missing(ledger.pool, (view,))
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.projections.killed_worker", store_dsn, ledger.id, str(KILLS)),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await worker.communicate()
    killed, finished = map(int, output.split())
    (stands,) = await status(ledger.pool, ledger.id, [view])
    await catch_up(ledger, [view])

    assert (killed, finished) == (KILLS, 0)
    assert stands.position > 0, "some batches were committed before the shot"
    await assert_counted_once(ledger)
    assert (await verify(store_dsn, ledger.id, view)).is_right
