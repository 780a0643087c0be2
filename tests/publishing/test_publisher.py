"""The publisher on a real database: in order, once, whatever dies, and never two histories."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import asyncpg
import pytest

from ledger.core.clock import utc_now
from ledger.merkle.checkpoints import open_checkpoint
from ledger.merkle.proofs import check_consistency
from ledger.publishing.announcing import KeyForeign, announce_keys, history_of
from ledger.publishing.checking import CheckpointForeign, KeyLost, check_log
from ledger.publishing.log_keys import KeySource, new_keys
from ledger.publishing.publisher import Publisher
from ledger.publishing.signer import ClockRanBackwards, Signer, TreeShrank
from ledger.storage.checkpoints import latest_published, latest_signed
from ledger.storage.doubts import LogBehind, LogRewritten, LogTorn
from ledger.storage.errors import LogStopped
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.reading import read_head
from ledger.storage.stops import read_stop
from ledger.storage.tree import read_consistency_proof, read_root
from tests.publishing.conftest import BEGAN, PublisherFor, cut_tail, fill, started_again
from tests.waiting import wait_until

KILLED = -9


async def published(db: asyncpg.Connection, ledger: Ledger, source: KeySource) -> int:
    """The size of the newest public checkpoint, which the log's key signed."""
    kept = await latest_published(db, ledger.id)
    assert kept is not None
    opened = open_checkpoint(str(kept.note).encode(), source.read().verifying())
    assert opened.checkpoint == kept.checkpoint
    assert opened.checkpoint.root == await read_root(db, ledger.id, opened.checkpoint.size)
    return opened.checkpoint.size


async def test_news_is_signed_stored_and_published_and_every_size_continues_the_last(
    publisher: Publisher, db: asyncpg.Connection, ledger: Ledger, source: KeySource
) -> None:
    await publisher.take_up(db)
    for size in (1, 3, 260, 261):
        await fill(ledger, size - (await latest_size(db, ledger)))
        await publisher.publish_news(db)
        assert await published(db, ledger, source) == size
    await publisher.publish_news(db)
    assert publisher.status.checkpoints_total == 4  # nothing new, nothing signed
    sizes = await db.fetch(
        "SELECT size, root FROM checkpoints WHERE ledger_id = $1 ORDER BY size", ledger.id
    )
    for old, new in pairwise(sizes):
        proof = await read_consistency_proof(db, ledger.id, old["size"], new["size"])
        check_consistency(
            old_size=old["size"],
            old_root=old["root"],
            size=new["size"],
            root=new["root"],
            proof=proof,
        )


async def latest_size(db: asyncpg.Connection, ledger: Ledger) -> int:
    kept = await latest_signed(db, ledger.id)
    return kept.checkpoint.size if kept else 0


async def is_stopped(db: asyncpg.Connection, ledger: Ledger) -> bool:
    return await read_stop(db, ledger.id) is not None


async def test_in_the_background_it_follows_the_log_and_says_how_it_stands(
    publisher: Publisher, db: asyncpg.Connection, ledger: Ledger, source: KeySource
) -> None:
    async with publisher:
        for size in (1, 2):
            await fill(ledger)
            await wait_until(lambda size=size: publisher.status.published_size == size)  # type: ignore[misc]
        assert publisher.status.is_publishing
        assert (publisher.status.reasons(), publisher.status.degraded()) == ([], [])
    assert await published(db, ledger, source) == 2


async def test_of_two_publishers_one_holds_the_pen_and_the_other_takes_over(
    publisher_for: PublisherFor,
    db: asyncpg.Connection,
    ledger: Ledger,
    source: KeySource,
    tmp_path: Path,
) -> None:
    elsewhere = KeySource(tmp_path / "other-machine", source.origin, source.read().to_text())
    Signer(elsewhere.folder).begin(source.read(), BEGAN)
    first, second = await publisher_for(), await publisher_for(source=elsewhere)
    await fill(ledger, 5)
    async with second:
        async with first:
            await wait_until(lambda: second.status.published_size == 5)
            await wait_until(lambda: first.status.published_size == 5)
            writing, watching = first.status, second.status
            if second.status.is_publishing:
                writing, watching = watching, writing
            assert writing.is_publishing and not watching.is_publishing
            assert watching.checkpoints_total == 0
            await fill(ledger, 2)
            await wait_until(lambda: first.status.published_size == 7)
        await fill(ledger, 1)
        await wait_until(lambda: second.status.published_size == 8)
    last = Signer(elsewhere.folder).last()
    assert last is not None and last.checkpoint.size == 8
    assert await published(db, ledger, source) == 8


