"""After a loss: refused before anything is appended, admitted in the open, never hidden."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from ledger.core.clock import utc_now
from ledger.core.errors import ReasonMissing
from ledger.log_history import LogHistory
from ledger.merkle.checkpoints import (
    Checkpoint,
    base_of_origin,
    open_checkpoint,
    origin_since,
)
from ledger.merkle.keys import VerifyingKey
from ledger.publishing import recovery
from ledger.publishing.announcing import announce_keys, history_of
from ledger.publishing.checking import check_log
from ledger.publishing.log_keys import KeyOfAnotherLog, KeysFromEnvironment, KeySource, LogKeys
from ledger.publishing.publisher import Publisher
from ledger.publishing.recovery import Admission, NothingLost, acknowledge_loss, finish_recovery
from ledger.publishing.signer import Signed, Signer
from ledger.storage.checkpoints import latest_published
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_entries, read_head
from ledger.storage.tree import read_root
from ledger.witness.add_checkpoint import AddCheckpoint
from scripts.cli import build_parser
from scripts.database import Database
from scripts.init import initialise
from scripts.publishing import LogRefused
from scripts.settings import Settings, load_settings
from scripts.verify_ledger import is_name_of
from tests.publishing.conftest import BEGAN, PublisherFor, cut_tail, fill
from tests.publishing.test_quorum import WitnessFor, a_policy, witness_for
from tests.storage_fixtures import ORIGIN

__all__ = ["witness_for"]

LOST, KEPT = 300, 290
RECOVER = ("--acknowledge-loss", "--reason", "磁盘损坏")


@pytest.fixture
async def settings(store_dsn: str, owner_dsn: str, ledger: Ledger, tmp_path: Path) -> Settings:
    """The settings of a service on the test's ledger."""
    flags = {"ledger": ledger.id, "data": str(tmp_path / "data")}
    environment = {"MINZHANG_DSN": store_dsn, "MINZHANG_OWNER_DSN": owner_dsn}
    return load_settings(flags, environment, tmp_path)


@pytest.fixture
def source(settings: Settings) -> KeySource:
    """Where that service has its keys."""
    source = KeySource(settings.log_folder, ORIGIN)
    Signer(source.folder).begin(source.create(), BEGAN)
    return source


@pytest.fixture
async def lost(
    publisher_for: PublisherFor,
    db: asyncpg.Connection,
    ledger: Ledger,
    source: KeySource,
    superuser: asyncpg.Connection,
) -> Signed:
    """The last checkpoint of a log of 300 entries, of which an old backup has 290."""
    publisher = await publisher_for()
    await announce_keys(ledger, source.read())
    await fill(ledger, KEPT - 12)
    await publisher.take_up(db)
    await publisher.publish_news(db)
    await fill(ledger, 20)
    await publisher.publish_news(db)
    await cut_tail(superuser, ledger.id, KEPT)
    last = Signer(source.folder).last()
    assert last is not None and last.checkpoint.size == LOST
    return last


async def run(settings: Settings, *arguments: str) -> None:
    args = build_parser().parse_args(["recover", *arguments])
    await args.run(args, settings)


