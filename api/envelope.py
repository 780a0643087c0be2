"""What a command's body says beside the command's own fields: who it was for, when, why, proof.

{"amount_fen": 600000, "reason": "…", "occurred_at": "2026-03-01T09:00:00+08:00",
 "on_behalf_of": "…", "evidence": [{"sha256": "…", "name": "…", "media_type": "…",
 "size_bytes": 48213}]}
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from annotated_types import Ge, Le, MaxLen
from pydantic import StringConstraints

from api.errors import BackdatedWithoutReason, OccurredInFuture
from api.identity import Identity
from ledger.commands.plain_texts import guard_texts
from ledger.core.aggregate import By, Evidence
from ledger.core.clock import local_day
from ledger.core.errors import InvalidValue
from ledger.core.values import Moment, Name, Reason, Sha256
from ledger.policies import POLICY_BOOK_ID, PolicyBook, PolicyMissing
from ledger.storage.documents import copies_of
from ledger.storage.evidence_kinds import plain_name
from ledger.storage.ledger import Ledger

CLOCK_SKEW = timedelta(minutes=5)
BACKDATED_POLICY = "entry.backdated_days"

MediaType = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,127}$")
]
"""A media type without parameters, such as application/pdf."""
FileSize = Annotated[int, Ge(0), Le(10**12)]
"""A file's length in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceGiven:
    """A document that supports the step: its digest and what it is; it stays where it is."""

    sha256: Sha256
    name: Name
    media_type: MediaType
    size_bytes: FileSize


EvidenceList = Annotated[tuple[EvidenceGiven, ...], MaxLen(20)]
"""Up to 20 documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What may stand beside the fields of every command."""

    reason: Reason = ""
    evidence: EvidenceList = ()
    occurred_at: Moment | None = None
    on_behalf_of: UUID | None = None


async def decided_by(identity: Identity, said: dict[str, Any], ledger: Ledger) -> By:
    """Return who decides, when and on what grounds.

    Refuses what lies in the future (``OccurredInFuture``) and what happened longer ago than
    the policy ``entry.backdated_days`` without a reason (``BackdatedWithoutReason``).
    """
    envelope = Envelope(**said)
    _guard_texts(envelope)
    await _guard_names(envelope, identity, ledger)
    now = ledger.clock()
    at = envelope.occurred_at or now
    if at > now + CLOCK_SKEW:
        raise OccurredInFuture(occurred_at=at.isoformat(), now=now.isoformat())
    if envelope.occurred_at and not envelope.reason:
        await _guard_backdated(at, now, ledger)
    return By(
        actor_id=identity.actor_id,
        at=at,
        role=identity.role,
        organisation_id=identity.organisation_id,
        post=identity.post,
        on_behalf_of=_on_behalf_of(identity, envelope),
        reason=envelope.reason,
        evidence=tuple(
            Evidence(sha256=e.sha256, name=e.name, media_type=e.media_type, size_bytes=e.size_bytes)
            for e in envelope.evidence
        ),
    )


def _on_behalf_of(identity: Identity, envelope: Envelope) -> UUID | None:
    """Return for whom it is done; whoever stands in for a post's holder stands in for nobody else.

    Refuses with ``InvalidValue``.
    """
    if identity.on_behalf_of is None:
        return envelope.on_behalf_of
    if envelope.on_behalf_of not in (None, identity.on_behalf_of):
        raise InvalidValue(field="on_behalf_of", rule="the holder of the post, or left out")
    return identity.on_behalf_of


def _guard_texts(envelope: Envelope) -> None:
    """Reason and names of documents go into the entry of every command: no personal numbers."""
    guard_texts([("reason", envelope.reason)])
    guard_texts(("evidence", document.name) for document in envelope.evidence)


async def _guard_names(envelope: Envelope, identity: Identity, ledger: Ledger) -> None:
    """Refuse to write the sealed name of one's own upload into the log, where it stays for ever."""
    if not envelope.evidence:
        return
    digests = [document.sha256 for document in envelope.evidence]
    copies = await copies_of(ledger.pool, ledger.id, digests)
    plain = {
        c.sha256: plain_name(c.sha256, c.media_type)
        for c in copies
        if c.actor_id == identity.actor_id
    }
    for document in envelope.evidence:
        if document.name != plain.get(document.sha256, document.name):
            raise InvalidValue(
                field="evidence/name",
                rule="所上传文件的名称已密封，请填上传时返回的名称"
                f" / the name that the upload answered: {plain[document.sha256]}",
            )


async def _guard_backdated(at: datetime, now: datetime, ledger: Ledger) -> None:
    book = await ledger.for_request().consult(PolicyBook, POLICY_BOOK_ID)
    if book is None:  # not initialised: there is no rule to keep yet
        return
    try:
        days_max = book.number(BACKDATED_POLICY, on=local_day(now))
    except PolicyMissing:
        return
    if (local_day(now) - local_day(at)).days > days_max:
        raise BackdatedWithoutReason(occurred_at=at.isoformat(), days_max=days_max)
