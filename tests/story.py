"""Scenarios whose events number themselves: ``story(a, b).when(…).then(c)`` makes c the third."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from ledger.core.aggregate import Event
from ledger.core.errors import Fact, LedgerError
from tests.given import Scenario, given


def numbered(events: Iterable[Event], *, first: int = 1) -> tuple[Event, ...]:
    """Return the events as one stream has them: version after version."""
    return tuple(
        replace(event, originator_version=version) for version, event in enumerate(events, first)
    )


class Story:
    """What happened so far, about to go on."""

    def __init__(self, history: tuple[Event, ...]) -> None:
        self._scenario: Scenario[Any] = given(*numbered(history))

    def when(self, action: Callable[[Any], object]) -> Story:
        self._scenario.when(action)
        return self

    def then(self, *expected: Event) -> None:
        first = len(self._scenario.history) + 1
        self._scenario.then(*numbered(expected, first=first))

    def then_refused(self, error: type[LedgerError], **facts: Fact) -> None:
        self._scenario.then_refused(error, **facts)


def story(*history: Event) -> Story:
    """Start from what already happened."""
    return Story(history)
