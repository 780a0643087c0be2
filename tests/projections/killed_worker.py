"""A worker that is killed again and again, at any moment of a batch: run by test_killed.py.

    python -m tests.projections.killed_worker DSN LEDGER KILLS

Each child begins to follow the log, and shoots itself (SIGKILL) some time after its first
handler ran: between two handlers, while rows are written, before or after the commit.
Prints how many were killed at work and how many had nothing left to do.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading

from ledger.core.entry import Entry
from ledger.storage.connect import create_pool
from projections.engine import Rows
from projections.engine.following import Following
from projections.engine.view import View
from tests.projections.jars import jars_view

BATCH_ENTRIES = 10
SECONDS_MAX = 0.05


def armed(view: View, seconds: float) -> View:
    """Let the first entry that the view sees start the clock."""
    clock = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL))
    clock.daemon = True

    @view.on_every
    async def every(rows: Rows, entry: Entry) -> None:
        if not clock.ident:
            clock.start()

    return view


async def work(dsn: str, ledger_id: str, seconds: float) -> None:
    """Follow the log to its end, unless death comes first."""
    pool = await create_pool(dsn, size_max=1)
    view = armed(jars_view(), seconds)
    await Following(pool, ledger_id, [view], batch_entries=BATCH_ENTRIES).catch_up()


def main(dsn: str, ledger_id: str, kills: int) -> None:
    """Start one child after the other."""
    counts = {True: 0, False: 0}
    for number in range(kills):
        child = os.fork()
        if child == 0:
            asyncio.run(work(dsn, ledger_id, SECONDS_MAX * number / kills))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        counts[os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL] += 1
    sys.stdout.write(f"{counts[True]} {counts[False]}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
