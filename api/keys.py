"""Typed keys for what the application shares with its handlers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aiohttp import web

from api.identity import Identify
from api.reach import Row
from api.token_desk import TokenDesk
from ledger.storage.ledger import Ledger
from ledger.storage.news import News

if TYPE_CHECKING:
    from api.health import Health
    from api.log.desk import LogDesk
    from api.metrics import Metrics
    from api.stream import Streams

LEDGER = web.AppKey("ledger", Ledger)
IDENTIFY: web.AppKey[Identify] = web.AppKey("identify")
PERMISSIONS: web.AppKey[Mapping[str, Row]] = web.AppKey("permissions")
NEWS = web.AppKey("news", News)
METRICS: web.AppKey[Metrics] = web.AppKey("metrics")
HEALTH: web.AppKey[Health] = web.AppKey("health")
TOKENS = web.AppKey("tokens", TokenDesk)
LOG: web.AppKey[LogDesk] = web.AppKey("log")
STREAMS: web.AppKey[Streams] = web.AppKey("streams")
