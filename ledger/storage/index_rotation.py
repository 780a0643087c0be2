"""Change the key of the blind indexes: open each value, index it by the new key, drop the old.

    minzhang sealing rotate-index --new        rows by both keys: whoever knows either finds
    (restart what serves)
    minzhang sealing rotate-index --drop-old   the old rows go, then the old key

It can be stopped at any moment and goes on where it was: a value without a row by the current
key is what is left to do. A value that is being erased is locked first, so no row outlives it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from ledger.sealing import Field, SealedValue, SlotPlace, unbound_value
from ledger.sealing.fields import SEARCHABLE
from ledger.storage.connect import Connection
from ledger.storage.vault import Vault, unwrapped

BATCH = 200
NIL = UUID(int=0)
FIELDS = sorted(map(str, SEARCHABLE))

_LEFT = """
    SELECT DISTINCT value.slot_id FROM sealed_values AS value
    WHERE value.ledger_id = $1 AND value.field = ANY($2) AND value.slot_id > $3 AND NOT EXISTS (
        SELECT FROM blind_indexes AS made
        WHERE made.ledger_id = $1 AND made.index_key = $4
            AND made.slot_id = value.slot_id AND made.field = value.field
    )
    ORDER BY value.slot_id LIMIT $5
"""
_SECRETS = """
    SELECT slot_id, subject_id, record_id, kek, wrapped FROM sealing_slots
    WHERE ledger_id = $1 AND slot_id = ANY($2)
"""
_LOCKED = """
    SELECT slot_id, field, sealed FROM sealed_values
    WHERE ledger_id = $1 AND slot_id = ANY($2) AND field = ANY($3) FOR SHARE
"""
_INSERT = """
    INSERT INTO blind_indexes (ledger_id, field, digest, slot_id, subject_id, index_key)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (ledger_id, field, digest, slot_id) DO UPDATE SET index_key = excluded.index_key
"""
_DROP = """
    DELETE FROM blind_indexes AS old
    WHERE old.ledger_id = $1 AND old.index_key <> $2 AND EXISTS (
        SELECT FROM blind_indexes AS made
        WHERE made.ledger_id = $1 AND made.index_key = $2
            AND made.slot_id = old.slot_id AND made.field = old.field
    )
"""
_OF_KEY = """
    SELECT count(*) FILTER (WHERE index_key = $2), count(*) FILTER (WHERE index_key <> $2)
    FROM blind_indexes WHERE ledger_id = $1
"""


async def index_again(vault: Vault, batch: int = BATCH) -> AsyncIterator[int]:
    """Index by the current key every value that is not; yield how many slots so far."""
    after, done, current = NIL, 0, vault.keyring.index_name
    while rows := await vault.pool.fetch(_LEFT, vault.ledger_id, FIELDS, after, current, batch):
        slot_ids = [UUID(int=row["slot_id"].int) for row in rows]
        secrets = await vault.keys_pool.fetch(_SECRETS, vault.ledger_id, slot_ids)
        opened = {
            place.slot_id: (place, secret)
            for place, secret in (unwrapped(vault.keyring, vault.ledger_id, row) for row in secrets)
        }
        async with vault.pool.acquire() as db, db.transaction():
            await _insert(vault, db, slot_ids, opened)
        after, done = slot_ids[-1], done + len(slot_ids)
        yield done


async def indexed_count(vault: Vault) -> tuple[int, int]:
    """Return how many indexes are by the current key, and how many by others."""
    row = await vault.pool.fetchrow(_OF_KEY, vault.ledger_id, vault.keyring.index_name)
    return (0, 0) if row is None else (row[0], row[1])


async def drop_old_indexes(vault: Vault) -> int:
    """Delete what is indexed by the current key as well; return how many others are left."""
    await vault.pool.execute(_DROP, vault.ledger_id, vault.keyring.index_name)
    await vault.pool.execute("VACUUM blind_indexes")
    return (await indexed_count(vault))[1]


async def _insert(
    vault: Vault,
    db: Connection,
    slot_ids: Sequence[UUID],
    opened: dict[UUID, tuple[SlotPlace, bytes]],
) -> None:
    """Index what is there still, while nobody can erase it."""
    ledger_id, keyring = vault.ledger_id, vault.keyring
    made: list[tuple[object, ...]] = []
    for row in await db.fetch(_LOCKED, ledger_id, slot_ids, FIELDS):
        known = opened.get(UUID(int=row["slot_id"].int))
        if known is None:  # erased, or its key is gone: the check tells
            continue
        place, secret = known
        one = Field(row["field"])
        value = unbound_value(place, secret, SealedValue(one, row["sealed"]))
        digest = keyring.blind_index(ledger_id, str(one), value)
        made.append(
            (ledger_id, str(one), digest, place.slot_id, place.subject_id, keyring.index_name)
        )
    await db.executemany(_INSERT, made)
