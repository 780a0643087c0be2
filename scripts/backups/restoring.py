"""Putting a backup back: files where none are, then the database where none is.

Nothing is overwritten. What the signer remembers here counts more than what it remembered when
the backup was made: so a database that is behind what was signed is refused at the next start.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from ledger.core.errors import LedgerError
from ledger.postgres import EmbeddedServer
from ledger.postgres.archiving import OFF
from ledger.postgres.base_backups import lay_out, refuse_a_second_server
from ledger.publishing.stopping import forget_stop
from ledger.storage.connect import connect
from ledger.storage.document_files import DocumentFiles
from ledger.storage.documents import all_copies
from ledger.storage.exports import Table, load, refuse_a_used_database
from ledger.storage.ledgers import ledger_ids
from ledger.storage.reading import read_head
from ledger.storage.roles import APP, OWNER, bring_up_to_date, prepare_roles
from ledger.storage.tree import BeyondTheLog, read_root
from scripts.backups.compressed import read_table
from scripts.backups.folders import bring_file
from scripts.backups.keys import KEYS, SECRETS, elsewhere, target_of
from scripts.backups.manifest import (
    BackupDamaged,
    BackupUnreadable,
    Manifest,
    check_files,
    read_manifest,
)
from scripts.backups.taking import DATABASE, EVIDENCE, LOG
from scripts.sealing_keys import prepare_keys_database
from scripts.settings import Settings


class NotThatKind(LedgerError):
    """A base backup goes into the embedded server only, and only it can be taken to a moment.

    基础备份只能恢复到内置数据库，也只有它能恢复到某一时刻。
    """


class MomentBeforeBackup(LedgerError):
    """The moment lies before the backup, which can only be taken forward: use an older backup.

    该时刻早于备份，而备份只能向后推进：请使用更早的备份。
    """


class BackupDiffers(LedgerError):
    """What was restored is not the log that the backup's manifest names.

    恢复所得的日志与备份清单所载不符。
    """


class SecretsHaveNoHome(LedgerError):
    """The secrets of sealed data were in a database of their own: name an empty one for them.

    密封信息的密钥槽原在单独的数据库中：请为其指定一个空数据库。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """A database as the role that serves and as its owner."""

    app: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came back: each ledger's size, files put there and kept, documents without a file."""

    sizes: dict[str, int]
    brought: int
    kept: tuple[str, ...]
    documents_missing: int
    keys_missing: tuple[str, ...] = field(default=())


async def restore(
    settings: Settings,
    folder: Path,
    *,
    keys_folder: Path | None = None,
    wal: str | None = None,
    until: datetime | None = None,
) -> Restored:
    """Put a backup back into the directory and the database of the settings.

    ``wal`` is the folder of the archived log that a base backup goes on with; that of the
    settings if it is left out; ``OFF``: it does not go on.
    """
    manifest = await asyncio.to_thread(_checked, folder, "base", "export")
    if manifest.kind != "base" and (until is not None or wal is not None):
        raise NotThatKind(kind=manifest.kind)
    if until is not None and until < datetime.fromisoformat(manifest.made_at):
        raise MomentBeforeBackup(until=until.isoformat(), made_at=manifest.made_at)
    if manifest.kind == "base" and settings.dsn is not None:
        raise NotThatKind(kind=manifest.kind, setting="MINZHANG_DSN")
    if keys_folder is None and (folder / KEYS).is_dir():
        keys_folder = folder / KEYS
    keys = None if keys_folder is None else await asyncio.to_thread(_checked, keys_folder, "keys")
    await _refuse_what_is_taken(settings, keys)
    brought, kept = await asyncio.to_thread(_bring_files, settings, folder, manifest)
    if keys is not None and keys_folder is not None:
        more, kept_keys = await asyncio.to_thread(_bring_keys, settings, keys_folder, keys)
        brought, kept = brought + more, kept + kept_keys
        await _load_secrets(settings, keys_folder, keys)
    if manifest.kind == "base":
        await asyncio.to_thread(
            partial(
                lay_out,
                settings.data,
                folder / DATABASE,
                archive=_archive(wal or settings.wal_archive or OFF),
                until=until,
            )
        )
    async with _doors(settings) as doors:
        if manifest.kind == "export":
            await load_export(doors, folder, manifest)
        sizes = await check_marks(doors.app, manifest)
        missing = await _documents_missing(settings, doors.app)
    forget_stop(settings.log_folder)  # of the database that was here: the start looks at this one
    return Restored(
        sizes=sizes,
        brought=brought,
        kept=tuple(kept),
        documents_missing=missing,
        keys_missing=tuple(_keys_missing(settings, manifest)),
    )


async def load_export(doors: Doors, folder: Path, manifest: Manifest) -> None:
    """Fill an empty database with an export, and bring it up to date with this version."""
    await _load(doors.owner, folder / DATABASE, manifest)
    await bring_up_to_date(doors.app, None if doors.app == doors.owner else doors.owner)


