"""The private keys of an installation, and where each lies: a part of a backup of its own.

keys/log/LEDGER/key     signs in the log's name, and what a loss set aside
keys/sealing.keys       opens sealed personal data and documents
keys/service.key        opens seeds of second factors, signs what the service accepts
keys/database/          the wrapped secrets, where they are in a database of their own
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ledger.publishing.log_keys import KEY_FILE
from ledger.publishing.recovery import NEXT_FILE
from ledger.storage.exports import frozen, noted_migrations
from scripts.backups.compressed import write_tables
from scripts.backups.folders import copy_private
from scripts.backups.manifest import Copied, Manifest
from scripts.settings import LOG_KEY, Settings

KEYS = "keys"
LOG, SEALING, SERVICE, SECRETS = "log", "sealing.keys", "service.key", "database"


def is_key(path: Path) -> bool:
    """Tell whether a file of the log's folder holds private keys."""
    return path.name in {KEY_FILE, NEXT_FILE}


def log_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yield the files of all ledgers' log folders, with their names below them."""
    folder = settings.data / "log"
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if not name.startswith(".") and not name.endswith(".lock"):
                path = Path(parent, name)
                yield path.relative_to(folder).as_posix(), path


def key_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yield every file with private keys, and what it is called in a backup."""
    for name, path in log_files(settings):
        if is_key(path):
            yield f"{LOG}/{name}", path
    if (sealing := sealing_file(settings)) is not None and sealing.exists():
        yield SEALING, sealing
    if settings.key_file.exists():
        yield SERVICE, settings.key_file


def sealing_file(settings: Settings) -> Path | None:
    """Return where the sealing keys lie, if they are a file."""
    kind, _, where = settings.sealing_keys.partition(":")
    return Path(where) if kind == "file" else None


def target_of(settings: Settings, name: str) -> Path | None:
    """Return where a file of a backup's keys belongs; ``None`` if the settings bring that key."""
    if name == SEALING:
        return sealing_file(settings)
    if name == SERVICE:
        return settings.key_file
    return settings.data / name


def elsewhere(settings: Settings) -> tuple[str, ...]:
    """Return the keys that the settings bring from places that no backup reaches."""
    found = []
    if settings.log_key is not None:
        found.append(LOG_KEY)
    if sealing_file(settings) is None:
        found.append(f"MINZHANG_SEALING_KEYS={settings.sealing_keys.partition(':')[0]}")
    return tuple(found)


async def write_keys(settings: Settings, folder: Path, about: Manifest) -> Manifest:
    """Fill a folder with all keys; return the manifest that it gets, without its files."""
    names = []
    for name, path in key_files(settings):
        copy_private(path, folder / name)
        names.append(name)
    server, migrations = about.server, dict[str, str]()
    tables: tuple[Copied, ...] = ()
    if settings.keys_dsn is not None:
        async with frozen(settings.keys_dsn) as db:
            migrations = await noted_migrations(db)
            tables = await write_tables(db, folder / SECRETS)
            server = str(await db.fetchval("SHOW server_version"))
    return Manifest(
        kind="keys",
        made_at=about.made_at,
        minzhang=about.minzhang,
        server=server,
        migrations=migrations,
        ledgers=about.ledgers,
        tables=tables,
        keys=tuple(names),
        keys_elsewhere=about.keys_elsewhere,
    )
