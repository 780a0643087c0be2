"""Views that follow by themselves, and the news that wakes them."""

from __future__ import annotations

import asyncio

import asyncpg

from ledger.storage.connect import LOST_CONNECTION
from ledger.storage.errors import Unavailable
from ledger.storage.group import CHANNEL
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from projections.engine import Projector, install, status, wait_for
from tests.projections.jars import POISON_STONES, jars_view
from tests.projections.test_engine import assert_counted_once, jar_with
from tests.waiting import ASK_SECONDS, wait_until

PATIENCE_SECONDS = 30.0


async def test_views_follow_the_log_by_themselves(ledger: Ledger, store_dsn: str) -> None:
    view = jars_view()
    await jar_with(ledger, 1, 2)
    async with Projector(store_dsn, ledger.id, [view]):
        await wait_for(ledger.pool, ledger.id, view, 2, PATIENCE_SECONDS)
        await jar_with(ledger, 3)
        await wait_for(ledger.pool, ledger.id, view, 4, PATIENCE_SECONDS)

    await assert_counted_once(ledger)


async def test_two_projectors_at_once_count_once(ledger: Ledger, store_dsn: str) -> None:
    view, same = jars_view(), jars_view()
    async with Projector(store_dsn, ledger.id, [view]), Projector(store_dsn, ledger.id, [same]):
        for number in range(60):
            await jar_with(ledger, number, 1, label=f"label {number % 3}")
        await wait_for(ledger.pool, ledger.id, view, 179, PATIENCE_SECONDS)

    await assert_counted_once(ledger)


async def test_a_stopped_view_does_not_hold_up_the_projector(
    ledger: Ledger, store_dsn: str
) -> None:
    fragile, sturdy = jars_view("fragile", is_fragile=True), jars_view()
    async with Projector(store_dsn, ledger.id, [fragile, sturdy]):
        await jar_with(ledger, POISON_STONES)
        await wait_for(ledger.pool, ledger.id, sturdy, 1, PATIENCE_SECONDS)
        await jar_with(ledger, 1)
        await wait_for(ledger.pool, ledger.id, sturdy, 3, PATIENCE_SECONDS)
    stopped, running = await status(ledger.pool, ledger.id, [fragile, sturdy])

    assert (stopped.failed_position, running.failed_position) == (1, None)


async def test_lost_connections_only_delay_it(ledger: Ledger, store_dsn: str) -> None:
    view = jars_view()
    async with Projector(store_dsn, ledger.id, [view]):
        await jar_with(ledger, 1)
        await wait_for(ledger.pool, ledger.id, view, 1, PATIENCE_SECONDS)
        admin = await asyncpg.connect(store_dsn)
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        await admin.close()
        await written_again(ledger)
        await wait_until_counted(ledger, store_dsn)


async def written_again(ledger: Ledger) -> None:
    """Record one more jar once the ledger's own connections are back."""

    async def is_written() -> bool:
        try:
            await jar_with(ledger, 2)
        except (Unavailable, *LOST_CONNECTION):
            return False
        return True

    await wait_until(is_written, pause=ASK_SECONDS)


async def wait_until_counted(ledger: Ledger, dsn: str) -> None:
    """Wait until the view has reached the log's end, whatever was lost on the way."""
    db = await asyncpg.connect(dsn)
    last = await db.fetchval("SELECT size - 1 FROM heads WHERE ledger_id = $1", ledger.id)
    await wait_for(db, ledger.id, jars_view(), last, PATIENCE_SECONDS)
    await db.close()


async def test_tables_are_installed_by_many_at_once(ledger: Ledger, store_dsn: str) -> None:
    view = jars_view("crowd")
    await asyncio.gather(*(install(ledger.pool, (view,)) for _ in range(8)))
    found = await ledger.pool.fetchval("SELECT to_regclass('test_jars_crowd_v1')::text")

    assert found == "test_jars_crowd_v1"


async def test_news_come_when_something_was_appended(ledger: Ledger, store_dsn: str) -> None:
    async with News(store_dsn, ledger.id) as news:
        await jar_with(ledger, 1)
        assert await news.beyond(1, PATIENCE_SECONDS) == 2
        waiting = asyncio.create_task(news.beyond(2, PATIENCE_SECONDS))
        await jar_with(ledger)
        assert await waiting == 3


async def test_no_news_are_told_when_the_time_is_over(ledger: Ledger, store_dsn: str) -> None:
    async with News(store_dsn, ledger.id) as news:
        assert await news.beyond(5, 0.01) == 0


async def test_news_of_other_ledgers_and_nonsense_are_no_news(
    ledger: Ledger, store_dsn: str
) -> None:
    async with News(store_dsn, ledger.id) as news:
        await jar_with(ledger)
        await news.beyond(0, PATIENCE_SECONDS)
        for payload in ("", "x", f"{ledger.id}x 900", f"{ledger.id} 9x", f"{ledger.id} -1"):
            await ledger.pool.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)
        await jar_with(ledger)

        assert await news.beyond(1, PATIENCE_SECONDS) == 2


async def test_without_notifications_the_head_is_looked_at(ledger: Ledger, store_dsn: str) -> None:
    async with News(store_dsn, ledger.id) as news:
        await news.beyond(0, 0.01)
        await ledger.pool.execute(
            "UPDATE heads SET size = 7 WHERE ledger_id = $1", ledger.id
        )  # says nothing

        assert await news.beyond(6, PATIENCE_SECONDS) == 7
