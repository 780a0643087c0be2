"""Time stamps by a real authority (openssl ts): asked for, checked, kept, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.clock import utc_now
from ledger.publishing.authorities import (
    Authority,
    AuthorityUnusable,
    TimeStampWrong,
    read_authority,
)
from ledger.publishing.intervals import interval_of
from ledger.publishing.outgoing import Unreachable
from ledger.publishing.publisher import Publisher
from ledger.storage.checkpoints import latest_published, time_stamps_of
from ledger.storage.ledger import Ledger
from tests.publishing.authority import LocalAuthority, authority_at, make_authority
from tests.publishing.conftest import PublisherFor, fill
from tests.waiting import wait_until

NOTE = b"ledger.example.org/371329\n1\n...\n"


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[LocalAuthority]:
    async with authority_at(tmp_path / "authority") as authority:
        yield authority


@pytest.fixture
def authority(local: LocalAuthority) -> Authority:
    return read_authority(local.url, local.roots_file)


async def test_a_published_checkpoint_is_stamped_checked_and_kept(
    publisher_for: PublisherFor,
    db: asyncpg.Connection,
    local: LocalAuthority,
    authority: Authority,
    tmp_path: Path,
) -> None:
    publisher = await publisher_for(authorities=[authority], stamp_interval_seconds=0.0)
    ledger = publisher.ledger
    async with publisher:
        for size in (2, 4):
            await fill(ledger, 2)
            await wait_until(lambda size=size: publisher.status.authorities[0].stamped_size == size)  # type: ignore[misc]
    kept = await latest_published(db, ledger.id)
    assert kept is not None
    (stamp,) = await time_stamps_of(db, ledger.id, 4)
    assert stamp.stamped == str(kept.note)
    assert authority.check(stamp.token, stamp.stamped.encode()) == stamp.stamped_at
    assert abs(stamp.stamped_at - utc_now()) < timedelta(minutes=1)

    found = await interval_of(db, ledger.id, 2, authorities=[authority])
    assert found.not_before and found.not_after
    assert found.not_before.size == 2 < found.not_after.size
    assert found.not_after.is_time_stamp and found.not_after.by == authority.name

    (tmp_path / "note").write_text(stamp.stamped)
    (tmp_path / "token").write_bytes(stamp.token)
    openssl = await asyncio.create_subprocess_exec(
        *("openssl", "ts", "-verify", "-data", "note", "-in", "token"),
        *("-CAfile", str(local.roots_file)),
        cwd=tmp_path,
    )
    assert await openssl.wait() == 0


async def test_within_an_interval_an_authority_is_asked_once(
    publisher_for: PublisherFor, db: asyncpg.Connection, local: LocalAuthority, authority: Authority
) -> None:
    publisher = await publisher_for(authorities=[authority], stamp_interval_seconds=600.0)
    await publisher.take_up(db)
    for _ in range(3):
        await fill(publisher.ledger)
        await publisher.publish_news(db)
        await wait_until(lambda: publisher.status.authorities[0].stamped_size == 1)
    assert local.asked == 1


async def test_a_dead_authority_holds_nobody_up_and_is_named(
    publisher_for: PublisherFor,
    db: asyncpg.Connection,
    ledger: Ledger,
    authority: Authority,
) -> None:
    dead = Authority("http://127.0.0.1:1/tsr", authority.roots)
    publisher = await publisher_for(authorities=[dead, authority])
    await fill(ledger)
    await publisher.take_up(db)
    await publisher.publish_news(db)
    first, second = publisher.status.authorities
    await wait_until(lambda: second.stamped_size == 1 and first.failures_total == 1)
    assert publisher.status.published_size == 1
    assert any("127.0.0.1:1" in said for said in publisher.status.degraded())


async def test_only_an_answer_to_this_question_by_a_root_that_is_believed_counts(
    publisher: Publisher, local: LocalAuthority, authority: Authority, tmp_path: Path
) -> None:
    token, at = await authority.stamp(NOTE, publisher.outgoing)
    assert authority.check(token, NOTE) == at
    with pytest.raises(TimeStampWrong):
        authority.check(token, NOTE + b"x")
    stranger = make_authority(tmp_path / "stranger", "stranger")
    elsewhere = read_authority(local.url, stranger.roots_file)
    with pytest.raises(TimeStampWrong):
        elsewhere.check(token, NOTE)
    local.instead = token  # replayed: right bytes, another question
    with pytest.raises(TimeStampWrong, match="Nonce"):
        await authority.stamp(NOTE, publisher.outgoing)
    for nonsense in (b"", b"\x30\x00", token[:-1], b"x" * 1000):
        local.instead = nonsense
        with pytest.raises((TimeStampWrong, Unreachable)):
            await authority.stamp(NOTE, publisher.outgoing)


async def test_a_spoiled_token_is_refused_and_never_crashes(
    publisher: Publisher, authority: Authority
) -> None:
    token, _ = await authority.stamp(NOTE, publisher.outgoing)

    @settings(max_examples=300, deadline=None)
    @given(st.integers(0, len(token) - 1), st.integers(1, 255))
    def spoil(at: int, mask: int) -> None:
        spoiled = bytearray(token)
        spoiled[at] ^= mask
        try:
            found = authority.check(bytes(spoiled), NOTE)
        except TimeStampWrong:
            return
        assert found == authority.check(token, NOTE)  # bytes that nothing depends on

    spoil()


@pytest.mark.parametrize("url", ["ftp://a.example/tsr", "https://u:p@a.example", "https://", "a"])
def test_an_unusable_authority_is_named(url: str, tmp_path: Path) -> None:
    good = make_authority(tmp_path / "good", "good")
    with pytest.raises(AuthorityUnusable):
        read_authority(url, good.roots_file)
    for file in (good.folder / "tsa.pem", good.folder / "tsa.key", good.folder / "none"):
        with pytest.raises(AuthorityUnusable):
            read_authority("https://a.example/tsr", file)
