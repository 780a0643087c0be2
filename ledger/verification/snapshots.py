"""Are the states that decisions rest on those that the entries come to, and of this service?"""

from __future__ import annotations

import orjson

from ledger.core.aggregate import Aggregate
from ledger.core.codec import KindUnknown
from ledger.core.errors import LedgerError
from ledger.storage.connect import Connection
from ledger.storage.reading import read_stream
from ledger.storage.service_key import ServiceKey
from ledger.storage.snapshots import (
    Kept,
    read_all_snapshots,
    shape_of,
    state_of,
    wants_snapshots,
)
from ledger.verification.findings import Finding, Findings


async def check_snapshots(
    db: Connection, ledger_id: str, key: ServiceKey | None, found: Findings
) -> None:
    """Fold each stream again that has a snapshot; check the snapshot's code if the key is at hand.

    A snapshot of another class or layout than this version writes is not read by it either.
    """
    kept_ones = [one async for one in read_all_snapshots(db, ledger_id)]
    for kept in kept_ones:
        if key is not None and kept.mac is not None and not kept.is_of(key):
            found.add(_finding("snapshot-foreign", kept, "mac"))
        elif column := await _wrong_column(db, kept):
            found.add(_finding("snapshot-differs", kept, column))


async def _wrong_column(db: Connection, kept: Kept) -> str:
    """Return the column that is not what the entries come to; nothing if all are."""
    aggregate: Aggregate | None = None
    for entry in await read_stream(db, kept.ledger_id, kept.stream_id):
        if aggregate is not None and aggregate.version == kept.version:
            break
        try:
            aggregate = entry.event.mutate(aggregate)
        except KindUnknown:
            return ""  # only a newer version can fold it; this one believes its code alone
        except (LedgerError, ValueError):
            return "version"  # the entry that does not fit is found where entries are checked
    if aggregate is None or aggregate.version != kept.version:
        return "version"
    if not wants_snapshots(type(aggregate)) or shape_of(type(aggregate)) != kept.shape:
        return ""
    return "" if _is_json(kept.state, state_of(aggregate)) else "state"


def _is_json(stored: bytes, made: bytes) -> bool:
    try:
        is_same: bool = orjson.loads(stored) == orjson.loads(made)
    except orjson.JSONDecodeError:
        return False
    return is_same


def _finding(rule: str, kept: Kept, column: str) -> Finding:
    detail = f"{kept.stream_id} {kept.version}"
    return Finding(rule=rule, table="snapshots", column=column, detail=detail)
