"""Intake: a petition is filed, classified, merged, sent to a unit, disputed, accepted, assigned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Self
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.guards import apart, persons
from ledger.petitions.errors import (
    AlreadyClassified,
    AlreadyPetitioner,
    ClassificationUnchanged,
    DisputeTooLate,
    EscalatedCannotBeMerged,
    MergedIntoItself,
    MergeTargetNotOpen,
    NotClassified,
)
from ledger.petitions.file import PetitionEvent, PetitionFile
from ledger.petitions.words import ClockName, Deadline, Level, Stage


@dataclass(frozen=True, kw_only=True)
class Filed(PetitionEvent, core.Created):
    """A resident's petition was received through a channel.

    Title, summary and place carry no personal data: the petitioner is a pseudonym.
    ``procedure`` says which rules set the deadlines, ``reference`` is the number of
    the order or form it came with. Category and item may still be open.
    """

    TOPIC = "petition.filed.v1"

    channel: str
    procedure: str
    category: str | None
    item: str | None
    title: str
    summary: str
    place: str
    community_id: UUID
    estate_id: UUID | None
    petitioner_id: UUID
    received_by_id: UUID
    reference: str
    deadlines: tuple[Deadline, ...]


@dataclass(frozen=True, kw_only=True)
class Classified(PetitionEvent):
    """The petition was put into a category, and an item of it, for the first time."""

    TOPIC = "petition.classified.v1"

    category: str
    item: str

    def apply(self, petition: PetitionFile) -> None:
        petition.category, petition.item = self.category, self.item


@dataclass(frozen=True, kw_only=True)
class Reclassified(PetitionEvent):
    """The petition was put into another category or item; the reason says why."""

    TOPIC = "petition.reclassified.v1"

    category: str
    item: str

    def apply(self, petition: PetitionFile) -> None:
        petition.category, petition.item = self.category, self.item


@dataclass(frozen=True, kw_only=True)
class Merged(PetitionEvent):
    """The petition goes on as part of another one about the same matter; its own clocks stop."""

    TOPIC = "petition.merged.v1"

    into_petition_id: UUID

    def apply(self, petition: PetitionFile) -> None:
        petition.stage = Stage.MERGED
        petition.merged_into_id = self.into_petition_id
        petition._stop_clocks(self.timestamp)


@dataclass(frozen=True, kw_only=True)
class Absorbed(PetitionEvent):
    """Another petition about the same matter was merged into this one."""

    TOPIC = "petition.absorbed.v1"

    RESTS_ON_NOTHING = True

    petition_id: UUID

    def apply(self, petition: PetitionFile) -> None:
        petition.absorbed_ids += (self.petition_id,)


@dataclass(frozen=True, kw_only=True)
class Dispatched(PetitionEvent):
    """The petition was sent to a unit, which holds it from now on."""

    TOPIC = "petition.dispatched.v1"

    unit_id: UUID
    deadlines: tuple[Deadline, ...]

    def apply(self, petition: PetitionFile) -> None:
        petition.stage = Stage.DISPATCHED
        petition.holder_id = self.unit_id
        petition.dispatched_on = local_day(self.timestamp)
        petition._stop_clocks(self.timestamp, ClockName.ROUTING)
        petition._start_clocks(self.deadlines)


@dataclass(frozen=True, kw_only=True)
class DispatchDisputed(PetitionEvent):
    """The unit says that the petition is not its to handle; the reason says whose it is."""

    TOPIC = "petition.dispatch_disputed.v1"

    def apply(self, petition: PetitionFile) -> None:
        petition.stage = Stage.DISPUTED
        petition.disputed_by = persons(self.by)
        petition._stop_clocks(self.timestamp, ClockName.ACCEPTANCE)


@dataclass(frozen=True, kw_only=True)
class DispatchReturned(PetitionEvent):
    """The dispute was right: the petition is back with ``to_unit_id`` to be sent elsewhere."""

    TOPIC = "petition.dispatch_returned.v1"

    to_unit_id: UUID
    deadlines: tuple[Deadline, ...]

    def apply(self, petition: PetitionFile) -> None:
        petition.stage = Stage.FILED
        petition.holder_id = self.to_unit_id
        petition.disputed_by = frozenset()
        petition._stop_clocks(self.timestamp)
        petition._start_clocks(self.deadlines)


@dataclass(frozen=True, kw_only=True)
class DispatchUpheld(PetitionEvent):
    """The dispute was not right: the unit keeps the petition and must accept it."""

    TOPIC = "petition.dispatch_upheld.v1"

    deadlines: tuple[Deadline, ...]

    def apply(self, petition: PetitionFile) -> None:
        petition.stage = Stage.DISPATCHED
        petition.disputed_by = frozenset()
        petition._start_clocks(self.deadlines)


@dataclass(frozen=True, kw_only=True)
class Accepted(PetitionEvent):
    """The unit took the petition on."""

    TOPIC = "petition.accepted.v1"

    deadlines: tuple[Deadline, ...]

    def apply(self, petition: PetitionFile) -> None:
        petition.stage = Stage.ACCEPTED
        petition.disputed_by = frozenset()
        petition._stop_clocks(self.timestamp, ClockName.ACCEPTANCE)
        petition._start_clocks(self.deadlines)


@dataclass(frozen=True, kw_only=True)
class HandlerAssigned(PetitionEvent):
    """A person of the unit handles the petition, other units help; this replaces who did before."""

    TOPIC = "petition.handler_assigned.v1"

    handler_id: UUID
    co_unit_ids: tuple[UUID, ...]

    def apply(self, petition: PetitionFile) -> None:
        petition.handler_ids.add(self.handler_id)
        petition.co_unit_ids = self.co_unit_ids


@dataclass(frozen=True, kw_only=True)
class PetitionerJoined(PetitionEvent):
    """One more person stands behind the petition; what is sealed about them is in their stream."""

    TOPIC = "petition.petitioner_joined.v1"
    RESTS_ON_NOTHING = True

    petitioner_id: UUID

    def apply(self, petition: PetitionFile) -> None:
        petition.petitioner_ids.add(self.petitioner_id)


class Intake(PetitionFile):
    """The steps from the filing of a petition to its handler."""

    @classmethod
    def file(  # noqa: PLR0913
        cls,
        by: By,
        *,
        channel: str,
        procedure: str,
        category: str | None,
        item: str | None,
        title: str,
        summary: str,
        place: str,
        community_id: UUID,
        estate_id: UUID | None,
        petitioner_id: UUID,
        received_by_id: UUID,
        reference: str,
        deadlines: tuple[Deadline, ...],
    ) -> Self:
        """Record a petition; ``received_by_id`` holds it until it is sent to a unit."""
        return cls._begin(
            Filed,
            by,
            channel=channel,
            procedure=procedure,
            category=category,
            item=item,
            title=title,
            summary=summary,
            place=place,
            community_id=community_id,
            estate_id=estate_id,
            petitioner_id=petitioner_id,
            received_by_id=received_by_id,
            reference=reference,
            deadlines=deadlines,
        )

    def join(self, by: By, *, petitioner_id: UUID) -> None:
        """Let one more person stand behind an open petition."""
        by = self._guard_open(by)
        if petitioner_id in self.petitioner_ids:
            raise AlreadyPetitioner(petitioner_id=str(petitioner_id))
        self._record(PetitionerJoined, by, petitioner_id=petitioner_id)

    def classify(self, by: By, *, category: str, item: str) -> None:
        """Put a petition that has no category yet into one."""
        by = self._guard_open(by)
        if self.category is not None:
            by = by.refuse(AlreadyClassified(category=self.category))
        self._record(Classified, by, category=category, item=item)

    def reclassify(self, by: By, *, category: str, item: str) -> None:
        """Change the category or item; needs a reason."""
        by = self._guard_open(by).with_reason()
        if self.category is None:
            by = by.refuse(NotClassified())
        if (category, item) == (self.category, self.item):
            by = by.refuse(ClassificationUnchanged(category=category, item=item))
        self._record(Reclassified, by, category=category, item=item)

    def merge(self, by: By, *, into_petition_id: UUID, into_is_open: bool) -> None:
        """Go on as part of another open petition; one that reached the county never may."""
        if into_petition_id == self.id:
            raise MergedIntoItself()
        by = self._guard_open(by)
        if not into_is_open:
            by = by.refuse(MergeTargetNotOpen())
        if Level.COUNTY in self.levels_reached:
            by = by.refuse(EscalatedCannotBeMerged())
        self._record(Merged, by, into_petition_id=into_petition_id)

    def absorb(self, by: By, *, petition_id: UUID) -> None:
        """Take in a petition that was merged into this one."""
        if petition_id == self.id:
            raise MergedIntoItself()
        self._record(Absorbed, self._guard_open(by), petition_id=petition_id)

    def stand_alone(self, by: By) -> None:
        """Be open again, because the petition that this one was merged into was withdrawn."""
        for step in self.counting():
            if isinstance(step, Merged):
                self.take_back(by, version=step.originator_version)
                return

    def merged_into(self, version: int) -> UUID | None:
        """Return which petition a step merged this one into, if it is a merger that counts."""
        step = next((e for e in self.counting() if e.originator_version == version), None)
        return step.into_petition_id if isinstance(step, Merged) else None

    def give_back(self, by: By, petition_id: UUID) -> None:
        """Go on without a petition whose merger was a mistake."""
        for step in self.counting():
            if isinstance(step, Absorbed) and step.petition_id == petition_id:
                self.take_back(by, version=step.originator_version)
                return

    def dispatch(self, by: By, *, unit_id: UUID, deadlines: tuple[Deadline, ...]) -> None:
        """Send a classified petition to a unit."""
        by = self._guard_stage(by, "dispatch", Stage.FILED)
        if self.category is None:
            by = by.refuse(NotClassified())
        self._record(Dispatched, by, unit_id=unit_id, deadlines=deadlines)

    def dispute_dispatch(self, by: By, *, last_day: date) -> None:
        """Say, with a reason and until ``last_day``, that another unit should have it."""
        by = self._guard_stage(by, "dispute-dispatch", Stage.DISPATCHED).with_reason()
        if local_day(by.at) > last_day:
            by = by.refuse(DisputeTooLate(last_day=last_day.isoformat()))
        self._record(DispatchDisputed, by)

    def return_dispatch(self, by: By, *, to_unit_id: UUID, deadlines: tuple[Deadline, ...]) -> None:
        """Take a disputed petition back, with a reason; not by the person who disputed it."""
        by = self._guard_dispute_decision(by, "return-dispatch")
        self._record(DispatchReturned, by, to_unit_id=to_unit_id, deadlines=deadlines)

    def uphold_dispatch(self, by: By, *, deadlines: tuple[Deadline, ...]) -> None:
        """Leave a disputed petition where it is, with a reason; not by who disputed it."""
        by = self._guard_dispute_decision(by, "uphold-dispatch")
        self._record(DispatchUpheld, by, deadlines=deadlines)

    def accept(self, by: By, *, deadlines: tuple[Deadline, ...]) -> None:
        """Take the petition on; a unit that disputed it may still give in."""
        by = self._guard_stage(by, "accept", Stage.DISPATCHED, Stage.DISPUTED)
        self._record(Accepted, by, deadlines=deadlines)

    def assign_handler(
        self, by: By, *, handler_id: UUID, co_unit_ids: tuple[UUID, ...] = ()
    ) -> None:
        """Name the person who handles it and the units that help."""
        by = self._guard_stage(by, "assign-handler", Stage.ACCEPTED)
        self._record(HandlerAssigned, by, handler_id=handler_id, co_unit_ids=co_unit_ids)

    def _guard_dispute_decision(self, by: By, step: str) -> By:
        by = self._guard_stage(by, step, Stage.DISPUTED).with_reason()
        return apart(by, step, {"dispute-dispatch": self.disputed_by})
