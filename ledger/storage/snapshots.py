"""States of long streams, so that an account with ten thousand postings loads quickly.

A class that wants them has ``SNAPSHOT_VERSION``, ``to_snapshot`` and
``restore``. A snapshot of another class or layout is ignored; one that is
missing costs a longer read. Proofs and views never use them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol, TypeVar, cast
from uuid import UUID

import orjson
from eventsourcing.utils import get_topic

from ledger.core.aggregate import Aggregate
from ledger.storage.connect import Database

A = TypeVar("A", bound=Aggregate)

SNAPSHOT_EVERY_EVENTS = 100

_READ = """
    SELECT version, state FROM snapshots WHERE ledger_id = $1 AND stream_id = $2 AND shape = $3
"""
_WRITE = """
    INSERT INTO snapshots (ledger_id, stream_id, version, shape, state) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (ledger_id, stream_id) DO UPDATE
        SET version = excluded.version, shape = excluded.shape, state = excluded.state
        WHERE snapshots.version < excluded.version OR snapshots.shape <> excluded.shape
"""


class Snapshotted(Protocol):
    """An aggregate that can write its state down and take it up again."""

    SNAPSHOT_VERSION: int

    def to_snapshot(self) -> dict[str, Any]: ...

    def restore(self, data: dict[str, Any]) -> None: ...


def wants_snapshots(kind: type[Aggregate]) -> bool:
    """Tell whether this class of aggregate has snapshots."""
    return hasattr(kind, "SNAPSHOT_VERSION")


async def read_snapshot(
    db: Database, ledger_id: str, kind: type[A], aggregate_id: UUID
) -> A | None:
    """Return the aggregate as its last snapshot has it."""
    row = await db.fetchrow(_READ, ledger_id, str(aggregate_id), _shape(kind))
    if row is None:
        return None
    data = orjson.loads(row["state"])
    aggregate = kind.__new__(kind)
    modified_at = datetime.fromisoformat(data["modified_at"])
    aggregate.__base_init__(
        originator_id=aggregate_id, originator_version=row["version"], timestamp=modified_at
    )
    cast(Snapshotted, aggregate).restore(data["state"])
    return aggregate


async def write_snapshot(db: Database, ledger_id: str, aggregate: Aggregate) -> None:
    """Keep the aggregate's present state, unless a newer one is there."""
    state_now = cast(Snapshotted, aggregate).to_snapshot()
    data = {"modified_at": aggregate.modified_on, "state": state_now}
    state = orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS)
    shape = _shape(type(aggregate))
    await db.execute(_WRITE, ledger_id, str(aggregate.id), aggregate.version, shape, state)


def _shape(kind: type[Aggregate]) -> str:
    version: int = kind.SNAPSHOT_VERSION  # type: ignore[attr-defined]
    return f"{get_topic(kind)}.{version}"
