"""A unit's conduct: its streak, the transfers due and made, analyses, findings and talks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from ledger.conduct.errors import (
    EscalationAlreadyCounted,
    NoStreakToBreak,
    NothingToTransfer,
    StreakTooShort,
    TalkWithoutFinding,
    TransferFinal,
    TransferNotDue,
    TransferNotOverdue,
    TransferToItself,
)
from ledger.core import aggregate as core
from ledger.core import reversing
from ledger.core.aggregate import By
from ledger.core.clock import end_of_day
from ledger.core.guards import by_two, told_after
from ledger.core.reversing import own_step
from ledger.core.values import derived_id


class FindingKind(StrEnum):
    """What an inspection found: 不作为 (inaction), 慢作为 (slowness) or 冷作为 (coldness)."""

    INACTION = "inaction"
    SLOWNESS = "slowness"
    COLDNESS = "coldness"


@dataclass(frozen=True, slots=True)
class TransferDue:
    """A transfer that has to be made: of which petitions, by the end of which day."""

    petition_ids: tuple[UUID, ...]
    fell_due_at: datetime
    due_on: date
    is_provisional: bool


class UnitConduct(reversing.Reversible):
    """How one unit's matters went up, and what was done about it."""

    TOPIC = "unit_conduct"

    # Events: what can happen ------------------------------------------------------------

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of a unit's conduct."""

    @dataclass(frozen=True, kw_only=True)
    class Opened(Event, core.Created):
        """The ledger begins to follow a unit's conduct."""

        TOPIC = "unit_conduct.opened.v1"

        unit_id: UUID

    @dataclass(frozen=True, kw_only=True)
    class StepReversed(Event, reversing.StepReversed):
        """A step was a mistake, or a petition was not escalated after all; it counts no more."""

        TOPIC = "unit_conduct.step_reversed.v1"

    @dataclass(frozen=True, kw_only=True)
    class EscalationCounted(Event):
        """A petition of the unit was taken up to the county, in this round of the petition."""

        TOPIC = "unit_conduct.escalation_counted.v1"
        ABOUT = ("petition_id",)

        petition_id: UUID
        petition_round: int

        def apply(self, conduct: UnitConduct) -> None:
            conduct.counted.add((self.petition_id, self.petition_round))
            conduct.streak += 1
            conduct.waiting_ids += (self.petition_id,)

    @dataclass(frozen=True, kw_only=True)
    class SelfEscalationCounted(Event):
        """The unit's own people took its petition up to the county: no part of a streak."""

        TOPIC = "unit_conduct.self_escalation_counted.v1"
        ABOUT = ("petition_id",)

        petition_id: UUID
        petition_round: int

        def apply(self, conduct: UnitConduct) -> None:
            conduct.counted.add((self.petition_id, self.petition_round))

    @dataclass(frozen=True, kw_only=True)
    class StreakBroken(Event):
        """A petition that had gone up was solved below the county: counting starts anew."""

        TOPIC = "unit_conduct.streak_broken.v1"
        ABOUT = ("petition_id",)

        petition_id: UUID

        def apply(self, conduct: UnitConduct) -> None:
            conduct.streak = 0
            conduct.waiting_ids = ()

    @dataclass(frozen=True, kw_only=True)
    class TransferFellDue(Event):
        """The streak is long enough: these petitions must go to the efficiency office."""

        TOPIC = "unit_conduct.transfer_fell_due.v1"
        ABOUT = ("petition_ids",)

        petition_ids: tuple[UUID, ...]
        due_on: date
        is_provisional: bool

        def apply(self, conduct: UnitConduct) -> None:
            due = TransferDue(self.petition_ids, self.timestamp, self.due_on, self.is_provisional)
            conduct.transfers_due += (due,)
            conduct.transfers_unmissed += (due,)
            conduct.waiting_ids = ()

    @dataclass(frozen=True, kw_only=True)
    class TransferRecounted(Event):
        """Working days were announced, so the provisional day of a transfer was counted again."""

        TOPIC = "unit_conduct.transfer_recounted.v1"
        ABOUT = ("petition_ids",)
        STANDS = "it is counted again when the calendar changes"

        petition_ids: tuple[UUID, ...]
        old_due_on: date
        due_on: date
        is_provisional: bool

        def apply(self, conduct: UnitConduct) -> None:
            conduct.transfers_due = self._counted_again(conduct.transfers_due)
            conduct.transfers_unmissed = self._counted_again(conduct.transfers_unmissed)

        def _counted_again(self, transfers: tuple[TransferDue, ...]) -> tuple[TransferDue, ...]:
            return tuple(
                replace(due, due_on=self.due_on, is_provisional=self.is_provisional)
                if (due.petition_ids, due.due_on) == (self.petition_ids, self.old_due_on)
                else due
                for due in transfers
            )

    @dataclass(frozen=True, kw_only=True)
    class TransferMissed(Event):
        """The day for making a transfer passed without it."""

        TOPIC = "unit_conduct.transfer_missed.v1"
        STANDS = "a recorded miss stays; a late fact stands beside it with its true day"

        due_on: date
        is_provisional: bool

        def apply(self, conduct: UnitConduct) -> None:
            conduct.transfers_unmissed = conduct.transfers_unmissed[1:]

    @dataclass(frozen=True, kw_only=True)
    class TransferredToEfficiencyOffice(Event):
        """The unit was handed over to the county's efficiency office, for these petitions."""

        TOPIC = "unit_conduct.transferred_to_efficiency_office.v1"
        ABOUT = ("petition_ids",)

        office_id: UUID
        petition_ids: tuple[UUID, ...]

        def apply(self, conduct: UnitConduct) -> None:
            conduct.transfers_due = ()
            conduct.waiting_ids = tuple(
                waiting for waiting in conduct.waiting_ids if waiting not in self.petition_ids
            )
            conduct.transfers_unmissed = tuple(
                due
                for due in conduct.transfers_unmissed
                if self.timestamp >= end_of_day(due.due_on)
            )
            conduct.transfers_count += 1
            conduct.transferred_at = self.timestamp

    @dataclass(frozen=True, kw_only=True)
    class PerformanceAnalysisDone(Event):
        """How the unit does its duty was analysed."""

        TOPIC = "unit_conduct.performance_analysis_done.v1"
        RESTS_ON_NOTHING = True

        conclusion: str

    @dataclass(frozen=True, kw_only=True)
    class InspectionFindingRecorded(Event):
        """An inspection found inaction, slowness or coldness of the unit or of one person in it."""

        TOPIC = "unit_conduct.inspection_finding_recorded.v1"

        kind: FindingKind
        person_id: UUID | None
        summary: str

        def apply(self, conduct: UnitConduct) -> None:
            conduct.findings_open_count += 1
            conduct.found_at = self.timestamp

    @dataclass(frozen=True, kw_only=True)
    class TalkHeld(Event):
        """The county committee held a talk with the unit about all findings since the last talk."""

        TOPIC = "unit_conduct.talk_held.v1"

        convener_id: UUID
        conclusion: str

        def apply(self, conduct: UnitConduct) -> None:
            conduct.findings_open_count = 0
            conduct.talks_count += 1

    # State: what we remember of it ------------------------------------------------------

    def __init__(self, *, unit_id: UUID) -> None:
        self.unit_id = unit_id
        self.streak = 0
        self.counted: set[tuple[UUID, int]] = set()
        self.waiting_ids: tuple[UUID, ...] = ()
        self.transfers_due: tuple[TransferDue, ...] = ()
        self.transfers_unmissed: tuple[TransferDue, ...] = ()
        self.transfers_count = 0
        self.transferred_at: datetime | None = None
        self.findings_open_count = 0
        self.talks_count = 0
        self.found_at: datetime | None = None

    @staticmethod
    def create_id(*_: object, unit_id: object = None, **__: object) -> UUID:
        """Return the id of a unit's conduct: one stream a unit."""
        return derived_id("unit-conduct", str(unit_id))

    def has_counted(self, petition_id: UUID, petition_round: int) -> bool:
        """Tell whether this round of the petition was counted already."""
        return (petition_id, petition_round) in self.counted

    def must_transfer(self, escalations_min: int) -> bool:
        """Tell whether a transfer falls due now: a long enough streak, something not due yet."""
        return self.streak >= escalations_min and bool(self.waiting_ids)

    def overdue_transfer(self, at: datetime) -> TransferDue | None:
        """Return the oldest transfer that was not made in time and not recorded as missed."""
        for due in self.transfers_unmissed[:1]:
            if at >= end_of_day(due.due_on):
                return due
        return None

    # Commands: what you may ask for -----------------------------------------------------

    @classmethod
    def open(cls, by: By, *, unit_id: UUID) -> UnitConduct:
        """Begin to follow a unit."""
        return cls._begin(cls.Opened, by, unit_id=unit_id)

    def note_escalation(
        self, by: By, *, petition_id: UUID, petition_round: int, is_own: bool = False
    ) -> None:
        """Count a petition that was taken up to the county while the unit held it.

        ``is_own``: the unit's own people took it up, so it lengthens no streak.
        """
        if self.has_counted(petition_id, petition_round):
            raise EscalationAlreadyCounted(
                petition_id=str(petition_id), petition_round=petition_round
            )
        counted = self.SelfEscalationCounted if is_own else self.EscalationCounted
        self._record(counted, by, petition_id=petition_id, petition_round=petition_round)

    def break_streak(self, by: By, *, petition_id: UUID) -> None:
        """Start counting anew, because this petition was solved below the county."""
        if self.streak == 0:
            raise NoStreakToBreak()
        self._record(self.StreakBroken, by, petition_id=petition_id)

    def fall_due_for_transfer(
        self, by: By, *, escalations_min: int, due_on: date, is_provisional: bool
    ) -> None:
        """Record that the streak has reached the policy's number and a transfer must be made."""
        if self.streak < escalations_min:
            raise StreakTooShort(streak=self.streak, escalations_min=escalations_min)
        if not self.waiting_ids:
            raise NothingToTransfer()
        self._record(
            self.TransferFellDue,
            by,
            petition_ids=self.waiting_ids,
            due_on=due_on,
            is_provisional=is_provisional,
        )

    def recount_transfer(
        self, by: By, *, old: TransferDue, due_on: date, is_provisional: bool
    ) -> None:
        """Replace the provisional day of a transfer by the same one counted again."""
        if old not in self.transfers_unmissed or not old.is_provisional:
            raise TransferFinal()
        self._record(
            self.TransferRecounted,
            by,
            petition_ids=old.petition_ids,
            old_due_on=old.due_on,
            due_on=due_on,
            is_provisional=is_provisional,
        )

    def miss_transfer(self, by: By) -> None:
        """Record, once for each transfer that fell due, that its day passed without it."""
        due = self.overdue_transfer(by.at)
        if due is None:
            raise TransferNotOverdue()
        self._record(self.TransferMissed, by, due_on=due.due_on, is_provisional=due.is_provisional)

    def transfer(self, by: By, *, office_id: UUID, is_own: bool = False) -> None:
        """Hand the unit over to the efficiency office, for everything that is due.

        ``is_own``: the office lies below the unit.
        """
        if is_own or office_id == self.unit_id:
            by = by.refuse(TransferToItself(office_id=str(office_id)))
        if not self.transfers_due:
            by = by.refuse(TransferNotDue(streak=self.streak))
        due_ids = [petition_id for due in self.transfers_due for petition_id in due.petition_ids]
        self._record(
            self.TransferredToEfficiencyOffice,
            by,
            office_id=office_id,
            petition_ids=tuple(due_ids) or self.waiting_ids,
        )

    def analyse_performance(self, by: By, *, conclusion: str) -> None:
        """Record an analysis of how the unit does its duty."""
        by = told_after(by, self.transferred_at, "told-before-transfer")
        self._record(self.PerformanceAnalysisDone, by, conclusion=conclusion)

    def record_inspection_finding(
        self, by: By, *, kind: FindingKind, person_id: UUID | None, summary: str
    ) -> None:
        """Record what an inspection found about the unit, or about one person in it."""
        by = told_after(by, self.transferred_at, "told-before-transfer")
        self._record(
            self.InspectionFindingRecorded, by, kind=kind, person_id=person_id, summary=summary
        )

    def withdraw_escalation(self, by: By, *, petition_id: UUID, petition_round: int) -> None:
        """Count no more what was a mistake; what was carried out because of it stands."""
        for step in self.counting():
            if (
                isinstance(step, self.EscalationCounted | self.SelfEscalationCounted)
                and (step.petition_id, step.petition_round) == (petition_id, petition_round)
                and not self.resting_on(step)
            ):
                self.take_back(by, version=step.originator_version)
                return

    def reverse_step(self, by: By, *, version: int) -> None:
        """Take a step back that was a mistake, by whoever may take it, with a second person."""
        self.take_back(by_two(own_step(by, self.step_at(version))), version=version)

    def hold_talk(self, by: By, *, convener_id: UUID, conclusion: str) -> None:
        """Record a talk; there must be a finding that no talk was held about yet."""
        if self.findings_open_count == 0:
            by = by.refuse(TalkWithoutFinding())
        by = told_after(by, self.found_at, "told-before-finding")
        self._record(self.TalkHeld, by, convener_id=convener_id, conclusion=conclusion)
