"""Documents outside the log, each a file named by its digest; the log names the digest.

    DATA/evidence/371329/ab/cdef...     0600, in folders of 0700

A document is written beside, looked at, brought to the disk and only then moved to its name,
before the row that says so is kept: a row without a file means that somebody took the file away.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import asyncpg

from ledger.storage.connect import Connection
from ledger.storage.evidence_errors import EvidenceDamaged, EvidenceGone, EvidenceQuotaSpent
from ledger.storage.evidence_kinds import inspect
from ledger.storage.space import SpaceGuard

FILE_BYTES_MAX = 20 * 1024**2
DAY = timedelta(days=1)
RETRY_SECONDS = 3600
LEFT_OVER_SECONDS = 24 * 3600
READ_AT_ONCE_MAX = 4
INSPECTED_AT_ONCE_MAX = 2

_USED = """
    SELECT coalesce(sum(size_bytes), 0)::bigint FROM evidence_files
    WHERE ledger_id = $1 AND actor_id = $2 AND uploaded_at > $3
"""
_OWN = "SELECT 1 FROM evidence_files WHERE ledger_id = $1 AND actor_id = $2 AND sha256 = $3"
_FIND = """
    SELECT media_type, size_bytes, bool_or(actor_id = $3) AS is_own FROM evidence_files
    WHERE ledger_id = $1 AND sha256 = $2 GROUP BY media_type, size_bytes
    ORDER BY is_own DESC LIMIT 1
"""
_STORED = """
    SELECT sha256, bool_or(actor_id = $3) AS is_own FROM evidence_files
    WHERE ledger_id = $1 AND sha256 = ANY($2) GROUP BY sha256
"""
_INSERT = """
    INSERT INTO evidence_files (ledger_id, sha256, actor_id, media_type, size_bytes, uploaded_at)
    VALUES ($1, $2, $3, $4, $5, $6)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document that is stored here, as somebody sees it."""

    sha256: str
    media_type: str
    size_bytes: int
    is_own: bool


class EvidenceStore:
    """The documents of one ledger."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        ledger_id: str,
        folder: Path,
        *,
        quota_bytes: int,
        space: SpaceGuard | None = None,
    ) -> None:
        self._pool = pool
        self._ledger_id = ledger_id
        self._folder = folder / ledger_id
        self._quota_bytes = quota_bytes
        self._space = space
        self._reading = asyncio.Semaphore(READ_AT_ONCE_MAX)
        self._inspecting = asyncio.Semaphore(INSPECTED_AT_ONCE_MAX)

    async def take(
        self, chunks: AsyncIterator[bytes], name: str, actor_id: UUID, now: datetime
    ) -> tuple[Document, bool]:
        """Store a document; tell whether it is new of this person. Nothing is left of a refusal."""
        used = await self._pool.fetchval(_USED, self._ledger_id, actor_id, now - DAY)
        if used >= self._quota_bytes:
            raise self._quota_spent()
        descriptor, given = await asyncio.to_thread(self._begin)
        path = Path(given)
        try:
            digest, size = await self._write(descriptor, chunks)
            async with self._inspecting:
                media_type = await asyncio.to_thread(inspect, path, name)
            document = Document(sha256=digest, media_type=media_type, size_bytes=size, is_own=True)
            return document, await self._keep(path, document, actor_id, now)
        finally:
            await asyncio.to_thread(_remove, path)

    async def find(self, digest: str, actor_id: UUID) -> Document | None:
        """Return what is known of a document, if it is stored here."""
        row = await self._pool.fetchrow(_FIND, self._ledger_id, digest, actor_id)
        return None if row is None else Document(sha256=digest, **row)

    async def stored(self, digests: Collection[str], actor_id: UUID) -> dict[str, bool]:
        """Return which of these documents are stored here, and whether this person did it."""
        rows = await self._pool.fetch(_STORED, self._ledger_id, list(digests), actor_id)
        return {row["sha256"]: row["is_own"] for row in rows}

    async def read(self, document: Document) -> bytes:
        """Return a document, once its digest agrees (``EvidenceGone``, ``EvidenceDamaged``)."""
        async with self._reading:
            return await asyncio.to_thread(self._read, document)

    def _read(self, document: Document) -> bytes:
        try:
            with self._place(document.sha256).open("rb") as file:
                data = file.read(FILE_BYTES_MAX + 1)
        except OSError as error:
            raise EvidenceGone(sha256=document.sha256) from error
        if sha256(data).hexdigest() != document.sha256:
            raise EvidenceDamaged(sha256=document.sha256)
        return data

    def _begin(self) -> tuple[int, str]:
        """Make the file that is written first (0600), and remove what a crash left long ago."""
        beside = self._folder / "incoming"
        for folder in (self._folder.parent, self._folder, beside):
            folder.mkdir(mode=0o700, exist_ok=True, parents=True)
        for left in beside.iterdir():
            _remove_left_over(left)
        return tempfile.mkstemp(dir=beside)

    async def _write(self, descriptor: int, chunks: AsyncIterator[bytes]) -> tuple[str, int]:
        digest, size = sha256(), 0
        with closing(os.fdopen(descriptor, "wb")) as file:
            async for chunk in chunks:
                if self._space is not None:
                    self._space.check()
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        return digest.hexdigest(), size

    async def _keep(self, path: Path, document: Document, actor_id: UUID, now: datetime) -> bool:
        async with self._pool.acquire() as db, db.transaction():
            await db.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"evidence {actor_id}"
            )
            is_new = await db.fetchval(_OWN, self._ledger_id, actor_id, document.sha256) is None
            if is_new:
                await self._insert(db, document, actor_id, now)
            await asyncio.to_thread(self._move, path, document.sha256)
        return is_new

    async def _insert(
        self, db: Connection, document: Document, actor_id: UUID, now: datetime
    ) -> None:
        used = await db.fetchval(_USED, self._ledger_id, actor_id, now - DAY)
        if used + document.size_bytes > self._quota_bytes:
            raise self._quota_spent()
        media_type, size = document.media_type, document.size_bytes
        await db.execute(_INSERT, self._ledger_id, document.sha256, actor_id, media_type, size, now)

    def _move(self, path: Path, digest: str) -> None:
        """Move a document to its name; one that is there, perhaps damaged, is replaced by it."""
        place = self._place(digest)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        path.replace(place)
        for folder in (place.parent, self._folder):
            _sync(folder)

    def _place(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:]

    def _quota_spent(self) -> EvidenceQuotaSpent:
        return EvidenceQuotaSpent(
            bytes_a_day_max=self._quota_bytes, retry_after_seconds=RETRY_SECONDS
        )


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _remove_left_over(path: Path) -> None:
    try:
        if time.time() - path.stat().st_mtime > LEFT_OVER_SECONDS:
            path.unlink()
    except FileNotFoundError:  # whoever wrote it has just finished
        return


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
