"""`minzhang verify` as cron runs it: exit codes, the report, and going on from the last time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from ledger.core.clock import utc_now
from ledger.publishing.log_keys import KeySource
from ledger.publishing.recovery import Admission, acknowledge_loss
from ledger.storage.ledger import Ledger, create_ledger, open_ledger
from ledger.verification import check, ranges, whole
from scripts import verify
from scripts.arguments import Parser
from scripts.settings import load_settings
from tests.bundles import world
from tests.storage_fixtures import ORIGIN
from tests.verification.conftest import Tampered


@pytest.fixture
def run(checked_dsn: str, kept: Ledger, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    async def run(*words: str, ledger: str = kept.id) -> tuple[int, dict[str, Any]]:
        parser = Parser()
        verify.add(parser.add_subparsers(parser_class=Parser))
        key = ("--log-key", str(world.LOG_KEY.verifying), "--workers", "0", "--json")
        environment = {
            "MINZHANG_DSN": checked_dsn,
            "MINZHANG_LEDGER": ledger,
            "MINZHANG_DATA": str(tmp_path),
            "HOME": str(tmp_path),
        }
        settings = load_settings({}, environment, tmp_path)
        capsys.readouterr()
        status = await verify.run(parser.parse_args(["verify", *key, *words]), settings)
        return status, json.loads(capsys.readouterr().out)

    return run


async def test_it_says_0_when_nothing_is_wrong_and_what_it_did_not_check(run: Any) -> None:
    status, said = await run()
    assert (status, said["result"], said["findings"]) == (0, "right", [])
    assert "views (--views)" in said["not_checked"]


async def test_it_says_1_and_where_when_something_was_changed(run: Any, tampered: Tampered) -> None:
    async with tampered("UPDATE events SET topic = 'a.b.v1' WHERE position = 9"):
        status, said = await run()
    (found,) = said["findings"]
    assert (status, said["ledger"], said["result"]) == (1, "checked", "changed")
    assert (found["table"], found["position"], found["column"]) == ("events", 9, "topic")


async def test_it_says_3_when_it_could_not_check(run: Any) -> None:
    with pytest.raises(verify.CouldNotCheck) as could_not:
        await run(ledger="nobody")
    assert could_not.value.exit_code == 3


async def test_it_compares_views_where_asked(run: Any) -> None:
    status, said = await run("--views")
    assert status == 0
    assert said["views"]["accounts"] is True


async def test_it_goes_on_where_it_stopped_and_says_what_it_did_not_read_again(
    run: Any, tampered: Tampered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (ranges, whole, check):
        monkeypatch.setattr(module, "RANGE_ENTRIES", 256)
    file = tmp_path / "verified.json"
    status, said = await run("--resume", str(file))
    assert (status, said["start"], json.loads(file.read_text())["position"]) == (0, 0, 512)
    status, said = await run("--resume", str(file))
    assert (status, said["start"]) == (0, 512)
    assert "events 0 … 511: read by an earlier run, not again" in said["not_checked"]

    async with tampered("UPDATE events SET topic = 'a.b.v1' WHERE position = 9"):
        status, said = await run("--resume", str(file))
        assert status == 0
        assert any(one.startswith("events 0 … 5") for one in said["not_checked"]), "it says so"
        assert (await run())[0] == 1
    async with tampered("UPDATE tiles SET root = sha256(root)"):
        assert (await run("--resume", str(file)))[0] == 1, "the tiles before it are compared"
    async with tampered("UPDATE events SET topic = 'a.b.v1' WHERE position = 515"):
        assert (await run("--resume", str(file)))[0] == 1

    file.write_text("{}")
    with pytest.raises(verify.CouldNotCheck):
        await run("--resume", str(file))


async def test_an_empty_ledger_and_one_without_a_head(
    run: Any, superuser: asyncpg.Connection
) -> None:
    name = f"empty{uuid4().hex[:8]}"
    await create_ledger(superuser, name, origin=ORIGIN)
    status, said = await run(ledger=name)
    assert (status, said["size"]) == (0, 0)
    await superuser.execute("DELETE FROM heads WHERE ledger_id = $1", name)
    with pytest.raises(verify.CouldNotCheck):
        await run(ledger=name)


async def test_a_log_that_goes_on_after_an_acknowledged_loss_is_right(
    checked_dsn: str, superuser: asyncpg.Connection, tmp_path: Path, run: Any
) -> None:
    """Entries before the loss carry the former name; checkpoints of it that fit stay."""
    name = f"lost{uuid4().hex[:8]}"
    await create_ledger(superuser, name, origin=ORIGIN)
    async with open_ledger(checked_dsn, name, pool_size_max=2) as ledger:
        source = KeySource(tmp_path / "log" / name, ORIGIN)
        source.create()
        for place in world.places()[:2]:
            await ledger.save(place)
        await world.sign(ledger)
        await acknowledge_loss(
            superuser,
            name,
            source,
            Admission(reason="恢复了旧备份", clock=utc_now, is_key_lost=True),
        )
        await ledger.save(world.places()[2])
    status, said = await run(ledger=name)
    assert (status, said["findings"]) == (0, [])
    assert said["origin"] != ORIGIN
