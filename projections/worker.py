"""A process that brings views up to the log's end: started and told what to do by ``catching_up``.

    python -m projections.worker        stdin                                stdout
                                        {"dsn": "…", "ledger": "371329"}
                                        "petitions"
                                        "audit_trail"                        "audit_trail"
                                                                             {"logger": …}
                                        (end: what goes on is rolled back)

It answers a name when it can do no more for that view: the view has reached the log's end,
has stopped before an entry (the checkpoint says why), or the database is away. What is to be
logged is handed over too.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import suppress
from typing import Any

import asyncpg
import orjson
import uvloop

from ledger.core.log_lines import JsonLines, log_what_python_tells
from ledger.storage.connect import create_pool
from projections import VIEWS
from projections.catching_up import VIEWS_AT_ONCE
from projections.engine import view_named
from projections.engine.following import Following

log = logging.getLogger(__name__)

TOLD = ("message", "error", "trace")


async def main() -> None:
    """Work until stdin ends."""
    orders = await _stdin()
    task = orjson.loads(await orders.readline())
    pool = await create_pool(task["dsn"], size_max=2 * VIEWS_AT_ONCE)
    works: set[asyncio.Task[None]] = set()
    try:
        while line := await orders.readline():
            work = asyncio.create_task(_catch_up(pool, task["ledger"], orjson.loads(line)))
            works.add(work)
            work.add_done_callback(works.discard)
    finally:
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)
        pool.terminate()


async def _catch_up(pool: asyncpg.Pool, ledger_id: str, name: str) -> None:
    following = Following(pool, ledger_id, [view_named(VIEWS, name)])
    try:
        await following.catch_up()
    except Exception as error:  # whatever it is, the service goes on where the view stands
        log.warning("the view %s is left where it is: %s", name, type(error).__name__)
    _answer(name)


class Told(logging.Handler):
    """Lets whoever started this process log what is to be logged, wherever that goes."""

    def emit(self, record: logging.LogRecord) -> None:
        told = JsonLines().told(record)
        kept = {name: value for name, value in told.items() if name in TOLD}
        with suppress(BrokenPipeError):  # whoever started it is dead
            _answer({"logger": record.name, "level": record.levelno, **kept})


def _answer(answer: str | dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
    sys.stdout.buffer.flush()


async def _stdin() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    return reader


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):  # Ctrl-C reaches all processes; the first one ends this one
        logging.basicConfig(level=logging.WARNING, handlers=[Told()])
        log_what_python_tells()
        uvloop.run(main())
