"""Public accounts: balance, statement, periods, and income by contract against schedule.

Nothing of the past is kept but lines: what an account had at any moment, as the
ledger knew it at any other, is the sum of the lines until then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.core.clock import end_of_day, local_day
from ledger.core.errors import NotFound
from ledger.core.values import Day, Moment
from ledger.storage.connect import Database
from projections.account_book import FIGURES, KINDS, TOTALS, accounts, leases, lines, view
from projections.engine import AsOf, Page, Paging, Row, Select
from projections.periods import (
    NOTHING_LATER,
    OCCURRED_ON,
    OF_A_PERIOD,
    Period,
    period_columns,
    period_of,
    roll_forward,
    with_told_later,
)
from projections.rents import against_schedule

__all__ = [
    "KINDS",
    "AccountAt",
    "AccountQuery",
    "IncomeQuery",
    "LeaseAt",
    "LeaseQuery",
    "PeriodQuery",
    "StatementQuery",
    "account_by_id",
    "account_income",
    "account_periods",
    "account_register",
    "account_statement",
    "lease_by_id",
    "lease_income",
    "view",
]

AFTER = {
    f"{after}_after_fen": f"(sum({name}) OVER (PARTITION BY account_id"
    " ORDER BY occurred_at, position, line_no))::bigint"
    for name, after in (("amount_fen", "balance"), ("held_fen", "held"))
}
"""Running sums of a statement."""

CLOSED_BEFORE = (
    f"(SELECT max(c.closed_through) FROM {lines.name} AS c WHERE c.ledger_id = $1"  # noqa: S608 - names from code
    f" AND c.account_id = {lines.name}.account_id AND c.position < {lines.name}.position)"
)
"""Until when the account's books were closed when a line was recorded."""

_TODAY = "SELECT (clock_timestamp() AT TIME ZONE 'Asia/Shanghai')::date"


@dataclass(frozen=True, kw_only=True)
class AccountQuery(AsOf, Paging):
    """Which public accounts; the earliest opened first."""

    estate_id: UUID | None = None
    street_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class AccountAt(AsOf):
    """One public account."""

    account_id: UUID


@dataclass(frozen=True, kw_only=True)
class StatementQuery(AsOf, Paging):
    """The lines of one account, oldest first unless ``newest_first``.

    ``kind`` is what happened: revenue_received, revenue_reversed, hold_placed, hold_released,
    paid_out, payment_reversed, opened, period_closed or period_reopened. The running balance
    counts all lines, also those that these conditions leave out.
    """

    account_id: UUID
    kind: str | None = None
    category: str | None = None
    lease_id: UUID | None = None
    expense_id: UUID | None = None
    occurred_from: Moment | None = None
    occurred_to: Moment | None = None
    newest_first: bool = False


@dataclass(frozen=True, kw_only=True)
class PeriodQuery(AsOf):
    """One account, month by month, or by quarters or years."""

    account_id: UUID
    period: Period = Period.MONTH


@dataclass(frozen=True, kw_only=True)
class IncomeQuery(AsOf):
    """Revenue by category: of one account, from a moment and until another, if given."""

    account_id: UUID
    occurred_from: Moment | None = None
    occurred_to: Moment | None = None


@dataclass(frozen=True, kw_only=True)
class LeaseQuery(AsOf, Paging):
    """Which leases, latest signed first; due and received until ``on`` (today, unless said)."""

    account_id: UUID | None = None
    estate_id: UUID | None = None
    tenant_id: UUID | None = None
    on: Day | None = None


@dataclass(frozen=True, kw_only=True)
class LeaseAt(AsOf):
    """One lease; due and received until ``on`` (today, unless said)."""

    lease_id: UUID
    on: Day | None = None


async def account_register(db: Database, ledger_id: str, query: AccountQuery) -> Page:
    """List public accounts: balance, set aside, free; exact for any two times."""
    select = _opened(ledger_id, query).equal(estate_id=query.estate_id, street_id=query.street_id)
    page = await select.page(db, query, order=("opened_at", "account_id"))
    await _as_they_were(db, ledger_id, query, page.rows)
    return page


async def account_by_id(db: Database, ledger_id: str, query: AccountAt) -> Row:
    """Return one public account (refuses with ``NotFound``)."""
    row = await _opened(ledger_id, query).within(account_id=query.account_id).one(db)
    if row is None:
        raise NotFound(kind="public_account", id=str(query.account_id))
    await _as_they_were(db, ledger_id, query, [row])
    return row


async def account_statement(db: Database, ledger_id: str, query: StatementQuery) -> Page:
    """List an account's entries, each with balance and money set aside after it."""
    select = (
        Select(lines, ledger_id, query, computed=AFTER)
        .within(account_id=query.account_id)
        .equal(
            kind=query.kind,
            category=query.category,
            lease_id=query.lease_id,
            expense_id=query.expense_id,
        )
        .at_least(occurred_at=query.occurred_from)
        .at_most(occurred_at=query.occurred_to)
    )
    order = ("occurred_at", "position", "line_no")
    if query.newest_first:
        order = ("-occurred_at", "-position", "-line_no")
    return await select.page(db, query, order=order)


