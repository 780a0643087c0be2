"""Somebody who writes into the table of tokens: what it opens, and where it is found."""

from __future__ import annotations

from uuid import uuid4

import asyncpg
import pytest

from ledger.commands.access_tokens import RevokeToken, revoke_access_token
from ledger.core.aggregate import By
from ledger.core.clock import utc_now
from ledger.storage.ledger import Ledger
from ledger.storage.service_key import ServiceKey
from ledger.storage.tokens import NewToken, create_token, find_token, list_tokens
from ledger.verification.check import Wanted, check_ledger
from tests.tokens import issued


async def found(ledger: Ledger, dsn: str, key: ServiceKey | None) -> list[tuple[str, str]]:
    report = await check_ledger(Wanted(dsn=dsn, ledger_id=ledger.id, workers=0, key=key))
    return [(one.rule, one.column) for one in report.findings.first]


async def test_tokens_that_the_service_made_are_found_right(ledger: Ledger, store_dsn: str) -> None:
    await issued(ledger, "auditor", operations=("audit_trail",))
    await issued(ledger, "county")
    (token, _) = await list_tokens(ledger.pool, ledger.id, key=ledger.key)
    by = By(actor_id=uuid4(), at=utc_now(), role="administrator")
    await revoke_access_token(RevokeToken(token_id=token.token_id), ledger.for_request(), by)
    assert await found(ledger, store_dsn, ledger.key) == []


async def test_a_row_that_was_put_in_is_found(ledger: Ledger, store_dsn: str) -> None:
    new = NewToken(name="", role="county", actor_id=uuid4())
    for key in (ServiceKey.random(), ledger.key):
        await create_token(ledger.pool, ledger.id, new, key=key, now=utc_now())
    assert await found(ledger, store_dsn, ledger.key) == [("token-foreign", "")] * 2
    assert await found(ledger, store_dsn, None) == [("token-foreign", "")] * 2


@pytest.mark.parametrize(
    ("change", "columns"),
    [
        ("role = 'county', operations = '{}'", "role, operations"),
        ("actor_id = gen_random_uuid()", "actor_id"),
        ("expires_at = now() + interval '9 years'", "expires_at"),
        ("organisation_id = gen_random_uuid(), post = 'leader'", "organisation_id, post"),
    ],
)
async def test_a_row_that_was_changed_is_found_with_the_key_and_without(
    ledger: Ledger, store_dsn: str, superuser: asyncpg.Connection, change: str, columns: str
) -> None:
    await issued(ledger, "auditor", operations=("audit_trail",))
    await superuser.execute(f"UPDATE tokens SET {change} WHERE ledger_id = $1", ledger.id)  # noqa: S608
    assert await found(ledger, store_dsn, ledger.key) == [("token-foreign", "code")]
    assert await found(ledger, store_dsn, None) == [("token-differs", columns)]


async def test_another_secret_under_an_issued_token_is_found(
    ledger: Ledger, store_dsn: str, superuser: asyncpg.Connection
) -> None:
    """What the log cannot know, the digest of the secret, the code is over."""
    await issued(ledger, "county")
    await superuser.execute(
        "UPDATE tokens SET token_hash = sha256('mz_known') WHERE ledger_id = $1", ledger.id
    )
    now = utc_now()
    assert not await find_token(ledger.pool, ledger.id, "mz_known", key=ledger.key, now=now)
    assert await found(ledger, store_dsn, ledger.key) == [("token-foreign", "code")]


async def test_a_revocation_taken_back_is_found(ledger: Ledger, store_dsn: str) -> None:
    await issued(ledger, "county")
    (token,) = await list_tokens(ledger.pool, ledger.id, key=ledger.key)
    by = By(actor_id=uuid4(), at=utc_now(), role="administrator")
    await revoke_access_token(RevokeToken(token_id=token.token_id), ledger.for_request(), by)
    await ledger.pool.execute("UPDATE tokens SET revoked_at = NULL WHERE ledger_id = $1", ledger.id)
    assert await found(ledger, store_dsn, ledger.key) == [("token-differs", "revoked_at")]
