"""Register persons, seal what is known about them, read it for a purpose, look them up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID, uuid4

from ledger.commands.petition_terms import guard_kind
from ledger.commands.plain_texts import without_personal_data
from ledger.commands.sealing import (
    Fields,
    Personal,
    PersonalData,
    Purpose,
    disclose,
    guard_privacy_list,
    is_recorded_now,
    person_for,
    seal,
)
from ledger.core.aggregate import By
from ledger.core.errors import InvalidValue, RuleViolated
from ledger.core.times import NoUndo, decision
from ledger.persons import Lookup, NothingSealed, Person, Readable, RecordKind
from ledger.sealing import Field, SlotPlace
from ledger.sealing.fields import SEARCHABLE, guard_value
from ledger.storage.ledger import Ledger, Recorded

SELF_ROLES = frozenset({"owner", "resident", "volunteer"})
"""Roles in which people act for themselves alone."""


class NotYourself(RuleViolated):
    """In this role you can ask only about yourself.

    以该身份只能就本人的信息提出请求。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterPerson:
    """Begin to keep sealed contact data about a person, new or known by a pseudonym already.

    ``place_id`` is the community or other organisation that knows them.
    """

    PERSONAL: ClassVar = frozenset({"person"})

    person: PersonalData
    place_id: UUID
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SealContact:
    """Seal newer contact data about a person; it goes before what was sealed earlier."""

    PERSONAL: ClassVar = frozenset({"person"})

    person_id: UUID
    person: PersonalData


@dataclass(frozen=True, slots=True, kw_only=True)
class RevealSealed:
    """Read sealed fields of a record, for a purpose; that it was read is recorded first."""

    person_id: UUID
    record_id: UUID
    fields: Fields
    purpose: Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpPerson:
    """Ask whose an exact telephone or identity number is, for a purpose."""

    PERSONAL: ClassVar = frozenset({"value"})

    field: Field
    value: Personal
    purpose: Purpose

    def __repr__(self) -> str:
        return f"LookUpPerson({self.field}, {self.purpose})"


@decision(undo=NoUndo("what is known of a person is sealed again, or erased"))
async def register_person(command: RegisterPerson, ledger: Ledger, by: By) -> Recorded:
    """Begin a person's stream and seal their contact data."""
    by = await guard_kind(ledger, by, command.place_id)
    person_id = command.person_id or uuid4()
    person = await person_for(ledger, person_id, by, place_id=command.place_id)
    seal(ledger, person, by, RecordKind.CONTACT, person.id, command.person.given())
    return await ledger.save(person)


@decision(undo=NoUndo("what was sealed wrongly is sealed again; erasure destroys it"))
async def seal_contact(command: SealContact, ledger: Ledger, by: By) -> Recorded:
    """Seal newer contact data of a person that the ledger knows."""
    person = await ledger.load(Person, command.person_id)
    seal(ledger, person, by, RecordKind.CONTACT, person.id, command.person.given())
    return await ledger.save(person)


@decision(undo=NoUndo("what was read was read"))
async def reveal_sealed(command: RevealSealed, ledger: Ledger, by: By) -> Recorded:
    """Record who reads which fields and why, then give them out; recorded or not given."""
    by = guard_self(by, command.person_id)
    by = await guard_privacy_list(ledger, by, "privacy.purposes", command.purpose)
    by = without_personal_data(by, reason=by.reason)
    person = await ledger.find(Person, command.person_id)
    if person is None:  # the record is within reach; whether there is such a person is not told
        raise NothingSealed(record_id=str(command.record_id))
    readable = person.reveal(
        by, record_id=command.record_id, fields=command.fields, purpose=command.purpose
    )
    recorded = await ledger.save(person)
    if not is_recorded_now(recorded):
        return recorded
    opened = await open_all(ledger, person.id, readable)
    values = {str(field): value for found in opened.values() for field, value in found.items()}
    return disclose(recorded, {"fields": values})


@decision(undo=NoUndo("what was read was read"))
async def look_up_person(command: LookUpPerson, ledger: Ledger, by: By) -> Recorded:
    """Record who looks for whom by an exact number, then say whom it found (their pseudonyms).

    Persons whose data is restricted are not found.
    """
    if command.field not in SEARCHABLE:
        raise InvalidValue(field="field", rule=", ".join(sorted(SEARCHABLE)))
    by = await guard_privacy_list(ledger, by, "privacy.purposes", command.purpose)
    by = without_personal_data(by, reason=by.reason)
    value = guard_value(command.field, command.value)
    found = [
        person_id
        for person_id in await ledger.vault.find(command.field, value)
        if await _may_be_found(ledger, person_id)
    ]
    lookup = Lookup.make(by, field=command.field, purpose=command.purpose, found_ids=tuple(found))
    recorded = await ledger.save(lookup)
    if not is_recorded_now(recorded):
        return recorded
    return disclose(recorded, {"person_ids": [str(person_id) for person_id in found]})


async def open_all(
    ledger: Ledger, person_id: UUID, readable: tuple[Readable, ...]
) -> Mapping[UUID, Mapping[Field, str]]:
    """Open what a person's stream says may be read, by slot; each value is checked."""
    opened: dict[UUID, Mapping[Field, str]] = {}
    for one in readable:
        place = place_of(ledger, person_id, one)
        opened[one.slot.slot_id] = await ledger.vault.open(place, one.fields)
    return opened


def place_of(ledger: Ledger, person_id: UUID, one: Readable) -> SlotPlace:
    """Return where a slot belongs, as the log has it."""
    return SlotPlace(
        ledger_id=ledger.id,
        slot_id=one.slot.slot_id,
        subject_id=person_id,
        record_id=one.slot.record_id,
    )


def guard_self(by: By, person_id: UUID) -> By:
    """Refuse somebody who acts for themselves alone and asks about another person."""
    if by.role in SELF_ROLES and by.actor_id != person_id:
        raise NotYourself()
    return by


async def _may_be_found(ledger: Ledger, person_id: UUID) -> bool:
    person = await ledger.find(Person, person_id)
    return person is not None and not person.restrictions
