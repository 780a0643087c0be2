"""A lookup: somebody asked whose an exact telephone or identity number is, and for what purpose."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.sealing import Field


class Lookup(core.Aggregate):
    """One question and whom it found. The number that was asked for is not in it."""

    TOPIC = "person_lookup"

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of a lookup."""

    @dataclass(frozen=True, kw_only=True)
    class Made(Event, core.Created):
        """Somebody looked for a person by an exact number; recorded before the answer was given."""

        TOPIC = "person_lookup.made.v1"

        field: Field
        purpose: str
        found_ids: tuple[UUID, ...]

    def __init__(self, *, field: Field, purpose: str, found_ids: tuple[UUID, ...]) -> None:
        self.field = field
        self.purpose = purpose
        self.found_ids = found_ids

    @classmethod
    def make(cls, by: By, *, field: Field, purpose: str, found_ids: tuple[UUID, ...]) -> Lookup:
        """Record who asked, for what, and whom it found."""
        return cls._begin(cls.Made, by, field=field, purpose=purpose, found_ids=found_ids)
