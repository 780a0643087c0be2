"""Seal personal data with a record, in the same append; what other commands call for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any
from uuid import UUID

from annotated_types import MaxLen, MinLen
from pydantic import AfterValidator, StringConstraints

from ledger.commands.petition_terms import NotListed
from ledger.commands.policies import policies_of
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import InvalidValue
from ledger.core.texts import prose, statement
from ledger.core.values import Code
from ledger.persons import Person, RecordKind
from ledger.sealing import Field, new_slot
from ledger.sealing.fields import SEARCHABLE, VALUE_CHARACTERS_MAX
from ledger.storage.ledger import Ledger, Recorded

Personal = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    MinLen(1),
    MaxLen(VALUE_CHARACTERS_MAX),
    AfterValidator(statement),
]
"""Personal data: sealed outside the log, never in an entry, 1 to 2,000 characters."""
Told = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    MinLen(1),
    MaxLen(VALUE_CHARACTERS_MAX),
    AfterValidator(prose),
]
"""What somebody tells about a person, sealed like all of it, 1 to 2,000 characters."""
Fields = Annotated[tuple[Field, ...], MinLen(1), MaxLen(len(Field))]
"""Which fields of personal data."""
Purpose = Code
"""A code of the policy list ``privacy.purposes``: what personal data is read for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalData:
    """What is known about a person; each field is sealed, none of it enters the log."""

    name: Personal | None = None
    phone: Personal | None = None
    address: Personal | None = None
    identity_number: Personal | None = None
    bank_card: Personal | None = None
    statement: Told | None = None

    def given(self) -> dict[Field, str]:
        """Return the fields that were given."""
        return {
            Field(one.name): value
            for one in fields(self)
            if (value := getattr(self, one.name)) is not None
        }

    def __repr__(self) -> str:
        return f"PersonalData({', '.join(self.given())})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosed(Recorded):
    """What a command recorded, and what it discloses because that is recorded."""

    disclosed: Mapping[str, Any]


def disclose(recorded: Recorded, disclosed: Mapping[str, Any]) -> Disclosed:
    """Return what was recorded together with what may be told now."""
    own = {one.name: getattr(recorded, one.name) for one in fields(Recorded)}
    return Disclosed(**own, disclosed=disclosed)


def is_recorded_now(recorded: Recorded) -> bool:
    """Tell whether this very request recorded something: no dry run, no replay of a key."""
    return recorded.position >= 0 and not recorded.replayed


async def person_for(ledger: Ledger, person_id: UUID, by: By, *, place_id: UUID | None) -> Person:
    """Return the person, registered now (as known at a place) if the ledger does not know them."""
    person = await ledger.find(Person, person_id)
    if person is not None:
        return person
    return Person.register(by, person_id=person_id, place_id=place_id)


def seal(  # noqa: PLR0913, PLR0917 - what is bound into the seal, each once
    ledger: Ledger,
    person: Person,
    by: By,
    record_kind: RecordKind,
    record_id: UUID,
    given: Mapping[Field, str],
) -> None:
    """Seal data about a person for a record: kept with the next save of this ledger handle."""
    if not given:
        raise InvalidValue(field="petitioner", rule="at least one field of personal data")
    ledger.vault  # noqa: B018 - refuses when there are no keys, before anything else
    slot = new_slot(
        ledger_id=ledger.id,
        subject_id=person.id,
        record_id=record_id,
        given=given,
        searchable=SEARCHABLE,
    )
    person.seal(
        by,
        slot_id=slot.place.slot_id,
        record_kind=record_kind,
        record_id=record_id,
        commitments=slot.commitments,
    )
    ledger.seal(slot)


async def guard_privacy_list(ledger: Ledger, by: By, name: str, code: str) -> By:
    """Refuse a code that the policy list does not have; return the decision under its version."""
    book = await policies_of(ledger)
    if code not in book.items(name, on=local_day(by.at)):
        raise NotListed(list=name, code=code)
    return by.under(book.version)
