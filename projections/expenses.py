"""Expenses: the register, and the full approval trail of each.

A step that a later one undid stays in the trail and is shown as void: whoever
reviewed or approved the earlier terms did so, and it no longer counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from ledger.core.errors import NotFound
from ledger.core.values import Moment
from ledger.expenses import ExpenseStatus
from ledger.storage.connect import Database
from projections.engine import AsOf, Page, Paging, Row, Select
from projections.expense_steps import expenses, objections, steps, view

__all__ = [
    "ExpenseAt",
    "ExpenseQuery",
    "ObjectionQuery",
    "TrailQuery",
    "expense_by_id",
    "expense_register",
    "expense_trail",
    "objection_register",
    "trails_of",
    "view",
]

VOIDED_BY = {
    "changed": ("review_passed", "approved"),
    "returned": ("review_passed", "approved"),
    "rejected": ("approved",),
    "payment_reversed": ("paid",),
}
"""Which earlier steps no longer count after a step; once paid, only a reversal undoes anything."""


@dataclass(frozen=True, kw_only=True)
class ExpenseQuery(AsOf, Paging):
    """Which expenses; the latest application first.

    ``breach`` is the code of a rule that was broken (history only), ``actor_id`` anyone who
    took a step that counts.
    """

    estate_id: UUID | None = None
    account_id: UUID | None = None
    status: ExpenseStatus | None = None
    category: str | None = None
    payee_id: UUID | None = None
    actor_id: UUID | None = None
    breach: str | None = None
    is_publication_missed: bool | None = None
    has_open_objections: bool | None = None
    applied_from: Moment | None = None
    applied_to: Moment | None = None


@dataclass(frozen=True, kw_only=True)
class ExpenseAt(AsOf):
    """One expense."""

    expense_id: UUID


@dataclass(frozen=True, kw_only=True)
class TrailQuery(AsOf):
    """All steps of one expense."""

    expense_id: UUID


@dataclass(frozen=True, kw_only=True)
class ObjectionQuery(AsOf, Paging):
    """Which objections; latest first. ``status`` is open, missed or answered."""

    expense_id: UUID | None = None
    estate_id: UUID | None = None
    status: str | None = None


async def expense_register(db: Database, ledger_id: str, query: ExpenseQuery) -> Page:
    """List expenses: amount, where each stands, who applied, reviewed, approved and paid."""
    select = (
        Select(expenses, ledger_id, query)
        .within(estate_id=query.estate_id, account_id=query.account_id)
        .equal(
            status=query.status,
            category=query.category,
            payee_id=query.payee_id,
            is_publication_missed=query.is_publication_missed,
        )
        .has(breaches=query.breach)
        .at_least(applied_at=query.applied_from)
        .at_most(applied_at=query.applied_to)
    )
    if query.has_open_objections is not None:
        sign = ">" if query.has_open_objections else "="
        select.where(f"open_objection_count {sign} 0")
    if query.actor_id is not None:
        taken_by = "{} IN (applied_by, reviewed_by, approved_by, paid_by)"
        select.where(taken_by, query.actor_id)
    return await select.page(db, query, order=("-applied_at", "expense_id"))


async def expense_by_id(db: Database, ledger_id: str, query: ExpenseAt) -> Row:
    """Return one expense with its steps and objections (refuses with ``NotFound``)."""
    row = await Select(expenses, ledger_id, query).within(expense_id=query.expense_id).one(db)
    if row is None:
        raise NotFound(kind="expense", id=str(query.expense_id))
    trails = await trails_of(db, ledger_id, query, [query.expense_id])
    raised = Select(objections, ledger_id, query).within(expense_id=query.expense_id)
    return row | {
        "steps": trails.get(query.expense_id, []),
        "objections": await raised.all(db, order=("raised_at", "objection_id")),
    }


async def expense_trail(db: Database, ledger_id: str, query: TrailQuery) -> Page:
    """List the steps of an expense in order: who, when, why, on what evidence, and what is void."""
    trails = await trails_of(db, ledger_id, query, [query.expense_id])
    return Page(trails.get(query.expense_id, []))


async def objection_register(db: Database, ledger_id: str, query: ObjectionQuery) -> Page:
    """List owners' objections and what was answered."""
    select = (
        Select(objections, ledger_id, query)
        .within(expense_id=query.expense_id, estate_id=query.estate_id)
        .equal(status=query.status)
    )
    return await select.page(db, query, order=("-raised_at", "expense_id", "objection_id"))


async def trails_of(
    db: Database, ledger_id: str, as_of: AsOf, expense_ids: Sequence[UUID]
) -> dict[UUID, list[Row]]:
    """Return the steps of several expenses, each in order."""
    if not expense_ids:
        return {}
    select = Select(steps, ledger_id, as_of).one_of(expense_id=expense_ids)
    trails: dict[UUID, list[Row]] = {}
    for step in await select.all(db, order=("position", "line_no")):
        trails.setdefault(step["expense_id"], []).append(step)
    return {expense_id: _marked(trail) for expense_id, trail in trails.items()}


def _marked(trail: Iterable[Row]) -> list[Row]:
    """Mark the steps that a later step undid: ``voided_by`` is that step's position."""
    marked: list[Row] = []
    is_paid = False
    for step in trail:
        undone = VOIDED_BY.get(step["step"], ())
        if is_paid and undone != ("paid",):
            undone = ()
        for earlier in marked:
            if earlier["step"] in undone and earlier["voided_by"] is None:
                earlier["voided_by"] = step["position"]
        is_paid = is_paid or step["step"] == "paid"
        marked.append(step)
    return marked
