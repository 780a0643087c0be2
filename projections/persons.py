"""Persons: what is sealed about whom, for which record, what is restricted or erased."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ledger.core.entry import Entry
from ledger.core.errors import NotFound
from ledger.persons import Person
from ledger.storage.connect import Database
from projections.engine import Page, Paging, Row, Rows, Select, Ties, View
from projections.engine.reading import NOW

view = View("persons", version=1)
persons = view.table("persons_v1", key=("person_id",), ties=Ties(record="person_id"))
slots = view.table(
    "sealed_slots_v1", key=("slot_id",), is_per_stream=False, ties=Ties(record="record_id")
)


@dataclass(frozen=True, kw_only=True)
class PersonAsked:
    """One person."""

    person_id: UUID


@dataclass(frozen=True, kw_only=True)
class SealedQuery(Paging):
    """What is sealed for a record (a petition, a person's contact data), or about a person."""

    record_id: UUID | None = None
    person_id: UUID | None = None


@view.on(Person.Registered)
async def registered(rows: Rows, event: Person.Registered, entry: Entry) -> None:
    """Begin the person's row."""
    rows.put(
        persons,
        {
            "person_id": event.originator_id,
            "place_id": event.place_id,
            "registered_at": entry.occurred_at,
        },
    )


@view.on(Person.Sealed)
async def sealed(rows: Rows, event: Person.Sealed, entry: Entry) -> None:
    """Note which fields are sealed for which record."""
    rows.put(
        slots,
        {
            "slot_id": event.slot_id,
            "person_id": event.originator_id,
            "record_kind": str(event.record_kind),
            "record_id": event.record_id,
            "fields": [str(one.field) for one in event.commitments],
            "sealed_at": entry.occurred_at,
        },
    )


@view.on(Person.Revealed, Person.Exported)
async def looked_at(rows: Rows, event: Person.Event, entry: Entry) -> None:
    """Count that somebody read what is sealed."""
    row = await rows.get(persons, event.originator_id)
    row["looks_count"] += 1
    rows.put(persons, row)


@view.on(Person.Restricted)
async def restricted(rows: Rows, event: Person.Restricted, entry: Entry) -> None:
    """Note what may be used for nothing now."""
    row = await rows.get(persons, event.originator_id)
    row["restrictions"][str(event.erasure_id)] = [str(one) for one in event.record_ids]
    rows.put(persons, row)


@view.on(Person.RestrictionLifted)
async def restriction_lifted(rows: Rows, event: Person.RestrictionLifted, entry: Entry) -> None:
    """Forget a restriction."""
    row = await rows.get(persons, event.originator_id)
    row["restrictions"].pop(str(event.erasure_id), None)
    rows.put(persons, row)


@view.on(Person.Erased)
async def erased(rows: Rows, event: Person.Erased, entry: Entry) -> None:
    """Note what is destroyed, and when its copies in backups are gone."""
    row = await rows.get(persons, event.originator_id)
    row["restrictions"].pop(str(event.erasure_id), None)
    rows.put(persons, row)
    for slot_id in event.slot_ids:
        slot = await rows.get(slots, slot_id)
        slot["is_erased"], slot["erased_at"] = True, entry.occurred_at
        slot["erasure_id"] = event.erasure_id
        slot["backups_expire_on"] = event.backups_expire_on
        rows.put(slots, slot)


# What can be asked --------------------------------------------------------------------------


async def person_by_id(db: Database, ledger_id: str, query: PersonAsked) -> Row:
    """Show one person: where they are known, what is restricted, how often somebody looked."""
    row = await Select(persons, ledger_id, NOW).equal(person_id=query.person_id).one(db)
    if row is None:
        raise NotFound(kind="person", id=str(query.person_id))
    return row


async def sealed_register(db: Database, ledger_id: str, query: SealedQuery) -> Page:
    """List what is sealed, by record and person: the fields' names, never what they say."""
    select = Select(slots, ledger_id, NOW).equal(
        record_id=query.record_id, person_id=query.person_id
    )
    return await select.page(db, query, order=("sealed_at", "slot_id"))


def is_restricted(person: Row, record_id: UUID) -> bool:
    """Tell whether a record's data may be used for nothing now, as the view has it."""
    held = person["restrictions"].values()
    return any(not records or str(record_id) in records for records in held)
