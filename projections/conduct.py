"""Conduct of units: the streak of each unit now, and every step that made, broke or answered it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from annotated_types import Ge, Le

from ledger.conduct import UnitConduct
from ledger.core.clock import local_day
from ledger.core.entry import Entry
from ledger.core.errors import NotFound
from ledger.storage.connect import Database
from projections.engine import AsOf, Page, Paging, Row, Rows, Select, Ties, View, pinned
from projections.petition_register import moment_of

view = View("conduct", version=3)
OF_UNIT = Ties(record="conduct_id")
streaks = view.table(
    "unit_streaks_v3", key=("conduct_id",), history="unit_streak_states_v3", ties=OF_UNIT
)
steps = view.lines("unit_conduct_steps_v3", ties=OF_UNIT, record="conduct_id")


# How rows are made --------------------------------------------------------------------------


@view.on(UnitConduct.Opened)
async def opened(rows: Rows, event: UnitConduct.Opened, entry: Entry) -> None:
    """Begin the unit's row."""
    rows.put(streaks, {"conduct_id": event.originator_id, "unit_id": event.unit_id})


@view.on(UnitConduct.EscalationCounted)
async def escalation_counted(
    rows: Rows, event: UnitConduct.EscalationCounted, entry: Entry
) -> None:
    """Lengthen the streak, or begin one."""
    row = await rows.get(streaks, event.originator_id)
    if row["streak"] == 0:
        row["streak_no"] += 1
        row["streak_began_at"] = entry.occurred_at
    row["streak"] += 1
    row["longest_streak"] = max(row["longest_streak"], row["streak"])
    row["escalations_count"] += 1
    row["last_escalated_at"] = entry.occurred_at
    row["streak_petition_ids"].append(event.petition_id)
    row["streak_positions"].append(entry.position)
    _note(rows, row, entry, petition_ids=[event.petition_id], petition_round=event.petition_round)


@view.on(UnitConduct.SelfEscalationCounted)
async def self_escalation_counted(
    rows: Rows, event: UnitConduct.SelfEscalationCounted, entry: Entry
) -> None:
    """Count apart what the unit itself took up: its streak stays as it is."""
    row = await rows.get(streaks, event.originator_id)
    row["self_escalations_count"] += 1
    _note(rows, row, entry, petition_ids=[event.petition_id], petition_round=event.petition_round)


@view.on(UnitConduct.StreakBroken)
async def streak_broken(rows: Rows, event: UnitConduct.StreakBroken, entry: Entry) -> None:
    """End the streak; what was due for transfer stays due."""
    row = await rows.get(streaks, event.originator_id)
    row["streak"], row["streak_began_at"] = 0, None
    row["streak_petition_ids"], row["streak_positions"] = [], []
    row["breaks_count"] += 1
    _note(rows, row, entry, petition_ids=[event.petition_id])


@view.on(UnitConduct.TransferFellDue)
async def transfer_fell_due(rows: Rows, event: UnitConduct.TransferFellDue, entry: Entry) -> None:
    """Wait for a transfer."""
    row = await rows.get(streaks, event.originator_id)
    due = {
        "petition_ids": event.petition_ids,
        "due_on": event.due_on.isoformat(),
        "is_provisional": event.is_provisional,
        "fell_due_at": entry.occurred_at.isoformat(),
        "position": entry.position,
    }
    row["transfers_due"].append(due)
    _count_due(row)
    _note(
        rows,
        row,
        entry,
        petition_ids=list(event.petition_ids),
        due_on=event.due_on,
        is_provisional=event.is_provisional,
    )


