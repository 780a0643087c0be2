"""How a reaction is declared, and what it can do while it works.

A reaction answers events and moments with events of its own: a deadline passes,
a third escalation makes a transfer due. It has one handler per event type and
one for its timers. A handler loads aggregates, asks them, sets and ends timers;
all of a batch goes into the log in one append, with the reaction's position, so
each thing happens exactly once, whatever dies in between.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

import asyncpg

from ledger.core.aggregate import Aggregate, By, Event
from ledger.core.codec import KindUnknown
from ledger.core.entry import Entry
from ledger.core.errors import Conflict
from ledger.core.log_lines import kind_and_place
from ledger.core.values import derived_id
from ledger.storage.connect import LOST_CONNECTION
from ledger.storage.errors import Unavailable
from ledger.storage.ledger import Ledger
from ledger.storage.requests import Beside, Timer, Tracking

A = TypeVar("A", bound=Aggregate)
E = TypeVar("E", bound=Event)
Handler: TypeAlias = Callable[["Work", E, Entry], Awaitable[None]]
DueHandler: TypeAlias = Callable[["Work", Timer, By], Awaitable[None]]

NOT_THE_RECORD_S_FAULT = (
    Conflict,
    KindUnknown,
    Unavailable,
    asyncpg.PostgresError,
    *LOST_CONNECTION,
)
"""What stops a reaction or lets it try again, whichever record it looks at."""

CLOCK_JUMPED = "clock-jumped"
ROLE = "reaction"


class Reaction:
    """A named follower of the log that records what follows from it."""

    def __init__(
        self,
        name: str,
        kind: type[Aggregate] = Aggregate,
        next_due: Callable[[Any], date | None] = lambda _record: None,
    ) -> None:
        """``next_due`` tells of a record of ``kind`` until when its timer must ring."""
        self.name = name
        self.kind = kind
        self.next_due = next_due
        self.actor_id = derived_id(ROLE, name)
        self._handlers: dict[type[Event], Handler[Any]] = {}
        self._due: DueHandler | None = None

    def on(self, *event_types: type[E]) -> Callable[[Handler[E]], Handler[E]]:
        """Register the decorated function as the answer to these types of event."""

        def register(handler: Handler[E]) -> Handler[E]:
            for event_type in event_types:
                if event_type in self._handlers:
                    raise ValueError(f"{self.name} answers {event_type.__qualname__} twice")
                self._handlers[event_type] = handler
            return handler

        return register

    def when_due(self, handler: DueHandler) -> DueHandler:
        """Register the decorated function as the answer to a timer that ran out."""
        self._due = handler
        return handler

    @property
    def topics(self) -> frozenset[str]:
        """The topics that this reaction answers; other entries need not be decoded."""
        return frozenset(event_type.TOPIC for event_type in self._handlers)  # type: ignore[attr-defined]

    async def answer(self, work: Work, entry: Entry) -> None:
        """Answer one entry of the log."""
        await self._handlers[type(entry.event)](work, entry.event, entry)

    async def fire(
        self,
        work: Work,
        timer: Timer,
        *,
        at: datetime | None = None,
        breaches: tuple[str, ...] = (),
    ) -> None:
        """End a timer that ran out and answer it, as of its moment or a later one (``at``)."""
        work.drop_timer(timer.key)
        by = By(
            actor_id=self.actor_id,
            at=at or timer.due_at,
            role=ROLE,
            post=self.name,
            cause=timer.cause,
            breaches=breaches,
        )
        if self._due is not None:
            await self._due(work, timer, by)


@dataclass(slots=True)
class Work:
    """What a reaction has done since its last append: aggregates, timers, position."""

    ledger: Ledger
    reaction: Reaction
    timers_before: Mapping[str, Timer]
    aggregates: dict[UUID, Aggregate] = field(default_factory=dict)
    timers: dict[str, Timer] = field(init=False)
    """All timers of the reaction, by key, as they will be after the append."""
    timers_ended: set[str] = field(default_factory=set)
    set_aside: dict[str, str] = field(default_factory=dict)
    """Timers that nothing can be done about, and why, by key: their rows stay as they are."""

    def __post_init__(self) -> None:
        self.timers = dict(self.timers_before)

    async def load(self, kind: type[A], aggregate_id: UUID) -> A:
        """Return the aggregate, the same object all through the batch."""
        aggregate = self.aggregates.get(aggregate_id)
        if aggregate is None:
            aggregate = self.aggregates[aggregate_id] = await self.ledger.load(kind, aggregate_id)
        assert isinstance(aggregate, kind)  # noqa: S101 - ids of two kinds never meet
        return aggregate

    async def waited_for(self, kind: type[A], timer: Timer) -> A | None:
        """Return the record that a timer is for.

        A timer for nobody, for a record of another kind or for one that cannot be read is set
        aside: whoever can write one row must not stop the deadlines of all others.
        """
        try:
            record = await self.load(Aggregate, UUID(timer.key))
            if isinstance(record, kind):
                return record
            why = f"it is for a {type(record).__name__}"
        except NOT_THE_RECORD_S_FAULT:
            raise
        except Exception as error:  # whatever is wrong with it
            why = kind_and_place(error)
        self.timers.pop(timer.key, None)
        self.timers_ended.discard(timer.key)
        self.set_aside[timer.key] = why
        return None

    async def find(self, kind: type[A], aggregate_id: UUID) -> A | None:
        """Return the aggregate if it has begun."""
        if aggregate_id in self.aggregates:
            return await self.load(kind, aggregate_id)
        aggregate = await self.ledger.find(kind, aggregate_id)
        if aggregate is not None:
            self.aggregates[aggregate_id] = aggregate
        return aggregate

    def begin(self, aggregate: Aggregate) -> None:
        """Take up an aggregate that this batch begins."""
        self.aggregates[aggregate.id] = aggregate

    def by(self, entry: Entry) -> By:
        """Return who acts: the reaction, because of this entry and when it happened."""
        return By(
            actor_id=self.reaction.actor_id,
            at=entry.occurred_at,
            role=ROLE,
            post=self.reaction.name,
            cause=entry.event_id,
            policy_version=entry.by.policy_version,
        )

    def set_timer(self, key: str, due_at: datetime, *, cause: UUID) -> None:
        """Wait for a moment, because of event ``cause``; a timer of the same key is replaced."""
        timer = Timer(reaction=self.reaction.name, key=key, due_at=due_at, cause=cause)
        self.timers[key] = timer

    async def end_timer(self, key: str, *, at: datetime) -> None:
        """Stop waiting: what was waited for happened at ``at``.

        When that was after the due moment (history is often recorded late), the timer
        counts as run out first.
        """
        timer = self.timers.get(key)
        if timer is None:
            return
        if timer.due_at < at:
            await self.reaction.fire(self, timer)
        else:
            self.drop_timer(key)

    def drop_timer(self, key: str) -> None:
        """Stop waiting, whatever the time."""
        if self.timers.pop(key, None) and key in self.timers_before:
            self.timers_ended.add(key)

    @property
    def changes_something(self) -> bool:
        """Whether there is anything to append."""
        return bool(self.timers_set() or self.timers_ended or self.changed())

    def changed(self) -> list[Aggregate]:
        """The aggregates with new events."""
        return [a for a in self.aggregates.values() if a.pending_events]

    def timers_set(self) -> list[Timer]:
        """The timers that are new or changed."""
        return [
            timer
            for key, timer in self.timers.items()
            if timer is not self.timers_before.get(key) or key in self.timers_ended
        ]

    def beside(self, tracking: Tracking | None) -> Beside:
        """What goes into the append besides events."""
        name = self.reaction.name
        return Beside(
            tracking=tracking,
            timers_set=self.timers_set(),
            timers_ended=tuple((name, key) for key in sorted(self.timers_ended)),
        )


def timers_by_key(timers: Iterable[Timer]) -> dict[str, Timer]:
    """Return timers as a reaction's work holds them."""
    return {timer.key: timer for timer in timers}
