"""/estates: every estate's public board: its account, its leases, its expenses, its deposit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from api.web import labels_money as labels
from api.web.figures import read_id
from api.web.places import names_of
from api.web.site import Pages, Visit
from ledger.accounts import account_id_of
from ledger.core.clock import local_day
from ledger.core.errors import InvalidValue
from projections import accounts, deposits, expenses
from projections.accounts import (
    AccountQuery,
    IncomeQuery,
    LeaseQuery,
    PeriodQuery,
    StatementQuery,
    account_income,
    account_periods,
    account_register,
    account_statement,
    lease_income,
)
from projections.deposits import (
    DemandQuery,
    DepositQuery,
    DrawQuery,
    deposit_register,
    deposit_top_ups,
    draw_register,
)
from projections.engine import AsOf, Row, View
from projections.engine.checkpoints import read_checkpoints
from projections.expenses import ExpenseQuery, expense_register, trails_of
from projections.organisations import OrganisationAt, TreeQuery, organisation_by_id
from projections.overview import Place, overview
from projections.periods import Period

LATEST = 10
"""How many lines, expenses and draw-downs the board shows of each."""
LEASES_MAX = 100
PAGE_SIZE = 50
PERIODS_MAX = 24

pages = Pages()


@pages.page("/estates", "estates.jinja2", is_public=True)
async def estate_list(visit: Visit) -> dict[str, Any]:
    """Show all estates, community by community, with what their accounts and deposits hold."""
    below = read_id(visit.asked("below"), field="below")
    seen = await visit.read(overview, TreeQuery(below=below))
    wanted = visit.asked("name")
    groups = []
    for place, above in _communities(seen.tops, ()):
        estates = [one for one in place.children if _is_called(one, wanted)]
        if estates:
            groups.append({"place": place, "above": above, "estates": estates})
    return {"groups": groups, "position": seen.position}


@pages.page("/estates/{estate_id}", "estate.jinja2", is_public=True)
async def board(visit: Visit) -> dict[str, Any]:
    """Show what every owner of an estate may know about its money."""
    estate_id = visit.id_in_path("estate_id")
    times = times_asked(visit)
    account_id = account_id_of(estate_id)
    found = await visit.read(account_register, AccountQuery(estate_id=estate_id, **times))
    statement = StatementQuery(account_id=account_id, newest_first=True, page_size=LATEST, **times)
    income = IncomeQuery(account_id=account_id, **times)
    leases = LeaseQuery(estate_id=estate_id, page_size=LEASES_MAX, **times)
    shown = await _expenses_and_deposits(visit, estate_id, times)
    return {
        "place": await place_of(visit, estate_id),
        "account": found.rows[0] if found.rows else None,
        "lines": (await visit.read(account_statement, statement)).rows,
        "income": (await visit.read(account_income, income)).rows,
        "leases": (await visit.read(lease_income, leases)).rows,
        **shown,
        "names": await names_of(visit, (row["company_id"] for row in shown["deposits"])),
        "labels": labels,
        "on": times["at"] and local_day(times["at"]),
        "position": await position_of(visit, accounts.view, deposits.view, expenses.view),
    }


@pages.page("/estates/{estate_id}/account", "account.jinja2", is_public=True)
async def account(visit: Visit) -> dict[str, Any]:
    """Show an estate's whole account: period by period, and every line with its balance."""
    estate_id = visit.id_in_path("estate_id")
    times = times_asked(visit)
    account_id = account_id_of(estate_id)
    found = await visit.read(account_register, AccountQuery(estate_id=estate_id, **times))
    period = period_asked(visit)
    periods = PeriodQuery(account_id=account_id, period=period, **times)
    statement = StatementQuery(
        account_id=account_id,
        kind=visit.asked("kind") or None,
        category=visit.asked("category") or None,
        lease_id=read_id(visit.asked("lease"), field="lease"),
        expense_id=read_id(visit.asked("expense"), field="expense"),
        occurred_from=visit.day_begins("from"),
        occurred_to=visit.moment_asked("to"),
        newest_first=True,
        cursor=visit.asked("cursor") or None,
        page_size=PAGE_SIZE,
        **times,
    )
    page = await visit.read(account_statement, statement)
    return {
        "place": await place_of(visit, estate_id),
        "account": found.rows[0] if found.rows else None,
        "lines": page.rows,
        "next_cursor": page.next_cursor,
        "periods": (await visit.read(account_periods, periods)).rows[::-1][:PERIODS_MAX],
        "period": period,
        "kinds": accounts.KINDS,
        "labels": labels,
        "position": await position_of(visit, accounts.view),
    }


async def _expenses_and_deposits(
    visit: Visit, estate_id: UUID, times: dict[str, Any]
) -> dict[str, list[Row]]:
    of_estate: dict[str, Any] = {"estate_id": estate_id, **times}
    spent = await visit.read(expense_register, ExpenseQuery(page_size=LATEST, **of_estate))
    drawn = await visit.read(draw_register, DrawQuery(page_size=LATEST, **of_estate))
    asked = await visit.read(deposit_top_ups, DemandQuery(page_size=LATEST, **of_estate))
    held = await visit.read(deposit_register, DepositQuery(**of_estate))
    return {
        "expenses": await _with_four_steps(visit, AsOf(**times), spent.rows),
        "draws": drawn.rows,
        "top_ups": asked.rows,
        "deposits": held.rows,
    }


async def _with_four_steps(visit: Visit, as_of: AsOf, rows: list[Row]) -> list[Row]:
    """Add to each expense who took which of the four steps, as far as it still counts."""
    ledger = visit.ledger
    ids = [row["expense_id"] for row in rows]
    trails = await trails_of(ledger.pool, ledger.id, as_of, ids)
    return [row | {"four": four_steps(trails.get(row["expense_id"], []))} for row in rows]


def four_steps(trail: Iterable[Row]) -> dict[str, Row]:
    """Return the steps that count, by name: a later one in the place of an earlier one."""
    return {step["step"]: step for step in trail if step["voided_by"] is None}


# What the pages about money share --------------------------------------------------------


def times_asked(visit: Visit) -> dict[str, Any]:
    """Return the two times that the visitor asks for."""
    return {"at": visit.moment_asked("at"), "known_at": visit.moment_asked("known_at")}


def period_asked(visit: Visit) -> Period:
    """Return how long the periods shall be; a month unless said."""
    try:
        return Period(visit.asked("period") or Period.MONTH)
    except ValueError as error:
        raise InvalidValue(field="period", rule="month, quarter, year") from error


async def place_of(visit: Visit, estate_id: UUID) -> Row:
    """Return the estate as it is called now (or was on the day asked), and what it belongs to."""
    on: date | None = visit.day_asked("at")
    asked = OrganisationAt(organisation_id=estate_id, on=on)
    return await visit.read(organisation_by_id, asked)


async def position_of(visit: Visit, *views: View) -> int:
    """Return up to which position all of these views have read."""
    checkpoints = await read_checkpoints(visit.ledger.pool, visit.ledger.id, views)
    return min(checkpoint.position for checkpoint in checkpoints.values())


def _communities(
    places: Iterable[Place], above: tuple[Place, ...]
) -> Iterable[tuple[Place, tuple[Place, ...]]]:
    """Yield every place that has estates right below it, and what stands above that place."""
    for place in places:
        if place.children_of_kind("estate"):
            yield place, above
        yield from _communities(place.children, (*above, place))


def _is_called(place: Place, wanted: str) -> bool:
    names = (place.row["name_zh"], place.row["name_en"] or "")
    return place.kind == "estate" and any(wanted.casefold() in name.casefold() for name in names)
