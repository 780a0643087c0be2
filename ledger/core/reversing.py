"""Taking a step back by a new event, for any aggregate.

A mistake is never deleted. A ``StepReversed`` event names the versions of the steps that no
longer count, and the aggregate is as if they had not happened: it is folded again without
them. A reversal is not reversed: what was right after all is recorded anew. Steps that rest
on the one to be taken back are named, and go first.

    class Finding(Reversible):
        class StepReversed(Event, reversing.StepReversed):
            TOPIC = "finding.step_reversed.v1"

What an event says about this is in three class variables of its own:

* ``ABOUT``: the fields that say which part of the record it is about (one draw-down, one
  objection). Steps about different parts do not rest on one another; a step about no part
  concerns the whole record.
* ``RESTS_ON_NOTHING``: a note or document beside the others, which nothing rests on.
* ``STANDS``: why it is not taken back this way, and what puts it right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

from eventsourcing.utils import get_topic

from ledger.core.aggregate import Aggregate, By, Created, Event
from ledger.core.errors import (
    StepAlreadyReversed,
    StepOfOthers,
    StepsRestOnIt,
    StepStands,
    StepUnknown,
)

Part: TypeAlias = tuple[object, ...]

ITS_OWN = frozenset({"_id", "_version", "_created_on", "_modified_on", "_pending_events", "_steps"})
"""What belongs to the stream rather than to what its events say."""
REACTION = "reaction"


class Reversible(Aggregate):
    """An aggregate whose steps can be taken back; it remembers the events that count."""

    def __base_init__(
        self, originator_id: UUID, originator_version: int, timestamp: datetime
    ) -> None:
        super().__base_init__(originator_id, originator_version, timestamp)
        self._steps: list[Event] = []

    @property
    def steps(self) -> tuple[Event, ...]:
        """Every event so far, those that were taken back and those that took them back included."""
        return tuple(self._steps)

    def versions_reversed(self) -> frozenset[int]:
        """Return the versions of the steps that no longer count."""
        taken_back = (e.versions_reversed for e in self._steps if isinstance(e, StepReversed))
        return frozenset(version for versions in taken_back for version in versions)

    def counting(self) -> Iterator[Event]:
        """Yield the events that count, in order."""
        gone = self.versions_reversed()
        for event in self._steps:
            if event.originator_version not in gone and not isinstance(event, StepReversed):
                yield event

    def step_at(self, version: int) -> Event:
        """Return the step to be taken back.

        Refuses with ``StepUnknown``, ``StepAlreadyReversed``, and ``StepStands`` where its kind
        is put right in another way.
        """
        found = next((e for e in self._steps if e.originator_version == version), None)
        if found is None:
            raise StepUnknown(version=version)
        if version in self.versions_reversed():
            raise StepAlreadyReversed(version=version)
        if why := stands(type(found)):
            raise StepStands(step=get_topic(type(found)), instead=why)
        return found

    def step_of(self, version: int) -> Event:
        """Return the step of a version, whether it counts or not."""
        return next(event for event in self._steps if event.originator_version == version)

    def resting_on(self, step: Event) -> list[Event]:
        """Return the later steps of persons that rest on a step: they are taken back first."""
        return [later for later in self._after(step) if not follows_by_itself(later)]

    def taken_along(self, step: Event) -> list[Event]:
        """Return what time did because of a step, and what goes with it: missed deadlines."""
        return [later for later in self._after(step) if follows_by_itself(later)]

    def _after(self, step: Event) -> Iterator[Event]:
        about = part_of(step)
        for later in self.counting():
            if later.originator_version <= step.originator_version:
                continue
            if type(later).RESTS_ON_NOTHING or type(step).RESTS_ON_NOTHING:
                continue
            part = part_of(later)
            if not part or not about or not set(part).isdisjoint(about):
                yield later

    def take_back(self, by: By, *, version: int) -> Event:
        """Take one step back, giving the reason; return the step.

        Refuses with ``StepsRestOnIt`` while later steps rest on it. Who may do so is the
        caller's question.
        """
        by = by.with_reason()
        step = self.step_at(version)
        if resting := self.resting_on(step):
            named = ", ".join(f"{e.originator_version} {get_topic(type(e))}" for e in resting)
            raise StepsRestOnIt(version=version, first_reverse=named)
        along = (event.originator_version for event in self.taken_along(step))
        self._record(
            self.StepReversed,  # type: ignore[attr-defined]
            by,
            versions_reversed=(version, *along),
            step=get_topic(type(step)),
        )
        return step

    def _fold_again(self) -> None:
        """Become what the events that count add up to."""
        first, *rest = self.counting()
        fresh: Any = first.mutate(None)
        for event in rest:
            event.apply(fresh)
        kept = {name: value for name, value in vars(self).items() if name in ITS_OWN}
        vars(self).clear()
        vars(self).update({k: v for k, v in vars(fresh).items() if k not in ITS_OWN} | kept)


@dataclass(frozen=True, kw_only=True)
class StepReversed(Event):
    """A step was a mistake, for the reason given; it and what followed from it count no more.

    ``versions_reversed`` are versions in this stream, the step's own first; ``step`` is its topic.
    """

    STANDS: ClassVar[str] = "what was right after all is recorded anew"

    versions_reversed: tuple[int, ...]
    step: str

    def apply(self, aggregate: Any) -> None:
        """Fold the record again without the steps; never refuses."""
        aggregate._steps.append(self)
        aggregate._fold_again()
        aggregate._steps.pop()  # it is noted like every event, once it has been applied


def stands(event_type: type[Event]) -> str:
    """Return why events of a type are not taken back by ``take_back``, or nothing."""
    if issubclass(event_type, Created) and not event_type.STANDS:
        return "the record itself is closed, withdrawn or cancelled"
    return event_type.STANDS


def part_of(event: Event) -> Part:
    """Return which parts of its record an event is about."""
    parts: list[object] = []
    for name in type(event).ABOUT:
        value = getattr(event, name)
        parts += value if isinstance(value, tuple) else [value]
    return tuple(part for part in parts if part is not None)


def own_step(by: By, step: Event) -> By:
    """Refuse to take back what others did: the same role does, for the same organisation."""
    is_own = by.role == step.by.role and step.by.organisation_id in (None, by.organisation_id)
    return by if is_own else by.refuse(StepOfOthers(role=step.by.role))


def follows_by_itself(event: Event) -> bool:
    """Tell whether time did it: a reaction recorded it."""
    return event.by.role == REACTION
