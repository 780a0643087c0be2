"""The whole tree of organisations, as it was on any day: what stands above and below each one.

Made from the organisations' own events and nothing else. What stands below one is
remembered for each day asked, until an organisation changes: that is what makes a
permission cheap to check.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from uuid import UUID

from ledger.organisations.organisation import Organisation
from ledger.organisations.rules import Kind

DAYS_MAX = 32
"""For how many days the tree is remembered at once."""


class Chart:
    """All organisations of a ledger. ``take`` its events in order; ask about any day."""

    def __init__(self) -> None:
        self._organisations: dict[UUID, Organisation] = {}
        self._children: dict[date, dict[UUID, list[UUID]]] = {}
        self._below: dict[tuple[UUID, date], frozenset[UUID]] = {}

    def take(self, event: Organisation.Event | Organisation.Established) -> None:
        """Let one more thing happen to an organisation."""
        known = self._organisations.get(event.originator_id)
        changed = event.mutate(known)
        if isinstance(changed, Organisation):
            self._organisations[event.originator_id] = changed
        self._children.clear()
        self._below.clear()

    def find(self, organisation_id: UUID | None) -> Organisation | None:
        """Return an organisation, to read only."""
        return None if organisation_id is None else self._organisations.get(organisation_id)

    def lives(self, organisation_id: UUID | None, day: date) -> bool:
        """Tell whether there is such an organisation on a day."""
        found = self.find(organisation_id)
        return found is not None and found.lives_on(day)

    def upwards(self, organisation_id: UUID, day: date) -> tuple[UUID, ...]:
        """Return an organisation and all that stand above it on a day, from below."""
        path: list[UUID] = []
        here: UUID | None = organisation_id
        while here is not None and here not in path and here in self._organisations:
            path.append(here)
            here = self._organisations[here].parent_on(day)
        return tuple(path)

    def nearest(self, organisation_id: UUID, kind: Kind, day: date) -> UUID | None:
        """Return the organisation of a kind that this one is or belongs to on a day."""
        path = self.upwards(organisation_id, day)
        return next((one for one in path if self._organisations[one].kind is kind), None)

    def below(self, organisation_id: UUID, day: date) -> frozenset[UUID]:
        """Return an organisation and all that stand below it on a day, dissolved ones too."""
        found = self._below.get((organisation_id, day))
        if found is None:
            children = self._children_on(day)
            reached: set[UUID] = set()
            waiting = [organisation_id]
            while waiting:
                here = waiting.pop()
                if here not in reached:
                    reached.add(here)
                    waiting += children.get(here, ())
            found = self._below[organisation_id, day] = frozenset(reached)
        return found

    def _children_on(self, day: date) -> dict[UUID, list[UUID]]:
        children = self._children.get(day)
        if children is None:
            if len(self._children) >= DAYS_MAX:
                self._children.clear()
                self._below.clear()
            children = defaultdict(list)
            for one in self._organisations.values():
                parent_id = one.parent_on(day)
                if parent_id is not None:
                    children[parent_id].append(one.id)
            self._children[day] = children
        return children
