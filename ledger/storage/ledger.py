"""One ledger, as commands see it: load aggregates, decide, save.

A ``Ledger`` is a light handle. ``for_request`` gives one that carries what a
single request asked for: to happen once, to find a record at a version, or only
to say what would happen. What a command ``consult``\\ s without changing it
(policies, calendar, organisations) comes from a cache; the append checks that it
still was so, and the command is asked again if not.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from math import inf
from typing import TypeVar
from uuid import UUID

import asyncpg
from eventsourcing.utils import get_topic
from uuid_utils.compat import uuid7

from ledger.core.aggregate import Aggregate, Event
from ledger.core.clock import Clock, utc_now
from ledger.core.entry import NewEntry, new_entry
from ledger.core.errors import Conflict, NotFound
from ledger.merkle.tree import leaf_hash
from ledger.sealing import NewSlot
from ledger.storage.appender import QUEUE_MAX, Appender
from ledger.storage.errors import SealingNotConfigured, VersionMismatch
from ledger.storage.memory import Memory
from ledger.storage.plans import PlansAge
from ledger.storage.reading import read_entries, read_head, read_stream
from ledger.storage.recent import Recent
from ledger.storage.requests import NOTHING_BESIDE, Append, Appended, Beside, Once
from ledger.storage.service_key import ServiceKey
from ledger.storage.snapshots import SNAPSHOT_EVERY_EVENTS, Snapshots, wants_snapshots
from ledger.storage.space import SpaceGuard
from ledger.storage.vault import NewDocument, SealingKeys, Vault, open_vault, pending_for
from ledger.storage.watching import open_watched_pool

A = TypeVar("A", bound=Aggregate)

CONSULTED_SECONDS = 1.0
CONSULTED_MAX = 10_000
REMEMBERED_AGGREGATES_MAX = 10_000
NOWHERE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What a command recorded.

    ``id`` and ``version`` are of the aggregate it addressed, ``position`` is the last event's
    (-1 in a dry run). ``events`` are the new ones, ``events_before`` those that an idempotency
    key recorded before; the log commits to ``leaf_hashes``: who keeps one can prove acceptance.
    """

    id: UUID
    version: int
    position: int
    event_ids: tuple[UUID, ...]
    events: tuple[Event, ...] = ()
    replayed: bool = False
    events_before: tuple[Event, ...] = ()
    leaf_hashes: tuple[bytes, ...] = ()


@dataclass(slots=True)
class Consulted:
    """A cached aggregate and when it was last seen to be current (monotonic seconds)."""

    aggregate: Aggregate | None
    seen_at: float

    @property
    def version(self) -> int:
        return NOWHERE if self.aggregate is None else self.aggregate.version


@dataclass(frozen=True, slots=True)
class Store:
    """What all handles of one process share."""

    pool: asyncpg.Pool
    appender: Appender
    clock: Clock
    memory: Memory
    key: ServiceKey
    snapshots: Snapshots
    vault: Vault | None = None
    consulted_seconds: float = CONSULTED_SECONDS
    cache: Recent[UUID, Consulted] = field(default_factory=lambda: Recent(CONSULTED_MAX))
    looking: dict[UUID, asyncio.Future[Consulted]] = field(default_factory=dict)
    plans: PlansAge = field(default_factory=PlansAge)


