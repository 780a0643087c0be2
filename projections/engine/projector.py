"""Keeps all views of a ledger up to date for as long as a block runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from typing import TypeAlias

import asyncpg

from ledger.storage.connect import create_pool
from ledger.storage.news import News
from projections.engine.follower import is_passing
from projections.engine.following import Following, status
from projections.engine.install import install
from projections.engine.view import View

log = logging.getLogger(__name__)

Helpers: TypeAlias = Callable[[str, str, Sequence[View]], Awaitable[None]]
"""Brings views of a ledger (DSN, id) up to the log's end, in other processes."""

CONNECTIONS_MAX = 6
RETRY_SECONDS = 1.0
FAR_BEHIND_ENTRIES = 20_000


class Projector:
    """Follows the log with connections of its own: woken by news, at the latest every second.

    Use with ``async with``. Several processes may follow one ledger: each event counts once.
    ``helpers`` do, at the start, what is far behind, such as all of a view with a new version;
    the others follow meanwhile.
    """

    def __init__(
        self,
        dsn: str,
        ledger_id: str,
        views: Sequence[View],
        *,
        helpers: Helpers | None = None,
        far_behind_entries: int = FAR_BEHIND_ENTRIES,
    ) -> None:
        self.ledger_id = ledger_id
        self.views = tuple(views)
        self._dsn = dsn
        self._helpers = helpers
        self._far_behind_entries = far_behind_entries
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Projector:
        size = min(len(self.views) + 1, CONNECTIONS_MAX)
        pool = await create_pool(self._dsn, size_max=size)
        self._stack.push_async_callback(pool.close)
        await install(pool, self.views)
        news = await self._stack.enter_async_context(News(self._dsn, self.ledger_id))
        following = Following(pool, self.ledger_id, self.views)
        self._start(self._run(following, news), "projector")
        if self._helpers is not None:
            following.reach_entries = self._far_behind_entries
            self._start(self._be_helped(pool, following, self._helpers), "helpers of the projector")
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        await self._stack.aclose()

    def _start(self, work: Coroutine[None, None, None], name: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=f"{name} of {self.ledger_id}"))

    async def _be_helped(self, pool: asyncpg.Pool, following: Following, helpers: Helpers) -> None:
        try:
            stand = await status(pool, self.ledger_id, self.views)
            far = {one.name for one in stand if one.lag > self._far_behind_entries}
            if far:
                log.info("helpers bring up views of %s: %s", self.ledger_id, ", ".join(sorted(far)))
                await helpers(self._dsn, self.ledger_id, [v for v in self.views if v.name in far])
        except Exception as error:  # it goes on without help
            log.warning("the views of %s are not helped: %s", self.ledger_id, type(error).__name__)
        finally:
            following.reach_entries = None

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
