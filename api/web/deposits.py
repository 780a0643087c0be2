"""/deposits/{id}: what is held, period by period, and every draw-down with its cause."""

from __future__ import annotations

from typing import Any

from api.web import labels_money as labels
from api.web.estates import period_asked, place_of, position_of, times_asked
from api.web.places import names_of
from api.web.site import Pages, Visit
from projections.deposits import (
    DemandQuery,
    DepositAt,
    DepositLinesQuery,
    DrawQuery,
    ReminderQuery,
    RollForwardQuery,
    deposit_by_id,
    deposit_lines,
    deposit_reminders,
    deposit_roll_forward,
    deposit_top_ups,
    draw_register,
    view,
)

LATEST = 50
"""How many draw-downs, demands, reminders and lines are shown of each."""

pages = Pages()


@pages.page("/deposits/{deposit_id}", "deposit.jinja2", is_public=True)
async def deposit(visit: Visit) -> dict[str, Any]:
    """Show one deposit: figures, roll-forward, draw-downs, demands, reminders, lines."""
    deposit_id = visit.id_in_path("deposit_id")
    times = times_asked(visit)
    row = await visit.read(deposit_by_id, DepositAt(deposit_id=deposit_id, **times))
    period = period_asked(visit)
    some: dict[str, Any] = {"deposit_id": deposit_id, "page_size": LATEST, **times}
    periods = RollForwardQuery(deposit_id=deposit_id, period=period, **times)
    lines = DepositLinesQuery(cursor=visit.asked("cursor") or None, **some)
    page = await visit.read(deposit_lines, lines)
    return {
        "deposit": row,
        "place": await place_of(visit, row["estate_id"]),
        "names": await names_of(visit, [row["company_id"]]),
        "periods": (await visit.read(deposit_roll_forward, periods)).rows[::-1],
        "period": period,
        "draws": (await visit.read(draw_register, DrawQuery(**some))).rows,
        "top_ups": (await visit.read(deposit_top_ups, DemandQuery(**some))).rows,
        "reminders": (await visit.read(deposit_reminders, ReminderQuery(**some))).rows,
        "lines": page.rows,
        "next_cursor": page.next_cursor,
        "labels": labels,
        "position": await position_of(visit, view),
    }
