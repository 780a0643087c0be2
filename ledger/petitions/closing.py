"""Closing: the petitioner is asked back; the petition is closed, reopened, withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.guards import apart, told_after
from ledger.petitions.errors import (
    NotVisitedBack,
    PetitionerNotNamed,
    ReopenTooLate,
    StepOutOfOrder,
    SupervisionOrderOpen,
    VisitIncomplete,
)
from ledger.petitions.file import PetitionEvent, PetitionFile
from ledger.petitions.words import LEVELS, ClockName, Deadline, Level, Stage, Visit


@dataclass(frozen=True, kw_only=True)
class VisitedBack(PetitionEvent):
    """Somebody other than the handler asked the petitioner; both ``None``: nobody was reached."""

    TOPIC = "petition.visited_back.v1"

    is_resolved: bool | None
    is_satisfied: bool | None

    def apply(self, petition: PetitionFile) -> None:
        petition.stage = Stage.VISITED
        petition.visit = Visit(self.is_resolved, self.is_satisfied)
        petition._stop_clocks(self.timestamp, ClockName.VISIT_BACK)


@dataclass(frozen=True, kw_only=True)
class HandlingResumed(PetitionEvent):
    """The petitioner was not content, so the same unit goes on, with a new deadline."""

    TOPIC = "petition.handling_resumed.v1"

    deadlines: tuple[Deadline, ...]

    def apply(self, petition: PetitionFile) -> None:
        petition.stage = Stage.ACCEPTED
        petition._stop_clocks(self.timestamp, ClockName.VISIT_BACK)
        petition._start_clocks(self.deadlines)


@dataclass(frozen=True, kw_only=True)
class Closed(PetitionEvent):
    """The petition is done; what the petitioner said last stands as its result.

    ``unit_id`` is who held it, ``is_resolved`` what the petitioner said (``None`` if
    nobody was reached), ``highest_level`` the highest level that it ever reached.
    """

    TOPIC = "petition.closed.v1"

    unit_id: UUID
    is_resolved: bool | None
    highest_level: Level

    def breaks_streak(self, solved: str) -> bool:
        """Tell whether this ends the unit's streak of escalations.

        A petition that ever reached the county does not. ``solved`` is the policy
        ``conduct.streak_broken_by``: ``any_petition`` solved below the county does, or
        (default) only an ``escalated_petition``, one that had to go up to the street.
        """
        if not self.is_resolved or self.highest_level == Level.COUNTY:
            return False
        return solved == "any_petition" or self.highest_level == Level.STREET

    def apply(self, petition: PetitionFile) -> None:
        petition.stage = Stage.CLOSED
        petition.closed_on = local_day(self.timestamp)
        petition._stop_clocks(self.timestamp)


@dataclass(frozen=True, kw_only=True)
class Reopened(PetitionEvent):
    """A closed petition is taken up again, with a reason, and starts at the lowest level."""

    TOPIC = "petition.reopened.v1"

    to_unit_id: UUID
    deadlines: tuple[Deadline, ...]

    def apply(self, petition: PetitionFile) -> None:
        petition.stage = Stage.FILED
        petition.round += 1
        petition.holder_id = self.to_unit_id
        petition.level = Level.COMMUNITY
        petition.visit = None
        petition.closed_on = None
        petition.extensions_count = 0
        petition.whistles = {}
        petition._start_clocks(self.deadlines)


@dataclass(frozen=True, kw_only=True)
class Withdrawn(PetitionEvent):
    """The petitioner took the petition back, with a reason."""

    TOPIC = "petition.withdrawn.v1"

    def apply(self, petition: PetitionFile) -> None:
        petition.stage = Stage.WITHDRAWN
        petition._stop_clocks(self.timestamp)


@dataclass(frozen=True, kw_only=True)
class PetitionerLeft(PetitionEvent):
    """One petitioner wants no more of it, with a reason; it goes on for the others.

    Under a supervision order it goes on even when nobody is left: as the matter of who gave it.
    """

    TOPIC = "petition.petitioner_left.v1"
    RESTS_ON_NOTHING = True

    petitioner_id: UUID

    def apply(self, petition: PetitionFile) -> None:
        petition.petitioner_ids.discard(self.petitioner_id)


class Closing(PetitionFile):
    """The steps that end a petition, or begin it again."""

    def visit_back(self, by: By, *, is_resolved: bool | None, is_satisfied: bool | None) -> None:
        """Record what the petitioner said; not by anyone who handled the petition."""
        by = self._guard_stage(by, "visit-back", Stage.ANSWERED, Stage.VISITED)
        if (is_resolved is None) != (is_satisfied is None):
            raise VisitIncomplete()
        by = apart(by, "visit-back", {"handle": self.handlers})
        by = told_after(by, self.answered_at, "told-before-answer")
        self._record(VisitedBack, by, is_resolved=is_resolved, is_satisfied=is_satisfied)

    def resume_handling(self, by: By, *, deadlines: tuple[Deadline, ...]) -> None:
        """Go on handling after a visit that found the matter not resolved or not well done."""
        by = self._guard_stage(by, "resume-handling", Stage.VISITED)
        if self.visit is not None and self.visit.is_resolved and self.visit.is_satisfied:
            by = by.refuse(StepOutOfOrder(step="resume-handling", stage=self.stage))
        self._record(HandlingResumed, by, deadlines=deadlines)

    def close(self, by: By) -> None:
        """Close after the visit-back; needs a reason where the matter was not resolved."""
        by = self._guard_open(by)
        if self.stage != Stage.VISITED:
            by = by.refuse(NotVisitedBack(stage=self.stage))
        elif self.visit is not None and not self.visit.is_resolved:
            by = by.with_reason()
        if self.supervised_unit_id is not None:
            by = by.refuse(SupervisionOrderOpen(unit_id=str(self.supervised_unit_id)))
        self._record(
            Closed,
            by,
            unit_id=self.holder_id,
            is_resolved=self.visit.is_resolved if self.visit else None,
            highest_level=max(self.levels_reached, key=LEVELS.index),
        )

    def reopen(
        self, by: By, *, last_day: date, to_unit_id: UUID, deadlines: tuple[Deadline, ...]
    ) -> None:
        """Take a closed petition up again until ``last_day``, with a reason.

        ``to_unit_id`` holds it and sends it to a unit anew.
        """
        by = by.with_reason()
        if self.stage != Stage.CLOSED:
            by = by.refuse(StepOutOfOrder(step="reopen", stage=self.stage))
        elif local_day(by.at) > last_day:
            by = by.refuse(ReopenTooLate(last_day=last_day.isoformat()))
        self._record(Reopened, by, to_unit_id=to_unit_id, deadlines=deadlines)

    def withdraw(self, by: By) -> None:
        """Let a petitioner leave, with a reason; the last one's leaving ends the petition.

        One does not speak for the others, and no petitioner ends what the county has ordered.
        """
        by = self._guard_open(by).with_reason()
        leaving = self._who_leaves(by)
        if leaving is None:
            by = by.refuse(PetitionerNotNamed(count=len(self.petitioner_ids)))
        is_last = self.petitioner_ids <= {leaving}
        if leaving is None or (is_last and self.supervised_unit_id is None):
            self._record(Withdrawn, by)
        else:
            self._record(PetitionerLeft, by, petitioner_id=leaving)

    def _who_leaves(self, by: By) -> UUID | None:
        """Return the petitioner who speaks, or whose paper it is; else the only one."""
        for person_id in (by.said_by, by.on_behalf_of, by.actor_id):
            if person_id is not None and person_id in self.petitioner_ids:
                return person_id
        return next(iter(self.petitioner_ids)) if len(self.petitioner_ids) == 1 else None