@view.on(UnitConduct.TransferRecounted)
async def transfer_recounted(
    rows: Rows, event: UnitConduct.TransferRecounted, entry: Entry
) -> None:
    """Wait until the day as it was counted again."""
    row = await rows.get(streaks, event.originator_id)
    petition_ids = [str(petition_id) for petition_id in event.petition_ids]
    for due in row["transfers_due"]:
        known = [str(petition_id) for petition_id in due["petition_ids"]]
        if (known, due["due_on"]) == (petition_ids, event.old_due_on.isoformat()):
            due["due_on"] = event.due_on.isoformat()
            due["is_provisional"] = event.is_provisional
    _count_due(row)
    _note(
        rows,
        row,
        entry,
        petition_ids=list(event.petition_ids),
        due_on=event.due_on,
        is_provisional=event.is_provisional,
    )


@view.on(UnitConduct.TransferMissed)
async def transfer_missed(rows: Rows, event: UnitConduct.TransferMissed, entry: Entry) -> None:
    """Count a transfer that was not made in time; it is still due."""
    row = await rows.get(streaks, event.originator_id)
    row["transfers_missed_count"] += 1
    _note(rows, row, entry, due_on=event.due_on, is_provisional=event.is_provisional)


@view.on(UnitConduct.TransferredToEfficiencyOffice)
async def transferred(
    rows: Rows, event: UnitConduct.TransferredToEfficiencyOffice, entry: Entry
) -> None:
    """Settle everything that was due."""
    row = await rows.get(streaks, event.originator_id)
    fell_due = [due["fell_due_at"] for due in row["transfers_due"]]
    row["transfers_due"] = []
    row["transfers_count"] += 1
    _count_due(row)
    _note(
        rows,
        row,
        entry,
        petition_ids=list(event.petition_ids),
        organisation_id=event.office_id,
        fell_due_at=datetime.fromisoformat(fell_due[0]) if fell_due else None,
    )


@view.on(UnitConduct.PerformanceAnalysisDone)
async def analysed(rows: Rows, event: UnitConduct.PerformanceAnalysisDone, entry: Entry) -> None:
    """Count an analysis."""
    row = await rows.get(streaks, event.originator_id)
    row["analyses_count"] += 1
    _note(rows, row, entry, summary=event.conclusion)


@view.on(UnitConduct.InspectionFindingRecorded)
async def inspected(rows: Rows, event: UnitConduct.InspectionFindingRecorded, entry: Entry) -> None:
    """Count what an inspection found."""
    row = await rows.get(streaks, event.originator_id)
    row["findings_count"] += 1
    row["findings_open_count"] += 1
    _note(
        rows,
        row,
        entry,
        kind=str(event.kind),
        person_id=event.person_id,
        summary=event.summary,
    )


@view.on(UnitConduct.TalkHeld)
async def talk_held(rows: Rows, event: UnitConduct.TalkHeld, entry: Entry) -> None:
    """Count a talk; it settles the findings before it."""
    row = await rows.get(streaks, event.originator_id)
    row["talks_count"] += 1
    row["findings_open_count"] = 0
    _note(rows, row, entry, organisation_id=event.convener_id, summary=event.conclusion)


@view.on(UnitConduct.StepReversed)
async def step_reversed(rows: Rows, event: UnitConduct.StepReversed, entry: Entry) -> None:
    """Note that a step was taken back; the row is without it already."""
    row = await rows.get(streaks, event.originator_id)
    _note(rows, row, entry)


def _count_due(row: Row) -> None:
    first = min(row["transfers_due"], key=lambda due: due["due_on"], default=None)
    row["transfers_due_count"] = len(row["transfers_due"])
    row["transfer_due_on"] = date.fromisoformat(first["due_on"]) if first else None
    row["is_provisional"] = bool(first and first["is_provisional"])


def _note(rows: Rows, row: Row, entry: Entry, **told: object) -> None:
    """Write the row, and the step with what the event tells."""
    rows.put(streaks, row)
    by = entry.by
    line: Row = {
        "conduct_id": row["conduct_id"],
        "unit_id": row["unit_id"],
        "step": entry.topic.split(".")[1],
        "streak": row["streak"],
        "streak_no": row["streak_no"],
        "petition_ids": [],
        "is_provisional": False,
        "kind": "",
        "summary": "",
        "actor_id": by.actor_id,
        "role": by.role,
        "reason": by.reason,
        "cause": by.cause,
        "policy_version": by.policy_version,
        "is_history": by.is_history,
        "breaches": list(by.breaches),
    }
    rows.add(steps, line | told)