class Ledger:
    """A handle on one ledger. ``open_ledger`` makes the first one."""

    def __init__(
        self,
        store: Store,
        once: Once | None = None,
        expected: tuple[UUID, int] | None = None,
        is_dry_run: bool = False,
        decided_at: datetime | None = None,
    ) -> None:
        self._store = store
        self._once = once
        self._expected = expected
        self._is_dry_run = is_dry_run
        self._decided_at = decided_at
        self._companions: list[Aggregate] = []
        self._consulted: dict[UUID, int] = {}
        self._slots: list[tuple[NewSlot, NewDocument | None]] = []

    @property
    def id(self) -> str:
        """The ledger's name, such as the code of its county."""
        return self._store.appender.ledger_id

    @property
    def pool(self) -> asyncpg.Pool:
        """Connections for reading."""
        return self._store.pool

    @property
    def clock(self) -> Clock:
        """The service's clock."""
        return self._store.clock

    @property
    def appender(self) -> Appender:
        """The process's appender for this ledger (its queue and figures)."""
        return self._store.appender

    @property
    def key(self) -> ServiceKey:
        """The service's own key, which is in no database."""
        return self._store.key

    @property
    def is_dry_run(self) -> bool:
        """Whether this handle only says what would happen."""
        return self._is_dry_run

    @property
    def vault(self) -> Vault:
        """Where sealed personal data is kept (refuses with ``SealingNotConfigured``)."""
        if self._store.vault is None:
            raise SealingNotConfigured()
        return self._store.vault

    def seal(self, slot: NewSlot, document: NewDocument | None = None) -> None:
        """Keep a slot of sealed data with the next ``save``, whose events must commit to it."""
        self._slots.append((slot, document))

    def for_request(
        self,
        *,
        once: Once | None = None,
        expected: tuple[UUID, int] | None = None,
        is_dry_run: bool = False,
        decided_at: datetime | None = None,
    ) -> Ledger:
        """Return a handle for one request; too long after ``decided_at``, ``save`` is refused."""
        return Ledger(self._store, once, expected, is_dry_run, decided_at)

    def accompany(self, *aggregates: Aggregate) -> None:
        """Save these with the next ``save``: what a command does not know of but goes with it."""
        self._companions += aggregates

    async def find(self, kind: type[A], aggregate_id: UUID) -> A | None:
        """Rebuild one aggregate from its events; ``None`` if it has none."""
        if remembered := self._store.memory.take(kind, aggregate_id):
            return remembered
        aggregate = None
        if wants_snapshots(kind):
            aggregate = await self._store.snapshots.read(kind, aggregate_id)
        after = NOWHERE if aggregate is None else aggregate.version
        entries = await read_stream(self.pool, self.id, str(aggregate_id), after_version=after)
        for entry in entries:
            aggregate = entry.event.mutate(aggregate)
        if aggregate is None or not isinstance(aggregate, kind):
            return None
        if wants_snapshots(kind) and len(entries) >= SNAPSHOT_EVERY_EVENTS:
            await self._store.snapshots.write(aggregate)
        return aggregate

    async def load(self, kind: type[A], aggregate_id: UUID) -> A:
        """Rebuild one aggregate to change it.

        Raises ``NotFound``, and ``VersionMismatch`` when the request expected another version.
        """
        aggregate = await self.find(kind, aggregate_id)
        if aggregate is None:
            raise NotFound(kind=get_topic(kind), id=str(aggregate_id))
        self._guard_expected(aggregate_id, aggregate.version)
        return aggregate

    async def consult(self, kind: type[A], aggregate_id: UUID) -> A | None:
        """Return an aggregate to read from only; the append checks that it has not changed."""
        cached = self._store.cache.get(aggregate_id)
        if cached is None or time.monotonic() - cached.seen_at > self._store.consulted_seconds:
            cached = await self._refreshed(kind, aggregate_id, cached)
        self._consulted[aggregate_id] = cached.version
        return cached.aggregate if isinstance(cached.aggregate, kind) else None

    def rely_on(self, versions: Mapping[UUID, int]) -> None:
        """Let the next append check that these records are still at these versions."""
        for aggregate_id, version in versions.items():
            self._consulted.setdefault(aggregate_id, version)

    async def _refreshed(
        self, kind: type[A], aggregate_id: UUID, cached: Consulted | None
    ) -> Consulted:
        """Look once for all who ask at the same moment; one that gives up stops nobody else."""
        looking = self._store.looking
        look = looking.get(aggregate_id)
        if look is None:
            look = asyncio.ensure_future(self._refresh(kind, aggregate_id, cached))
            looking[aggregate_id] = look
            look.add_done_callback(partial(self._keep_look, aggregate_id))
        return await asyncio.shield(look)

    def _keep_look(self, aggregate_id: UUID, look: asyncio.Future[Consulted]) -> None:
        """Keep what was found, unless the record was changed here in the meantime."""
        if self._store.looking.get(aggregate_id) is look:
            del self._store.looking[aggregate_id]
            if not look.cancelled() and look.exception() is None:
                self._store.cache.put(aggregate_id, look.result())

    async def _refresh(
        self, kind: type[A], aggregate_id: UUID, cached: Consulted | None
    ) -> Consulted:
        seen_at = time.monotonic()
        if cached and not await read_stream(
            self.pool, self.id, str(aggregate_id), after_version=cached.version
        ):
            return replace(cached, seen_at=seen_at)
        # A new object: a command in flight keeps the state it began with.
        return Consulted(await self.find(kind, aggregate_id), seen_at)

    async def save(self, *aggregates: Aggregate, beside: Beside = NOTHING_BESIDE) -> Recorded:
        """Append the new events of all aggregates, all or none.

        What was sealed for these events is durable before they are. Raises ``Conflict`` when
        another writer was first, and the errors of ``ledger.storage.errors``.
        """
        aggregates, self._companions = (*aggregates, *self._companions), []
        for aggregate in aggregates:
            self._guard_expected(aggregate.id, aggregate.version - len(aggregate.pending_events))
        events = [event for aggregate in aggregates for event in aggregate.collect_events()]
        entries = [new_entry(event, event_id=uuid7(), nonce=os.urandom(16)) for event in events]  # type: ignore[arg-type]
        slots, self._slots = self._slots, []
        if self._is_dry_run:
            return _recorded(aggregates[0], entries, events)
        changed = {aggregate.id for aggregate in aggregates}
        consulted, self._consulted = self._consulted, {}
        request = Append(
            entries=entries,
            unchanged=[(str(i), v) for i, v in consulted.items() if i not in changed],
            once=self._once,
            tracking=beside.tracking,
            timers_set=beside.timers_set,
            timers_ended=beside.timers_ended,
            key_check=beside.key_check,
            decided_at=self._decided_at,
        )
        try:
            appended = await self._append(request, slots, events)
        except Conflict:
            self._forget(consulted.keys() | changed)
            raise
        self._forget(changed)
        if self._store.plans.are_old(appended.last_position + 1):
            await self.pool.expire_connections()
        if appended.replayed:
            return await self._as_recorded_before(appended)
        self._store.memory.keep(*aggregates)
        if not aggregates:
            return _nothing(appended.last_position)
        return _recorded(aggregates[0], entries, events, appended)

    async def _append(
        self,
        request: Append,
        slots: Sequence[tuple[NewSlot, NewDocument | None]],
        events: Sequence[object],
    ) -> Appended:
        if not slots:
            return await self._store.appender.append(request)
        pending = [pending_for(*one, events, request.entries) for one in slots]
        async with self.vault.kept(pending) as kept:
            appended = await self._store.appender.append(request)
            kept.is_unused = appended.replayed
        return appended

    def give_back(self, *aggregates: Aggregate) -> None:
        """Take back what was loaded and not changed, for whoever loads it next."""
        self._store.memory.keep(*aggregates)

    async def replay(self) -> Recorded | None:
        """Return what this request's key recorded before, asked under the head's lock."""
        if self._once is None or self._is_dry_run:
            return None
        appended = await self._store.appender.append(Append(once=self._once))
        return await self._as_recorded_before(appended) if appended.replayed else None

    async def _as_recorded_before(self, appended: Appended) -> Recorded:
        first, count = appended.first_position, appended.event_count
        entries = await read_entries(self.pool, self.id, start=first, limit=count)
        return Recorded(
            id=UUID(appended.stream_id),
            version=appended.version,
            position=appended.last_position,
            event_ids=tuple(entry.event_id for entry in entries),
            replayed=True,
            events_before=tuple(entry.event for entry in entries),
            leaf_hashes=tuple(leaf_hash(entry.data) for entry in entries),
        )

    def _guard_expected(self, aggregate_id: UUID, version: int) -> None:
        if self._expected and self._expected[0] == aggregate_id and self._expected[1] != version:
            raise VersionMismatch(version=version, expected_version=self._expected[1])

    def _forget(self, ids: set[UUID]) -> None:
        for aggregate_id in ids:
            self._store.cache.forget(aggregate_id)
            self._store.looking.pop(aggregate_id, None)


