"""/v1/points-accounts, /v1/redemptions: what volunteers earn and spend.

``record_past_award`` has no address here: older books come in by the import only.
"""

from __future__ import annotations

from api.concerning import of_known, of_organisation, of_record
from api.routing import Routes
from ledger.commands.points import (
    AwardPoints,
    ExpirePoints,
    OpenPointsAccount,
    ReversePoints,
    award_points,
    expire_points,
    open_points_account,
    reverse_points,
)
from ledger.commands.shop import RedeemPoints, redeem_points
from ledger.points import account_id_of
from projections import points, shop
from projections.points import (
    PointsAccountQuery,
    PointsAccountsQuery,
    PointsStatementQuery,
    points_account,
    points_accounts,
    points_statement,
)
from projections.shop import RedemptionsQuery, points_redemptions

routes = Routes("points", zh="志愿积分", en="Volunteer points")

ALL = "/v1/points-accounts"
ONE = "/v1/points-accounts/{account_id}"
ACCOUNT = of_record("account_id", "points_account")
ACTIVITY = of_record("activity_id", "activity")
GOODS = of_record("item_id", "shop_item", is_offered=True)
"""Volunteers choose from any shop; a shop hands out its own."""

routes.command(
    ALL,
    OpenPointsAccount,
    open_points_account,
    about=(
        of_organisation("community_id"),
        of_known("volunteer_id", "points_account", account_id_of),
    ),
    zh="开立积分账户",
)
routes.command(ONE + "/awards", AwardPoints, award_points, about=(ACCOUNT, ACTIVITY), zh="发放积分")
routes.command(ONE + "/reversals", ReversePoints, reverse_points, about=ACCOUNT, zh="冲回积分")
routes.command(ONE + "/expirations", ExpirePoints, expire_points, about=ACCOUNT, zh="登记积分到期")
routes.command(
    ONE + "/redemptions", RedeemPoints, redeem_points, about=(ACCOUNT, GOODS), zh="用积分兑换物品"
)
routes.read(ALL, PointsAccountsQuery, points_accounts, view=points.view, zh="积分账户一览")
routes.read_one(ONE, PointsAccountQuery, points_account, view=points.view, zh="查看积分账户")
routes.read(ONE + "/lines", PointsStatementQuery, points_statement, view=points.view, zh="积分明细")
routes.read(
    "/v1/redemptions", RedemptionsQuery, points_redemptions, view=shop.view, zh="积分兑换记录"
)
