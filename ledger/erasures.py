"""Erasures 个人信息删除: asked for, decided by the data protection officer, carried out, receipted.

    requested ─► approved ─► carried out (keys destroyed, receipt in the person's stream)
        │  ▲  └► refused
        ▼  │
     restricted (a legal hold: kept and protected, used for nothing) ─► approved or refused later

Whoever asks does not decide, and nobody decides about their own data. Every decision
says why. What an erasure destroys is what makes sealed data readable; entries,
commitments and proofs stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.clock import moment_missed
from ledger.core.errors import RuleViolated
from ledger.core.guards import apart, persons

# Rules: what an erasure refuses ----------------------------------------------------------


class ErasureDecided(RuleViolated):
    """This request was decided already, or is not at the point for this step.

    该申请已作出决定，或不在可进行此步骤的阶段。
    """


class AnswerNotOverdue(RuleViolated):
    """The answer to this request is not overdue, or that it is was recorded.

    该申请的答复尚未逾期，或逾期已经记录。
    """


class NotTheRequester(RuleViolated):
    """Only who asked for the erasure can withdraw the request.

    只有申请人本人可以撤回删除申请。
    """


class Stage(StrEnum):
    """Where a request stands."""

    REQUESTED = "requested"
    RESTRICTED = "restricted"
    APPROVED = "approved"
    REFUSED = "refused"
    CARRIED_OUT = "carried_out"
    WITHDRAWN = "withdrawn"


UNDECIDED = frozenset({Stage.REQUESTED, Stage.RESTRICTED})


class Erasure(core.Aggregate):
    """One request to erase what is sealed about one person."""

    TOPIC = "erasure"

    # Events: what can happen to a request -----------------------------------------------

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of an erasure."""

    @dataclass(frozen=True, kw_only=True)
    class Requested(Event, core.Created):
        """A person, or somebody on their behalf, asks that their data be erased.

        Without ``record_ids`` everything is meant. The answer is due on ``due_on``.
        """

        TOPIC = "erasure.requested.v1"

        subject_id: UUID
        record_ids: tuple[UUID, ...]
        ground: str
        due_on: date
        is_provisional: bool

    @dataclass(frozen=True, kw_only=True)
    class Approved(Event):
        """The data protection officer ordered the destruction of these slots, with the reason."""

        TOPIC = "erasure.approved.v1"

        slot_ids: tuple[UUID, ...]
        backups_expire_on: date

        def apply(self, erasure: Erasure) -> None:
            erasure.stage = Stage.APPROVED
            erasure.answered_at = erasure.answered_at or self.timestamp
            erasure.slot_ids = self.slot_ids
            erasure.approved_by = self.by.actor_id
            erasure.backups_expire_on = self.backups_expire_on
            erasure.approval_reason = self.by.reason

    @dataclass(frozen=True, kw_only=True)
    class Restricted(Event):
        """A legal hold forbids erasing for now: the data is kept and used for nothing."""

        TOPIC = "erasure.restricted.v1"

        hold: str

        def apply(self, erasure: Erasure) -> None:
            erasure.stage = Stage.RESTRICTED
            erasure.answered_at = erasure.answered_at or self.timestamp

    @dataclass(frozen=True, kw_only=True)
    class Refused(Event):
        """The data protection officer refused the request; the reason says why."""

        TOPIC = "erasure.refused.v1"

        def apply(self, erasure: Erasure) -> None:
            erasure.stage = Stage.REFUSED
            erasure.answered_at = erasure.answered_at or self.timestamp

    @dataclass(frozen=True, kw_only=True)
    class CarriedOut(Event):
        """Keys, sealed values and blind indexes were destroyed; the receipt is with the person."""

        TOPIC = "erasure.carried_out.v1"

        slots_count: int

        def apply(self, erasure: Erasure) -> None:
            erasure.stage = Stage.CARRIED_OUT

    @dataclass(frozen=True, kw_only=True)
    class Withdrawn(Event):
        """Who asked for the erasure took the request back."""

        TOPIC = "erasure.withdrawn.v1"

        def apply(self, erasure: Erasure) -> None:
            erasure.stage = Stage.WITHDRAWN
            erasure.answered_at = erasure.answered_at or self.timestamp

    @dataclass(frozen=True, kw_only=True)
    class AnswerOverdue(Event):
        """Nobody had decided the request, nor was it taken back, when ``due_on`` was over."""

        TOPIC = "erasure.answer_overdue.v1"

        due_on: date

        def apply(self, erasure: Erasure) -> None:
            erasure.is_answer_overdue = True

    # State: what we remember of it, starting from ``Requested`` -------------------------

    def __init__(  # noqa: PLR0913
        self,
        *,
        by: By,
        subject_id: UUID,
        record_ids: tuple[UUID, ...],
        ground: str,
        due_on: date,
        is_provisional: bool,
    ) -> None:
        self.subject_id = subject_id
        self.record_ids = record_ids
        self.ground = ground
        self.due_on = due_on
        self.is_provisional = is_provisional
        self.stage = Stage.REQUESTED
        self.requested_by = persons(by)
        self.slot_ids: tuple[UUID, ...] = ()
        self.approved_by: UUID | None = None
        self.approval_reason = ""
        self.backups_expire_on: date | None = None
        self.answered_at: datetime | None = None
        self.is_answer_overdue = False

    # Questions --------------------------------------------------------------------------

    @property
    def answer_late_on(self) -> date | None:
        """The due day, unless it was kept or that it was not is recorded already."""
        if self.is_answer_overdue:
            return None
        is_kept = self.answered_at is not None and self.answered_at < moment_missed(self.due_on)
        return None if is_kept else self.due_on

    # Commands: what you may ask for -----------------------------------------------------

    @classmethod
    def request(  # noqa: PLR0913
        cls,
        by: By,
        *,
        subject_id: UUID,
        record_ids: tuple[UUID, ...],
        ground: str,
        due_on: date,
        is_provisional: bool,
    ) -> Erasure:
        """Ask for the erasure of a person's data, or of what some records hold of it."""
        return cls._begin(
            cls.Requested,
            by,
            subject_id=subject_id,
            record_ids=record_ids,
            ground=ground,
            due_on=due_on,
            is_provisional=is_provisional,
        )

    def approve(self, by: By, *, slot_ids: tuple[UUID, ...], backups_expire_on: date) -> None:
        """Order the destruction, giving the reason."""
        by = self._guard_decision(by, "approve-erasure")
        self._record(self.Approved, by, slot_ids=slot_ids, backups_expire_on=backups_expire_on)

    def restrict(self, by: By, *, hold: str) -> None:
        """Keep the data under a legal hold, giving the reason."""
        if self.stage is Stage.RESTRICTED:
            raise ErasureDecided(stage=self.stage)
        self._record(self.Restricted, self._guard_decision(by, "restrict-erasure"), hold=hold)

    def refuse(self, by: By) -> None:
        """Refuse the request, giving the reason."""
        self._record(self.Refused, self._guard_decision(by, "refuse-erasure"))

    def miss_answer(self, by: By) -> None:
        """Record that the request was not answered in time."""
        if moment_missed(self.due_on) > by.at or self.answer_late_on is None:
            raise AnswerNotOverdue(due_on=self.due_on.isoformat())
        self._record(self.AnswerOverdue, by, due_on=self.due_on)

    def withdraw(self, by: By) -> None:
        """Take the request back, before it is decided."""
        if self.stage not in UNDECIDED:
            raise ErasureDecided(stage=self.stage)
        if persons(by).isdisjoint({*self.requested_by, self.subject_id}):
            raise NotTheRequester()
        self._record(self.Withdrawn, by)

    def carry_out(self, by: By) -> None:
        """Record that what was approved is destroyed."""
        if self.stage is not Stage.APPROVED:
            raise ErasureDecided(stage=self.stage)
        self._record(self.CarriedOut, by, slots_count=len(self.slot_ids))

    def _guard_decision(self, by: By, step: str) -> By:
        if self.stage not in UNDECIDED:
            raise ErasureDecided(stage=self.stage)
        asked = self.requested_by | {self.subject_id}
        return apart(by, step, {"request-erasure": asked}).with_reason()
