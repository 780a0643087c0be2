"""Tokens: who is let in, who is not, on what they rest, and that revoking works at once."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import asyncpg
import pytest

from api.permissions import MAY, Role
from ledger.commands.access_tokens import (
    RevokeToken,
    TokenNotGranted,
    issue_token,
    revoke_access_token,
)
from ledger.commands.users import DisableUser, disable_user
from ledger.core.aggregate import By
from ledger.core.clock import utc_now
from ledger.core.errors import NotFound
from ledger.storage.ledger import Ledger, create_ledger, open_ledger
from ledger.storage.reading import read_entries
from ledger.storage.service_key import ServiceKey
from ledger.storage.tokens import NewToken, create_token, find_token, list_tokens, revoke_token
from ledger.users import AccessToken, user_id_of
from ledger.users.rules import RoleUnknown
from tests.api.conftest import Client, TokenFor, a_county, bearer, the_problem
from tests.api.house import House, clock, house
from tests.commands.county import STREET
from tests.tokens import issued

__all__ = ["clock", "house"]

URL = "/v1/policies"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer mz_wrong"},
        {"Authorization": "Basic bXo6bXo="},
        {"Authorization": "Bearer " + "x" * 5_000},
        {"Authorization": "Bearer é"},
    ],
)
async def test_without_a_valid_token_nobody_is_let_in(
    client: Client, headers: dict[str, str]
) -> None:
    for response in (
        await client.get(URL, headers=headers),
        await client.post("/v1/organisations", json=a_county(), headers=headers),
        await client.get("/v1/events/stream", headers=headers),
    ):
        await the_problem(response, 401, "not-authenticated")
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_token_works_until_it_is_revoked(
    client: Client, token_for: TokenFor, ledger: Ledger, policies: None
) -> None:
    token = await token_for("auditor")
    assert (await client.get(URL, headers=bearer(token))).status == 200
    (kept,) = await list_tokens(ledger.pool, ledger.id, key=ledger.key)
    await revoke_token(ledger.pool, ledger.id, kept.token_id, now=utc_now())
    await the_problem(await client.get(URL, headers=bearer(token)), 401, "not-authenticated")


async def test_a_token_works_until_it_expires(
    client: Client, token_for: TokenFor, policies: None
) -> None:
    soon = bearer(await token_for("auditor", expires_at=utc_now() + timedelta(hours=1)))
    past = bearer(await token_for("auditor", expires_at=utc_now() - timedelta(seconds=1)))
    assert (await client.get(URL, headers=soon)).status == 200
    await the_problem(await client.get(URL, headers=past), 401, "not-authenticated")


async def test_a_token_is_of_one_ledger(client: Client, ledger: Ledger, store_dsn: str) -> None:
    other = f"t{uuid4().hex[:12]}"
    async with ledger.pool.acquire() as db:
        await create_ledger(db, other, origin="ledger.example.org/other")
    async with open_ledger(store_dsn, other, key=ledger.key) as elsewhere:
        token = await issued(elsewhere, "county")
    await the_problem(await client.get(URL, headers=bearer(token)), 401, "not-authenticated")


async def test_only_the_digest_of_a_token_is_kept(ledger: Ledger, token_for: TokenFor) -> None:
    token = await token_for("auditor")
    row = await ledger.pool.fetchrow("SELECT * FROM tokens WHERE ledger_id = $1", ledger.id)
    assert row["token_hash"] == sha256(token.encode()).digest()
    assert token not in str(dict(row))
    found = await find_token(ledger.pool, ledger.id, token, key=ledger.key, now=utc_now())
    assert found is not None and found.role == "auditor"


async def test_revoking_what_is_not_there_is_refused(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        await revoke_token(ledger.pool, ledger.id, uuid4(), now=utc_now())


@pytest.mark.parametrize("role", list(Role))
async def test_the_table_decides_what_a_role_may_do(
    client: Client, token_for: TokenFor, role: Role
) -> None:
    headers = bearer(await token_for(role))
    response = await client.post("/v1/organisations", json=a_county(), headers=headers)
    if role in MAY["establish_organisation"]:
        assert response.status == 201
    else:
        problem = await the_problem(response, 403, "not-allowed")
        assert problem["facts"] == {"role": role, "operation": "establish_organisation"}
    trail = await client.get("/v1/events", headers=headers)
    assert trail.status == (200 if role in MAY["audit_trail"] else 403)


async def test_nobody_gets_a_token_in_a_role_that_there_is_not(ledger: Ledger) -> None:
    with pytest.raises(RoleUnknown):
        await issued(ledger, "emperor")


# A token rests on the service's key, on the log and on an account ----------------------------


async def test_a_row_that_somebody_put_in_opens_nothing_and_is_found(
    client: Client, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    """As the role that serves, which may insert: all that lacks is the service's key."""
    token = await create_token(
        ledger.pool,
        ledger.id,
        NewToken(name="", role="county", actor_id=uuid4()),
        key=ServiceKey.random(),
        now=utc_now(),
    )
    await the_problem(await client.get(URL, headers=bearer(token)), 401, "not-authenticated")
    assert "not written by this service" in caplog.text and token not in caplog.text
    (kept,) = await list_tokens(ledger.pool, ledger.id, key=ledger.key)
    assert not kept.is_ours


