"""/units: which units' matters go up again and again, and what was done about it."""

from __future__ import annotations

from typing import Any

from api.web import labels_petitions as names
from api.web.petitions import colour_of, position_of
from api.web.places import names_of
from api.web.site import Pages, Visit
from projections.conduct import (
    UnitAt,
    UnitQuery,
    UnitStepsQuery,
    unit_conduct_steps,
    unit_streak,
    unit_streaks,
    view,
)
from projections.engine import Row
from projections.petition_register import petition_titles
from projections.petitions import view as petitions_view

PAGE_SIZE = 100
STEPS_MAX = 500
"""How many steps of a unit its page shows, the newest."""

pages = Pages()


@pages.page("/units", "units.jinja2")
async def unit_list(visit: Visit) -> dict[str, Any]:
    """Show all units whose matters went up to the county, the longest streak first."""
    query = UnitQuery(
        at=visit.moment_asked("at"),
        known_at=visit.moment_asked("known_at"),
        cursor=visit.asked("cursor") or None,
        page_size=PAGE_SIZE,
        has_transfer_due=True if visit.asked("due") else None,
    )
    page = await visit.read(unit_streaks, query)
    return {
        "rows": page.rows,
        "next_cursor": page.next_cursor,
        "names": await names_of(visit, (row["unit_id"] for row in page.rows)),
        "totals": {
            name: sum(row[name] for row in page.rows)
            for name in (
                "escalations_count",
                "transfers_due_count",
                "transfers_count",
                "talks_count",
            )
        },
        "position": await position_of(visit, view),
    }


@pages.page("/units/{unit_id}", "unit.jinja2")
async def unit_page(visit: Visit) -> dict[str, Any]:
    """Show a unit's streaks: every escalation, break, transfer, analysis, finding and talk."""
    unit_id = visit.id_in_path("unit_id")
    at, known_at = visit.moment_asked("at"), visit.moment_asked("known_at")
    unit = await visit.read(unit_streak, UnitAt(unit_id=unit_id, at=at, known_at=known_at))
    asked = UnitStepsQuery(
        unit_id=unit_id,
        newest_first=True,
        cursor=visit.asked("cursor") or None,
        page_size=STEPS_MAX,
        at=at,
        known_at=known_at,
    )
    page = await visit.read(unit_conduct_steps, asked)
    named = await names_of(visit, [unit_id, *(step["organisation_id"] for step in page.rows)])
    ids = {petition_id for step in page.rows for petition_id in step["petition_ids"]}
    for step in page.rows:
        step["colour"] = colour_of(step["step"])
    return {
        "unit": unit,
        "groups": _by_streak(page.rows),
        "next_cursor": page.next_cursor,
        "names": named,
        "titles": await visit.read(petition_titles, tuple(ids)),
        "kind_name": lambda kind: names.code_name(visit.words, "kind", kind),
        "duration": lambda minutes: names.duration(visit.words, minutes),
        "position": min(await position_of(visit, view), await position_of(visit, petitions_view)),
    }


def _by_streak(steps: list[Row]) -> list[Row]:
    """Return the steps grouped by the streak in which they fell, the newest streak first.

    What follows a break belongs to the streak that was broken until the next escalation.
    """
    groups: dict[int, Row] = {}
    for step in steps:
        begun: Row = {"number": step["streak_no"], "longest": 0, "fell_due": False, "steps": []}
        group = groups.setdefault(step["streak_no"], begun)
        group["steps"].append(step)
        group["longest"] = max(group["longest"], step["streak"])
        group["fell_due"] |= step["step"] == "transfer_fell_due"
    return [groups[number] for number in sorted(groups, reverse=True)]
