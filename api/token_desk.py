"""Looks tokens up for all requests that wait, in one query at a time.

Nothing is remembered: every request is answered by a query that began after it
came in, so a token that was revoked before is refused. Under load many requests
share a query; a single one waits no longer than for its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from ledger.storage.ledger import Ledger
from ledger.storage.tokens import Token, find_tokens


class TokenDesk:
    """Where the requests of one application ask what their token stands for."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: dict[str, asyncio.Future[Token | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def find(self, token: str) -> Token | None:
        """Return what a token stands for; ``None`` if it is unknown, expired or revoked."""
        answer = self._waiting.get(token)
        if answer is None:
            answer = self._waiting[token] = asyncio.get_running_loop().create_future()
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name="token desk")
        return await asyncio.shield(answer)

    async def _serve(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, {}
                await self._answer(asked)
        finally:
            self._task = None

    async def _answer(self, asked: Mapping[str, asyncio.Future[Token | None]]) -> None:
        ledger = self._ledger
        try:
            found = await find_tokens(ledger.pool, ledger.id, asked.keys(), now=ledger.clock())
        except Exception as error:
            for answer in asked.values():
                answer.set_exception(error)
                answer.exception()  # whoever asked may have gone: it counts as seen
            return
        for token, answer in asked.items():
            answer.set_result(found.get(token))
