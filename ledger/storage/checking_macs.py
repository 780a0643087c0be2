"""Codes by the service's key against the log: which are missing or wrong, and how they are remade.

    entries from the one that names the key on ─► code over position, leaf hash and receipt
                                               ─► compared with what lies in ``entry_macs``

Remade are they only by ``minzhang recover``, whose entry says that they were.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.core.entry import Entry
from ledger.log_history import LogHistory
from ledger.storage.connect import Connection
from ledger.storage.entry_macs import (
    MAC_BYTES,
    MAC_COLUMNS,
    NO_RECEIPT,
    EntryMacs,
    digest_of_receipt,
)

BATCH_ROWS = 2_000
REMADE_ROW_ENTRIES = 1_000

_NAMED = """
    SELECT position, entry FROM events WHERE ledger_id = $1 AND topic = $2 ORDER BY position
"""
_ENTRIES = """
    SELECT e.position, e.leaf_hash, r.caller, r.key, r.stream_id, r.request_digest,
        r.version, r.event_count
    FROM events AS e LEFT JOIN receipts AS r
        ON r.ledger_id = e.ledger_id AND r.first_position = e.position
    WHERE e.ledger_id = $1 AND e.position >= $2 ORDER BY e.position
"""
_CODES = """
    SELECT first_position, macs FROM entry_macs
    WHERE ledger_id = $1 AND first_position + octet_length(macs) / 32 > $2
    ORDER BY first_position
"""
_DELETE = "DELETE FROM entry_macs WHERE ledger_id = $1"
_TRACKINGS = "SELECT name, position, mac FROM trackings WHERE ledger_id = $1 ORDER BY name"
_BIND = "UPDATE trackings SET mac = $3 WHERE ledger_id = $1 AND name = $2"

MISSING, WRONG, BEYOND = "missing", "wrong", "beyond"
NO_CODE = (2**63, b"")
"""Stands behind the last code."""


@dataclass(frozen=True, slots=True)
class Era:
    """From which entry on codes are made, and by the key with which check value."""

    start: int
    key_check: bytes
    by_former: bytes


@dataclass(frozen=True, slots=True)
class Expected:
    """One entry that must have a code: by which key, over what."""

    position: int
    leaf: bytes
    receipt: bytes
    era: Era


async def eras_of(db: Connection, ledger_id: str) -> list[Era]:
    """Return the service's keys that the log names, each with the entry from which it counts."""
    eras = []
    topic = LogHistory.ServiceKeyNamed.TOPIC
    for position, data in await db.fetch(_NAMED, ledger_id, topic):
        event = Entry(position, data).event
        if isinstance(event, LogHistory.ServiceKeyNamed):
            check, by = bytes.fromhex(event.key_check), bytes.fromhex(event.by_former)
            eras.append(Era(position, check, by))
    return eras


async def expected_codes(
    db: Connection, ledger_id: str, eras: Sequence[Era], start: int
) -> AsyncIterator[Expected]:
    """Yield what has a code, from ``start`` on, in the order of the log."""
    if not eras:
        return
    at = 0
    first = max(start, eras[0].start)
    async for row in db.cursor(_ENTRIES, ledger_id, first, prefetch=BATCH_ROWS):
        position, leaf = row["position"], row["leaf_hash"]
        while at + 1 < len(eras) and eras[at + 1].start <= position:
            at += 1
        yield Expected(position, leaf, _receipt_of(row), eras[at])


def _receipt_of(row: Any) -> bytes:
    if row["caller"] is None:
        return NO_RECEIPT
    texts = row["caller"], row["key"], row["stream_id"]
    return digest_of_receipt(texts, row["request_digest"], (row["version"], row["event_count"]))


async def _codes(db: Connection, ledger_id: str, start: int) -> AsyncIterator[tuple[int, bytes]]:
    async for first, macs in db.cursor(_CODES, ledger_id, start, prefetch=BATCH_ROWS):
        for at in range(0, len(macs), MAC_BYTES):
            yield first + at // MAC_BYTES, macs[at : at + MAC_BYTES]


async def _next(codes: AsyncIterator[tuple[int, bytes]]) -> tuple[int, bytes]:
    async for found in codes:
        return found
    return NO_CODE


async def wrong_codes(
    db: Connection, keys: Mapping[bytes, EntryMacs], ledger_id: str, *, start: int = 0
) -> AsyncIterator[tuple[int, str]]:
    """Yield positions whose code is missing, wrong or of no entry; of keys that are at hand.

    ``keys`` are by check value. What a key made that is not at hand is only looked for.
    """
    eras = await eras_of(db, ledger_id)
    start = max([start, *(era.start for era in eras[:1])])  # what went in with it has one as well
    codes = _codes(db, ledger_id, start)
    place, code = await _next(codes)
    async for one in expected_codes(db, ledger_id, eras, start):
        while place < one.position:
            if place >= start:
                yield place, BEYOND
            place, code = await _next(codes)
        if place != one.position:
            yield one.position, MISSING
            continue
        macs = keys.get(one.era.key_check)
        if macs is not None and macs.of(one.position, one.leaf, one.receipt) != code:
            yield one.position, WRONG
        place, code = await _next(codes)
    while place < NO_CODE[0]:
        if place >= start:
            yield place, BEYOND
        place, code = await _next(codes)


async def remake_macs(db: Connection, macs: EntryMacs) -> list[str]:
    """Make codes again where they are not right; say how many were not. Inside a recovery."""
    ledger_id = macs.ledger_id
    wrong = [position async for position, _ in wrong_codes(db, {macs.check: macs}, ledger_id)]
    await bind_trackings(db, macs)
    if not wrong:
        return []
    eras = await eras_of(db, ledger_id)
    kept = {place: code async for place, code in _codes(db, ledger_id, 0)}
    rows: list[tuple[str, int, bytes]] = []
    run: list[bytes] = []
    first = -1
    async for one in expected_codes(db, ledger_id, eras, 0):
        own = one.era.key_check == macs.check
        code = macs.of(one.position, one.leaf, one.receipt) if own else kept.get(one.position)
        if code is None or len(run) == REMADE_ROW_ENTRIES or first + len(run) != one.position:
            rows += [(ledger_id, first, b"".join(run))] if run else []
            run, first = [], one.position
        run += [] if code is None else [code]
    rows += [(ledger_id, first, b"".join(run))] if run else []
    await db.execute(_DELETE, ledger_id)
    await db.copy_records_to_table("entry_macs", records=rows, columns=MAC_COLUMNS)
    return [f"codes of {len(set(wrong))} entries"]


async def bind_trackings(db: Connection, macs: EntryMacs) -> None:
    """Give every follower's place its code: on somebody's word, or where there was none yet."""
    for name, position, _ in await db.fetch(_TRACKINGS, macs.ledger_id):
        await db.execute(_BIND, macs.ledger_id, name, macs.of_tracking(name, position))


async def wrong_trackings(db: Connection, macs: EntryMacs) -> list[tuple[str, int]]:
    """Return followers whose place was not written by the service."""
    rows = await db.fetch(_TRACKINGS, macs.ledger_id)
    return [(name, at) for name, at, mac in rows if not macs.is_tracking(mac, name, at)]
