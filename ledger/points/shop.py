"""Charity shop items: goods given for volunteers, and who took them home.

A piece is free on the shelf, reserved for an order, or gone. At every moment
received + adjusted + returned = free + reserved + issued.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import AmountNotPositive, InvalidValue
from ledger.core.guards import persons
from ledger.core.values import derived_id
from ledger.points.errors import (
    AdjustmentChangesNothing,
    AdjustmentExceedsStock,
    GoodsAlreadyIssued,
    GoodsNotIssued,
    HandsOutToOneself,
    OrderPlacedTwice,
    OrdersUnfinished,
    OrderUnknown,
    RedemptionExceedsStock,
    ReturnTooLate,
    ShopItemWithdrawn,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Pieces that a volunteer paid for; once issued, they can come back until a day."""

    volunteer_id: UUID
    pieces: int
    points: int
    returnable_until: date | None = None


def item_id_of(shop_id: UUID, code: str) -> UUID:
    """Return the id of the one item that a shop has under this code."""
    return derived_id("shop-item", f"{shop_id}:{code}")


class ShopItem(core.Aggregate):
    """One kind of goods in one shop."""

    TOPIC = "shop_item"
    SNAPSHOT_VERSION = 1

    # Events: what can happen to a shop item -------------------------------------------

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of a shop item."""

    @dataclass(frozen=True, kw_only=True)
    class Listed(Event, core.Created):
        """A shop began to offer an item at a price in points a piece."""

        TOPIC = "shop_item.listed.v1"

        shop_id: UUID
        code: str
        name: str
        price_points: int

    @dataclass(frozen=True, kw_only=True)
    class GoodsReceived(Event):
        """Pieces came in from a donor, or were bought when no donor is named."""

        TOPIC = "shop_item.goods_received.v1"

        pieces: int
        donor_id: UUID | None

        def apply(self, item: ShopItem) -> None:
            item.free_pieces += self.pieces

    @dataclass(frozen=True, kw_only=True)
    class Priced(Event):
        """From now on a piece costs this many points."""

        TOPIC = "shop_item.priced.v1"

        price_points: int

        def apply(self, item: ShopItem) -> None:
            item.price_points = self.price_points

    @dataclass(frozen=True, kw_only=True)
    class Reserved(Event):
        """Pieces were set aside for a volunteer who paid for them with points."""

        TOPIC = "shop_item.reserved.v1"

        order_id: UUID
        volunteer_id: UUID
        pieces: int
        points: int

        def apply(self, item: ShopItem) -> None:
            item.free_pieces -= self.pieces
            item.orders[self.order_id] = Order(
                volunteer_id=self.volunteer_id, pieces=self.pieces, points=self.points
            )

    @dataclass(frozen=True, kw_only=True)
    class Issued(Event):
        """Somebody handed the goods of an order to the volunteer."""

        TOPIC = "shop_item.issued.v1"

        order_id: UUID
        returnable_until: date

        def apply(self, item: ShopItem) -> None:
            item._forget_settled(on=local_day(self.timestamp))
            item.orders[self.order_id] = replace(
                item.orders[self.order_id], returnable_until=self.returnable_until
            )

    @dataclass(frozen=True, kw_only=True)
    class RedemptionCancelled(Event):
        """An order was called off before its goods were handed over; the reason says why."""

        TOPIC = "shop_item.redemption_cancelled.v1"

        order_id: UUID

        def apply(self, item: ShopItem) -> None:
            item.free_pieces += item.orders.pop(self.order_id).pieces

    @dataclass(frozen=True, kw_only=True)
    class GoodsReturned(Event):
        """The goods of an order came back to the shelf; the reason says why."""

        TOPIC = "shop_item.goods_returned.v1"

        order_id: UUID

        def apply(self, item: ShopItem) -> None:
            item.free_pieces += item.orders.pop(self.order_id).pieces

    @dataclass(frozen=True, kw_only=True)
    class StockCounted(Event):
        """Somebody counted the pieces in the shop, reserved ones included."""

        TOPIC = "shop_item.stock_counted.v1"

        counted_pieces: int

        def apply(self, item: ShopItem) -> None:
            item.counted_pieces = self.counted_pieces

    @dataclass(frozen=True, kw_only=True)
    class StockAdjusted(Event):
        """The stock on the books was corrected, up or down; the reason says why."""

        TOPIC = "shop_item.stock_adjusted.v1"

        difference_pieces: int

        def apply(self, item: ShopItem) -> None:
            item.free_pieces += self.difference_pieces

    @dataclass(frozen=True, kw_only=True)
    class Withdrawn(Event):
        """The shop stopped offering the item; the reason says why."""

        TOPIC = "shop_item.withdrawn.v1"

        def apply(self, item: ShopItem) -> None:
            item.is_withdrawn = True

    # State: what we remember of it, starting from ``Listed`` ---------------------------

    def __init__(self, *, shop_id: UUID, code: str, name: str, price_points: int) -> None:
        self.shop_id = shop_id
        self.code = code
        self.name = name
        self.price_points = price_points
        self.free_pieces = 0
        self.counted_pieces: int | None = None
        self.orders: dict[UUID, Order] = {}
        self.is_withdrawn = False

    @property
    def reserved_pieces(self) -> int:
        """The pieces set aside for orders that were not handed over yet."""
        waiting = (order for order in self.orders.values() if order.returnable_until is None)
        return sum(order.pieces for order in waiting)

    def volunteer_of(self, order_id: UUID) -> UUID:
        """Return whose order this is (or ``OrderUnknown``)."""
        return self._order(order_id).volunteer_id

    def _forget_settled(self, *, on: date) -> None:
        """Drop the orders that can no longer come back, so that the state stays small."""
        self.orders = {
            order_id: order
            for order_id, order in self.orders.items()
            if order.returnable_until is None or order.returnable_until >= on
        }

    def _order(self, order_id: UUID) -> Order:
        order = self.orders.get(order_id)
        if order is None:
            raise OrderUnknown()
        return order

    # Commands: what you may ask for ----------------------------------------------------

    @classmethod
    def list_item(
        cls, by: By, *, shop_id: UUID, code: str, name: str, price_points: int
    ) -> ShopItem:
        """Offer a new item at a price in points a piece."""
        if price_points <= 0:
            raise AmountNotPositive(price_points=price_points)
        return cls._begin(
            cls.Listed,
            by,
            id=item_id_of(shop_id, code),
            shop_id=shop_id,
            code=code,
            name=name,
            price_points=price_points,
        )

    def receive(self, by: By, *, pieces: int, donor_id: UUID | None) -> None:
        """Take pieces in, from a donor where one is known."""
        if pieces <= 0:
            raise AmountNotPositive(pieces=pieces)
        by = self._offered(by)
        self._record(self.GoodsReceived, by, pieces=pieces, donor_id=donor_id)

    def price(self, by: By, *, price_points: int) -> None:
        """Change what a piece costs; orders already placed keep their price."""
        if price_points <= 0:
            raise AmountNotPositive(price_points=price_points)
        self._record(self.Priced, self._offered(by), price_points=price_points)

    def reserve(self, by: By, *, order_id: UUID, volunteer_id: UUID, pieces: int) -> int:
        """Set pieces aside for a volunteer; return the points that they cost together."""
        if pieces <= 0:
            raise AmountNotPositive(pieces=pieces)
        if order_id in self.orders:
            raise OrderPlacedTwice()
        by = self._offered(by)
        if pieces > self.free_pieces:
            by = by.refuse(
                RedemptionExceedsStock(asked_pieces=pieces, free_pieces=self.free_pieces)
            )
        points = pieces * self.price_points
        self._record(
            self.Reserved,
            by,
            order_id=order_id,
            volunteer_id=volunteer_id,
            pieces=pieces,
            points=points,
        )
        return points

    def issue(self, by: By, *, order_id: UUID, returnable_until: date) -> None:
        """Hand the goods of an order to the volunteer, who can bring them back until a day."""
        order = self._order(order_id)
        if order.returnable_until is not None:
            raise GoodsAlreadyIssued()
        if order.volunteer_id in persons(by):
            by = by.refuse(HandsOutToOneself())
        self._record(self.Issued, by, order_id=order_id, returnable_until=returnable_until)

    def cancel_redemption(self, by: By, *, order_id: UUID) -> None:
        """Call an order off before its goods are handed over; needs a reason."""
        if self._order(order_id).returnable_until is not None:
            raise GoodsAlreadyIssued()
        self._record(self.RedemptionCancelled, by.with_reason(), order_id=order_id)

    def take_back(self, by: By, *, order_id: UUID) -> None:
        """Put the goods of an order back on the shelf; needs a reason."""
        returnable_until = self._order(order_id).returnable_until
        if returnable_until is None:
            raise GoodsNotIssued()
        by = by.with_reason()
        if local_day(by.at) > returnable_until:
            by = by.refuse(ReturnTooLate(returnable_until=returnable_until.isoformat()))
        self._record(self.GoodsReturned, by, order_id=order_id)

    def count(self, by: By, *, counted_pieces: int) -> None:
        """Note how many pieces are really there; the books change only by an adjustment."""
        if counted_pieces < 0:
            raise InvalidValue(field="counted_pieces", rule="zero or more")
        self._record(self.StockCounted, by, counted_pieces=counted_pieces)

    def adjust(self, by: By, *, difference_pieces: int) -> None:
        """Correct the stock on the books; needs a reason."""
        if difference_pieces == 0:
            raise AdjustmentChangesNothing()
        by = by.with_reason()
        if self.free_pieces + difference_pieces < 0:
            by = by.refuse(
                AdjustmentExceedsStock(
                    asked_pieces=-difference_pieces, free_pieces=self.free_pieces
                )
            )
        self._record(self.StockAdjusted, by, difference_pieces=difference_pieces)

    def withdraw(self, by: By) -> None:
        """Stop offering the item; needs a reason. Pieces on the shelf stay on the books."""
        by = self._offered(by).with_reason()
        if self.reserved_pieces:
            by = by.refuse(OrdersUnfinished(reserved_pieces=self.reserved_pieces))
        self._record(self.Withdrawn, by)

    def _offered(self, by: By) -> By:
        return by.refuse(ShopItemWithdrawn()) if self.is_withdrawn else by

    # Snapshot: the state as plain JSON values ------------------------------------------

    def to_snapshot(self) -> dict[str, Any]:
        """Return the state, for ``restore``."""
        return {
            "shop_id": str(self.shop_id),
            "code": self.code,
            "name": self.name,
            "price_points": self.price_points,
            "free_pieces": self.free_pieces,
            "counted_pieces": self.counted_pieces,
            "orders": [
                [
                    str(k),
                    str(v.volunteer_id),
                    v.pieces,
                    v.points,
                    v.returnable_until and v.returnable_until.isoformat(),
                ]
                for k, v in self.orders.items()
            ],
            "is_withdrawn": self.is_withdrawn,
        }

    def restore(self, data: dict[str, Any]) -> None:
        """Take the state over from what ``to_snapshot`` returned."""
        self.shop_id = UUID(data["shop_id"])
        self.code = data["code"]
        self.name = data["name"]
        self.price_points = data["price_points"]
        self.free_pieces = data["free_pieces"]
        self.counted_pieces = data["counted_pieces"]
        self.orders = {
            UUID(k): Order(
                volunteer_id=UUID(volunteer_id),
                pieces=pieces,
                points=points,
                returnable_until=date.fromisoformat(until) if until else None,
            )
            for k, volunteer_id, pieces, points, until in data["orders"]
        }
        self.is_withdrawn = data["is_withdrawn"]
