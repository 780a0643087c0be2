"""Is every document there, encrypted and readable, and no other? A part of the vault's check."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from ledger.core.errors import LedgerError
from ledger.sealing import DocumentCipher
from ledger.storage.clear_documents import clear_digests
from ledger.storage.document_files import DocumentFiles
from ledger.storage.documents import NOBODY, Copy, all_copies
from ledger.storage.evidence import place_of, read_document
from ledger.storage.upkeep import stored_slots
from ledger.storage.vault import Vault

IN_THE_MAKING_SECONDS = 60.0
"""A file this young may be an upload whose row comes next: it is not judged."""

NO_KEY = (
    "a document without its key, and no erasure in the log 文件的密钥已不存在，而账本中没有删除记录"
)
NO_ROW = "a document of the log without its row 账本中的文件缺少登记"
NO_FILE = "a document whose file is gone 文件已不存在"
STILL_DOCUMENT = "erased in the log, and the document is still there 账本已记载删除，而文件仍在"
STRAY = "a file that nothing knows of 来历不明的文件"
IN_CLEAR = "a document that lies in clear: minzhang sealing settle 未加密的文件"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as the log says: which slot, and what is wrong with it."""

    slot_id: UUID
    problem: str


@dataclass(frozen=True, slots=True)
class Said:
    """What the log says of documents; those whose erasure is under way are not judged."""

    living: Set[UUID]
    erased: Set[UUID]
    under_way: Set[UUID]


@dataclass(slots=True)
class Documents:
    """The documents of a ledger, by slot: their rows and their files."""

    copies: dict[UUID, Copy] = field(default_factory=dict)
    files: dict[UUID, Path] = field(default_factory=dict)
    in_clear: set[str] = field(default_factory=set)

    @property
    def unbound(self) -> set[UUID]:
        """The slots that no entry commits to: of documents about nobody in particular."""
        return {slot_id for slot_id, one in self.copies.items() if one.subject_id is None}


async def read_documents(vault: Vault) -> Documents:
    """Return what is stored of documents; a folder that is not known holds none."""
    files = vault.documents
    found = Documents()
    if files is not None:
        found.files = await asyncio.to_thread(lambda: dict(files.stored()))
        found.in_clear = await clear_digests(vault)
    found.copies = {one.slot_id: one async for one in all_copies(vault.pool, vault.ledger_id)}
    return found


async def check_documents(
    vault: Vault, found: Documents, said: Said, stored: Collection[UUID]
) -> list[Finding]:
    """Compare rows, files and keys with what the log says; ``stored`` are the keys seen before."""
    expected = found.copies.keys() - said.erased - said.under_way
    keys = {*stored}
    if not expected <= keys:  # perhaps uploaded since
        keys |= {one.slot_id async for one in stored_slots(vault)}
    findings = [Finding(one, NO_ROW) for one in said.living - found.copies.keys() - said.under_way]
    findings += [Finding(one, NO_KEY) for one in expected - keys]
    still = (found.copies.keys() | found.files.keys()) & said.erased
    findings += [Finding(one, STILL_DOCUMENT) for one in still]
    if vault.documents is not None:
        unknown = found.files.keys() - found.copies.keys() - said.erased - said.under_way - keys
        findings += await asyncio.to_thread(_on_disk, vault.documents, expected, unknown)
    return findings + [Finding(NOBODY, f"{IN_CLEAR} {digest}") for digest in found.in_clear]


def _on_disk(files: DocumentFiles, expected: Set[UUID], unknown: Set[UUID]) -> list[Finding]:
    gone = [Finding(one, NO_FILE) for one in expected if not files.place(one).exists()]
    strays = [one for one in unknown if not _is_in_the_making(files.place(one))]
    return gone + [Finding(one, STRAY) for one in strays]


async def open_documents(
    vault: Vault, copies: Mapping[UUID, Copy], wrong: Collection[UUID]
) -> list[Finding]:
    """Open every document that is there, and compare its digest."""
    findings: list[Finding] = []
    if vault.documents is None:
        return findings
    for slot_id, copy in copies.items():
        if slot_id not in wrong:
            findings += await _opened(vault, vault.documents, copy)
    return findings


async def _opened(vault: Vault, files: DocumentFiles, copy: Copy) -> list[Finding]:
    place = place_of(vault.ledger_id, copy)
    try:
        cipher = DocumentCipher(place, await vault.secret(place))
        await asyncio.to_thread(read_document, files, copy, cipher)
    except LedgerError as error:
        return [Finding(copy.slot_id, f"{error.title_en()} {error.title_zh()}")]
    return []


def _is_in_the_making(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime < IN_THE_MAKING_SECONDS
    except FileNotFoundError:
        return True
