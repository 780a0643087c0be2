"""Establish, rename, move and dissolve organisations; fill and vacate posts in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.commands.plain_texts import without_personal_data
from ledger.commands.policies import policies_of
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import NotFound
from ledger.core.times import NoUndo, decision
from ledger.core.values import Code, Day, Name, OptionalName
from ledger.organisations import Kind, Organisation, Parent, Tenure, organisation_id
from ledger.organisations.rules import OrganisationExists
from ledger.storage.ledger import Ledger, Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class EstablishOrganisation:
    """Enter an organisation that exists from a day on; its id follows from its code."""

    code: Code
    kind: Kind
    name_zh: Name
    valid_from: Day
    name_en: OptionalName = ""
    parent_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameOrganisation:
    """Give an organisation other names from a day on."""

    organisation_id: UUID
    name_zh: Name
    valid_from: Day
    name_en: OptionalName = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReparentOrganisation:
    """Put an organisation below another parent from a day on."""

    organisation_id: UUID
    parent_id: UUID
    valid_from: Day


@dataclass(frozen=True, slots=True, kw_only=True)
class FillPost:
    """Put a person (by pseudonymous id) into a post, from a first to a last day."""

    organisation_id: UUID
    person_id: UUID
    post: Code
    from_on: Day
    until_on: Day | None = None
    term: OptionalName = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VacatePost:
    """End a person's time in a post; ``until_on`` is the last day in it."""

    organisation_id: UUID
    person_id: UUID
    post: Code
    until_on: Day


@dataclass(frozen=True, slots=True, kw_only=True)
class DissolveOrganisation:
    """End an organisation; ``until_on`` is its last day."""

    organisation_id: UUID
    until_on: Day


async def organisation_of(ledger: Ledger, organisation_id: UUID) -> Organisation:
    """Return an organisation, to read only; ``NotFound`` if there is none."""
    organisation = await ledger.consult(Organisation, organisation_id)
    if organisation is None:
        raise NotFound(kind=Organisation.TOPIC, id=str(organisation_id))
    return organisation


async def lies_within(
    ledger: Ledger, organisation_id: UUID | None, whole_id: UUID, day: date
) -> bool:
    """Tell whether an organisation is another one or stood below it on a day."""
    seen: set[UUID] = set()
    while organisation_id is not None and organisation_id not in seen:
        if organisation_id == whole_id:
            return True
        seen.add(organisation_id)
        found = await ledger.consult(Organisation, organisation_id)
        organisation_id = None if found is None else found.parent_on(day)
    return False


async def ancestors_of(
    ledger: Ledger, organisation_id: UUID, start: date, end: date | None
) -> frozenset[UUID]:
    """Return all that stand above an organisation on any day from ``start`` until before ``end``.

    ``end`` is ``None`` for all days to come. What was read is read to decide: the save that
    follows fails if any of it changed meanwhile.
    """
    above: set[UUID] = set()
    seen: set[tuple[UUID, date, date | None]] = set()
    waiting = [(organisation_id, start, end)]
    while waiting:
        below_id, day, stop = waiting.pop()
        below = await organisation_of(ledger, below_id)
        spans = set(below.parents_between(day, stop)) - seen
        seen |= spans
        above.update(parent_id for parent_id, _, _ in spans)
        waiting.extend(spans)
    return frozenset(above)


@decision(undo="dissolve_organisation")
async def establish_organisation(
    command: EstablishOrganisation, ledger: Ledger, by: By
) -> Recorded:
    """Enter an organisation below its parent."""
    if await ledger.find(Organisation, organisation_id(command.code)) is not None:
        raise OrganisationExists(code=command.code)
    by = without_personal_data(by, name_zh=command.name_zh, name_en=command.name_en)
    parent = None
    if command.parent_id is not None:
        # Nothing can stand below what did not exist until now, so no circle can close.
        parent = await _parent(ledger, command.parent_id, command.valid_from, frozenset())
    organisation = Organisation.establish(
        by,
        code=command.code,
        kind=command.kind,
        name_zh=command.name_zh,
        name_en=command.name_en,
        parent=parent,
        valid_from=command.valid_from,
    )
    return await ledger.save(organisation)


@decision(undo=NoUndo("its former name is given again"))
async def rename_organisation(command: RenameOrganisation, ledger: Ledger, by: By) -> Recorded:
    """Give an organisation other names from a day on."""
    by = without_personal_data(by, name_zh=command.name_zh, name_en=command.name_en)
    organisation = await ledger.load(Organisation, command.organisation_id)
    organisation.rename(
        by, name_zh=command.name_zh, name_en=command.name_en, valid_from=command.valid_from
    )
    return await ledger.save(organisation)


@decision(undo=NoUndo("it is put back under its former parent"))
async def reparent_organisation(command: ReparentOrganisation, ledger: Ledger, by: By) -> Recorded:
    """Put an organisation below another parent from a day on."""
    organisation = await ledger.load(Organisation, command.organisation_id)
    day = command.valid_from
    above = await ancestors_of(ledger, command.parent_id, day, organisation.next_move_after(day))
    parent = await _parent(ledger, command.parent_id, day, above)
    organisation.reparent(by, parent=parent, valid_from=day)
    return await ledger.save(organisation)


@decision(undo="vacate_post")
async def fill_post(command: FillPost, ledger: Ledger, by: By) -> Recorded:
    """Put a person into a post; the policy book tells which posts only one person can hold."""
    organisation = await ledger.load(Organisation, command.organisation_id)
    book = await policies_of(ledger)
    single = book.items("organisation.single_holder_posts", on=local_day(by.at))
    tenure = Tenure(
        person_id=command.person_id,
        post=command.post,
        from_on=command.from_on,
        until_on=command.until_on,
        term=command.term,
    )
    organisation.fill_post(by.under(book.version), tenure, is_single=command.post in single)
    return await ledger.save(organisation)


@decision(undo="fill_post")
async def vacate_post(command: VacatePost, ledger: Ledger, by: By) -> Recorded:
    """End a person's time in a post."""
    organisation = await ledger.load(Organisation, command.organisation_id)
    organisation.vacate_post(
        by, person_id=command.person_id, post=command.post, until_on=command.until_on
    )
    return await ledger.save(organisation)


@decision(undo=NoUndo("it is established anew"))
async def dissolve_organisation(command: DissolveOrganisation, ledger: Ledger, by: By) -> Recorded:
    """End an organisation after its last day."""
    organisation = await ledger.load(Organisation, command.organisation_id)
    organisation.dissolve(by, until_on=command.until_on)
    return await ledger.save(organisation)


async def _parent(ledger: Ledger, parent_id: UUID, day: date, above: frozenset[UUID]) -> Parent:
    parent = await organisation_of(ledger, parent_id)
    return Parent(id=parent_id, kind=parent.kind, is_there=parent.lives_on(day), above=above)
