"""One seeded ledger, one served application and one token a role and side, for each worker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiohttp import ClientSession, web

from api.app import create_app
from api.openapi import describe
from api.options import EvidenceOptions, Options, Rates
from api.permissions import MAY
from api.roles import Role
from api.routes import ROUTES
from api.serving import serving
from ledger.storage.ledger import Ledger, create_ledger, open_ledger
from ledger.storage.news import News
from projections import VIEWS
from projections.engine import catch_up
from tests.permissions.world import ACTS_FOR, A, B, Side, found
from tests.storage_fixtures import KEYS
from tests.tokens import issued

ORIGIN = "ledger.example.org/permissions"
UNHURRIED = Rates(of_address=10_000, of_account=10_000)
"""Every cell is asked for within seconds, from one address."""


class County:
    """The ledger with both sides, and a client of its application."""

    def __init__(
        self,
        ledger: Ledger,
        app: web.Application,
        client: ClientSession,
        headers: dict[tuple[str, Role], dict[str, str]],
        events: dict[str, UUID],
    ) -> None:
        self.ledger = ledger
        self.app = app
        self.client = client
        self.headers = headers
        self.events = events
        self.document: dict[str, Any] = describe(ROUTES, MAY)

    def of(self, role: Role, side: Side = A) -> dict[str, str]:
        """Return the headers of a side's person of a role."""
        return self.headers[side.name, role]


@pytest.fixture(scope="session")
async def county(store_dsn: str) -> AsyncIterator[County]:
    """Two streets that know nothing of each other, served."""
    async with served_county(store_dsn, (A, B)) as county:
        yield county


@asynccontextmanager
async def served_county(
    store_dsn: str, sides: Sequence[Side], *, documents: Path | None = None
) -> AsyncIterator[County]:
    """Found the sides in a ledger of their own, and serve it."""
    keys = replace(KEYS, documents=documents)
    ledger_id = f"p{uuid4().hex[:12]}"
    db = await asyncpg.connect(store_dsn)
    await create_ledger(db, ledger_id, origin=ORIGIN)
    await db.close()
    async with (
        open_ledger(store_dsn, ledger_id, pool_size_max=6, keys=keys) as ledger,
        News(store_dsn, ledger_id) as news,
    ):
        app = create_app(
            ledger, news=news, options=Options(rates=UNHURRIED, evidence=EvidenceOptions())
        )
        async with founded(ledger, app, sides) as county:
            yield county


@asynccontextmanager
async def founded(
    ledger: Ledger, app: web.Application, sides: Sequence[Side]
) -> AsyncIterator[County]:
    """Found the sides in a ledger, give everybody a token, and serve the application."""
    await found(ledger, sides)
    await catch_up(ledger, VIEWS)
    headers = await headers_of(ledger, sides)
    events = {side.name: await _event_of(ledger, side) for side in sides}
    async with serving(app, "127.0.0.1", 0) as address, ClientSession(address) as client:
        yield County(ledger, app, client, headers, events)


async def headers_of(
    ledger: Ledger, sides: Sequence[Side]
) -> dict[tuple[str, Role], dict[str, str]]:
    """Make a token for everybody of the sides; return the headers that carry them."""
    return {(side.name, role): await _token(ledger, side, role) for side in sides for role in Role}


async def _token(ledger: Ledger, side: Side, role: Role) -> dict[str, str]:
    acts_for = ACTS_FOR.get(role)
    organisation_id = None if acts_for is None else side.organisation(acts_for)
    token = await issued(ledger, role, side.person(role), organisation_id=organisation_id)
    return {"Authorization": f"Bearer {token}"}


async def _event_of(ledger: Ledger, side: Side) -> UUID:
    """Return the event that began the side's petition."""
    found_id: UUID = await ledger.pool.fetchval(
        "SELECT event_id FROM audit_trail_v2 WHERE ledger_id = $1 AND stream_id = $2"
        " ORDER BY position LIMIT 1",
        ledger.id,
        str(side.record("petition")),
    )
    return found_id
