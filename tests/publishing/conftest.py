"""A real ledger with a publisher that is stepped by hand, and ways to ruin its database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import pytest

from api.outgoing import WebClient, web_client
from ledger.merkle.tree import Frontier
from ledger.publishing.log_keys import KeySource
from ledger.publishing.publisher import Publisher
from ledger.publishing.signer import Signer
from ledger.storage.connect import connect
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.news import News
from tests.examples import by
from tests.storage.jars import Jar
from tests.storage_fixtures import ORIGIN

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
"""When the signer of the test ledger began, with nothing signed."""

PublisherFor: TypeAlias = Callable[..., Awaitable[Publisher]]


@pytest.fixture
def source(tmp_path: Path) -> KeySource:
    """Where the test ledger's keys are; it has one."""
    source = KeySource(tmp_path / "log", ORIGIN)
    Signer(source.folder).begin(source.create(), BEGAN)
    return source


@pytest.fixture
async def web() -> AsyncIterator[WebClient]:
    """A client that gives up soon."""
    async with web_client(seconds_max=2.0) as client:
        yield client


@pytest.fixture
async def db(store_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection such as the publisher's own."""
    db = await connect(store_dsn)
    yield db
    await db.close()


@pytest.fixture
async def publisher_for(
    ledger: Ledger, store_dsn: str, source: KeySource, web: WebClient
) -> AsyncIterator[PublisherFor]:
    """Makes publishers of the ledger; they do nothing by themselves until they are entered."""
    async with AsyncExitStack() as stack:

        async def make(**given: Any) -> Publisher:
            news = await stack.enter_async_context(News(store_dsn, ledger.id))
            options: dict[str, Any] = {"source": source, "outgoing": web, "interval_seconds": 0.0}
            return Publisher(ledger, store_dsn, news, **options | given)

        yield make


@pytest.fixture
async def publisher(publisher_for: PublisherFor) -> Publisher:
    """One publisher without witnesses."""
    return await publisher_for()


@asynccontextmanager
async def started_again(dsn: str, ledger: Ledger) -> AsyncIterator[Ledger]:
    """The ledger as a process has it that saw nothing before."""
    async with open_ledger(dsn, ledger.id, pool_size_max=2) as again:
        yield again


async def fill(ledger: Ledger, count: int = 1) -> None:
    """Append some events."""
    for _ in range(count):
        await ledger.save(Jar.make(by()))


async def cut_tail(db: asyncpg.Connection, ledger_id: str, size: int) -> None:
    """As a superuser, cut the log to ``size`` entries and make the head fit: F18, attack 4."""
    async with db.transaction():
        await db.execute("SET LOCAL session_replication_role = replica")  # no triggers
        await db.execute(
            "DELETE FROM events WHERE ledger_id = $1 AND position >= $2", ledger_id, size
        )
        await db.execute(
            "DELETE FROM tiles WHERE ledger_id = $1"
            " AND (number + 1) * (256::numeric ^ (level + 1)) > $2",
            ledger_id,
            size,
        )
        rows = await db.fetch(
            "SELECT leaf_hash, recorded_at FROM events WHERE ledger_id = $1 ORDER BY position",
            ledger_id,
        )
        frontier = Frontier()
        for row in rows:
            frontier.append(row["leaf_hash"])
        await db.execute(
            "UPDATE heads SET size = $2, frontier = $3, recorded_at = $4 WHERE ledger_id = $1",
            ledger_id,
            size,
            frontier.to_bytes(),
            rows[-1]["recorded_at"],
        )
