"""The vault: where sealed values, their secrets and their blind indexes are kept, outside the log.

    seal (in memory) ─► secrets, values, indexes: pending ─► append the entry ─► confirm
                                                     refused ─► discard

An entry never commits to a value that is missing: what is sealed is durable before
the append. The other way round, a slot whose entry never came is pending until
``settle`` (``upkeep.py``) has looked in the log and confirmed or removed it. A slot's
row outlives its values in every order of steps, so nothing is ever half there
without its slot saying so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from ledger.core.entry import NewEntry
from ledger.core.errors import LedgerError
from ledger.sealing import (
    Commitment,
    Field,
    Keyring,
    NewSlot,
    SealBroken,
    SealedValue,
    SlotPlace,
    WrappedSecret,
    normalised,
    open_value,
    unbound_value,
)
from ledger.storage.connect import LOST_CONNECTION, Database, create_pool
from ledger.storage.document_files import DocumentFiles
from ledger.storage.documents import NOBODY, Copy, insert_copy
from ledger.storage.errors import OutcomeUnknown

APPEND_SECONDS_MAX = 60.0
"""How long a sealed entry may wait for its append; ``settle`` looks only at what is much older."""

_KEEP_SLOT = """
    INSERT INTO sealing_slots (
        ledger_id, slot_id, subject_id, record_id, kek, wrapped, event_id, stream_id, version
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_KEEP_VALUE = """
    INSERT INTO sealed_values (ledger_id, slot_id, field, sealed) VALUES ($1, $2, $3, $4)
"""
_KEEP_INDEX = """
    INSERT INTO blind_indexes (ledger_id, field, digest, slot_id, subject_id, index_key)
    VALUES ($1, $2, $3, $4, $5, $6)
"""
_CONFIRM = """
    UPDATE sealing_slots SET is_confirmed = true WHERE ledger_id = $1 AND slot_id = ANY($2)
"""
_SLOT = "SELECT kek, wrapped FROM sealing_slots WHERE ledger_id = $1 AND slot_id = $2"
_VALUES = """
    SELECT field, sealed FROM sealed_values
    WHERE ledger_id = $1 AND slot_id = $2 AND field = ANY($3)
"""
_FIND = """
    SELECT DISTINCT subject_id FROM blind_indexes
    WHERE ledger_id = $1 AND field = $2 AND digest = ANY($3) ORDER BY subject_id LIMIT $4
"""
_FORGET = (  # values first: whoever indexes one again holds it until that is done
    "DELETE FROM sealed_values WHERE ledger_id = $1 AND slot_id = ANY($2)",
    "DELETE FROM blind_indexes WHERE ledger_id = $1 AND slot_id = ANY($2)",
    "DELETE FROM sealed_documents WHERE ledger_id = $1 AND slot_id = ANY($2)",
)
# The few index keys, each found by one look at the index.
_INDEX_KEYS = """
    WITH RECURSIVE used AS (
        (SELECT index_key FROM blind_indexes WHERE ledger_id = $1 ORDER BY index_key LIMIT 1)
        UNION ALL
        SELECT (
            SELECT next.index_key FROM blind_indexes AS next
            WHERE next.ledger_id = $1 AND next.index_key > used.index_key
            ORDER BY next.index_key LIMIT 1
        ) FROM used WHERE used.index_key IS NOT NULL
    )
    SELECT index_key FROM used WHERE index_key IS NOT NULL
"""
_DESTROY = "DELETE FROM sealing_slots WHERE ledger_id = $1 AND slot_id = ANY($2)"
FOUND_MAX = 100


class IndexKeyChanged(LedgerError):
    """The key of the blind indexes was changed: start this process again with the new keys.

    盲索引密钥已更换：请用新密钥重新启动本进程。
    """


class SealedValueGone(LedgerError):
    """The log says that this is sealed, but its key or value is not in the vault.

    账本记载此内容已密封，但保管库中缺少其密钥或密文。
    """


@dataclass(frozen=True, slots=True)
class SealingKeys:
    """What opens a vault: the keys, the database of the secrets if it is another one.

    ``documents`` is the folder of sealed documents; without it none are stored.
    """

    keyring: Keyring
    dsn: str | None = field(default=None, repr=False)
    documents: Path | None = None


@dataclass(frozen=True, slots=True)
class NewDocument:
    """The row of a document that is kept with its slot, and how much its uploader may a day."""

    copy: Copy
    quota_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A slot and the entry that will commit to it, with the row of the document it is of."""

    slot: NewSlot
    event_id: UUID
    stream_id: str
    version: int
    document: NewDocument | None = None

    @classmethod
    def unbound(cls, slot: NewSlot, document: NewDocument) -> Pending:
        """Return a document's slot that no entry commits to: it is about nobody in particular."""
        return cls(slot=slot, event_id=NOBODY, stream_id="", version=-1, document=document)


@dataclass(slots=True)
class Kept:
    """What became of the slots that were kept for an append."""

    is_unused: bool = False


class Vault:
    """The stores of one ledger's sealed data: values in ``pool``, secrets in ``keys_pool``."""

    def __init__(
        self, ledger_id: str, pool: asyncpg.Pool, keys_pool: asyncpg.Pool, keys: SealingKeys
    ) -> None:
        self.ledger_id = ledger_id
        self.pool = pool
        self.keys_pool = keys_pool
        self.keyring = keys.keyring
        self.documents: DocumentFiles | None = None
        if keys.documents is not None:
            self.documents = DocumentFiles(keys.documents, ledger_id)

    @asynccontextmanager
    async def kept(self, pending: Sequence[Pending]) -> AsyncIterator[Kept]:
        """Keep slots before the block appends what commits to them, and settle them after it.

        A refusal discards them; an unknown outcome leaves them for ``settle`` to find out.
        """
        kept = Kept()
        slot_ids = [one.slot.place.slot_id for one in pending]
        try:
            await self._keep(pending)
            async with asyncio.timeout(APPEND_SECONDS_MAX):
                yield kept
        except OutcomeUnknown:
            raise
        except LedgerError:
            await self._settle(slot_ids, is_unused=True)
            raise
        await self._settle(slot_ids, is_unused=kept.is_unused)

    async def keep_unbound(self, pending: Pending) -> None:
        """Keep the slot of a document that no entry commits to."""
        async with self.kept([pending]):
            pass

    async def open(
        self, place: SlotPlace, commitments: Mapping[Field, Commitment]
    ) -> dict[Field, str]:
        """Return values of a slot, each checked against its commitment in the log.

        Refuses with ``SealedValueGone``, ``SealBroken``, ``KeyUnknown``.
        """
        secret = await self.secret(place)
        rows = await self.pool.fetch(
            _VALUES, self.ledger_id, place.slot_id, [str(one) for one in commitments]
        )
        sealed = {
            Field(row["field"]): SealedValue(Field(row["field"]), row["sealed"]) for row in rows
        }
        for one in commitments:
            if one not in sealed:
                raise SealedValueGone(slot_id=str(place.slot_id), field=str(one))
        return {
            one: open_value(place, secret, sealed[one], commitment)
            for one, commitment in commitments.items()
        }

    async def open_unbound(self, place: SlotPlace, one: Field) -> str:
        """Return a value of a slot without asking the log (``SealedValueGone``, ``SealBroken``)."""
        secret = await self.secret(place)
        rows = await self.pool.fetch(_VALUES, self.ledger_id, place.slot_id, [str(one)])
        if not rows:
            raise SealedValueGone(slot_id=str(place.slot_id), field=str(one))
        return unbound_value(place, secret, SealedValue(one, rows[0]["sealed"]))

    async def secret(self, place: SlotPlace) -> bytes:
        """Return a slot's secret (refuses with ``SealedValueGone``)."""
        row = await self.keys_pool.fetchrow(_SLOT, self.ledger_id, place.slot_id)
        if row is None:
            raise SealedValueGone(slot_id=str(place.slot_id))
        wrapped = WrappedSecret(row["kek"], row["wrapped"])
        return self.keyring.unwrap(wrapped, place=place.to_bytes())

    async def find(self, field: Field, value: str) -> list[UUID]:
        """Return whose data has exactly this number, in any spelling of it; at most 100.

        Refuses with ``IndexKeyChanged`` instead of overlooking somebody.
        """
        await self._guard_index_key(self.pool)
        digests = self.keyring.blind_indexes(self.ledger_id, str(field), normalised(field, value))
        rows = await self.pool.fetch(
            _FIND, self.ledger_id, str(field), list(digests.values()), FOUND_MAX
        )
        return [UUID(int=row["subject_id"].int) for row in rows]

    async def destroy(self, slot_ids: Sequence[UUID]) -> None:
        """Destroy values, indexes, secrets and documents of slots; again does nothing.

        The tables are vacuumed, so that the server soon writes over where they were. Before
        PostgreSQL 17 it passes over that with a warning where the app is not their owner, and
        autovacuum does it (``ledger.storage.privileges``).
        """
        await self.discard(slot_ids)
        await self.pool.execute("VACUUM sealed_values, blind_indexes")
        await self.keys_pool.execute("VACUUM sealing_slots")

    async def _keep(self, pending: Sequence[Pending]) -> None:
        slots = [self._slot_row(one) for one in pending]
        await self.keys_pool.executemany(_KEEP_SLOT, slots)
        async with self.pool.acquire() as db, db.transaction():
            await db.executemany(_KEEP_VALUE, [row for one in pending for row in self._values(one)])
            await self._guard_index_key(db)
            await db.executemany(
                _KEEP_INDEX, [row for one in pending for row in self._indexes(one)]
            )
            for one in pending:
                if one.document is not None:
                    document = one.document
                    await insert_copy(db, self.ledger_id, document.copy, document.quota_bytes)

    async def index_keys(self, db: Database | None = None) -> set[str]:
        """Return the names of the keys by which values are indexed; '' is from before names."""
        rows = await (db or self.pool).fetch(_INDEX_KEYS, self.ledger_id)
        return {row["index_key"] for row in rows}

    async def _guard_index_key(self, db: Database) -> None:
        """Refuse once everything is indexed by keys that came after those of this process."""
        used = await self.index_keys(db)
        if used and not used & {"", *self.keyring.index_names}:
            raise IndexKeyChanged()

    def _slot_row(self, one: Pending) -> tuple[object, ...]:
        place = one.slot.place
        if place.ledger_id != self.ledger_id:
            raise SealBroken(slot_id=str(place.slot_id), ledger=place.ledger_id)
        wrapped = self.keyring.wrap(one.slot.secret, place=place.to_bytes())
        return (
            self.ledger_id,
            place.slot_id,
            place.subject_id,
            place.record_id,
            wrapped.kek,
            wrapped.wrapped,
            one.event_id,
            one.stream_id,
            one.version,
        )

    def _values(self, one: Pending) -> list[tuple[object, ...]]:
        slot_id = one.slot.place.slot_id
        return [(self.ledger_id, slot_id, str(v.field), v.sealed) for v in one.slot.values]

    def _indexes(self, one: Pending) -> list[tuple[object, ...]]:
        place = one.slot.place
        return [
            (self.ledger_id, str(name), digest, place.slot_id, place.subject_id, index_key)
            for name, value in one.slot.searchable.items()
            for index_key, digest in self.keyring.blind_indexes(
                self.ledger_id, str(name), value
            ).items()
        ]

    async def _settle(self, slot_ids: Sequence[UUID], *, is_unused: bool) -> None:
        """Confirm or discard; if that fails now, ``settle`` does it later."""
        with suppress(*LOST_CONNECTION, asyncpg.PostgresError):
            if is_unused:
                await self._forget(slot_ids)
            else:
                await self.confirm(slot_ids)

    async def confirm(self, slot_ids: Sequence[UUID]) -> None:
        """Note that the entries of these slots are in the log."""
        await self.keys_pool.execute(_CONFIRM, self.ledger_id, list(slot_ids))

    async def discard(self, slot_ids: Sequence[UUID]) -> None:
        """Remove slots: their indexes and values, then their secrets, then their documents."""
        await self._forget(slot_ids)
        if self.documents is not None:
            await asyncio.to_thread(self.documents.remove, list(slot_ids))

    async def _forget(self, slot_ids: Sequence[UUID]) -> None:
        """Remove what the databases hold of slots; a file is left to whoever wrote it."""
        async with self.pool.acquire() as db, db.transaction():
            for statement in _FORGET:
                await db.execute(statement, self.ledger_id, list(slot_ids))
        await self.keys_pool.execute(_DESTROY, self.ledger_id, list(slot_ids))


def pending_for(
    slot: NewSlot,
    document: NewDocument | None,
    events: Sequence[object],
    entries: Sequence[NewEntry],
) -> Pending:
    """Find the entry that commits to a slot: sealed data without one would be lost sight of."""
    slot_id = slot.place.slot_id
    for event, entry in zip(events, entries, strict=True):
        if getattr(event, "slot_id", None) == slot_id:
            return Pending(
                slot=slot,
                event_id=entry.event_id,
                stream_id=entry.stream_id,
                version=entry.version,
                document=document,
            )
    raise TypeError(f"no event commits to slot {slot_id}")


@asynccontextmanager
async def open_vault(
    ledger_id: str, pool: asyncpg.Pool, keys: SealingKeys | None
) -> AsyncIterator[Vault | None]:
    """Open a ledger's vault until the block ends; ``None`` without keys."""
    if keys is None:
        yield None
        return
    if keys.dsn is None:
        yield Vault(ledger_id, pool, pool, keys)
        return
    keys_pool = await create_pool(keys.dsn, size_max=4)
    try:
        yield Vault(ledger_id, pool, keys_pool, keys)
    finally:
        await keys_pool.close()


def unwrapped(keyring: Keyring, ledger_id: str, row: Any) -> tuple[SlotPlace, bytes]:
    """Return whose slot a row of ``sealing_slots`` is, and its secret (``KeyUnknown``)."""
    place = SlotPlace(
        ledger_id=ledger_id,
        slot_id=UUID(int=row["slot_id"].int),
        subject_id=UUID(int=row["subject_id"].int),
        record_id=UUID(int=row["record_id"].int),
    )
    wrapped = WrappedSecret(row["kek"], row["wrapped"])
    return place, keyring.unwrap(wrapped, place=place.to_bytes())
