"""Which clocks of a petition run: the rows' side of what ``ledger.petitions`` does with deadlines.

A clock is known by where it was started (``<position>.<number>``). It stays among a
petition's clocks while something is waited for, also after its day was recorded as
missed; one that ended late stays until its miss is recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, TypeAlias, cast
from uuid import UUID

from ledger.core.aggregate import Event
from ledger.core.clock import local_day
from ledger.core.entry import Entry
from ledger.petitions import ClockName, Deadline, Petition, Stage, events
from projections.engine import Row

Clock: TypeAlias = dict[str, Any]

ALL = frozenset(ClockName)
ANSWER = frozenset({ClockName.HANDLING, ClockName.EXTENSION})

ENDED_BY: dict[type[Event], frozenset[ClockName]] = {
    Petition.Dispatched: frozenset({ClockName.ROUTING}),
    Petition.ResponsibilityClaimed: frozenset({ClockName.ROUTING}),
    Petition.DispatchDisputed: frozenset({ClockName.ACCEPTANCE}),
    Petition.Accepted: frozenset({ClockName.ACCEPTANCE}),
    Petition.DepartmentReportedIn: frozenset({ClockName.WHISTLE}),
    Petition.Answered: ANSWER,
    Petition.ExtensionApproved: ANSWER,
    Petition.VisitedBack: frozenset({ClockName.VISIT_BACK}),
    Petition.HandlingResumed: frozenset({ClockName.VISIT_BACK}),
    Petition.SupervisionOrderMet: frozenset({ClockName.SUPERVISION}),
    Petition.DispatchReturned: ALL,
    Petition.Merged: ALL,
    Petition.Closed: ALL,
    Petition.Withdrawn: ALL,
}
"""Which clocks an event stops."""

MISSES = frozenset({Petition.DeadlineMissed, Petition.SupervisionOrderMissed})
"""What the reaction records when a day is over."""

RUNNING, MISSED, LATE, ENDED = "running", "missed", "late", "ended"


def move_clocks(row: Row, event: Event, entry: Entry) -> dict[str, list[Any]]:
    """Change the row's clocks as the event does, before its stage changes; tell what moved."""
    clocks: list[Clock] = row["clocks"]
    moved: dict[str, list[Any]] = {}
    kind = type(event)  # a type's identity: asking for instances of these classes is slow
    if kind is Petition.DeadlineRecounted:
        moved["recounted"] = _recount(clocks, cast(events.DeadlineRecounted, event))
    elif kind in MISSES:
        moved["missed"] = _miss(clocks, event)
    else:
        if kind in ENDED_BY:
            moved["ended"] = _end(clocks, row, event)
        if deadlines := getattr(event, "deadlines", ()):
            moved["started"] = _start(clocks, deadlines, entry.position)
    if not moved:
        return moved
    row["clocks"] = [c for c in clocks if c["state"] != ENDED]
    _note_due(row)
    return {name: changes for name, changes in moved.items() if changes}


def _start(clocks: list[Clock], deadlines: Iterable[Deadline], position: int) -> list[Clock]:
    started = [
        {
            "id": f"{position}.{number}",
            "clock": str(deadline.clock),
            "holder_id": str(deadline.holder_id),
            "starts_on": deadline.starts_on.isoformat(),
            "days": deadline.days,
            "in_working_days": deadline.in_working_days,
            "due_on": deadline.due_on.isoformat(),
            "is_provisional": deadline.is_provisional,
        }
        for number, deadline in enumerate(deadlines)
    ]
    clocks += [clock | {"state": RUNNING} for clock in started]
    return started


def _end(clocks: list[Clock], row: Row, event: Event) -> list[Clock]:
    names = ENDED_BY[type(event)]
    if type(event) is Petition.ResponsibilityClaimed and row["stage"] != Stage.FILED:
        return []
    department_id = getattr(event, "department_id", None)
    ended = []
    for clock in clocks:
        if clock["state"] == LATE or clock["clock"] not in names:
            continue
        if department_id is not None and clock["holder_id"] != str(department_id):
            continue
        is_late = _is_over(clock, event.timestamp)
        clock["state"] = LATE if is_late and clock["state"] == RUNNING else ENDED
        ended.append({"id": clock["id"], "in_time": not is_late})
    return ended


def _is_over(clock: Clock, at: datetime) -> bool:
    return local_day(at) > date.fromisoformat(clock["due_on"])


def _miss(clocks: list[Clock], event: Event) -> list[str]:
    """Note a recorded miss: first of a clock that ended late, else of one that still runs."""
    if isinstance(event, Petition.SupervisionOrderMissed):
        asked = (str(ClockName.SUPERVISION), event.unit_id, event.due_on)
    else:
        missed = cast(events.DeadlineMissed, event)
        asked = (str(missed.clock), missed.holder_id, missed.due_on)
    for state, after in ((LATE, ENDED), (RUNNING, MISSED)):
        for clock in _matching(clocks, *asked):
            if clock["state"] == state:
                clock["state"] = after
                return [clock["id"]]
    return []


def _recount(clocks: list[Clock], event: events.DeadlineRecounted) -> list[Clock]:
    recounted = []
    for deadline in event.deadlines:
        for clock in _matching(clocks, deadline.clock, deadline.holder_id, event.old_due_on):
            change = {
                "due_on": deadline.due_on.isoformat(),
                "is_provisional": deadline.is_provisional,
            }
            clock.update(change)
            recounted.append({"id": clock["id"], **change})
            break
    return recounted


def _matching(clocks: list[Clock], name: str, holder_id: UUID, due_on: date) -> list[Clock]:
    asked = (str(name), str(holder_id), due_on.isoformat())
    return [c for c in clocks if (c["clock"], c["holder_id"], c["due_on"]) == asked]


def _note_due(row: Row) -> None:
    """Note the earliest day that is still waited for, kept or missed."""
    waited = [clock for clock in row["clocks"] if clock["state"] != LATE]
    first = min(waited, key=lambda clock: (clock["due_on"], clock["id"]), default=None)
    row["due_on"] = date.fromisoformat(first["due_on"]) if first else None
    row["due_clock"] = first["clock"] if first else ""
    row["is_provisional"] = bool(first and first["is_provisional"])
