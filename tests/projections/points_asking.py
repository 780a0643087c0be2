"""Asks the views of points, services and the shop, after they have caught up."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ledger.storage.ledger import Ledger
from projections import points, services, shop
from projections.engine import Page, Row, catch_up
from projections.points import (
    PointsAccountQuery,
    PointsStatementQuery,
    points_account,
    points_statement,
)
from projections.services import ServicesQuery, volunteer_services
from projections.shop import RedemptionsQuery, ShopItemQuery, points_redemptions, shop_item

VIEWS = (points.view, services.view, shop.view)


async def account_row(ledger: Ledger, account_id: UUID, **times: Any) -> Row:
    await catch_up(ledger, VIEWS)
    query = PointsAccountQuery(account_id=account_id, **times)
    return await points_account(ledger.pool, ledger.id, query)


async def statement(ledger: Ledger, account_id: UUID, **asked: Any) -> list[Row]:
    await catch_up(ledger, VIEWS)
    query = PointsStatementQuery(account_id=account_id, oldest_first=True, **asked)
    return (await points_statement(ledger.pool, ledger.id, query)).rows


async def service_rows(ledger: Ledger, **asked: Any) -> list[Row]:
    await catch_up(ledger, VIEWS)
    return (await volunteer_services(ledger.pool, ledger.id, ServicesQuery(**asked))).rows


async def item_row(ledger: Ledger, item_id: UUID, **times: Any) -> Row:
    await catch_up(ledger, VIEWS)
    return await shop_item(ledger.pool, ledger.id, ShopItemQuery(item_id=item_id, **times))


async def orders(ledger: Ledger, **asked: Any) -> Page:
    await catch_up(ledger, VIEWS)
    return await points_redemptions(ledger.pool, ledger.id, RedemptionsQuery(**asked))
