"""One person: what is sealed about them, for which record, who read it, what was erased."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.persons.rules import (
    FieldNotSealed,
    NothingSealed,
    PersonRestricted,
    RecordKind,
    SlotErased,
)
from ledger.sealing import Commitment, Field


@dataclass(frozen=True, slots=True)
class Slot:
    """What was sealed at once for one record; ``is_erased`` once its key is destroyed."""

    slot_id: UUID
    record_kind: RecordKind
    record_id: UUID
    commitments: tuple[Commitment, ...]
    is_erased: bool = False


@dataclass(frozen=True, slots=True)
class Readable:
    """A slot and those of its fields that may be opened now, each with its commitment."""

    slot: Slot
    fields: dict[Field, Commitment]


class Person(core.Aggregate):
    """Somebody, under a pseudonym."""

    TOPIC = "person"

    # Events: what can happen to a person's data -----------------------------------------

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of a person."""

    @dataclass(frozen=True, kw_only=True)
    class Registered(Event, core.Created):
        """The ledger begins to keep sealed data about the person behind this pseudonym.

        ``place_id`` is the community or other organisation that knows them, if one does.
        """

        TOPIC = "person.registered.v1"

        person_id: UUID
        place_id: UUID | None

    @dataclass(frozen=True, kw_only=True)
    class Sealed(Event):
        """Personal data was sealed outside the log, for a record; the entry holds commitments only.

        Each commitment is an HMAC-SHA256 under a key that is destroyed with the data. What is
        sealed later for the same record and field goes before what was sealed earlier.
        """

        TOPIC = "person.sealed.v1"

        slot_id: UUID
        record_kind: RecordKind
        record_id: UUID
        commitments: tuple[Commitment, ...]

        def apply(self, person: Person) -> None:
            person.slots[self.slot_id] = Slot(
                self.slot_id, self.record_kind, self.record_id, self.commitments
            )

    @dataclass(frozen=True, kw_only=True)
    class Revealed(Event):
        """Somebody was given sealed fields to read, for a purpose; recorded before they were."""

        TOPIC = "person.revealed.v1"

        record_id: UUID
        slot_ids: tuple[UUID, ...]
        fields: tuple[Field, ...]
        purpose: str

    @dataclass(frozen=True, kw_only=True)
    class Exported(Event):
        """Everything that is kept about the person was handed out, in this form."""

        TOPIC = "person.exported.v1"

        format: str
        slot_ids: tuple[UUID, ...]

    @dataclass(frozen=True, kw_only=True)
    class Restricted(Event):
        """Data must be kept, but is used for nothing; no ``record_ids`` means all of it."""

        TOPIC = "person.restricted.v1"

        erasure_id: UUID
        record_ids: tuple[UUID, ...]

        def apply(self, person: Person) -> None:
            person.restrictions[self.erasure_id] = self.record_ids

    @dataclass(frozen=True, kw_only=True)
    class RestrictionLifted(Event):
        """Data that was restricted may be used again."""

        TOPIC = "person.restriction_lifted.v1"

        erasure_id: UUID

        def apply(self, person: Person) -> None:
            person.restrictions.pop(self.erasure_id, None)

    @dataclass(frozen=True, kw_only=True)
    class Erased(Event):
        """The receipt of an erasure: keys, sealed values and indexes of these slots are destroyed.

        Why is the reason. Copies in backups cannot be read without the keys, and are gone after
        ``backups_expire_on``.
        """

        TOPIC = "person.erased.v1"

        erasure_id: UUID
        slot_ids: tuple[UUID, ...]
        record_ids: tuple[UUID, ...]
        approved_by: UUID
        backups_expire_on: date

        def apply(self, person: Person) -> None:
            for slot_id in self.slot_ids:
                slot = person.slots[slot_id]
                person.slots[slot_id] = Slot(
                    slot.slot_id, slot.record_kind, slot.record_id, slot.commitments, is_erased=True
                )
            person.restrictions.pop(self.erasure_id, None)

    # State: what we remember of it ------------------------------------------------------

    def __init__(self, *, place_id: UUID | None) -> None:
        self.place_id = place_id
        self.slots: dict[UUID, Slot] = {}
        self.restrictions: dict[UUID, tuple[UUID, ...]] = {}

    # Questions --------------------------------------------------------------------------

    def living_slots(self, record_ids: Iterable[UUID] = ()) -> tuple[Slot, ...]:
        """Return what is sealed and not erased, of these records or of all."""
        wanted = frozenset(record_ids)
        return tuple(
            slot
            for slot in self.slots.values()
            if not slot.is_erased and (not wanted or slot.record_id in wanted)
        )

    def is_restricted(self, record_id: UUID) -> bool:
        """Tell whether a record's data may be used for nothing now."""
        return any(not held or record_id in held for held in self.restrictions.values())

    # Commands: what you may ask for -----------------------------------------------------

    @classmethod
    def register(cls, by: By, *, person_id: UUID, place_id: UUID | None) -> Person:
        """Begin a person's stream under the pseudonym that other records use."""
        return cls._begin(cls.Registered, by, id=person_id, person_id=person_id, place_id=place_id)

    def seal(
        self,
        by: By,
        *,
        slot_id: UUID,
        record_kind: RecordKind,
        record_id: UUID,
        commitments: tuple[Commitment, ...],
    ) -> None:
        """Commit to what was sealed for a record."""
        if self.is_restricted(record_id):
            raise PersonRestricted()
        self._record(
            self.Sealed,
            by,
            slot_id=slot_id,
            record_kind=record_kind,
            record_id=record_id,
            commitments=commitments,
        )

    def reveal(
        self, by: By, *, record_id: UUID, fields: tuple[Field, ...], purpose: str
    ) -> tuple[Readable, ...]:
        """Record who reads which fields of a record and why; return what may then be opened."""
        if self.is_restricted(record_id):
            raise PersonRestricted()
        readable = self._readable(record_id, fields)
        self._record(
            self.Revealed,
            by,
            record_id=record_id,
            slot_ids=tuple(one.slot.slot_id for one in readable),
            fields=tuple(sorted(fields)),
            purpose=purpose,
        )
        return readable

    def export(self, by: By, *, format: str) -> tuple[Readable, ...]:
        """Record that everything was handed out; return what may then be opened.

        Restriction does not stand between people and their own data.
        """
        slots = self.living_slots()
        self._record(
            self.Exported, by, format=format, slot_ids=tuple(slot.slot_id for slot in slots)
        )
        return tuple(Readable(slot, {c.field: c for c in slot.commitments}) for slot in slots)

    def restrict(self, by: By, *, erasure_id: UUID, record_ids: tuple[UUID, ...]) -> None:
        """Keep data and use it for nothing, for the reason given."""
        self._record(
            self.Restricted, by.with_reason(), erasure_id=erasure_id, record_ids=record_ids
        )

    def lift_restriction(self, by: By, *, erasure_id: UUID) -> None:
        """Let data be used again."""
        if erasure_id in self.restrictions:
            self._record(self.RestrictionLifted, by, erasure_id=erasure_id)

    def erase(
        self,
        by: By,
        *,
        erasure_id: UUID,
        slot_ids: tuple[UUID, ...],
        approved_by: UUID,
        backups_expire_on: date,
    ) -> None:
        """Record that slots are destroyed; those that were already are not told again."""
        slots = [self.slots[slot_id] for slot_id in slot_ids]
        self._record(
            self.Erased,
            by,
            erasure_id=erasure_id,
            slot_ids=tuple(slot.slot_id for slot in slots if not slot.is_erased),
            record_ids=tuple(sorted({slot.record_id for slot in slots})),
            approved_by=approved_by,
            backups_expire_on=backups_expire_on,
        )

    def _readable(self, record_id: UUID, fields: tuple[Field, ...]) -> tuple[Readable, ...]:
        of_record = [slot for slot in self.slots.values() if slot.record_id == record_id]
        if not of_record:
            raise NothingSealed(record_id=str(record_id))
        if all(slot.is_erased for slot in of_record):
            raise SlotErased(record_id=str(record_id))
        latest: dict[Field, tuple[Slot, Commitment]] = {}
        for slot in of_record:
            if not slot.is_erased:
                latest |= {one.field: (slot, one) for one in slot.commitments}
        chosen: dict[UUID, Readable] = {}
        for field in fields:
            if field not in latest:
                raise FieldNotSealed(field=str(field), record_id=str(record_id))
            slot, commitment = latest[field]
            chosen.setdefault(slot.slot_id, Readable(slot, {})).fields[field] = commitment
        return tuple(chosen.values())
