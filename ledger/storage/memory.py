"""Aggregates as this process last saved them, so that the next step need not read them again.

Only for a process that writes to its ledger alone, such as the loading of a demo or a large
import: with a second writer every step might decide on an old state, be refused with
``Conflict`` and have to read after all. An aggregate belongs to one step at a time: ``take``
hands it out and forgets it, ``keep`` takes it back once its events are in the log. A step that
fails in between simply never brings it back.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar
from uuid import UUID

from ledger.core.aggregate import Aggregate

A = TypeVar("A", bound=Aggregate)


class Memory:
    """The aggregates saved last, at most ``size_max`` (0: none are remembered)."""

    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self._aggregates: OrderedDict[UUID, Aggregate] = OrderedDict()

    def take(self, kind: type[A], aggregate_id: UUID) -> A | None:
        """Hand an aggregate out, and forget it; ``None`` if it is not remembered as this kind."""
        aggregate = self._aggregates.pop(aggregate_id, None)
        return aggregate if isinstance(aggregate, kind) else None

    def keep(self, *aggregates: Aggregate) -> None:
        """Remember aggregates whose events are all in the log; the oldest make room."""
        if not self._size_max:
            return
        for aggregate in aggregates:
            self._aggregates[aggregate.id] = aggregate
        while len(self._aggregates) > self._size_max:
            self._aggregates.popitem(last=False)
