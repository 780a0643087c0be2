"""Run a charity shop: take goods in, price, count, and hand them out for points."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID, uuid4

from annotated_types import Ge, Le

from ledger.commands.plain_texts import without_personal_data
from ledger.commands.policies import policies_of
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.times import NoUndo, decision, fact
from ledger.core.values import POINTS_MAX, Code, Count, Name, Points
from ledger.points import PointsAccount, ShopItem, ShopItemExists, account_id_of, item_id_of
from ledger.storage.ledger import Ledger, Recorded

PiecesDifference = Annotated[int, Ge(-POINTS_MAX), Le(POINTS_MAX)]
"""Pieces to add to the books, or to take off them when negative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListShopItem:
    """Offer a new item in a shop at a price in points a piece."""

    shop_id: UUID
    code: Code
    name: Name
    price_points: Points


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveGoods:
    """Take pieces into the shop, from a donor where one is known."""

    item_id: UUID
    pieces: Points
    donor_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceShopItem:
    """Change what a piece costs in points."""

    item_id: UUID
    price_points: Points


@dataclass(frozen=True, slots=True, kw_only=True)
class CountStock:
    """Note how many pieces are really in the shop, reserved ones included."""

    item_id: UUID
    counted_pieces: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustStock:
    """Correct the pieces on the books, up or down; needs a reason."""

    item_id: UUID
    difference_pieces: PiecesDifference


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawShopItem:
    """Stop offering an item; needs a reason."""

    item_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemPoints:
    """Spend an account's points on pieces of an item.

    ``order_id`` may be chosen by the caller, to name the order afterwards.
    """

    account_id: UUID
    item_id: UUID
    pieces: Points
    order_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueGoods:
    """Hand the goods of an order to the volunteer."""

    item_id: UUID
    order_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRedemption:
    """Call an order off before its goods are handed over; needs a reason."""

    item_id: UUID
    order_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnGoods:
    """Take the goods of an order back and give the points back; needs a reason."""

    item_id: UUID
    order_id: UUID


@decision(undo="withdraw_shop_item")
async def list_shop_item(command: ListShopItem, ledger: Ledger, by: By) -> Recorded:
    """List the item; its id follows from the shop and the code."""
    if await ledger.find(ShopItem, item_id_of(command.shop_id, command.code)):
        raise ShopItemExists(code=command.code)
    by = without_personal_data(by, name=command.name)
    item = ShopItem.list_item(
        by,
        shop_id=command.shop_id,
        code=command.code,
        name=command.name,
        price_points=command.price_points,
    )
    return await ledger.save(item)


@fact(undo="adjust_stock")
async def receive_goods(command: ReceiveGoods, ledger: Ledger, by: By) -> Recorded:
    """Receive the goods."""
    item = await ledger.load(ShopItem, command.item_id)
    item.receive(by, pieces=command.pieces, donor_id=command.donor_id)
    return await ledger.save(item)


@decision(undo=NoUndo("the right price is set again"))
async def price_shop_item(command: PriceShopItem, ledger: Ledger, by: By) -> Recorded:
    """Price the item."""
    item = await ledger.load(ShopItem, command.item_id)
    item.price(by, price_points=command.price_points)
    return await ledger.save(item)


@fact(undo=NoUndo("it is counted again"))
async def count_stock(command: CountStock, ledger: Ledger, by: By) -> Recorded:
    """Record the count."""
    item = await ledger.load(ShopItem, command.item_id)
    item.count(by, counted_pieces=command.counted_pieces)
    return await ledger.save(item)


@decision(undo=NoUndo("it is adjusted again"))
async def adjust_stock(command: AdjustStock, ledger: Ledger, by: By) -> Recorded:
    """Adjust the stock."""
    item = await ledger.load(ShopItem, command.item_id)
    item.adjust(by, difference_pieces=command.difference_pieces)
    return await ledger.save(item)


@decision(undo=NoUndo("it is listed anew"))
async def withdraw_shop_item(command: WithdrawShopItem, ledger: Ledger, by: By) -> Recorded:
    """Withdraw the item."""
    item = await ledger.load(ShopItem, command.item_id)
    item.withdraw(by)
    return await ledger.save(item)


@decision(undo="cancel_redemption")
async def redeem_points(command: RedeemPoints, ledger: Ledger, by: By) -> Recorded:
    """Take the points and reserve the pieces in one save: both happen or neither."""
    account = await ledger.load(PointsAccount, command.account_id)
    item = await ledger.load(ShopItem, command.item_id)
    order_id = command.order_id or uuid4()
    points = item.reserve(
        by, order_id=order_id, volunteer_id=account.volunteer_id, pieces=command.pieces
    )
    account.redeem(by, order_id=order_id, item_id=item.id, pieces=command.pieces, points=points)
    return await ledger.save(account, item)


@fact(after="the redemption", undo="return_goods")
async def issue_goods(command: IssueGoods, ledger: Ledger, by: By) -> Recorded:
    """Issue the goods; the last day on which they can come back is fixed now."""
    book = await policies_of(ledger)
    item = await ledger.load(ShopItem, command.item_id)
    today = local_day(by.at)
    return_days = book.number("points.return_days", on=today)
    item.issue(
        by.under(book.version),
        order_id=command.order_id,
        returnable_until=today + timedelta(days=return_days),
    )
    return await ledger.save(item)


@decision(undo=NoUndo("the points are redeemed anew"))
async def cancel_redemption(command: CancelRedemption, ledger: Ledger, by: By) -> Recorded:
    """Free the pieces and give the points back in one save."""
    item = await ledger.load(ShopItem, command.item_id)
    volunteer_id = item.volunteer_of(command.order_id)
    account = await ledger.load(PointsAccount, account_id_of(volunteer_id))
    item.cancel_redemption(by, order_id=command.order_id)
    account.take_back(by, order_id=command.order_id)
    return await ledger.save(item, account)


@fact(after="the issue", undo=NoUndo("the goods are redeemed anew"))
async def return_goods(command: ReturnGoods, ledger: Ledger, by: By) -> Recorded:
    """Take the pieces and give the points back in one save."""
    item = await ledger.load(ShopItem, command.item_id)
    volunteer_id = item.volunteer_of(command.order_id)
    account = await ledger.load(PointsAccount, account_id_of(volunteer_id))
    item.take_back(by, order_id=command.order_id)
    account.take_back(by, order_id=command.order_id)
    return await ledger.save(item, account)
