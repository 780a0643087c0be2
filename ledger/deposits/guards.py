"""Checks that several of a deposit's commands share.

Each returns the ``By`` to go on with: for a live command unchanged, for history
marked with the rule that was broken. Those that return nothing guard what would
have no meaning at all.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from ledger.core.aggregate import By
from ledger.core.clock import end_of_day, local_day
from ledger.core.guards import persons
from ledger.deposits import rules
from ledger.deposits.values import COMMUNITY, STREET, Draw, DrawStatus, DrawTerms


def by_street(by: By) -> By:
    """Refuse whoever does not act for the street."""
    return by if by.role == STREET else by.refuse(rules.DepositNotHandledByStreet(role=by.role))


def by_street_or_community(by: By) -> By:
    """Refuse whoever acts neither for the street nor for the community."""
    if by.role in (STREET, COMMUNITY):
        return by
    return by.refuse(rules.DrawNotAskedByStreetOrCommunity(role=by.role))


def within(by: By, rate_bp: int, limits_bp: tuple[int, int]) -> By:
    """Refuse a rate outside the policy's least and greatest rate."""
    least_bp, greatest_bp = limits_bp
    if least_bp <= rate_bp <= greatest_bp:
        return by
    return by.refuse(
        rules.RateOutsidePolicy(rate_bp=rate_bp, rate_min_bp=least_bp, rate_max_bp=greatest_bp)
    )


def waiting(by: By, draw: Draw) -> By:
    """Refuse unless the draw-down waits for a decision."""
    if draw.status is DrawStatus.REQUESTED:
        return by
    return by.refuse(rules.DrawNotWaiting(status=draw.status))


def unpaid(draw: Draw) -> Draw:
    """Return the draw-down; refuse if it is paid."""
    if draw.status is DrawStatus.PAID:
        raise rules.DrawAlreadyPaid(paid_fen=draw.paid_fen)
    return draw


def booked_after(by: By, earliest: datetime | None, mark: str) -> By:
    """Book a fact no earlier than the step that it follows from, where that was taken."""
    return by if earliest is None else by.booked_from(earliest, mark)


def ahead(by: By, day: date, days_max: int, field: str) -> By:
    """Refuse a day that is over, or lies more than so many days ahead."""
    today = local_day(by.now)
    latest_on = today + timedelta(days=days_max)
    if day < today:
        return by.refuse(rules.DayIsOver(field=field, today=today.isoformat()))
    if day > latest_on:
        return by.refuse(rules.DayTooFar(field=field, until_on=latest_on.isoformat()))
    return by


def payee_of_another(by: By, terms: DrawTerms, company_id: UUID) -> By:
    """Refuse the company itself as payee, nobody, and whoever asks."""
    if terms.payee_id == company_id:
        by = by.refuse(rules.PayeeIsCompany(company_id=str(company_id)))
    if not any(one.isalnum() for one in terms.payee):
        by = by.refuse(rules.PayeeIsNobody(payee=terms.payee))
    return not_for_oneself(by, terms)


def not_for_oneself(by: By, terms: DrawTerms) -> By:
    """Refuse whoever would decide about money for themself or for whom they act."""
    if terms.payee_id is not None and terms.payee_id in {*persons(by), by.organisation_id}:
        return by.refuse(rules.PayeeDecides(payee_id=str(terms.payee_id)))
    return by


def past(by: By, due_on: date) -> None:
    """Refuse until the due day is over."""
    if by.at <= end_of_day(due_on):
        raise rules.DepositNotOverdue(due_on=due_on.isoformat())
