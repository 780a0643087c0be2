"""Estate supervisors: who watches over which estates."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.values import derived_id
from ledger.findings.errors import AlreadySupervised, EstateNotSupervised


class Supervisor(core.Aggregate):
    """A person who watches over estates."""

    TOPIC = "supervisor"

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of a supervisor."""

    @dataclass(frozen=True, kw_only=True)
    class Appointed(Event, core.Created):
        """A person was made supervisor of some estates."""

        TOPIC = "supervisor.appointed.v1"

        person_id: UUID
        estate_ids: tuple[UUID, ...]

    @dataclass(frozen=True, kw_only=True)
    class AssignedToEstate(Event):
        """The supervisor watches over one more estate."""

        TOPIC = "supervisor.assigned_to_estate.v1"

        estate_id: UUID

        def apply(self, supervisor: Supervisor) -> None:
            supervisor.estate_ids.add(self.estate_id)

    @dataclass(frozen=True, kw_only=True)
    class ReleasedFromEstate(Event):
        """The supervisor no longer watches over an estate; the reason says why."""

        TOPIC = "supervisor.released_from_estate.v1"

        estate_id: UUID

        def apply(self, supervisor: Supervisor) -> None:
            supervisor.estate_ids.discard(self.estate_id)

    def __init__(self, *, person_id: UUID, estate_ids: tuple[UUID, ...]) -> None:
        self.person_id = person_id
        self.estate_ids = set(estate_ids)

    @staticmethod
    def create_id(*_: object, person_id: object = None, **__: object) -> UUID:
        """Return a supervisor's id: one stream a person."""
        return derived_id("supervisor", str(person_id))

    @classmethod
    def appoint(cls, by: By, *, person_id: UUID, estate_ids: tuple[UUID, ...]) -> Supervisor:
        """Make a person supervisor of some estates."""
        return cls._begin(cls.Appointed, by, person_id=person_id, estate_ids=estate_ids)

    def assign(self, by: By, *, estate_id: UUID) -> None:
        """Add an estate."""
        if estate_id in self.estate_ids:
            by = by.refuse(AlreadySupervised(estate_id=str(estate_id)))
        self._record(self.AssignedToEstate, by, estate_id=estate_id)

    def release(self, by: By, *, estate_id: UUID) -> None:
        """Take an estate away, with a reason."""
        by = by.with_reason()
        if estate_id not in self.estate_ids:
            by = by.refuse(EstateNotSupervised(estate_id=str(estate_id)))
        self._record(self.ReleasedFromEstate, by, estate_id=estate_id)
