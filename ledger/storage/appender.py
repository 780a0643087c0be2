"""The appender: one per process and ledger; commands wait here for their turn in a group.

All that wait go into the next group, up to a bound, on a connection of the
appender's own. While one group commits the next one gathers; where the database would
otherwise idle while Python works, two groups take turns: one is written while the other
is prepared (``quick.py``). The queue is
bounded: when it is full the command is refused at once (``QueueFull``) instead
of waiting for ever. A caller that goes away does not stop what it started: its
request is dropped while it waits, or goes in whole.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import asyncpg

from ledger.core.clock import Clock
from ledger.core.errors import LedgerError
from ledger.storage.connect import LOST_CONNECTION, connect
from ledger.storage.errors import OutcomeUnknown, QueueFull, Unavailable
from ledger.storage.group import append_group
from ledger.storage.known import Remembered
from ledger.storage.quick import Prepared, can_be_quick, prepare, write
from ledger.storage.reading import STANDING
from ledger.storage.requests import Append, Appended
from ledger.storage.space import SpaceGuard

log = logging.getLogger(__name__)

QUEUE_MAX = 2_048
GROUP_REQUESTS_MAX = 512
GROUP_EVENTS_MAX = 5_000
BEHIND_REQUESTS_MIN = 8
WORK_SHARE_MIN = 2 / 3
COMMIT_SECONDS = 8.0


@dataclass(slots=True)
class Waiting:
    """A request and the future of its outcome."""

    request: Append
    outcome: asyncio.Future[Appended]


@dataclass(frozen=True, slots=True)
class Ready:
    """Requests that were prepared as a group."""

    waiting: Sequence[Waiting]
    prepared: Prepared


@dataclass(slots=True)
class Pace:
    """How long the last group took: Python's part of it, and the database's.

    Halves that take turns cost one flush more, and save Python's part where it is the smaller.
    """

    work_seconds: float = 0.0
    flight_seconds: float = 0.0
    ended_at: float = 0.0

    def first_half(self, count: int) -> int:
        """Return how many of those who wait should go first."""
        takes_turns = self.work_seconds > self.flight_seconds * WORK_SHARE_MIN
        return (count + 1) // 2 if takes_turns and count >= 2 * BEHIND_REQUESTS_MIN else count


@dataclass(slots=True)
class AppenderFigures:
    """Counts for the metrics page."""

    groups: int = 0
    quick_groups: int = 0
    prepared_behind: int = 0
    events: int = 0
    conflicts: int = 0
    unknown: int = 0
    last_group_size: int = 0


class Appender:
    """Takes requests, gives each its outcome. Start with ``async with``."""

    def __init__(
        self,
        dsn: str,
        ledger_id: str,
        *,
        clock: Clock,
        space: SpaceGuard | None = None,
        queue_max: int = QUEUE_MAX,
    ) -> None:
        self.ledger_id = ledger_id
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
        self._asking: asyncpg.Connection | None = None  # while the other one writes
        self._replication_doubt = False
        self._remembered = Remembered()
        self._pace = Pace()

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
            while group := self._next_group(self._pace.first_half(len(self._queue))):
                if not self._queue:
                    await self._commit(group)
                elif ready := await self._prepare(group, None):
                    await self._take_turns(ready)
                else:
                    await self._commit(group)

    def _next_group(self, most: int = GROUP_REQUESTS_MAX) -> list[Waiting]:
        group: list[Waiting] = []
        events, most = 0, min(most, GROUP_REQUESTS_MAX)
        while self._queue and len(group) < most and events < GROUP_EVENTS_MAX:
            waiting = self._queue.popleft()
            if not waiting.outcome.done():  # else: its caller has gone
                group.append(waiting)
                events += len(waiting.request.entries)
        return group

    async def _commit(self, group: Sequence[Waiting]) -> None:
        """Commit a group, while the next one gathers."""
        began = time.perf_counter()
        self._pace.work_seconds = began - self._pace.ended_at
        requests = [waiting.request for waiting in group]
        outcomes = await self._settled(group, self._transact(requests))
        self._pace.ended_at = time.perf_counter()
        self._pace.flight_seconds = self._pace.ended_at - began
        self._answer(group, outcomes)

    async def _take_turns(self, ready: Ready | None) -> None:
        """Write a group while the next one is prepared, then that one, for as long as it goes."""
        written: tuple[Sequence[Waiting], Sequence[Any]] | None = None
        while ready is not None:
            began = time.perf_counter()
            self._replication_doubt = False
            writing = asyncio.create_task(self._write(ready.prepared))
            writing.add_done_callback(lambda _: self._news.set())
            await asyncio.sleep(0)  # it is on its way before anybody is answered
            if written is not None:
                self._answer(*written)
            behind, following = await self._prepare_behind(ready, writing)
            if following is not None:
                self._pace.work_seconds = 2 * (time.perf_counter() - began)
            outcomes = await self._settled(ready.waiting, self._confirmed(ready, writing))
            self._pace.ended_at = time.perf_counter()
            self._pace.flight_seconds = self._pace.ended_at - began
            written = (ready.waiting, outcomes)
            is_certain = self._remembered.head is ready.prepared.head
            if following is None or not is_certain:
                self._answer(*written)
                if behind:
                    await self._commit(behind)
                return
            self.figures.prepared_behind += 1
            ready = following

    async def _prepare_behind(
        self, ahead: Ready, writing: asyncio.Task[bool]
    ) -> tuple[list[Waiting], Ready | None]:
        """Take and prepare the next group once enough wait for it, before the other is written."""
        enough = max(BEHIND_REQUESTS_MIN, len(ahead.waiting) // 2)
        while not writing.done():
            self._news.clear()
            if len(self._queue) >= enough:
                group = self._next_group()
                return group, await self._prepare(group, ahead)
            await self._news.wait()
        return [], None

    async def _prepare(self, group: Sequence[Waiting], ahead: Ready | None) -> Ready | None:
        requests = [waiting.request for waiting in group]
        if not can_be_quick(requests, self._remembered):
            return None
        try:
            db = await (self._connected() if ahead is None else self._asker())
            in_turn = ahead.prepared if ahead else None
            prepared = await prepare(db, *self._asked(requests), ahead=in_turn)
        except Exception as error:  # the long way meets it again, and says what it is
            log.info("a group was not prepared in %s: %s", self.ledger_id, type(error).__name__)
            return None
        return None if prepared is None else Ready(group, prepared)

    async def _settled(
        self, group: Sequence[Waiting], work: Awaitable[Sequence[Any]]
    ) -> Sequence[Any]:
        """Wait for a group's outcomes; what fails becomes one."""
        try:
            return await work
        except LedgerError as error:
            return [error] * len(group)
        except LOST_CONNECTION as error:
            await self._disconnect()
            return [Unavailable(problem=type(error).__name__)] * len(group)
        except Exception as error:
            await self._disconnect()
            if len(group) > 1:  # find out whose fault it is: it must not spoil the others
                each = [(one, self._transact([one.request])) for one in group]
                return [(await self._settled([one], work))[0] for one, work in each]
            log.exception("an append failed in %s", self.ledger_id)
            return [Unavailable(problem=type(error).__name__)]

    async def _transact(self, requests: list[Append]) -> Sequence[Any]:
        db = await self._connected()
        self._replication_doubt = False
        try:
            prepared = None
            if can_be_quick(requests, self._remembered):
                prepared = await prepare(db, *self._asked(requests))
            if prepared is not None and await self._is_written(write(db, prepared)):
                return self._keep(prepared)
            outcomes = await self._transact_under_lock(db, requests)
            if self._replication_doubt:
                raise OutcomeUnknown(problem="the standby did not confirm")
        except OutcomeUnknown:
            await self._note_unknown(len(requests))
            raise
        self._remembered.confirm()
        return outcomes

    async def _write(self, prepared: Prepared) -> bool:
        return await write(await self._connected(), prepared)

    async def _confirmed(self, ready: Ready, writing: Awaitable[bool]) -> Sequence[Any]:
        """Wait until a group that was sent is written; if it is not, let it go the long way."""
        try:
            if await self._is_written(writing):
                return self._keep(ready.prepared)
        except OutcomeUnknown:
            await self._note_unknown(len(ready.waiting))
            raise
        return await self._transact([waiting.request for waiting in ready.waiting])

    async def _is_written(self, writing: Awaitable[bool]) -> bool:
        is_written = await writing
        if is_written and self._replication_doubt:
            raise OutcomeUnknown(problem="the standby did not confirm")
        if not is_written:
            self._remembered.forget()
        return is_written

    def _keep(self, prepared: Prepared) -> Sequence[Any]:
        self.figures.quick_groups += 1
        prepared.propose_to(self._remembered)
        self._remembered.confirm()
        return prepared.outcomes

    async def _note_unknown(self, count: int) -> None:
        self.figures.unknown += count
        self._remembered.forget()
        await self._disconnect()

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

    def _asked(self, requests: list[Append]) -> tuple[str, list[Append], Clock, Remembered]:
        return self.ledger_id, requests, self._clock, self._remembered

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
        return self._connection

    async def _asker(self) -> asyncpg.Connection:
        if self._asking is None or self._asking.is_closed():
            self._asking = await connect(self._dsn, command_timeout=COMMIT_SECONDS)
        return self._asking

    def _note_warning(self, _: object, message: Any) -> None:
        """A warning at commit: the wait for the standby was cancelled. Not done, unknown."""
        if message.severity_en == "WARNING":
            self._replication_doubt = True

    async def _disconnect(self) -> None:
        connections = (self._connection, self._asking)
        self._connection = self._asking = None
        for connection in connections:
            if connection and not connection.is_closed():
                connection.terminate()
