"""`minzhang keys` and a served log, from the outside: what is printed, said and refused."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import orjson
import pytest
from aiohttp import ClientSession

from ledger.key_files import FileNotPrivate
from ledger.merkle.checkpoints import open_checkpoint
from ledger.merkle.keys import VerifyingKey
from ledger.publishing import publisher as publisher_module
from ledger.publishing import status as status_module
from ledger.publishing.log_keys import KeyExists, KeyMissing, KeySource
from ledger.publishing.publisher import Publisher
from ledger.publishing.status import Status
from ledger.storage.ledger import Ledger
from scripts.cli import build_parser
from scripts.settings import Settings, load_settings
from tests.databases import Doors
from tests.examples import AT
from tests.publishing.conftest import cut_tail, fill
from tests.publishing.test_quorum import WitnessFor, a_policy, settled, witness_for
from tests.started import start
from tests.storage_fixtures import ORIGIN
from tests.waiting import ASK_SECONDS, wait_for_answer, wait_until

__all__ = ["witness_for"]

SECONDS = 90.0
Minzhang: TypeAlias = Callable[..., Awaitable[str]]


@pytest.fixture
def settings(store_dsn: str, ledger: Ledger, tmp_path: Path) -> Settings:
    flags = {"ledger": ledger.id, "data": str(tmp_path / "data")}
    return load_settings(flags, {"MINZHANG_DSN": store_dsn}, tmp_path)


@pytest.fixture
def minzhang(settings: Settings, capsys: pytest.CaptureFixture[str]) -> Minzhang:
    """Runs a command in this process and returns what it printed."""

    async def run(*arguments: str) -> str:
        args = build_parser().parse_args(arguments)
        await args.run(args, settings)
        printed = capsys.readouterr()
        assert "PRIVATE" not in printed.out + printed.err
        return printed.out.strip()

    return run


async def test_keys_are_made_shown_and_rotated_and_old_ones_stay_listed(
    minzhang: Minzhang, settings: Settings
) -> None:
    with pytest.raises(KeyMissing):
        await minzhang("keys", "show")
    first = await minzhang("keys", "create")
    assert VerifyingKey.of_text(first).name == ORIGIN
    with pytest.raises(KeyExists):
        await minzhang("keys", "create")
    assert await minzhang("keys", "show") == first
    rotated = orjson.loads(await minzhang("keys", "rotate", "--overlap-days", "7", "--json"))
    assert rotated[1]["vkey"] == first and rotated[1]["until"]
    assert rotated[0]["vkey"] != first and rotated[0]["until"] is None
    for _ in range(2):
        await minzhang("keys", "rotate")
    listed = [line.split()[0] for line in (await minzhang("keys", "show")).splitlines()]
    assert len(set(listed)) == 4 and listed[-1] == first
    (settings.log_folder / "key").chmod(0o644)
    with pytest.raises(FileNotPrivate):
        await minzhang("keys", "show")


# Served by a process -------------------------------------------------------------------------


async def covering(client: ClientSession, size: int) -> str:
    """The published checkpoint as soon as it covers so many entries."""

    async def covers() -> bool:
        response = await wait_for_answer(lambda: client.get("/log/checkpoint"), not_yet={404, 503})
        return int((await response.text()).split("\n")[1]) >= size

    await wait_until(covers, pause=ASK_SECONDS, what=f"a checkpoint of size {size}")
    return await (await client.get("/log/checkpoint")).text()


async def everything_in(db: asyncpg.Connection) -> str:
    """The text of all tables: what a dump of the database would hold."""
    tables = await db.fetch(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
        " WHERE schemaname IN ('public', 'minzhang_views')"
    )
    found = [await db.fetch(f"SELECT t::text FROM {name} AS t") for (name,) in tables]  # noqa: S608
    return "\n".join(row["t"] for rows in found for row in rows)


async def test_f18_a_served_log_is_published_and_refused_with_exit_code_3_once_it_was_cut(
    empty: Doors, tmp_path: Path
) -> None:
    environment = os.environ | {
        "MINZHANG_DSN": empty.app,
        "MINZHANG_OWNER_DSN": empty.owner,
        "MINZHANG_DATA": str(tmp_path / "data"),
        "MINZHANG_PORT": "0",
        "MINZHANG_LEDGER": "t1",
    }
    db = await asyncpg.connect(empty.superuser)
    process = await start(environment, "serve")
    assert process.stdout is not None
    async with asyncio.timeout(SECONDS):
        address = (await process.stdout.readline()).decode().split()[0]
        async with ClientSession(address) as client:
            note = await covering(client, 1)
            ready: dict[str, Any] = await (await client.get("/readyz")).json()
            figures = await (await client.get("/metrics")).text()
        process.send_signal(signal.SIGTERM)
        _, complaints = await process.communicate()
    assert (process.returncode, ready["degraded"]) == (0, [])
    assert "minzhang_publisher_is_publishing 1.0" in figures
    keys = KeySource(tmp_path / "data" / "log" / "t1", "minzhang.localhost/t1").read()
    opened = open_checkpoint(note.encode(), keys.verifying())
    assert str(keys.current.verifying).encode() in complaints  # that a key was made is said
    secret = keys.current.to_text().rpartition("+")[2]
    assert secret.encode() not in complaints
    assert secret not in await everything_in(db)

    await cut_tail(db, "t1", opened.checkpoint.size - 5)
    process = await start(environment, "serve")
    async with asyncio.timeout(SECONDS):
        out, complaints = await process.communicate()
    assert (process.returncode, out) == (3, b"")
    assert complaints.count(b"minzhang recover") == 2  # once in each language
    assert secret.encode() not in complaints
    size: int = await db.fetchval("SELECT size FROM heads WHERE ledger_id = 't1'")
    assert size == opened.checkpoint.size - 5  # nothing was appended
    await db.close()


# What is said about it ------------------------------------------------------------------------


def test_below_the_quorum_is_said_once_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    status = Status(has_quorum=True, lacking=("street", "auditor"))
    status.note_signed(5, AT)
    assert status.degraded() == []  # witnesses get their time
    monkeypatch.setattr(status_module, "WAITING_SECONDS_MAX", -1.0)
    (said,) = status.degraded()
    assert "below the quorum" in said and "street, auditor" in said
    assert status.reasons() == []
    status.note_published(5, AT)
    assert status.degraded() == []
    status.note_signed(6, AT)
    assert status.is_below_quorum
    status.alarm = "TreeShrank"
    assert status.reasons() == ["log: TreeShrank"]


async def test_in_quiet_times_witnesses_are_asked_again(
    publisher: Publisher,
    witness_for: WitnessFor,
    db: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    witness, url = await witness_for()
    publisher.policy = a_policy((witness.key.verifying, url), quorum=1)
    publisher.__post_init__()
    await fill(publisher.ledger)
    await publisher.take_up(db)
    await publisher.publish_news(db)
    await settled(publisher)
    (standing,) = publisher.status.witnesses
    first = standing.cosigned_at
    assert first is not None
    await publisher.publish_news(db)
    await settled(publisher)
    assert standing.cosigned_at == first
    monkeypatch.setattr(publisher_module, "RENEW_SECONDS", -1.0)

    async def renewed() -> bool:
        await publisher.publish_news(db)
        await settled(publisher)
        return standing.cosigned_at != first

    await wait_until(renewed, pause=ASK_SECONDS)  # a cosignature's time has whole seconds
    count = await db.fetchval(
        "SELECT count(*) FROM cosignature_renewals WHERE ledger_id = $1", publisher.ledger.id
    )
    assert count == 1
