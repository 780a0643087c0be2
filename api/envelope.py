"""What a command's body says beside its own fields: why, on what proof, when, whose words.

{"amount_fen": 600000, "reason": "…", "occurred_at": "2026-03-01T09:00:00+08:00",
 "said_by": "…", "evidence": [{"sha256": "…", "name": "…", "media_type": "…",
 "size_bytes": 48213}]}
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from annotated_types import Ge, Le, MaxLen
from pydantic import StringConstraints

from api.identity import Identity
from ledger.commands.plain_texts import guard_texts
from ledger.commands.telling import told
from ledger.core.aggregate import By, Evidence
from ledger.core.errors import InvalidValue
from ledger.core.times import Timing
from ledger.core.values import Moment, Name, Reason, Sha256
from ledger.storage.documents import copies_of
from ledger.storage.evidence_kinds import plain_name
from ledger.storage.ledger import Ledger

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
    """What may stand beside the fields of every command.

    ``occurred_at`` is for facts, and for papers that a party sent: when it happened, or was
    received. ``said_by`` is the party (a person's or an organisation's id) whose paper it is.
    """

    reason: Reason = ""
    evidence: EvidenceList = ()
    occurred_at: Moment | None = None
    said_by: UUID | None = None


def alone(by: By) -> By:
    """Return the same: one person decides."""
    return by


async def decided_by(
    identity: Identity,
    said: dict[str, Any],
    ledger: Ledger,
    timing: Timing,
    together: Callable[[By], By] = alone,
) -> By:
    """Return who decides, when and on what grounds; the service's clock is read once, here.

    ``together`` adds the other one of two persons (``ledger/commands/proposals.py``). Refuses a
    moment that this kind of command does not take (``ledger/commands/telling.py``).
    """
    envelope = Envelope(**said)
    _guard_texts(envelope)
    await _guard_names(envelope, identity, ledger)
    by = By(
        actor_id=identity.actor_id,
        at=ledger.clock(),
        role=identity.role,
        organisation_id=identity.organisation_id,
        post=identity.post,
        on_behalf_of=identity.on_behalf_of,
        reason=envelope.reason,
        evidence=tuple(
            Evidence(sha256=e.sha256, name=e.name, media_type=e.media_type, size_bytes=e.size_bytes)
            for e in envelope.evidence
        ),
    )
    return await told(
        together(by), timing, ledger, occurred_at=envelope.occurred_at, said_by=envelope.said_by
    )


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
