"""`minzhang log`: files for any web server, and proof files, made by the command itself."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from api.log.desk import NotCoveredYet, NothingPublished
from ledger.merkle.tree import leaf_hash
from ledger.storage.checkpoints import latest_published
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_entries
from scripts.cli import build_parser
from scripts.log_export import (
    ExportBusy,
    ExportContradicts,
    Exported,
    ExportOfAnotherLog,
    _alone_in,
    export_log,
)
from scripts.settings import environment_settings
from tests import tiles_client
from tests.published_log import LOG_KEY, WITNESSES, fill, publish_now

VKEY = str(LOG_KEY.verifying)


async def export(ledger: Ledger, to: Path, *, with_entries: bool = False) -> Exported:
    kept = await latest_published(ledger.pool, ledger.id)
    assert kept is not None
    return await export_log(ledger.pool, ledger.id, to, kept, with_entries=with_entries)


def files_in(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


async def test_exports_in_steps_give_what_one_export_gives(ledger: Ledger, tmp_path: Path) -> None:
    grown, fresh = tmp_path / "grown", tmp_path / "fresh"
    for count in (3, 200, 100, 209, 1):
        await fill(ledger, count)
        await publish_now(ledger)
        await export(ledger, grown, with_entries=True)
    await fill(ledger, 300)
    await publish_now(ledger)
    done = await export(ledger, grown, with_entries=True)
    whole = await export(ledger, fresh, with_entries=True)
    assert files_in(grown) == files_in(fresh)
    assert (done.size_before, done.size, whole.size_before, whole.size) == (513, 813, -1, 813)
    assert whole.files_written > done.files_written
    again = await export(ledger, grown, with_entries=True)
    assert (again.files_written, again.files_pruned) == (0, 0)


async def test_a_stranger_checks_the_files_as_a_web_server_would_give_them(
    ledger: Ledger, tmp_path: Path
) -> None:
    await fill(ledger, 600)
    await publish_now(ledger)
    await export(ledger, tmp_path)
    first = tiles_client.open_note((tmp_path / "checkpoint").read_text(), VKEY)
    await fill(ledger, 20)
    await publish_now(ledger)
    await export(ledger, tmp_path, with_entries=True)

    async def fetch(path: str) -> bytes:
        return (tmp_path / path).read_bytes()

    head = tiles_client.open_note((tmp_path / "checkpoint").read_text(), VKEY)
    assert (first.size, head.size) == (600, 620)
    for one in (first, head):  # the older checkpoint's partial tiles are still there
        leaves = await tiles_client.check_tree(fetch, one)
        entries = await tiles_client.read_entries(fetch, leaves)
        assert len(entries) == one.size
    assert "ledger.example.org" in (tmp_path / "index.html").read_text()


async def test_without_being_told_no_entry_leaves(ledger: Ledger, tmp_path: Path) -> None:
    await fill(ledger, 300)
    await publish_now(ledger)
    await export(ledger, tmp_path)
    assert not (tmp_path / "tile/entries").exists()
    states = [e.state for e in await read_entries(ledger.pool, ledger.id, start=0, limit=300)]
    data = b"".join(files_in(tmp_path).values())
    assert not any(state in data for state in states)


async def test_an_interrupted_export_is_finished_by_the_next(
    ledger: Ledger, tmp_path: Path
) -> None:
    await fill(ledger, 400)
    await publish_now(ledger)
    await export(ledger, tmp_path / "a")
    await fill(ledger, 400)
    await publish_now(ledger)
    await export(ledger, tmp_path / "b")
    whole = files_in(tmp_path / "b")
    (tmp_path / "b/checkpoint").write_bytes((tmp_path / "a/checkpoint").read_bytes())
    for lost in ("tile/0/001", "tile/0/003.p/32", "tile/1/000.p/3"):
        (tmp_path / "b" / lost).unlink()
    (tmp_path / "b/tile/0/.002.abc").write_bytes(b"half")
    done = await export(ledger, tmp_path / "b")
    assert files_in(tmp_path / "b") == whole
    assert (done.files_written, done.size_before) == (4, 400)


async def test_partial_tiles_go_once_they_are_full(ledger: Ledger, tmp_path: Path) -> None:
    await fill(ledger, 100)
    await publish_now(ledger)
    await export(ledger, tmp_path)
    assert (tmp_path / "tile/0/000.p/100").exists()
    await fill(ledger, 156)
    await publish_now(ledger)
    done = await export(ledger, tmp_path)
    assert (done.files_pruned, (tmp_path / "tile/0/000.p").exists()) == (1, False)


async def test_cosignatures_that_came_later_are_exported(ledger: Ledger, tmp_path: Path) -> None:
    await fill(ledger, 3)
    await publish_now(ledger)
    await export(ledger, tmp_path)
    await publish_now(ledger, witnesses=WITNESSES)
    done = await export(ledger, tmp_path)
    assert done.files_written == 1
    assert (tmp_path / "checkpoint").read_text().count("— ") == 3


async def test_a_directory_that_does_not_fit_is_left_alone(ledger: Ledger, tmp_path: Path) -> None:
    await fill(ledger, 5)
    await publish_now(ledger)
    await export(ledger, tmp_path)
    real = (tmp_path / "checkpoint").read_text()
    origin, size, root = real.split("\n")[:3]
    for old, new, refused in (
        (origin, "other.example.org/x", ExportOfAnotherLog),
        (f"\n{size}\n", "\n6\n", ExportContradicts),
        (root, "A" * 43 + "=", ExportContradicts),
        (f"\n{size}\n", "\n4\n", ExportContradicts),
    ):
        forged = real.replace(old, new)
        (tmp_path / "checkpoint").write_text(forged)
        with pytest.raises(refused):
            await export(ledger, tmp_path)
        assert (tmp_path / "checkpoint").read_text() == forged


async def test_two_exports_at_once_do_not_mix(ledger: Ledger, tmp_path: Path) -> None:
    await fill(ledger, 5)
    await publish_now(ledger)
    with _alone_in(tmp_path), pytest.raises(ExportBusy):
        await export(ledger, tmp_path)


async def test_the_command_writes_proofs_exports_and_shows(
    store_dsn: str,
    ledger: Ledger,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    monkeypatch.setenv("MINZHANG_DSN", store_dsn)
    monkeypatch.setenv("MINZHANG_LEDGER", ledger.id)

    async def minzhang(*arguments: str) -> bytes:
        args = build_parser().parse_args(["log", *arguments])
        await args.run(args, environment_settings({}))
        sys.stdout.flush()
        return capfdbinary.readouterr().out

    with pytest.raises(NothingPublished):
        await minzhang("show")
    await fill(ledger, 7)
    await publish_now(ledger)
    await fill(ledger, 2)
    proof = (await minzhang("proof", "5")).decode()
    (entry,) = await read_entries(ledger.pool, ledger.id, start=5, limit=1)
    index, head = tiles_client.check_proof(proof, leaf_hash(entry.data), VKEY)
    assert (index, head.size) == (5, 7)
    with pytest.raises(NotCoveredYet):
        await minzhang("proof", "8")
    with pytest.raises(SystemExit):
        await minzhang("proof", "-1")

    exported = await minzhang("export", str(tmp_path / "site"), "--json")
    assert json.loads(exported)["size"] == 7
    assert (tmp_path / "site/tile/0/000.p/7").exists()
    assert "7 → 7" in (await minzhang("export", str(tmp_path / "site"))).decode()
    shown = json.loads(await minzhang("show", "--json"))
    assert (shown["size"], shown["unpublished_count"]) == (7, 2)
    for _ in range(2):
        await minzhang("export", str(tmp_path / "site"), "--with-entries")
    (told,) = await read_entries(ledger.pool, ledger.id, start=9, limit=10)
    assert told.topic == "reading.begun.v1", "that entries are taken out is told, once an hour"
    assert vars(told.event)["operation"] == "export_entries"
    assert "大小 / size           7\n" in (await minzhang("show")).decode()
