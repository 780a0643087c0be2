"""What the ledger remembers of a petition, and the guards that every step shares.

A clock that stops after its day has passed is kept in ``late_clocks`` until the
miss is recorded: whoever acts a minute before the reaction does cannot make a
missed deadline disappear.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core import reversing
from ledger.core.aggregate import By
from ledger.core.clock import end_of_day, local_day
from ledger.core.values import derived_id
from ledger.petitions.errors import PetitionNotOpen, StepOutOfOrder
from ledger.petitions.words import OPEN_STAGES, ClockName, Deadline, Level, Stage, Visit

ANSWER_CLOCKS = (ClockName.HANDLING, ClockName.EXTENSION)
"""The clocks that an answer stops."""


@dataclass(slots=True)
class Whistle:
    """What a called department has done so far."""

    called_at: datetime | None = None
    has_reported_in: bool = False
    has_answered: bool = False


@dataclass(frozen=True, kw_only=True)
class PetitionEvent(core.Event):
    """Any event of a petition."""


class PetitionFile(reversing.Reversible):
    """The state of a petition, starting from its filing."""

    def __init__(  # noqa: PLR0913
        self,
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
    ) -> None:
        self.channel = channel
        self.procedure = procedure
        self.category = category
        self.item = item
        self.title = title
        self.summary = summary
        self.place = place
        self.community_id = community_id
        self.estate_id = estate_id
        self.petitioner_id = petitioner_id
        self.petitioner_ids = {petitioner_id}
        self.received_by_id = received_by_id
        self.reference = reference
        self.stage = Stage.FILED
        self.round = 1
        self.holder_id = received_by_id
        self.handler_ids: set[UUID] = set()
        self.co_unit_ids: tuple[UUID, ...] = ()
        self.dispatched_on: date | None = None
        self.disputed_by: frozenset[UUID] = frozenset()
        self.whistles: dict[UUID, Whistle] = {}
        self.obligor_ids: set[UUID] = set()
        self.claimed_at: dict[UUID, datetime] = {}
        self.answered_at: datetime | None = None
        self.escalated_at: datetime | None = None
        self.ordered_at: datetime | None = None
        self.obligor_spends: dict[int, int] = {}
        self.extensions_count = 0
        self.extension_asked: Deadline | None = None
        self.extension_asked_by: frozenset[UUID] = frozenset()
        self.visit: Visit | None = None
        self.closed_on: date | None = None
        self.level = Level.COMMUNITY
        self.levels_reached = {Level.COMMUNITY}
        self.supervised_unit_id: UUID | None = None
        self.merged_into_id: UUID | None = None
        self.absorbed_ids: tuple[UUID, ...] = ()
        self.clocks = deadlines
        self.late_clocks: tuple[Deadline, ...] = ()

    @staticmethod
    def create_id(*_: object, channel: object = "", reference: object = "", **__: object) -> UUID:
        """Return the petition's id: the same reference of a channel is the same petition."""
        if not reference:
            return core.Aggregate.create_id()
        return derived_id("petition", f"{channel}:{reference}")

    # Questions --------------------------------------------------------------------------

    @property
    def handlers(self) -> frozenset[UUID]:
        """Everybody who handled it: who did, for whom, and whom it was given to."""
        return frozenset(self.handler_ids)

    @property
    def acting_units(self) -> tuple[UUID, ...]:
        """Which units may do something about it: who holds it, helps, was called or claimed it."""
        helping = (*self.co_unit_ids, *self.whistles, *self.obligor_ids)
        return tuple(dict.fromkeys((self.holder_id, *helping)))

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.stage in OPEN_STAGES

    @property
    def is_solved(self) -> bool:
        """Whether it is closed and the petitioner said that the matter is resolved."""
        return self.stage == Stage.CLOSED and bool(self.visit and self.visit.is_resolved)

    @property
    def obligor_spent_fen(self) -> int:
        """What companies reported to have spent of their own money, in fen."""
        return sum(self.obligor_spends.values())

    def answer_clock(self) -> Deadline | None:
        """Return the running clock for the answer, if any."""
        running = [clock for clock in self.clocks if clock.clock in ANSWER_CLOCKS]
        return running[-1] if running else None

    def overdue_clocks(self, at: datetime) -> tuple[Deadline, ...]:
        """Return the deadlines missed by a moment and not recorded as missed, oldest first."""
        ran_out = [clock for clock in self.clocks if at >= end_of_day(clock.due_on)]
        return tuple(sorted([*self.late_clocks, *ran_out], key=lambda clock: clock.due_on))

    # Guards -----------------------------------------------------------------------------

    def _guard_open(self, by: By) -> By:
        return by if self.is_open else by.refuse(PetitionNotOpen(stage=self.stage))

    def _guard_stage(self, by: By, step: str, *stages: Stage) -> By:
        if self.stage in stages:
            return by
        if not self.is_open:
            return by.refuse(PetitionNotOpen(stage=self.stage))
        return by.refuse(StepOutOfOrder(step=step, stage=self.stage))

    # Clocks, moved by events ------------------------------------------------------------

    def _start_clocks(self, deadlines: tuple[Deadline, ...]) -> None:
        self.clocks += deadlines

    def _stop_clocks(self, at: datetime, *names: ClockName, holder_id: UUID | None = None) -> None:
        """Stop clocks by name (all, if none is named), of one holder if one is given."""
        stopped = [
            clock
            for clock in self.clocks
            if (not names or clock.clock in names) and holder_id in (None, clock.holder_id)
        ]
        self.clocks = tuple(clock for clock in self.clocks if clock not in stopped)
        self.late_clocks += tuple(clock for clock in stopped if local_day(at) > clock.due_on)

    def _forget_clock(self, clock: ClockName, holder_id: UUID, due_on: date) -> None:
        """Take one clock off the books after its miss was recorded."""

        self.late_clocks, was_late = _without(self.late_clocks, clock, holder_id, due_on)
        if not was_late:
            self.clocks, _ = _without(self.clocks, clock, holder_id, due_on)


def _without(
    clocks: tuple[Deadline, ...], name: ClockName, holder_id: UUID, due_on: date
) -> tuple[tuple[Deadline, ...], bool]:
    for index, clock in enumerate(clocks):
        if (clock.clock, clock.holder_id, clock.due_on) == (name, holder_id, due_on):
            return clocks[:index] + clocks[index + 1 :], True
    return clocks, False