# How they are asked for ---------------------------------------------------------------------

StepName: TypeAlias = Literal[
    "escalation_counted",
    "self_escalation_counted",
    "streak_broken",
    "transfer_fell_due",
    "transfer_missed",
    "transfer_recounted",
    "transferred_to_efficiency_office",
    "performance_analysis_done",
    "inspection_finding_recorded",
    "talk_held",
]
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class UnitQuery(AsOf, Paging):
    """Which units, the longest present streak first.

    ``has_transfer_due``: a transfer waits to be made; ``is_transfer_overdue``: its day is over.
    """

    streak_min: Annotated[int, Ge(0), Le(1_000)] | None = None
    has_transfer_due: bool | None = None
    is_transfer_overdue: bool | None = None
    talks_min: Annotated[int, Ge(0), Le(1_000)] | None = None


@dataclass(frozen=True, kw_only=True)
class UnitAt(AsOf):
    """One unit."""

    unit_id: UUID


@dataclass(frozen=True, kw_only=True)
class UnitStepsQuery(AsOf, Paging):
    """What happened about one unit's conduct, oldest first unless said."""

    unit_id: UUID
    step: StepName | None = None
    newest_first: bool = False


async def unit_streaks(db: Database, ledger_id: str, query: UnitQuery) -> Page:
    """List the units whose matters went up to the county, by their present streak."""
    query, known_at = await pinned(db, ledger_id, view, query)
    day = local_day(moment_of(query))
    select = Select(streaks, ledger_id, query).at_least(
        streak=query.streak_min, talks_count=query.talks_min
    )
    if query.has_transfer_due is not None:
        waits = "transfers_due_count > 0"
        select.where(waits if query.has_transfer_due else f"NOT ({waits})")
    if query.is_transfer_overdue is not None:
        overdue = "transfer_due_on IS NOT NULL AND transfer_due_on < {}"
        select.where(overdue if query.is_transfer_overdue else f"NOT ({overdue})", day)
    order = ("-streak", "-escalations_count", "-talks_count", "-conduct_id")
    page = await select.page(db, query, order=order, known_at=known_at)
    for row in page.rows:
        _note_overdue(row, day)
    return page


async def unit_streak(db: Database, ledger_id: str, query: UnitAt) -> Row:
    """Return one unit's streaks (refuses with ``NotFound`` if none of its matters went up)."""
    conduct_id = UnitConduct.create_id(unit_id=query.unit_id)
    row = await Select(streaks, ledger_id, query).within(conduct_id=conduct_id).one(db)
    if row is None:
        raise NotFound(kind=UnitConduct.TOPIC, id=str(query.unit_id))
    _note_overdue(row, local_day(moment_of(query)))
    return row


async def unit_conduct_steps(db: Database, ledger_id: str, query: UnitStepsQuery) -> Page:
    """List every escalation, break, transfer, analysis, finding and talk of a unit.

    ``waited_minutes`` of a transfer: how long its oldest matter had been due for it.
    """
    select = Select(steps, ledger_id, query).within(unit_id=query.unit_id).equal(step=query.step)
    newest, oldest = ("-occurred_at", "-position"), ("occurred_at", "position")
    page = await select.page(db, query, order=newest if query.newest_first else oldest)
    for row in page.rows:
        fell_due_at = row["fell_due_at"]
        waited = (row["occurred_at"] - fell_due_at) // MINUTE if fell_due_at else None
        row["waited_minutes"] = waited
    return page


def _note_overdue(row: Row, day: date) -> None:
    due_on = row["transfer_due_on"]
    row["is_transfer_overdue"] = bool(due_on and due_on < day)
