"""The organisation itself: its events, its state, its commands."""

from __future__ import annotations

import re
from bisect import insort
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.guards import persons
from ledger.core.values import derived_id
from ledger.organisations import rules
from ledger.organisations.history import Named, Parent, Placed, Tenure
from ledger.organisations.rules import Kind

_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:-]{0,63}")


def organisation_id(code: str) -> UUID:
    """Return the id of the organisation with this code."""
    return derived_id("organisation", code)


class Organisation(core.Aggregate):
    """One organisation; its id follows from its code."""

    TOPIC = "organisation"

    # Events: what can happen to an organisation -----------------------------------------

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of an organisation."""

    @dataclass(frozen=True, kw_only=True)
    class Established(Event, core.Created):
        """The organisation exists from a day on, below a parent (a county has none)."""

        TOPIC = "organisation.established.v1"

        code: str
        kind: Kind
        name_zh: str
        name_en: str
        parent_id: UUID | None
        valid_from: date

    @dataclass(frozen=True, kw_only=True)
    class Renamed(Event):
        """The organisation has another name from a day on."""

        TOPIC = "organisation.renamed.v1"

        name_zh: str
        name_en: str
        valid_from: date

        def apply(self, organisation: Organisation) -> None:
            named = Named(self.valid_from, self.originator_version, self.name_zh, self.name_en)
            insort(organisation.names, named)

    @dataclass(frozen=True, kw_only=True)
    class Reparented(Event):
        """The organisation stands below another parent from a day on."""

        TOPIC = "organisation.reparented.v1"

        parent_id: UUID
        valid_from: date

        def apply(self, organisation: Organisation) -> None:
            placed = Placed(self.valid_from, self.originator_version, self.parent_id)
            insort(organisation.parents, placed)

    @dataclass(frozen=True, kw_only=True)
    class PostFilled(Event):
        """A person holds a post from a first to a last day; ``term`` names the term of office."""

        TOPIC = "organisation.post_filled.v1"

        person_id: UUID
        post: str
        from_on: date
        until_on: date | None
        term: str

        def apply(self, organisation: Organisation) -> None:
            organisation.tenures.append(
                Tenure(
                    person_id=self.person_id,
                    post=self.post,
                    from_on=self.from_on,
                    until_on=self.until_on,
                    term=self.term,
                )
            )

    @dataclass(frozen=True, kw_only=True)
    class PostVacated(Event):
        """A person left a post; ``until_on`` was the last day in it."""

        TOPIC = "organisation.post_vacated.v1"

        person_id: UUID
        post: str
        until_on: date

        def apply(self, organisation: Organisation) -> None:
            organisation.tenures = [
                replace(tenure, until_on=self.until_on)
                if (tenure.person_id, tenure.post) == (self.person_id, self.post)
                and tenure.covers(self.until_on)
                else tenure
                for tenure in organisation.tenures
            ]

    @dataclass(frozen=True, kw_only=True)
    class Dissolved(Event):
        """The organisation no longer exists; ``until_on`` was its last day."""

        TOPIC = "organisation.dissolved.v1"

        until_on: date

        def apply(self, organisation: Organisation) -> None:
            organisation.until_on = self.until_on

    # State: what we remember of it ------------------------------------------------------

    def __init__(  # noqa: PLR0913
        self,
        *,
        code: str,
        kind: Kind,
        name_zh: str,
        name_en: str,
        parent_id: UUID | None,
        valid_from: date,
    ) -> None:
        self.code = code
        self.kind = kind
        self.valid_from = valid_from
        self.until_on: date | None = None
        self.names = [Named(valid_from, 0, name_zh, name_en)]
        self.parents = [Placed(valid_from, 0, parent_id)]
        self.tenures: list[Tenure] = []

    @staticmethod
    def create_id(*_: object, code: object = "", **__: object) -> UUID:
        """The same code is always the same organisation."""
        return organisation_id(str(code))

    # Questions: what it was on a day ----------------------------------------------------

    def lives_on(self, day: date) -> bool:
        """Tell whether the organisation exists on a day."""
        return self.valid_from <= day and (self.until_on is None or day <= self.until_on)

    def parent_on(self, day: date) -> UUID | None:
        """Return below which organisation it stands on a day; ``None`` at the top or before."""
        for placed in reversed(self.parents):
            if placed.valid_from <= day:
                return placed.parent_id
        return None

    def name_on(self, day: date) -> Named:
        """Return its names on a day; before its first day, the first ones."""
        for named in reversed(self.names):
            if named.valid_from <= day:
                return named
        return self.names[0]

    def next_move_after(self, day: date) -> date | None:
        """Return the day of the first later change of parent, if one is recorded."""
        return next((p.valid_from for p in self.parents if p.valid_from > day), None)

    def parents_between(
        self, start: date, end: date | None
    ) -> tuple[tuple[UUID, date, date | None], ...]:
        """Return the parents it has from ``start`` until before ``end``, each with its span."""
        spans = []
        day: date | None = max(start, self.valid_from)
        while day is not None and (end is None or day < end):
            parent_id, moves_on = self.parent_on(day), self.next_move_after(day)
            stop = end if moves_on is None or (end and end < moves_on) else moves_on
            if parent_id is not None:
                spans.append((parent_id, day, stop))
            day = moves_on
        return tuple(spans)

    def holds_post(self, person_id: UUID, post: str, day: date) -> bool:
        """Tell whether a person holds a post here on a day."""
        return person_id in self.holders_of(post, day)

    def holders_of(self, post: str, day: date) -> tuple[UUID, ...]:
        """Return the persons who hold a post here on a day."""
        return tuple(t.person_id for t in self.tenures if t.post == post and t.covers(day))

    # Commands: what you may ask for -----------------------------------------------------

    @classmethod
    def establish(  # noqa: PLR0913
        cls,
        by: By,
        *,
        code: str,
        kind: Kind,
        name_zh: str,
        name_en: str,
        parent: Parent | None,
        valid_from: date,
    ) -> Organisation:
        """Enter an organisation that exists from a day on."""
        if not _CODE.fullmatch(code):
            raise rules.CodeMalformed(code=code)
        if not name_zh.strip():
            by = by.refuse(rules.NameMissing(code=code))
        if parent is not None:
            by = _guard_parent(by, kind, parent, valid_from)
        elif kind not in rules.WITHOUT_PARENT:
            by = by.refuse(rules.ParentMissing(kind=kind))
        return cls._begin(
            cls.Established,
            by,
            code=code,
            kind=kind,
            name_zh=name_zh,
            name_en=name_en,
            parent_id=None if parent is None else parent.id,
            valid_from=valid_from,
        )

    def rename(self, by: By, *, name_zh: str, name_en: str, valid_from: date) -> None:
        """Give it other names from a day on; a day that has passed needs a reason."""
        by = self._guard_change(by, valid_from)
        if not name_zh.strip():
            by = by.refuse(rules.NameMissing(code=self.code))
        named = self.name_on(valid_from)
        if (named.zh, named.en) == (name_zh, name_en):
            by = by.refuse(rules.NameUnchanged(name_zh=name_zh))
        self._record(self.Renamed, by, name_zh=name_zh, name_en=name_en, valid_from=valid_from)

    def reparent(self, by: By, *, parent: Parent, valid_from: date) -> None:
        """Put it below another parent from a day on; a day that has passed needs a reason."""
        by = self._guard_change(by, valid_from)
        by = _guard_parent(by, self.kind, parent, valid_from)
        if self.id == parent.id or self.id in parent.above:
            by = by.refuse(rules.ParentBelowItself(parent_id=str(parent.id)))
        if self.parent_on(valid_from) == parent.id:
            by = by.refuse(rules.ParentUnchanged(parent_id=str(parent.id)))
        self._record(self.Reparented, by, parent_id=parent.id, valid_from=valid_from)

    def fill_post(self, by: By, tenure: Tenure, *, is_single: bool) -> None:
        """Put a person into a post; ``is_single`` when only one person can hold it at a time."""
        if tenure.person_id in persons(by):
            by = by.refuse(rules.FillsOwnPost(post=tenure.post))
        if tenure.until_on is not None and tenure.until_on <= tenure.from_on:
            by = by.refuse(
                rules.TermEndsTooSoon(
                    from_on=tenure.from_on.isoformat(), until_on=tenure.until_on.isoformat()
                )
            )
        by = self._guard_lives(by, tenure.from_on)
        by = self._guard_lives(by, tenure.until_on or date.max)
        by = self._guard_overlap(by, tenure, is_single=is_single)
        self._record(
            self.PostFilled,
            by,
            person_id=tenure.person_id,
            post=tenure.post,
            from_on=tenure.from_on,
            until_on=tenure.until_on,
            term=tenure.term,
        )

    def vacate_post(self, by: By, *, person_id: UUID, post: str, until_on: date) -> None:
        """End a person's time in a post; ending a set term early needs a reason."""
        held = [t for t in self.tenures if (t.person_id, t.post) == (person_id, post)]
        ends_on = next((t.until_on for t in held if t.covers(until_on)), until_on)
        if not any(t.covers(until_on) for t in held):
            raise rules.PostNotHeld(post=post, on=until_on.isoformat())
        if ends_on == until_on:
            raise rules.PostEndsThatDay(post=post, until_on=until_on.isoformat())
        if ends_on is not None:
            by = by.with_reason()
        self._record(self.PostVacated, by, person_id=person_id, post=post, until_on=until_on)

    def dissolve(self, by: By, *, until_on: date) -> None:
        """End the organisation after its last day; needs a reason."""
        by = by.with_reason()
        if self.until_on is not None:
            raise rules.OrganisationDissolved(until_on=self.until_on.isoformat())
        by = self._guard_lives(by, until_on)
        held = sum(t.until_on is None or t.until_on > until_on for t in self.tenures)
        if held:
            by = by.refuse(rules.PostsStillHeld(posts_count=held))
        self._record(self.Dissolved, by, until_on=until_on)

    def _guard_change(self, by: By, valid_from: date) -> By:
        by = self._guard_lives(by, valid_from)
        return by.with_reason() if valid_from < local_day(by.at) else by

    def _guard_lives(self, by: By, day: date) -> By:
        if day < self.valid_from:
            return by.refuse(rules.BeforeEstablishment(valid_from=self.valid_from.isoformat()))
        if self.until_on is not None and day > self.until_on:
            return by.refuse(rules.OrganisationDissolved(until_on=self.until_on.isoformat()))
        return by

    def _guard_overlap(self, by: By, tenure: Tenure, *, is_single: bool) -> By:
        for other in self.tenures:
            if other.post != tenure.post or not other.overlaps(tenure.from_on, tenure.until_on):
                continue
            facts = {"post": tenure.post, "from_on": other.from_on.isoformat()}
            if other.person_id == tenure.person_id:
                return by.refuse(rules.PostHeldAlready(**facts))
            if is_single:
                return by.refuse(rules.PostTaken(**facts))
        return by


def _guard_parent(by: By, kind: Kind, parent: Parent, valid_from: date) -> By:
    if parent.kind not in rules.PARENT_KINDS[kind]:
        by = by.refuse(rules.ParentKindWrong(kind=kind, parent_kind=parent.kind))
    if not parent.is_there:
        by = by.refuse(rules.ParentNotThere(on=valid_from.isoformat()))
    return by
