"""The views: what people may see. Each is made from the log and can be made again."""

from __future__ import annotations

from projections import (
    access_trail,
    accounts,
    audit_trail,
    conduct,
    delegations,
    deposits,
    erasures,
    expenses,
    findings,
    interests,
    organisations,
    persons,
    petitions,
    points,
    policies,
    proposals,
    records,
    services,
    shop,
    users,
)
from projections.engine import View

VIEWS: tuple[View, ...] = (
    audit_trail.view,
    records.view,
    organisations.view,
    delegations.view,
    interests.view,
    policies.view,
    proposals.view,
    petitions.view,
    findings.view,
    conduct.view,
    deposits.view,
    accounts.view,
    expenses.view,
    points.view,
    services.view,
    shop.view,
    users.view,
    persons.view,
    erasures.view,
    access_trail.view,
)
"""Every view, in the order in which listings show them."""
