"""What every context builds on: ``By``, ``Event`` and ``Aggregate``.

An event records one decision, in the past tense, for ever. An aggregate is the
smallest thing that can take such a decision alone. A context file reads top to
bottom: its events (what can happen), its state (what we remember of it), its
commands (what you may ask for). Commands may refuse. ``apply`` never refuses:
it also runs on replay, under whatever rules hold years from now.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, ClassVar, Self
from uuid import UUID, uuid4

from eventsourcing.domain import AggregateCreated, AggregateEvent, BaseAggregate

from ledger.core.clock import local_day
from ledger.core.errors import LedgerError, ReasonMissing

BEFORE_ITS_RECORD = "told-before-its-record"
"""The mark of a fact whose true day lies before the record that it belongs to."""


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

    ``told_at`` is when a fact was told (not stored: the entry's ``recorded_at`` says it).
    ``is_late``: it was told on a later day than it happened. ``true_day`` is the day on which
    it happened where it could not be booked on that day. ``said_by`` is the party whose paper
    somebody else recorded. ``proposed_by`` are the persons who proposed what another one now
    carries out, by ``proposal_id``.
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
    is_late: bool = False
    true_day: date | None = None
    said_by: UUID | None = None
    proposed_by: tuple[UUID, ...] = ()
    proposal_id: UUID | None = None
    told_at: datetime | None = field(default=None, compare=False)

    @property
    def now(self) -> datetime:
        """When it was told: terms that others must keep run from here, not from a past day."""
        return self.told_at or self.at

    def booked_from(self, earliest: datetime, mark: str) -> By:
        """Return the same, booked no earlier than a moment; a true day is kept, never refused."""
        if self.at >= earliest:
            return self
        true_day = self.true_day or local_day(self.at)
        return replace(self, at=earliest, true_day=true_day, breaches=(*self.breaches, mark))

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

    ``timestamp`` is when it happened (``by.at``); the name is the library's. ``ABOUT``,
    ``RESTS_ON_NOTHING`` and ``STANDS`` say how it is taken back (``ledger/core/reversing.py``).
    """

    ABOUT: ClassVar[tuple[str, ...]] = ()
    RESTS_ON_NOTHING: ClassVar[bool] = False
    STANDS: ClassVar[str] = ""

    originator_id: UUID
    originator_version: int
    timestamp: datetime
    by: By

    def mutate(self, aggregate: Any) -> Any:
        """Apply the event, and let an aggregate that remembers its steps note it."""
        return noted(super().mutate(aggregate), self)


@dataclass(frozen=True, kw_only=True)
class Created(AggregateCreated, Event):
    """The first event of an aggregate."""

    def mutate(self, aggregate: Any) -> Any:
        """Begin the aggregate, and let one that remembers its steps note it."""
        return noted(super().mutate(aggregate), self)


def noted(aggregate: Any, event: Event) -> Any:
    """Return an aggregate that knows of an event, if it remembers its steps."""
    if (steps := getattr(aggregate, "_steps", None)) is not None:
        steps.append(event)
    return aggregate


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

    @property
    def facts_from(self) -> datetime:
        """The first moment at which something can have happened to it: its record's beginning."""
        return self.created_on

    @classmethod
    def _begin(cls, event_type: type[Created], by: By, **fields: Any) -> Self:
        return cls._create(event_type, by=by, timestamp=by.at, **fields)

    def _record(self, event_type: type[Event], by: By, **fields: Any) -> None:
        if by.told_at is not None:  # a fact: it did not happen before its record began
            by = by.booked_from(self.facts_from, BEFORE_ITS_RECORD)
        self.trigger_event(event_type, by=by, timestamp=by.at, **fields)
