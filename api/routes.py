"""All addresses under /v1, context by context."""

from __future__ import annotations

from api import (
    accounts,
    activities,
    conduct,
    delegations,
    deposits,
    erasures,
    events,
    expenses,
    findings,
    leases,
    organisations,
    persons,
    petitions,
    points,
    policies,
    proposals,
    references,
    shop,
    users,
)
from api.routing import Routes

ROUTES: tuple[Routes, ...] = (
    organisations.routes,
    delegations.routes,
    policies.routes,
    petitions.routes,
    findings.routes,
    conduct.routes,
    deposits.routes,
    accounts.routes,
    leases.routes,
    expenses.routes,
    points.routes,
    activities.routes,
    shop.routes,
    proposals.routes,
    references.routes,
    events.routes,
    users.routes,
    persons.routes,
    erasures.routes,
)
