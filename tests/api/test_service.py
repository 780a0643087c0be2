"""Health, figures, headers, and clients that are too slow."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from api.app import create_app
from api.hardening import HEADERS, RUNNER_OPTIONS
from api.health import Health
from ledger.core.clock import utc_now
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from ledger.storage.reading import read_head
from ledger.storage.stops import Stop, stop_appends
from projections import VIEWS
from tests.api.conftest import Client, Serve, TokenFor, a_county, bearer, the_problem

SECONDS = 10.0
PATHS = ("/healthz", "/docs", "/openapi.json", "/v1/nothing", "/v1/policies")


async def test_it_is_alive_and_ready(client: Client) -> None:
    assert await (await client.get("/healthz")).json() == {"status": "ok"}
    ready = await client.get("/readyz")
    body = {"status": "ready", "reasons": [], "degraded": []}
    assert (ready.status, await ready.json()) == (200, body)


async def test_what_is_amiss_is_said_and_leaves_it_ready(
    ledger: Ledger, news: News, serve: Serve
) -> None:
    health = Health(degraded_of=[lambda: ["below the quorum"]])
    ready = await (await serve(create_app(ledger, news=news, health=health))).get("/readyz")
    assert (ready.status, (await ready.json())["degraded"]) == (200, ["below the quorum"])


async def test_it_is_not_ready_before_what_it_waits_for(
    ledger: Ledger, news: News, serve: Serve
) -> None:
    health = Health(waits_for={"demo"}, reasons_of=[lambda: ["reaction stopped"]])
    client = await serve(create_app(ledger, news=news, health=health))
    response = await client.get("/readyz")
    assert response.status == 503
    assert response.headers["Retry-After"]
    assert (await response.json())["reasons"] == ["waits for: demo", "reaction stopped"]
    health.waits_for.clear()
    health.reasons_of.clear()
    assert (await client.get("/readyz")).status == 200


async def test_a_view_that_stopped_is_named(
    ledger: Ledger, news: News, serve: Serve, projector: object
) -> None:
    client = await serve(create_app(ledger, news=news, health=Health(views=VIEWS)))
    await ledger.pool.execute(
        "INSERT INTO view_checkpoints (ledger_id, view, version, failed_position, failure)"
        " VALUES ($1, $2, $3, 7, 'KeyError') ON CONFLICT (ledger_id, view, version)"
        " DO UPDATE SET failed_position = 7, failure = 'KeyError'",
        ledger.id,
        VIEWS[0].name,
        VIEWS[0].version,
    )
    reasons = (await (await client.get("/readyz")).json())["reasons"]
    assert reasons == [f"view {VIEWS[0].name} stopped at position 7"]


async def test_a_log_that_was_stopped_is_named(
    ledger: Ledger, news: News, serve: Serve, projector: object
) -> None:
    """Also by a process that does not publish."""
    client = await serve(create_app(ledger, news=news, health=Health(views=VIEWS)))
    await stop_appends(ledger.pool, ledger.id, Stop("LogBehind", utc_now()))
    response = await client.get("/readyz")
    assert response.status == 503
    assert (await response.json())["reasons"] == ["the log is stopped: LogBehind"]


async def test_without_its_database_it_is_alive_but_not_ready(
    client: Client, ledger: Ledger
) -> None:
    ledger.pool.terminate()
    assert (await client.get("/healthz")).status == 200
    response = await client.get("/readyz")
    assert response.status == 503
    assert (await response.json())["reasons"] == ["database: InterfaceError"]


async def test_figures_count_requests_by_route_never_by_id(
    client: Client, county: dict[str, str], ledger: Ledger
) -> None:
    await client.post("/v1/organisations", json=a_county(), headers=county)
    size = (await read_head(ledger.pool, ledger.id)).size
    await client.get("/v1/organisations/371329", headers=county)
    text = await (await client.get("/metrics")).text()
    assert 'route="/v1/organisations",status="201"' in text
    assert 'route="/v1/organisations/{organisation_id}",status="400"' in text
    assert "371329" not in text
    assert f"minzhang_append_events_total {size}.0" in text
    assert f"minzhang_log_size {size}.0" in text


async def test_figures_are_for_this_machine_and_for_who_may_see_them(
    client: Client, token_for: TokenFor
) -> None:
    far = {"X-Forwarded-For": "203.0.113.9"}
    await the_problem(await client.get("/metrics", headers=far), 401, "not-authenticated")
    owner = bearer(await token_for("owner"))
    await the_problem(await client.get("/metrics", headers=far | owner), 403, "not-allowed")
    auditor = bearer(await token_for("auditor"))
    await the_problem(await client.get("/metrics", headers=far | auditor), 403, "not-allowed")
    administrator = bearer(await token_for("administrator"))
    assert (await client.get("/metrics", headers=far | administrator)).status == 200


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_carries_the_security_headers(client: Client, path: str) -> None:
    response = await client.get(path)
    for name, value in HEADERS.items():
        assert response.headers[name] == value
    assert response.headers["Server"] == "minzhang"
    assert "aiohttp" not in str(response.headers).lower()


async def send_slowly(client: Client, sent: bytes) -> bytes:
    """Send the beginning of a request and nothing more; return what comes back."""
    address = urlsplit(str(client._base_url))
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(sent)
    async with asyncio.timeout(SECONDS):
        answer = await reader.read()
    writer.close()
    return answer


async def test_a_client_that_never_ends_its_headers_is_cut(
    ledger: Ledger, news: News, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RUNNER_OPTIONS, "keepalive_timeout", 0.2)
    client = await serve(create_app(ledger, news=news))
    assert await send_slowly(client, b"GET /healthz HTTP/1.1\r\nHost: x\r\n") == b""
    assert await send_slowly(client, b"") == b""


@pytest.mark.parametrize(
    "sent",
    [
        b"HELLO\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nBad Header: hunter2\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nAuthorization: " + b"hunter2" * 2_000 + b"\r\n\r\n",
        b"POST /v1/organisations HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_refused_like_everything_else(
    client: Client, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await send_slowly(client, sent)
    assert b" 400 " in answer.partition(b"\r\n")[0]
    assert b"malformed-request" in answer
    assert b"Server: minzhang" in answer
    assert b"hunter2" not in answer
    assert "hunter2" not in caplog.text


async def test_five_hundred_slow_clients_keep_nobody_waiting(client: Client) -> None:
    address = urlsplit(str(client._base_url))
    writers = []
    for number in range(500):
        source = (f"127.0.1.{1 + number % 5}", 0)
        _, writer = await asyncio.open_connection(address.hostname, address.port, local_addr=source)
        writer.write(b"POST /v1/organisations HTTP/1.1\r\nHost: x\r\nContent-Le")
        writers.append(writer)
    assert (await client.get("/healthz")).status == 200
    for writer in writers:
        writer.close()


async def test_one_address_has_two_hundred_connections_at_most(client: Client) -> None:
    address = urlsplit(str(client._base_url))
    source = ("127.0.1.9", 0)
    opened = [
        await asyncio.open_connection(address.hostname, address.port, local_addr=source)
        for _ in range(200)
    ]
    reader, one_more = await asyncio.open_connection(
        address.hostname, address.port, local_addr=source
    )
    with suppress(ConnectionError):
        one_more.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await reader.read() == b"", "closed without a word"
    one_more.close()
    assert (await client.get("/healthz")).status == 200, "others get through"
    reader, writer = opened[0]
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"200" in (await reader.read()).partition(b"\r\n")[0], "and so do those there were"
    for _, writer in opened:
        writer.close()


async def test_headers_that_trickle_in_are_cut(
    ledger: Ledger, news: News, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte now and then buys no time."""
    monkeypatch.setitem(RUNNER_OPTIONS, "keepalive_timeout", 0.3)
    client = await serve(create_app(ledger, news=news))
    address = urlsplit(str(client._base_url))
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")

    async def trickle() -> None:
        with suppress(ConnectionError):
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.02)

    trickling = asyncio.create_task(trickle())
    async with asyncio.timeout(SECONDS):
        with suppress(ConnectionError):
            assert await reader.read() == b""
    trickling.cancel()
    writer.close()


