"""Declare what of a command tells whom it concerns, so that its scope can be checked.

    about=of_record("deposit_id", "deposit")           a record, where the log places it
    about=of_organisation("estate_id")                 an organisation that the command names
    about=(of_record("petition_id", "petition"), of_party("department_id"))
    about=EVERYWHERE                                   rules and calendars of the whole ledger

Every command route must say it. What lies out of reach is refused exactly like what
does not exist. All that matter must be within reach; if none matters, nothing is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from api.reach import Within
from ledger.belonging import NOTHING, Concern, Scope
from ledger.commands.standing import Standing
from ledger.core.errors import NotFound

PLACED = frozenset({Within.AREA, Within.OWN, Within.COMMUNITY, Within.ESTATE})
"""Reach that is counted by places of the tree."""


class Source(Protocol):
    """One thing of a command that tells whom it concerns."""

    @property
    def names(self) -> tuple[str, ...]:
        """Which fields of the command it reads."""

    def matters(self, within: Within, command: Any) -> bool:
        """Tell whether somebody of this reach must have it within reach."""

    async def concerns(self, command: Any, within: Within, standing: Standing) -> list[Concern]:
        """Return whom it concerns; each must be within reach."""

    def missing(self, command: Any) -> NotFound:
        """Return what is said when it does not exist, or is out of reach."""


Sources: TypeAlias = "tuple[Source, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfRecord:
    """A record named by its id. ``kinds``: only when the field ``kind_of`` says one of these."""

    field: str
    kind: str
    is_offered: bool = False
    part: tuple[str, str, str] | None = None
    kind_of: str = ""
    kinds: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        further = (self.part[1],) if self.part else ()
        return (self.field, *further, *((self.kind_of,) if self.kind_of else ()))

    def matters(self, within: Within, command: Any) -> bool:
        if self.kind_of and str(getattr(command, self.kind_of)) not in self.kinds:
            return False
        return not (self.is_offered and within is Within.SELF)

    async def concerns(self, command: Any, within: Within, standing: Standing) -> list[Concern]:
        record_id = getattr(command, self.field)
        if record_id is None:
            return []
        stream_id = str(record_id)
        if within is Within.PARTY:
            return [(await standing.parties_of([stream_id]))[stream_id]]
        concern = await standing.concern_of(stream_id)
        if within is Within.SELF and self.part is not None:
            concern |= await self._of_part(stream_id, command, self.part, standing)
        return [concern]

    def missing(self, command: Any) -> NotFound:
        kind = str(getattr(command, self.kind_of)) if self.kind_of else self.kind
        return NotFound(kind=kind, id=str(getattr(command, self.field)))

    async def _of_part(
        self, stream_id: str, command: Any, part: tuple[str, str, str], standing: Standing
    ) -> Concern:
        """Return the person whose part of the record, such as an order, is meant."""
        topic, name, person = part
        wanted = str(getattr(command, name))
        told = await standing.told_in(stream_id, topic)
        persons = frozenset(UUID(one[person]) for one in told if one[name] == wanted)
        return replace(NOTHING, persons=persons)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfKnown:
    """A record that may not be there yet, such as a person's: if it is, it must be within reach.

    ``stream`` tells the record's id where it follows from the field's.
    """

    field: str
    kind: str
    stream: Callable[[UUID], UUID] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (self.field,)

    def matters(self, within: Within, command: Any) -> bool:
        return True

    async def concerns(self, command: Any, within: Within, standing: Standing) -> list[Concern]:
        given = getattr(command, self.field)
        if given is None:
            return []
        stream_id = str(given if self.stream is None else self.stream(given))
        concern = (await standing.parties_of([stream_id]))[stream_id]
        if concern == NOTHING:
            return [NOTHING] if await standing.has_begun(stream_id) else []
        return [await standing.known_in_community(concern)]

    def missing(self, command: Any) -> NotFound:
        return NotFound(kind=self.kind, id=str(getattr(command, self.field)))


@dataclass(frozen=True, slots=True, kw_only=True)
class OfOrganisation:
    """An organisation (or several) that the command names: the first field that is filled."""

    fields: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return self.fields

    def matters(self, within: Within, command: Any) -> bool:
        return within in PLACED or within is Within.PARTY

    async def concerns(self, command: Any, within: Within, standing: Standing) -> list[Concern]:
        named = self._named(command)
        return [Concern(places=frozenset({one}), parties=frozenset({one})) for one in named]

    def missing(self, command: Any) -> NotFound:
        named = self._named(command)
        return NotFound(kind="organisation", id=str(named[0]) if named else None)

    def _named(self, command: Any) -> tuple[UUID, ...]:
        for name in self.fields:
            value = getattr(command, name)
            if value:
                return value if isinstance(value, tuple) else (value,)
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPerson:
    """The person for whom it is done: who acts only for itself may name nobody else."""

    field: str

    @property
    def names(self) -> tuple[str, ...]:
        return (self.field,)

    def matters(self, within: Within, command: Any) -> bool:
        return within is Within.SELF

    async def concerns(self, command: Any, within: Within, standing: Standing) -> list[Concern]:
        return [Concern(persons=frozenset({getattr(command, self.field)}))]

    def missing(self, command: Any) -> NotFound:
        return NotFound(kind="person", id=str(getattr(command, self.field)))


@dataclass(frozen=True, slots=True, kw_only=True)
class OfParty:
    """The organisation that takes the step: a party may speak for itself only."""

    field: str

    @property
    def names(self) -> tuple[str, ...]:
        return (self.field,)

    def matters(self, within: Within, command: Any) -> bool:
        return within is Within.PARTY

    async def concerns(self, command: Any, within: Within, standing: Standing) -> list[Concern]:
        return [Concern(parties=frozenset({getattr(command, self.field)}))]

    def missing(self, command: Any) -> NotFound:
        return NotFound(kind="organisation", id=str(getattr(command, self.field)))


@dataclass(frozen=True, slots=True, kw_only=True)
class OfOwnPost:
    """The post in which one acts: it is always one's own."""

    @property
    def names(self) -> tuple[str, ...]:
        return ()

    def matters(self, within: Within, command: Any) -> bool:
        return True

    async def concerns(self, command: Any, within: Within, standing: Standing) -> list[Concern]:
        return [Concern(is_open=True)]

    def missing(self, command: Any) -> NotFound:
        return NotFound(kind="post")


