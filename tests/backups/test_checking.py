"""A backup is checked whole: each file by its digest, each log by its entries."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from ledger.core.errors import LedgerError
from scripts.backups.checking import check_backup
from scripts.backups.folders import seal_folder
from scripts.backups.manifest import (
    MANIFEST,
    BackupDamaged,
    BackupUnreadable,
    paths_below,
    read_manifest,
)
from scripts.backups.restoring import BackupDiffers
from tests.backups.conftest import Installation


@pytest.mark.parametrize("form", ["base", "export", "keys"])
async def test_a_backup_as_it_was_made_is_right(installation: Installation, form: str) -> None:
    checked = await check_backup(getattr(installation, form))
    assert checked.findings_count == 0
    assert checked.has_keys is (form != "base")
    if form != "keys":
        marks = installation.made[form].ledgers
        assert {one.ledger: one.root for one in marks} == {
            ledger: report.root.hex() for ledger, report in checked.reports.items()
        }
        assert all(one.checkpoint and one.checkpoint_size for one in marks)


@pytest.fixture
def copy(installation: Installation, tmp_path: Path) -> Path:
    """A copy of the export, to be damaged."""
    return shutil.copytree(installation.export, tmp_path / "copy")


async def test_every_file_is_covered(copy: Path) -> None:
    """Each file in turn is changed by a bit, removed, or joined by another."""
    paths = [path for path in paths_below(copy) if path != MANIFEST]
    assert {path.split("/")[0] for path in paths} == {"database", "log", "evidence", "keys"}
    for path in paths:
        whole = (copy / path).read_bytes()
        if whole:
            (copy / path).write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
            await _is_damaged(copy, changed=path)
        (copy / path).unlink()
        await _is_damaged(copy, missing=path)
        (copy / path).write_bytes(whole)
    (copy / "evidence" / "more").touch()
    await _is_damaged(copy, added="evidence/more")


async def _is_damaged(copy: Path, **facts: str) -> None:
    with pytest.raises(BackupDamaged) as refused:
        await check_backup(copy)
    assert dict(refused.value.facts) == facts


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../b", "", ".", "a//b", "./a"])
async def test_a_manifest_leads_nowhere_else(copy: Path, path: str) -> None:
    manifest = orjson.loads((copy / MANIFEST).read_bytes())
    manifest["files"][0]["path"] = path
    (copy / MANIFEST).write_bytes(orjson.dumps(manifest))
    with pytest.raises(BackupUnreadable):
        await check_backup(copy)


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"null", b"\xff", b'{"format": "minzhang-backup.v2"}', b"[" * 100_000]
)
async def test_what_is_no_manifest_is_refused(copy: Path, text: bytes) -> None:
    (copy / MANIFEST).write_bytes(text)
    with pytest.raises(BackupUnreadable):
        await check_backup(copy)
    (copy / MANIFEST).unlink()
    with pytest.raises(BackupUnreadable):
        await check_backup(copy)


def _rewritten(copy: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Change a table's file and make its digest fit, as somebody who can write here could."""
    file = copy / "database" / f"{name}.copy.gz"
    before = gzip.decompress(file.read_bytes())
    after = change(before)
    assert after != before
    file.write_bytes(gzip.compress(after))
    manifest = read_manifest(copy)
    (copy / MANIFEST).unlink()
    seal_folder(copy, manifest)


async def test_an_entry_that_was_changed_with_its_digest_is_found(copy: Path) -> None:
    old, new = "宏达维修公司".encode().hex().encode(), "宏远维修公司".encode().hex().encode()
    _rewritten(copy, "events", lambda text: text.replace(old, new))
    checked = await check_backup(copy)
    rules = {one.rule for report in checked.reports.values() for one in report.findings.first}
    assert "entry-changed" in rules


async def test_a_tail_that_was_cut_is_found(copy: Path) -> None:
    """With the rows and their number in the manifest, but not its checkpoint: a key is needed."""

    def cut(text: bytes) -> bytes:
        lines = text.splitlines(keepends=True)
        last = max(i for i, line in enumerate(lines) if line.startswith(b"side\t"))
        return b"".join(lines[:last] + lines[last + 1 :])

    _rewritten(copy, "events", cut)
    with pytest.raises(BackupDamaged):
        await check_backup(copy)
    manifest = read_manifest(copy)
    tables = tuple(
        replace(one, rows=one.rows - 1) if one.table == "public.events" else one
        for one in manifest.tables
    )
    (copy / MANIFEST).unlink()
    seal_folder(copy, replace(manifest, tables=tables))
    try:
        checked = await check_backup(copy)
    except LedgerError as refused:
        assert isinstance(refused, BackupDiffers)
    else:
        assert checked.findings_count


async def test_a_checkpoint_that_no_key_of_the_log_signed_is_refused(copy: Path) -> None:
    manifest = read_manifest(copy)
    first, *others = manifest.ledgers
    forged = replace(first, checkpoint=first.checkpoint.replace(first.origin, "elsewhere.org/x"))
    (copy / MANIFEST).unlink()
    seal_folder(copy, replace(manifest, ledgers=(forged, *others)))
    with pytest.raises(LedgerError):
        await check_backup(copy)
