"""The library's recorders over one ledger of the store.

What an application records is appended to a log of its own, hashed and proved
like everything else; the notification id is the position + 1, so ids have no
gaps and never arrive out of order. Each insert carries a key: if the database
does not say whether it was stored, it is asked again and stored once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID, uuid4

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    ListenNotifySubscription,
    Notification,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Tracking,
    TrackingRecorder,
)
from eventsourcing.utils import retry

from ledger.core.clock import utc_now
from ledger.persistence.engine import Engine
from ledger.persistence.entries import (
    checked_name,
    new_entry_of,
    notification_of,
    stored_event_of,
)
from ledger.storage import requests
from ledger.storage.requests import Append, Appended, Once
from ledger.storage.slices import (
    POSITION_MAX,
    move_tracking,
    read_range,
    read_size,
    read_tracking,
    read_versions,
)

T = TypeVar("T")
CALLER = "eventsourcing"

again: Callable[[T], T] = retry(OperationalError, max_attempts=10, wait=0.2)
"""Ask again while the database is away, as the library's own recorders do."""


class LedgerRecorder:
    """A recorder on one ledger; ``CREATE_STATEMENTS`` make a view's own tables."""

    CREATE_STATEMENTS: tuple[str, ...] = ()

    def __init__(self, engine: Engine, ledger_id: str) -> None:
        self.engine = engine
        self.ledger_id = ledger_id

    def create(self, *, origin: str) -> None:
        """Create what is missing: tables, the ledger, the view's tables."""
        engine, statements = self.engine, self.CREATE_STATEMENTS
        engine.run(engine.reactor.create(self.ledger_id, origin=origin, statements=statements))

    def _append(self, stored_events: Sequence[StoredEvent], tracking: Tracking | None) -> Appended:
        occurred_at = utc_now()
        key = str(uuid4())
        request = Append(
            entries=[new_entry_of(stored, occurred_at=occurred_at) for stored in stored_events],
            once=Once(caller=CALLER, key=key, request_digest=sha256(key.encode()).digest()),
            tracking=None if tracking is None else _tracking_of(tracking),
            gaps_allowed=True,  # only a version that is taken is a conflict to the library
        )
        return self._append_once(request)

    @again
    def _append_once(self, request: Append) -> Appended:
        async def append() -> Appended:
            appender = await self.engine.reactor.appender(self.ledger_id)
            return await appender.append(request)

        return self.engine.run(append())

    @again
    def fetch_value(self, statement: str, *arguments: Any) -> Any:
        """Return the first value of a query on the database (for a view's own tables)."""

        async def fetch() -> Any:
            pool = await self.engine.reactor.pool()
            return await pool.fetchval(statement, *arguments)

        return self.engine.run(fetch())


class LedgerAggregateRecorder(LedgerRecorder, AggregateRecorder):
    """Records events of aggregates."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Append the events, all or none (``IntegrityError`` where a version is taken)."""
        self._insert(stored_events, **kwargs)
        return None

    def _insert(
        self, stored_events: Sequence[StoredEvent], tracking: Tracking | None = None, **_: Any
    ) -> Sequence[int] | None:
        if not stored_events and tracking is None:
            return None
        appended = self._append(stored_events, tracking)
        first = appended.first_position + 1
        return list(range(first, first + appended.event_count)) or None

    @again
    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return a stream's events above version ``gt`` and up to version ``lte``."""
        stream_id = checked_name("originator id", str(originator_id))

        async def select() -> list[StoredEvent]:
            entries = await read_versions(
                await self.engine.reactor.pool(),
                self.ledger_id,
                stream_id,
                above=-1 if gt is None else gt,
                up_to=POSITION_MAX if lte is None else lte,
                limit=limit,
                is_descending=desc,
            )
            return [stored_event_of(entry) for entry in entries]

        return self.engine.run(select())


class LedgerApplicationRecorder(LedgerAggregateRecorder, ApplicationRecorder):
    """Records an application's events and reads them in the log's order."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Append the events, all or none; return their notification ids."""
        return self._insert(stored_events, **kwargs)

    @again
    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return up to ``limit`` notifications of some topics from ``start`` to ``stop``."""
        first = 0 if start is None else start - 1 if inclusive_of_start else start
        last = POSITION_MAX if stop is None else stop - 1

        async def select() -> list[Notification]:
            entries = await read_range(
                await self.engine.reactor.pool(),
                self.ledger_id,
                first=first,
                last=last,
                topics=topics,
                limit=limit,
            )
            return [notification_of(entry) for entry in entries]

        return self.engine.run(select())

    @again
    def max_notification_id(self) -> int | None:
        """Return the id of the last notification; ``None`` if there is none."""

        async def read() -> int | None:
            return await read_size(await self.engine.reactor.pool(), self.ledger_id) or None

        return self.engine.run(read())

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Follow the log from after ``gt``: what is there, then what comes."""
        return LedgerSubscription(self, gt=gt, topics=topics)


class LedgerSubscription(ListenNotifySubscription[LedgerApplicationRecorder]):
    """Yields notifications, woken by the database when the ledger grew."""

    def __init__(
        self,
        recorder: LedgerApplicationRecorder,
        gt: int | None = None,
        topics: Sequence[str] = (),
    ) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        recorder.engine.watch(recorder.ledger_id, self._has_been_notified)

    def stop(self) -> None:
        """Stop, and be woken no more."""
        super().stop()
        self._recorder.engine.forget(self._recorder.ledger_id, self._has_been_notified)


class LedgerTrackingRecorder(LedgerRecorder, TrackingRecorder):
    """Records how far an application's notifications were processed.

    A view subclasses this: it names its tables' ``CREATE_STATEMENTS``, changes
    them with ``change`` and reads them with ``fetch_value``.
    """

    def insert_tracking(self, tracking: Tracking) -> None:
        """Move on to a notification (``IntegrityError`` if not beyond the last one)."""
        self._append((), tracking)

    def change(self, tracking: Tracking, statement: str, *arguments: Any) -> None:
        """Move on to a notification and run a statement, both or neither."""

        async def change() -> None:
            pool = await self.engine.reactor.pool()
            async with pool.acquire() as db:
                await move_tracking(
                    db,
                    self.ledger_id,
                    _tracking_of(tracking),
                    statement=statement,
                    arguments=arguments,
                )

        self.engine.run(change())

    @again
    def max_tracking_id(self, application_name: str) -> int | None:
        """Return the id of the last notification that was processed."""

        async def read() -> int | None:
            pool = await self.engine.reactor.pool()
            return await read_tracking(pool, self.ledger_id, application_name)

        position = self.engine.run(read())
        return None if position is None else position + 1


class LedgerProcessRecorder(LedgerTrackingRecorder, LedgerApplicationRecorder, ProcessRecorder):
    """Records events together with what they were processed from, in one transaction."""


def _tracking_of(tracking: Tracking) -> requests.Tracking:
    """Return the library's tracking as the store's, which counts positions from 0."""
    name = checked_name("application name", tracking.application_name)
    return requests.Tracking(name=name, position=tracking.notification_id - 1)
