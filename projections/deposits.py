"""Deposits: what each holds, every change with its cause, what was demanded and what came in."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ledger.core.errors import NotFound
from ledger.deposits import events
from ledger.deposits.deposit import WHOLE_BP
from ledger.storage.connect import Database
from projections.deposit_book import (
    FIGURES,
    TOTALS,
    book,
    demands,
    deposits,
    lines,
    reminders,
    settle,
    view,
)
from projections.deposit_draws import DrawAt, DrawQuery, draw_by_id, draw_register
from projections.engine import AsOf, Entry, Page, Paging, Row, Rows, Select, pinned
from projections.periods import OF_A_PERIOD, Period, period_columns, roll_forward

__all__ = [
    "DemandQuery",
    "DepositAt",
    "DepositLinesQuery",
    "DepositQuery",
    "DrawAt",
    "DrawQuery",
    "ReminderQuery",
    "RollForwardQuery",
    "deposit_by_id",
    "deposit_lines",
    "deposit_register",
    "deposit_reminders",
    "deposit_roll_forward",
    "deposit_top_ups",
    "draw_by_id",
    "draw_register",
    "view",
]

BALANCES = {
    name: f"(sum({name}) OVER (PARTITION BY deposit_id ORDER BY occurred_at, position, line_no))"
    "::bigint"
    for name in ("held_fen", "promised_fen")
}


@dataclass(frozen=True, kw_only=True)
class DepositQuery(AsOf, Paging):
    """Which deposits. ``status`` is assessed, short, full, ended or closed."""

    estate_id: UUID | None = None
    company_id: UUID | None = None
    status: str | None = None


@dataclass(frozen=True, kw_only=True)
class DepositAt(AsOf):
    """One deposit."""

    deposit_id: UUID


@dataclass(frozen=True, kw_only=True)
class DepositLinesQuery(AsOf, Paging):
    """The lines of one deposit, oldest first."""

    deposit_id: UUID


@dataclass(frozen=True, kw_only=True)
class RollForwardQuery(AsOf):
    """One deposit, month by month, or by quarters or years."""

    deposit_id: UUID
    period: Period = Period.MONTH


@dataclass(frozen=True, kw_only=True)
class DemandQuery(AsOf, Paging):
    """Which demands to top up; latest first. ``status`` is open, missed, met or met_late."""

    deposit_id: UUID | None = None
    estate_id: UUID | None = None
    company_id: UUID | None = None
    status: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReminderQuery(AsOf, Paging):
    """Which reminders; latest first."""

    deposit_id: UUID | None = None
    estate_id: UUID | None = None


async def deposit_register(db: Database, ledger_id: str, query: DepositQuery) -> Page:
    """List deposits: required, held, promised, free, short; exact for any two times."""
    query, known_at = await pinned(db, ledger_id, view, query)
    select = (
        Select(deposits, ledger_id, query)
        .within(estate_id=query.estate_id, company_id=query.company_id)
        .equal(status=query.status)
    )
    page = await select.page(db, query, order=("-assessed_at", "deposit_id"), known_at=known_at)
    await _as_they_were(db, ledger_id, query, page.rows)
    return page


async def deposit_by_id(db: Database, ledger_id: str, query: DepositAt) -> Row:
    """Return one deposit (refuses with ``NotFound``)."""
    select = Select(deposits, ledger_id, query).within(deposit_id=query.deposit_id)
    row = await select.one(db)
    if row is None:
        raise NotFound(kind="deposit", id=str(query.deposit_id))
    await _as_they_were(db, ledger_id, query, [row])
    return row


async def deposit_lines(db: Database, ledger_id: str, query: DepositLinesQuery) -> Page:
    """List every change of a deposit with its cause and what was held after it."""
    computed = {f"{name.removesuffix('_fen')}_after_fen": sql for name, sql in BALANCES.items()}
    select = Select(lines, ledger_id, query, computed=computed).within(deposit_id=query.deposit_id)
    return await select.page(db, query, order=("occurred_at", "position", "line_no"))


async def deposit_roll_forward(db: Database, ledger_id: str, query: RollForwardQuery) -> Page:
    """Show a deposit period by period: opening, in and out by kind, closing."""
    computed = period_columns(query.period)
    select = Select(lines, ledger_id, query, computed=computed).within(deposit_id=query.deposit_id)
    sums = await select.sums(db, FIGURES, by=OF_A_PERIOD)
    return Page(roll_forward(sums, TOTALS, amount="held_fen", held="promised_fen"))


async def deposit_top_ups(db: Database, ledger_id: str, query: DemandQuery) -> Page:
    """List demands to fill deposits up again, and what came in."""
    select = (
        Select(demands, ledger_id, query)
        .within(deposit_id=query.deposit_id, estate_id=query.estate_id)
        .equal(company_id=query.company_id, status=query.status)
    )
    return await select.page(db, query, order=("-demanded_at", "deposit_id", "demand_id"))


async def deposit_reminders(db: Database, ledger_id: str, query: ReminderQuery) -> Page:
    """List what companies were told to put right."""
    select = Select(reminders, ledger_id, query)
    select.within(deposit_id=query.deposit_id, estate_id=query.estate_id)
    return await select.page(db, query, order=("-position", "-line_no"))


async def _as_they_were(db: Database, ledger_id: str, as_of: AsOf, rows: list[Row]) -> None:
    """Take the figures of the past from the lines: an image may not show what came late."""
    if as_of.is_now or not rows:
        return
    found = {row["deposit_id"]: row for row in rows}
    for row in rows:
        row.update(dict.fromkeys((*FIGURES, *TOTALS.values()), 0))
    select = Select(lines, ledger_id, as_of).one_of(deposit_id=list(found))
    for sums in await select.sums(db, FIGURES, by=("deposit_id", "kind")):
        row = found[sums["deposit_id"]]
        for name in FIGURES:
            row[name] += sums[name]
        if total := TOTALS.get(sums["kind"]):
            row[total] += abs(sums["held_fen"])
    for row in rows:
        settle(row)


# The deposit itself ----------------------------------------------------------------------


@view.on(events.Assessed)
async def assessed(rows: Rows, event: events.Assessed, entry: Entry) -> None:
    """Begin a deposit."""
    agreement = event.agreement
    rows.put(
        deposits,
        {
            "deposit_id": event.originator_id,
            "estate_id": event.estate_id,
            "company_id": event.company_id,
            "contract": agreement.contract,
            "basis": agreement.basis,
            "form": agreement.form,
            "ends_on": agreement.ends_on,
            "return_days": agreement.return_days,
            "base_fen": event.base_fen,
            "rate_bp": event.rate_bp,
            "assessed_at": event.timestamp,
        },
    )
    await book(rows, event, entry, required_fen=event.base_fen * event.rate_bp // WHOLE_BP)


@view.on(events.Reassessed)
async def reassessed(rows: Rows, event: events.Reassessed, entry: Entry) -> None:
    """Change what is due."""
    row = await rows.get(deposits, event.originator_id)
    row["base_fen"], row["rate_bp"] = event.base_fen, event.rate_bp
    rows.put(deposits, row)
    required_fen = event.base_fen * event.rate_bp // WHOLE_BP
    await book(rows, event, entry, required_fen=required_fen - row["required_fen"])


@view.on(events.Received)
async def received(rows: Rows, event: events.Received, entry: Entry) -> None:
    """Add money."""
    await book(rows, event, entry, held_fen=event.amount_fen, bank_reference=event.bank_reference)


@view.on(events.Returned)
async def returned(rows: Rows, event: events.Returned, entry: Entry) -> None:
    """Take off what went back to the company."""
    await book(rows, event, entry, held_fen=-event.amount_fen, bank_reference=event.bank_reference)


@view.on(events.Forfeited)
async def forfeited(rows: Rows, event: events.Forfeited, entry: Entry) -> None:
    """Take off what was kept."""
    await book(rows, event, entry, held_fen=-event.amount_fen)


@view.on(events.CompanyReminded)
async def reminded(rows: Rows, event: events.CompanyReminded, entry: Entry) -> None:
    """Note the reminder."""
    row = await rows.get(deposits, event.originator_id)
    rows.add(
        reminders,
        {
            "deposit_id": event.originator_id,
            "estate_id": row["estate_id"],
            "reminder_id": event.reminder_id,
            "matter": event.matter,
            "due_at": event.due_at,
            "actor_id": event.by.actor_id,
            "role": event.by.role,
        },
    )


@view.on(events.ContractEnded)
async def contract_ended(rows: Rows, event: events.ContractEnded, entry: Entry) -> None:
    """Note when the rest is due back."""
    row = await rows.get(deposits, event.originator_id)
    row["ended_on"], row["return_due_on"] = event.ended_on, event.return_due_on
    rows.put(deposits, settle(row))


@view.on(events.ReturnMissed)
async def return_missed(rows: Rows, event: events.ReturnMissed, entry: Entry) -> None:
    """Note that the rest did not go back in time."""
    row = await rows.get(deposits, event.originator_id)
    row["is_return_missed"] = True
    row["missed_count"] += 1
    rows.put(deposits, row)


@view.on(events.Closed)
async def closed(rows: Rows, event: events.Closed, entry: Entry) -> None:
    """Note the end."""
    row = await rows.get(deposits, event.originator_id)
    row["is_closed"] = True
    rows.put(deposits, settle(row))


# Top-ups ---------------------------------------------------------------------------------


@view.on(events.TopUpDemanded)
async def top_up_demanded(rows: Rows, event: events.TopUpDemanded, entry: Entry) -> None:
    """Begin a demand."""
    deposit = await rows.get(deposits, event.originator_id)
    rows.put(
        demands,
        {
            "deposit_id": event.originator_id,
            "demand_id": event.demand_id,
            "estate_id": deposit["estate_id"],
            "company_id": deposit["company_id"],
            "amount_fen": event.amount_fen,
            "open_fen": event.amount_fen,
            "demanded_at": event.timestamp,
            "due_on": event.due.on,
            "is_due_provisional": event.due.is_provisional,
        },
    )
    await book(rows, event, entry, demanded_fen=event.amount_fen, demand_id=event.demand_id)


@view.on(events.TopUpReceived)
async def top_up_received(rows: Rows, event: events.TopUpReceived, entry: Entry) -> None:
    """Add money, and take it off the demand. History may bring more than was asked."""
    demand = await rows.get(demands, event.originator_id, event.demand_id)
    open_before_fen = max(0, demand["open_fen"])
    demand["received_fen"] += event.amount_fen
    demand["open_fen"] -= event.amount_fen
    if demand["open_fen"] <= 0:
        demand["settled_at"] = event.timestamp
        demand["status"] = "met_late" if demand["is_missed"] else "met"
    rows.put(demands, demand)
    await book(
        rows,
        event,
        entry,
        held_fen=event.amount_fen,
        demanded_fen=max(0, demand["open_fen"]) - open_before_fen,
        demand_id=event.demand_id,
        bank_reference=event.bank_reference,
    )


@view.on(events.TopUpMissed)
async def top_up_missed(rows: Rows, event: events.TopUpMissed, entry: Entry) -> None:
    """Note that the company let the day pass."""
    demand = await rows.get(demands, event.originator_id, event.demand_id)
    demand["is_missed"] = True
    demand["status"] = "missed" if demand["open_fen"] > 0 else "met_late"
    rows.put(demands, demand)
    deposit = await rows.get(deposits, event.originator_id)
    deposit["missed_count"] += 1
    rows.put(deposits, deposit)
