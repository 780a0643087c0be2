"""The asynchronous store behind a synchronous face: an event loop in a thread of its own.

The library's recorders are called from any thread and block; the store is
asynchronous. An ``Engine`` runs the store in one daemon thread. What threads ask
at the same time waits for the same group commit, which is where the speed comes
from. The engine stops when it is closed, when nobody refers to it any more, or
when the interpreter ends.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from contextlib import AsyncExitStack
from threading import Event, RLock, Thread, current_thread, main_thread
from typing import Any, TypeVar

import asyncpg
from eventsourcing.persistence import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    PersistenceError,
    ProgrammingError,
)

from ledger.core.clock import utc_now
from ledger.core.errors import Conflict, InvalidValue, LedgerError
from ledger.persistence.listening import Listener
from ledger.storage.appender import QUEUE_MAX, Appender
from ledger.storage.connect import (
    LOG_SCHEMA,
    LOST_CONNECTION,
    VIEWS_SCHEMA,
    connect,
    create_pool,
)
from ledger.storage.errors import NotInitialised, Unavailable
from ledger.storage.ledger import create_ledger
from ledger.storage.roles import bring_up_to_date

T = TypeVar("T")

POOL_SIZE_MAX = 10
CLOSE_SECONDS = 10.0

_MAY_CREATE = "SELECT has_schema_privilege(current_schema(), 'CREATE')"

_ERRORS: tuple[
    tuple[type[Exception] | tuple[type[Exception], ...], type[PersistenceError]], ...
] = (
    (Conflict, IntegrityError),
    (InvalidValue, DataError),
    (NotInitialised, ProgrammingError),
    (Unavailable, OperationalError),
    (asyncpg.IntegrityConstraintViolationError, IntegrityError),
    (asyncpg.DataError, DataError),
    (asyncpg.SyntaxOrAccessError, ProgrammingError),
    (LOST_CONNECTION, OperationalError),
    (asyncpg.PostgresError, DatabaseError),
)


def library_error(error: Exception) -> PersistenceError | None:
    """Return what the library calls an error of the store; ``None`` if it has no name for it."""
    for ours, theirs in _ERRORS:
        if isinstance(error, ours):
            return theirs(str(error))
    return None


class Reactor:
    """What lives in the loop's thread. It refers to no ``Engine``, so that one can be collected."""

    def __init__(
        self, dsn: str, owner_dsn: str | None, *, pool_size_max: int, queue_max: int
    ) -> None:
        self.listener = Listener(dsn)
        self._dsn = dsn
        self._owner_dsn = owner_dsn
        self._pool_size_max = pool_size_max
        self._queue_max = queue_max
        self._pool: asyncpg.Pool | None = None
        self._appenders: dict[str, Appender] = {}
        self._resources = AsyncExitStack()
        self._opening = asyncio.Lock()

    async def pool(self) -> asyncpg.Pool:
        """Return the connections for reading."""
        if self._pool is None:
            async with self._opening:
                if self._pool is None:
                    self._pool = await create_pool(self._dsn, size_max=self._pool_size_max)
                    self._resources.push_async_callback(_close_pool, self._pool)
        return self._pool

    async def appender(self, ledger_id: str) -> Appender:
        """Return the appender of a ledger."""
        if ledger_id not in self._appenders:
            async with self._opening:
                if ledger_id not in self._appenders:
                    appender = Appender(
                        self._dsn, ledger_id, clock=utc_now, queue_max=self._queue_max
                    )
                    await self._resources.enter_async_context(appender)
                    self._appenders[ledger_id] = appender
        return self._appenders[ledger_id]

    async def create(self, ledger_id: str, *, origin: str, statements: tuple[str, ...]) -> None:
        """Bring the schema up to date, begin the ledger if it is new, run a view's statements.

        Tables of views are made beside the log only by a role that may, else among the views.
        """
        await bring_up_to_date(self._dsn, self._owner_dsn)
        db = await connect(self._dsn)
        try:
            await create_ledger(db, ledger_id, origin=origin)
            if not await db.fetchval(_MAY_CREATE):
                await db.execute(f"SET search_path = {VIEWS_SCHEMA}, {LOG_SCHEMA}, pg_temp")
            for statement in statements:
                await db.execute(statement)
        finally:
            await db.close()

    async def close(self) -> None:
        """Finish what waits, then disconnect."""
        await self.listener.close()
        await self._resources.aclose()


