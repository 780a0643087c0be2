"""The same figures as the views show them, read page by page like anybody would."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ledger.storage.ledger import Ledger
from projections.accounts import AccountQuery, account_register
from projections.conduct import UnitQuery, unit_streaks
from projections.deposits import DepositQuery, deposit_register
from projections.engine import AsOf, Page
from projections.expenses import ExpenseQuery, expense_register
from projections.findings import FindingQuery, finding_register
from projections.petition_register import PetitionQuery, petition_register
from projections.points import PointsAccountsQuery, points_accounts
from projections.shop import ShopStockQuery, shop_stock
from tests.recomputed.figures import Figures

Register = tuple[str, str, Any, Callable[..., Awaitable[Page]]]

REGISTERS: tuple[Register, ...] = (
    ("deposit", "deposit_id", DepositQuery, deposit_register),
    ("public_account", "account_id", AccountQuery, account_register),
    ("expense", "expense_id", ExpenseQuery, expense_register),
    ("points_account", "account_id", PointsAccountsQuery, points_accounts),
    ("shop_item", "item_id", ShopStockQuery, shop_stock),
    ("petition", "petition_id", PetitionQuery, petition_register),
    ("finding", "finding_id", FindingQuery, finding_register),
    ("unit_conduct", "conduct_id", UnitQuery, unit_streaks),
)


async def shown(ledger: Ledger, wanted: Figures, as_of: AsOf) -> Figures:
    """Return what the registers show of the figures that are wanted, and of no record more."""
    names: dict[str, set[str]] = {}
    for kind, _, name in wanted:
        names.setdefault(kind, set()).add(name)
    found: Figures = {}
    for kind, key, query_type, register in REGISTERS:
        cursor = None
        while True:
            query = query_type(at=as_of.at, known_at=as_of.known_at, cursor=cursor, page_size=1_000)
            page = await register(ledger.pool, ledger.id, query)
            for row in page.rows:
                for name in names.get(kind, {"of a record that is not there"}):
                    found[kind, str(row[key]), name] = int(row.get(name, -1))
            cursor = page.next_cursor
            if cursor is None:
                break
    return found
