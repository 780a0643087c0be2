"""One's own account: password, role, sessions and tokens, on the page and through the API."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from aiohttp import ClientSession, CookieJar

from api.sessions import COOKIE
from ledger.commands.access_tokens import (
    RevokeToken,
    TokenNotGranted,
    issue_token,
    revoke_access_token,
)
from ledger.commands.users import (
    GrantRole,
    RevokeRole,
    grant_role,
    revoke_role,
)
from ledger.storage.tokens import NewToken
from ledger.users import User
from tests.api.conftest import bearer, the_problem
from tests.api.house import NAME, PASSWORD, WRONG, House

SHOWN = re.compile(r'id="new-token">(mz_[\w-]{43})<')
NEW = "a longer one than before"


async def a_token(house: House, **asked: object) -> str:
    headers = {"X-CSRF-Token": await house.csrf()}
    body = {"name": "a program", **asked}
    response = await house.client.post("/v1/account/tokens", json=body, headers=headers)
    assert response.status == 201, await response.text()
    return str((await response.json())["token"])


async def test_a_changed_password_ends_every_session(house: House) -> None:
    await house.knock()
    async with ClientSession(
        house.client._base_url, cookie_jar=CookieJar(unsafe=True)
    ) as elsewhere:
        form = {"name": NAME, "password": PASSWORD}
        await elsewhere.post("/login", data=form)
        assert (await elsewhere.get("/v1/account")).status == 200
        old = house.cookie()
        change = {"csrf": await house.csrf(), "old": PASSWORD, "new": NEW, "again": NEW}
        await house.client.post("/account/password", data=change)
        assert (await elsewhere.get("/v1/account")).status == 401
    new = house.cookie()
    assert new != old
    assert (await house.client.get("/v1/account")).status == 200
    assert (await house.knock(password=PASSWORD)).status == 401
    assert (await house.knock(password=NEW)).status == 303
    told = await house.told("user.password_set.v1")
    assert [one["source"] for one in told] == ["set_up", "changed"]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"old": WRONG}, 401),
        ({"again": "not the same at all"}, 400),
        ({"new": "short", "again": "short"}, 400),
        ({"new": "wang.fang1", "again": "wang.fang1"}, 400),
    ],
)
async def test_a_password_is_not_changed_to_just_anything(
    house: House, changed: dict[str, str], status: int
) -> None:
    await house.knock()
    form = {"csrf": await house.csrf(), "old": PASSWORD, "new": NEW, "again": NEW}
    answer = await house.client.post("/account/password", data=form | changed)
    assert answer.status == status
    assert 'role="alert"' in await answer.text()
    assert (await house.knock()).status == 303


async def test_another_role_is_another_session(house: House) -> None:
    command = GrantRole(user_id=house.user_id, role="organiser")
    await grant_role(command, house.ledger.for_request(), house.by)
    old = (await house.knock()).cookies[COOKIE].value
    user = await house.ledger.load(User, house.user_id)
    wanted = next(one for one in user.grants.values() if one.role == "organiser")
    form = {"csrf": await house.csrf(), "grant_id": str(wanted.grant_id)}
    await house.client.post("/account/role", data=form)
    async with ClientSession(house.client._base_url, cookies={COOKIE: old}) as before:
        assert (await before.get("/v1/account")).status == 401
    came = (await house.told("sign_in.succeeded.v1"))[-1]
    assert came["by"].role == "organiser"
    (ended,) = await house.told("sign_in.ended.v1")
    assert ended["why"] == "role_changed"
    form["csrf"], form["grant_id"] = await house.csrf(), "00000000-0000-0000-0000-000000000009"
    assert (await house.client.post("/account/role", data=form)).status == 404


async def test_a_session_elsewhere_is_seen_and_ended(house: House) -> None:
    async with ClientSession(
        house.client._base_url, cookie_jar=CookieJar(unsafe=True)
    ) as elsewhere:
        headers = {"User-Agent": "Firefox <b>é on a train"}
        await elsewhere.post("/login", data={"name": NAME, "password": PASSWORD}, headers=headers)
        await house.knock()
        page = await (await house.client.get("/account")).text()
        assert "Firefox &lt;b&gt; on a train" in page
        sessions = (await (await house.client.get("/v1/account")).json())["sessions"]
        other = next(one for one in sessions if "train" in one["browser"])
        path = f"/account/sessions/{other['session_id']}/endings"
        await house.client.post(path, data={"csrf": await house.csrf()})
        assert (await elsewhere.get("/v1/account")).status == 401
        assert (await house.client.get("/v1/account")).status == 200


async def test_nobody_ends_the_session_of_somebody_else(house: House) -> None:
    await house.knock()
    headers = {"X-CSRF-Token": await house.csrf()}
    stranger = "00000000-0000-0000-0000-000000000009"
    for path in (
        f"/v1/account/sessions/{stranger}/endings",
        f"/v1/account/tokens/{stranger}/revocations",
    ):
        await the_problem(await house.client.post(path, headers=headers), 404, "not-found")


async def test_a_token_of_ones_own_is_shown_once_and_acts_as_oneself(house: House) -> None:
    await house.knock()
    form = {"csrf": await house.csrf(), "name": "reports", "days": "7"}
    shown = SHOWN.search(await (await house.client.post("/account/tokens", data=form)).text())
    assert shown
    assert shown[1] not in await (await house.client.get("/account")).text()
    async with ClientSession(house.client._base_url) as program:
        response = await program.get("/v1/account", headers=bearer(shown[1]))
        account = await response.json()
    assert account["user_id"] == str(house.user_id)
    (token,) = account["tokens"]
    assert token["name"] == "reports"
    assert token["last_used_at"] is not None
    (issued,) = await house.told("access_token.issued.v1")
    assert issued["expires_at"] == house.clock() + timedelta(days=7)
    assert shown[1] not in str(issued)


async def test_a_token_limited_to_some_operations_does_no_others(house: House) -> None:
    await house.knock()
    token = await a_token(house, operations=["policies_in_force", "own_account"])
    async with ClientSession(house.client._base_url, headers=bearer(token)) as program:
        assert (await program.get("/v1/account")).status == 200
        await the_problem(await program.get("/v1/petitions"), 403, "not-allowed")


async def test_a_token_makes_no_tokens(house: House) -> None:
    await house.knock()
    token = await a_token(house)
    async with ClientSession(house.client._base_url, headers=bearer(token)) as program:
        response = await program.post("/v1/account/tokens", json={"name": "another"})
        await the_problem(response, 403, "not-with-token")


async def test_an_operation_that_is_not_there_is_refused(house: House) -> None:
    await house.knock()
    headers = {"X-CSRF-Token": await house.csrf()}
    body = {"name": "x", "operations": ["rule_the_world"]}
    response = await house.client.post("/v1/account/tokens", json=body, headers=headers)
    await the_problem(response, 400, "operation-unknown")


async def test_a_token_dies_with_its_revocation_its_time_and_its_holders_role(
    house: House,
) -> None:
    await house.knock()
    tokens = [await a_token(house, days=days) for days in (1, 30, 30, 30)]

    async def works(number: int) -> bool:
        async with ClientSession(house.client._base_url, headers=bearer(tokens[number])) as one:
            return (await one.get("/v1/account")).status == 200

    assert [await works(number) for number in range(4)] == [True] * 4
    issued = [one["originator_id"] for one in await house.told("access_token.issued.v1")]
    own = {"csrf": await house.csrf()}
    await house.client.post(f"/account/tokens/{issued[1]}/revocations", data=own)
    command = RevokeToken(token_id=issued[2])
    await revoke_access_token(command, house.ledger.for_request(), house.by)
    assert [await works(number) for number in range(4)] == [True, False, False, True]
    house.clock.pass_by(hours=25)
    assert [await works(number) for number in range(4)] == [False, False, False, True]
    user = await house.ledger.load(User, house.user_id)
    (grant_id,) = user.grants
    revoke = RevokeRole(user_id=house.user_id, grant_id=grant_id)
    await revoke_role(revoke, house.ledger.for_request(), house.by)
    assert not await works(3)
    assert len(await house.told("access_token.revoked.v1")) == 2


async def test_nobody_gets_a_token_for_a_role_that_its_holder_lacks(house: House) -> None:
    new = NewToken(name="x", role="auditor", actor_id=house.user_id)
    with pytest.raises(TokenNotGranted):
        await issue_token(house.ledger.for_request(), house.by, new)


async def test_all_other_sessions_end_at_once(house: House) -> None:
    await house.knock()
    async with ClientSession(
        house.client._base_url, cookie_jar=CookieJar(unsafe=True)
    ) as elsewhere:
        form = {"name": NAME, "password": PASSWORD}
        await elsewhere.post("/login", data=form, allow_redirects=False)
        assert (await elsewhere.get("/v1/account")).status == 200
        form = {"csrf": await house.csrf()}
        done = await house.client.post("/account/session-endings", data=form, allow_redirects=False)
        assert done.status == 303
        assert (await elsewhere.get("/v1/account")).status == 401
    account = await (await house.client.get("/v1/account")).json()
    assert len(account["sessions"]) == 1
    assert [one["why"] for one in await house.told("sign_in.ended.v1")] == ["revoked"]
