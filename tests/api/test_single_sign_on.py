"""Single sign-on with a real issuer, a process of its own, that also lies."""

from __future__ import annotations

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
from ledger.commands.identities import link_own_identity
from ledger.commands.users import GrantRole, OpenUser, grant_role, open_user
from ledger.core.aggregate import By
from ledger.core.clock import utc_now
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from ledger.storage.user_identities import find_identity
from ledger.users.machine_side import MACHINE
from tests.api.house import CHEAP, NAME, House, MovableClock, new_user
from tests.api.issuer import CLIENT, ODD, SECRET, running_issuer
from tests.tokens import issued

ADMINISTRATOR = UUID(int=1)
OTHERS = (
    "iss",
    "aud",
    "auds",
    "nonce",
    "exp",
    "iat",
    "sub",
    "none",
    "hmac",
    "foreign",
    "state",
    *ODD,
)


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[str]:
    """The address of a running issuer."""
    async with running_issuer() as address:
        yield address


@pytest.fixture
async def linked(ledger: Ledger, news: News, issuer: str) -> AsyncIterator[House]:
    """A house with single sign-on, its user signed in by password."""
    provider = Provider(issuer=issuer, client_id=CLIENT, client_secret=SECRET)
    app = create_app(ledger, news=news, options=Options(hash_cost=CHEAP, provider=provider))
    by = By(actor_id=UUID(int=1), at=utc_now(), role="administrator")
    user_id = await new_user(ledger, app[DOOR], NAME, by, "grid_worker")
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


async def as_administrator(house: House, path: str, **body: str) -> tuple[int, str]:
    """Post to a user's address as somebody who administers; return status and rule."""
    token = await issued(house.ledger, "administrator", ADMINISTRATOR)
    headers = {"Authorization": f"Bearer {token}"}
    async with house.client.post(f"/v1/users/{path}", json=body, headers=headers) as response:
        return response.status, (await response.json(content_type=None)).get("code", "")


async def test_an_administrator_links_and_unlinks_somebody_elses(
    linked: House, issuer: str
) -> None:
    other = await new_user(linked.ledger, linked.door, "li.min", linked.by, "street")
    identity = {"issuer": issuer, "subject": "somebody"}
    own = f"{linked.user_id}/identities"
    assert await as_administrator(linked, own + "?dry_run=1", **identity) == (200, "")
    assert await as_administrator(linked, own, **identity) == (201, "")
    for user_id in (other, linked.user_id):
        taken = await as_administrator(linked, f"{user_id}/identities", **identity)
        assert taken == (422, "identity-taken"), "an identity belongs to one user alone"
    await out(linked)
    assert (await go(linked)).status == 303
    assert (await linked.client.get("/v1/account")).status == 200

    ending = {**identity, "reason": "账号交接"}
    assert (await as_administrator(linked, own + "/endings", **identity))[1] == "reason-missing"
    for wrong in ({"subject": "Somebody"}, {"issuer": issuer + "/"}):
        refused = await as_administrator(linked, own + "/endings", **{**ending, **wrong})
        assert refused == (422, "identity-not-linked")
    refused = await as_administrator(linked, f"{other}/identities/endings", **ending)
    assert refused == (422, "identity-not-linked")
    assert await as_administrator(linked, own + "/endings", **ending) == (201, "")
    assert (await linked.client.get("/v1/account")).status == 401, "what it opened is closed"
    assert (await go(linked)).status == 403
    told = await linked.told("user.single_sign_on_unlinked.v1")
    assert [one["issuer"] for one in told] == [issuer]
    assert "somebody" not in str(told)


async def test_nobody_vouches_for_an_identity_of_their_own(linked: House, issuer: str) -> None:
    opening = OpenUser(user_id=ADMINISTRATOR)
    account = (await open_user(opening, linked.ledger.for_request(), linked.by)).id
    granting = GrantRole(user_id=account, role="administrator")
    other = replace(linked.by, actor_id=UUID(int=2), role=MACHINE)
    await grant_role(granting, linked.ledger.for_request(), other)
    path = f"{account}/identities"
    refused = await as_administrator(linked, path, issuer=issuer, subject="somebody")
    assert refused == (422, "not-to-oneself")
    removed = await as_administrator(linked, f"{account}/second-factor-removals", reason="x")
    assert removed == (422, "not-to-oneself")


async def test_an_identity_of_somebody_else_is_not_linked_again(linked: House, issuer: str) -> None:
    other = await new_user(linked.ledger, linked.door, "li.min", linked.by, "street")
    await link_own_identity(linked.ledger, other, issuer, "somebody")
    came = await go(linked, link=await linked.csrf())
    assert came.status == 422
    assert "一个身份只能属于一个账号" in await came.text()
    own = await find_identity(linked.ledger.pool, linked.ledger.id, issuer, "somebody")
    assert own == other


async def test_an_administrator_sees_who_comes_in_and_ends_it(linked: House, issuer: str) -> None:
    path = f"{linked.user_id}/session-endings"
    assert (await linked.client.get("/v1/account")).status == 200
    assert (await as_administrator(linked, path))[1] == "reason-missing"
    assert await as_administrator(linked, path, reason="设备遗失") == (201, "")
    assert (await linked.client.get("/v1/account")).status == 401
    assert [one["why"] for one in await linked.told("sign_in.ended.v1")] == ["revoked"]
    assert await as_administrator(linked, path, reason="设备遗失") == (200, "")


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
