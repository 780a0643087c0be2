"""What an organisation remembers of its past: names, places in the tree and tenures, with days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.organisations.rules import Kind


@dataclass(frozen=True, slots=True, order=True)
class Placed:
    """From a day on, below which parent; of one day's, the later ``version`` counts."""

    valid_from: date
    version: int
    parent_id: UUID | None


@dataclass(frozen=True, slots=True, order=True)
class Named:
    """From a day on, under which names."""

    valid_from: date
    version: int
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """One person in one post, from a first to a last day (``None``: no end is set)."""

    person_id: UUID
    post: str
    from_on: date
    until_on: date | None
    term: str

    def covers(self, day: date) -> bool:
        """Tell whether the post was held on a day."""
        return self.from_on <= day and (self.until_on is None or day <= self.until_on)

    def overlaps(self, from_on: date, until_on: date | None) -> bool:
        """Tell whether it shares a day with another span of days."""
        starts_in_time = until_on is None or self.from_on <= until_on
        return starts_in_time and (self.until_on is None or from_on <= self.until_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """What a command found out about the parent that an organisation shall have.

    ``is_there``: it exists on the day of the change. ``above`` are the ids of all that stand
    above it from that day on, for as long as the change holds.
    """

    id: UUID
    kind: Kind
    is_there: bool
    above: frozenset[UUID]
