"""States of long streams, so that an account with ten thousand postings loads quickly.

A class that wants them has ``SNAPSHOT_VERSION``, ``to_snapshot`` and
``restore``. A snapshot of another class or layout is ignored; one that is
missing costs a longer read. Proofs and views never use them.

Decisions rest on them, so each carries a code by the service's key: one that this service did not
write is not believed, whatever it says; the aggregate is folded from its events instead.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast
from uuid import UUID

import orjson
from eventsourcing.utils import get_topic

from ledger.core.aggregate import Aggregate
from ledger.storage.connect import Connection, Database
from ledger.storage.recent import Recent
from ledger.storage.service_key import ServiceKey

A = TypeVar("A", bound=Aggregate)

log = logging.getLogger(__name__)

SNAPSHOT_EVERY_EVENTS = 100
PURPOSE = "snapshot"
TOLD_MAX = 1_000

_READ = """
    SELECT stream_id, version, shape, state, mac FROM snapshots
    WHERE ledger_id = $1 AND stream_id = $2 AND shape = $3
"""
_ALL = """
    SELECT stream_id, version, shape, state, mac FROM snapshots
    WHERE ledger_id = $1 ORDER BY stream_id
"""
_WRITE = """
    INSERT INTO snapshots (ledger_id, stream_id, version, shape, state, mac)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (ledger_id, stream_id) DO UPDATE
        SET version = excluded.version, shape = excluded.shape, state = excluded.state,
            mac = excluded.mac
        WHERE snapshots.version < excluded.version OR snapshots.shape <> excluded.shape
            OR snapshots.mac IS NULL
"""


class Snapshotted(Protocol):
    """An aggregate that can write its state down and take it up again."""

    SNAPSHOT_VERSION: int

    def to_snapshot(self) -> dict[str, Any]: ...

    def restore(self, data: dict[str, Any]) -> None: ...


def wants_snapshots(kind: type[Aggregate]) -> bool:
    """Tell whether this class of aggregate has snapshots."""
    return hasattr(kind, "SNAPSHOT_VERSION")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A snapshot as its row has it."""

    ledger_id: str
    stream_id: str
    version: int
    shape: str
    state: bytes
    mac: bytes | None

    def is_of(self, key: ServiceKey) -> bool:
        """Tell whether a service with this key wrote the row, and as it is."""
        parts = _parts(self.ledger_id, self.stream_id, self.version, self.shape, self.state)
        return self.mac is not None and key.is_mac(PURPOSE, self.mac, *parts)


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The snapshots of one ledger, read and written with the service's key."""

    db: Database
    ledger_id: str
    key: ServiceKey
    told: Recent[str, int] = field(default_factory=lambda: Recent(TOLD_MAX))

    async def read(self, kind: type[A], aggregate_id: UUID) -> A | None:
        """Return the aggregate as its last snapshot has it, if this service wrote that."""
        row = await self.db.fetchrow(_READ, self.ledger_id, str(aggregate_id), shape_of(kind))
        if row is None:
            return None
        kept = Kept(ledger_id=self.ledger_id, **row)
        if not kept.is_of(self.key):
            self._tell(kept)
            return None
        return restored(kept, kind)

    async def write(self, aggregate: Aggregate) -> None:
        """Keep the aggregate's present state, unless a newer one is there."""
        stream_id, version = str(aggregate.id), aggregate.version
        state, shape = state_of(aggregate), shape_of(type(aggregate))
        mac = self.key.mac(PURPOSE, *_parts(self.ledger_id, stream_id, version, shape, state))
        await self.db.execute(_WRITE, self.ledger_id, stream_id, version, shape, state, mac)

    def _tell(self, kept: Kept) -> None:
        """Say it once for each row; one without a code may be of a version that made none."""
        if self.told.get(kept.stream_id) == kept.version:
            return
        self.told.put(kept.stream_id, kept.version)
        log.log(
            logging.INFO if kept.mac is None else logging.ERROR,
            "the snapshot of %s at version %d was not written by this service and is ignored",
            kept.stream_id,
            kept.version,
        )


async def read_all_snapshots(db: Connection, ledger_id: str) -> AsyncIterator[Kept]:
    """Yield every snapshot of a ledger, inside the caller's transaction."""
    async for row in db.cursor(_ALL, ledger_id):
        yield Kept(ledger_id=ledger_id, **row)


def restored(kept: Kept, kind: type[A]) -> A:
    """Return the aggregate as a snapshot of its class and layout has it."""
    data = orjson.loads(kept.state)
    aggregate = kind.__new__(kind)
    aggregate.__base_init__(
        originator_id=UUID(kept.stream_id),
        originator_version=kept.version,
        timestamp=datetime.fromisoformat(data["modified_at"]),
    )
    cast(Snapshotted, aggregate).restore(data["state"])
    return aggregate


def state_of(aggregate: Aggregate) -> bytes:
    """Return the aggregate's present state as a snapshot keeps it."""
    state_now = cast(Snapshotted, aggregate).to_snapshot()
    data = {"modified_at": aggregate.modified_on, "state": state_now}
    return orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS)


def shape_of(kind: type[Aggregate]) -> str:
    """Return the name of a class and of the layout in which it writes its state down."""
    version: int = kind.SNAPSHOT_VERSION  # type: ignore[attr-defined]
    return f"{get_topic(kind)}.{version}"


def _parts(
    ledger_id: str, stream_id: str, version: int, shape: str, state: bytes
) -> tuple[bytes, ...]:
    texts = (ledger_id, stream_id, str(version), shape)
    return (*(text.encode() for text in texts), state)
