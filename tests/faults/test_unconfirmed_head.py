"""What only this machine has may be lost in a failover: it is not signed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from api.outgoing import web_client
from ledger.postgres import EmbeddedServer
from ledger.publishing.log_keys import KeySource
from ledger.publishing.publisher import Publisher
from ledger.publishing.signer import Signer
from ledger.storage.confirming import HeadUnconfirmed
from ledger.storage.connect import connect
from ledger.storage.ledger import open_ledger
from ledger.storage.news import News
from tests.faults.conftest import LEDGER
from tests.publishing.conftest import fill
from tests.storage_fixtures import ORIGIN
from tests.waiting import wait_until

BOUND_SECONDS = 60.0
WAITS = "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'SyncRep'"


async def once(db: asyncpg.Connection, query: str, argument: object) -> None:
    """Ask until there is a row."""

    async def is_there() -> bool:
        return await db.fetchval(query, argument) is not None

    await wait_until(is_there, what=query)


async def wait_for_standbys(dsn: str, names: str) -> None:
    """Let commits wait for the standbys of these names; none: for nobody."""
    db = await asyncpg.connect(dsn)
    await db.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
    await db.execute("SELECT pg_reload_conf()")
    await once(db, "SELECT 1 WHERE current_setting('synchronous_standby_names') = $1", names)
    await db.close()


async def cancel_wait_of(dsn: str, pid: int) -> None:
    """As an impatient administrator, cancel a commit's wait for the standby."""
    admin = await asyncpg.connect(dsn)
    await once(admin, WAITS, pid)
    await admin.execute("SELECT pg_cancel_backend($1)", pid)
    await admin.close()


async def test_a_head_that_the_standby_did_not_confirm_is_not_signed(
    own_server: EmbeddedServer, tmp_path: Path
) -> None:
    dsn, source = own_server.dsn, KeySource(tmp_path / "log", ORIGIN)
    source.create()
    async with (
        open_ledger(dsn, LEDGER, pool_size_max=2) as ledger,
        News(dsn, LEDGER) as news,
        web_client() as web,
    ):
        publisher = Publisher(ledger, dsn, news, source, web)
        await fill(ledger, 2)
        await wait_for_standbys(dsn, "nobody")
        db = await connect(dsn)
        publishing = asyncio.create_task(publisher.publish_news(db))
        await cancel_wait_of(dsn, db.get_server_pid())
        with pytest.raises(HeadUnconfirmed):
            await publishing
        assert Signer(source.folder).last() is None
        await wait_for_standbys(dsn, "")
        await publisher.publish_news(db)
        assert publisher.status.published_size == 2
        await db.close()
