"""File petitions, classify and merge them, send them to units; accept, dispute, assign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar
from uuid import UUID

from annotated_types import MaxLen, MinLen
from pydantic import StringConstraints

from ledger.commands.acting_for import guard_of_unit
from ledger.commands.interests import in_office
from ledger.commands.petition_terms import Terms, guard_estate, guard_kind, terms_of
from ledger.commands.plain_texts import without_personal_data
from ledger.commands.sealing import PersonalData, person_for, seal
from ledger.core.aggregate import By
from ledger.core.errors import InvalidValue, RuleViolated
from ledger.core.times import NoUndo, decision, statement
from ledger.core.values import Code, Name, Place, Text
from ledger.organisations import Kind
from ledger.persons import RecordKind
from ledger.petitions import ClockName, Deadline, Petition
from ledger.storage.ledger import Ledger, Recorded

Reference = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._:/-]{0,64}$")]
"""The number of the order or form that a petition came with; empty if it had none."""
UnitIds = Annotated[tuple[UUID, ...], MinLen(1), MaxLen(20)]
"""One to twenty organisations."""
OptionalUnitIds = Annotated[tuple[UUID, ...], MaxLen(20)]
"""Up to twenty organisations."""


class AlreadyFiled(RuleViolated):
    """A petition with this reference was already filed through this channel.

    该渠道已登记过同一编号的诉求。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePetition:
    """Record what a resident asked for; no personal data in the texts, the petitioner is an id.

    What is known about the petitioner is sealed outside the log.

    ``received_by_id`` is who took it and holds it for now (the community, if left
    out). With a ``reference``, the same petition can be filed only once in a channel.
    """

    PERSONAL: ClassVar = frozenset({"petitioner"})

    channel: Code
    title: Name
    summary: Text
    community_id: UUID
    petitioner_id: UUID
    place: Place = ""
    estate_id: UUID | None = None
    received_by_id: UUID | None = None
    category: Code | None = None
    item: Code | None = None
    reference: Reference = ""
    petitioner: PersonalData | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifyPetition:
    """Put a petition that has no category yet into one, and an item of it."""

    petition_id: UUID
    category: Code
    item: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class ReclassifyPetition:
    """Put a petition into another category or item; needs a reason."""

    petition_id: UUID
    category: Code
    item: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePetition:
    """Let a petition go on as part of another about the same matter."""

    petition_id: UUID
    into_petition_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchPetition:
    """Send a petition to the unit that is to handle it."""

    petition_id: UUID
    unit_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeDispatch:
    """Say in time that another unit should have the petition; needs a reason."""

    petition_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnDispatch:
    """Take a disputed petition back, to be sent elsewhere; needs a reason.

    ``to_unit_id`` holds it until then (who received it first, if left out).
    """

    petition_id: UUID
    to_unit_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpholdDispatch:
    """Leave a disputed petition with the unit; needs a reason."""

    petition_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptPetition:
    """Take a petition on for the unit that it was sent to."""

    petition_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignHandler:
    """Name the person (by pseudonymous id) who handles a petition, and the units that help."""

    petition_id: UUID
    handler_id: UUID
    co_unit_ids: OptionalUnitIds = ()