async def test_a_body_that_trickles_in_is_refused(
    client: Client, county: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must come at 1 KiB a second on the whole, after a little patience."""
    monkeypatch.setattr("api.bodies.GRACE_SECONDS", 0.2)
    head = (
        "POST /v1/organisations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: {county['Authorization']}\r\nContent-Length: 100000\r\n\r\n{{"
    )
    answer = await send_slowly(client, head.encode())
    assert answer.startswith(b"HTTP/1.1 408")


async def test_a_body_that_never_ends_is_refused(
    client: Client, county: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.bodies.BODY_SECONDS_MAX", 0.2)
    head = (
        "POST /v1/organisations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: {county['Authorization']}\r\nContent-Length: 100\r\n\r\n{{"
    )
    answer = await send_slowly(client, head.encode())
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"body-too-slow" in answer


async def test_a_client_that_hangs_up_leaves_the_command_whole(
    client: Client, county: dict[str, str], ledger: Ledger
) -> None:
    """Whatever was accepted is recorded completely, although nobody waits for the answer."""
    address = urlsplit(str(client._base_url))
    body = b'{"code":"371329","kind":"county","name_zh":"x","valid_from":"2020-01-01"}'
    head = (
        "POST /v1/organisations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: {county['Authorization']}\r\nIdempotency-Key: gone\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(head.encode() + body)
    await writer.drain()
    writer.close()
    response = await client.post(
        "/v1/organisations",
        data=body,
        headers=county | {"Idempotency-Key": "gone", "Content-Type": "application/json"},
    )
    assert response.status == 201
    assert (await response.json())["version"] == 1


@pytest.mark.parametrize("path", ["/nowhere", "/petitions/none/other", "/v2/x"])
async def test_an_unknown_page_is_a_page_for_browsers(client: Client, path: str) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    page = await client.get(path, headers=browser)
    assert (page.status, page.content_type) == (404, "text/html")
    text = await page.text()
    assert "没有这个地址" in text
    assert "address-unknown" in text
    program = await client.get(path)
    assert (program.status, program.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/v1/nowhere", "/log/nowhere"])
async def test_an_unknown_address_of_the_api_is_a_problem_for_everybody(
    client: Client, path: str
) -> None:
    answer = await client.get(path, headers={"Accept": "text/html"})
    assert (answer.status, answer.content_type) == (404, "application/problem+json")