async def check_marks(dsn: str, manifest: Manifest) -> dict[str, int]:
    """Check that each log is there as the manifest has it, or went on from there.

    Returns the sizes; refuses with ``BackupDiffers``.
    """
    db = await connect(dsn)
    try:
        sizes = {one: (await read_head(db, one)).size for one in await ledger_ids(db)}
        for mark in manifest.ledgers:
            try:
                root = (await read_root(db, mark.ledger, mark.size)).hex()
            except BeyondTheLog:
                root = ""
            if root != mark.root:
                size = sizes.get(mark.ledger, 0)
                raise BackupDiffers(ledger=mark.ledger, size=size, size_then=mark.size)
        return sizes
    finally:
        await db.close()


def _archive(wal: str) -> Path | None:
    return None if wal == OFF else Path(wal).absolute()


@asynccontextmanager
async def _doors(settings: Settings) -> AsyncIterator[Doors]:
    """Open the database that is restored to; the embedded one with both its roles."""
    if settings.dsn is not None:
        yield Doors(app=settings.dsn, owner=settings.owner_dsn or settings.dsn)
        return
    async with EmbeddedServer(settings.data) as server:
        await prepare_roles(server.dsn)
        yield Doors(app=server.dsn_as(APP), owner=server.dsn_as(OWNER))


async def _refuse_what_is_taken(settings: Settings, keys: Manifest | None) -> None:
    """Look before anything is written (``DatabaseNotEmpty``, ``PlaceTaken``)."""
    if settings.dsn is None:
        refuse_a_second_server(settings.data)
    else:
        await refuse_a_used_database(settings.dsn)
    if keys is None or not keys.tables:
        return
    if settings.keys_dsn is None:
        raise SecretsHaveNoHome(setting="MINZHANG_KEYS_DSN")
    await refuse_a_used_database(settings.keys_dsn)


def _checked(folder: Path, *kinds: str) -> Manifest:
    manifest = read_manifest(folder)
    if manifest.kind not in kinds:
        raise BackupUnreadable(path=str(folder), kind=manifest.kind)
    check_files(folder, manifest)
    return manifest


def _bring_files(settings: Settings, folder: Path, manifest: Manifest) -> tuple[int, list[str]]:
    """Put what the signer remembers and the documents where they belong."""
    wanted = [file.path for file in manifest.files if file.path.split("/")[0] in {LOG, EVIDENCE}]
    return _bring({path: settings.data / path for path in wanted}, folder)


def _bring_keys(settings: Settings, folder: Path, keys: Manifest) -> tuple[int, list[str]]:
    places = {name: target_of(settings, name) for name in keys.keys}
    return _bring({name: place for name, place in places.items() if place is not None}, folder)


def _bring(places: dict[str, Path], folder: Path) -> tuple[int, list[str]]:
    kept = [name for name, place in places.items() if not bring_file(folder / name, place)]
    differing = [name for name in kept if _differ(folder / name, places[name])]
    return len(places) - len(kept), differing


def _differ(one: Path, other: Path) -> bool:
    return one.read_bytes() != other.read_bytes()


async def _load(owner_dsn: str, folder: Path, manifest: Manifest) -> None:
    tables = [Table(name=one.table, columns=one.columns) for one in manifest.tables]
    loaded = await load(owner_dsn, manifest.migrations, tables, partial(read_table, folder))
    for one in manifest.tables:
        if loaded[one.table] != one.rows:
            raise BackupDamaged(table=one.table, rows=loaded[one.table], rows_then=one.rows)


async def _load_secrets(settings: Settings, folder: Path, keys: Manifest) -> None:
    """Fill the database of the secrets, where they were in one of their own."""
    if not keys.tables or settings.keys_dsn is None:
        return
    await _load(settings.keys_owner_dsn or settings.keys_dsn, folder / SECRETS, keys)
    await prepare_keys_database(settings.keys_dsn, settings.keys_owner_dsn)


async def _documents_missing(settings: Settings, dsn: str) -> int:
    """Count the documents that the database names and that have no file here."""
    db = await connect(dsn)
    try:
        missing = 0
        for ledger_id in await ledger_ids(db):
            files = DocumentFiles(settings.data / EVIDENCE, ledger_id)
            async for copy in all_copies(db, ledger_id):
                missing += not files.place(copy.slot_id).exists()
        return missing
    finally:
        await db.close()


def _keys_missing(settings: Settings, manifest: Manifest) -> list[str]:
    """Return the keys that there were when the backup was made and that are not here."""
    places = {name: target_of(settings, name) for name in manifest.keys}
    lacking = [name for name, place in places.items() if place is not None and not place.exists()]
    if settings.log_key is not None:
        lacking = [name for name in lacking if name.split("/")[0] != LOG]
    brought = elsewhere(settings)
    return [*lacking, *(one for one in manifest.keys_elsewhere if one not in brought)]
