"""Watching the deadlines of one kind of aggregate: whatever passes unmet is recorded as missed.

One timer an aggregate waits for its earliest deadline. When it runs out, or when
an event says that something happened after it should have, the aggregate is
asked what was missed, records each miss as of its own day, and the next deadline
is waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import TypeVar
from uuid import UUID

from ledger.core.aggregate import Aggregate, By, Event
from ledger.core.clock import moment_missed
from ledger.core.entry import Entry
from ledger.core.reversing import StepReversed
from ledger.reactions.reaction import Reaction, Work
from ledger.storage.reading import read_stream
from ledger.storage.requests import Timer

A = TypeVar("A", bound=Aggregate)


def watch_deadlines(
    name: str,
    kind: type[A],
    *,
    set_by: Callable[[Event], Iterable[date]],
    record_misses: Callable[[A, By], None],
    next_due: Callable[[A], date | None],
) -> Reaction:
    """Return the reaction that watches ``kind``.

    ``set_by`` tells the due days that an event sets, ``record_misses`` records what was missed
    by ``by.at``, ``next_due`` tells the earliest deadline that still runs.
    """
    reaction = Reaction(name, kind, next_due)

    @reaction.on(*event_types_of(kind))
    async def happened(work: Work, event: Event, entry: Entry) -> None:
        if event.by.actor_id == reaction.actor_id:
            return
        waiting = work.timers.get(str(event.originator_id))
        if waiting and waiting.due_at <= entry.occurred_at:
            await reaction.fire(work, waiting, at=entry.occurred_at)
        for due_on in set_by(event):
            wait_for(work, event.originator_id, due_on, entry.event_id)
        await _wait_again(work, kind, event, entry, next_due)

    @reaction.when_due
    async def ran_out(work: Work, timer: Timer, by: By) -> None:
        aggregate = await work.waited_for(kind, timer)
        if aggregate is None:
            return
        record_misses(aggregate, by)
        if due_on := next_due(aggregate):
            cause = await _who_set(work, aggregate.id, due_on, set_by)
            wait_for(work, aggregate.id, due_on, cause or timer.cause)

    return reaction


async def _who_set(
    work: Work, stream_id: UUID, due_on: date, set_by: Callable[[Event], Iterable[date]]
) -> UUID | None:
    """Return the last event that set this due day."""
    ledger = work.ledger
    entries = await read_stream(ledger.pool, ledger.id, str(stream_id), after_version=0)
    found = (entry for entry in reversed(entries) if due_on in set_by(entry.event))
    return next((entry.event_id for entry in found), None)


async def _wait_again(
    work: Work,
    kind: type[A],
    event: Event,
    entry: Entry,
    next_due: Callable[[A], date | None],
) -> None:
    """What was done in time may be open again, once it was taken back."""
    if isinstance(event, StepReversed):
        due_on = next_due(await work.load(kind, event.originator_id))
        if due_on is not None:
            wait_for(work, event.originator_id, due_on, entry.event_id)


def wait_for(work: Work, stream_id: UUID, due_on: date, cause: UUID) -> None:
    """Wait until a day is over, unless an earlier one is waited for."""
    due_at, key = moment_missed(due_on), str(stream_id)
    waiting = work.timers.get(key)
    if waiting is None or due_at < waiting.due_at:
        work.set_timer(key, due_at, cause=cause)


def event_types_of(kind: type[Aggregate]) -> Iterator[type[Event]]:
    """Yield every type of event that an aggregate class lists."""
    for name in dir(kind):
        member = getattr(kind, name)
        if isinstance(member, type) and issubclass(member, Event) and "TOPIC" in vars(member):
            yield member
