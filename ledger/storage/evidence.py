"""Documents outside the log, each an encrypted file; the log names the digest of the content.

A document is encrypted while it comes in, looked at through its key, brought to the disk and moved
to its name before anything says that it is stored. Each upload is a copy of its own, with a key of
its own: what happens to one, such as an erasure, leaves the others.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

from ledger.core.errors import LedgerError
from ledger.sealing import DocumentCipher, Field, NewSlot, SealBroken, SlotPlace, new_slot
from ledger.storage.document_files import DocumentFiles
from ledger.storage.documents import (
    NOBODY,
    AlreadyStored,
    Copy,
    copies_by,
    copies_of,
    own_slot,
    quota_left,
)
from ledger.storage.errors import OutcomeUnknown
from ledger.storage.evidence_errors import EvidenceDamaged, EvidenceGone, EvidenceNotKept
from ledger.storage.evidence_kinds import inspect
from ledger.storage.ledger import Ledger
from ledger.storage.space import SpaceGuard
from ledger.storage.vault import NewDocument, Pending, SealedValueGone, Vault

FILE_BYTES_MAX = 20 * 1024**2
READ_AT_ONCE_MAX = 4
INSPECTED_AT_ONCE_MAX = 2

Record: TypeAlias = Callable[[NewSlot, NewDocument], Awaitable[object]]
"""Records in the log that a document about a person was sealed, keeping its slot with that."""


@dataclass(frozen=True, slots=True)
class About:
    """Whom a document is about, and how that is recorded."""

    person_id: UUID
    record: Record


class EvidenceStore:
    """The documents of one ledger."""

    def __init__(
        self, ledger: Ledger, *, quota_bytes: int, space: SpaceGuard | None = None
    ) -> None:
        self._ledger = ledger
        self._quota_bytes = quota_bytes
        self._space = space
        self._reading = asyncio.Semaphore(READ_AT_ONCE_MAX)
        self._inspecting = asyncio.Semaphore(INSPECTED_AT_ONCE_MAX)

    async def take(
        self,
        chunks: AsyncIterator[bytes],
        name: str,
        actor_id: UUID,
        about: About | None = None,
    ) -> tuple[Copy, bool]:
        """Store a document; tell whether it is new of this person. Nothing is left of a refusal."""
        files, pool, now = self._files, self._ledger.pool, self._ledger.clock()
        await quota_left(pool, self._ledger.id, actor_id, now, self._quota_bytes)
        subject_id = about.person_id if about else None
        slot = new_slot(
            ledger_id=self._ledger.id,
            subject_id=subject_id or NOBODY,
            record_id=None,
            given={Field.FILE_NAME: name},
            searchable=frozenset(),
        )
        cipher = DocumentCipher(slot.place, slot.secret)
        descriptor, path = await asyncio.to_thread(files.begin)
        try:
            digest, size = await self._write(descriptor, chunks, cipher)
            async with self._inspecting:
                media_type = await asyncio.to_thread(_inspect, path, name, cipher)
            copy = Copy(
                slot_id=slot.place.slot_id,
                sha256=digest,
                actor_id=actor_id,
                subject_id=subject_id,
                media_type=media_type,
                size_bytes=size,
                uploaded_at=now,
            )
            return copy, await self._keep(path, copy, slot, about)
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def copies(self, digests: Collection[str]) -> list[Copy]:
        """Return all copies of documents that are stored here."""
        return await copies_of(self._ledger.pool, self._ledger.id, digests)

    async def brought_by(self, actor_id: UUID, *, rows_max: int) -> list[Copy]:
        """Return the documents that somebody brought, the newest first."""
        return await copies_by(self._ledger.pool, self._ledger.id, actor_id, rows_max=rows_max)

    async def name(self, copy: Copy) -> str | None:
        """Return the name that a copy was uploaded under; one of an earlier version has none."""
        try:
            return await self._vault.open_unbound(place_of(self._ledger.id, copy), Field.FILE_NAME)
        except SealedValueGone:
            return None

    async def read(self, copy: Copy) -> bytes:
        """Return a document, once its digest agrees (``EvidenceGone``, ``EvidenceDamaged``)."""
        cipher = await self._cipher(copy)
        async with self._reading:
            return await asyncio.to_thread(read_document, self._files, copy, cipher)

    @property
    def _vault(self) -> Vault:
        return self._ledger.vault

    @property
    def _files(self) -> DocumentFiles:
        if self._vault.documents is None:
            raise EvidenceNotKept()
        return self._vault.documents

    async def _cipher(self, copy: Copy) -> DocumentCipher:
        place = place_of(self._ledger.id, copy)
        try:
            return DocumentCipher(place, await self._vault.secret(place))
        except SealedValueGone as error:
            raise EvidenceGone(sha256=copy.sha256) from error

    async def _write(
        self, descriptor: int, chunks: AsyncIterator[bytes], cipher: DocumentCipher
    ) -> tuple[str, int]:
        digest, size, sealing = sha256(), 0, cipher.sealing()
        with closing(os.fdopen(descriptor, "wb")) as file:
            file.write(sealing.begin())
            async for chunk in chunks:
                if self._space is not None:
                    self._space.check()
                digest.update(chunk)
                size += len(chunk)
                file.writelines(sealing.update(chunk))
            file.write(sealing.finish())
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        return digest.hexdigest(), size

    async def _keep(self, path: Path, copy: Copy, slot: NewSlot, about: About | None) -> bool:
        own = await self._own(copy, copy.subject_id)
        if own is not None:
            await self._mend(path, copy, own, DocumentCipher(slot.place, slot.secret))
            return False
        is_new = await self._keep_new(path, copy, slot, about)
        if about and (unnamed := await self._own(copy, None)):
            await self._vault.destroy([unnamed])  # now they said whom it is about
        return is_new

    async def _keep_new(self, path: Path, copy: Copy, slot: NewSlot, about: About | None) -> bool:
        await asyncio.to_thread(self._files.move, path, copy.slot_id)
        new = NewDocument(copy, self._quota_bytes)
        try:
            if about is None:
                await self._vault.keep_unbound(Pending.unbound(slot, new))
            else:
                await about.record(slot, new)
        except OutcomeUnknown:
            raise
        except LedgerError as refused:
            await asyncio.to_thread(self._files.remove, [copy.slot_id])
            if not isinstance(refused, AlreadyStored):
                raise
            return False
        return True

    async def _own(self, copy: Copy, subject_id: UUID | None) -> UUID | None:
        pool, ledger_id = self._ledger.pool, self._ledger.id
        return await own_slot(pool, ledger_id, copy.sha256, copy.actor_id, subject_id)

    async def _mend(self, path: Path, copy: Copy, own: UUID, given: DocumentCipher) -> None:
        """Put the document, sent again, in the place of a file that is gone or damaged."""
        (stored,) = [one for one in await self.copies([copy.sha256]) if one.slot_id == own]
        cipher = await self._cipher(stored)
        try:
            await asyncio.to_thread(read_document, self._files, stored, cipher)
        except (EvidenceGone, EvidenceDamaged):
            await asyncio.to_thread(_seal_again, self._files, path, given, cipher)


def place_of(ledger_id: str, copy: Copy) -> SlotPlace:
    """Return where a document's slot belongs."""
    return SlotPlace(
        ledger_id=ledger_id,
        slot_id=copy.slot_id,
        subject_id=copy.subject_id or NOBODY,
        record_id=copy.slot_id,
    )


