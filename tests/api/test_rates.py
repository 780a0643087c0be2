"""Rates for each address and account, and whom we believe about addresses."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network

import pytest
from aiohttp.test_utils import make_mocked_request

from api.app import create_app
from api.errors import TooManyRequests
from api.options import Options, Rates
from api.peers import client_address
from api.rates import Buckets
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from tests.api.conftest import Serve, TokenFor, bearer, the_problem


def test_a_bucket_fills_again() -> None:
    now = [0.0]
    buckets = Buckets(2, clock=lambda: now[0])
    for _ in range(20):
        buckets.take("one")
    with pytest.raises(TooManyRequests) as refused:
        buckets.take("one")
    assert refused.value.facts == {"retry_after_seconds": 1}
    buckets.take("another")
    now[0] = 0.5
    buckets.take("one")
    with pytest.raises(TooManyRequests):
        buckets.take("one")
    now[0] = 1_000.0
    for _ in range(20):
        buckets.take("one")
    with pytest.raises(TooManyRequests):
        buckets.take("one")


async def test_too_many_requests_are_told_when_to_come_back(
    ledger: Ledger, news: News, serve: Serve, token_for: TokenFor
) -> None:
    options = Options(rates=Rates(of_address=1, of_account=1_000))
    client = await serve(create_app(ledger, news=news, options=options))
    statuses = [(await client.get("/docs")).status for _ in range(14)]
    assert statuses[:10] == [200] * 10
    assert 429 in statuses
    assert (await client.get("/healthz")).status == 200
    looks = [client.get("/readyz") for _ in range(30)]  # what load balancers ask
    assert {one.status for one in await asyncio.gather(*looks)} <= {200, 503}
    options = Options(rates=Rates(of_address=1_000, of_account=1))
    client = await serve(create_app(ledger, news=news, options=options))
    headers = bearer(await token_for("auditor"))
    answers = [await client.get("/v1/account", headers=headers) for _ in range(14)]
    refused = next(answer for answer in answers if answer.status == 429)
    await the_problem(refused, 429, "too-many-requests")
    assert int(refused.headers["Retry-After"]) >= 1
    other = bearer(await token_for("auditor"))
    assert (await client.get("/v1/account", headers=other)).status == 200


@pytest.mark.parametrize(
    ("proxies", "way", "address"),
    [
        ((), ("198.51.100.1", "203.0.113.9"), "198.51.100.1"),
        (("10.0.0.0/8",), ("198.51.100.1", "203.0.113.9"), "198.51.100.1"),
        (("10.0.0.0/8",), ("10.0.0.1", "203.0.113.9"), "203.0.113.9"),
        (("10.0.0.0/8",), ("10.0.0.1", "1.1.1.1, 203.0.113.9"), "203.0.113.9"),
        (("10.0.0.0/8",), ("10.0.0.1", "1.1.1.1, 203.0.113.9, 10.0.0.2"), "203.0.113.9"),
        (("10.0.0.0/8",), ("10.0.0.1", "no address"), "10.0.0.1"),
        (("10.0.0.0/8",), ("10.0.0.1", ""), "10.0.0.1"),
    ],
)
async def test_only_configured_proxies_are_believed(
    ledger: Ledger, news: News, proxies: tuple[str, ...], way: tuple[str, str], address: str
) -> None:
    peer, told = way
    options = Options(trusted_proxies=tuple(ip_network(one) for one in proxies))
    app = create_app(ledger, news=news, options=options)
    request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": told}, app=app)
    assert client_address(request.clone(remote=peer)) == address
