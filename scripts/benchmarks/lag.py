"""How long after its commit an event can be seen in every view, at 1,000 events a second.

The events are commands of another process than the service that keeps the views, so what
wakes the views is what wakes them everywhere. A look at all checkpoints every few
milliseconds says when an event is visible: it adds its own pause to what is measured.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import uuid4

from ledger.commands.activities import CheckInVolunteer, check_in_volunteer, open_activity
from ledger.commands.policies import policies_of
from ledger.storage.connect import connect
from ledger.storage.ledger import Ledger, open_ledger
from projections import VIEWS
from projections.engine import status
from scripts.benchmarks.commands import by_clerk, new_activity
from scripts.benchmarks.rows import Sample
from scripts.benchmarks.serving import served_ledger
from scripts.benchmarks.trials import Place, Trial

EVENTS_PER_S = 1_000
CALLS = 10_000
WRITERS = 50
LOOK_SECONDS = 0.005
PATIENCE_SECONDS = 60.0


def trials_of_lag() -> list[Trial]:
    """Commands at a steady rate; the time of a call is from its commit to its being visible."""
    return [Trial(case="lag", system="minzhang", writers=WRITERS, run=measure_lag)]


async def measure_lag(place: Place) -> Sample:
    """Measure one stretch of commands."""
    calls = max(1, place.count(CALLS) // WRITERS)
    async with (
        served_ledger(place.dsn) as served,
        open_ledger(place.dsn, served.ledger_id, pool_size_max=10, key=served.key) as ledger,
    ):
        await policies_of(ledger)
        committed: dict[int, float] = {}
        watching = asyncio.create_task(_watch(place.dsn, served.ledger_id, committed))
        began = time.perf_counter()
        writing = (_write(ledger, number, calls, committed) for number in range(WRITERS))
        await asyncio.gather(*writing)
        seconds = time.perf_counter() - began
        committed[-1] = 0.0  # no more will come
        async with asyncio.timeout(PATIENCE_SECONDS):
            return Sample(WRITERS * calls, seconds, await watching)


async def _write(ledger: Ledger, number: int, calls: int, committed: dict[int, float]) -> None:
    """Check volunteers in, one every ``WRITERS / EVENTS_PER_S`` seconds."""
    pause = WRITERS / EVENTS_PER_S
    begin = time.perf_counter() + pause * number / WRITERS
    activity = await open_activity(new_activity(), ledger, by_clerk())
    for call in range(calls):
        await asyncio.sleep(max(0.0, begin + call * pause - time.perf_counter()))
        if call % 50 == 49:  # an activity takes no more than a hundred
            activity = await open_activity(new_activity(), ledger, by_clerk())
        command = CheckInVolunteer(activity_id=activity.id, volunteer_id=uuid4())
        recorded = await check_in_volunteer(command, ledger, by_clerk())
        committed[recorded.position] = time.perf_counter()


async def _watch(dsn: str, ledger_id: str, committed: dict[int, float]) -> list[float]:
    """Return for each committed event after how many seconds all views had it."""
    seconds: list[float] = []
    db: Any = await connect(dsn)
    is_over = False
    while committed or not is_over:
        is_over = committed.pop(-1, None) is not None or is_over
        visible = min(view.position for view in await status(db, ledger_id, VIEWS))
        now = time.perf_counter()
        for position in [one for one in committed if 0 <= one <= visible]:
            seconds.append(now - committed.pop(position))
        await asyncio.sleep(LOOK_SECONDS)
    await db.close()
    return seconds
