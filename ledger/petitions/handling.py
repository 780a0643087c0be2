"""Handling: departments are called, sides meet, an obligor claims, action and answer follow."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ledger.core.aggregate import By
from ledger.core.errors import AmountNotPositive
from ledger.core.guards import persons, told_after
from ledger.core.reversing import own_step
from ledger.petitions.errors import (
    AlreadyClaimed,
    AssessorIsAssessed,
    DepartmentAlreadyCalled,
    DepartmentAlreadyReportedIn,
    DepartmentNotAnswered,
    DepartmentNotCalled,
    DepartmentNotReportedIn,
    DepartmentsMissing,
    ObligorHasNotClaimed,
    ObligorSpendTooLarge,
    QuorumMissing,
    SpendUnknown,
    WrongLeader,
)
from ledger.petitions.file import ANSWER_CLOCKS, PetitionEvent, PetitionFile, Whistle
from ledger.petitions.words import ClockName, Deadline, MeetingOutcome, Outcome, Side, Stage


@dataclass(frozen=True, kw_only=True)
class WhistleBlown(PetitionEvent):
    """The holder called departments, which must report in by their deadlines."""

    TOPIC = "petition.whistle_blown.v1"

    department_ids: tuple[UUID, ...]
    deadlines: tuple[Deadline, ...]

    def apply(self, petition: PetitionFile) -> None:
        for department_id in self.department_ids:
            petition.whistles[department_id] = Whistle(called_at=self.timestamp)
        petition._start_clocks(self.deadlines)


@dataclass(frozen=True, kw_only=True)
class DepartmentReportedIn(PetitionEvent):
    """A called department came; if it was late, ``petition.deadline_missed.v1`` says so."""

    TOPIC = "petition.department_reported_in.v1"

    department_id: UUID

    def apply(self, petition: PetitionFile) -> None:
        petition.whistles.setdefault(self.department_id, Whistle()).has_reported_in = True
        petition._stop_clocks(self.timestamp, ClockName.WHISTLE, holder_id=self.department_id)


@dataclass(frozen=True, kw_only=True)
class DepartmentAnswered(PetitionEvent):
    """A called department said what it did or will do."""

    TOPIC = "petition.department_answered.v1"

    department_id: UUID
    summary: str

    def apply(self, petition: PetitionFile) -> None:
        petition.whistles.setdefault(self.department_id, Whistle()).has_answered = True


@dataclass(frozen=True, kw_only=True)
class DepartmentAssessed(PetitionEvent):
    """Those who called a department said whether it came in time to help, and did help."""

    TOPIC = "petition.department_assessed.v1"
    RESTS_ON_NOTHING = True

    department_id: UUID
    is_prompt: bool
    is_effective: bool


@dataclass(frozen=True, kw_only=True)
class FourPartyMeetingHeld(PetitionEvent):
    """The estate's monthly meeting of four sides dealt with this petition.

    One meeting deals with many petitions: ``meeting_id`` is the same on all of them.
    """

    TOPIC = "petition.four_party_meeting_held.v1"
    RESTS_ON_NOTHING = True

    meeting_id: UUID
    sides: tuple[Side, ...]
    led_by: Side
    outcome: MeetingOutcome


@dataclass(frozen=True, kw_only=True)
class ResponsibilityClaimed(PetitionEvent):
    """A company said on the spot that the matter is its own duty.

    A petition that no unit had yet goes to the company, as sent and accepted.
    """

    TOPIC = "petition.responsibility_claimed.v1"

    company_id: UUID
    deadlines: tuple[Deadline, ...]

    def apply(self, petition: PetitionFile) -> None:
        petition.obligor_ids.add(self.company_id)
        petition.claimed_at[self.company_id] = self.timestamp
        if petition.stage == Stage.FILED:
            petition.stage = Stage.ACCEPTED
            petition.holder_id = self.company_id
            petition._stop_clocks(self.timestamp, ClockName.ROUTING)
        petition._start_clocks(self.deadlines)


@dataclass(frozen=True, kw_only=True)
class ObligorSpendReported(PetitionEvent):
    """A company reported what it spent of its own money; never money of the public or of owners."""

    TOPIC = "petition.obligor_spend_reported.v1"
    STANDS = "reverse_obligor_spend"

    payer_id: UUID
    amount_fen: int
    purpose: str

    def apply(self, petition: PetitionFile) -> None:
        petition.obligor_spends[self.originator_version] = self.amount_fen


@dataclass(frozen=True, kw_only=True)
class ObligorSpendReversed(PetitionEvent):
    """A report of spending was wrong; ``version_reversed`` is its version in this stream."""

    TOPIC = "petition.obligor_spend_reversed.v1"
    STANDS = "the spending is reported anew"

    version_reversed: int
    amount_fen: int

    def apply(self, petition: PetitionFile) -> None:
        petition.obligor_spends.pop(self.version_reversed, None)


@dataclass(frozen=True, kw_only=True)
class ActionTaken(PetitionEvent):
    """Something was done about the matter."""

    TOPIC = "petition.action_taken.v1"
    RESTS_ON_NOTHING = True

    summary: str

    def apply(self, petition: PetitionFile) -> None:
        petition.handler_ids |= persons(self.by)


@dataclass(frozen=True, kw_only=True)
class Answered(PetitionEvent):
    """The petitioner was told what came of it; asking them back is due next."""

    TOPIC = "petition.answered.v1"

    outcome: Outcome
    summary: str
    deadlines: tuple[Deadline, ...]

    def apply(self, petition: PetitionFile) -> None:
        petition.stage = Stage.ANSWERED
        petition.answered_at = self.timestamp
        petition.handler_ids |= persons(self.by)
        petition.extension_asked = None
        petition.extension_asked_by = frozenset()
        petition._stop_clocks(self.timestamp, *ANSWER_CLOCKS)
        petition._start_clocks(self.deadlines)


class Handling(PetitionFile):
    """The steps that deal with the matter itself."""

    def blow_whistle(
        self, by: By, *, department_ids: tuple[UUID, ...], deadlines: tuple[Deadline, ...]
    ) -> None:
        """Call departments to come and help; each is called once."""
        by = self._guard_stage(by, "blow-whistle", Stage.ACCEPTED)
        if not department_ids:
            raise DepartmentsMissing()
        for department_id in department_ids:
            if department_id in self.whistles:
                by = by.refuse(DepartmentAlreadyCalled(department_id=str(department_id)))
        self._record(WhistleBlown, by, department_ids=department_ids, deadlines=deadlines)

    def report_in(self, by: By, *, department_id: UUID) -> None:
        """Record that a called department came."""
        by, whistle = self._guard_called(by, department_id)
        if whistle.has_reported_in:
            by = by.refuse(DepartmentAlreadyReportedIn(department_id=str(department_id)))
        by = told_after(by, whistle.called_at, "told-before-whistle")
        self._record(DepartmentReportedIn, by, department_id=department_id)

    def answer_for_department(self, by: By, *, department_id: UUID, summary: str) -> None:
        """Record a called department's answer, once it has reported in."""
        by, whistle = self._guard_called(by, department_id)
        if not whistle.has_reported_in:
            by = by.refuse(DepartmentNotReportedIn(department_id=str(department_id)))
        self._record(DepartmentAnswered, by, department_id=department_id, summary=summary)

    def assess_department(
        self, by: By, *, department_id: UUID, is_prompt: bool, is_effective: bool
    ) -> None:
        """Record how the callers judge a department's answer; not by its own people."""
        whistle = self.whistles.get(department_id)
        if whistle is None:
            by = by.refuse(DepartmentNotCalled(department_id=str(department_id)))
        elif not whistle.has_answered:
            by = by.refuse(DepartmentNotAnswered(department_id=str(department_id)))
        if by.organisation_id == department_id:
            by = by.refuse(AssessorIsAssessed(department_id=str(department_id)))
        self._record(
            DepartmentAssessed,
            by,
            department_id=department_id,
            is_prompt=is_prompt,
            is_effective=is_effective,
        )

    def hold_four_party_meeting(  # noqa: PLR0913
        self,
        by: By,
        *,
        meeting_id: UUID,
        sides: tuple[Side, ...],
        led_by: Side,
        outcome: MeetingOutcome,
        members: tuple[str, ...],
        quorum: int,
        leader: str,
    ) -> None:
        """Record a meeting: ``quorum`` of its ``members`` sides came and ``leader`` led it."""
        by = self._guard_open(by)
        present = len({side for side in sides if side in members})
        if present < quorum:
            by = by.refuse(QuorumMissing(present=present, quorum=quorum))
        if led_by != leader or led_by not in sides:
            by = by.refuse(WrongLeader(led_by=led_by, leader=leader))
        self._record(
            FourPartyMeetingHeld,
            by,
            meeting_id=meeting_id,
            sides=sides,
            led_by=led_by,
            outcome=outcome,
        )

    def claim(self, by: By, *, company_id: UUID, deadlines: tuple[Deadline, ...]) -> None:
        """Record that a company takes the matter as its own duty.

        ``deadlines`` start only for a petition that no unit had yet.
        """
        by = self._guard_open(by)
        if company_id in self.obligor_ids:
            by = by.refuse(AlreadyClaimed(company_id=str(company_id)))
        if self.stage != Stage.FILED:
            deadlines = ()
        self._record(ResponsibilityClaimed, by, company_id=company_id, deadlines=deadlines)

    def report_obligor_spend(
        self, by: By, *, payer_id: UUID, amount_fen: int, purpose: str, max_fen: int
    ) -> None:
        """Record what a company that claimed the matter spent itself, in fen.

        ``max_fen`` is the most that the policy takes in one report.
        """
        if amount_fen <= 0:
            raise AmountNotPositive(amount_fen=amount_fen)
        if amount_fen > max_fen:
            by = by.refuse(ObligorSpendTooLarge(amount_fen=amount_fen, max_fen=max_fen))
        if payer_id not in self.obligor_ids:
            by = by.refuse(ObligorHasNotClaimed(company_id=str(payer_id)))
        by = told_after(by, self.claimed_at.get(payer_id), "told-before-claim")
        self._record(
            ObligorSpendReported, by, payer_id=payer_id, amount_fen=amount_fen, purpose=purpose
        )

    def reverse_obligor_spend(self, by: By, *, version_reversed: int) -> None:
        """Take a wrong report of spending back, with a reason: who made it may do so."""
        by = by.with_reason()
        if version_reversed not in self.obligor_spends:
            raise SpendUnknown(version=version_reversed)
        by = own_step(by, self.step_of(version_reversed))
        self._record(
            ObligorSpendReversed,
            by,
            version_reversed=version_reversed,
            amount_fen=self.obligor_spends[version_reversed],
        )

    def take_action(self, by: By, *, summary: str) -> None:
        """Record what was done."""
        by = self._guard_stage(by, "take-action", Stage.ACCEPTED)
        self._record(ActionTaken, by, summary=summary)

    def answer(
        self, by: By, *, outcome: Outcome, summary: str, deadlines: tuple[Deadline, ...]
    ) -> None:
        """Tell the petitioner; an undecided request for extension lapses."""
        by = self._guard_stage(by, "answer", Stage.ACCEPTED)
        self._record(Answered, by, outcome=outcome, summary=summary, deadlines=deadlines)

    def _guard_called(self, by: By, department_id: UUID) -> tuple[By, Whistle]:
        by = self._guard_open(by)
        whistle = self.whistles.get(department_id)
        if whistle is None:
            by = by.refuse(DepartmentNotCalled(department_id=str(department_id)))
        return by, whistle or Whistle()
