"""Typed keys for what the application shares with its handlers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from api.desk import Desk
from api.identity import Identify
from api.options import Options
from api.reach import Row
from ledger.commands.sign_ins import Door
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from ledger.storage.sessions import Session
from ledger.storage.tokens import Token

if TYPE_CHECKING:
    from api.health import Health
    from api.log.desk import LogDesk
    from api.metrics import Metrics
    from api.rates import Buckets
    from api.single_sign_on import SingleSignOn
    from api.stream import Streams

LEDGER = web.AppKey("ledger", Ledger)
IDENTIFY: web.AppKey[Identify] = web.AppKey("identify")
PERMISSIONS: web.AppKey[Mapping[str, Row]] = web.AppKey("permissions")
NEWS = web.AppKey("news", News)
METRICS: web.AppKey[Metrics] = web.AppKey("metrics")


@dataclass(frozen=True, slots=True, kw_only=True)
class AllBuckets:
    """The rates that are kept."""

    of_address: Buckets
    of_account: Buckets
    of_log_files: Buckets


BUCKETS = web.AppKey("buckets", AllBuckets)
HEALTH: web.AppKey[Health] = web.AppKey("health")
TOKENS: web.AppKey[Desk[Token]] = web.AppKey("tokens")
SESSIONS: web.AppKey[Desk[Session]] = web.AppKey("sessions")
OPTIONS = web.AppKey("options", Options)
DOOR = web.AppKey("door", Door)
SIGN_ON: web.AppKey[SingleSignOn | None] = web.AppKey("sign_on")
LOG: web.AppKey[LogDesk] = web.AppKey("log")
STREAMS: web.AppKey[Streams] = web.AppKey("streams")
