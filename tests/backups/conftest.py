"""An installation with two ledgers, documents, users and sealed data, and backups of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.roles import Role
from api.serving import serving
from ledger.storage.exports import copy_out, frozen, tables_there
from ledger.storage.ledger import Ledger
from scripts.backups.manifest import Manifest
from scripts.backups.taking import Asked, back_up
from scripts.database import open_database
from scripts.service import open_service
from scripts.settings import Settings, load_settings
from tests.permissions.world import ACTS_FOR, Side
from tests.platform.conftest import own_directory
from tests.tokens import issued
from tests.upgrades.frozen import ARCHIVES, Frozen, thawed


def settings_of(data_dir: Path, ledger_id: str = "side", **given: str) -> Settings:
    """Return the settings of an installation in a directory."""
    named = {"MINZHANG_DATA": str(data_dir), "MINZHANG_LEDGER": ledger_id} | given
    return load_settings({"port": "0"}, named, data_dir.parent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What is backed up: its settings, what was noted of it, and its backups, one of each form."""

    settings: Settings
    source: Frozen
    base: Path
    export: Path
    keys: Path
    made: dict[str, Manifest]


@pytest.fixture(scope="package")
async def installation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """Both ledgers served once, so that all is up to date, then backed up in both forms."""
    folder = tmp_path_factory.mktemp("backups")
    async with thawed(ARCHIVES[-1]) as source:
        for ledger_id in source.ledgers:
            async with open_service(source.settings(ledger_id)):
                pass
        settings = source.settings("side")
        base, export, keys = folder / "base", folder / "export", folder / "keys"
        made = {
            "base": await back_up(settings, Asked(place=base, keys_place=keys)),
            "export": await back_up(settings, Asked(place=export, with_keys=True, is_export=True)),
        }
        yield Installation(
            settings=settings, source=source, base=base, export=export, keys=keys, made=made
        )


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A directory for an installation that does not exist yet."""
    with own_directory() as data_dir:
        yield data_dir


async def tables_of(settings: Settings) -> dict[str, bytes]:
    """Return the rows of every table that a backup holds, as text."""
    async with open_database(settings) as database:
        return await rows_of(database.dsn)


async def rows_of(dsn: str) -> dict[str, bytes]:
    """Return the rows of every table of a database that a backup holds, in any order, as text."""
    found = {}
    async with frozen(dsn) as db:
        for table in await tables_there(db):
            blocks: list[bytes] = []

            async def write(block: bytes, blocks: list[bytes] = blocks) -> None:
                blocks.append(block)

            await copy_out(db, table, write)
            found[table.name] = b"\n".join(sorted(b"".join(blocks).split(b"\n")))
    return found


def files_below(folder: Path) -> dict[str, bytes]:
    """Return everything below a folder but locks."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[tuple[str, Ledger]]:
    """Serve an installation for the block; give its address and its ledger."""
    async with open_service(settings) as service, serving(service.app, "127.0.0.1", 0) as address:
        yield address, service.ledger


async def of_the_committee(ledger: Ledger) -> dict[str, str]:
    """Return the headers of a new token for the person who brought the document."""
    side, role = Side("side"), Role.OWNERS_COMMITTEE
    organisation_id = side.organisation(ACTS_FOR[role])
    token = await issued(ledger, role, side.person(role), organisation_id=organisation_id)
    return {"Authorization": f"Bearer {token}"}
