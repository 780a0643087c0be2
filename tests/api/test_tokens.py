"""Tokens: who is let in, who is not, and that revoking works at once."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

import pytest

from api.permissions import MAY, Role
from ledger.core.clock import utc_now
from ledger.core.errors import NotFound
from ledger.storage.ledger import Ledger, create_ledger
from ledger.storage.tokens import NewToken, create_token, find_token, list_tokens, revoke_token
from tests.api.conftest import Client, TokenFor, a_county, bearer, the_problem

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
    (kept,) = await list_tokens(ledger.pool, ledger.id)
    await revoke_token(ledger.pool, ledger.id, kept.token_id, now=utc_now())
    await the_problem(await client.get(URL, headers=bearer(token)), 401, "not-authenticated")


async def test_a_token_works_until_it_expires(
    client: Client, token_for: TokenFor, policies: None
) -> None:
    soon = bearer(await token_for("auditor", expires_at=utc_now() + timedelta(hours=1)))
    past = bearer(await token_for("auditor", expires_at=utc_now() - timedelta(seconds=1)))
    assert (await client.get(URL, headers=soon)).status == 200
    await the_problem(await client.get(URL, headers=past), 401, "not-authenticated")


async def test_a_token_is_of_one_ledger(client: Client, ledger: Ledger) -> None:
    other = f"t{uuid4().hex[:12]}"
    async with ledger.pool.acquire() as db:
        await create_ledger(db, other, origin="ledger.example.org/other")
    new = NewToken(name="", role="county", actor_id=uuid4())
    token = await create_token(ledger.pool, other, new, now=utc_now())
    await the_problem(await client.get(URL, headers=bearer(token)), 401, "not-authenticated")


async def test_only_the_digest_of_a_token_is_kept(ledger: Ledger, token_for: TokenFor) -> None:
    token = await token_for("auditor")
    row = await ledger.pool.fetchrow("SELECT * FROM tokens WHERE ledger_id = $1", ledger.id)
    assert row["token_hash"] == sha256(token.encode()).digest()
    assert token not in str(dict(row))
    found = await find_token(ledger.pool, ledger.id, token, now=utc_now())
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


async def test_a_role_that_the_table_does_not_know_may_do_nothing(
    client: Client, token_for: TokenFor
) -> None:
    headers = bearer(await token_for("emperor"))
    await the_problem(await client.get(URL, headers=headers), 403, "not-allowed")