async def account_periods(db: Database, ledger_id: str, query: PeriodQuery) -> Page:
    """Show an account period by period: opening, in and out by kind, closing.

    The figures of a closed month stay as they were closed: what was told of it later counts in
    the first month that was open then, and is shown beside the closed one as ``told_later_…``.
    """
    booked_on = f"CASE WHEN {CLOSED_BEFORE} >= {OCCURRED_ON} THEN {CLOSED_BEFORE} + 1"
    columns = period_columns(query.period, f"({booked_on} ELSE {OCCURRED_ON} END)")
    select = Select(lines, ledger_id, query, computed=columns).within(account_id=query.account_id)
    sums = await select.sums(db, FIGURES, by=OF_A_PERIOD)
    rows = roll_forward(sums, TOTALS, amount="amount_fen", held="held_fen")
    true_day = f"coalesce(true_day, {OCCURRED_ON})"
    later = {
        "period": period_of(true_day, query.period),
        "is_later": f"{true_day} <= {CLOSED_BEFORE}",
        "told_later_in_fen": "greatest(amount_fen, 0)",
        "told_later_out_fen": "greatest(-amount_fen, 0)",
        "told_later_count": "1",
    }
    told = Select(lines, ledger_id, query, computed=later).within(account_id=query.account_id)
    told.where("is_later").where("amount_fen <> 0")
    return Page(with_told_later(rows, await told.sums(db, tuple(NOTHING_LATER), by=("period",))))


async def account_income(db: Database, ledger_id: str, query: IncomeQuery) -> Page:
    """Sum revenue up by category, less what was reversed."""
    last = "max(position) OVER (PARTITION BY category)"
    select = (
        Select(lines, ledger_id, query, computed={"last_position": last})
        .within(account_id=query.account_id)
        .where("category <> ''")
        .at_least(occurred_at=query.occurred_from)
        .at_most(occurred_at=query.occurred_to)
    )
    return Page(await select.sums(db, ("amount_fen",), by=("category", "last_position")))


async def lease_income(db: Database, ledger_id: str, query: LeaseQuery) -> Page:
    """List leases with what was due, received and in arrears, instalment by instalment."""
    on, as_of = await _until(db, query, query.on)
    select = (
        Select(leases, ledger_id, as_of)
        .within(account_id=query.account_id, estate_id=query.estate_id)
        .equal(tenant_id=query.tenant_id)
    )
    page = await select.page(db, query, order=("-signed_at", "lease_id"))
    rows = await _with_receipts(db, ledger_id, as_of, page.rows, on)
    return Page(rows, page.next_cursor)


async def lease_by_id(db: Database, ledger_id: str, query: LeaseAt) -> Row:
    """Return one lease with its instalments (refuses with ``NotFound``)."""
    on, as_of = await _until(db, query, query.on)
    found = await Select(leases, ledger_id, as_of).within(lease_id=query.lease_id).one(db)
    if found is None:
        raise NotFound(kind="lease", id=str(query.lease_id))
    (row,) = await _with_receipts(db, ledger_id, as_of, [found], on)
    return row


def _opened(ledger_id: str, as_of: AsOf) -> Select:
    select = Select(accounts, ledger_id)
    return select.at_most(opened_at=as_of.at, opened_recorded_at=as_of.known_at)


async def _as_they_were(db: Database, ledger_id: str, as_of: AsOf, rows: list[Row]) -> None:
    """Take the figures of the past from the lines."""
    if as_of.is_now or not rows:
        return
    found = {row["account_id"]: row for row in rows}
    for row in rows:
        row.update(dict.fromkeys(("balance_fen", "held_fen", *TOTALS.values()), 0))
        row["closed_through"] = None
    computed = {
        "until": "last_value(closed_through) OVER (PARTITION BY account_id"
        " ORDER BY (closed_through IS NOT NULL), position"
        " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
        "last_position": "max(position) OVER (PARTITION BY account_id)",
        "any_late": "bool_or(is_late) OVER (PARTITION BY account_id)",
    }
    select = Select(lines, ledger_id, as_of, computed=computed).one_of(account_id=list(found))
    by = ("account_id", "kind", "until", "last_position", "any_late")
    for sums in await select.sums(db, FIGURES, by=by):
        row = found[sums["account_id"]]
        row["balance_fen"] += sums["amount_fen"]
        row["held_fen"] += sums["held_fen"]
        if total := TOTALS.get(sums["kind"]):
            row[total] += abs(sums["amount_fen"])
        row["closed_through"], row["last_position"] = sums["until"], sums["last_position"]
        row["is_late"] = sums["any_late"]
    for row in rows:
        row["free_fen"] = row["balance_fen"] - row["held_fen"]


async def _until(db: Database, as_of: AsOf, on: date | None) -> tuple[date, AsOf]:
    """Return the day to reckon on, and what of the ledger counts then."""
    if on is not None:
        at = as_of.at or end_of_day(on)
        return on, AsOf(at=at, known_at=as_of.known_at)
    if as_of.at is not None:
        return local_day(as_of.at), AsOf(at=as_of.at, known_at=as_of.known_at)
    return await db.fetchval(_TODAY), AsOf(known_at=as_of.known_at)


async def _with_receipts(
    db: Database, ledger_id: str, as_of: AsOf, rows: list[Row], on: date
) -> list[Row]:
    if not rows:
        return []
    computed = {"last_position": "max(position) OVER (PARTITION BY lease_id)"}
    select = Select(lines, ledger_id, as_of, computed=computed)
    select.one_of(lease_id=[row["lease_id"] for row in rows])
    sums = await select.sums(db, ("amount_fen",), by=("lease_id", "last_position"))
    received = {row["lease_id"]: row for row in sums}
    settled = []
    for row in rows:
        money = received.get(row["lease_id"], {"amount_fen": 0, "last_position": None})
        reckoned = against_schedule(row, money["amount_fen"], on)
        settled.append(reckoned | {"last_receipt_position": money["last_position"]})
    return settled