OWN_POST = OfOwnPost()
"""What somebody does with the post held: its rule asks who holds it."""


def of_record(
    field: str, kind: str, *, is_offered: bool = False, part: tuple[str, str, str] | None = None
) -> OfRecord:
    """Return a source: a record. ``is_offered``: who acts for itself may pick any.

    ``part`` is an event's topic, its field that names a part, and the field of whose it is.
    """
    return OfRecord(field=field, kind=kind, is_offered=is_offered, part=part)


def of_known(field: str, kind: str, stream: Callable[[UUID], UUID] | None = None) -> OfKnown:
    """Return a source: a record that must be within reach, unless there is none yet."""
    return OfKnown(field=field, kind=kind, stream=stream)


def of_organisation(*names: str) -> OfOrganisation:
    """Return a source: the organisation in the first of these fields that is filled."""
    return OfOrganisation(fields=names)


def of_person(field: str) -> OfPerson:
    """Return a source: the person for whom it is done."""
    return OfPerson(field=field)


def of_party(field: str) -> OfParty:
    """Return a source: the organisation that takes the step."""
    return OfParty(field=field)


EVERYWHERE: Sources = ()
"""The whole ledger: only for roles that reach all of it."""


def unknown_fields(sources: Iterable[Source], command_type: type) -> set[str]:
    """Return which fields sources read that a command does not have."""
    known = {field.name for field in fields(command_type)}
    return {name for source in sources for name in source.names} - known


async def concern_of(sources: Sources, command: Any, standing: Standing) -> Concern:
    """Return the places and organisations that a command concerns."""
    whole = NOTHING
    for source in sources:
        if source.matters(Within.PARTY, command) or source.matters(Within.AREA, command):
            for concern in await source.concerns(command, Within.PARTY, standing):
                whole |= concern
    return whole


async def guard(
    sources: Sources, command: Any, within: Within, scope: Scope, standing: Standing
) -> frozenset[UUID]:
    """Refuse (``NotFound``) a command about what is out of reach; return the places it is about."""
    is_covered = False
    places: frozenset[UUID] = frozenset()
    for source in sources:
        if not source.matters(within, command):
            continue
        for concern in await source.concerns(command, within, standing):
            if not scope.covers(concern):
                raise source.missing(command)
            is_covered = True
            places |= concern.places
    if not is_covered:
        raise sources[0].missing(command) if sources else NotFound()
    return places
