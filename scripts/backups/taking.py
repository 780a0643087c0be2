"""Making a backup while the service runs.

The order makes the parts fit: what the signer remembers first, so that it is never ahead of the
database; then the database; then the documents, of which none is missing that the database
names. What was erased meanwhile is destroyed again at the first start after a restore.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import asyncpg

from ledger.core.clock import utc_now
from ledger.merkle.notes import Note
from ledger.postgres import dsn_for
from ledger.postgres.base_backups import take_base_backup
from ledger.publishing.checking import look_at_log
from ledger.publishing.former_keys import keys_ever
from ledger.publishing.log_keys import KeySource
from ledger.storage.checkpoints import latest_published
from ledger.storage.exports import frozen, noted_migrations
from ledger.storage.ledgers import ledger_ids
from ledger.storage.reading import read_head
from scripts.backups.compressed import write_tables
from scripts.backups.folders import copy_private, fresh_folder, make_folder, seal_folder
from scripts.backups.keys import KEYS, elsewhere, is_key, key_files, log_files, write_keys
from scripts.backups.manifest import LedgerMark, Manifest, Wal, paths_below
from scripts.database import Database, open_database
from scripts.settings import Settings

DATABASE, LOG, EVIDENCE, INCOMING = "database", "log", "evidence", "incoming"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants: where, with keys in it or in another folder, and in which form."""

    place: Path
    with_keys: bool = False
    keys_place: Path | None = None
    is_export: bool = False


async def back_up(settings: Settings, asked: Asked) -> Manifest:
    """Make a backup and return its manifest (refuses with ``BackupExists``)."""
    async with open_database(settings) as database:
        with fresh_folder(asked.place) as folder:
            about = await _written(settings, database, folder, is_export=asked.is_export)
            if asked.with_keys:
                await _write_keys(settings, folder / KEYS, about)
            if asked.keys_place is not None:
                with fresh_folder(asked.keys_place) as apart:
                    await _write_keys(settings, apart, about)
            return await asyncio.to_thread(seal_folder, folder, about)


async def _write_keys(settings: Settings, folder: Path, about: Manifest) -> None:
    make_folder(folder)
    seal_folder(folder, await write_keys(settings, folder, about))


async def _written(
    settings: Settings, database: Database, folder: Path, *, is_export: bool
) -> Manifest:
    """Write everything but keys; return the manifest without its files."""
    for name, path in log_files(settings):
        if not is_key(path):
            copy_private(path, folder / LOG / name)
    async with frozen(database.dsn) as db:
        about = await _about(settings, db)
        if is_export or settings.dsn is not None:
            tables = await write_tables(db, folder / DATABASE)
            about = replace(about, kind="export", tables=tables)
    if about.kind == "base":
        about = replace(about, wal=await _base_backup(settings, database, folder / DATABASE))
    await asyncio.to_thread(_copy_documents, settings, folder / EVIDENCE)
    return about


async def _about(settings: Settings, db: asyncpg.Connection) -> Manifest:
    return Manifest(
        kind="base",
        made_at=utc_now().isoformat(timespec="seconds"),
        minzhang=version("minzhang"),
        server=str(await db.fetchval("SHOW server_version")),
        migrations=await noted_migrations(db),
        ledgers=tuple([await _mark(settings, db, one) for one in await ledger_ids(db)]),
        keys=tuple(name for name, _ in key_files(settings)),
        keys_elsewhere=elsewhere(settings),
    )


async def _mark(settings: Settings, db: asyncpg.Connection, ledger_id: str) -> LedgerMark:
    head = await read_head(db, ledger_id)
    source = KeySource(settings.data / LOG / ledger_id, head.origin)
    keys = keys_ever(await look_at_log(db, ledger_id, source))
    kept = await latest_published(db, ledger_id)
    note: Note | str = kept.note if kept else ""
    return LedgerMark(
        ledger=ledger_id,
        origin=head.origin,
        size=head.size,
        root=head.frontier.root().hex(),
        checkpoint=str(note),
        checkpoint_size=kept.checkpoint.size if kept else 0,
        vkeys=tuple(map(str, keys)),
    )


async def _base_backup(settings: Settings, database: Database, folder: Path) -> Wal:
    make_folder(folder)
    found = await asyncio.to_thread(take_base_backup, dsn_for(settings.data), folder)
    return Wal(
        timeline=found.timeline,
        start=found.start,
        end=found.end,
        first_file=found.first_file,
        is_archived=await database.is_archived(),
    )


def _copy_documents(settings: Settings, folder: Path) -> None:
    """Copy the encrypted documents; one that is erased meanwhile is not there, and rightly so."""
    source = settings.data / EVIDENCE
    for path in paths_below(source):
        if INCOMING not in path.split("/")[:2]:
            copy_private(source / path, folder / path)