@pytest.mark.parametrize("at", ["signed", "stored"])
async def test_killed_half_way_the_next_start_publishes_what_was_signed(
    at: str, publisher: Publisher, db: asyncpg.Connection, ledger: Ledger, source: KeySource
) -> None:
    await fill(ledger, 3)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.publishing.killed", publisher.dsn, ledger.id, str(source.folder), at),
    )
    assert await process.wait() == KILLED
    signed, kept = Signer(source.folder).last(), await latest_signed(db, ledger.id)
    assert signed is not None and signed.checkpoint.size == 3
    assert (kept is not None) == (at == "stored")
    assert await latest_published(db, ledger.id) is None
    await fill(ledger, 2)  # the next tree is larger: what was signed must not be lost with that

    await publisher.take_up(db)
    assert await published(db, ledger, source) == 3
    kept = await latest_signed(db, ledger.id)
    assert kept is not None and kept.note == signed.note
    await publisher.publish_news(db)
    assert await published(db, ledger, source) == 5


# F18, F19 and what else can happen to a database ---------------------------------------------


async def test_f18_a_tail_that_was_cut_off_is_refused_from_the_file_and_from_the_database(
    publisher: Publisher,
    db: asyncpg.Connection,
    ledger: Ledger,
    source: KeySource,
    superuser: asyncpg.Connection,
) -> None:
    await fill(ledger, 300)
    await publisher.take_up(db)
    await publisher.publish_news(db)
    await check_log(db, ledger.id, source)
    await cut_tail(superuser, ledger.id, 290)
    with pytest.raises(LogBehind) as behind:
        await check_log(db, ledger.id, source)
    assert behind.value.facts["size"] == 290 and behind.value.facts["signed_size"] == 300
    Signer(source.folder).path.unlink()
    with pytest.raises(LogBehind, match="checkpoints"):
        await check_log(db, ledger.id, source)
    with pytest.raises(LogBehind):
        await publisher.take_up(db)


async def test_a_running_publisher_stops_for_good_when_the_tail_is_cut_and_written_again(
    publisher: Publisher, db: asyncpg.Connection, ledger: Ledger, superuser: asyncpg.Connection
) -> None:
    await fill(ledger, 9)
    async with publisher:
        await wait_until(lambda: publisher.status.published_size == 9)
        await cut_tail(superuser, ledger.id, 6)
        await wait_until(lambda: publisher.status.alarm is not None)
        await wait_until(lambda: is_stopped(db, ledger))
        with pytest.raises(LogStopped):
            await fill(ledger)
    assert (await read_head(db, ledger.id)).size == 6
    assert "TreeShrank" in publisher.status.reasons()[0]
    assert publisher.status.signed_size == 9


async def test_f19_an_old_backup_is_detected_before_anything_is_appended(
    publisher: Publisher,
    db: asyncpg.Connection,
    ledger: Ledger,
    source: KeySource,
    superuser: asyncpg.Connection,
) -> None:
    await fill(ledger, 4)
    await publisher.take_up(db)
    await publisher.publish_news(db)
    backup = await db.fetch("SELECT * FROM checkpoints WHERE ledger_id = $1", ledger.id)
    await fill(ledger, 3)
    await publisher.publish_news(db)
    await cut_tail(superuser, ledger.id, 4)
    await superuser.execute("DELETE FROM checkpoints WHERE ledger_id = $1 AND size > 4", ledger.id)
    assert len(backup) == 1
    with pytest.raises(LogBehind, match="signed"):
        await check_log(db, ledger.id, source)
    async with started_again(publisher.dsn, ledger) as again:
        await fill(again, 3)  # even when it has grown again, it is another history
    with pytest.raises(LogRewritten):
        await check_log(db, ledger.id, source)


