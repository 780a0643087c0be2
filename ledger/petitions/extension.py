"""Extension: more time for an answer is asked for, and granted or refused by somebody else."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.guards import apart, persons
from ledger.petitions.errors import (
    DeadlineAlreadyPassed,
    ExtensionAlreadyRequested,
    ExtensionsUsedUp,
    ExtensionTooLong,
    NoExtensionRequested,
    NothingToExtend,
)
from ledger.petitions.file import ANSWER_CLOCKS, PetitionEvent, PetitionFile
from ledger.petitions.words import Deadline, Stage


@dataclass(frozen=True, kw_only=True)
class ExtensionRequested(PetitionEvent):
    """The handling unit asked for more time, with a reason; the old deadline still runs."""

    TOPIC = "petition.extension_requested.v1"

    deadline: Deadline

    def apply(self, petition: PetitionFile) -> None:
        petition.extension_asked = self.deadline
        petition.extension_asked_by = persons(self.by)


@dataclass(frozen=True, kw_only=True)
class ExtensionApproved(PetitionEvent):
    """Somebody else granted more time; the petitioner is to be told the reason."""

    TOPIC = "petition.extension_approved.v1"

    deadlines: tuple[Deadline, ...]

    def apply(self, petition: PetitionFile) -> None:
        petition.extensions_count += 1
        petition.extension_asked = None
        petition.extension_asked_by = frozenset()
        petition._stop_clocks(self.timestamp, *ANSWER_CLOCKS)
        petition._start_clocks(self.deadlines)


@dataclass(frozen=True, kw_only=True)
class ExtensionRejected(PetitionEvent):
    """More time was refused, with a reason; the old deadline stands."""

    TOPIC = "petition.extension_rejected.v1"

    def apply(self, petition: PetitionFile) -> None:
        petition.extension_asked = None
        petition.extension_asked_by = frozenset()


class Extension(PetitionFile):
    """The steps that move the deadline of an answer."""

    def request_extension(
        self, by: By, *, deadline: Deadline, days_max: int, extensions_max: int
    ) -> None:
        """Ask for more time, with a reason and before the deadline passes.

        ``deadline`` counts from the present one; ``days_max`` and ``extensions_max``
        (how long, how often) are the policy's.
        """
        by = self._guard_stage(by, "request-extension", Stage.ACCEPTED).with_reason()
        by = self._guard_in_time(by)
        if self.extension_asked is not None:
            by = by.refuse(ExtensionAlreadyRequested())
        if deadline.days > days_max:
            by = by.refuse(ExtensionTooLong(asked_days=deadline.days, days_max=days_max))
        if self.extensions_count >= extensions_max:
            by = by.refuse(
                ExtensionsUsedUp(count=self.extensions_count, extensions_max=extensions_max)
            )
        self._record(ExtensionRequested, by, deadline=deadline)

    def approve_extension(self, by: By) -> None:
        """Grant the time that was asked for; not by who asked or handles the petition."""
        asked = self._asked_extension()
        by = self._guard_extension_decision(by, "approve-extension")
        self._record(ExtensionApproved, by, deadlines=(asked,))

    def reject_extension(self, by: By) -> None:
        """Refuse the time that was asked for, with a reason."""
        self._asked_extension()
        by = self._guard_extension_decision(by, "reject-extension").with_reason()
        self._record(ExtensionRejected, by)

    def _asked_extension(self) -> Deadline:
        if self.extension_asked is None:
            raise NoExtensionRequested()
        return self.extension_asked

    def _guard_in_time(self, by: By) -> By:
        running = self.answer_clock()
        if running is None:
            return by.refuse(NothingToExtend())
        if local_day(by.at) > running.due_on:
            return by.refuse(DeadlineAlreadyPassed(due_on=running.due_on.isoformat()))
        return by

    def _guard_extension_decision(self, by: By, step: str) -> By:
        by = self._guard_stage(by, step, Stage.ACCEPTED)
        earlier = {"request-extension": self.extension_asked_by, "handle": self.handlers}
        return apart(by, step, earlier)
