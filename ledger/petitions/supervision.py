"""Supervision: a petition goes up to street and county, is supervised; missed days are recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from eventsourcing.utils import get_topic

from ledger.core import reversing
from ledger.core.aggregate import By
from ledger.core.guards import apart, by_two, told_after
from ledger.core.reversing import own_step
from ledger.petitions.errors import (
    ClockNotRunning,
    DeadlineFinal,
    DeadlineNotReached,
    DepartmentsMissing,
    LevelNotHigher,
    LevelSkipped,
    NoSupervisionOrder,
    NotEscalatedToCounty,
    SupervisionOrderOpen,
)
from ledger.petitions.file import PetitionEvent, PetitionFile
from ledger.petitions.words import LEVELS, Cause, ClockName, Deadline, Level


@dataclass(frozen=True, kw_only=True)
class Escalated(PetitionEvent):
    """The petition was taken up a level; ``unit_id`` is who held it and did not solve it.

    ``petition_round`` is 1, and one more each time that the petition was reopened.
    """

    TOPIC = "petition.escalated.v1"

    level: Level
    cause: Cause
    unit_id: UUID
    petition_round: int

    def apply(self, petition: PetitionFile) -> None:
        petition.level = self.level
        petition.escalated_at = self.timestamp
        petition.levels_reached.add(self.level)


@dataclass(frozen=True, kw_only=True)
class JointMeetingHeld(PetitionEvent):
    """The county's office brought units together to settle who does what."""

    TOPIC = "petition.joint_meeting_held.v1"

    convener_id: UUID
    unit_ids: tuple[UUID, ...]
    conclusion: str


@dataclass(frozen=True, kw_only=True)
class SupervisionOrderIssued(PetitionEvent):
    """The county ordered a unit to do something by a deadline."""

    TOPIC = "petition.supervision_order_issued.v1"

    unit_id: UUID
    demand: str
    deadlines: tuple[Deadline, ...]

    def apply(self, petition: PetitionFile) -> None:
        petition.supervised_unit_id = self.unit_id
        petition.ordered_at = self.timestamp
        petition._start_clocks(self.deadlines)


@dataclass(frozen=True, kw_only=True)
class SupervisionOrderMet(PetitionEvent):
    """Somebody other than the handler confirmed that the order was carried out."""

    TOPIC = "petition.supervision_order_met.v1"

    unit_id: UUID

    def apply(self, petition: PetitionFile) -> None:
        petition.supervised_unit_id = None
        petition._stop_clocks(self.timestamp, ClockName.SUPERVISION)


@dataclass(frozen=True, kw_only=True)
class SupervisionOrderMissed(PetitionEvent):
    """The day of a supervision order passed without it being met; it can still be met late."""

    TOPIC = "petition.supervision_order_missed.v1"
    STANDS = "a recorded miss stays; a late fact stands beside it with its true day"

    unit_id: UUID
    due_on: date
    is_provisional: bool

    def apply(self, petition: PetitionFile) -> None:
        petition._forget_clock(ClockName.SUPERVISION, self.unit_id, self.due_on)


@dataclass(frozen=True, kw_only=True)
class DeadlineMissed(PetitionEvent):
    """A deadline passed before its holder acted; recorded once for each clock that was started."""

    TOPIC = "petition.deadline_missed.v1"
    STANDS = "a recorded miss stays; a late fact stands beside it with its true day"

    clock: ClockName
    holder_id: UUID
    due_on: date
    is_provisional: bool

    def apply(self, petition: PetitionFile) -> None:
        petition._forget_clock(self.clock, self.holder_id, self.due_on)


@dataclass(frozen=True, kw_only=True)
class DeadlineRecounted(PetitionEvent):
    """Working days were announced, so a provisional deadline was counted again."""

    TOPIC = "petition.deadline_recounted.v1"
    STANDS = "it is counted again when the calendar changes"

    old_due_on: date
    deadlines: tuple[Deadline, ...]

    def apply(self, petition: PetitionFile) -> None:
        for deadline in self.deadlines:
            petition._forget_clock(deadline.clock, deadline.holder_id, self.old_due_on)
        petition._start_clocks(self.deadlines)


@dataclass(frozen=True, kw_only=True)
class StepReversed(PetitionEvent, reversing.StepReversed):
    """A step of a petition was a mistake; it and what followed from it count no more."""

    TOPIC = "petition.step_reversed.v1"


