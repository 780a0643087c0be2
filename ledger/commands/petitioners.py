"""Who stands behind a petition: join it, seal what is known about a petitioner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID, uuid4

from ledger.commands.sealing import PersonalData, person_for, seal
from ledger.core.aggregate import By
from ledger.core.times import NoUndo, decision, statement
from ledger.persons import RecordKind
from ledger.petitions import Petition
from ledger.petitions.errors import NotAPetitioner
from ledger.storage.ledger import Ledger, Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinPetition:
    """Let one more person stand behind a petition, known by a pseudonym or new.

    What is sealed about each petitioner has a key of its own: who later has theirs erased
    leaves the others' as they are.
    """

    PERSONAL: ClassVar = frozenset({"petitioner"})

    petition_id: UUID
    petitioner_id: UUID | None = None
    petitioner: PersonalData | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SealPetitioner:
    """Seal what is known about one of a petition's petitioners; it goes before what was earlier."""

    PERSONAL: ClassVar = frozenset({"petitioner"})

    petition_id: UUID
    petitioner_id: UUID
    petitioner: PersonalData


@statement(undo="withdraw_petition")
async def join_petition(command: JoinPetition, ledger: Ledger, by: By) -> Recorded:
    """Let one more person stand behind the petition, and seal what is known about them."""
    petition = await ledger.load(Petition, command.petition_id)
    petitioner_id = command.petitioner_id or uuid4()
    petition.join(by, petitioner_id=petitioner_id)
    if command.petitioner is None:
        return await ledger.save(petition)
    person = await person_for(ledger, petitioner_id, by, place_id=petition.community_id)
    given = command.petitioner.given()
    seal(ledger, person, by, RecordKind.PETITION, petition.id, given)
    return await ledger.save(petition, person)


@decision(undo=NoUndo("what was sealed wrongly is sealed again; erasure destroys it"))
async def seal_petitioner(command: SealPetitioner, ledger: Ledger, by: By) -> Recorded:
    """Seal what is known about a petitioner for this petition."""
    petition = await ledger.load(Petition, command.petition_id)
    if command.petitioner_id not in petition.petitioner_ids:
        raise NotAPetitioner(petitioner_id=str(command.petitioner_id))
    person = await person_for(ledger, command.petitioner_id, by, place_id=petition.community_id)
    given = command.petitioner.given()
    seal(ledger, person, by, RecordKind.PETITION, petition.id, given)
    return await ledger.save(person)
