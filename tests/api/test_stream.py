"""The stream of events: everything from a position on, then what comes, to whoever may look."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import orjson
import pytest
from aiohttp import ClientResponse

from api.app import create_app
from api.keys import STREAMS
from ledger.commands.users import DisableUser, OpenUser, disable_user, open_user
from ledger.core.clock import utc_now
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from ledger.storage.tokens import list_tokens, revoke_token
from tests.api.conftest import Client, Serve, TokenFor, a_county, bearer, the_problem
from tests.api.house import House, clock, house, new_user
from tests.waiting import wait_until

__all__ = ["clock", "house"]

URL = "/v1/events/stream"
SECONDS = 10.0
HEADER_ONLY = {
    "position",
    "event_id",
    "topic",
    "stream",
    "version",
    "occurred_at",
    "recorded_at",
}


async def next_event(response: ClientResponse) -> dict[str, Any]:
    """Return the next event; comments are passed over."""
    async with asyncio.timeout(SECONDS):
        while line := await response.content.readline():
            if line.startswith(b"data: "):
                told: dict[str, Any] = orjson.loads(line[6:])
                return told
    raise AssertionError("the stream ended")


async def until_open(response: ClientResponse) -> None:
    async with asyncio.timeout(SECONDS):
        assert await response.content.readline() == b": open\n"


async def test_new_events_arrive_without_their_content(
    client: Client, county: dict[str, str]
) -> None:
    async with client.get(URL, headers=county) as stream:
        assert stream.content_type == "text/event-stream"
        await until_open(stream)
        recorded = await client.post("/v1/organisations", json=a_county(), headers=county)
        told = await next_event(stream)
        assert told["position"] == (await recorded.json())["position"]
        assert told["topic"] == "organisation.established.v1"
        assert told.keys() == HEADER_ONLY


async def test_who_comes_back_misses_nothing(client: Client, county: dict[str, str]) -> None:
    recorded = []
    for number in range(3):
        body = a_county(f"371{number}")
        response = await client.post("/v1/organisations", json=body, headers=county)
        recorded.append((await response.json())["position"])
    async with client.get(f"{URL}?from={recorded[1]}", headers=county) as stream:
        assert [(await next_event(stream))["position"] for _ in range(2)] == recorded[1:]
    again = county | {"Last-Event-ID": str(recorded[0])}
    async with client.get(URL, headers=again) as stream:
        assert [(await next_event(stream))["position"] for _ in range(2)] == recorded[1:]


async def test_a_stream_begins_at_a_position(client: Client, county: dict[str, str]) -> None:
    response = await client.get(URL + "?from=x", headers=county)
    await the_problem(response, 400, "request-invalid")


async def test_a_revoked_token_ends_the_stream(
    client: Client, county: dict[str, str], ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.stream.CHECK_EVERY_SECONDS", 0.0)
    monkeypatch.setattr("api.stream.LOOK_EVERY_SECONDS", 0.01)
    async with client.get(URL, headers=county) as stream:
        await until_open(stream)
        (kept,) = await list_tokens(ledger.pool, ledger.id, key=ledger.key)
        await revoke_token(ledger.pool, ledger.id, kept.token_id, now=utc_now())
        async with asyncio.timeout(SECONDS):
            assert b"data" not in await stream.content.read()


async def test_there_are_only_so_many_streams(
    client: Client, county: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.stream.STREAMS_MAX", 1)
    async with client.get(URL, headers=county) as stream:
        await until_open(stream)
        await the_problem(await client.get(URL, headers=county), 503, "streams-full")


async def test_a_disabled_users_stream_ends_however_busy_the_log_is(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By session: whom the cookie stands for is asked anew, not remembered with the request."""
    monkeypatch.setattr("api.stream.CHECK_EVERY_SECONDS", 0.0)
    monkeypatch.setattr("api.stream.LOOK_EVERY_SECONDS", 0.01)
    user_id = await new_user(house.ledger, house.door, "li.min", house.by, "owners_committee")
    assert (await house.knock("li.min")).status == 303

    async def keep_busy() -> None:
        while True:
            await open_user(OpenUser(), house.ledger.for_request(), house.by)

    busy = asyncio.create_task(keep_busy())
    try:
        async with house.client.get(URL) as stream:
            await until_open(stream)
            disabling = DisableUser(user_id=user_id)
            await disable_user(disabling, house.ledger.for_request(), house.by)
            async with asyncio.timeout(SECONDS):
                await stream.content.read()
        assert not busy.done()
    finally:
        busy.cancel()
    assert (await house.client.get(URL)).status == 401


async def test_one_account_does_not_take_all_streams(
    client: Client, token_for: TokenFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.stream.STREAMS_OF_ACCOUNT_MAX", 1)
    actor_id = uuid4()
    one, other = [bearer(await token_for("county", actor_id=actor_id)) for _ in range(2)]
    async with client.get(URL, headers=one) as stream:
        await until_open(stream)
        refused = await client.get(URL, headers=other)
        problem = await the_problem(refused, 429, "too-many-streams")
        assert problem["facts"]["streams_max"] == 1 and refused.headers["Retry-After"]
        async with client.get(URL, headers=bearer(await token_for("county"))) as elses:
            await until_open(elses)


async def test_streams_end_with_the_application_and_with_their_clients(
    ledger: Ledger, news: News, county: dict[str, str], serve: Serve
) -> None:
    app = create_app(ledger, news=news)
    client = await serve(app)
    async with client.get(URL, headers=county) as stream:
        await until_open(stream)
        assert app[STREAMS].count == 1
    async with asyncio.timeout(SECONDS):
        await wait_until(lambda: not app[STREAMS].count)
    async with client.get(URL, headers=county) as stream:
        await until_open(stream)
        await app[STREAMS].close(app)
        async with asyncio.timeout(SECONDS):
            assert await stream.content.read() == b"\n"
