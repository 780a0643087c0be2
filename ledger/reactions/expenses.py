"""Expenses: not published in time, an owner's objection not answered in time.

What was done late is missed too, also when nobody looked in between.
"""

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


def _publication_late(expense: Expense) -> date | None:
    publication = expense.publication
    if publication.due is None or expense.status is not ExpenseStatus.PAID:
        return None
    return publication.due.on if publication.is_late() else None


def _objections_late(expense: Expense) -> Iterator[tuple[UUID, date]]:
    for objection_id, objection in list(expense.objections.items()):
        if objection.is_late():
            yield objection_id, objection.due.on


def _record_misses(expense: Expense, by: By) -> None:
    due_on = _publication_late(expense)
    if due_on and moment_missed(due_on) <= by.at:
        expense.miss_publication(replace(by, at=moment_missed(due_on)))
    for objection_id, answer_due_on in _objections_late(expense):
        if moment_missed(answer_due_on) <= by.at:
            missed = replace(by, at=moment_missed(answer_due_on))
            expense.miss_objection_answer(missed, objection_id=objection_id)


def _next_due(expense: Expense) -> date | None:
    due_days = [due_on for _, due_on in _objections_late(expense)]
    if due_on := _publication_late(expense):
        due_days.append(due_on)
    return min(due_days, default=None)


reaction = watch_deadlines(
    "expense-deadlines",
    Expense,
    set_by=_due_days,
    record_misses=_record_misses,
    next_due=_next_due,
)
