"""Checks that several of an expense's commands share.

Each returns the ``By`` to go on with: for a live command unchanged, for history
marked with the rule that was broken. Those that return nothing guard what would
have no meaning at all.
"""

from __future__ import annotations

from datetime import date

from ledger.core.aggregate import By
from ledger.core.clock import end_of_day
from ledger.core.guards import positive
from ledger.expenses import rules
from ledger.expenses.values import COMMITTEE, COMMUNITY, STREET, ExpenseStatus, ExpenseTerms


def by_committee(by: By) -> By:
    """Refuse whoever does not act for the owners' committee."""
    return by if by.role == COMMITTEE else by.refuse(rules.NotTheCommitteesStep(role=by.role))


def by_community(by: By) -> By:
    """Refuse whoever does not act for the community."""
    return by if by.role == COMMUNITY else by.refuse(rules.NotTheCommunitysStep(role=by.role))


def by_street(by: By) -> By:
    """Refuse whoever does not act for the street."""
    return by if by.role == STREET else by.refuse(rules.NotTheStreetsStep(role=by.role))


def in_order(by: By, step: str, status: ExpenseStatus, *expected: ExpenseStatus) -> By:
    """Refuse a step for which the expense does not stand where it should."""
    if status in expected:
        return by
    return by.refuse(rules.ExpenseStepOutOfOrder(step=step, status=status))


def sound(by: By, terms: ExpenseTerms, categories: tuple[str, ...]) -> By:
    """Refuse an amount that is not positive, or a category that is not listed."""
    positive(terms.amount_fen)
    if terms.category in categories:
        return by
    return by.refuse(rules.ExpenseCategoryUnknown(list="expense.categories"))


def past(by: By, due_on: date) -> None:
    """Refuse until the due day is over."""
    if by.at <= end_of_day(due_on):
        raise rules.ExpenseNotOverdue(due_on=due_on.isoformat())
