"""A small group in one statement: for a process that was the last to write, and usually is.

    what do new streams and keys say? ► positions, entries, leaf hashes, tiles ► one statement:
    move the head if its frontier is still the remembered one, and only then write the rows

No lock is taken before the decision. It is sound because a log only grows: its frontier was
the remembered one before anything was asked, and the statement, which locks the head row,
confirms that it still is, so it was so all the while. If not, nothing is written and the
group goes the long way (``group.py``). A group that writes nothing is confirmed by nothing,
and goes the long way too: so also a replay is answered only by a commit of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import asyncpg

from ledger.core.clock import Clock
from ledger.core.errors import LedgerError
from ledger.storage.connect import LOST_CONNECTION, Connection, is_refusal
from ledger.storage.doubts import is_ahead
from ledger.storage.entry_macs import MAC_COLUMNS, EntryMacs
from ledger.storage.errors import OutcomeUnknown
from ledger.storage.group import CHANNEL, EVENT_COLUMNS, RECEIPT_COLUMNS, Group
from ledger.storage.known import Remembered, look
from ledger.storage.requests import Append, Appended
from ledger.storage.tiling import TILE_COLUMNS, TileRow, tile_quickly

QUICK_EVENTS_MAX = 300  # beyond, COPY is cheaper

_MOVE_HEAD = """
    WITH moved AS (
        UPDATE heads SET size = $3, frontier = $4, recorded_at = $5
        WHERE ledger_id = $1 AND frontier = $2 AND stopped IS NULL
            AND key_check IS NOT DISTINCT FROM $7
        RETURNING ledger_id
    )"""
_TELL = " SELECT pg_notify($6, ledger_id || ' ' || $3::bigint) FROM moved"
_EVENTS = ("bigint", "text", "bigint", "text", "timestamptz", "timestamptz", "bytea", "bytea")
_RECEIPTS = ("text", "text", "bytea", "text", "bigint", "bigint", "integer")
_TILES = ("smallint", "bigint", "bytea", "bytea")
_MACS = ("bigint", "bytea")


@cache
def _statement(has_receipts: bool, has_tiles: bool, has_macs: bool) -> str:
    """Move the head, and if it moved, insert the rows: those of tables that get any.

    A table without rows costs a small group as much as an event.
    """
    parts, first = [_MOVE_HEAD], 8
    for table, columns, types, has_rows in (
        ("events", EVENT_COLUMNS, _EVENTS, True),
        ("receipts", RECEIPT_COLUMNS, _RECEIPTS, has_receipts),
        ("tiles", TILE_COLUMNS, _TILES, has_tiles),
        ("entry_macs", MAC_COLUMNS, _MACS, has_macs),
    ):
        if has_rows:
            arrays = ", ".join(f"${first + n}::{kind}[]" for n, kind in enumerate(types))
            parts.append(
                f"new_{table} AS (INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608 - names from code
                f" SELECT moved.ledger_id, rows.* FROM moved, unnest({arrays}) AS rows)"
            )
            first += len(types)
    return ", ".join(parts) + _TELL


def can_be_quick(requests: Sequence[Append], remembered: Remembered) -> bool:
    """Tell whether this way is open: we wrote last, the group is small, nothing changes beside."""
    return (
        remembered.is_alone
        and sum(len(request.entries) for request in requests) <= QUICK_EVENTS_MAX
        and not any(r.tracking or r.timers_set or r.timers_ended or r.key_check for r in requests)
    )


async def append_quickly(  # noqa: PLR0913, PLR0917 - as of ``append_group``
    db: Connection,
    ledger_id: str,
    requests: Sequence[Append],
    clock: Clock,
    remembered: Remembered,
    macs: EntryMacs | None = None,
) -> list[Appended | LedgerError] | None:
    """Append the group and commit; return each request's outcome, or None: go the long way.

    Raises ``OutcomeUnknown`` when the answer to the statement is lost, or does not say that
    nothing was written.
    """
    if remembered.head is None or is_ahead(remembered.head.recorded_at, clock()):
        return None
    known = await look(db, ledger_id, requests, remembered.versions)
    group = Group.after(remembered.head, ledger_id, clock, macs)
    outcomes = group.take_all(requests, known)
    if not group.events:
        return None
    tiling = tile_quickly(ledger_id, remembered.head.size, remembered.open_leaves, group.leaves)
    if tiling is None:
        return None
    if not await _write(db, group, tiling.rows, remembered.head.frontier):
        remembered.forget()
        return None
    remembered.propose(group.head(), known.versions, tiling.open_leaves)
    return outcomes


async def _write(db: Connection, group: Group, tiles: Sequence[TileRow], frontier: bytes) -> bool:
    """Write the group if the log still ends with this frontier; return whether it did."""
    head, mac_rows = group.head(), group.mac_rows()
    try:
        rows = await db.fetch(
            _statement(bool(group.receipts), bool(tiles), bool(mac_rows)),
            group.ledger_id,
            frontier,
            head.size,
            head.frontier,
            head.recorded_at,
            CHANNEL,
            head.key_check,
            *_columns(group.events),
            *_columns(group.receipts),
            *_columns(tiles),
            *_columns(mac_rows),
        )
    except LOST_CONNECTION as error:
        raise OutcomeUnknown(problem=type(error).__name__) from error
    except asyncpg.PostgresError as error:
        if not is_refusal(error):
            raise OutcomeUnknown(problem=type(error).__name__) from error
        return False  # refused as a whole: the long way finds out whose fault it is
    return bool(rows)


def _columns(rows: Sequence[tuple[Any, ...]]) -> Sequence[Sequence[Any]]:
    """Turn rows into one sequence a column, but the first: the ledger's name."""
    return [*zip(*rows, strict=True)][1:]
