"""Stock and redemptions as views: commands in, rows out, at any two times."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from ledger.commands.shop import (
    AdjustStock,
    CancelRedemption,
    CountStock,
    IssueGoods,
    PriceShopItem,
    ReceiveGoods,
    RedeemPoints,
    ReturnGoods,
    WithdrawShopItem,
    adjust_stock,
    cancel_redemption,
    count_stock,
    issue_goods,
    price_shop_item,
    receive_goods,
    redeem_points,
    return_goods,
    withdraw_shop_item,
)
from ledger.core.errors import NotFound
from ledger.storage.ledger import Ledger
from projections import shop
from projections.engine import Row
from projections.shop import (
    ShopLinesQuery,
    ShopStockQuery,
    shop_statement,
    shop_stock,
)
from tests.examples.points import (
    DAY,
    ENDS_AT,
    SHOP,
    VOLUNTEER,
)
from tests.points_world import (
    VERIFIER,
    days_later,
    earned,
    open_town,
    opened_account,
    stocked,
)
from tests.projections.points_asking import (
    account_row,
    item_row,
    orders,
)


@pytest.fixture
async def town(ledger: Ledger) -> Ledger:
    """A ledger with the standard policies."""
    await open_town(ledger)
    return ledger


def on_shelf(row: Row) -> tuple[int, ...]:
    return tuple(row[f"{name}_pieces"] for name in shop.MOVEMENTS)


async def test_an_item_shows_where_its_pieces_are(town: Ledger) -> None:
    account_id, item_id = await opened_account(town), await stocked(town, price_points=10)
    await earned(town, account_id)
    first, second = uuid4(), uuid4()
    asked = RedeemPoints(account_id=account_id, item_id=item_id, pieces=1)
    await redeem_points(replace(asked, order_id=first), town, days_later(1))
    await redeem_points(replace(asked, order_id=second), town, days_later(2))
    await issue_goods(IssueGoods(item_id=item_id, order_id=first), town, days_later(3))
    adjust = AdjustStock(item_id=item_id, difference_pieces=-1)
    await adjust_stock(adjust, town, days_later(4, reason="破损"))
    await count_stock(CountStock(item_id=item_id, counted_pieces=3), town, days_later(5))
    row = await item_row(town, item_id)

    assert on_shelf(row) == (5, -1, 1, 1, 2)
    assert (row["counted_pieces"], row["price_points"], row["shop_id"]) == (3, 10, SHOP)
    then = await item_row(town, item_id, at=ENDS_AT + timedelta(days=2.5))
    assert on_shelf(then) == (5, 0, 0, 2, 3)
    assert then["counted_pieces"] is None
    page = (await orders(town, volunteer_id=VOLUNTEER)).rows
    assert [(o["order_id"], o["state"]) for o in page] == [(second, "reserved"), (first, "issued")]
    assert page[1]["returnable_until"] == DAY + timedelta(days=10)
    assert (page[1]["name"], page[1]["points"], page[1]["issued_by"]) == ("大米", 10, VERIFIER)
    assert (await orders(town, state="issued", shop_id=SHOP, item_id=item_id)).rows == page[1:]
    past = await orders(town, volunteer_id=VOLUNTEER, at=ENDS_AT + timedelta(days=2.5))
    assert {order["state"] for order in past.rows} == {"reserved"}


async def test_what_comes_back_is_on_the_shelf_again(town: Ledger) -> None:
    account_id, item_id = await opened_account(town), await stocked(town)
    await earned(town, account_id)
    order = {"item_id": item_id, "order_id": uuid4()}
    redeem = RedeemPoints(account_id=account_id, pieces=1, **order)
    await redeem_points(redeem, town, days_later(1))
    await cancel_redemption(CancelRedemption(**order), town, days_later(2, reason="买错了"))
    await redeem_points(redeem, town, days_later(3))
    await issue_goods(IssueGoods(**order), town, days_later(4))
    await return_goods(ReturnGoods(**order), town, days_later(5, reason="包装破损"))
    await price_shop_item(PriceShopItem(item_id=item_id, price_points=30), town, days_later(6))
    withdrawing = WithdrawShopItem(item_id=item_id)
    await withdraw_shop_item(withdrawing, town, days_later(7, reason="换季"))
    row = await item_row(town, item_id)
    lines = (await shop_statement(town.pool, town.id, ShopLinesQuery(item_id=item_id))).rows

    assert on_shelf(row) == (5, 0, 0, 0, 5)
    assert (row["price_points"], row["is_withdrawn"]) == (30, True)
    assert [(line["kind"], line["free_pieces"]) for line in reversed(lines)] == [
        ("listed", 0),
        ("received", 5),
        ("reserved", 4),
        ("cancelled", 5),
        ("reserved", 4),
        ("issued", 4),
        ("returned", 5),
        ("priced", 5),
        ("withdrawn", 5),
    ]
    ((only),) = (await orders(town)).rows
    assert (only["state"], only["reason"]) == ("returned", "包装破损")
    assert (await account_row(town, account_id))["balance_points"] == 20
    offered = ShopStockQuery(shop_id=SHOP, is_withdrawn=False)
    assert (await shop_stock(town.pool, town.id, offered)).rows == []
    then = replace(offered, at=ENDS_AT + timedelta(days=6.5))
    ((past),) = (await shop_stock(town.pool, town.id, then)).rows
    assert (past["price_points"], past["is_withdrawn"]) == (30, False)
    with pytest.raises(NotFound):
        await item_row(town, uuid4())


async def test_goods_recorded_late_count_from_their_day(town: Ledger) -> None:
    item_id = await stocked(town)
    await count_stock(CountStock(item_id=item_id, counted_pieces=5), town, days_later(10))
    await item_row(town, item_id)
    before = town.clock()
    receipt = ReceiveGoods(item_id=item_id, pieces=3)
    await receive_goods(receipt, town, days_later(5))

    async def free(days: float, **times: Any) -> int:
        row = await item_row(town, item_id, at=ENDS_AT + timedelta(days=days), **times)
        pieces: int = row["free_pieces"]
        return pieces

    assert await free(4) == 5
    assert await free(6) == await free(11) == 8
    assert await free(6, known_at=before) == await free(11, known_at=before) == 5
