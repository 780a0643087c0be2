"""A finding: one problem on an estate, from the reminder to its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core import reversing
from ledger.core.aggregate import By
from ledger.core.clock import end_of_day, local_day
from ledger.core.guards import by_two, told_after
from ledger.core.reversing import own_step
from ledger.findings.errors import (
    CheckerIsCompany,
    EstateNotSupervised,
    FindingNotReminded,
    FindingSettled,
    RectificationNotOverdue,
    ReminderFinal,
    ScoreIsZero,
    SolvedAfterReminder,
)


class FindingSource(StrEnum):
    """How the supervisor came to know."""

    GROUP_CHAT = "group_chat"
    OPEN_VISIT = "open_visit"
    UNANNOUNCED_VISIT = "unannounced_visit"


class FindingStage(StrEnum):
    """Where a finding stands."""

    RAISED = "raised"
    REMINDED = "reminded"
    UNRECTIFIED = "unrectified"
    RECTIFIED = "rectified"
    SOLVED_ON_THE_SPOT = "solved_on_the_spot"
    WITHDRAWN = "withdrawn"


SETTLED = frozenset(
    {FindingStage.RECTIFIED, FindingStage.SOLVED_ON_THE_SPOT, FindingStage.WITHDRAWN}
)
"""The stages after which nothing more is expected of the company."""


class Finding(reversing.Reversible):
    """One problem that a supervisor found on an estate."""

    TOPIC = "finding"

    # Events: what can happen ------------------------------------------------------------

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of a finding."""

    @dataclass(frozen=True, kw_only=True)
    class Raised(Event, core.Created):
        """A supervisor found a problem; photographs and messages are the event's evidence."""

        TOPIC = "finding.raised.v1"

        supervisor_id: UUID
        estate_id: UUID
        company_id: UUID
        source: FindingSource
        category: str
        item: str
        summary: str
        place: str

    @dataclass(frozen=True, kw_only=True)
    class StepReversed(Event, reversing.StepReversed):
        """A step of a finding was a mistake; it and what followed from it count no more."""

        TOPIC = "finding.step_reversed.v1"

    @dataclass(frozen=True, kw_only=True)
    class CompanyReminded(Event):
        """The company was told to put it right by the end of ``due_on``; it may be told again."""

        TOPIC = "finding.company_reminded.v1"

        company_id: UUID
        due_on: date
        is_provisional: bool

        def apply(self, finding: Finding) -> None:
            finding.stage = FindingStage.REMINDED
            finding._stop_clock(self.timestamp)
            finding.due_on = self.due_on
            finding.is_provisional = self.is_provisional
            finding.reminders_count += 1
            finding.reminded_at = self.timestamp

    @dataclass(frozen=True, kw_only=True)
    class SolvedOnTheSpot(Event):
        """The problem was put right at once, without a reminder."""

        TOPIC = "finding.solved_on_the_spot.v1"

        summary: str

        def apply(self, finding: Finding) -> None:
            finding.stage = FindingStage.SOLVED_ON_THE_SPOT

    @dataclass(frozen=True, kw_only=True)
    class Rectified(Event):
        """Somebody who is not of the company saw that the problem was put right."""

        TOPIC = "finding.rectified.v1"

        summary: str

        def apply(self, finding: Finding) -> None:
            finding.stage = FindingStage.RECTIFIED
            finding._stop_clock(self.timestamp)

    @dataclass(frozen=True, kw_only=True)
    class FoundUnrectified(Event):
        """Somebody looked again and saw that the company had not put it right."""

        TOPIC = "finding.found_unrectified.v1"

        summary: str

        def apply(self, finding: Finding) -> None:
            finding.stage = FindingStage.UNRECTIFIED

    @dataclass(frozen=True, kw_only=True)
    class RectificationMissed(Event):
        """The company's time to put it right passed."""

        TOPIC = "finding.rectification_missed.v1"
        STANDS = "a recorded miss stays; a late fact stands beside it with its true day"

        company_id: UUID
        due_on: date
        is_provisional: bool

        def apply(self, finding: Finding) -> None:
            if finding.late:
                finding.late = finding.late[1:]
            else:
                finding.due_on = None
                finding.stage = FindingStage.UNRECTIFIED

    @dataclass(frozen=True, kw_only=True)
    class DeadlineRecounted(Event):
        """Working days were announced, so the company's provisional day was counted again."""

        TOPIC = "finding.deadline_recounted.v1"
        STANDS = "it is counted again when the calendar changes"

        old_due_on: date
        due_on: date
        is_provisional: bool

        def apply(self, finding: Finding) -> None:
            finding.due_on = self.due_on
            finding.is_provisional = self.is_provisional

    @dataclass(frozen=True, kw_only=True)
    class CompanyTalkHeld(Event):
        """The company was called to a talk about this finding."""

        TOPIC = "finding.company_talk_held.v1"
        RESTS_ON_NOTHING = True

        company_id: UUID
        convener_id: UUID
        conclusion: str

        def apply(self, finding: Finding) -> None:
            finding.talks_count += 1

    @dataclass(frozen=True, kw_only=True)
    class AssessmentScoreNoted(Event):
        """The finding counts in the company's assessment; negative ``points`` count against it."""

        TOPIC = "finding.assessment_score_noted.v1"
        RESTS_ON_NOTHING = True

        company_id: UUID
        points: int

        def apply(self, finding: Finding) -> None:
            finding.assessment_points += self.points

    @dataclass(frozen=True, kw_only=True)
    class Withdrawn(Event):
        """The finding was a mistake; the reason says which."""

        TOPIC = "finding.withdrawn.v1"

        def apply(self, finding: Finding) -> None:
            finding.stage = FindingStage.WITHDRAWN
            finding._stop_clock(self.timestamp)

    # State: what we remember of it ------------------------------------------------------

    def __init__(  # noqa: PLR0913
        self,
        *,
        supervisor_id: UUID,
        estate_id: UUID,
        company_id: UUID,
        source: FindingSource,
        category: str,
        item: str,
        summary: str,
        place: str,
    ) -> None:
        self.supervisor_id = supervisor_id
        self.estate_id = estate_id
        self.company_id = company_id
        self.source = source
        self.category = category
        self.item = item
        self.summary = summary
        self.place = place
        self.stage = FindingStage.RAISED
        self.due_on: date | None = None
        self.is_provisional = False
        self.late: tuple[tuple[date, bool], ...] = ()
        self.reminders_count = 0
        self.reminded_at: datetime | None = None
        self.talks_count = 0
        self.assessment_points = 0

    def _stop_clock(self, at: datetime) -> None:
        """Stop the company's clock; a day already passed stays to be recorded as missed."""
        if self.due_on is not None and local_day(at) > self.due_on:
            self.late += ((self.due_on, self.is_provisional),)
        self.due_on = None

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is expected of the company."""
        return self.stage in SETTLED

    @property
    def is_unrectified(self) -> bool:
        """Whether the company was reminded and did not put it right: a cause for a draw-down."""
        return self.stage == FindingStage.UNRECTIFIED

    def overdue(self, at: datetime) -> tuple[date, bool] | None:
        """Return the missed day that is not recorded yet, and whether it was provisional."""
        if self.late:
            return self.late[0]
        if self.due_on is not None and at >= end_of_day(self.due_on):
            return self.due_on, self.is_provisional
        return None

    # Commands: what you may ask for -----------------------------------------------------

    @classmethod
    def raise_finding(  # noqa: PLR0913
        cls,
        by: By,
        *,
        supervisor_id: UUID,
        supervises_estate: bool,
        estate_id: UUID,
        company_id: UUID,
        source: FindingSource,
        category: str,
        item: str,
        summary: str,
        place: str,
    ) -> Finding:
        """Record a problem on an estate that the supervisor watches over."""
        if not supervises_estate:
            by = by.refuse(EstateNotSupervised(estate_id=str(estate_id)))
        return cls._begin(
            cls.Raised,
            by,
            supervisor_id=supervisor_id,
            estate_id=estate_id,
            company_id=company_id,
            source=source,
            category=category,
            item=item,
            summary=summary,
            place=place,
        )

    def remind_company(self, by: By, *, due_on: date, is_provisional: bool) -> None:
        """Tell the company by when to put it right."""
        by = self._guard_unsettled(by)
        self._record(
            self.CompanyReminded,
            by,
            company_id=self.company_id,
            due_on=due_on,
            is_provisional=is_provisional,
        )

    def solve_on_the_spot(self, by: By, *, summary: str) -> None:
        """Record that it was put right at once."""
        by = self._guard_unsettled(by)
        if self.reminders_count:
            by = by.refuse(SolvedAfterReminder(reminders_count=self.reminders_count))
        self._record(self.SolvedOnTheSpot, by, summary=summary)

    def rectify(self, by: By, *, summary: str) -> None:
        """Record that it was put right, as seen by somebody who is not of the company."""
        by = self._guard_checker(self._guard_reminded(by))
        self._record(self.Rectified, by, summary=summary)

    def find_unrectified(self, by: By, *, summary: str) -> None:
        """Record that it was not put right, as seen by somebody who is not of the company."""
        by = self._guard_checker(self._guard_reminded(by))
        self._record(self.FoundUnrectified, by, summary=summary)

    def miss_rectification(self, by: By) -> None:
        """Record, once for each reminder, that its day passed; refuses while it lasts."""
        overdue = self.overdue(by.at)
        if overdue is None:
            raise RectificationNotOverdue()
        due_on, is_provisional = overdue
        self._record(
            self.RectificationMissed,
            by,
            company_id=self.company_id,
            due_on=due_on,
            is_provisional=is_provisional,
        )

    def recount_deadline(self, by: By, *, due_on: date, is_provisional: bool) -> None:
        """Replace the running provisional day by the same one counted again."""
        if self.due_on is None or not self.is_provisional:
            raise ReminderFinal()
        self._record(
            self.DeadlineRecounted,
            by,
            old_due_on=self.due_on,
            due_on=due_on,
            is_provisional=is_provisional,
        )

    def hold_company_talk(self, by: By, *, convener_id: UUID, conclusion: str) -> None:
        """Record a talk with the company; it must have been reminded before."""
        if not self.reminders_count:
            by = by.refuse(FindingNotReminded())
        by = told_after(by, self.reminded_at, "told-before-reminder")
        self._record(
            self.CompanyTalkHeld,
            by,
            company_id=self.company_id,
            convener_id=convener_id,
            conclusion=conclusion,
        )

    def note_assessment_score(self, by: By, *, points: int) -> None:
        """Record what the finding counts in the company's assessment."""
        if points == 0:
            raise ScoreIsZero()
        self._record(self.AssessmentScoreNoted, by, company_id=self.company_id, points=points)

    def withdraw(self, by: By) -> None:
        """Take the finding back, with a reason."""
        self._record(self.Withdrawn, self._guard_unsettled(by).with_reason())

    def reverse_step(self, by: By, *, version: int) -> None:
        """Take a mistake back, by whoever may take the step; a check takes two persons."""
        step = self.step_at(version)
        by = own_step(by, step)
        if isinstance(step, self.Rectified | self.FoundUnrectified):
            by = by_two(by)
        self.take_back(by, version=version)

    def _guard_unsettled(self, by: By) -> By:
        return by.refuse(FindingSettled(stage=self.stage)) if self.is_settled else by

    def _guard_reminded(self, by: By) -> By:
        by = self._guard_unsettled(by)
        by = by if self.reminders_count else by.refuse(FindingNotReminded())
        return told_after(by, self.reminded_at, "told-before-reminder")

    def _guard_checker(self, by: By) -> By:
        if by.organisation_id == self.company_id:
            return by.refuse(CheckerIsCompany(company_id=str(self.company_id)))
        return by
