"""What the service does beside answering: it tells of refusals whose window is over, and forgets.

A failure here is logged and tried again a minute later; nothing is lost meanwhile, the counts
stand in the database.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import asyncpg
from aiohttp import web

from api.keys import LEDGER
from ledger.commands.refusals import tell_of_windows_over
from ledger.core.errors import LedgerError
from ledger.storage.connect import LOST_CONNECTION
from ledger.storage.ledger import Ledger
from ledger.storage.sign_in_counters import forget_counters

log = logging.getLogger(__name__)

EVERY_SECONDS = 60.0


async def keep_counts_told(app: web.Application) -> AsyncIterator[None]:
    """Work beside the application until it ends (for ``cleanup_ctx``)."""
    task = asyncio.create_task(_keep(app[LEDGER]), name="upkeep")
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _keep(ledger: Ledger) -> None:
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await tell_of_windows_over(ledger)
            await forget_counters(ledger.pool, ledger.id, now=ledger.clock())
        except (*LOST_CONNECTION, asyncpg.PostgresError, LedgerError) as error:
            log.warning("counts of refusals wait to be told: %s", type(error).__name__)
