"""Draw-downs of deposits: why, who asked, who approved, what was paid, what the company says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ledger.core.errors import NotFound
from ledger.deposits import CauseKind, DrawStatus, events
from ledger.storage.connect import Database
from projections.deposit_book import OPEN_DRAWS, book, deposits, draws, view
from projections.engine import AsOf, Entry, Page, Paging, Row, Rows, Select

_LATER_STEPS: tuple[type[Any], ...] = (
    events.DrawApproved,
    events.DrawRejected,
    events.DrawCancelled,
    events.EmergencyWorkOrdered,
    events.DrawPaid,
    events.WorkVerified,
    events.DrawContested,
    events.ContestDecided,
    events.ContestDecidedWithTerm,
    events.RefundMissed,
    events.DrawRefunded,
)
for _step in _LATER_STEPS:
    view.read_ahead(draws, _step, lambda event: (event.originator_id, event.draw_id))


@dataclass(frozen=True, kw_only=True)
class DrawQuery(AsOf, Paging):
    """Which draw-downs; latest request first. ``breach`` is the code of a rule that was broken."""

    deposit_id: UUID | None = None
    estate_id: UUID | None = None
    company_id: UUID | None = None
    status: DrawStatus | None = None
    cause_kind: CauseKind | None = None
    cause_id: UUID | None = None
    contest_status: str | None = None
    breach: str | None = None


@dataclass(frozen=True, kw_only=True)
class DrawAt(AsOf):
    """One draw-down."""

    deposit_id: UUID
    draw_id: UUID


async def draw_register(db: Database, ledger_id: str, query: DrawQuery) -> Page:
    """List draw-downs with cause, approval, payment, verification and contest."""
    select = (
        Select(draws, ledger_id, query)
        .within(deposit_id=query.deposit_id, estate_id=query.estate_id)
        .equal(
            company_id=query.company_id,
            status=query.status,
            cause_kind=query.cause_kind,
            cause_id=query.cause_id,
            contest_status=query.contest_status,
        )
        .has(breaches=query.breach)
    )
    return await select.page(db, query, order=("-requested_at", "deposit_id", "draw_id"))


async def draw_by_id(db: Database, ledger_id: str, query: DrawAt) -> Row:
    """Return one draw-down (refuses with ``NotFound``)."""
    select = Select(draws, ledger_id, query)
    row = await select.within(deposit_id=query.deposit_id, draw_id=query.draw_id).one(db)
    if row is None:
        raise NotFound(kind="draw", id=str(query.draw_id))
    return row


@view.on(events.DrawRequested)
async def draw_requested(rows: Rows, event: events.DrawRequested, entry: Entry) -> None:
    """Begin a draw-down and hold its amount back."""
    deposit = await rows.get(deposits, event.originator_id)
    terms, by = event.terms, event.by
    draw: Row = {
        "deposit_id": event.originator_id,
        "draw_id": event.draw_id,
        "estate_id": deposit["estate_id"],
        "company_id": deposit["company_id"],
        "amount_fen": terms.amount_fen,
        "payee": terms.payee,
        "payee_id": terms.payee_id,
        "purpose": terms.purpose,
        "cause_kind": terms.cause.kind,
        "cause_id": terms.cause.id,
        "cause_record": terms.cause.record,
        "reminder_id": terms.reminder_id,
        "requested_at": event.timestamp,
        "requested_by": by.actor_id,
        "requested_role": by.role,
        "status": DrawStatus.REQUESTED,
        "breaches": list(by.breaches),
    }
    rows.put(draws, draw)
    await book(rows, event, entry, promised_fen=terms.amount_fen, **_about(draw))


@view.on(events.DrawApproved)
async def draw_approved(rows: Rows, event: events.DrawApproved, entry: Entry) -> None:
    """Note who approved. History may approve what was paid before."""
    draw = await _draw(rows, event)
    status = draw["status"] if draw["status"] == DrawStatus.PAID else DrawStatus.APPROVED
    await _decide(rows, event, entry, draw, status)


@view.on(events.DrawRejected)
async def draw_rejected(rows: Rows, event: events.DrawRejected, entry: Entry) -> None:
    """Free what was held back."""
    await _decide(rows, event, entry, await _draw(rows, event), DrawStatus.REJECTED)


@view.on(events.DrawCancelled)
async def draw_cancelled(rows: Rows, event: events.DrawCancelled, entry: Entry) -> None:
    """Free what was held back."""
    await _decide(rows, event, entry, await _draw(rows, event), DrawStatus.CANCELLED)


@view.on(events.EmergencyWorkOrdered)
async def work_ordered(rows: Rows, event: events.EmergencyWorkOrdered, entry: Entry) -> None:
    """Note who does the work."""
    draw = await _draw(rows, event)
    draw |= {
        "work_ordered_at": event.timestamp,
        "contractor": event.contractor,
        "work": event.work,
    }
    rows.put(draws, draw)


@view.on(events.DrawPaid)
async def draw_paid(rows: Rows, event: events.DrawPaid, entry: Entry) -> None:
    """Take the money off; nothing is held back for it any more."""
    draw = await _draw(rows, event)
    freed_fen = draw["amount_fen"] if draw["status"] in OPEN_DRAWS else 0
    draw |= {
        "status": DrawStatus.PAID,
        "paid_at": event.timestamp,
        "paid_by": event.by.actor_id,
        "paid_fen": event.amount_fen,
        "bank_reference": event.bank_reference,
        "contest_until_on": event.contest_until.on,
        "is_contest_until_provisional": event.contest_until.is_provisional,
    }
    rows.put(draws, draw)
    about = _about(draw) | {"bank_reference": event.bank_reference}
    await book(rows, event, entry, held_fen=-event.amount_fen, promised_fen=-freed_fen, **about)


@view.on(events.WorkVerified)
async def work_verified(rows: Rows, event: events.WorkVerified, entry: Entry) -> None:
    """Note how the work was found."""
    draw = await _draw(rows, event)
    draw |= {
        "verified_at": event.timestamp,
        "verified_by": event.by.actor_id,
        "is_work_accepted": event.is_accepted,
    }
    rows.put(draws, draw)


@view.on(events.DrawContested)
async def draw_contested(rows: Rows, event: events.DrawContested, entry: Entry) -> None:
    """Note what the company says."""
    draw = await _draw(rows, event)
    draw |= {
        "contested_at": event.timestamp,
        "contest_statement": event.statement,
        "contest_status": "open",
    }
    rows.put(draws, draw)


@view.on(events.ContestDecided)
async def contest_decided(rows: Rows, event: events.ContestDecided, entry: Entry) -> None:
    """Note what became of it."""
    rows.put(draws, await _draw(rows, event) | _decided(event))


@view.on(events.ContestDecidedWithTerm)
async def contest_decided_with_term(
    rows: Rows, event: events.ContestDecidedWithTerm, entry: Entry
) -> None:
    """Note what became of it."""
    draw = await _draw(rows, event) | _decided(event)
    if event.refund_due is not None:
        draw["refund_due_on"] = event.refund_due.on
        draw["is_refund_due_provisional"] = event.refund_due.is_provisional
    rows.put(draws, draw)


def _decided(event: events.ContestDecided | events.ContestDecidedWithTerm) -> Row:
    return {
        "contest_status": event.outcome,
        "contest_decided_at": event.timestamp,
        "contest_decided_by": event.by.actor_id,
        "contest_reason": event.by.reason,
    }


@view.on(events.RefundMissed)
async def refund_missed(rows: Rows, event: events.RefundMissed, entry: Entry) -> None:
    """Note that the money of an upheld contest did not come back in time."""
    rows.put(draws, await _draw(rows, event) | {"is_refund_missed": True})
    deposit = await rows.get(deposits, event.originator_id)
    deposit["missed_count"] += 1
    rows.put(deposits, deposit)


@view.on(events.DrawRefunded)
async def draw_refunded(rows: Rows, event: events.DrawRefunded, entry: Entry) -> None:
    """Add what came back."""
    draw = await _draw(rows, event)
    draw["refunded_fen"] += event.amount_fen
    rows.put(draws, draw)
    about = _about(draw) | {"bank_reference": event.bank_reference}
    await book(rows, event, entry, held_fen=event.amount_fen, **about)


async def _draw(rows: Rows, event: Any) -> Row:
    """Return the draw-down that an event is about, with the rules that the event broke."""
    draw = await rows.get(draws, event.originator_id, event.draw_id)
    new = [breach for breach in event.by.breaches if breach not in draw["breaches"]]
    draw["breaches"] += new
    return draw


def _about(draw: Row) -> dict[str, Any]:
    """Return what a line says of the draw-down that it comes from."""
    names = ("draw_id", "cause_kind", "cause_id", "cause_record", "payee", "purpose")
    return {name: draw.get(name) for name in names}


async def _decide(rows: Rows, event: Any, entry: Entry, draw: Row, status: str) -> None:
    change = (status in OPEN_DRAWS) - (draw["status"] in OPEN_DRAWS)
    draw |= {
        "status": status,
        "decided_at": event.timestamp,
        "decided_by": event.by.actor_id,
        "decision_reason": event.by.reason,
    }
    rows.put(draws, draw)
    if change:
        promised_fen = change * draw["amount_fen"]
        await book(rows, event, entry, promised_fen=promised_fen, **_about(draw))
