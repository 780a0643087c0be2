"""Findings: the register, the supervisors, and what findings say of each property company."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import orjson

from ledger.core.aggregate import Event
from ledger.core.clock import local_day
from ledger.core.entry import Entry
from ledger.core.errors import NotFound
from ledger.core.values import Code, Day
from ledger.findings import Finding, FindingStage, Supervisor
from ledger.findings.finding import SETTLED
from ledger.storage.connect import Database
from projections.engine import AsOf, Page, Paging, Row, Rows, Select, Ties, View
from projections.petition_register import moment_of

view = View("findings", version=2)
OF_FINDING = Ties(record="finding_id")
findings = view.table(
    "findings_v2", key=("finding_id",), history="finding_states_v2", ties=OF_FINDING
)
supervisors = view.table(
    "supervisors_v2",
    key=("supervisor_id",),
    history="supervisor_states_v2",
    ties=Ties(record="supervisor_id"),
)
companies = view.table(
    "company_findings_v2",
    key=("company_id",),
    history="company_finding_states_v2",
    is_per_stream=False,
    ties=Ties(place="company_id", party="company_id"),
)
steps = view.lines("finding_steps_v2", ties=OF_FINDING, record="finding_id")


# Supervisors --------------------------------------------------------------------------------


@view.on(Supervisor.Appointed)
async def appointed(rows: Rows, event: Supervisor.Appointed, entry: Entry) -> None:
    """Begin the supervisor's row."""
    rows.put(
        supervisors,
        {
            "supervisor_id": event.originator_id,
            "person_id": event.person_id,
            "estate_ids": list(event.estate_ids),
            "appointed_at": entry.occurred_at,
        },
    )


@view.on(Supervisor.AssignedToEstate)
async def assigned(rows: Rows, event: Supervisor.AssignedToEstate, entry: Entry) -> None:
    """Add an estate."""
    row = await rows.get(supervisors, event.originator_id)
    if event.estate_id not in row["estate_ids"]:
        row["estate_ids"].append(event.estate_id)
    rows.put(supervisors, row)


@view.on(Supervisor.ReleasedFromEstate)
async def released(rows: Rows, event: Supervisor.ReleasedFromEstate, entry: Entry) -> None:
    """Take an estate away."""
    row = await rows.get(supervisors, event.originator_id)
    row["estate_ids"] = [e for e in row["estate_ids"] if e != event.estate_id]
    rows.put(supervisors, row)


# Findings -----------------------------------------------------------------------------------


@view.on(Finding.Raised)
async def raised(rows: Rows, event: Finding.Raised, entry: Entry) -> None:
    """Begin the finding's row; it counts for the company and for the supervisor."""
    row: Row = {
        "finding_id": event.originator_id,
        "supervisor_id": event.supervisor_id,
        "estate_id": event.estate_id,
        "company_id": event.company_id,
        "source": str(event.source),
        "category": event.category,
        "item": event.item,
        "summary": event.summary,
        "place": event.place,
        "raised_at": entry.occurred_at,
        "raised_on": local_day(entry.occurred_at),
        "stage": str(FindingStage.RAISED),
        "breaches": list(entry.by.breaches),
    }
    rows.put(findings, row)
    _add_step(rows, row, entry)
    await _count(rows, event.company_id, raised=1, unsettled=1)
    await _count_for_supervisor(rows, event.supervisor_id, findings_count=1)


@view.on(
    Finding.CompanyReminded,
    Finding.SolvedOnTheSpot,
    Finding.Rectified,
    Finding.FoundUnrectified,
    Finding.RectificationMissed,
    Finding.CompanyTalkHeld,
    Finding.AssessmentScoreNoted,
    Finding.Withdrawn,
)
async def stepped(rows: Rows, event: Event, entry: Entry) -> None:
    """Change the finding's row as the event says, note the step, and count it for the company."""
    row = await rows.get(findings, event.originator_id)
    before = row["stage"]
    counted = _change(row, event)
    row["is_settled"] = row["stage"] in SETTLED
    row["breaches"] += [code for code in entry.by.breaches if code not in row["breaches"]]
    if before != row["stage"]:
        counted |= await _count_stage(rows, row, entry, before)
    rows.put(findings, row)
    _add_step(rows, row, entry)
    await _count(rows, row["company_id"], **counted)


def _change(row: Row, event: Event) -> dict[str, int]:
    """Change the row, and return what the company's counts change by beside the stage's."""
    match event:
        case Finding.CompanyReminded():
            is_first = row["reminders_count"] == 0
            row["stage"] = str(FindingStage.REMINDED)
            row["due_on"], row["is_provisional"] = event.due_on, event.is_provisional
            row["reminders_count"] += 1
            return {"reminders": 1, "reminded": int(is_first)}
        case Finding.RectificationMissed():
            row["missed_count"] += 1
            if event.due_on == row["due_on"]:
                row["stage"], row["due_on"] = str(FindingStage.UNRECTIFIED), None
            return {"missed": 1}
        case Finding.CompanyTalkHeld():
            row["talks_count"] += 1
            return {"talks": 1}
        case Finding.AssessmentScoreNoted():
            row["assessment_points"] += event.points
            return {"assessment_points": event.points}
        case _:
            row["stage"] = STAGE_AFTER[type(event)]
            row["result"] = getattr(event, "summary", "")
            if row["stage"] in SETTLED:
                row["due_on"] = None
            return {}


