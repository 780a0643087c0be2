"""Seal a document about a person: in the log with its name's commitment, outside it encrypted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from ledger.core.aggregate import By
from ledger.core.times import NoUndo, decision
from ledger.persons import Person, RecordKind
from ledger.sealing import NewSlot
from ledger.storage.ledger import Ledger, Recorded
from ledger.storage.vault import NewDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class SealDocument:
    """Keep a document about a person that the ledger knows; it is a record of its own."""

    person_id: UUID
    slot: NewSlot
    document: NewDocument


@decision(undo=NoUndo("the document is destroyed with its person's data"))
async def seal_document(command: SealDocument, ledger: Ledger, by: By) -> Recorded:
    """Commit to a document about a person; what keeps its key is kept with this entry."""
    person = await ledger.load(Person, command.person_id)
    slot = command.slot
    person.seal(
        by,
        slot_id=slot.place.slot_id,
        record_kind=RecordKind.DOCUMENT,
        record_id=slot.place.slot_id,
        commitments=slot.commitments,
    )
    ledger.seal(slot, command.document)
    return await ledger.save(person)


async def hidden_documents(ledger: Ledger, documents: Collection[tuple[UUID, UUID]]) -> set[UUID]:
    """Return which of these documents (each with its person) are restricted: shown to nobody."""
    hidden = set()
    for document_id, person_id in documents:
        person = await ledger.find(Person, person_id)
        if person is None or person.is_restricted(document_id):
            hidden.add(document_id)
    return hidden
