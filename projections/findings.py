"""Findings: the register, the supervisors, and what findings say of each property company."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
from projections.engine import (
    AsOf,
    Page,
    Paging,
    Row,
    Rows,
    Select,
    Ties,
    View,
    page_of,
    pinned,
)
from projections.engine.scoping import whole
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
    """Begin the finding's row."""
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


@view.on(
    Finding.CompanyReminded,
    Finding.SolvedOnTheSpot,
    Finding.Rectified,
    Finding.FoundUnrectified,
    Finding.RectificationMissed,
    Finding.DeadlineRecounted,
    Finding.CompanyTalkHeld,
    Finding.AssessmentScoreNoted,
    Finding.Withdrawn,
    Finding.StepReversed,
)
async def stepped(rows: Rows, event: Event, entry: Entry) -> None:
    """Change the finding's row as the event says, and note the step."""
    row = await rows.get(findings, event.originator_id)
    before = row["stage"]
    if not isinstance(event, Finding.StepReversed):
        _change(row, event)
    row["is_settled"] = row["stage"] in SETTLED
    row["breaches"] += [code for code in entry.by.breaches if code not in row["breaches"]]
    if before != row["stage"]:
        row["settled_at"] = entry.occurred_at if row["is_settled"] else None
    rows.put(findings, row)
    _add_step(rows, row, entry)


def _change(row: Row, event: Event) -> None:
    match event:
        case Finding.CompanyReminded():
            row["stage"] = str(FindingStage.REMINDED)
            row["due_on"], row["is_provisional"] = event.due_on, event.is_provisional
            row["reminders_count"] += 1
        case Finding.DeadlineRecounted():
            row["due_on"], row["is_provisional"] = event.due_on, event.is_provisional
        case Finding.RectificationMissed():
            row["missed_count"] += 1
            if event.due_on == row["due_on"]:
                row["stage"], row["due_on"] = str(FindingStage.UNRECTIFIED), None
        case Finding.CompanyTalkHeld():
            row["talks_count"] += 1
        case Finding.AssessmentScoreNoted():
            row["assessment_points"] += event.points
        case _:
            row["stage"] = STAGE_AFTER[type(event)]
            row["result"] = getattr(event, "summary", "")
            if row["stage"] in SETTLED:
                row["due_on"] = None


STAGE_AFTER: dict[type[Event], str] = {
    Finding.SolvedOnTheSpot: str(FindingStage.SOLVED_ON_THE_SPOT),
    Finding.Rectified: str(FindingStage.RECTIFIED),
    Finding.FoundUnrectified: str(FindingStage.UNRECTIFIED),
    Finding.Withdrawn: str(FindingStage.WITHDRAWN),
}


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


# What findings add up to, of a company or a supervisor: summed up when it is asked for, so that a
# finding that was told late or taken back counts right at all times.
OF_COMPANIES = replace(findings, ties=Ties(place="company_id", party="company_id"))
OF_COMPANY: dict[str, str] = {
    "raised": "1",
    "reminded": "(reminders_count > 0)::integer",
    "reminders": "reminders_count",
    "rectified": "(stage = 'rectified')::integer",
    "solved_on_the_spot": "(stage = 'solved_on_the_spot')::integer",
    "missed": "missed_count",
    "unrectified": "(stage = 'unrectified')::integer",
    "withdrawn": "(stage = 'withdrawn')::integer",
    "unsettled": "(NOT is_settled)::integer",
    "talks": "talks_count",
}
"""Figures of a company, ``assessment_points`` beside them, by how a finding counts in each."""
BETWEEN = {
    "first_position": "min(positions[1]) OVER (PARTITION BY company_id)",
    "last_position": "max(positions[cardinality(positions)]) OVER (PARTITION BY company_id)",
}
OF_SUPERVISOR = {
    "findings_count": "1",
    "settled_count": "(is_settled AND stage <> 'withdrawn')::integer",
}

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
    """List supervisors, the estates that they watch over and what they found; the busiest first."""
    query, known_at = await pinned(db, ledger_id, view, query)
    select = Select(supervisors, ledger_id, query).within(person_id=query.person_id)
    if query.estate_id is not None:
        select.where("estate_ids @> ARRAY[{}::uuid]", query.estate_id)
    rows = await select.all(db, order=())
    people = [row["person_id"] for row in rows]
    found = Select(findings, ledger_id, query, computed=OF_SUPERVISOR)
    sums = await found.one_of(supervisor_id=people).sums(
        whole(db), tuple(OF_SUPERVISOR), by=("supervisor_id",)
    )
    counts = {row["supervisor_id"]: row for row in sums}
    for row in rows:
        own = counts.get(row["person_id"], {})
        row.update({name: own.get(name, 0) for name in OF_SUPERVISOR})
    order = ("-findings_count", "-supervisor_id")
    return page_of(rows, query, order=order, known_at=known_at)


async def company_findings(db: Database, ledger_id: str, query: CompanyFindingsQuery) -> Page:
    """List property companies: reminded, rectified, missed, talked to; the worst first."""
    query, known_at = await pinned(db, ledger_id, view, query)
    select = Select(OF_COMPANIES, ledger_id, query, computed=OF_COMPANY | BETWEEN)
    select.within(company_id=query.company_id)
    figures = (*OF_COMPANY, "assessment_points")
    rows = await select.sums(db, figures, by=("company_id", *BETWEEN))
    for row in rows:
        del row["count"]
    order = ("-missed", "-unrectified", "-raised", "-company_id")
    return page_of(rows, query, order=order, known_at=known_at)
