"""All addresses under /v1, context by context."""

from __future__ import annotations

from api import events, organisations, policies
from api.routing import Routes

ROUTES: tuple[Routes, ...] = (
    organisations.routes,
    policies.routes,
    events.routes,
)
