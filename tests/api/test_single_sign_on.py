"""Single sign-on with a real issuer, a process of its own, that also lies."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar

from api.app import create_app
from api.keys import DOOR
from api.options import Options
from api.serving import serving
from api.single_sign_on import Provider, SingleSignOn, SingleSignOnFailed
from ledger.core.aggregate import By
from ledger.core.clock import utc_now
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from tests.api.house import CHEAP, NAME, House, MovableClock, new_user
from tests.api.issuer import CLIENT, SECRET

OTHERS = ("iss", "aud", "auds", "nonce", "exp", "iat", "sub", "none", "hmac", "foreign", "state")


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[str]:
    """The address of a running issuer."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.api.issuer", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        address = (await process.stdout.readline()).decode().strip()
    yield address
    process.terminate()
    await process.wait()


@pytest.fixture
async def linked(ledger: Ledger, news: News, issuer: str) -> AsyncIterator[House]:
    """A house with single sign-on, its user signed in by password."""
    provider = Provider(issuer=issuer, client_id=CLIENT, client_secret=SECRET)
    app = create_app(ledger, news=news, options=Options(hash_cost=CHEAP, provider=provider))
    by = By(actor_id=UUID(int=1), at=utc_now(), role="administrator")
    user_id = await new_user(ledger, app[DOOR], NAME, by, "community")
    async with (
        serving(app, "127.0.0.1", 0) as address,
        ClientSession(address, cookie_jar=CookieJar(unsafe=True)) as client,
    ):
        clock = MovableClock()
        clock.now = utc_now()
        house = House(client=client, ledger=ledger, door=app[DOOR], user_id=user_id, clock=clock)
        await house.knock()
        yield house


async def lie(issuer: str, how: str) -> None:
    async with ClientSession() as session:
        await session.get(f"{issuer}/lie", params={"how": how})


async def go(house: House, **query: str) -> ClientResponse:
    """Go to the issuer and come back, as a browser does."""
    left = await house.client.get("/login/sso", params=query, allow_redirects=False)
    assert left.status == 303, await left.text()
    async with ClientSession() as elsewhere:
        there = await elsewhere.get(left.headers["Location"], allow_redirects=False)
    back = urlsplit(there.headers["Location"])
    return await house.client.get(f"{back.path}?{back.query}", allow_redirects=False)


async def out(house: House) -> None:
    form = {"csrf": await house.csrf()}
    await house.client.post("/logout", data=form, allow_redirects=False)


async def test_who_linked_an_identity_comes_in_with_it(linked: House) -> None:
    linking = await go(linked, link=await linked.csrf())
    assert linking.headers["Location"] == "/account"
    await out(linked)
    came = await go(linked, next="/estates")
    assert (came.status, came.headers["Location"]) == (303, "/estates")
    account = await (await linked.client.get("/v1/account")).json()
    assert account["user_id"] == str(linked.user_id)
    told = (await linked.told("sign_in.succeeded.v1"))[-1]
    assert told["method"] == "single_sign_on"
    (event,) = await linked.told("user.single_sign_on_linked.v1")
    assert "somebody" not in str(event), "who that is there stays out of the log"


async def test_who_is_not_linked_gets_no_account(linked: House) -> None:
    await out(linked)
    came = await go(linked)
    assert came.status == 403
    assert (await linked.client.get("/v1/account")).status == 401


async def test_an_identity_is_not_linked_by_another_site(linked: House) -> None:
    left = await linked.client.get("/login/sso", params={"link": "0" * 32}, allow_redirects=False)
    assert left.status == 401
    assert await linked.told("user.single_sign_on_linked.v1") == []


@pytest.mark.parametrize("how", OTHERS)
async def test_a_lie_of_the_issuer_lets_nobody_in(linked: House, issuer: str, how: str) -> None:
    await go(linked, link=await linked.csrf())
    await out(linked)
    await lie(issuer, how)
    try:
        assert (await go(linked)).status == 401
        assert (await linked.client.get("/v1/account")).status == 401
    finally:
        await lie(issuer, "")
    assert (await go(linked)).status == 303


async def test_an_answer_is_taken_once_and_only_by_the_browser_that_asked(
    linked: House,
) -> None:
    await go(linked, link=await linked.csrf())
    await out(linked)
    left = await linked.client.get("/login/sso", allow_redirects=False)
    async with ClientSession() as elsewhere:
        there = await elsewhere.get(left.headers["Location"], allow_redirects=False)
    back = urlsplit(there.headers["Location"])
    path = f"{back.path}?{back.query}"
    async with ClientSession(linked.client._base_url) as another:
        assert (await another.get(path, allow_redirects=False)).status == 401
    assert (await linked.client.get(path, allow_redirects=False)).status == 303
    assert (await linked.client.get(path, allow_redirects=False)).status == 401


@pytest.mark.parametrize("how", ["redirect", "large", "host", "issuer"])
async def test_nothing_is_fetched_from_elsewhere(issuer: str, how: str) -> None:
    provider = Provider(issuer=issuer, client_id=CLIENT, client_secret=SECRET)
    sign_on = SingleSignOn(provider, utc_now)
    await lie(issuer, how)
    try:
        with pytest.raises(SingleSignOnFailed):
            await sign_on._endpoint("token_endpoint")
    finally:
        await lie(issuer, "")
    assert (await SingleSignOn(provider, utc_now)._endpoint("token_endpoint")).startswith(issuer)


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://localhost/x",
        "http://login.example.org/x",
        "https://user@login.example.org/x",
        "https://evil.example/x",
    ],
)
async def test_an_address_inside_or_unknown_is_not_asked(address: str) -> None:
    inside = frozenset({urlsplit(address).hostname or ""}) - {"evil.example"}
    provider = Provider(
        issuer="https://login.example.org", client_id=CLIENT, client_secret=SECRET, hosts=inside
    )
    with pytest.raises(SingleSignOnFailed):
        await SingleSignOn(provider, utc_now)._fetch(address)
    assert SECRET not in repr(replace(provider, client_id="x"))
