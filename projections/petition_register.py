"""How petitions are asked for: the register, one petition, its timeline, what came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from annotated_types import MaxLen
from pydantic import StringConstraints

from ledger.core.clock import local_day, utc_now
from ledger.core.errors import NotFound
from ledger.core.values import Code, Day
from ledger.petitions import Level, Stage
from ledger.storage.connect import Database
from projections.engine import AsOf, Page, Paging, Row, Select
from projections.engine.cursors import cursor_after, values_of
from projections.engine.scoping import restrict, whole
from projections.petition_timeline import calendar_from, clocks_of, holdings_of, span
from projections.petitions import calendar, filings, petitions, steps

Month: TypeAlias = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
"""A month in China, such as 2026-03."""
IntakeColumn: TypeAlias = Literal["month", "channel", "category", "community_id", "estate_id"]
"""By what the petitions that came in can be counted."""


@dataclass(frozen=True, kw_only=True)
class PetitionQuery(AsOf, Paging):
    """Which petitions: all conditions given must hold. Newest filing first unless said.

    ``holder_id`` holds it, ``unit_id`` held it at some time; ``is_overdue``: somebody's day
    is over and what was waited for has not come; ``level_reached``: it was ever there.
    """

    stage: Stage | None = None
    is_open: bool | None = None
    channel: Code | None = None
    category: Code | None = None
    community_id: UUID | None = None
    estate_id: UUID | None = None
    holder_id: UUID | None = None
    unit_id: UUID | None = None
    level: Level | None = None
    level_reached: Level | None = None
    is_overdue: bool | None = None
    filed_from: Day | None = None
    filed_to: Day | None = None
    reference: str | None = None
    oldest_first: bool = False


@dataclass(frozen=True, kw_only=True)
class PetitionAt(AsOf):
    """One petition."""

    petition_id: UUID


@dataclass(frozen=True, kw_only=True)
class IntakeQuery(AsOf, Paging):
    """How many petitions came in, counted by these columns (by month, unless said).

    A petition counts in the month of its filing and under its present category.
    """

    by: Annotated[tuple[IntakeColumn, ...], MaxLen(5)] = ()
    channel: Code | None = None
    category: Code | None = None
    community_id: UUID | None = None
    estate_id: UUID | None = None
    month_from: Month | None = None
    month_to: Month | None = None


async def petition_register(db: Database, ledger_id: str, query: PetitionQuery) -> Page:
    """List petitions."""
    day = local_day(moment_of(query))
    order = ("filed_at", "petition_id") if query.oldest_first else ("-filed_at", "-petition_id")
    page = await _select(ledger_id, query).page(db, query, order=order)
    for row in page.rows:
        row["is_overdue"] = bool(row["is_open"] and row["due_on"] and row["due_on"] < day)
    return page


async def petition_counts(db: Database, ledger_id: str, query: PetitionQuery) -> Row:
    """Count petitions: all that meet the conditions, and of them the open, overdue, solved ones."""
    day = local_day(moment_of(query)).isoformat()
    counted = {
        "open": "is_open::integer",
        "overdue": f"(is_open AND coalesce(due_on < date '{day}', false))::integer",
        "resolved": "coalesce(is_resolved, false)::integer",
        "unsatisfied": "coalesce(NOT is_satisfied, false)::integer",
    }
    (counts,) = await _select(ledger_id, query, counted).sums(db, tuple(counted))
    return counts


def _select(ledger_id: str, query: PetitionQuery, computed: dict[str, str] | None = None) -> Select:
    select = (
        Select(petitions, ledger_id, query, computed=computed)
        .within(
            channel=query.channel,
            community_id=query.community_id,
            estate_id=query.estate_id,
            reference=query.reference,
        )
        .equal(
            stage=query.stage,
            is_open=query.is_open,
            category=query.category,
            holder_id=query.holder_id,
            level=query.level,
        )
        .has(levels_reached=query.level_reached)
        .at_least(filed_on=query.filed_from)
        .at_most(filed_on=query.filed_to)
    )
    if query.unit_id is not None:
        select.where("unit_ids @> ARRAY[{}::uuid]", query.unit_id)
    if query.is_overdue is not None:
        overdue = "is_open AND due_on IS NOT NULL AND due_on < {}"
        day = local_day(moment_of(query))
        select.where(overdue if query.is_overdue else f"NOT ({overdue})", day)
    return select


async def petition_by_id(db: Database, ledger_id: str, query: PetitionAt) -> Row:
    """Return one petition (refuses with ``NotFound``)."""
    row = await Select(petitions, ledger_id, query).within(petition_id=query.petition_id).one(db)
    if row is None:
        raise NotFound(kind="petition", id=str(query.petition_id))
    day = local_day(moment_of(query))
    row["is_overdue"] = bool(row["is_open"] and row["due_on"] and row["due_on"] < day)
    return row


async def petition_timeline(db: Database, ledger_id: str, query: PetitionAt) -> Row:
    """Return a petition with every step, who held it when and how long, and its clocks.

    ``until`` is the moment to which waits that are not over are counted.
    """
    petition = await petition_by_id(db, ledger_id, query)
    taken = Select(steps, ledger_id, query).within(petition_id=query.petition_id)
    in_order = await taken.all(db, order=("occurred_at", "position"))
    notices = Select(calendar, ledger_id, AsOf(known_at=query.known_at))
    working_days = calendar_from(await notices.all(whole(db), order=("position",)))
    until = moment_of(query)
    before = in_order[0]["occurred_at"] if in_order else until
    for step in in_order:
        step.update(span(before, step["occurred_at"], working_days))
        before = step["occurred_at"]
    return {
        "petition": petition,
        "until": until,
        "steps": in_order,
        "holdings": holdings_of(in_order, until, working_days),
        "clocks": clocks_of(in_order, until, working_days),
    }


async def petition_titles(
    db: Database, ledger_id: str, petition_ids: tuple[UUID, ...]
) -> dict[UUID, str]:
    """Return what these petitions are called."""
    if not petition_ids:
        return {}
    found = Select(petitions, ledger_id).one_of(petition_id=petition_ids)
    return {row["petition_id"]: row["title"] for row in await found.all(db, order=())}


def moment_of(as_of: AsOf) -> datetime:
    """Return the moment that an answer speaks of: the earlier of the two asked for, or now."""
    return min(moment for moment in (as_of.at, as_of.known_at, utc_now()) if moment is not None)


_INTAKE = """
    SELECT {columns}, sum(filed)::bigint AS count,
           min(position) AS first_position, max(position) AS last_position
    FROM (
        SELECT position, filed, month, channel, category, community_id::text AS community_id,
               coalesce(estate_id::text, '') AS estate_id
        FROM petition_filings_v2
        WHERE ledger_id = $1
          AND ($2::timestamptz IS NULL OR occurred_at <= $2)
          AND ($3::timestamptz IS NULL OR recorded_at <= $3)
          AND ($4::text IS NULL OR channel = $4)
          AND ($5::text IS NULL OR category = $5)
          AND ($6::uuid IS NULL OR community_id = $6)
          AND ($7::uuid IS NULL OR estate_id = $7)
          AND ($8::text IS NULL OR month >= $8)
          AND ($9::text IS NULL OR month <= $9)
          AND {scope}
    ) AS filing
    GROUP BY {columns}
    HAVING sum(filed) <> 0 AND ($10::text[] IS NULL OR ARRAY[{columns}]::text[] > $10)
    ORDER BY {columns}
    LIMIT $11
"""


async def petition_intake(db: Database, ledger_id: str, query: IntakeQuery) -> Page:
    """Count what came in by month, channel, category, community or estate."""
    by: Sequence[str] = tuple(dict.fromkeys(query.by)) or ("month",)
    after = None if query.cursor is None else values_of(query.cursor, by)
    values: list[Any] = [
        *(ledger_id, query.at, query.known_at, query.channel, query.category),
        *(query.community_id, query.estate_id, query.month_from, query.month_to),
        *(after, query.page_size + 1),
    ]

    def add(value: Any) -> str:
        values.append(value)
        return f"${len(values)}"

    db, scope = restrict(db, filings.ties, add)
    records = await db.fetch(_INTAKE.format(columns=", ".join(by), scope=scope), *values)
    rows = [dict(record) for record in records]
    if len(rows) <= query.page_size:
        return Page(rows)
    rows.pop()
    return Page(rows, cursor_after(rows[-1], by))
