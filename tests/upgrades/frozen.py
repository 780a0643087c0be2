"""Data that an earlier version left (``make_data.py``), put back as that version had it."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from ledger.postgres import EmbeddedServer
from ledger.postgres.account import current_account
from ledger.postgres.binaries import readable_binaries
from ledger.postgres.place import STATE
from ledger.storage.roles import prepare_roles
from scripts.settings import Settings, load_settings
from tests.platform.conftest import own_directory

DATA = Path(__file__).parent / "data"
ARCHIVES = tuple(sorted(DATA.glob("*.tar.xz")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A data directory as an earlier version left it, its server running."""

    data_dir: Path
    meta: dict[str, Any]

    @property
    def ledgers(self) -> tuple[str, ...]:
        return tuple(self.meta["ledgers"])

    def settings(self, ledger_id: str, **given: str) -> Settings:
        """Return the settings of a service on one of its ledgers."""
        named = {"MINZHANG_DATA": str(self.data_dir), "MINZHANG_LEDGER": ledger_id} | given
        return load_settings({"port": "0"}, named, self.data_dir.parent)

    def of(self, ledger_id: str) -> Any:
        """Return what was noted of a ledger when it was made."""
        return self.meta["ledgers"][ledger_id]


@asynccontextmanager
async def thawed(archive: Path) -> AsyncIterator[Frozen]:
    """Put the data into a directory and a server of its own for the block."""
    with own_directory() as data_dir:
        async with EmbeddedServer(data_dir) as server:
            with tarfile.open(archive) as packed:
                packed.extractall(data_dir, filter="tar")
            await prepare_roles(server.dsn)
            _load(server.dsn, data_dir / "database.sql")
            meta = orjson.loads((data_dir / "meta.json").read_bytes())
            yield Frozen(data_dir=data_dir, meta=meta)


def _load(dsn: str, script: Path) -> None:
    psql = readable_binaries(current_account(), STATE).program("psql")
    told = ["--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--file", str(script)]
    subprocess.run([str(psql), *told, dsn], check=True, stdout=subprocess.DEVNULL)
    script.unlink()
