"""All addresses under /v1, context by context."""

from __future__ import annotations

from api import (
    activities,
    conduct,
    events,
    findings,
    organisations,
    petitions,
    points,
    policies,
    shop,
)
from api.routing import Routes

ROUTES: tuple[Routes, ...] = (
    organisations.routes,
    policies.routes,
    petitions.routes,
    findings.routes,
    conduct.routes,
    points.routes,
    activities.routes,
    shop.routes,
    events.routes,
)
