"""Wake subscriptions when their ledger grew: one listening connection for all of them.

A notice is only a wake-up call: what is new is read from the log, so a lost
connection loses nothing. Whoever waits is woken after every reconnect.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from threading import Event

from ledger.storage.connect import LOST_CONNECTION, connect
from ledger.storage.errors import Unavailable
from ledger.storage.group import CHANNEL

RECONNECT_SECONDS = 0.5


class Listener:
    """Sets the events of those who wait for news of a ledger."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._waiting: dict[str, set[Event]] = {}
        self._task: asyncio.Task[None] | None = None

    def add(self, ledger_id: str, event: Event) -> None:
        """Set ``event`` now and whenever the ledger grows."""
        self._waiting.setdefault(ledger_id, set()).add(event)
        if self._task is None:
            self._task = asyncio.create_task(self._listen(), name="listener")
        event.set()

    def remove(self, ledger_id: str, event: Event) -> None:
        """Leave ``event`` alone from now on."""
        self._waiting.get(ledger_id, set()).discard(event)

    async def close(self) -> None:
        """Stop listening."""
        task, self._task = self._task, None
        if task:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _listen(self) -> None:
        while True:
            with suppress(Unavailable, *LOST_CONNECTION):
                await self._listen_once()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen_once(self) -> None:
        lost = asyncio.Event()
        db = await connect(self._dsn)
        try:
            db.add_termination_listener(lambda _: lost.set())
            await db.add_listener(CHANNEL, self._hear)
            for events in self._waiting.values():
                _wake(events)
            await lost.wait()
        finally:
            db.terminate()

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        ledger_id = str(payload).rpartition(" ")[0]
        _wake(self._waiting.get(ledger_id, set()))


def _wake(events: set[Event]) -> None:
    for event in events:
        event.set()
