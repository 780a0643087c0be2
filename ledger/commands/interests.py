"""Declare conflicts of interest, let somebody else end them, and keep to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from ledger.core.aggregate import By
from ledger.core.errors import NotFound
from ledger.core.guards import persons
from ledger.core.times import NoUndo, decision
from ledger.interests import InterestKind, Interests, interests_id_of
from ledger.petitions import Petition
from ledger.storage.ledger import Ledger, Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclareInterest:
    """Declare that a person has an interest in an organisation or another person."""

    person_id: UUID
    about_id: UUID
    kind: InterestKind


@dataclass(frozen=True, slots=True, kw_only=True)
class EndInterest:
    """Confirm that a person's interest has passed; needs a reason, and somebody else."""

    person_id: UUID
    about_id: UUID


@decision(undo="end_interest")
async def declare_interest(command: DeclareInterest, ledger: Ledger, by: By) -> Recorded:
    """Declare the interest; from now on it is kept to."""
    interests = await ledger.find(Interests, interests_id_of(command.person_id))
    if interests is None:
        interests = Interests.open(by, person_id=command.person_id)
    interests.declare(by, about_id=command.about_id, kind=command.kind)
    return await ledger.save(interests)


@decision(undo=NoUndo("it is declared anew"))
async def end_interest(command: EndInterest, ledger: Ledger, by: By) -> Recorded:
    """End the interest."""
    interests = await ledger.find(Interests, interests_id_of(command.person_id))
    if interests is None:
        raise NotFound(kind=Interests.TOPIC, id=str(command.person_id))
    interests.end(by, about_id=command.about_id)
    return await ledger.save(interests)


async def without_interest(ledger: Ledger, by: By, *about: UUID | Iterable[UUID] | None) -> By:
    """Refuse (``ConflictOfInterest``) who declared an interest in any of these.

    It counts for who acts, for whom it is done, and who proposed it. The append checks that
    nothing was declared meanwhile.
    """
    matters: set[UUID] = set()
    for one in about:
        if one is not None:
            matters |= {one} if isinstance(one, UUID) else set(one)
    for person_id in sorted(persons(by)):
        interests = await ledger.consult(Interests, interests_id_of(person_id))
        if interests is not None:
            by = interests.guard(by, matters - {person_id})
    return by


async def in_office(ledger: Ledger, by: By, petition_id: UUID) -> tuple[Petition, By]:
    """Return a petition for a step that somebody takes for an authority.

    Refuses who declared an interest in who files it, its estate, or who answers for it. What a
    party says for itself (filing, joining, withdrawing, claiming) asks ``ledger.load`` instead.
    """
    petition = await ledger.load(Petition, petition_id)
    by = await without_interest(
        ledger,
        by,
        petition.petitioner_ids,
        petition.estate_id,
        petition.holder_id,
        petition.obligor_ids,
    )
    return petition, by