async def test_a_row_of_ours_without_its_event_or_its_account_opens_nothing(
    client: Client, ledger: Ledger
) -> None:
    """Whoever has both the database and the key still needs the log, which tells of it."""
    new = NewToken(name="", role="county", actor_id=uuid4())
    token = await create_token(ledger.pool, ledger.id, new, key=ledger.key, now=utc_now())
    await the_problem(await client.get(URL, headers=bearer(token)), 401, "not-authenticated")
    by = By(actor_id=uuid4(), at=utc_now(), role="administrator")
    with pytest.raises(TokenNotGranted):
        await issue_token(ledger.for_request(), by, new)
    event = AccessToken.issue(by, holder_id=new.actor_id, role=new.role)
    await ledger.for_request().save(event)
    token = await create_token(
        ledger.pool, ledger.id, new, key=ledger.key, now=utc_now(), token_id=event.id
    )
    await the_problem(await client.get(URL, headers=bearer(token)), 401, "not-authenticated")


CHANGES = {
    "role": "role = 'county'",
    "organisation": "organisation_id = NULL",
    "post": "post = 'leader'",
    "actor": "actor_id = gen_random_uuid()",
    "operations": "operations = '{}'",
    "expiry": "expires_at = NULL",
    "age": "created_at = created_at + interval '1 second'",
    "name": "name = 'another'",
    "id": "token_id = gen_random_uuid()",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_a_changed_row_opens_nothing(
    client: Client, ledger: Ledger, superuser: asyncpg.Connection, policies: None, change: str
) -> None:
    soon = utc_now() + timedelta(hours=1)
    token = await issued(
        ledger,
        "street",
        organisation_id=STREET,
        operations=("policies_in_force",),
        expires_at=soon,
    )
    assert (await client.get(URL, headers=bearer(token))).status == 200
    await superuser.execute(f"UPDATE tokens SET {change} WHERE ledger_id = $1", ledger.id)  # noqa: S608
    await the_problem(await client.get(URL, headers=bearer(token)), 401, "not-authenticated")


async def test_a_revoked_token_is_not_brought_back_by_its_row(
    client: Client, ledger: Ledger
) -> None:
    token = await issued(ledger, "auditor")
    (kept,) = await list_tokens(ledger.pool, ledger.id, key=ledger.key)
    by = By(actor_id=uuid4(), at=utc_now(), role="administrator")
    await revoke_access_token(RevokeToken(token_id=kept.token_id), ledger.for_request(), by)
    await ledger.pool.execute("UPDATE tokens SET revoked_at = NULL WHERE ledger_id = $1", ledger.id)
    await the_problem(await client.get(URL, headers=bearer(token)), 401, "not-authenticated")


async def test_a_token_dies_with_the_account_opened_for_it(client: Client, ledger: Ledger) -> None:
    actor_id = uuid4()
    token = await issued(ledger, "auditor", actor_id)
    by = By(actor_id=uuid4(), at=utc_now(), role="administrator", reason="离任")
    disabling = DisableUser(user_id=user_id_of(actor_id))
    await disable_user(disabling, ledger.for_request(), by)
    await the_problem(await client.get(URL, headers=bearer(token)), 401, "not-authenticated")


# A limited token stays limited wherever it is used ---------------------------------------------


async def test_a_limited_token_opens_no_session(client: Client, ledger: Ledger) -> None:
    token = await issued(ledger, "auditor", operations=("policies_in_force",))
    answer = await client.post("/login", data={"token": token}, allow_redirects=False)
    page = await answer.text()
    assert answer.status == 403 and "只限于部分操作的令牌" in page
    assert "Set-Cookie" not in answer.headers and token not in page
    told = await read_entries(ledger.pool, ledger.id, start=0, limit=100)
    assert [one.topic for one in told if one.topic.startswith("sign_in")] == []
    assert "denial.counted.v1" in {one.topic for one in told}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/account"),
        ("GET", "/v1/events"),
        ("GET", "/v1/events/stream"),
        ("GET", "/v1/evidence"),
        ("GET", f"/v1/evidence/{'0' * 64}"),
        ("POST", "/v1/account/tokens"),
        ("POST", "/v1/account/session-endings"),
        ("POST", f"/v1/account/tokens/{UUID(int=1)}/revocations"),
        ("POST", "/v1/organisations"),
    ],
)
async def test_a_limited_token_does_nothing_else_at_any_door(
    client: Client, ledger: Ledger, method: str, path: str
) -> None:
    token = await issued(ledger, "county", operations=("policies_in_force",))
    answer = await client.request(method, path, headers=bearer(token), json={})
    await the_problem(answer, 403, "not-allowed")


