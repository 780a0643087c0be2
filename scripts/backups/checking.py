"""Checking a backup whole: restored on a server of its own for the time of the check.

Nothing of the operator's is touched or asked: digests of all files, then the database in a
temporary directory, then the full check of each log there, from the bytes of its entries on.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ledger.merkle.checkpoints import open_checkpoint
from ledger.merkle.keys import VerifyingKey
from ledger.postgres import EmbeddedServer, erase
from ledger.postgres.base_backups import lay_out
from ledger.storage.connect import connect
from ledger.storage.roles import APP, OWNER, bring_up_to_date, prepare_roles
from ledger.storage.tree import read_root
from ledger.verification.check import Report, Wanted, check_ledger
from scripts.backups.keys import KEYS
from scripts.backups.manifest import (
    BackupDamaged,
    LedgerMark,
    Manifest,
    check_files,
    read_manifest,
)
from scripts.backups.restoring import Doors, check_marks, load_export
from scripts.backups.taking import DATABASE
from scripts.verify import former_origins


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check came to; ``reports`` by ledger, none for a backup of keys."""

    manifest: Manifest
    bytes_total: int
    has_keys: bool
    reports: dict[str, Report] = field(default_factory=dict)

    @property
    def findings_count(self) -> int:
        return sum(report.findings.count for report in self.reports.values())


async def check_backup(folder: Path) -> Checked:
    """Check a backup (refuses with ``BackupUnreadable``, ``BackupDamaged``, ``BackupDiffers``)."""
    manifest = read_manifest(folder)
    total = await asyncio.to_thread(check_files, folder, manifest)
    has_keys = (folder / KEYS).is_dir()
    if has_keys:
        check_files(folder / KEYS, read_manifest(folder / KEYS))
    if manifest.kind == "keys":
        return Checked(manifest=manifest, bytes_total=total, has_keys=True)
    async with _on_a_server(folder, manifest) as doors:
        await check_marks(doors.app, manifest)
        reports = {one.ledger: await _check(doors.app, one) for one in manifest.ledgers}
    return Checked(manifest=manifest, bytes_total=total, has_keys=has_keys, reports=reports)


async def _check(dsn: str, mark: LedgerMark) -> Report:
    """Check one log by its entries, and the checkpoint that the manifest says it is under."""
    keys = tuple(map(VerifyingKey.of_text, mark.vkeys))
    db = await connect(dsn)
    try:
        former = await former_origins(db, mark.ledger)
        if mark.checkpoint:
            note = open_checkpoint(mark.checkpoint.encode(), keys)
            root = await read_root(db, mark.ledger, mark.checkpoint_size)
            if (note.checkpoint.size, note.checkpoint.root) != (mark.checkpoint_size, root):
                raise BackupDamaged(ledger=mark.ledger, checkpoint_size=mark.checkpoint_size)
    finally:
        await db.close()
    return await check_ledger(Wanted(dsn=dsn, ledger_id=mark.ledger, log_keys=keys, former=former))


@asynccontextmanager
async def _on_a_server(folder: Path, manifest: Manifest) -> AsyncIterator[Doors]:
    """Restore the database on a server that is gone afterwards, and bring it up to date."""
    beside = await asyncio.to_thread(_temporary)
    data_dir = beside / "data"
    try:
        if manifest.kind == "base":
            await asyncio.to_thread(lay_out, data_dir, folder / DATABASE)
        async with EmbeddedServer(data_dir) as server:
            await prepare_roles(server.dsn)
            doors = Doors(app=server.dsn_as(APP), owner=server.dsn_as(OWNER))
            if manifest.kind == "base":
                await bring_up_to_date(doors.app, doors.owner)
            else:
                await load_export(doors, folder, manifest)
            yield doors
    finally:
        await asyncio.to_thread(erase, data_dir)
        shutil.rmtree(beside)


def _temporary() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="minzhang-check-"))
    folder.chmod(0o711)  # as root, the server's own user must pass
    return folder