async def _close_pool(pool: asyncpg.Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), CLOSE_SECONDS)
    except (TimeoutError, *LOST_CONNECTION):
        pool.terminate()


class Switch:
    """Starts and stops the thread; shared by it and the ``Engine``."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.is_off = False
        self.started = Event()
        self.loop: asyncio.AbstractEventLoop
        self.reactor: Reactor
        self.thread: Thread
        self._stop: asyncio.Event

    def turn_on(
        self, dsn: str, owner_dsn: str | None, *, pool_size_max: int, queue_max: int
    ) -> None:
        """Start the thread and wait until its loop runs."""

        async def live() -> None:
            self.loop = asyncio.get_running_loop()
            self._stop = asyncio.Event()
            self.reactor = Reactor(dsn, owner_dsn, pool_size_max=pool_size_max, queue_max=queue_max)
            self.started.set()
            await self._stop.wait()
            await self.reactor.close()

        self.thread = Thread(
            target=asyncio.run, args=(live(),), name="eventsourcing on minzhang", daemon=True
        )
        self.thread.start()
        self.started.wait()

    def call(self, function: Callable[..., None], *arguments: Any) -> None:
        """Let the loop call a function soon, without waiting for it; nothing when it is off."""
        with self.lock:
            if not self.is_off:
                self.loop.call_soon_threadsafe(function, *arguments)

    def turn_off(self) -> None:
        """Let the thread finish. Any thread may collect garbage, so only the main one waits."""
        with self.lock:
            self.call(self._stop.set)
            self.is_off = True
        if current_thread() is main_thread():
            self.thread.join(CLOSE_SECONDS)

    def turn_off_and_wait(self) -> None:
        """Stop, and wait until everything is closed."""
        self.turn_off()
        if current_thread() is not self.thread:
            self.thread.join()


class Engine:
    """Runs the store's coroutines for callers that block."""

    def __init__(
        self,
        dsn: str,
        owner_dsn: str | None = None,
        *,
        pool_size_max: int = POOL_SIZE_MAX,
        queue_max: int = QUEUE_MAX,
    ) -> None:
        self._switch = Switch()
        self._switch.turn_on(dsn, owner_dsn, pool_size_max=pool_size_max, queue_max=queue_max)
        # At the end of the interpreter too, before the daemon thread is cut off.
        weakref.finalize(self, self._switch.turn_off)

    @property
    def reactor(self) -> Reactor:
        """The store's parts; their coroutines run only through ``run``."""
        return self._switch.reactor

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the loop's thread; raise the store's errors as the library's."""
        with self._switch.lock:
            if self._switch.is_off:
                coroutine.close()
                raise InterfaceError("the persistence module is closed")
            future = asyncio.run_coroutine_threadsafe(coroutine, self._switch.loop)
        try:
            return future.result()
        except CancelledError as error:
            raise InterfaceError("the persistence module was closed meanwhile") from error
        except (LedgerError, asyncpg.PostgresError, *LOST_CONNECTION) as error:
            raise (library_error(error) or error) from error

    def watch(self, ledger_id: str, event: Event) -> None:
        """Set ``event`` soon, and whenever the ledger grows."""
        self._switch.call(self.reactor.listener.add, ledger_id, event)

    def forget(self, ledger_id: str, event: Event) -> None:
        """Leave ``event`` alone from now on."""
        self._switch.call(self.reactor.listener.remove, ledger_id, event)

    def close(self) -> None:
        """Finish what waits, then stop."""
        self._switch.turn_off_and_wait()