async def test_f19_it_refuses_then_goes_on_under_another_name_and_says_what_was_lost(
    lost: Signed,
    settings: Settings,
    db: asyncpg.Connection,
    publisher_for: PublisherFor,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ledger_id, dsn = settings.ledger, str(settings.dsn)
    kept_root = await read_root(db, ledger_id, KEPT)
    database = Database(dsn=dsn, volume=None, free_space_floor_bytes=0)
    with pytest.raises(LogRefused) as refused:
        await initialise(database, settings)
    assert refused.value.exit_code == 3
    for words in ("minzhang recover", "signed_size=300", "size=290"):
        assert words in refused.value.en
    assert (await read_head(db, ledger_id)).size == KEPT  # nothing was appended

    await run(settings, "--acknowledge-loss", "--reason", "磁盘损坏", "--json")
    done: dict[str, Any] = orjson.loads(capsys.readouterr().out)
    assert (done["former_size"], done["kept_size"]) == (LOST, KEPT)
    head = await read_head(db, ledger_id)
    assert head.origin == done["origin"] != ORIGIN
    assert base_of_origin(head.origin) == ORIGIN
    (entry,) = await read_entries(db, ledger_id, start=KEPT, limit=10)
    assert entry.header["origin"] == head.origin
    admitted = entry.event
    assert isinstance(admitted, LogHistory.LossAcknowledged)
    assert admitted.by.reason == "磁盘损坏"
    assert admitted.kept_root_sha256 == kept_root.hex()
    assert admitted.former_checkpoint == str(lost.note)

    await initialise(database, settings)  # it starts again
    publisher = await publisher_for(source=KeySource(settings.log_folder, head.origin))
    await publisher.take_up(db)
    await publisher.publish_news(db)
    kept = await latest_published(db, ledger_id)
    assert kept is not None
    opened = open_checkpoint(str(kept.note).encode(), [VerifyingKey.of_text(done["vkey"])])
    assert opened.checkpoint.size == (await read_head(db, ledger_id)).size > KEPT
    ended = await db.fetch(
        "SELECT origin, size FROM ended_checkpoints WHERE ledger_id = $1", ledger_id
    )
    assert [tuple(row) for row in ended] == [(ORIGIN, LOST)]
    assert (settings.log_folder / "ended" / head.origin.rpartition("/")[2] / "key").exists()
    with pytest.raises(NothingLost):
        await run(settings, "--acknowledge-loss", "--reason", "again")


async def test_a_second_loss_gets_a_name_of_its_own_and_keeps_the_first() -> None:
    now = utc_now()
    first = origin_since(ORIGIN, now)
    second = origin_since(first, now + timedelta(days=1))
    assert len({ORIGIN, first, second}) == 3
    assert {base_of_origin(one) for one in (ORIGIN, first, second)} == {ORIGIN}
    assert base_of_origin(f"{ORIGIN}/since-then") == f"{ORIGIN}/since-then"


@pytest.mark.parametrize(
    ("found", "log", "is_its_name"),
    [
        (ORIGIN, ORIGIN, True),
        (ORIGIN, f"{ORIGIN}/since-20260302T010000Z", True),
        (f"{ORIGIN}/since-20260302T010000Z", f"{ORIGIN}/since-20270302T010000Z", True),
        (f"{ORIGIN}/since-20270302T010000Z", f"{ORIGIN}/since-20260302T010000Z", False),
        (f"{ORIGIN}/since-20260302T010000Z", ORIGIN, False),
        (f"{ORIGIN}-2", f"{ORIGIN}/since-20260302T010000Z", False),
        ("other.example.org", f"{ORIGIN}/since-20260302T010000Z", False),
        (f"{ORIGIN}/since-then", f"{ORIGIN}/since-20260302T010000Z", False),
        (None, f"{ORIGIN}/since-20260302T010000Z", False),
    ],
)
def test_the_single_file_verifier_knows_entries_of_before_the_loss(
    found: object, log: str, is_its_name: bool
) -> None:
    assert is_name_of(found, log) is is_its_name


@asynccontextmanager
async def dying(monkeypatch: pytest.MonkeyPatch, name: str) -> AsyncIterator[None]:
    """Let the recovery die where it calls this function."""

    class Died(Exception):
        pass

    def die(*_: object, **__: object) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(recovery, name, die)
        with pytest.raises(Died):
            yield


@pytest.mark.parametrize("name", ["_history_in_time", "finish_recovery"])
async def test_one_that_dies_half_way_changed_nothing_or_is_finished(
    name: str,
    lost: Signed,
    publisher: Publisher,
    monkeypatch: pytest.MonkeyPatch,
    superuser: asyncpg.Connection,
) -> None:
    ledger, source = publisher.ledger, publisher.source
    async with dying(monkeypatch, name):
        await acknowledge_loss(superuser, ledger.id, source, Admission(reason="why", clock=utc_now))
    head = await read_head(superuser, ledger.id)
    if name == "_history_in_time":
        assert (head.origin, head.size) == (ORIGIN, KEPT)
        assert not finish_recovery(source.folder, head.origin)
        assert Signer(source.folder).last() == lost
        return
    assert (head.origin, head.size) != (ORIGIN, KEPT)
    now = KeySource(source.folder, head.origin)
    with pytest.raises(KeyOfAnotherLog):
        now.read()
    assert finish_recovery(source.folder, head.origin)
    assert not finish_recovery(source.folder, head.origin)
    history = await history_of(ledger)
    assert history and history.current
    assert history.current.vkey == str(now.read().current.verifying)
    await check_log(superuser, ledger.id, now)


async def test_what_cannot_be_acknowledged_is_refused(
    lost: Signed,
    db: asyncpg.Connection,
    source: KeySource,
    ledger: Ledger,
    superuser: asyncpg.Connection,
) -> None:
    with pytest.raises(ReasonMissing):
        await acknowledge_loss(superuser, ledger.id, source, Admission(reason=" ", clock=utc_now))
    keys: LogKeys = source.read()
    given = KeySource(source.folder, ORIGIN, keys.to_text())
    with pytest.raises(KeysFromEnvironment):
        await acknowledge_loss(superuser, ledger.id, given, Admission(reason="why", clock=utc_now))
    async with superuser.transaction():
        await superuser.execute("SET LOCAL session_replication_role = replica")
        await superuser.execute(
            "DELETE FROM events WHERE ledger_id = $1 AND position = 280", ledger.id
        )
    # What lies behind a gap cannot stay in the log: it is set aside, and is lost like the rest.
    done = await acknowledge_loss(
        superuser, ledger.id, source, Admission(reason="why", clock=utc_now)
    )
    assert (done.former_size, done.kept_size) == (LOST, 280)
    assert "9 entries behind a gap set aside" in done.mended
    kept = await superuser.fetch(
        "SELECT position FROM ended_events WHERE ledger_id = $1 ORDER BY position", ledger.id
    )
    assert [position for (position,) in kept] == list(range(281, KEPT))


async def test_a_clock_that_had_run_ahead_is_put_right_in_the_open(
    settings: Settings, source: KeySource, ledger: Ledger, db: asyncpg.Connection
) -> None:
    await announce_keys(ledger, source.read())
    with pytest.raises(NothingLost):
        await run(settings, "--acknowledge-clock", "--reason", "时钟")
    signer, ahead = Signer(source.folder), utc_now() + timedelta(days=365)
    head = await read_head(db, ledger.id)
    checkpoint = Checkpoint(ORIGIN, head.size, await read_root(db, ledger.id, head.size))
    signer.sign(source.read(), checkpoint, after=signer.last(), proof=[], now=ahead)
    await run(settings, "--acknowledge-clock", "--reason", "时钟曾快一年")
    last = signer.last()
    assert last is not None and last.signed_at < ahead
    history = await history_of(ledger)
    assert history is not None
    entries = await read_entries(db, ledger.id, start=0, limit=1000)
    said = [entry for entry in entries if entry.topic == LogHistory.ClockPutRight.TOPIC]
    assert [entry.by.reason for entry in said] == ["时钟曾快一年"]


async def test_f19_initialise_asks_witnesses_before_anything_is_appended(
    lost: Signed,
    settings: Settings,
    publisher: Publisher,
    witness_for: WitnessFor,
    superuser: asyncpg.Connection,
) -> None:
    tmp_path = settings.data.parent
    witness, url = await witness_for()
    (tmp_path / "policy").write_bytes(a_policy((witness.key.verifying, url), quorum=1).to_bytes())
    request = AddCheckpoint(0, (), lost.note)
    await asyncio.to_thread(witness.add_checkpoint, request)
    Signer(settings.log_folder).path.unlink()  # the whole machine was restored
    await superuser.execute("DELETE FROM checkpoints WHERE ledger_id = $1", settings.ledger)
    database = Database(dsn=str(settings.dsn), volume=None, free_space_floor_bytes=0)
    with pytest.raises(LogRefused, match="witness w0"):
        await initialise(database, replace(settings, log_policy=tmp_path / "policy"))
    assert (await read_head(publisher.ledger.pool, settings.ledger)).size == KEPT
    await run(replace(settings, log_policy=tmp_path / "policy"), *RECOVER)
    history = await history_of(publisher.ledger)
    assert history and history.current and history.current.origin != ORIGIN
    entries = await read_entries(publisher.ledger.pool, settings.ledger, start=KEPT, limit=1)
    admitted = entries[0].event
    assert isinstance(admitted, LogHistory.LossAcknowledged)
    assert admitted.former_checkpoint.startswith(f"{ORIGIN}\n{LOST}\n")  # the witness had it