@statement(undo="withdraw_petition")
async def file_petition(command: FilePetition, ledger: Ledger, by: By) -> Recorded:
    """Record a petition; the clock for sending it to a unit starts."""
    terms, by = await terms_of(ledger, by)
    received_by_id = command.received_by_id or command.community_id
    by = await guard_kind(ledger, by, command.community_id, Kind.COMMUNITY)
    by = await guard_kind(ledger, by, received_by_id)
    if command.estate_id is not None:
        by = await guard_estate(ledger, by, command.estate_id, command.community_id)
    by = terms.guard_listed(by, "petition.channels", command.channel)
    by = _guard_filed_classification(terms, command, by)
    by = without_personal_data(
        by, title=command.title, summary=command.summary, place=command.place
    )
    await _guard_new(ledger, command)
    procedure = terms.procedure_of(command.channel)
    petition = Petition.file(
        by,
        channel=command.channel,
        procedure=procedure,
        category=command.category,
        item=command.item,
        title=command.title,
        summary=command.summary,
        place=command.place,
        community_id=command.community_id,
        estate_id=command.estate_id,
        petitioner_id=command.petitioner_id,
        received_by_id=received_by_id,
        reference=command.reference,
        deadlines=(routing_deadline(terms, procedure, received_by_id),),
    )
    if command.petitioner is None:
        return await ledger.save(petition)
    person = await person_for(ledger, command.petitioner_id, by, place_id=command.community_id)
    given = command.petitioner.given()
    seal(ledger, person, by, RecordKind.PETITION, petition.id, given)
    return await ledger.save(petition, person)


@decision(undo="reclassify_petition")
async def classify_petition(command: ClassifyPetition, ledger: Ledger, by: By) -> Recorded:
    """Put the petition into its first category."""
    terms, by = await terms_of(ledger, by)
    petition, by = await in_office(ledger, by, command.petition_id)
    by = terms.guard_classification(by, command.category, command.item)
    petition.classify(by, category=command.category, item=command.item)
    return await ledger.save(petition)


@decision(undo=NoUndo("the right category is given again"))
async def reclassify_petition(command: ReclassifyPetition, ledger: Ledger, by: By) -> Recorded:
    """Put the petition into another category or item."""
    terms, by = await terms_of(ledger, by)
    petition, by = await in_office(ledger, by, command.petition_id)
    by = terms.guard_classification(by, command.category, command.item)
    petition.reclassify(by, category=command.category, item=command.item)
    return await ledger.save(petition)


@decision(undo="reverse_petition_step")
async def merge_petition(command: MergePetition, ledger: Ledger, by: By) -> Recorded:
    """Merge the petition; both streams say so, in one append."""
    petition, by = await in_office(ledger, by, command.petition_id)
    into = await ledger.load(Petition, command.into_petition_id)
    petition.merge(by, into_petition_id=into.id, into_is_open=into.is_open)
    into.absorb(by, petition_id=petition.id)
    return await ledger.save(petition, into)


@decision(undo="reverse_petition_step")
async def dispatch_petition(command: DispatchPetition, ledger: Ledger, by: By) -> Recorded:
    """Send the petition; the unit's clock for accepting starts, and mostly that for the answer."""
    terms, by = await terms_of(ledger, by)
    by = await guard_kind(ledger, by, command.unit_id)
    petition, by = await in_office(ledger, by, command.petition_id)
    deadlines = (
        acceptance_deadline(terms, petition, command.unit_id),
        *handling_deadlines(terms, petition, command.unit_id, starts="dispatch"),
    )
    petition.dispatch(by, unit_id=command.unit_id, deadlines=deadlines)
    return await ledger.save(petition)


@decision(undo="reverse_petition_step")
async def dispute_dispatch(command: DisputeDispatch, ledger: Ledger, by: By) -> Recorded:
    """Dispute the dispatch within the days that the procedure gives."""
    terms, by = await terms_of(ledger, by)
    petition, by = await in_office(ledger, by, command.petition_id)
    by = await guard_of_unit(ledger, by, petition.holder_id)
    name = f"petition.{petition.procedure}.dispute_term"
    petition.dispute_dispatch(by, last_day=terms.due(name, starts_on=petition.dispatched_on).on)
    return await ledger.save(petition)


