"""Hand out everything that the ledger keeps about one person, opened, and record that it was.

What is sealed comes from the vault; everything else from the log itself, from every
entry in which the person's pseudonym stands: nothing that a view forgot is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from ledger.commands.persons import guard_self, open_all
from ledger.commands.sealing import disclose, is_recorded_now
from ledger.core.aggregate import By
from ledger.core.entry import Entry
from ledger.core.times import NoUndo, decision
from ledger.persons import Lookup, Person, Readable
from ledger.sealing import Field
from ledger.storage.documents import copies_about
from ledger.storage.ledger import Ledger, Recorded
from ledger.storage.reading import read_mentions

ENTRIES_MAX = 10_000
LOOKS = frozenset({Person.Revealed.TOPIC, Person.Exported.TOPIC, Lookup.Made.TOPIC})


class ExportFormat(StrEnum):
    """In which form everything is handed out."""

    JSON = "json"
    PDF = "pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPerson:
    """Hand out everything that is kept about a person: to them, or by the officer for them."""

    person_id: UUID
    format: ExportFormat = ExportFormat.JSON


@decision(undo=NoUndo("what was handed out was handed out"))
async def export_person(command: ExportPerson, ledger: Ledger, by: By) -> Recorded:
    """Record the hand-out, then gather everything about the person."""
    by = guard_self(by, command.person_id)
    person = await ledger.load(Person, command.person_id)
    readable = person.export(by, format=str(command.format))
    recorded = await ledger.save(person)
    if not is_recorded_now(recorded):
        return recorded
    opened = await open_all(ledger, person.id, readable)
    document = await _document(ledger, person, readable, opened)
    return disclose(recorded, {"document": document})


async def _document(
    ledger: Ledger,
    person: Person,
    readable: tuple[Readable, ...],
    opened: Mapping[UUID, Mapping[Field, str]],
) -> dict[str, Any]:
    documents = await copies_about(ledger.pool, ledger.id, person.id)
    entries = await read_mentions(ledger.pool, ledger.id, str(person.id), limit=ENTRIES_MAX + 1)
    told = entries[:ENTRIES_MAX]
    return {
        "ledger": ledger.id,
        "person_id": str(person.id),
        "made_at": ledger.clock().isoformat(),
        "sealed": [
            {
                "record_kind": str(one.slot.record_kind),
                "record_id": str(one.slot.record_id),
                "fields": {str(name): value for name, value in opened[one.slot.slot_id].items()},
            }
            for one in readable
        ],
        "documents": [
            {
                "record_id": str(one.slot_id),
                "sha256": one.sha256,
                "media_type": one.media_type,
                "size_bytes": one.size_bytes,
                "uploaded_at": one.uploaded_at.isoformat(),
            }
            for one in documents
        ],
        "erased": [
            {
                "record_kind": str(slot.record_kind),
                "record_id": str(slot.record_id),
                "fields": [str(one.field) for one in slot.commitments],
            }
            for slot in person.slots.values()
            if slot.is_erased
        ],
        "restricted_records": {
            str(erasure_id): [str(one) for one in records]
            for erasure_id, records in person.restrictions.items()
        },
        "looks": [_event(entry) for entry in told if entry.topic in LOOKS],
        "events": [_event(entry) for entry in told if entry.topic not in LOOKS],
        "is_complete": len(entries) <= ENTRIES_MAX,
    }


def _event(entry: Entry) -> dict[str, Any]:
    by = entry.by
    told: dict[str, Any] = {
        "position": entry.position,
        "topic": entry.topic,
        "occurred_at": entry.occurred_at.isoformat(),
        "recorded_at": entry.recorded_at.isoformat(),
        "role": by.role,
        "actor_id": str(by.actor_id),
        "organisation_id": by.organisation_id and str(by.organisation_id),
        "reason": by.reason,
        "fields": orjson.loads(entry.state),
    }
    return told
