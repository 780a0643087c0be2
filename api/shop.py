"""/v1/shop-items: what the charity shops hold, and hand out for points."""

from __future__ import annotations

from api.concerning import of_organisation, of_record
from api.routing import Routes
from ledger.commands.shop import (
    AdjustStock,
    CancelRedemption,
    CountStock,
    IssueGoods,
    ListShopItem,
    PriceShopItem,
    ReceiveGoods,
    ReturnGoods,
    WithdrawShopItem,
    adjust_stock,
    cancel_redemption,
    count_stock,
    issue_goods,
    list_shop_item,
    price_shop_item,
    receive_goods,
    return_goods,
    withdraw_shop_item,
)
from projections.shop import (
    ShopItemQuery,
    ShopLinesQuery,
    ShopStockQuery,
    shop_item,
    shop_statement,
    shop_stock,
    view,
)

routes = Routes("shop", zh="积分超市", en="Charity shop")

ALL = "/v1/shop-items"
ONE = "/v1/shop-items/{item_id}"
ORDER = ONE + "/orders/{order_id}"
ITEM = of_record("item_id", "shop_item")
ORDERED = of_record(
    "item_id", "shop_item", part=("shop_item.reserved.v1", "order_id", "volunteer_id")
)
"""An order belongs to the volunteer who placed it."""

routes.command(ALL, ListShopItem, list_shop_item, about=of_organisation("shop_id"), zh="上架物品")
routes.command(ONE + "/receipts", ReceiveGoods, receive_goods, about=ITEM, zh="物品入库")
routes.command(ONE + "/prices", PriceShopItem, price_shop_item, about=ITEM, zh="调整兑换分值")
routes.command(ONE + "/counts", CountStock, count_stock, about=ITEM, zh="盘点库存")
routes.command(ONE + "/adjustments", AdjustStock, adjust_stock, about=ITEM, zh="调整库存")
routes.command(
    ONE + "/withdrawals", WithdrawShopItem, withdraw_shop_item, about=ITEM, zh="下架物品"
)
routes.command(ORDER + "/issues", IssueGoods, issue_goods, about=ITEM, zh="发放物品", location=ONE)
routes.command(
    ORDER + "/cancellations",
    CancelRedemption,
    cancel_redemption,
    about=ORDERED,
    zh="取消兑换",
    location=ONE,
)
routes.command(
    ORDER + "/returns", ReturnGoods, return_goods, about=ITEM, zh="退回物品", location=ONE
)
routes.read(ALL, ShopStockQuery, shop_stock, view=view, zh="库存一览")
routes.read_one(ONE, ShopItemQuery, shop_item, view=view, zh="查看物品")
routes.read(ONE + "/lines", ShopLinesQuery, shop_statement, view=view, zh="物品出入库明细")