@pytest.mark.parametrize("path", ["/account", "/events", "/evidence", "/users", "/petitions"])
async def test_a_limited_token_opens_no_page_that_its_operations_do_not_name(
    client: Client, ledger: Ledger, path: str
) -> None:
    token = await issued(ledger, "auditor", operations=("policies_in_force",))
    answer = await client.get(path, headers=bearer(token), allow_redirects=False)
    assert answer.status in (303, 403), await answer.text()


FORMS = {
    "/account/password": {"old": "x", "new": "y", "again": "y"},
    "/account/role": {"grant_id": str(UUID(int=1))},
    "/account/tokens": {"name": "wider", "days": "30"},
    "/account/second-factor": {"password": ""},
    "/account/second-factor/confirmations": {"code": "123456"},
    "/account/second-factor/removals": {"code": "123456"},
}


@pytest.mark.parametrize("path", FORMS)
async def test_a_session_that_acts_as_a_token_gives_itself_nothing(house: House, path: str) -> None:
    token = await issued(house.ledger, "grid_worker", house.user_id)
    entered = await house.client.post("/login", data={"token": token}, allow_redirects=False)
    assert entered.status == 303
    assert 'id="by-token-only"' in await (await house.client.get("/account")).text()
    form = {"csrf": await house.csrf(), **FORMS[path]}
    refused = await house.client.post(path, data=form, allow_redirects=False)
    assert refused.status == 403 and "不能凭令牌进行此操作" in await refused.text()
    account = await (await house.client.get("/v1/account")).json()
    assert [one["method"] for one in account["sessions"]] == ["token"]
    assert not account["has_second_factor"] and len(account["tokens"]) == 1
