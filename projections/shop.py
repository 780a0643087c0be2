"""Charity shops: what is on the shelf, how it came there, and who took it home for points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from ledger.core.errors import NotFound
from ledger.points import ShopItem
from ledger.storage.connect import Database
from projections.engine import AsOf, Entry, Page, Paging, Row, Rows, Select, Ties, View

MOVEMENTS: Final = ("received", "adjusted", "issued", "reserved", "free")
"""What a movement can change, in pieces: received + adjusted = issued + reserved + free."""

view = View("shop", version=2)
items = view.table("shop_items_v2", key=("item_id",))
lines = view.lines("shop_lines_v2", sums=MOVEMENTS)
redemptions = view.table(
    "redemptions_v2",
    key=("order_id",),
    history="redemption_states_v2",
    is_per_stream=False,
    stream="item_id",
    ties=Ties(record="item_id", person="volunteer_id"),
)

BY_SHOP = ("shop_id", "code", "item_id")


@dataclass(frozen=True, kw_only=True)
class ShopStockQuery(AsOf, Paging):
    """Which items."""

    shop_id: UUID | None = None
    is_withdrawn: bool | None = None


@dataclass(frozen=True, kw_only=True)
class ShopItemQuery(AsOf):
    """One item."""

    item_id: UUID


@dataclass(frozen=True, kw_only=True)
class ShopLinesQuery(AsOf, Paging):
    """The movements of one item, newest first unless ``oldest_first``."""

    item_id: UUID
    kind: str | None = None
    oldest_first: bool = False


@dataclass(frozen=True, kw_only=True)
class RedemptionsQuery(AsOf, Paging):
    """Which orders, the latest first; ``state`` is reserved, issued, cancelled or returned."""

    shop_id: UUID | None = None
    item_id: UUID | None = None
    volunteer_id: UUID | None = None
    state: str | None = None


# What each event changes --------------------------------------------------------------


@view.on(ShopItem.Listed)
async def listed(rows: Rows, event: ShopItem.Listed, entry: Entry) -> None:
    """Begin an item with nothing on the shelf."""
    row: Row = {
        "item_id": event.originator_id,
        "shop_id": event.shop_id,
        "code": event.code,
        "name": event.name,
        "price_points": event.price_points,
        "counted_pieces": None,
        "is_withdrawn": False,
    }
    rows.put(items, row)
    _add_line(rows, row, entry, "listed")


@view.on(ShopItem.GoodsReceived)
async def goods_received(rows: Rows, event: ShopItem.GoodsReceived, entry: Entry) -> None:
    """Put new pieces on the shelf."""
    row = await rows.get(items, event.originator_id)
    moved = {"received": event.pieces, "free": event.pieces}
    _move(rows, row, entry, "received", moved, donor_id=event.donor_id)


@view.on(ShopItem.Priced)
async def priced(rows: Rows, event: ShopItem.Priced, entry: Entry) -> None:
    """Change the price."""
    row = await rows.get(items, event.originator_id)
    _move(rows, row | {"price_points": event.price_points}, entry, "priced")


@view.on(ShopItem.StockCounted)
async def stock_counted(rows: Rows, event: ShopItem.StockCounted, entry: Entry) -> None:
    """Note a count; the books stay as they are."""
    row = await rows.get(items, event.originator_id)
    _move(rows, row | {"counted_pieces": event.counted_pieces}, entry, "counted")


@view.on(ShopItem.StockAdjusted)
async def stock_adjusted(rows: Rows, event: ShopItem.StockAdjusted, entry: Entry) -> None:
    """Correct the books."""
    row = await rows.get(items, event.originator_id)
    pieces = event.difference_pieces
    _move(rows, row, entry, "adjusted", {"adjusted": pieces, "free": pieces})


@view.on(ShopItem.Withdrawn)
async def withdrawn(rows: Rows, event: ShopItem.Withdrawn, entry: Entry) -> None:
    """Mark the item as no longer offered."""
    row = await rows.get(items, event.originator_id)
    _move(rows, row | {"is_withdrawn": True}, entry, "withdrawn")


@view.on(ShopItem.Reserved)
async def reserved(rows: Rows, event: ShopItem.Reserved, entry: Entry) -> None:
    """Begin an order, and set its pieces aside."""
    row = await rows.get(items, event.originator_id)
    moved = {"reserved": event.pieces, "free": -event.pieces}
    _move(rows, row, entry, "reserved", moved, order_id=event.order_id)
    order = await rows.find(redemptions, event.order_id) or {}
    order |= {
        **{name: row[name] for name in ("item_id", "shop_id", "code", "name")},
        "order_id": event.order_id,
        "volunteer_id": event.volunteer_id,
        "pieces": event.pieces,
        "points": event.points,
        "state": "reserved",
        "reserved_at": event.timestamp,
        **dict.fromkeys(("issued_at", "issued_by", "returnable_until", "ended_at")),
        "reason": entry.by.reason,
        "breaches": list(entry.by.breaches),
    }
    rows.put(redemptions, order)


@view.on(ShopItem.Issued)
async def issued(rows: Rows, event: ShopItem.Issued, entry: Entry) -> None:
    """Let the pieces leave the shop."""
    row = await rows.get(items, event.originator_id)
    order = await _order(rows, event.order_id, entry)
    moved = {"reserved": -order["pieces"], "issued": order["pieces"]}
    _move(rows, row, entry, "issued", moved, order_id=event.order_id)
    order["state"], order["issued_at"] = "issued", event.timestamp
    order["issued_by"], order["returnable_until"] = entry.by.actor_id, event.returnable_until
    rows.put(redemptions, order)


@view.on(ShopItem.RedemptionCancelled)
async def redemption_cancelled(
    rows: Rows, event: ShopItem.RedemptionCancelled, entry: Entry
) -> None:
    """Put the pieces of an order back, which had not left the shop."""
    row = await rows.get(items, event.originator_id)
    order = await _order(rows, event.order_id, entry)
    moved = {"reserved": -order["pieces"], "free": order["pieces"]}
    _move(rows, row, entry, "cancelled", moved, order_id=event.order_id)
    rows.put(redemptions, order | {"state": "cancelled", "ended_at": event.timestamp})


@view.on(ShopItem.GoodsReturned)
async def goods_returned(rows: Rows, event: ShopItem.GoodsReturned, entry: Entry) -> None:
    """Put the pieces of an order back that had left the shop."""
    row = await rows.get(items, event.originator_id)
    order = await _order(rows, event.order_id, entry)
    moved = {"issued": -order["pieces"], "free": order["pieces"]}
    _move(rows, row, entry, "returned", moved, order_id=event.order_id)
    rows.put(redemptions, order | {"state": "returned", "ended_at": event.timestamp})


view.read_ahead(redemptions, ShopItem.Reserved, lambda event: (event.order_id,))
view.read_ahead(redemptions, ShopItem.Issued, lambda event: (event.order_id,))
view.read_ahead(redemptions, ShopItem.RedemptionCancelled, lambda event: (event.order_id,))
view.read_ahead(redemptions, ShopItem.GoodsReturned, lambda event: (event.order_id,))


async def _order(rows: Rows, order_id: UUID, entry: Entry) -> Row:
    order = await rows.get(redemptions, order_id)
    order["reason"] = entry.by.reason
    new = (code for code in entry.by.breaches if code not in order["breaches"])
    order["breaches"] = [*order["breaches"], *new]
    return order


def _move(
    rows: Rows, row: Row, entry: Entry, kind: str, moved: dict[str, int] | None = None, **facts: Any
) -> None:
    for name, pieces in (moved or {}).items():
        row[f"{name}_pieces"] += pieces
    rows.put(items, row)
    _add_line(rows, row, entry, kind, **(moved or {}), **facts)


def _add_line(rows: Rows, row: Row, entry: Entry, kind: str, **facts: Any) -> None:
    by = entry.by
    carried = ("item_id", "shop_id", "code", "name", "price_points", "counted_pieces")
    rows.add(
        lines,
        {
            **{name: row[name] for name in carried},
            "is_withdrawn": row["is_withdrawn"],
            "kind": kind,
            "actor_id": by.actor_id,
            "role": by.role,
            "organisation_id": by.organisation_id,
            "reason": by.reason,
            "is_history": by.is_history,
            "breaches": list(by.breaches),
            **facts,
        },
    )


# What can be asked --------------------------------------------------------------------

_WHOLE = "OVER (PARTITION BY item_id)"
_STANDING: Final = {
    **{f"{name}_pieces": f"(sum({name}) {_WHOLE})::bigint" for name in MOVEMENTS},
    "first_position": f"min(position) {_WHOLE}",
    "last_position": f"max(position) {_WHOLE}",
    "any_late": f"bool_or(is_late) {_WHOLE}",
    "latest_at": f"max(occurred_at) {_WHOLE}",
    "latest_recorded_at": f"max(recorded_at) {_WHOLE}",
    "nth": "row_number() OVER (PARTITION BY item_id ORDER BY position DESC)",
}


async def shop_stock(db: Database, ledger_id: str, query: ShopStockQuery) -> Page:
    """List the items of the shops with what is received, reserved, issued and free."""
    select = _stock(ledger_id, query).within(shop_id=query.shop_id)
    select.equal(is_withdrawn=query.is_withdrawn)
    page = await select.page(db, query, order=BY_SHOP)
    return Page(_standing(page.rows, query), page.next_cursor)


async def shop_item(db: Database, ledger_id: str, query: ShopItemQuery) -> Row:
    """Show one item (refuses with ``NotFound``)."""
    row = await _stock(ledger_id, query).within(item_id=query.item_id).one(db)
    if row is None:
        raise NotFound(kind=ShopItem.TOPIC, id=str(query.item_id))
    return _standing([row], query)[0]


async def shop_statement(db: Database, ledger_id: str, query: ShopLinesQuery) -> Page:
    """List the movements of an item; ``free_pieces`` is what each left on the shelf."""
    running = "sum(free) OVER (ORDER BY occurred_at, position, line_no)::bigint"
    select = Select(lines, ledger_id, query, computed={"free_pieces": running})
    select.within(item_id=query.item_id).equal(kind=query.kind)
    order = ("occurred_at", "position", "line_no")
    if not query.oldest_first:
        order = ("-occurred_at", "-position", "-line_no")
    return await select.page(db, query, order=order)


async def points_redemptions(db: Database, ledger_id: str, query: RedemptionsQuery) -> Page:
    """List what volunteers redeemed, the latest first, and where each order stands."""
    select = (
        Select(redemptions, ledger_id, query)
        .within(volunteer_id=query.volunteer_id)
        .equal(item_id=query.item_id, shop_id=query.shop_id, state=query.state)
    )
    return await select.page(db, query, order=("-reserved_at", "-order_id"))


def _stock(ledger_id: str, as_of: AsOf) -> Select:
    if as_of.is_now:
        return Select(items, ledger_id)
    return Select(lines, ledger_id, as_of, computed=_STANDING).where("nth = 1")


def _standing(found: list[Row], as_of: AsOf) -> list[Row]:
    """Return rows of the register, also from lines with sums."""
    return found if as_of.is_now else [_as_row(row) for row in found]


def _as_row(row: Row) -> Row:
    kept = ("item_id", "shop_id", "code", "name", "price_points")
    return {
        **{name: row[name] for name in kept},
        **{f"{name}_pieces": row[f"{name}_pieces"] for name in MOVEMENTS},
        "counted_pieces": row["counted_pieces"],
        "is_withdrawn": row["is_withdrawn"],
        "first_position": row["first_position"],
        "last_position": row["last_position"],
        "is_late": row["any_late"],
        "occurred_at": row["latest_at"],
        "recorded_at": row["latest_recorded_at"],
    }
