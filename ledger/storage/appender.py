"""The appender: one per process and ledger; commands wait here for their turn in a group.

All that wait go into the next group, up to a bound, on a connection of the
appender's own. While one group commits the next one gathers. The queue is
bounded: when it is full the command is refused at once (``QueueFull``) instead
of waiting for ever. A caller that goes away does not stop what it started: its
request is dropped while it waits, or goes in whole.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import asyncpg

from ledger.core.clock import Clock
from ledger.core.errors import LedgerError
from ledger.storage.connect import LOST_CONNECTION, connect
from ledger.storage.entry_macs import EntryMacs
from ledger.storage.errors import OutcomeUnknown, QueueFull, Unavailable
from ledger.storage.group import append_group
from ledger.storage.known import Remembered
from ledger.storage.plans import PlansAge
from ledger.storage.quick import append_quickly, can_be_quick
from ledger.storage.reading import STANDING
from ledger.storage.requests import Append, Appended
from ledger.storage.service_key import ServiceKey
from ledger.storage.space import SpaceGuard

log = logging.getLogger(__name__)

QUEUE_MAX = 2_048
GROUP_REQUESTS_MAX = 512
GROUP_EVENTS_MAX = 5_000
COMMIT_SECONDS = 8.0


@dataclass(slots=True)
class Waiting:
    """A request and the future of its outcome."""

    request: Append
    outcome: asyncio.Future[Appended]


@dataclass(slots=True)
class AppenderFigures:
    """Counts for the metrics page."""

    groups: int = 0
    quick_groups: int = 0
    events: int = 0
    conflicts: int = 0
    unknown: int = 0
    last_group_size: int = 0


class Appender:
    """Takes requests, gives each its outcome. Start with ``async with``."""

    def __init__(  # noqa: PLR0913 - settings, each by name
        self,
        dsn: str,
        ledger_id: str,
        *,
        clock: Clock,
        space: SpaceGuard | None = None,
        queue_max: int = QUEUE_MAX,
        key: ServiceKey | None = None,
    ) -> None:
        self.ledger_id = ledger_id
        self.macs = None if key is None else EntryMacs(key, ledger_id)
        self.figures = AppenderFigures()
        self.standing_size = 0  # of the log, after this process's last event about standing
        self._dsn = dsn
        self._clock = clock
        self._space = space
        self._queue: deque[Waiting] = deque()
        self._queue_max = queue_max
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._connection: asyncpg.Connection | None = None
        self._replication_doubt = False
        self._remembered = Remembered()
        self._plans = PlansAge()

    async def __aenter__(self) -> Appender:
        self._task = asyncio.create_task(self._run(), name=f"appender of {self.ledger_id}")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Finish what waits, then stop."""
        task, self._task = self._task, None
        self._news.set()
        if task:
            await task
        await self._disconnect()

    @property
    def waiting_count(self) -> int:
        """How many requests wait for their turn."""
        return len(self._queue)

    async def append(self, request: Append) -> Appended:
        """Wait for the request's turn; return its place, or raise why it was refused."""
        if self._task is None:
            raise Unavailable()
        if self._space and request.entries:
            self._space.check()
        if len(self._queue) >= self._queue_max:
            raise QueueFull(waiting=len(self._queue))
        waiting = Waiting(request, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._news.set()
        return await waiting.outcome

    async def _run(self) -> None:
        while self._task is not None or self._queue:
            await self._news.wait()
            self._news.clear()
            while group := self._next_group():
                await self._commit(group)

    def _next_group(self) -> list[Waiting]:
        group: list[Waiting] = []
        events = 0
        while self._queue and len(group) < GROUP_REQUESTS_MAX and events < GROUP_EVENTS_MAX:
            waiting = self._queue.popleft()
            if not waiting.outcome.done():  # else: its caller has gone
                group.append(waiting)
                events += len(waiting.request.entries)
        return group

    async def _commit(self, group: Sequence[Waiting]) -> None:
        try:
            outcomes = await self._transact([waiting.request for waiting in group])
        except LedgerError as error:
            outcomes = [error] * len(group)
        except LOST_CONNECTION as error:
            await self._disconnect()
            outcomes = [Unavailable(problem=type(error).__name__)] * len(group)
        except Exception as error:
            await self._disconnect()
            if len(group) > 1:  # find out whose fault it is: it must not spoil the others
                for waiting in group:
                    await self._commit([waiting])
                return
            log.exception("an append failed in %s", self.ledger_id)
            outcomes = [Unavailable(problem=type(error).__name__)]
        self._answer(group, outcomes)

    async def _transact(self, requests: list[Append]) -> list[Any]:
        db = await self._connected()
        self._replication_doubt = False
        try:
            outcomes = None
            if can_be_quick(requests, self._remembered):
                outcomes = await append_quickly(db, *self._asked(requests))
            self.figures.quick_groups += outcomes is not None
            if outcomes is None:
                outcomes = await self._transact_under_lock(db, requests)
            if self._replication_doubt:
                raise OutcomeUnknown(problem="the standby did not confirm")
        except OutcomeUnknown:
            self.figures.unknown += len(requests)
            self._remembered.forget()
            await self._disconnect()
            raise
        self._remembered.confirm()
        return outcomes

    async def _transact_under_lock(
        self, db: asyncpg.Connection, requests: list[Append]
    ) -> list[Any]:
        transaction = db.transaction()
        await transaction.start()
        try:
            outcomes = await append_group(db, *self._asked(requests))
        except BaseException:
            with suppress(*LOST_CONNECTION, asyncpg.PostgresError):
                await transaction.rollback()
            raise
        try:
            await asyncio.wait_for(transaction.commit(), COMMIT_SECONDS)
        except Exception as error:  # whatever it is: the commit may have happened
            raise OutcomeUnknown(problem=type(error).__name__) from error
        return outcomes

    def _asked(
        self, requests: list[Append]
    ) -> tuple[str, list[Append], Clock, Remembered, EntryMacs | None]:
        return self.ledger_id, requests, self._clock, self._remembered, self.macs

    def note_signed(self, origin: str, size: int) -> None:
        """Take note how far the log was signed: an append to one that is shorter stops it."""
        self._remembered.note_signed(origin, size)

    def _answer(self, group: Sequence[Waiting], outcomes: Sequence[Any]) -> None:
        self.figures.groups += 1
        self.figures.last_group_size = len(group)
        for waiting, outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, LedgerError):
                self.figures.conflicts += 1
            elif not outcome.replayed:
                self.figures.events += outcome.event_count
                if any(e.topic.startswith(STANDING) for e in waiting.request.entries):
                    self.standing_size = outcome.first_position + outcome.event_count
            if waiting.outcome.done():
                continue
            if isinstance(outcome, LedgerError):
                waiting.outcome.set_exception(outcome)
            else:
                waiting.outcome.set_result(outcome)

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._dsn, command_timeout=COMMIT_SECONDS)
            self._connection.add_log_listener(self._note_warning)
        elif self._plans.are_old(self.figures.events):
            await self._connection.execute("DISCARD PLANS")
        return self._connection

    def _note_warning(self, _: object, message: Any) -> None:
        """A warning at commit: the wait for the standby was cancelled. Not done, unknown."""
        if message.severity_en == "WARNING":
            self._replication_doubt = True

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection and not connection.is_closed():
            connection.terminate()
