"""Given some history, when a command is asked for, then these events follow.

    given(held()).when(lambda d: d.release(...)).then(released(amount_fen=400))

A scenario needs no database. Events are compared whole, envelope included, so
a test also pins who decided, when, and at which version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

import pytest

from ledger.core.aggregate import Aggregate, Event
from ledger.core.errors import Fact, LedgerError

A = TypeVar("A", bound=Aggregate)


class Scenario(Generic[A]):
    """An aggregate with a history, about to be asked for something."""

    def __init__(self, history: tuple[Event, ...]) -> None:
        self.history = history
        self.action: Callable[[A], object] = lambda _: None

    def when(self, action: Callable[[A], object]) -> Scenario[A]:
        self.action = action
        return self

    def then(self, *expected: Event) -> None:
        aggregate = self._aggregate()
        self.action(aggregate)
        assert list(aggregate.collect_events()) == list(expected)

    def then_refused(self, error: type[LedgerError], **facts: Fact) -> None:
        aggregate = self._aggregate()
        with pytest.raises(error) as caught:
            self.action(aggregate)
        assert caught.value.facts == facts
        assert list(aggregate.collect_events()) == [], "a refused command must leave no event"

    def _aggregate(self) -> A:
        return replay(self.history)  # type: ignore[no-any-return]


def given(*history: Event) -> Scenario[Any]:
    """Start a scenario from what already happened."""
    return Scenario(history)


def replay(history: Iterable[Event]) -> Any:
    """Rebuild an aggregate from its events."""
    aggregate: Any = None
    for event in history:
        aggregate = event.mutate(aggregate)
    return aggregate


def state_of(aggregate: Aggregate) -> dict[str, Any]:
    """Return what an aggregate remembers, without its pending events: for 'replay equals live'."""
    return {name: value for name, value in vars(aggregate).items() if name != "_pending_events"}
