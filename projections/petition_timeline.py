"""A petition's handling timeline: who held it when and for how long, which clocks, kept or not.

Everything is told from the petition's steps up to ``at`` as known at ``known_at``,
in the order in which they happened, so a step that was recorded late stands where
it belongs. Spans are given three times: in minutes, in those of the minutes that
fall on working days, and in working days as deadlines count them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from ledger.calendar import WorkingDays, YearNotice
from ledger.core.clock import LOCAL, end_of_day, local_day
from projections.engine import Row

MINUTE = timedelta(minutes=1)

DONE_BY = {
    "routing": {"dispatched", "responsibility_claimed"},
    "acceptance": {"accepted", "dispatch_disputed"},
    "handling": {"answered"},
    "extension": {"answered"},
    "whistle": {"department_reported_in"},
    "visit_back": {"visited_back"},
    "supervision": {"supervision_order_met"},
}
"""The steps that do what a clock waits for; any other step that ends it lets it lapse."""


def calendar_from(notices: Sequence[Row]) -> WorkingDays:
    """Return what counts working days; of several notices for a year the last counts."""
    return WorkingDays(
        {
            row["year"]: YearNotice(
                holidays=tuple(row["holidays"]),
                workdays=tuple(row["workdays"]),
                notice=row["notice"],
            )
            for row in notices
        }
    )


def span(began_at: datetime, ended_at: datetime, working_days: WorkingDays) -> Row:
    """Return how long something took: minutes, minutes on working days, working days."""
    minutes = max((ended_at - began_at) // MINUTE, 0)
    return {
        "elapsed_minutes": minutes,
        "working_minutes": max(minutes - _free_minutes(began_at, ended_at, working_days), 0),
        "working_days": working_days.count_working_days(local_day(began_at), local_day(ended_at)),
    }


def _free_minutes(began_at: datetime, ended_at: datetime, working_days: WorkingDays) -> int:
    free = timedelta()
    day = local_day(began_at)
    while (day_began_at := datetime.combine(day, time.min, LOCAL)) < ended_at:
        day += timedelta(days=1)
        if not working_days.is_working_day(day_began_at.date()):
            day_ended_at = datetime.combine(day, time.min, LOCAL)
            free += max(min(day_ended_at, ended_at) - max(day_began_at, began_at), timedelta())
    return free // MINUTE


def holdings_of(steps: Sequence[Row], until: datetime, working_days: WorkingDays) -> list[Row]:
    """Return who held the petition from when to when; the last one still does if it is open."""
    holdings: list[Row] = []
    for step in steps:
        if not step["moves"]:
            continue
        if holdings and holdings[-1]["until_at"] is None:
            _let_go(holdings[-1], step)
        if step["stage"] not in {"closed", "merged", "withdrawn"}:
            holdings.append(
                {
                    "holder_id": step["holder_id"],
                    "from_at": step["occurred_at"],
                    "until_at": None,
                    "from_step": step["step"],
                    "until_step": None,
                    "positions": [step["position"]],
                }
            )
    for held in holdings:
        held.update(span(held["from_at"], held["until_at"] or until, working_days))
    return holdings


def _let_go(held: Row, step: Row) -> None:
    held["until_at"], held["until_step"] = step["occurred_at"], step["step"]
    held["positions"].append(step["position"])


def clocks_of(steps: Sequence[Row], until: datetime, working_days: WorkingDays) -> list[Row]:
    """Return every clock that was started: by when, what ended it, and whether it was kept.

    ``state``: running, overdue (its day is over, nobody has recorded it yet), missed,
    kept, or lapsed (something else ended it in time). A missed clock without ``ended_at``
    is still waited for.
    """
    clocks: dict[str, Row] = {}
    for step in steps:
        for started in step["clocks"].get("started", ()):
            clocks[started["id"]] = _started(started, step)
    for step in steps:
        _change(clocks, step)
    for clock in clocks.values():
        ended_at = clock["ended_at"] or until
        clock["state"] = _state(clock, until)
        clock.update(span(clock["started_at"], ended_at, working_days))
    return list(clocks.values())


def _started(started: dict[str, Any], step: Row) -> Row:
    return started | {
        "holder_id": UUID(started["holder_id"]),
        "due_on": date.fromisoformat(started["due_on"]),
        "starts_on": date.fromisoformat(started["starts_on"]),
        "started_at": step["occurred_at"],
        "ended_at": None,
        "ended_by": None,
        "in_time": None,
        "is_missed": False,
        "positions": [step["position"]],
    }


def _change(clocks: dict[str, Row], step: Row) -> None:
    moved = step["clocks"]
    for ended in moved.get("ended", ()):
        if clock := clocks.get(ended["id"]):
            clock["ended_at"], clock["ended_by"] = step["occurred_at"], step["step"]
            clock["in_time"] = ended["in_time"]
            clock["positions"].append(step["position"])
    for clock_id in moved.get("missed", ()):
        if clock := clocks.get(clock_id):
            clock["is_missed"] = True
            clock["positions"].append(step["position"])
    for recounted in moved.get("recounted", ()):
        if clock := clocks.get(recounted["id"]):
            clock["due_on"] = date.fromisoformat(recounted["due_on"])
            clock["is_provisional"] = recounted["is_provisional"]
            clock["positions"].append(step["position"])


def _state(clock: Row, until: datetime) -> str:
    if clock["is_missed"] or clock["in_time"] is False:
        return "missed"
    if clock["ended_at"] is None:
        return "overdue" if until > end_of_day(clock["due_on"]) else "running"
    return "kept" if clock["ended_by"] in DONE_BY[clock["clock"]] else "lapsed"
