"""Typed keys for what the application shares with its handlers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aiohttp import web

from api.identity import Identify
from api.permissions import Role
from ledger.storage.ledger import Ledger

if TYPE_CHECKING:
    from api.health import Health
    from api.metrics import Metrics

LEDGER = web.AppKey("ledger", Ledger)
IDENTIFY: web.AppKey[Identify] = web.AppKey("identify")
PERMISSIONS: web.AppKey[Mapping[str, frozenset[Role]]] = web.AppKey("permissions")
METRICS: web.AppKey[Metrics] = web.AppKey("metrics")
HEALTH: web.AppKey[Health] = web.AppKey("health")