STAGE_AFTER: dict[type[Event], str] = {
    Finding.SolvedOnTheSpot: str(FindingStage.SOLVED_ON_THE_SPOT),
    Finding.Rectified: str(FindingStage.RECTIFIED),
    Finding.FoundUnrectified: str(FindingStage.UNRECTIFIED),
    Finding.Withdrawn: str(FindingStage.WITHDRAWN),
}
COUNTED_STAGES = ("rectified", "solved_on_the_spot", "unrectified", "withdrawn")


async def _count_stage(rows: Rows, row: Row, entry: Entry, before: str) -> dict[str, int]:
    """Return what changes in the company's counts because the finding changed its stage."""
    after = row["stage"]
    row["settled_at"] = entry.occurred_at if row["is_settled"] else None
    counted = dict.fromkeys({before, after}.intersection(COUNTED_STAGES), -1)
    if after in COUNTED_STAGES:
        counted[after] = 1
    was_settled = before in SETTLED
    if was_settled != row["is_settled"]:
        counted["unsettled"] = -1 if row["is_settled"] else 1
        if FindingStage.WITHDRAWN not in {after, before}:
            change = 1 if row["is_settled"] else -1
            await _count_for_supervisor(rows, row["supervisor_id"], settled_count=change)
    return counted


async def _count(rows: Rows, company_id: UUID, **changes: int) -> None:
    changes = {name: change for name, change in changes.items() if change}
    if not changes:
        return
    row = await rows.find(companies, company_id) or {"company_id": company_id}
    for name, change in changes.items():
        row[name] = row.get(name, 0) + change
    rows.put(companies, row)


async def _count_for_supervisor(rows: Rows, person_id: UUID, **changes: int) -> None:
    row = await rows.find(supervisors, Supervisor.create_id(person_id=person_id))
    if row is None:  # history: found by somebody who was never appointed
        return
    for name, change in changes.items():
        row[name] += change
    rows.put(supervisors, row)


def _add_step(rows: Rows, row: Row, entry: Entry) -> None:
    by = entry.by
    rows.add(
        steps,
        {
            "finding_id": row["finding_id"],
            "step": entry.topic.split(".")[1],
            "stage": row["stage"],
            "detail": orjson.loads(entry.state),
            "actor_id": by.actor_id,
            "role": by.role,
            "organisation_id": by.organisation_id,
            "reason": by.reason,
            "evidence": entry.header.get("evidence", []),
            "cause": by.cause,
            "policy_version": by.policy_version,
            "is_history": by.is_history,
            "breaches": list(by.breaches),
        },
    )


# How they are asked for ---------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class FindingQuery(AsOf, Paging):
    """Which findings: all conditions given must hold. Newest first.

    ``is_overdue``: the company's day is over and nobody saw it put right.
    """

    company_id: UUID | None = None
    estate_id: UUID | None = None
    supervisor_id: UUID | None = None
    stage: FindingStage | None = None
    is_settled: bool | None = None
    is_overdue: bool | None = None
    category: Code | None = None
    raised_from: Day | None = None
    raised_to: Day | None = None


@dataclass(frozen=True, kw_only=True)
class FindingAt(AsOf):
    """One finding."""

    finding_id: UUID


@dataclass(frozen=True, kw_only=True)
class SupervisorQuery(AsOf, Paging):
    """Which supervisors: of an estate, or one person."""

    estate_id: UUID | None = None
    person_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class CompanyFindingsQuery(AsOf, Paging):
    """Of which companies: one, or all."""

    company_id: UUID | None = None


async def finding_register(db: Database, ledger_id: str, query: FindingQuery) -> Page:
    """List findings."""
    select = (
        Select(findings, ledger_id, query)
        .within(
            company_id=query.company_id,
            estate_id=query.estate_id,
            supervisor_id=query.supervisor_id,
            category=query.category,
        )
        .equal(stage=query.stage, is_settled=query.is_settled)
        .at_least(raised_on=query.raised_from)
        .at_most(raised_on=query.raised_to)
    )
    if query.is_overdue is not None:
        overdue = "stage = 'unrectified' OR (due_on IS NOT NULL AND due_on < {})"
        day = local_day(moment_of(query))
        select.where(f"({overdue})" if query.is_overdue else f"NOT ({overdue})", day)
    return await select.page(db, query, order=("-raised_at", "-finding_id"))


async def finding_by_id(db: Database, ledger_id: str, query: FindingAt) -> Row:
    """Return one finding with all its steps (refuses with ``NotFound``)."""
    row = await Select(findings, ledger_id, query).within(finding_id=query.finding_id).one(db)
    if row is None:
        raise NotFound(kind=Finding.TOPIC, id=str(query.finding_id))
    taken = Select(steps, ledger_id, query).within(finding_id=query.finding_id)
    return row | {"steps": await taken.all(db, order=("occurred_at", "position"))}


async def supervisor_register(db: Database, ledger_id: str, query: SupervisorQuery) -> Page:
    """List supervisors, the estates that they watch over and what they found."""
    select = Select(supervisors, ledger_id, query).within(person_id=query.person_id)
    if query.estate_id is not None:
        select.where("estate_ids @> ARRAY[{}::uuid]", query.estate_id)
    return await select.page(db, query, order=("-findings_count", "-supervisor_id"))


async def company_findings(db: Database, ledger_id: str, query: CompanyFindingsQuery) -> Page:
    """List property companies: reminded, rectified, missed, talked to; the worst first."""
    select = Select(companies, ledger_id, query).within(company_id=query.company_id)
    order = ("-missed", "-unrectified", "-raised", "-company_id")
    return await select.page(db, query, order=order)