def read_document(files: DocumentFiles, copy: Copy, cipher: DocumentCipher) -> bytes:
    """Return a document's content (refuses with ``EvidenceGone``, ``EvidenceDamaged``)."""
    try:
        with files.place(copy.slot_id).open("rb") as file:
            data = cipher.reader(file).read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise EvidenceGone(sha256=copy.sha256) from error
    except SealBroken as error:
        raise EvidenceDamaged(sha256=copy.sha256) from error
    if sha256(data).hexdigest() != copy.sha256:
        raise EvidenceDamaged(sha256=copy.sha256)
    return data


def seal_bytes(files: DocumentFiles, data: bytes, cipher: DocumentCipher) -> None:
    """Encrypt a document and put it in its place."""
    descriptor, path = files.begin()
    try:
        sealing = cipher.sealing()
        with closing(os.fdopen(descriptor, "wb")) as file:
            file.write(sealing.begin())
            file.writelines(sealing.update(data))
            file.write(sealing.finish())
            file.flush()
            os.fsync(file.fileno())
        files.move(path, cipher.slot_id)
    finally:
        path.unlink(missing_ok=True)


def _seal_again(
    files: DocumentFiles, path: Path, given: DocumentCipher, cipher: DocumentCipher
) -> None:
    with path.open("rb") as file:
        seal_bytes(files, given.reader(file).read(), cipher)


def _inspect(path: Path, name: str, cipher: DocumentCipher) -> str:
    with path.open("rb") as file, cipher.reader(file) as document:
        return inspect(document, name)
