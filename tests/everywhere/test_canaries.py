"""Canaries through every address and every kind of error: none is anywhere it does not belong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import islice

import pytest

from api.roles import Role
from tests.everywhere.addresses import DOCUMENT_FORM, Address, addresses_of
from tests.everywhere.attempts import (
    CANARIES,
    HERE,
    PASSWORD,
    TEXT,
    Attempt,
    attempts_at,
    in_paths,
    in_queries,
    in_texts,
)
from tests.everywhere.canaries import CARD, IDENTITY, PHONE
from tests.everywhere.sending import Heard, send, send_forms, send_malformed
from tests.everywhere.watched import Watched, watched
from tests.permissions.conftest import County
from tests.storage.sealed import leaks

SEALED = {"phone": PHONE, "identity_number": IDENTITY, "bank_card": CARD, "statement": PASSWORD}
EXPECTED = {
    "questions": {200, 400, 401, 403, 404},
    "bodies": {201, 400, 401, 403, 404, 415, 422},
    "pages": {200, 303, 400, 404},
    "forms": {303, 400, 403, 404, 415},
}
"""The kinds of routes, and answers that each gives to some of what is sent."""


def kind_of(address: Address) -> str:
    """Return the kind of a route; each has one."""
    if address.method != "GET":
        takes_form = address.form is not None or address.path == DOCUMENT_FORM
        return "forms" if takes_form else "bodies"
    return "questions" if address.question is not None else "pages"


@pytest.fixture(scope="module")
async def street() -> AsyncIterator[Watched]:
    async with watched() as street:
        yield street


@pytest.mark.parametrize("kind", EXPECTED)
async def test_no_canary_sent_to_any_address_is_where_it_does_not_belong(
    street: Watched, kind: str
) -> None:
    county, heard = street.county, Heard()
    addresses = [one for one in addresses_of(county.app) if kind_of(one) == kind]
    await send(county, heard, (one for a in addresses for one in attempts_at(county, a, HERE)))
    if kind == "forms":
        await send_forms(county, heard, addresses)
    assert heard.asked == set(addresses) and len(addresses) > 30
    assert heard.hits == [], "\n".join(heard.hits)
    assert EXPECTED[kind] <= heard.statuses.keys(), heard.statuses
    assert 500 not in heard.statuses, "whatever was sent, nothing was our fault"
    await street.assert_nowhere()


async def test_no_canary_of_a_connection_or_a_record_is_where_it_does_not_belong(
    street: Watched,
) -> None:
    """What is no HTTP, a body that never ends, a question that is given up, sealed data."""
    heard = Heard()
    await send_malformed(street.county, heard)
    await seal_and_reveal(street.county)
    await cut_off(street, heard)
    assert heard.hits == [], "\n".join(heard.hits)
    assert {400, 408, 413, 503} <= heard.statuses.keys(), heard.statuses
    await street.assert_nowhere()


async def test_no_canary_is_told_when_the_database_fails(street: Watched) -> None:
    """The views' tables are taken away, then the log's: every statement fails."""
    heard, db = Heard(), street.db
    addresses = addresses_of(street.county.app)
    asked = [one for one in addresses if one.method == "GET"]
    done = [one for one in addresses if one.command is not None]
    await db.execute("ALTER SCHEMA minzhang_views RENAME TO away")
    try:
        await send(street.county, heard, _few(street.county, asked))
        await db.execute("ALTER TABLE events RENAME TO events_away")
        await send(street.county, heard, _few(street.county, done))
        await db.execute("ALTER TABLE events_away RENAME TO events")
    finally:
        await db.execute("ALTER SCHEMA away RENAME TO minzhang_views")
    assert heard.asked == {*asked, *done}
    assert heard.hits == [], "\n".join(heard.hits)
    assert heard.statuses[500] > 100, heard.statuses
    assert street.logged.getvalue().count("answered 500") > 100, "each fault is logged"
    await street.assert_nowhere()


def _few(county: County, addresses: list[Address]) -> Iterator[Attempt]:
    """Yield a few attempts at each address, that go as far as the database."""
    for address in addresses:
        of = in_queries if address.method == "GET" else in_texts
        yield from islice(of(county, address, HERE), 2)
        yield from islice(in_paths(county, address, HERE), 1)


async def seal_and_reveal(county: County) -> None:
    """Seal the canaries as somebody's own data: only who says for what gets them back."""
    headers = county.of(Role.COMMUNITY, HERE)
    given = {"place_id": str(HERE.organisation("community")), "person": SEALED}
    sealed = await county.client.post("/v1/persons", json=given, headers=headers)
    told = await sealed.json()
    assert sealed.status == 201, told
    reveal = {"record_id": told["id"], "fields": list(SEALED), "purpose": "visit_back"}
    path = f"/v1/persons/{told['id']}/reveals"
    shown = await (await county.client.post(path, json=reveal, headers=headers)).json()
    assert shown["disclosed"]["fields"] == SEALED
    without = await county.client.post(path, json=reveal | {"purpose": "gossip"}, headers=headers)
    assert without.status == 422 and leaks(await without.read(), CANARIES) == []


async def cut_off(street: Watched, heard: Heard) -> None:
    """Let the database give up a statement that waits too long."""
    address = Address("GET", "/v1/policies")
    attempt = Attempt(address, "/v1/policies", "time-out", {"params": {"name": TEXT}})
    async with street.db.transaction():
        await street.db.execute("LOCK TABLE minzhang_views.policy_entries_v2")
        asking = asyncio.create_task(send(street.county, heard, [attempt]))
        cancel = (
            "SELECT pg_stat_clear_snapshot();"  # else it is that of the first look
            " SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND query LIKE '%policy_entries_v2%'"
        )
        while not asking.done():
            await street.db.execute(cancel)
            await asyncio.sleep(0.02)
    await asking
