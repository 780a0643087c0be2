"""Points accounts: who holds how many points, from which services, and how each came and went.

The register shows the accounts as they stand; for the past, and for the
statement, the movements are added up, so that an entry that was recorded late
counts from the day on which it happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from ledger.core.errors import NotFound
from ledger.points import PointsAccount
from ledger.storage.connect import Database
from projections.engine import AsOf, Entry, Page, Paging, Row, Rows, Select, Ties, View, pinned

view = View("points", version=2)
OF_ACCOUNT = Ties(record="account_id")
accounts = view.table("points_accounts_v2", key=("account_id",), ties=OF_ACCOUNT)
lines = view.lines("points_lines_v2", ties=OF_ACCOUNT, sums=("points",))
lot_lines = view.lines("points_lot_lines_v2", ties=OF_ACCOUNT, sums=("points",))
orders = view.table("points_orders_v2", key=("order_id",), is_per_stream=False, stream="account_id")

SUMS: Final = {
    "awarded": "awarded_points",
    "reversed": "reversed_points",
    "expired": "expired_points",
    "redeemed": "redeemed_points",
    "returned": "returned_points",
}
"""Which sum of an account each kind of movement goes into."""

BY_BALANCE = ("-balance_points", "account_id")


@dataclass(frozen=True, kw_only=True)
class PointsAccountsQuery(AsOf, Paging):
    """Which accounts; the one with the most points comes first."""

    community_id: UUID | None = None
    volunteer_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class PointsAccountQuery(AsOf):
    """One account."""

    account_id: UUID


@dataclass(frozen=True, kw_only=True)
class PointsStatementQuery(AsOf, Paging):
    """The movements of one account, newest first unless ``oldest_first``."""

    account_id: UUID
    kind: str | None = None
    oldest_first: bool = False


# What each event changes --------------------------------------------------------------


@view.on(PointsAccount.Opened)
async def opened(rows: Rows, event: PointsAccount.Opened, entry: Entry) -> None:
    """Begin an account with nothing on it."""
    row: Row = {
        "account_id": event.originator_id,
        "volunteer_id": event.volunteer_id,
        "community_id": event.community_id,
    }
    rows.put(accounts, row)
    _add_line(rows, row, entry, kind="opened", points=0)


@view.on(PointsAccount.PointsAwarded)
async def awarded(rows: Rows, event: PointsAccount.PointsAwarded, entry: Entry) -> None:
    """Add a lot."""
    row = await rows.get(accounts, event.originator_id)
    _move(rows, row, _account_of(row), event)
    _enter(
        rows,
        row,
        entry,
        kind="awarded",
        points=event.points,
        service_id=event.service_id,
        activity_id=event.activity_id,
        served_on=event.served_on,
        minutes=event.minutes,
        rule=event.rule,
        expires_on=event.expires_on,
    )


@view.on(PointsAccount.PointsReversed)
async def reversed_(rows: Rows, event: PointsAccount.PointsReversed, entry: Entry) -> None:
    """Take points of a service away."""
    row = await rows.get(accounts, event.originator_id)
    _move(rows, row, _account_of(row), event)
    service_id = event.service_id
    _enter(rows, row, entry, kind="reversed", points=-event.points, service_id=service_id)


@view.on(PointsAccount.PointsExpired)
async def expired(rows: Rows, event: PointsAccount.PointsExpired, entry: Entry) -> None:
    """Drop the lots that ran out."""
    row = await rows.get(accounts, event.originator_id)
    _move(rows, row, _account_of(row), event)
    _enter(rows, row, entry, kind="expired", points=-event.points)


@view.on(PointsAccount.PointsRedeemed)
async def redeemed(rows: Rows, event: PointsAccount.PointsRedeemed, entry: Entry) -> None:
    """Take the points of an order, and keep where they came from."""
    row = await rows.get(accounts, event.originator_id)
    account = _account_of(row)
    _move(rows, row, account, event)
    order = await rows.find(orders, event.order_id) or {"order_id": event.order_id}
    order["account_id"] = event.originator_id
    order["taken"] = [list(part) for part in account.orders[event.order_id]]
    rows.put(orders, order)
    _enter(
        rows,
        row,
        entry,
        kind="redeemed",
        points=-event.points,
        order_id=event.order_id,
        item_id=event.item_id,
        pieces=event.pieces,
    )


@view.on(PointsAccount.PointsReturned)
async def returned(rows: Rows, event: PointsAccount.PointsReturned, entry: Entry) -> None:
    """Put the points of an order back where they came from."""
    row = await rows.get(accounts, event.originator_id)
    order = await rows.get(orders, event.order_id)
    account = _account_of(row, [[str(event.order_id), order["taken"]]])
    _move(rows, row, account, event)
    _enter(rows, row, entry, kind="returned", points=event.points, order_id=event.order_id)


view.read_ahead(orders, PointsAccount.PointsRedeemed, lambda event: (event.order_id,))
view.read_ahead(orders, PointsAccount.PointsReturned, lambda event: (event.order_id,))


def _account_of(row: Row, taken: Iterable[Any] = ()) -> PointsAccount:
    """Return the account as far as its lots go: the domain itself says what an event takes."""
    account = PointsAccount.__new__(PointsAccount)
    lots = [[lot["service_id"], lot["expires_on"], lot["points"]] for lot in row["lots"]]
    account.restore(
        {
            "volunteer_id": str(row["volunteer_id"]),
            "community_id": str(row["community_id"]),
            "lots": lots,
            "awards": [],
            "orders": taken,
            "unlotted_points": -row["overdrawn_points"],
        }
    )
    return account


def _move(rows: Rows, row: Row, account: PointsAccount, event: Any) -> None:
    """Apply the event to the lots, and note what it changed in each."""
    before = dict(account.lots)
    event.apply(account)
    for service_id in dict.fromkeys([*before, *account.lots]):
        was, now = before.get(service_id), account.lots.get(service_id)
        change = (now.points if now else 0) - (was.points if was else 0)
        lot = now or was
        if change and lot:
            part = {"account_id": row["account_id"], "service_id": service_id}
            rows.add(lot_lines, part | {"expires_on": lot.expires_on, "points": change})
    row["lots"] = [
        {"service_id": service_id, "expires_on": lot.expires_on, "points": lot.points}
        for service_id, lot in account.lots.items()
    ]
    row["overdrawn_points"] = -account.unlotted_points
    row["next_expiry_on"] = account.next_expiry_on


def _enter(rows: Rows, row: Row, entry: Entry, *, kind: str, points: int, **facts: Any) -> None:
    row[SUMS[kind]] += abs(points)
    row["balance_points"] += points
    rows.put(accounts, row)
    _add_line(rows, row, entry, kind=kind, points=points, **facts)


def _add_line(rows: Rows, row: Row, entry: Entry, **facts: Any) -> None:
    by = entry.by
    rows.add(
        lines,
        {
            "account_id": row["account_id"],
            "volunteer_id": row["volunteer_id"],
            "community_id": row["community_id"],
            "actor_id": by.actor_id,
            "role": by.role,
            "organisation_id": by.organisation_id,
            "reason": by.reason,
            "policy_version": by.policy_version,
            "is_history": by.is_history,
            "breaches": list(by.breaches),
            **facts,
        },
    )


# What can be asked --------------------------------------------------------------------

_WHOLE = "OVER (PARTITION BY account_id)"
_IN_ORDER = (
    "OVER (PARTITION BY account_id ORDER BY position"
    " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
)
_STANDING: Final = {
    **{
        column: f"coalesce(sum(abs(points)) FILTER (WHERE kind = '{kind}') {_WHOLE}, 0)::bigint"
        for kind, column in SUMS.items()
    },
    "balance_points": f"(sum(points) {_WHOLE})::bigint",
    "positions": f"array_agg(position) {_IN_ORDER}",
    "any_late": f"bool_or(is_late) {_WHOLE}",
    "latest_at": f"max(occurred_at) {_WHOLE}",
    "latest_recorded_at": f"max(recorded_at) {_WHOLE}",
    "nth": "row_number() OVER (PARTITION BY account_id ORDER BY position DESC)",
}


async def points_accounts(db: Database, ledger_id: str, query: PointsAccountsQuery) -> Page:
    """List the points accounts, the one with the most points first."""
    query, known_at = await pinned(db, ledger_id, view, query)
    select = Select(accounts, ledger_id) if query.is_now else _past(ledger_id, query)
    select.within(community_id=query.community_id, volunteer_id=query.volunteer_id)
    page = await select.page(db, query, order=BY_BALANCE, known_at=known_at)
    if query.is_now:
        return page
    return Page(await _as_rows(db, ledger_id, query, page.rows), page.next_cursor)


async def points_account(db: Database, ledger_id: str, query: PointsAccountQuery) -> Row:
    """Show one points account with the lots that are left (refuses with ``NotFound``)."""
    if query.is_now:
        row = await Select(accounts, ledger_id).within(account_id=query.account_id).one(db)
    else:
        row = await _past(ledger_id, query).within(account_id=query.account_id).one(db)
        if row is not None:
            (row,) = await _as_rows(db, ledger_id, query, [row])
    if row is None:
        raise NotFound(kind=PointsAccount.TOPIC, id=str(query.account_id))
    return row


async def points_statement(db: Database, ledger_id: str, query: PointsStatementQuery) -> Page:
    """List the movements of an account; ``balance_points`` is what it held after each."""
    running = "sum(points) OVER (ORDER BY occurred_at, position, line_no)::bigint"
    select = Select(lines, ledger_id, query, computed={"balance_points": running})
    select.within(account_id=query.account_id).equal(kind=query.kind)
    order = ("occurred_at", "position", "line_no")
    if not query.oldest_first:
        order = ("-occurred_at", "-position", "-line_no")
    return await select.page(db, query, order=order)


async def points_of_services(db: Database, ledger_id: str, query: PointsAccountQuery) -> list[Row]:
    """Return what each service of an account brought, less what was reversed of it."""
    select = Select(lines, ledger_id, query).within(account_id=query.account_id)
    select.one_of(kind=("awarded", "reversed"))
    return await select.sums(db, ("points",), by=("service_id",))


async def points_by_community(db: Database, ledger_id: str, as_of: AsOf) -> list[Row]:
    """Return what the volunteers of each community hold together, now or then."""
    select = Select(lines, ledger_id, as_of)
    if as_of.is_now:
        select = Select(accounts, ledger_id, computed={"points": "balance_points"})
    return await select.sums(db, ("points",), by=("community_id",))


def _past(ledger_id: str, as_of: AsOf) -> Select:
    return Select(lines, ledger_id, as_of, computed=_STANDING).where("nth = 1")


async def _as_rows(db: Database, ledger_id: str, as_of: AsOf, found: list[Row]) -> list[Row]:
    """Return rows of the register from lines with sums; the lots are added up the same way."""
    ids = [row["account_id"] for row in found]
    lots: dict[UUID, list[Row]] = {account_id: [] for account_id in ids}
    if ids:
        select = Select(lot_lines, ledger_id, as_of).one_of(account_id=ids)
        by = ("account_id", "expires_on", "service_id")
        for lot in await select.sums(db, ("points",), by=by):
            if lot["points"]:
                lot.pop("count")
                lots[lot.pop("account_id")].append(lot)
    return [_as_row(row, lots[row["account_id"]]) for row in found]


def _as_row(row: Row, lots: list[Row]) -> Row:
    whole = ("account_id", "volunteer_id", "community_id", *SUMS.values(), "balance_points")
    return {
        **{name: row[name] for name in whole},
        "lots": lots,
        "overdrawn_points": sum(lot["points"] for lot in lots) - row["balance_points"],
        "next_expiry_on": min((lot["expires_on"] for lot in lots), default=None),
        "positions": row["positions"],
        "is_late": row["any_late"],
        "occurred_at": row["latest_at"],
        "recorded_at": row["latest_recorded_at"],
    }
