"""F6: the server hangs without closing anything, and another one takes over."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from aiohttp import ClientSession

from api.app import create_app
from api.serving import serving
from ledger.storage.connect import (
    LOST_CONNECTION,
    HostsAndPorts,
    PoolerBetween,
    connect,
    create_pool,
    hosts_of,
)
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.news import News
from ledger.storage.reading import read_head
from tests.faults.proxy import SOCKET_NAME, Proxy, error_message
from tests.published_log import TRUST, fill, publish_now

READS_AT_ONCE = 20
BOUND_SECONDS = 20.0
"""Less than a statement may take, which is how long a hanging server used to hold the pool."""


def folder(tmp_path: Path, name: str) -> Path:
    made = tmp_path / name
    made.mkdir()
    return made


def either(first: Proxy, second: Proxy) -> str:
    """Return the connection string that names both servers."""
    parts = urlsplit(first.dsn)
    hosts = ",".join(urlsplit(one.dsn).query.removeprefix("host=") for one in (first, second))
    return urlunsplit(parts._replace(query=f"host={hosts}"))


async def test_reading_goes_on_with_the_server_that_took_over(
    store_dsn: str, ledger_id: str, tmp_path: Path
) -> None:
    leader = Proxy(store_dsn, folder(tmp_path, "a"))
    follower = Proxy(store_dsn, folder(tmp_path, "b"))
    dsn = either(leader, follower)
    async with leader, open_ledger(dsn, ledger_id, pool_size_max=4) as ledger:
        assert (await read_head(ledger.pool, ledger_id)).size == 0
        async with follower, asyncio.timeout(BOUND_SECONDS):
            leader.hangs.set()
            reads = (read_head(ledger.pool, ledger_id) for _ in range(READS_AT_ONCE))
            told = await asyncio.gather(*reads, return_exceptions=True)
            assert any(isinstance(one, LOST_CONNECTION) for one in told)
            assert (await read_head(ledger.pool, ledger_id)).size == 0


async def test_the_checkpoint_is_served_while_no_server_answers(
    store_dsn: str, ledger_id: str, tmp_path: Path
) -> None:
    async with (
        Proxy(store_dsn, folder(tmp_path, "a")) as proxy,
        open_ledger(proxy.dsn, ledger_id, pool_size_max=2) as ledger,
        News(proxy.dsn, ledger_id) as news,
    ):
        app = create_app(ledger, news=news, trust=lambda: TRUST)
        async with serving(app, "127.0.0.1", 0) as address, ClientSession(address) as client:
            await checkpoint_stays(client, ledger, proxy)


async def checkpoint_stays(client: ClientSession, ledger: Ledger, proxy: Proxy) -> None:
    unpublished = await client.get("/log/checkpoint")
    assert unpublished.status == 404
    await fill(ledger, 3)
    await publish_now(ledger)
    published = await client.get("/log/checkpoint")
    assert published.status == 200
    proxy.hangs.set()
    for _ in range(2):
        meanwhile = await client.get("/log/checkpoint")
        assert meanwhile.status == 200
        assert await meanwhile.read() == await published.read()
        assert meanwhile.headers["ETag"] == published.headers["ETag"]
    proxy.hangs.clear()  # or closing waits for it


async def test_a_pooler_is_refused_with_a_sentence(store_dsn: str, tmp_path: Path) -> None:
    async with Proxy(store_dsn, tmp_path) as proxy:
        await (await connect(proxy.dsn)).close()
        proxy.is_pooler = True
        with pytest.raises(PoolerBetween):
            await connect(proxy.dsn)
        with pytest.raises(PoolerBetween):
            await create_pool(proxy.dsn)


async def test_a_pooler_that_refuses_our_settings_is_refused_with_the_same_sentence(
    tmp_path: Path,
) -> None:
    async def refuse(_: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        client.write(error_message("FATAL", "08P01", "unsupported startup parameter: search_path"))
        await client.drain()
        client.close()

    server = await asyncio.start_unix_server(refuse, tmp_path / SOCKET_NAME)
    async with server:
        with pytest.raises(PoolerBetween):
            await connect(f"postgresql://minzhang@/minzhang?host={tmp_path}")


@pytest.mark.parametrize(
    ("dsn", "hosts"),
    [
        ("postgresql://u@a:1,b:2/d", ["postgresql://u@a:1/d", "postgresql://u@b:2/d"]),
        (
            "postgresql://u@/d?host=a,b&port=1,2",
            ["postgresql://u@/d?host=a&port=1", "postgresql://u@/d?host=b&port=2"],
        ),
        (
            "postgresql://u@/d?host=a,b&port=6432&sslmode=require",
            [
                "postgresql://u@/d?sslmode=require&host=a&port=6432",
                "postgresql://u@/d?sslmode=require&host=b&port=6432",
            ],
        ),
        (
            "postgresql:///d?host=/run/a,b",
            ["postgresql:/d?host=%2Frun%2Fa", "postgresql:/d?host=b"],
        ),
        ("postgresql://u@/d?host=a&port=5433", ["postgresql://u@/d?host=a&port=5433"]),
    ],
)
def test_hosts_and_ports_are_told_in_both_of_libpqs_ways(dsn: str, hosts: list[str]) -> None:
    assert hosts_of(dsn) == hosts


@pytest.mark.parametrize("ports", ["1,2", "1,2,3,4"])
def test_ports_that_fit_no_hosts_are_refused(ports: str) -> None:
    with pytest.raises(HostsAndPorts):
        hosts_of(f"postgresql://u@/d?host=a,b,c&port={ports}")
