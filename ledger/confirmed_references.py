"""References that only look like a personal number: a second person says so beforehand.

A bank's reference or a contract's number may have the form of a telephone or identity number.
Whoever knows the paper confirms that it is none; then another person can record it. The entry
does not hold the reference: its record's id follows from a code over it, which nobody can make who
lacks the service's own key, so a number that was confirmed by mistake is not in the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.errors import RuleViolated
from ledger.core.guards import persons
from ledger.core.values import derived_id


class ReferenceConfirmedAlready(RuleViolated):
    """The same person has confirmed this reference already.

    同一人已经确认过该编号。
    """


class ReferenceNotConfirmed(RuleViolated):
    """Nobody's confirmation of this reference stands.

    该编号没有有效的确认。
    """


class ConfirmedReference(core.Aggregate):
    """One reference, known by a code over it, and who confirmed that it is no personal number."""

    TOPIC = "confirmed_reference"

    # Events: what can happen to it ------------------------------------------------------

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event about a reference that looks like a personal number."""

    @dataclass(frozen=True, kw_only=True)
    class Opened(Event, core.Created):
        """A reference of an organisation's papers looks like a personal number of some kind.

        ``code_hex`` is a code over the reference by the service's own key.
        """

        TOPIC = "confirmed_reference.opened.v1"

        code_hex: str
        organisation_id: UUID
        looks_like: str

    @dataclass(frozen=True, kw_only=True)
    class Confirmed(Event):
        """Somebody confirmed that it is no personal number; the reason says what it is."""

        TOPIC = "confirmed_reference.confirmed.v1"

        def apply(self, reference: ConfirmedReference) -> None:
            reference.confirmed_by.append(persons(self.by))

    @dataclass(frozen=True, kw_only=True)
    class Withdrawn(Event):
        """All confirmations were a mistake; the reason says why."""

        TOPIC = "confirmed_reference.withdrawn.v1"

        def apply(self, reference: ConfirmedReference) -> None:
            reference.confirmed_by.clear()

    # State: what we remember of it ------------------------------------------------------

    def __init__(self, *, code_hex: str, organisation_id: UUID, looks_like: str) -> None:
        self.code_hex = code_hex
        self.organisation_id = organisation_id
        self.looks_like = looks_like
        self.confirmed_by: list[frozenset[UUID]] = []

    @staticmethod
    def create_id(*_: object, code_hex: object = None, **__: object) -> UUID:
        """One record a reference; its id follows from the code."""
        return derived_id("confirmed-reference", str(code_hex))

    # Commands: what you may ask for -----------------------------------------------------

    @classmethod
    def open(
        cls, by: By, *, code_hex: str, organisation_id: UUID, looks_like: str
    ) -> ConfirmedReference:
        """Begin to keep who confirmed a reference."""
        fields = {"organisation_id": organisation_id, "looks_like": looks_like}
        return cls._begin(cls.Opened, by, code_hex=code_hex, **fields)

    def confirm(self, by: By) -> None:
        """Confirm that it is no personal number, saying what it is."""
        by = by.with_reason()
        if any(not persons(by).isdisjoint(one) for one in self.confirmed_by):
            raise ReferenceConfirmedAlready()
        self._record(self.Confirmed, by)

    def withdraw(self, by: By) -> None:
        """Take all confirmations back, giving the reason; what was recorded stays."""
        by = by.with_reason()
        if not self.confirmed_by:
            raise ReferenceNotConfirmed()
        self._record(self.Withdrawn, by)

    def lets(self, who: frozenset[UUID]) -> bool:
        """Tell whether somebody confirmed it who is none of these persons."""
        return any(one.isdisjoint(who) for one in self.confirmed_by)
