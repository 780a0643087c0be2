"""Upkeep of the vault: settle what was left pending, wrap again under a new key.

Both can be stopped at any moment and go on where they were.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from ledger.core.entry import Entry
from ledger.storage.documents import NOBODY
from ledger.storage.vault import APPEND_SECONDS_MAX, Vault, unwrapped

SETTLED_AFTER = timedelta(seconds=15 * APPEND_SECONDS_MAX)
BATCH = 500

_PENDING = """
    SELECT slot_id, event_id, stream_id, version FROM sealing_slots
    WHERE ledger_id = $1 AND NOT is_confirmed AND created_at < clock_timestamp() - $2::interval
    ORDER BY created_at LIMIT $3
"""
_ENTRY = """
    SELECT position, entry FROM events WHERE ledger_id = $1 AND stream_id = $2 AND version = $3
"""
_OTHER_KEK = """
    SELECT slot_id, subject_id, record_id, kek, wrapped FROM sealing_slots
    WHERE ledger_id = $1 AND kek <> $2 AND slot_id > $3 ORDER BY slot_id LIMIT $4
"""
_WRAP_AGAIN = """
    UPDATE sealing_slots SET kek = $3, wrapped = $4
    WHERE ledger_id = $1 AND slot_id = $2 AND kek = $5 AND wrapped = $6
"""
_SLOTS = """
    SELECT slot_id, subject_id, record_id, kek, is_confirmed FROM sealing_slots
    WHERE ledger_id = $1 AND slot_id > $2 ORDER BY slot_id LIMIT $3
"""
_FIELDS = "SELECT slot_id, field FROM sealed_values WHERE ledger_id = $1"
_OF_SLOTS = {
    table: f"SELECT slot_id FROM {table} WHERE ledger_id = $1 AND slot_id = ANY($2)"  # noqa: S608 - names from code
    for table in ("sealing_slots", "sealed_values", "blind_indexes", "sealed_documents")
}
_INDEXED = "SELECT DISTINCT slot_id FROM blind_indexes WHERE ledger_id = $1"
NIL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Settled:
    """How many pending slots had their entry in the log, and how many had none."""

    confirmed: int = 0
    discarded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSlot:
    """A slot as the key store has it."""

    slot_id: UUID
    subject_id: UUID
    record_id: UUID
    kek: str
    is_confirmed: bool


async def settle(vault: Vault, *, older_than: timedelta = SETTLED_AFTER) -> Settled:
    """Look for the entry of every pending slot that is old enough: confirm it, or remove it."""
    confirmed = discarded = 0
    while rows := await vault.keys_pool.fetch(_PENDING, vault.ledger_id, older_than, BATCH):
        found = [row["slot_id"] for row in rows if await _has_entry(vault, row)]
        lost = [row["slot_id"] for row in rows if row["slot_id"] not in found]
        await vault.confirm(found)
        await vault.discard(lost)
        confirmed, discarded = confirmed + len(found), discarded + len(lost)
    return Settled(confirmed, discarded)


async def _has_entry(vault: Vault, row: Any) -> bool:
    """Tell whether what a slot was kept for is there: its entry, or else its document's row."""
    if row["event_id"] == NOBODY:
        slot_id = row["slot_id"]
        rows = await vault.pool.fetch(
            _OF_SLOTS["sealed_documents"], vault.ledger_id, [UUID(int=slot_id.int)]
        )
        return bool(rows)
    found = await vault.pool.fetchrow(_ENTRY, vault.ledger_id, row["stream_id"], row["version"])
    if found is None:
        return False
    return Entry(found["position"], found["entry"]).event_id == UUID(int=row["event_id"].int)


async def rotate(vault: Vault) -> AsyncIterator[int]:
    """Wrap every secret that is under an older key under the current one; yield how many so far.

    A slot that somebody else changed meanwhile is left to them: running it again finds it.
    """
    current, after, done = vault.keyring.current, NIL, 0
    while rows := await vault.keys_pool.fetch(_OTHER_KEK, vault.ledger_id, current, after, BATCH):
        await vault.keys_pool.executemany(_WRAP_AGAIN, [_wrapped_again(vault, row) for row in rows])
        after, done = rows[-1]["slot_id"], done + len(rows)
        yield done


def _wrapped_again(vault: Vault, row: Any) -> tuple[object, ...]:
    place, secret = unwrapped(vault.keyring, vault.ledger_id, row)
    again = vault.keyring.wrap(secret, place=place.to_bytes())
    key = (vault.ledger_id, row["slot_id"])
    return (*key, again.kek, again.wrapped, row["kek"], row["wrapped"])


async def stored_slots(vault: Vault) -> AsyncIterator[StoredSlot]:
    """Yield every slot of the key store."""
    after = NIL
    while rows := await vault.keys_pool.fetch(_SLOTS, vault.ledger_id, after, BATCH):
        for row in rows:
            yield StoredSlot(
                slot_id=UUID(int=row["slot_id"].int),
                subject_id=UUID(int=row["subject_id"].int),
                record_id=UUID(int=row["record_id"].int),
                kek=row["kek"],
                is_confirmed=row["is_confirmed"],
            )
        after = rows[-1]["slot_id"]


async def destroy_what_came_back(vault: Vault, erased: Collection[UUID]) -> int:
    """Destroy again what a restored backup brought back of erased slots; return how many."""
    found: set[UUID] = set()
    for pool, statement in (
        (vault.keys_pool, _OF_SLOTS["sealing_slots"]),
        (vault.pool, _OF_SLOTS["sealed_values"]),
        (vault.pool, _OF_SLOTS["blind_indexes"]),
        (vault.pool, _OF_SLOTS["sealed_documents"]),
    ):
        rows = await pool.fetch(statement, vault.ledger_id, list(erased))
        found |= {UUID(int=row["slot_id"].int) for row in rows}
    if vault.documents is not None:
        places = [(one, vault.documents.place(one)) for one in erased]
        found |= await asyncio.to_thread(lambda: {one for one, path in places if path.exists()})
    if found:
        await vault.destroy(list(found))
    return len(found)


async def stored_fields(vault: Vault) -> dict[UUID, set[str]]:
    """Return which fields have a sealed value, by slot."""
    fields: dict[UUID, set[str]] = {}
    for row in await vault.pool.fetch(_FIELDS, vault.ledger_id):
        fields.setdefault(UUID(int=row["slot_id"].int), set()).add(row["field"])
    return fields


async def indexed_slots(vault: Vault) -> set[UUID]:
    """Return the slots that somebody can be found by."""
    rows = await vault.pool.fetch(_INDEXED, vault.ledger_id)
    return {UUID(int=row["slot_id"].int) for row in rows}
