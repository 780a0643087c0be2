"""Open sealed data for somebody who checks a slice of the log: told first, then opened.

An opening is a value and the key of that one commitment. Whoever has both, and the entry, sees
that the value is what was committed to; no other field opens by it. It lives on with its reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from dataclasses import field as kept
from uuid import UUID

from ledger.commands.persons import place_of
from ledger.commands.plain_texts import without_personal_data
from ledger.commands.sealing import guard_privacy_list
from ledger.core.aggregate import By
from ledger.persons import NothingSealed, Person, Readable, SlotErased
from ledger.sealing import Field
from ledger.sealing.slots import commitment_key
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_sealing

BATCH = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One field of one entry, opened; ``key_hex`` is the key of its commitment alone."""

    position: int
    ledger_id: str
    slot_id: UUID
    person_id: UUID
    record_id: UUID
    field: Field
    value: str = kept(repr=False)
    key_hex: str = kept(repr=False)


async def open_slice(  # noqa: PLR0913 - what is asked, each by name
    ledger: Ledger,
    by: By,
    *,
    person_ids: Sequence[UUID],
    purpose: str,
    start: int,
    end: int,
) -> list[Opening]:
    """Record that these persons' data is read, then open what entries of [start, end) commit to.

    What is erased cannot be opened (``SlotErased``), what is restricted is not
    (``PersonRestricted``); of a field sealed twice only the newer value is.
    """
    by = await guard_privacy_list(ledger, by, "privacy.purposes", purpose)
    by = without_personal_data(by, reason=by.reason)
    positions = await _positions(ledger, person_ids, start, end)
    persons, found = [], []
    for person_id in dict.fromkeys(person_ids):
        person = await ledger.load(Person, person_id)
        found += [(person, one) for one in _revealed(person, by, purpose, positions.keys())]
        persons.append(person)
    await ledger.save(*persons)
    opened = []
    for person, readable in found:
        position = positions[readable.slot.slot_id]
        opened += await _open(ledger, person, readable, position)
    return sorted(opened, key=lambda one: (one.position, one.field))


async def _positions(
    ledger: Ledger, person_ids: Iterable[UUID], start: int, end: int
) -> dict[UUID, int]:
    """Return where in the slice the slots of these persons are committed to."""
    wanted, found, at = set(person_ids), {}, start
    while entries := await read_sealing(ledger.pool, ledger.id, start=at, limit=BATCH):
        for entry in entries:
            event = entry.event
            if entry.position >= end or not isinstance(event, Person.Sealed):
                continue
            if event.originator_id in wanted:
                found[event.slot_id] = entry.position
        at = entries[-1].position + 1
        if at >= end:
            break
    return found


def _revealed(person: Person, by: By, purpose: str, in_slice: Iterable[UUID]) -> list[Readable]:
    """Record what is read of a person, record by record; return it."""
    wanted = frozenset(in_slice)
    of_slice = [slot for slot in person.slots.values() if slot.slot_id in wanted]
    if not of_slice:
        raise NothingSealed(person_id=str(person.id))
    if all(slot.is_erased for slot in of_slice):
        raise SlotErased(person_id=str(person.id))
    latest: dict[tuple[UUID, Field], UUID] = {}
    for slot in person.living_slots():
        latest |= {(slot.record_id, one.field): slot.slot_id for one in slot.commitments}
    fields: dict[UUID, list[Field]] = {}
    for (record_id, name), slot_id in latest.items():
        if slot_id in wanted:
            fields.setdefault(record_id, []).append(name)
    found: list[Readable] = []
    for record_id, names in fields.items():
        found += person.reveal(by, record_id=record_id, fields=tuple(names), purpose=purpose)
    return found


async def _open(ledger: Ledger, person: Person, readable: Readable, position: int) -> list[Opening]:
    place = place_of(ledger, person.id, readable)
    values = await ledger.vault.open(place, readable.fields)
    secret = await ledger.vault.secret(place)
    return [
        Opening(
            position=position,
            ledger_id=ledger.id,
            slot_id=place.slot_id,
            person_id=person.id,
            record_id=place.record_id,
            field=name,
            value=value,
            key_hex=commitment_key(secret, name).hex(),
        )
        for name, value in values.items()
    ]