@decision(undo="reverse_petition_step")
async def return_dispatch(command: ReturnDispatch, ledger: Ledger, by: By) -> Recorded:
    """Take the petition back; the clock for sending it to a unit starts again."""
    terms, by = await terms_of(ledger, by)
    petition, by = await in_office(ledger, by, command.petition_id)
    to_unit_id = command.to_unit_id or petition.received_by_id
    by = await guard_kind(ledger, by, to_unit_id)
    deadline = routing_deadline(terms, petition.procedure, to_unit_id)
    petition.return_dispatch(by, to_unit_id=to_unit_id, deadlines=(deadline,))
    return await ledger.save(petition)


@decision(undo="reverse_petition_step")
async def uphold_dispatch(command: UpholdDispatch, ledger: Ledger, by: By) -> Recorded:
    """Leave the petition where it is; the unit's clock for accepting starts again."""
    terms, by = await terms_of(ledger, by)
    petition, by = await in_office(ledger, by, command.petition_id)
    deadline = acceptance_deadline(terms, petition, petition.holder_id)
    petition.uphold_dispatch(by, deadlines=(deadline,))
    return await ledger.save(petition)


@decision(undo="reverse_petition_step")
async def accept_petition(command: AcceptPetition, ledger: Ledger, by: By) -> Recorded:
    """Take the petition on; where the procedure counts from here, the answer's clock starts."""
    terms, by = await terms_of(ledger, by)
    petition, by = await in_office(ledger, by, command.petition_id)
    by = await guard_of_unit(ledger, by, petition.holder_id)
    deadlines = handling_deadlines(terms, petition, petition.holder_id, starts="acceptance")
    petition.accept(by, deadlines=deadlines)
    return await ledger.save(petition)


@decision(undo="reverse_petition_step")
async def assign_handler(command: AssignHandler, ledger: Ledger, by: By) -> Recorded:
    """Assign the handler and the units that help."""
    for unit_id in command.co_unit_ids:
        by = await guard_kind(ledger, by, unit_id)
    petition, by = await in_office(ledger, by, command.petition_id)
    by = await guard_of_unit(ledger, by, petition.holder_id)
    petition.assign_handler(by, handler_id=command.handler_id, co_unit_ids=command.co_unit_ids)
    return await ledger.save(petition)


def routing_deadline(terms: Terms, procedure: str, holder_id: UUID) -> Deadline:
    """Return by when a holder must send a petition of this procedure to a unit."""
    return terms.deadline(ClockName.ROUTING, f"petition.{procedure}.routing_term", holder_id)


def acceptance_deadline(terms: Terms, petition: Petition, unit_id: UUID) -> Deadline:
    """Return by when a unit must accept a petition or dispute the dispatch."""
    name = f"petition.{petition.procedure}.acceptance_term"
    return terms.deadline(ClockName.ACCEPTANCE, name, unit_id)


def handling_deadlines(
    terms: Terms, petition: Petition, unit_id: UUID, *, starts: str
) -> tuple[Deadline, ...]:
    """Return the deadline of the answer, if the petition's procedure counts it from ``starts``."""
    name = f"petition.{petition.procedure}.handling_starts"
    if terms.book.text(name, on=terms.day) != starts:
        return ()
    return (handling_deadline(terms, petition, unit_id),)


def handling_deadline(terms: Terms, petition: Petition, unit_id: UUID) -> Deadline:
    """Return the deadline of an answer that a unit begins to work on now."""
    name = terms.handling_term(petition.procedure, petition.category)
    return terms.deadline(ClockName.HANDLING, name, unit_id)


def _guard_filed_classification(terms: Terms, command: FilePetition, by: By) -> By:
    if command.category is None and command.item is None:
        return by
    if command.category is None or command.item is None:
        raise InvalidValue(field="item", rule="category and item are given together, or neither")
    return terms.guard_classification(by, command.category, command.item)


async def _guard_new(ledger: Ledger, command: FilePetition) -> None:
    if not command.reference:
        return
    petition_id = Petition.create_id(channel=command.channel, reference=command.reference)
    if await ledger.find(Petition, petition_id) is not None:
        raise AlreadyFiled(channel=command.channel, reference=command.reference)
