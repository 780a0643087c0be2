"""The rows of sealed documents: who brought what, about whom; the key and the name are sealed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ledger.core.errors import LedgerError
from ledger.storage.connect import Connection, Database
from ledger.storage.evidence_errors import EvidenceQuotaSpent

NOBODY = UUID(int=0)
"""Whom a document's slot is about when its upload named nobody."""
DAY = timedelta(days=1)
RETRY_SECONDS = 3600
BATCH = 500

_USED = """
    SELECT coalesce(sum(size_bytes), 0)::bigint FROM sealed_documents
    WHERE ledger_id = $1 AND actor_id = $2 AND uploaded_at > $3
"""
_OWN = """
    SELECT slot_id FROM sealed_documents
    WHERE ledger_id = $1 AND sha256 = $2 AND actor_id = $3 AND subject_id IS NOT DISTINCT FROM $4
"""
_INSERT = """
    INSERT INTO sealed_documents (
        ledger_id, slot_id, sha256, actor_id, subject_id, media_type, size_bytes, uploaded_at
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_COPIES = """
    SELECT slot_id, sha256, actor_id, subject_id, media_type, size_bytes, uploaded_at
    FROM sealed_documents
"""
_OF_DIGESTS = _COPIES + "WHERE ledger_id = $1 AND sha256 = ANY($2) ORDER BY uploaded_at, slot_id"
_OF_SUBJECT = _COPIES + "WHERE ledger_id = $1 AND subject_id = $2 ORDER BY uploaded_at, slot_id"
_OF_ACTOR = _COPIES + (
    "WHERE ledger_id = $1 AND actor_id = $2 ORDER BY uploaded_at DESC, slot_id LIMIT $3"
)
_ALL = _COPIES + "WHERE ledger_id = $1 AND slot_id > $2 ORDER BY slot_id LIMIT $3"


class AlreadyStored(LedgerError):
    """The same person stored this document a moment ago.

    同一人刚刚存入了该文件。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A document as one person brought it, about one person or nobody in particular."""

    slot_id: UUID
    sha256: str
    actor_id: UUID
    subject_id: UUID | None
    media_type: str
    size_bytes: int
    uploaded_at: datetime


async def quota_left(
    db: Database, ledger_id: str, actor_id: UUID, now: datetime, quota_bytes: int
) -> int:
    """Return how much somebody may still upload today (refuses with ``EvidenceQuotaSpent``)."""
    used: int = await db.fetchval(_USED, ledger_id, actor_id, now - DAY)
    if used >= quota_bytes:
        raise EvidenceQuotaSpent(bytes_a_day_max=quota_bytes, retry_after_seconds=RETRY_SECONDS)
    return quota_bytes - used


async def own_slot(
    db: Database, ledger_id: str, digest: str, actor_id: UUID, subject_id: UUID | None
) -> UUID | None:
    """Return the slot of somebody's own copy, if it is stored."""
    found = await db.fetchval(_OWN, ledger_id, digest, actor_id, subject_id)
    return None if found is None else UUID(int=found.int)


async def insert_copy(
    db: Connection, ledger_id: str, copy: Copy, quota_bytes: int | None = None
) -> None:
    """Keep the row of a document, once and within the quota, however many are uploaded at once.

    Refuses with ``AlreadyStored``, ``EvidenceQuotaSpent``. Without a quota none is kept to.
    """
    await db.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"evidence {copy.actor_id}"
    )
    if await own_slot(db, ledger_id, copy.sha256, copy.actor_id, copy.subject_id) is not None:
        raise AlreadyStored()
    if quota_bytes is not None:
        left = await quota_left(db, ledger_id, copy.actor_id, copy.uploaded_at, quota_bytes)
        if copy.size_bytes > left:
            raise EvidenceQuotaSpent(bytes_a_day_max=quota_bytes, retry_after_seconds=RETRY_SECONDS)
    await db.execute(
        _INSERT,
        ledger_id,
        copy.slot_id,
        copy.sha256,
        copy.actor_id,
        copy.subject_id,
        copy.media_type,
        copy.size_bytes,
        copy.uploaded_at,
    )


async def copies_of(db: Database, ledger_id: str, digests: Collection[str]) -> list[Copy]:
    """Return all copies of documents, the oldest first."""
    return [_copy(row) for row in await db.fetch(_OF_DIGESTS, ledger_id, list(digests))]


async def copies_by(db: Database, ledger_id: str, actor_id: UUID, *, rows_max: int) -> list[Copy]:
    """Return the documents that somebody brought, the newest first."""
    rows = await db.fetch(_OF_ACTOR, ledger_id, actor_id, rows_max)
    return [_copy(row) for row in rows]


async def copies_about(db: Database, ledger_id: str, subject_id: UUID) -> list[Copy]:
    """Return the documents about a person."""
    return [_copy(row) for row in await db.fetch(_OF_SUBJECT, ledger_id, subject_id)]


async def all_copies(db: Database, ledger_id: str) -> AsyncIterator[Copy]:
    """Yield every document of a ledger."""
    after = NOBODY
    while rows := await db.fetch(_ALL, ledger_id, after, BATCH):
        for row in rows:
            yield _copy(row)
        after = rows[-1]["slot_id"]


def _copy(row: Any) -> Copy:
    ids = {name: row[name] for name in ("slot_id", "actor_id", "subject_id")}
    plain: dict[str, Any] = {
        name: found if found is None else UUID(int=found.int) for name, found in ids.items()
    }
    told = ("sha256", "media_type", "size_bytes", "uploaded_at")
    return Copy(**plain, **{name: row[name] for name in told})
