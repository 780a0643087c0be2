"""/healthz, /readyz, /metrics: is it alive, can it serve, how is it doing.

Alive means that the process answers. Ready means that the database answers, that
every view stands at the end of the log or close to it, and that what was asked to
run before (the demo's loading) is done. Ready and failed views are named.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import asyncpg
from aiohttp import web

from api.access import authorise
from api.answers import answer
from api.keys import HEALTH, LEDGER, METRICS
from api.metrics import CONTENT_TYPE, render
from ledger.core.errors import LedgerError
from ledger.storage.connect import LOST_CONNECTION
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_head
from ledger.storage.stops import read_stop
from projections.engine.checkpoints import read_checkpoints
from projections.engine.view import View

log = logging.getLogger(__name__)

LOOK_SECONDS_MAX = 3.0
LAG_MAX = 10_000


@dataclass(slots=True)
class Health:
    """What readiness depends on; ``waits_for`` is what must finish first, each by a name.

    ``degraded_of`` tells what is said beside and leaves the service ready.
    """

    views: tuple[View, ...] = ()
    waits_for: set[str] = field(default_factory=set)
    reasons_of: list[Callable[[], list[str]]] = field(default_factory=list)
    degraded_of: list[Callable[[], list[str]]] = field(default_factory=list)
    _looking: asyncio.Task[list[str]] | None = None

    def degraded(self) -> list[str]:
        """Return what does not work as it should, though the service serves."""
        return [said for tell in self.degraded_of for said in tell()]

    async def reasons(self, ledger: Ledger) -> list[str]:
        """Return why the service is not ready; an empty list when it is.

        All who ask while the database is looked at share that look.
        """
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(ledger), name="look at readiness")
            self._looking.add_done_callback(self._looked)
        return await asyncio.shield(self._looking)

    def _looked(self, _: asyncio.Task[list[str]]) -> None:
        self._looking = None

    async def _look(self, ledger: Ledger) -> list[str]:
        reasons = [f"waits for: {name}" for name in sorted(self.waits_for)]
        for tell in self.reasons_of:
            reasons += tell()
        try:
            async with asyncio.timeout(LOOK_SECONDS_MAX):
                reasons += await self._of_database(ledger)
        except (*LOST_CONNECTION, asyncpg.PostgresError, LedgerError) as error:
            reasons.append(f"database: {type(error).__name__}")
        return reasons

    async def _of_database(self, ledger: Ledger) -> list[str]:
        head = await read_head(ledger.pool, ledger.id)
        stop = await read_stop(ledger.pool, ledger.id)
        reasons = [] if stop is None else [f"the log is stopped: {stop.why}"]
        for name, checkpoint in (
            await read_checkpoints(ledger.pool, ledger.id, self.views)
        ).items():
            if checkpoint.failure is not None:
                reasons.append(f"view {name} stopped at position {checkpoint.failed_position}")
            elif (lag := head.size - 1 - checkpoint.position) > LAG_MAX:
                reasons.append(f"view {name} is {lag} entries behind")
        return reasons


async def healthz(_: web.Request) -> web.Response:
    """Say that the process answers."""
    return answer({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """Say whether the service can serve, and if not, why; and what is amiss though it can."""
    health = request.app[HEALTH]
    reasons = await health.reasons(request.app[LEDGER])
    body: dict[str, Any] = {
        "status": "ready" if not reasons else "not ready",
        "reasons": reasons,
        "degraded": health.degraded(),
    }
    if not reasons:
        return answer(body)
    return answer(body, status=503, headers={"Retry-After": "1"})


async def read_metrics(request: web.Request) -> web.Response:
    """Give the figures to this machine, or to whoever the table of permissions names."""
    if not _is_local(request):
        await authorise(request, "read_metrics")
    page = await render(request.app[METRICS], request.app[LEDGER], request.app[HEALTH].views)
    return web.Response(body=page, headers={"Content-Type": CONTENT_TYPE})


def _is_local(request: web.Request) -> bool:
    """Tell whether the request comes from this machine, and not through a proxy on it."""
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ip_address(request.remote or "").is_loopback
    except ValueError:
        return False


def add_health(app: web.Application) -> None:
    """Add the three addresses."""
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", read_metrics)