CHECKS = frozenset(
    {
        "petition.dispatch_returned.v1",
        "petition.dispatch_upheld.v1",
        "petition.extension_approved.v1",
        "petition.extension_rejected.v1",
        "petition.supervision_order_met.v1",
        "petition.visited_back.v1",
    }
)
"""Steps by which somebody judged what another person had done: two take them back."""


class Supervision(PetitionFile):
    """The steps taken above the unit, and what time does by itself."""

    def escalate(self, by: By, *, level: Level, cause: Cause) -> None:
        """Take the petition up one level; with a reason."""
        by = self._guard_open(by).with_reason()
        steps = LEVELS.index(level) - LEVELS.index(self.level)
        if steps < 1:
            by = by.refuse(LevelNotHigher(level=self.level, asked=level))
        elif steps > 1:
            by = by.refuse(LevelSkipped(level=self.level, asked=level))
        self._record(
            Escalated,
            by,
            level=level,
            cause=cause,
            unit_id=self.holder_id,
            petition_round=self.round,
        )

    def hold_joint_meeting(
        self, by: By, *, convener_id: UUID, unit_ids: tuple[UUID, ...], conclusion: str
    ) -> None:
        """Record a meeting on a petition that was taken up to the county."""
        by = self._guard_at_county(by)
        if not unit_ids:
            raise DepartmentsMissing()
        by = told_after(by, self.escalated_at, "told-before-escalation")
        self._record(
            JointMeetingHeld,
            by,
            convener_id=convener_id,
            unit_ids=unit_ids,
            conclusion=conclusion,
        )

    def issue_supervision_order(
        self, by: By, *, unit_id: UUID, demand: str, deadlines: tuple[Deadline, ...]
    ) -> None:
        """Order a unit to act; one order at a time."""
        by = self._guard_at_county(by)
        if self.supervised_unit_id is not None:
            by = by.refuse(SupervisionOrderOpen(unit_id=str(self.supervised_unit_id)))
        self._record(
            SupervisionOrderIssued, by, unit_id=unit_id, demand=demand, deadlines=deadlines
        )

    def meet_supervision_order(self, by: By) -> None:
        """Confirm that the order was carried out; not by who handles the petition."""
        if self.supervised_unit_id is None:
            raise NoSupervisionOrder()
        by = apart(by, "meet-supervision-order", {"handle": self.handlers})
        by = told_after(by, self.ordered_at, "told-before-order")
        self._record(SupervisionOrderMet, by, unit_id=self.supervised_unit_id)

    def reverse_step(self, by: By, *, version: int) -> None:
        """Take a mistake back, by whoever may take the step; a check takes two persons."""
        step = self.step_at(version)
        by = own_step(by, step)
        if get_topic(type(step)) in CHECKS:
            by = by_two(by)
        self.take_back(by, version=version)

    def miss_deadline(self, by: By, *, clock: ClockName, holder_id: UUID | None = None) -> None:
        """Record that a deadline passed: once for each clock, oldest first.

        ``holder_id`` picks one of several clocks of a name. Refuses with
        ``DeadlineNotReached`` while the day lasts and ``ClockNotRunning`` if none ran.
        """
        for missed in self.overdue_clocks(by.at):
            if missed.clock == clock and holder_id in (None, missed.holder_id):
                self._record_missed(by, missed)
                return
        for running in self.clocks:
            if running.clock == clock and holder_id in (None, running.holder_id):
                raise DeadlineNotReached(clock=clock, due_on=running.due_on.isoformat())
        raise ClockNotRunning(clock=clock)

    def recount_deadline(self, by: By, *, old: Deadline, new: Deadline) -> None:
        """Replace a running provisional deadline by the same one counted again."""
        if old not in self.clocks:
            raise ClockNotRunning(clock=old.clock)
        if not old.is_provisional:
            raise DeadlineFinal(clock=old.clock, due_on=old.due_on.isoformat())
        self._record(DeadlineRecounted, by, old_due_on=old.due_on, deadlines=(new,))

    def _record_missed(self, by: By, missed: Deadline) -> None:
        due = {"due_on": missed.due_on, "is_provisional": missed.is_provisional}
        if missed.clock == ClockName.SUPERVISION:
            self._record(SupervisionOrderMissed, by, unit_id=missed.holder_id, **due)
        else:
            self._record(DeadlineMissed, by, clock=missed.clock, holder_id=missed.holder_id, **due)

    def _guard_at_county(self, by: By) -> By:
        by = self._guard_open(by)
        if self.level != Level.COUNTY:
            by = by.refuse(NotEscalatedToCounty(level=self.level))
        return by
