"""Expenses: not published in time, an owner's objection not answered in time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from uuid import UUID

from ledger.core.aggregate import By, Event
from ledger.core.clock import moment_missed
from ledger.expenses import Expense, ExpenseStatus
from ledger.reactions.watch import watch_deadlines


def _due_days(event: Event) -> Iterable[date]:
    if isinstance(event, Expense.Paid):
        yield event.publish_by.on
    if isinstance(event, Expense.ObjectionRaised):
        yield event.due.on


def _publication_due(expense: Expense) -> date | None:
    publication = expense.publication
    is_settled = publication.until_on is not None or publication.is_missed
    if publication.due is None or is_settled or expense.status is not ExpenseStatus.PAID:
        return None
    return publication.due.on


def _objections_due(expense: Expense) -> Iterator[tuple[UUID, date]]:
    for objection_id, objection in list(expense.objections.items()):
        if not objection.is_answered and not objection.is_missed:
            yield objection_id, objection.due.on


def _record_misses(expense: Expense, by: By) -> None:
    due_on = _publication_due(expense)
    if due_on and moment_missed(due_on) <= by.at:
        expense.miss_publication(replace(by, at=moment_missed(due_on)))
    for objection_id, answer_due_on in _objections_due(expense):
        if moment_missed(answer_due_on) <= by.at:
            missed = replace(by, at=moment_missed(answer_due_on))
            expense.miss_objection_answer(missed, objection_id=objection_id)


def _next_due(expense: Expense) -> date | None:
    due_days = [due_on for _, due_on in _objections_due(expense)]
    if due_on := _publication_due(expense):
        due_days.append(due_on)
    return min(due_days, default=None)


reaction = watch_deadlines(
    "expense-deadlines",
    Expense,
    set_by=_due_days,
    record_misses=_record_misses,
    next_due=_next_due,
)
