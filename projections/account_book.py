"""Public accounts and leases: what every event of them changes.

``balance = received - reversed - paid + paid back``; what is set aside for
approved expenses is part of the balance, but not free.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from ledger.accounts import PublicAccount
from ledger.leases import Lease, LeaseTerms
from projections.engine import Entry, Row, Rows, View

FIGURES = ("amount_fen", "held_fen")
"""What lines change: the balance, and the money set aside."""

view = View("accounts", version=2)
accounts = view.table("accounts_v2", key=("account_id",))
lines = view.lines("account_lines_v2", sums=FIGURES)
receipts = view.table("account_receipts_v2", key=("account_id", "receipt_id"), stream="account_id")
holds = view.table("account_holds_v2", key=("account_id", "expense_id"), stream="account_id")
leases = view.table("leases_v2", key=("lease_id",), history="lease_states_v2")

TOTALS = {
    "revenue_received": "received_fen",
    "revenue_reversed": "reversed_fen",
    "paid_out": "paid_fen",
    "payment_reversed": "paid_back_fen",
}
"""Which column adds up the money of which kind of line."""

KINDS = (
    *TOTALS,
    "hold_placed",
    "hold_released",
    "opened",
    "period_closed",
    "period_reopened",
)
"""What a line can be: the events of an account."""

_OF_EXPENSES: tuple[type[Any], ...] = (
    PublicAccount.HoldPlaced,
    PublicAccount.HoldReleased,
    PublicAccount.PaidOut,
    PublicAccount.PaymentReversed,
)
for _event_type in _OF_EXPENSES:
    view.read_ahead(holds, _event_type, lambda event: (event.originator_id, event.expense_id))
view.read_ahead(
    receipts, PublicAccount.RevenueReversed, lambda event: (event.originator_id, event.receipt_id)
)


# The account -----------------------------------------------------------------------------


@view.on(PublicAccount.Opened)
async def opened(rows: Rows, event: PublicAccount.Opened, entry: Entry) -> None:
    """Begin an account."""
    rows.put(
        accounts,
        {
            "account_id": event.originator_id,
            "estate_id": event.estate_id,
            "street_id": event.street_id,
            "opened_at": event.timestamp,
            "opened_recorded_at": entry.recorded_at,
        },
    )
    await _book(rows, event, entry)


@view.on(PublicAccount.RevenueReceived)
async def revenue_received(rows: Rows, event: PublicAccount.RevenueReceived, entry: Entry) -> None:
    """Add what came in."""
    receipt = event.receipt
    rows.put(
        receipts,
        {
            "account_id": event.originator_id,
            "receipt_id": receipt.receipt_id,
            "category": receipt.category,
            "amount_fen": receipt.amount_fen,
            "payer": receipt.payer,
            "lease_id": receipt.lease_id,
        },
    )
    await _book(
        rows,
        event,
        entry,
        amount_fen=receipt.amount_fen,
        category=receipt.category,
        counterparty=receipt.payer,
        bank_reference=receipt.bank_reference,
        receipt_id=receipt.receipt_id,
        lease_id=receipt.lease_id,
    )


@view.on(PublicAccount.RevenueReversed)
async def revenue_reversed(rows: Rows, event: PublicAccount.RevenueReversed, entry: Entry) -> None:
    """Take a receipt off again, of its own category and lease."""
    receipt = await rows.get(receipts, event.originator_id, event.receipt_id)
    receipt["is_reversed"] = True
    rows.put(receipts, receipt)
    await _book(
        rows,
        event,
        entry,
        amount_fen=-event.amount_fen,
        category=receipt["category"],
        counterparty=receipt["payer"],
        receipt_id=event.receipt_id,
        lease_id=receipt["lease_id"],
    )


@view.on(PublicAccount.HoldPlaced)
async def hold_placed(rows: Rows, event: PublicAccount.HoldPlaced, entry: Entry) -> None:
    """Set money aside."""
    hold = await _hold(rows, event)
    hold["held_fen"] = event.amount_fen
    rows.put(holds, hold)
    await _book(rows, event, entry, held_fen=event.amount_fen, expense_id=event.expense_id)


@view.on(PublicAccount.HoldReleased)
async def hold_released(rows: Rows, event: PublicAccount.HoldReleased, entry: Entry) -> None:
    """Free what was set aside."""
    hold = await _hold(rows, event)
    freed_fen, hold["held_fen"] = hold["held_fen"], 0
    rows.put(holds, hold)
    await _book(rows, event, entry, held_fen=-freed_fen, expense_id=event.expense_id)


@view.on(PublicAccount.PaidOut)
async def paid_out(rows: Rows, event: PublicAccount.PaidOut, entry: Entry) -> None:
    """Take off what was paid; nothing is set aside for it any more."""
    hold = await _hold(rows, event)
    freed_fen, hold["held_fen"] = hold["held_fen"], 0
    hold["paid_fen"], hold["payee"] = event.amount_fen, event.payee
    rows.put(holds, hold)
    await _book(
        rows,
        event,
        entry,
        amount_fen=-event.amount_fen,
        held_fen=-freed_fen,
        counterparty=event.payee,
        bank_reference=event.bank_reference,
        expense_id=event.expense_id,
    )


@view.on(PublicAccount.PaymentReversed)
async def payment_reversed(rows: Rows, event: PublicAccount.PaymentReversed, entry: Entry) -> None:
    """Add what came back."""
    hold = await _hold(rows, event)
    hold["paid_fen"] = 0
    rows.put(holds, hold)
    await _book(
        rows,
        event,
        entry,
        amount_fen=event.amount_fen,
        counterparty=hold["payee"],
        bank_reference=event.bank_reference,
        expense_id=event.expense_id,
    )


@view.on(PublicAccount.PeriodClosed)
async def period_closed(rows: Rows, event: PublicAccount.PeriodClosed, entry: Entry) -> None:
    """Note until when the books are closed."""
    row = await rows.get(accounts, event.originator_id)
    last_day = monthrange(event.year, event.month)[1]
    row["closed_through"] = date(event.year, event.month, last_day)
    rows.put(accounts, row)
    await _book(rows, event, entry, closed_through=row["closed_through"])


@view.on(PublicAccount.PeriodReopened)
async def period_reopened(rows: Rows, event: PublicAccount.PeriodReopened, entry: Entry) -> None:
    """Note until when the books are closed now."""
    row = await rows.get(accounts, event.originator_id)
    row["closed_through"] = date(event.year, event.month, 1) - timedelta(days=1)
    rows.put(accounts, row)
    await _book(rows, event, entry, closed_through=row["closed_through"])


# Leases ----------------------------------------------------------------------------------


@view.on(Lease.Signed)
async def signed(rows: Rows, event: Lease.Signed, entry: Entry) -> None:
    """Begin a lease."""
    account = await rows.find(accounts, event.account_id)
    rows.put(
        leases,
        {
            "lease_id": event.originator_id,
            "account_id": event.account_id,
            "estate_id": account and account["estate_id"],
            "signed_at": event.timestamp,
            **_agreed(event.terms),
        },
    )


@view.on(Lease.Amended)
async def amended(rows: Rows, event: Lease.Amended, entry: Entry) -> None:
    """Put the new terms in the place of the old."""
    row = await rows.get(leases, event.originator_id)
    row |= _agreed(event.terms)
    row["amended_count"] += 1
    rows.put(leases, row)


@view.on(Lease.Ended)
async def ended(rows: Rows, event: Lease.Ended, entry: Entry) -> None:
    """Note the last day."""
    row = await rows.get(leases, event.originator_id)
    row["ended_on"] = event.ended_on
    rows.put(leases, row)


def _agreed(terms: LeaseTerms) -> Row:
    schedule = [
        {"due_on": instalment.due_on, "amount_fen": instalment.amount_fen}
        for instalment in terms.schedule
    ]
    return {
        "premises": terms.premises,
        "area_m2_hundredths": terms.area_m2_hundredths,
        "tenant": terms.tenant,
        "tenant_id": terms.tenant_id,
        "starts_on": terms.starts_on,
        "ends_on": terms.ends_on,
        "schedule": schedule,
        "schedule_fen": sum(instalment.amount_fen for instalment in terms.schedule),
    }


# What the handlers share -----------------------------------------------------------------


async def _hold(rows: Rows, event: Any) -> Row:
    """Return what is set aside for the event's expense; history may pay without a hold."""
    account_id: UUID = event.originator_id
    found = await rows.find(holds, account_id, event.expense_id)
    return found or {
        "account_id": account_id,
        "expense_id": event.expense_id,
        "held_fen": 0,
        "payee": "",
    }


async def _book(
    rows: Rows,
    event: Any,
    entry: Entry,
    *,
    amount_fen: int = 0,
    held_fen: int = 0,
    **about: Any,
) -> None:
    """Change an account's figures by so much, and write the line that says so."""
    account_id: UUID = event.originator_id
    kind = entry.topic.split(".")[1]
    row = await rows.get(accounts, account_id)
    row["balance_fen"] += amount_fen
    row["held_fen"] += held_fen
    row["free_fen"] = row["balance_fen"] - row["held_fen"]
    if total := TOTALS.get(kind):
        row[total] += abs(amount_fen)
    rows.put(accounts, row)
    rows.add(
        lines,
        {
            "account_id": account_id,
            "estate_id": row["estate_id"],
            "kind": kind,
            "amount_fen": amount_fen,
            "held_fen": held_fen,
            **about,
            "reason": event.by.reason,
            "actor_id": event.by.actor_id,
            "role": event.by.role,
            "breaches": list(event.by.breaches),
        },
    )
