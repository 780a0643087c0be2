"""/volunteers and /shop: who earned how many points by which service, and what they buy."""

from __future__ import annotations

from typing import Any

from api.web.figures import read_id
from api.web.places import names_of
from api.web.site import Pages, Visit
from ledger.points import account_id_of
from ledger.policy_values.points import KINDS
from projections import points, shop
from projections.engine import AsOf, Row, View
from projections.engine.checkpoints import read_checkpoints
from projections.points import (
    PointsAccountQuery,
    PointsAccountsQuery,
    PointsStatementQuery,
    points_account,
    points_accounts,
    points_by_community,
    points_of_services,
    points_statement,
)
from projections.services import ServicesQuery, verified_time, volunteer_services
from projections.shop import (
    RedemptionsQuery,
    ShopItemQuery,
    ShopLinesQuery,
    ShopStockQuery,
    points_redemptions,
    shop_item,
    shop_statement,
    shop_stock,
)

PAGE_SIZE = 50
LATEST = 100
"""How many services, orders or shop items a page lists without leafing."""

pages = Pages()


@pages.page("/volunteers", "volunteers.jinja2")
async def volunteer_list(visit: Visit) -> dict[str, Any]:
    """Show all accounts, the one with the most points first."""
    as_of = _as_of(visit)
    community_id = read_id(visit.asked("community"), field="community")
    query = PointsAccountsQuery(
        at=as_of.at,
        known_at=as_of.known_at,
        community_id=community_id,
        cursor=visit.asked("cursor") or None,
        page_size=PAGE_SIZE,
    )
    page = await visit.read(points_accounts, query)
    communities = await visit.read(points_by_community, as_of)
    time = await visit.read(verified_time, ServicesQuery(at=as_of.at, known_at=as_of.known_at))
    return {
        "rows": page.rows,
        "next_cursor": page.next_cursor,
        "communities": communities,
        "names": await names_of(visit, [row["community_id"] for row in communities]),
        "held_points": sum(
            row["points"]
            for row in communities
            if community_id is None or row["community_id"] == community_id
        ),
        "verified": time if community_id is None else None,
        "position": await _position(visit, points.view),
    }


@pages.page("/volunteers/{volunteer_id}", "volunteer.jinja2")
async def volunteer_page(visit: Visit) -> dict[str, Any]:
    """Show one volunteer's balance, statement, services and orders."""
    volunteer_id = visit.id_in_path("volunteer_id")
    as_of = _as_of(visit)
    times: dict[str, Any] = {"at": as_of.at, "known_at": as_of.known_at}
    of_account = PointsAccountQuery(account_id=account_id_of(volunteer_id), **times)
    account = await visit.read(points_account, of_account)
    statement = await visit.read(
        points_statement,
        PointsStatementQuery(
            account_id=of_account.account_id,
            cursor=visit.asked("cursor") or None,
            page_size=PAGE_SIZE,
            **times,
        ),
    )
    of_volunteer = ServicesQuery(volunteer_id=volunteer_id, page_size=LATEST, **times)
    served = await visit.read(volunteer_services, of_volunteer)
    redeemed = await visit.read(
        points_redemptions, RedemptionsQuery(volunteer_id=volunteer_id, page_size=LATEST, **times)
    )
    brought = await visit.read(points_of_services, of_account)
    ids = [account["community_id"], *(row["place_id"] for row in served.rows)]
    ids += [row["decided_by_organisation"] for row in served.rows]
    return {
        "account": account,
        "statement": statement.rows,
        "next_cursor": statement.next_cursor,
        "services": served.rows,
        "points_of": {row["service_id"]: row["points"] for row in brought},
        "titles": {str(row["service_id"]): row["title"] for row in served.rows},
        "redemptions": redeemed.rows,
        "goods": {row["order_id"]: row["name"] for row in redeemed.rows},
        "verified": await visit.read(verified_time, of_volunteer),
        "names": await names_of(visit, ids),
        "kind_name": lambda kind: _kind_name(visit, kind),
        "rule_name": lambda rule: _kind_name(visit, rule.rpartition(".")[2]),
        "latest": LATEST,
        "position": await _position(visit, points.view),
    }


@pages.page("/shop", "shop.jinja2", is_public=True)
async def shop_page(visit: Visit) -> dict[str, Any]:
    """Show what the shops hold; for one item also its movements."""
    as_of = _as_of(visit)
    times: dict[str, Any] = {"at": as_of.at, "known_at": as_of.known_at}
    cursor = visit.asked("cursor") or None
    item_id = read_id(visit.asked("item"), field="item")
    stock_query = ShopStockQuery(
        shop_id=read_id(visit.asked("shop"), field="shop"),
        cursor=None if item_id else cursor,
        page_size=LATEST,
        **times,
    )
    stock = await visit.read(shop_stock, stock_query)
    item: Row | None = None
    lines: list[Row] = []
    next_cursor = stock.next_cursor
    if item_id is not None:
        item = await visit.read(shop_item, ShopItemQuery(item_id=item_id, **times))
        line_query = ShopLinesQuery(item_id=item_id, cursor=cursor, page_size=PAGE_SIZE, **times)
        page = await visit.read(shop_statement, line_query)
        lines, next_cursor = page.rows, page.next_cursor
    return {
        "rows": stock.rows if item is None else [item],
        "item": item,
        "lines": lines,
        "next_cursor": next_cursor,
        "names": await names_of(visit, [row["shop_id"] for row in stock.rows]),
        "position": await _position(visit, shop.view),
    }


def _as_of(visit: Visit) -> AsOf:
    return AsOf(at=visit.moment_asked("at"), known_at=visit.moment_asked("known_at"))


async def _position(visit: Visit, view: View) -> int:
    ledger = visit.ledger
    checkpoints = await read_checkpoints(ledger.pool, ledger.id, (view,))
    return checkpoints[view.name].position


def _kind_name(visit: Visit, kind: str) -> str:
    """Return what a kind of service is called; one that only a policy knows goes by its code."""
    names = {code: (zh, en) for code, zh, en, _ in KINDS}
    return visit.words.pick(*names[kind]) if kind in names else kind
