"""Ask for an erasure, decide it, carry it out: keys first, then the receipt, again if cut short."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from annotated_types import MaxLen

from ledger.commands.persons import guard_self
from ledger.commands.petition_terms import terms_of
from ledger.commands.plain_texts import without_personal_data
from ledger.commands.sealing import disclose, guard_privacy_list, is_recorded_now
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import LedgerError
from ledger.core.times import NoUndo, decision, statement
from ledger.core.values import Code, derived_id
from ledger.erasures import Erasure, Stage
from ledger.persons import NothingSealed, Person, RecordKind
from ledger.storage.connect import LOST_CONNECTION
from ledger.storage.ledger import Ledger, Recorded

RecordIds = Annotated[tuple[UUID, ...], MaxLen(100)]
"""Up to 100 records; none means everything."""

UPKEEP = derived_id("actor", "minzhang upkeep")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestErasure:
    """Ask that what is sealed about a person be erased: by themselves, or on their behalf.

    ``record_ids`` narrows it to what some records hold (a petition, the contact data).
    ``ground`` is a code of the policy list ``privacy.erasure_grounds``.
    """

    subject_id: UUID
    ground: Code
    record_ids: RecordIds = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveErasure:
    """Order the destruction, giving the reason; it is carried out at once."""

    erasure_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictErasure:
    """Keep the data under a legal hold, used for nothing, giving the reason.

    ``hold`` is a code of the policy list ``privacy.legal_holds``.
    """

    erasure_id: UUID
    hold: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseErasure:
    """Refuse a request, giving the reason; a restriction ends."""

    erasure_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawErasure:
    """Take one's own request back before it is decided."""

    erasure_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryOutErasure:
    """Destroy what was approved, if that was cut short, and record the receipt."""

    erasure_id: UUID


@statement(undo="withdraw_erasure")
async def request_erasure(command: RequestErasure, ledger: Ledger, by: By) -> Recorded:
    """Record the request and by when it must be answered."""
    by = guard_self(by, command.subject_id)
    by = await guard_privacy_list(ledger, by, "privacy.erasure_grounds", command.ground)
    by = without_personal_data(by, reason=by.reason)
    terms, by = await terms_of(ledger, by)
    person = await ledger.load(Person, command.subject_id)
    _guard_sealed(person, command.record_ids)
    due = terms.due("privacy.answer_term")
    erasure = Erasure.request(
        by,
        subject_id=command.subject_id,
        record_ids=command.record_ids,
        ground=command.ground,
        due_on=due.on,
        is_provisional=due.is_provisional,
    )
    return await ledger.save(erasure)


@decision(undo=NoUndo("what is destroyed stays destroyed; until then it is refused or restricted"))
async def approve_erasure(command: ApproveErasure, ledger: Ledger, by: By) -> Recorded:
    """Record the order, then carry it out; if that is cut short, upkeep goes on with it."""
    by = without_personal_data(by, reason=by.reason)
    terms, by = await terms_of(ledger, by)
    erasure = await ledger.load(Erasure, command.erasure_id)
    person = await ledger.load(Person, erasure.subject_id)
    days = terms.book.number("privacy.backup_days", on=terms.day)
    _guard_sealed(person, erasure.record_ids)
    slots = person.living_slots(erasure.record_ids)
    erasure.approve(
        by,
        slot_ids=tuple(slot.slot_id for slot in slots),
        backups_expire_on=local_day(by.at) + timedelta(days=days),
    )
    ledger.vault  # noqa: B018 - no order without the means to carry it out
    recorded = await ledger.save(erasure)
    if not is_recorded_now(recorded):
        return recorded
    is_carried_out = False
    with suppress(LedgerError, *LOST_CONNECTION):
        carrying = replace(by, cause=recorded.event_ids[-1], evidence=())
        await carry_out_erasure(
            CarryOutErasure(erasure_id=erasure.id), ledger.for_request(), carrying
        )
        is_carried_out = True
    documents = sum(slot.record_kind is RecordKind.DOCUMENT for slot in slots)
    return disclose(recorded, {"carried_out": is_carried_out, "documents_count": documents})


