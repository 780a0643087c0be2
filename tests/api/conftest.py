"""A real client, a real server, a real ledger: nothing in between is pretended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientResponse, ClientSession, web

from api.app import create_app
from api.serving import serving
from ledger.commands.policies import AdoptStandardPolicies, adopt_standard_policies
from ledger.core.aggregate import By
from ledger.core.clock import utc_now
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from projections import VIEWS
from projections.engine import Projector
from tests.commands.county import COMMUNITY, COMPANY, DEPARTMENT, ESTATE, STREET
from tests.tokens import issued

Client: TypeAlias = ClientSession
TokenFor: TypeAlias = Callable[..., Awaitable[str]]
Serve: TypeAlias = Callable[[web.Application], Awaitable[Client]]
ACTS_FOR = {
    "community": COMMUNITY,
    "company": COMPANY,
    "department": DEPARTMENT,
    "grid_worker": COMMUNITY,
    "organiser": COMMUNITY,
    "owner": ESTATE,
    "owners_committee": ESTATE,
    "resident": ESTATE,
    "street": STREET,
    "supervisor": ESTATE,
}
"""For which organisation of the small county people act, where a test says no other."""
PROBLEM = "application/problem+json"


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serves an application until the test ends and returns a client of it."""
    async with AsyncExitStack() as stack:

        async def start(app: web.Application) -> Client:
            address = await stack.enter_async_context(serving(app, "127.0.0.1", 0))
            return await stack.enter_async_context(ClientSession(address))

        yield start


@pytest.fixture
async def news(store_dsn: str, ledger_id: str) -> AsyncIterator[News]:
    """News of the ledger."""
    async with News(store_dsn, ledger_id) as news:
        yield news


@pytest.fixture
async def projector(store_dsn: str, ledger_id: str) -> AsyncIterator[Projector]:
    """Keeps all views up to date."""
    async with Projector(store_dsn, ledger_id, VIEWS) as projector:
        yield projector


@pytest.fixture
async def client(ledger: Ledger, news: News, projector: Projector, serve: Serve) -> Client:
    """A client of the whole application on an empty ledger."""
    return await serve(create_app(ledger, news=news))


@pytest.fixture
def token_for(ledger: Ledger) -> TokenFor:
    """Makes a token of a role and returns the header that carries it."""

    async def make(role: str = "county", **given: Any) -> str:
        given.setdefault("organisation_id", ACTS_FOR.get(role))
        return await issued(ledger, role, given.pop("actor_id", None), **given)

    return make


@pytest.fixture
async def county(token_for: TokenFor) -> dict[str, str]:
    """The headers of a request by the county."""
    return bearer(await token_for("county"))


@pytest.fixture
async def policies(ledger: Ledger) -> None:
    """The standard policies are adopted."""
    by = By(actor_id=uuid4(), at=utc_now(), role="system")
    await adopt_standard_policies(AdoptStandardPolicies(), ledger, by)


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


def a_county(code: str = "371329", **changed: Any) -> dict[str, Any]:
    """A body that enters a county."""
    body = {"code": code, "kind": "county", "name_zh": "临沭县", "valid_from": "2020-01-01"}
    return body | changed


async def events_of(ledger: Ledger, stream_id: UUID | str) -> int:
    """How many events a stream has."""
    count: int = await ledger.pool.fetchval(
        "SELECT count(*) FROM events WHERE ledger_id = $1 AND stream_id = $2",
        ledger.id,
        str(stream_id),
    )
    return count


async def the_problem(response: ClientResponse, status: int, code: str) -> dict[str, Any]:
    """Check that an answer is a problem document of this kind, and return it."""
    body: dict[str, Any] = await response.json(content_type=PROBLEM)
    assert (response.status, body["code"]) == (status, code), body
    assert body["status"] == status
    assert body["type"] == f"/problems/{code}"
    assert body["title"] and body["title_zh"] and body["instance"].startswith("urn:uuid:")
    return body