async def test_a_head_that_does_not_fit_and_an_entry_that_was_changed_are_refused(
    publisher: Publisher,
    db: asyncpg.Connection,
    ledger: Ledger,
    source: KeySource,
    superuser: asyncpg.Connection,
) -> None:
    await fill(ledger, 5)
    await publisher.take_up(db)
    await publisher.publish_news(db)
    async with superuser.transaction():
        await superuser.execute("SET LOCAL session_replication_role = replica")
        await superuser.execute(
            "UPDATE events SET leaf_hash = sha256(leaf_hash) WHERE ledger_id = $1 AND position = 2",
            ledger.id,
        )
    with pytest.raises(LogTorn):
        await check_log(db, ledger.id, source)
    await cut_tail(superuser, ledger.id, 5)  # writes the head anew from what is there now
    with pytest.raises(LogRewritten):
        await check_log(db, ledger.id, source)


async def test_a_clock_set_back_a_little_stops_the_signing_and_nothing_else(
    store_dsn: str, ledger_id: str, publisher_for: PublisherFor, db: asyncpg.Connection
) -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    async with open_ledger(store_dsn, ledger_id, clock=lambda: now, pool_size_max=2) as ledger:
        publisher = await publisher_for()
        publisher.ledger = ledger
        await fill(ledger)
        await publisher.take_up(db)
        await publisher.publish_news(db)
        now -= timedelta(minutes=50)
        await fill(ledger)
        with pytest.raises(ClockRanBackwards):
            await publisher.publish_news(db)
        assert publisher.status.published_size == 1
        now += timedelta(hours=3)
        await publisher.publish_news(db)
        assert publisher.status.published_size == 2


# Keys ----------------------------------------------------------------------------------------


async def test_a_lost_key_and_a_foreign_key_are_clear_errors(
    publisher: Publisher, db: asyncpg.Connection, ledger: Ledger, source: KeySource
) -> None:
    await fill(ledger)
    await announce_keys(ledger, source.read())
    await publisher.take_up(db)
    await publisher.publish_news(db)
    source.path.rename(source.folder / "kept")
    with pytest.raises(KeyLost):
        await check_log(db, ledger.id, source)
    foreign = source.create()
    with pytest.raises(KeyForeign):
        await announce_keys(ledger, foreign)
    kept = await latest_signed(db, ledger.id)
    assert kept is not None
    forged = new_keys(source.origin).sign(kept.note.text, utc_now())
    await db.execute(
        "UPDATE checkpoints SET note = $2 WHERE ledger_id = $1", ledger.id, str(forged)
    )
    with pytest.raises(CheckpointForeign):
        await check_log(db, ledger.id, source)


async def test_a_rotation_is_in_the_log_and_both_keys_sign_for_a_while(
    publisher: Publisher, db: asyncpg.Connection, ledger: Ledger, source: KeySource
) -> None:
    first = source.read().current.verifying
    assert await announce_keys(ledger, source.read())
    assert not await announce_keys(ledger, source.read())
    await publisher.take_up(db)
    await publisher.publish_news(db)
    until = utc_now().replace(microsecond=0) + timedelta(days=30)
    second = source.rotate(until=until).current.verifying
    assert await announce_keys(ledger, source.read())
    await publisher.publish_news(db)

    history = await history_of(ledger)
    assert history is not None
    assert [key.vkey for key in history.keys] == [str(first), str(second)]
    assert [key.until for key in history.keys] == [until, None]
    kept = await latest_published(db, ledger.id)
    assert kept is not None
    for key in (first, second):
        assert open_checkpoint(str(kept.note).encode(), [key]).checkpoint == kept.checkpoint


async def test_the_private_key_is_nowhere_in_the_database(
    publisher: Publisher,
    db: asyncpg.Connection,
    ledger: Ledger,
    source: KeySource,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await announce_keys(ledger, source.read())
    await publisher.take_up(db)
    await publisher.publish_news(db)
    secret = source.read().current.to_text().rpartition("+")[2]
    tables = await db.fetch(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
        " WHERE schemaname IN ('public', 'minzhang_views')"
    )
    for (table,) in tables:
        rows = await db.fetch(f"SELECT t::text FROM {table} AS t")  # noqa: S608
        assert not any(secret in row["t"] for row in rows)
    assert secret not in caplog.text


async def test_a_smaller_head_is_never_signed(
    publisher: Publisher, db: asyncpg.Connection, ledger: Ledger, superuser: asyncpg.Connection
) -> None:
    await fill(ledger, 4)
    await publisher.take_up(db)
    await publisher.publish_news(db)
    await cut_tail(superuser, ledger.id, 3)
    with pytest.raises(TreeShrank):
        await publisher.publish_news(db)
