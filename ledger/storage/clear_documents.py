"""Documents that are no longer as they should lie: in clear by an earlier version, or nobody's.

An earlier version stored documents as they came. Each is encrypted once, under a slot of its own,
and what lay in clear is removed only when it can be read from there. It can be killed anywhere:
done again it goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from ledger.sealing import DocumentCipher, SealBroken, new_slot
from ledger.storage.document_files import DocumentFiles, is_left_over
from ledger.storage.documents import NOBODY, AlreadyStored, Copy
from ledger.storage.evidence import seal_bytes
from ledger.storage.vault import NewDocument, Pending, Vault

BATCH = 500

_CLEAR = """
    SELECT sha256, actor_id, media_type, size_bytes, uploaded_at FROM evidence_files
    WHERE ledger_id = $1 ORDER BY uploaded_at, sha256, actor_id LIMIT $2
"""
_DONE = "DELETE FROM evidence_files WHERE ledger_id = $1 AND sha256 = $2 AND actor_id = $3"
_IS_SEALED = """
    SELECT EXISTS (SELECT FROM sealed_documents WHERE ledger_id = $1 AND sha256 = $2)
        AND NOT EXISTS (SELECT FROM evidence_files WHERE ledger_id = $1 AND sha256 = $2)
"""
_KNOWN = (
    "SELECT slot_id FROM sealing_slots WHERE ledger_id = $1 AND slot_id = ANY($2)",
    "SELECT slot_id FROM sealed_documents WHERE ledger_id = $1 AND slot_id = ANY($2)",
)


async def seal_clear_documents(vault: Vault) -> int:
    """Encrypt what an earlier version stored in clear; return how many documents that were."""
    files, done = vault.documents, 0
    if files is None:
        return done
    while rows := await vault.pool.fetch(_CLEAR, vault.ledger_id, BATCH):
        for row in rows:
            await _seal(vault, files, row)
            await vault.pool.execute(_DONE, vault.ledger_id, row["sha256"], row["actor_id"])
            done += 1
    for digest, path in await asyncio.to_thread(lambda: list(files.clear())):
        if await vault.pool.fetchval(_IS_SEALED, vault.ledger_id, digest):
            await asyncio.to_thread(path.unlink, missing_ok=True)
    return done


async def remove_strays(vault: Vault) -> int:
    """Remove files, a day old, whose key never came into the vault; return how many."""
    files = vault.documents
    if files is None:
        return 0
    old = await asyncio.to_thread(
        lambda: [slot_id for slot_id, path in files.stored() if is_left_over(path)]
    )
    known = await _known(vault, old)
    strays = [slot_id for slot_id in old if slot_id not in known]
    await asyncio.to_thread(files.remove, strays)
    return len(strays)


async def clear_digests(vault: Vault) -> set[str]:
    """Return the digests of documents that still lie in clear."""
    files = vault.documents
    return set() if files is None else {digest for digest, _ in files.clear()}


async def _known(vault: Vault, slot_ids: Sequence[UUID]) -> set[UUID]:
    known: set[UUID] = set()
    for pool, statement in zip((vault.keys_pool, vault.pool), _KNOWN, strict=True):
        rows = await pool.fetch(statement, vault.ledger_id, list(slot_ids))
        known |= {UUID(int=row["slot_id"].int) for row in rows}
    return known


async def _seal(vault: Vault, files: DocumentFiles, row: Any) -> None:
    slot = new_slot(
        ledger_id=vault.ledger_id,
        subject_id=NOBODY,
        record_id=None,
        given={},
        searchable=frozenset(),
    )
    slot_id = slot.place.slot_id
    cipher = DocumentCipher(slot.place, slot.secret)
    await asyncio.to_thread(_encrypt, files, files.clear_place(row["sha256"]), cipher)
    copy = Copy(
        slot_id=slot_id,
        sha256=row["sha256"],
        actor_id=UUID(int=row["actor_id"].int),
        subject_id=None,
        media_type=row["media_type"],
        size_bytes=row["size_bytes"],
        uploaded_at=row["uploaded_at"],
    )
    try:
        await vault.keep_unbound(Pending.unbound(slot, NewDocument(copy, None)))
    except AlreadyStored:  # a run that was killed came as far as this
        await asyncio.to_thread(files.remove, [slot_id])


def _encrypt(files: DocumentFiles, clear: Path, cipher: DocumentCipher) -> None:
    """Encrypt a document, and read it back; one that somebody took away stays missing."""
    with suppress(FileNotFoundError):
        data = clear.read_bytes()
        seal_bytes(files, data, cipher)
        with files.place(cipher.slot_id).open("rb") as file:
            if cipher.reader(file).read() != data:
                raise SealBroken(slot_id=str(cipher.slot_id))