def _recorded(
    addressed: Aggregate,
    entries: Sequence[NewEntry],
    events: Sequence[object],
    appended: Appended | None = None,
) -> Recorded:
    return Recorded(
        id=addressed.id,
        version=addressed.version,
        position=appended.last_position if appended else NOWHERE,
        event_ids=tuple(entry.event_id for entry in entries),
        events=tuple(events),  # type: ignore[arg-type]
        leaf_hashes=appended.leaf_hashes if appended else (),
    )


def _nothing(position: int) -> Recorded:
    return Recorded(id=UUID(int=0), version=NOWHERE, position=position, event_ids=())


@asynccontextmanager
async def open_ledger(  # noqa: PLR0913 - settings, each by name
    dsn: str,
    ledger_id: str,
    *,
    clock: Clock = utc_now,
    space: SpaceGuard | None = None,
    pool_size_max: int = 10,
    queue_max: int = QUEUE_MAX,
    is_sole_writer: bool = False,
    keys: SealingKeys | None = None,
    key: ServiceKey | None = None,
) -> AsyncIterator[Ledger]:
    """Open an existing ledger until the block ends (``NotInitialised`` if there is none).

    ``is_sole_writer``: while it is open no other process writes to this ledger, so what was
    saved or consulted is remembered instead of read again. If one does, steps are refused.
    Without ``keys`` nothing can be sealed or opened; without ``key``, the service's own, a new one
    lives as long as the block.
    """
    own = key or ServiceKey.random()
    appending = Appender(dsn, ledger_id, clock=clock, space=space, queue_max=queue_max, key=own)
    async with open_watched_pool(dsn, size_max=pool_size_max) as pool:
        await read_head(pool, ledger_id)
        async with open_vault(ledger_id, pool, keys) as vault, appending as appender:
            memory = Memory(REMEMBERED_AGGREGATES_MAX if is_sole_writer else 0)
            seconds = inf if is_sole_writer else CONSULTED_SECONDS
            snapshots = Snapshots(pool, ledger_id, own)
            yield Ledger(Store(pool, appender, clock, memory, own, snapshots, vault, seconds))


async def create_ledger(db: asyncpg.Connection, ledger_id: str, *, origin: str) -> bool:
    """Begin an empty log; return whether it is new. ``origin`` is the log's public name."""
    status: str = await db.execute(
        "INSERT INTO heads (ledger_id, origin) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        ledger_id,
        origin,
    )
    return status.endswith(" 1")