@decision(undo=NoUndo("the restriction is lifted by another decision"))
async def restrict_erasure(command: RestrictErasure, ledger: Ledger, by: By) -> Recorded:
    """Restrict the data instead of erasing it; request and person say so in one append."""
    by = await guard_privacy_list(ledger, by, "privacy.legal_holds", command.hold)
    by = without_personal_data(by, reason=by.reason)
    erasure = await ledger.load(Erasure, command.erasure_id)
    person = await ledger.load(Person, erasure.subject_id)
    erasure.restrict(by, hold=command.hold)
    person.restrict(by, erasure_id=erasure.id, record_ids=erasure.record_ids)
    return await ledger.save(erasure, person)


@decision(undo=NoUndo("it is requested again"))
async def refuse_erasure(command: RefuseErasure, ledger: Ledger, by: By) -> Recorded:
    """Refuse the request; what was restricted because of it may be used again."""
    by = without_personal_data(by, reason=by.reason)
    erasure = await ledger.load(Erasure, command.erasure_id)
    erasure.refuse(by)
    return await _save_and_lift(ledger, erasure, by)


@statement(undo=NoUndo("it is requested again"))
async def withdraw_erasure(command: WithdrawErasure, ledger: Ledger, by: By) -> Recorded:
    """Take the request back; what was restricted because of it may be used again."""
    by = without_personal_data(by, reason=by.reason)
    erasure = await ledger.load(Erasure, command.erasure_id)
    erasure.withdraw(by)
    return await _save_and_lift(ledger, erasure, by)


@decision(undo=NoUndo("what is destroyed stays destroyed"))
async def carry_out_erasure(command: CarryOutErasure, ledger: Ledger, by: By) -> Recorded:
    """Destroy keys, values, indexes and documents, then record the receipt: again does no harm."""
    erasure = await ledger.load(Erasure, command.erasure_id)
    erasure.carry_out(by)
    if erasure.approved_by is None or erasure.backups_expire_on is None:
        raise TypeError(f"erasure {erasure.id} is approved and does not say by whom")
    if not ledger.is_dry_run:
        await ledger.vault.destroy(erasure.slot_ids)
    person = await ledger.load(Person, erasure.subject_id)
    person.erase(
        replace(by, reason=erasure.approval_reason),
        erasure_id=erasure.id,
        slot_ids=erasure.slot_ids,
        approved_by=erasure.approved_by,
        backups_expire_on=erasure.backups_expire_on,
    )
    return await ledger.save(erasure, person)


async def carry_out_what_was_cut_short(ledger: Ledger, erasure_ids: list[UUID]) -> int:
    """Carry out approved erasures that are not; return how many were."""
    carried_out = 0
    for erasure_id in erasure_ids:
        erasure = await ledger.find(Erasure, erasure_id)
        if erasure is not None and erasure.stage is Stage.APPROVED:
            by = By(actor_id=UPKEEP, at=ledger.clock(), role="system")
            await carry_out_erasure(
                CarryOutErasure(erasure_id=erasure_id), ledger.for_request(), by
            )
            carried_out += 1
    return carried_out


async def _save_and_lift(ledger: Ledger, erasure: Erasure, by: By) -> Recorded:
    person = await ledger.load(Person, erasure.subject_id)
    person.lift_restriction(by, erasure_id=erasure.id)
    return await ledger.save(erasure, person)


def _guard_sealed(person: Person, record_ids: tuple[UUID, ...]) -> None:
    if not person.living_slots(record_ids):
        raise NothingSealed(person_id=str(person.id))
    known = {slot.record_id for slot in person.living_slots()}
    for record_id in record_ids:
        if record_id not in known:
            raise NothingSealed(record_id=str(record_id))
