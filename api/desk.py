"""Looks tokens and sessions up for all requests that wait, in one query at a time.

Nothing is remembered: every request is answered by a query that began after it
came in, so what was revoked or ended before is refused. Under load many requests
share a query; a single one waits no longer than for its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")

Look: TypeAlias = Callable[[Collection[str]], Awaitable[Mapping[str, T]]]
"""Returns what is known of each of these secrets; what is not valid is left out."""


class Desk(Generic[T]):
    """Where the requests of one application ask what a secret stands for."""

    def __init__(self, look: Look[T]) -> None:
        self._look = look
        self._waiting: dict[str, asyncio.Future[T | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def find(self, secret: str) -> T | None:
        """Return what a secret stands for; ``None`` if it is unknown or no longer valid."""
        answer = self._waiting.get(secret)
        if answer is None:
            answer = self._waiting[secret] = asyncio.get_running_loop().create_future()
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name="desk")
        return await asyncio.shield(answer)

    async def _serve(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, {}
                await self._answer(asked)
        finally:
            self._task = None

    async def _answer(self, asked: Mapping[str, asyncio.Future[T | None]]) -> None:
        try:
            found = await self._look(asked.keys())
        except Exception as error:
            for answer in asked.values():
                answer.set_exception(error)
                answer.exception()  # whoever asked may have gone: it counts as seen
            return
        for secret, answer in asked.items():
            answer.set_result(found.get(secret))
