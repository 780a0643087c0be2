"""News of the log: wakes whoever follows it when entries were appended.

PostgreSQL's notification ``minzhang_appended`` (payload ``<ledger_id> <size>``) is only a hint
that makes it quick: it can be lost with a connection or stay on another node. The head row,
looked at every second, is the truth.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

import asyncpg

from ledger.storage.connect import LOST_CONNECTION, connect
from ledger.storage.group import CHANNEL

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
RECONNECT_SECONDS = 0.5

_SIZE = "SELECT size FROM heads WHERE ledger_id = $1"


class News:
    """Knows the size of one ledger's log, within a second even when notifications are lost."""

    def __init__(self, dsn: str, ledger_id: str) -> None:
        self.ledger_id = ledger_id
        self.size = 0
        self._dsn = dsn
        self._changed = asyncio.Event()
        self._lost = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> News:
        self._task = asyncio.create_task(self._follow(), name=f"news of {self.ledger_id}")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def beyond(self, size: int, timeout_seconds: float = POLL_SECONDS) -> int:
        """Wait until the log has more than ``size`` entries, or the time is over.

        Returns the size as far as it is known. A lost database only delays it.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                while self.size <= size:
                    await self._changed.wait()
        return self.size

    async def _follow(self) -> None:
        while True:
            try:
                await self._listen()
            except (*LOST_CONNECTION, asyncpg.PostgresError) as error:
                log.warning("no news of %s: %s", self.ledger_id, type(error).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self) -> None:
        self._lost.clear()
        db = await connect(self._dsn)
        try:
            db.add_termination_listener(lambda _: self._lost.set())
            await db.add_listener(CHANNEL, self._hear)
            while not db.is_closed():
                self._note(await db.fetchval(_SIZE, self.ledger_id) or 0)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._lost.wait(), POLL_SECONDS)
        finally:
            with suppress(*LOST_CONNECTION, asyncpg.PostgresError):
                await db.remove_listener(CHANNEL, self._hear)
            db.terminate()

    def _hear(self, _db: object, _pid: object, _channel: object, payload: Any) -> None:
        ledger_id, _, size = str(payload).rpartition(" ")
        if ledger_id == self.ledger_id and size.isdecimal():
            self._note(int(size))

    def _note(self, size: int) -> None:
        if size > self.size:
            self.size = size
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()
