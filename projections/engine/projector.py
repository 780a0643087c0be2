"""Keeps all views of a ledger up to date for as long as a block runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress

from ledger.storage.connect import create_pool
from ledger.storage.news import News
from projections.engine.follower import is_passing
from projections.engine.following import Following
from projections.engine.install import install
from projections.engine.view import View

log = logging.getLogger(__name__)

CONNECTIONS_MAX = 6
RETRY_SECONDS = 1.0


class Projector:
    """Follows the log with connections of its own: woken by news, at the latest every second.

    Use with ``async with``. Several processes may follow one ledger: each event counts once.
    """

    def __init__(self, dsn: str, ledger_id: str, views: Sequence[View]) -> None:
        self.ledger_id = ledger_id
        self.views = tuple(views)
        self._dsn = dsn
        self._stack = AsyncExitStack()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Projector:
        size = min(len(self.views) + 1, CONNECTIONS_MAX)
        pool = await create_pool(self._dsn, size_max=size)
        self._stack.push_async_callback(pool.close)
        await install(pool, self.views)
        news = await self._stack.enter_async_context(News(self._dsn, self.ledger_id))
        following = Following(pool, self.ledger_id, self.views)
        self._task = asyncio.create_task(
            self._run(following, news), name=f"projector of {self.ledger_id}"
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._stack.aclose()

    async def _run(self, following: Following, news: News) -> None:
        seen = 0
        while True:
            try:
                await following.catch_up()
            except Exception as error:
                # Whatever it is, trying again is better than views that stand still unseen.
                log.warning(
                    "the views of %s wait: %s",
                    self.ledger_id,
                    type(error).__name__,
                    exc_info=None if is_passing(error) else error,
                )
                await asyncio.sleep(RETRY_SECONDS)
                continue
            seen = await news.beyond(seen)
