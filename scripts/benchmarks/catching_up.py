"""Projection catch-up: all views together over a log that they have not seen.

The log of `projections` tells of volunteers: activities opened, attended, verified and closed,
accounts opened and points awarded. That of `projections-petitions` tells of petitions, whose
rows are the widest: filed, dispatched, accepted, acted on, answered, visited and closed. Views
that such events do not concern pass over them. As in a service that starts, several processes
share the work (`projections.catching_up`), and their start counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from ledger.core.aggregate import Aggregate
from ledger.storage.connect import connect
from ledger.storage.ledger import Ledger, create_ledger, open_ledger
from ledger.storage.reading import read_head
from projections import VIEWS
from projections.catching_up import catch_up_in_processes
from projections.engine import install_missing, status
from scripts.benchmarks.lives import life_of_a_petition, life_of_an_activity
from scripts.benchmarks.rows import Sample
from scripts.benchmarks.store import ORIGIN
from scripts.benchmarks.trials import Place, Trial
from scripts.failures import Failure

Life: TypeAlias = Callable[[], list[Aggregate]]

EVENTS = 100_000
SAVED_AT_ONCE_EVENTS = 1_000
CASES: dict[str, Life] = {
    "projections": life_of_an_activity,
    "projections-petitions": life_of_a_petition,
}


def trials_of_projections() -> list[Trial]:
    """All views, from nothing to the log's end."""
    return [
        Trial(case=case, system="minzhang", writers=1, run=partial(catch_up_all, case))
        for case in CASES
    ]


async def catch_up_all(case: str, place: Place) -> Sample:
    """Measure one catch-up of all views; the one call is the whole of it."""
    async with open_ledger(place.dsn, await log_of(case, place), pool_size_max=4) as ledger:
        await _empty(ledger)
        began = time.perf_counter()
        await catch_up_in_processes(place.dsn, ledger.id, VIEWS)
        seconds = time.perf_counter() - began
        if any(view.lag for view in await status(ledger.pool, ledger.id, VIEWS)):
            raise Failure("有视图没有追上。", "a view did not catch up")
        size = (await read_head(ledger.pool, ledger.id)).size
    return Sample(size, seconds, [seconds])


async def log_of(case: str, place: Place) -> str:
    """Return the ledger that tells what the case is about, made in the first round."""
    db = await connect(place.dsn)
    exists = await db.fetchval("SELECT true FROM heads WHERE ledger_id = $1", case)
    if not exists:
        await create_ledger(db, case, origin=f"{ORIGIN}/{case}")
        async with open_ledger(place.dsn, case, pool_size_max=4) as ledger:
            await fill(ledger, place.count(EVENTS), CASES[case])
    await db.close()
    return case


async def _empty(ledger: Ledger) -> None:
    """Make every view as new, whichever ledger's."""
    await install_missing(ledger.pool, VIEWS)
    tables = [name for view in VIEWS for name in view.table_names()]
    await ledger.pool.execute(f"TRUNCATE view_checkpoints, {', '.join(tables)}")
    await ledger.pool.execute("CHECKPOINT")


async def fill(ledger: Ledger, event_count: int, life: Life = life_of_an_activity) -> None:
    """Record lives until the log has so many events."""
    size = 0
    while size < event_count:
        lives: list[Aggregate] = []
        while sum(len(one.pending_events) for one in lives) < SAVED_AT_ONCE_EVENTS:
            lives += life()
        size = (await ledger.save(*lives)).position + 1
