"""What every context builds on: ``By``, ``Event`` and ``Aggregate``.

An event records one decision, in the past tense, for ever. An aggregate is the
smallest thing that can take such a decision alone. A context file reads top to
bottom: its events (what can happen), its state (what we remember of it), its
commands (what you may ask for). Commands may refuse. ``apply`` never refuses:
it also runs on replay, under whatever rules hold years from now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID, uuid4

from eventsourcing.domain import AggregateCreated, AggregateEvent, BaseAggregate

from ledger.core.errors import LedgerError, ReasonMissing


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A document that supports an event; the document itself stays outside the log.

    ``sha256`` is 64 lower-case hexadecimal digits of the document's bytes,
    ``size_bytes`` its length.
    """

    sha256: str
    name: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who decided, when, in which capacity and on what grounds.

    ``role``, ``organisation_id`` and ``post`` are what the actor held at that
    time: they are stored as they were and never looked up again. ``at`` is when
    it happened (business time). ``cause`` is the event that led here,
    ``policy_version`` the version of the policy book that the decision was
    taken under. ``is_history`` marks facts that happened before the ledger knew
    of them (imports): see ``refuse``.
    """

    actor_id: UUID
    at: datetime
    role: str
    organisation_id: UUID | None = None
    post: str = ""
    on_behalf_of: UUID | None = None
    cause: UUID | None = None
    correlation: UUID | None = None
    reason: str = ""
    policy_version: int = 0
    evidence: tuple[Evidence, ...] = ()
    is_history: bool = False
    breaches: tuple[str, ...] = ()

    def refuse(self, error: LedgerError) -> By:
        """Raise ``error``; for a fact that already happened, mark it with the breach instead.

        History cannot be refused, only recorded truthfully: the returned ``By``
        carries the code of the rule that was broken into the event.
        """
        if not self.is_history:
            raise error
        return replace(self, breaches=(*self.breaches, error.code()))

    def with_reason(self) -> By:
        """Refuse when no reason was given (``ReasonMissing``)."""
        return self if self.reason.strip() else self.refuse(ReasonMissing())

    def under(self, policy_version: int) -> By:
        """Return the same, deciding under this version of the policy book."""
        return replace(self, policy_version=policy_version)


@dataclass(frozen=True, kw_only=True)
class Event(AggregateEvent):
    """Something that happened to one aggregate: which, in what order, when, and by whom.

    ``timestamp`` is when it happened (``by.at``); the name is the library's.
    """

    originator_id: UUID
    originator_version: int
    timestamp: datetime
    by: By


@dataclass(frozen=True, kw_only=True)
class Created(AggregateCreated, Event):
    """The first event of an aggregate."""


ENVELOPE_FIELDS = frozenset(
    {"originator_id", "originator_version", "originator_topic", "timestamp", "by"}
)


class Aggregate(BaseAggregate[UUID]):
    """State rebuilt from its events; subclasses set ``TOPIC``.

    Setting ``TOPIC`` makes the library insist, at import, that every event of
    the subclass has a ``TOPIC`` of its own and that no two are alike, so what
    is stored never depends on a module path or a class name.
    """

    @staticmethod
    def create_id(*_: object, **__: object) -> UUID:
        """Return a fresh random id; override where the id follows from a natural key."""
        return uuid4()

    @classmethod
    def _begin(cls, event_type: type[Created], by: By, **fields: Any) -> Self:
        return cls._create(event_type, by=by, timestamp=by.at, **fields)

    def _record(self, event_type: type[Event], by: By, **fields: Any) -> None:
        self.trigger_event(event_type, by=by, timestamp=by.at, **fields)
