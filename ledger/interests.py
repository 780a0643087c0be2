"""Conflicts of interest: what a person declared, and where it keeps the person from deciding.

A declaration names a company, an estate, another organisation or a person. While it
stands, the person reviews, approves and pays nothing that concerns what it names. Whoever
declared an interest does not end it: somebody else says that it has passed, and why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.errors import RuleViolated
from ledger.core.guards import persons
from ledger.core.values import derived_id


class InterestKind(StrEnum):
    """What ties a person to what it declared."""

    FAMILY = "family"
    EMPLOYMENT = "employment"
    SHARES = "shares"
    DEBT = "debt"
    OTHER = "other"


class ConflictOfInterest(RuleViolated):
    """Whoever declared an interest in a matter cannot review, approve or pay in it.

    已申报与该事项存在利益关系的人，不得审核、审批或支付。
    """


class InterestDeclaredAlready(RuleViolated):
    """This interest is declared already.

    该利益关系已经申报。
    """


class InterestNotDeclared(RuleViolated):
    """No such interest is declared.

    没有申报过这一利益关系。
    """


class InterestInOneself(RuleViolated):
    """An interest is declared in something or somebody else.

    利益关系的对象不能是申报人本人。
    """


class InterestEndedByOneself(RuleViolated):
    """Nobody ends an interest of their own: somebody else confirms that it has passed.

    本人不得自行解除利益关系申报，须由他人核实后解除。
    """


def interests_id_of(person_id: UUID) -> UUID:
    """Return the id of a person's declarations."""
    return derived_id("interests", str(person_id))


class Interests(core.Aggregate):
    """All that one person declared; its id follows from the person's."""

    TOPIC = "interests"

    # Events: what can happen to declarations --------------------------------------------

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event about a person's interests."""

    @dataclass(frozen=True, kw_only=True)
    class Opened(Event, core.Created):
        """A person's declarations began to be kept."""

        TOPIC = "interests.opened.v1"

        person_id: UUID

    @dataclass(frozen=True, kw_only=True)
    class Declared(Event):
        """The person has an interest in an organisation or another person."""

        TOPIC = "interests.declared.v1"

        about_id: UUID
        kind: InterestKind

        def apply(self, interests: Interests) -> None:
            interests.about[self.about_id] = self.kind

    @dataclass(frozen=True, kw_only=True)
    class Ended(Event):
        """Somebody confirmed that the interest has passed; the reason says why."""

        TOPIC = "interests.ended.v1"

        about_id: UUID

        def apply(self, interests: Interests) -> None:
            interests.about.pop(self.about_id, None)

    # State: what we remember of them ----------------------------------------------------

    def __init__(self, *, person_id: UUID) -> None:
        self.person_id = person_id
        self.about: dict[UUID, InterestKind] = {}

    @staticmethod
    def create_id(*_: object, person_id: object = None, **__: object) -> UUID:
        """One record a person."""
        return derived_id("interests", str(person_id))

    # Commands: what you may ask for -----------------------------------------------------

    @classmethod
    def open(cls, by: By, *, person_id: UUID) -> Interests:
        """Begin to keep a person's declarations."""
        return cls._begin(cls.Opened, by, person_id=person_id)

    def declare(self, by: By, *, about_id: UUID, kind: InterestKind) -> None:
        """Declare an interest."""
        if about_id == self.person_id:
            by = by.refuse(InterestInOneself())
        if about_id in self.about:
            raise InterestDeclaredAlready(about_id=str(about_id))
        self._record(self.Declared, by, about_id=about_id, kind=kind)

    def end(self, by: By, *, about_id: UUID) -> None:
        """Confirm that an interest has passed; somebody else's step, and it needs a reason."""
        by = by.with_reason()
        if about_id not in self.about:
            raise InterestNotDeclared(about_id=str(about_id))
        if self.person_id in persons(by):
            by = by.refuse(InterestEndedByOneself())
        self._record(self.Ended, by, about_id=about_id)

    def guard(self, by: By, about: Iterable[UUID]) -> By:
        """Refuse a decision about any of these while an interest in it stands."""
        for one in about:
            if one in self.about:
                by = by.refuse(ConflictOfInterest(about_id=str(one), kind=self.about[one]))
        return by
