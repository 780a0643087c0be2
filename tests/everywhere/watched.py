"""A service on a server of its own, where everything that it leaves behind is looked through.

What it logs, its figures, every entry and table, and every file of its data directory, the
server's own log of statements among them.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import asyncpg

from api.roles import Role
from ledger.core.log_lines import JsonLines
from ledger.postgres.embedded import dsn_for
from ledger.storage.reading import read_entries
from scripts.service import open_service
from scripts.settings import load_settings
from tests.everywhere.attempts import CANARIES, HERE
from tests.permissions.conftest import County, founded
from tests.platform.conftest import own_directory
from tests.platform.test_erased_everywhere import files_of
from tests.storage.sealed import leaks, whole_database

UNHURRIED = {"MINZHANG_RATE_PER_ADDRESS": "100000", "MINZHANG_RATE_PER_ACCOUNT": "100000"}
ENTRIES_MAX = 100_000


@dataclass(frozen=True)
class Watched:
    """A served street, a superuser's connection to its database, and what was logged so far."""

    county: County
    db: asyncpg.Connection
    data_dir: Path
    logged: StringIO

    async def places(self) -> dict[str, bytes]:
        """Return everything that the service has left behind so far, by where it is."""
        logging.getLogger("api.watched").debug("looked through")
        ledger = self.county.ledger
        entries = await read_entries(ledger.pool, ledger.id, start=0, limit=ENTRIES_MAX)
        async with self.county.client.get("/metrics") as response:
            figures = await response.read()
        return {
            "log": self.logged.getvalue().encode(),
            "figures": figures,
            "entries": "\n".join(str(entry) for entry in entries).encode(),
            "tables": await whole_database(dsn_for(self.data_dir)),
            **{str(path): data for path, data in files_of(self.data_dir).items()},
        }

    async def assert_nowhere(self) -> None:
        """Assert that no canary is anywhere, and that all of it was looked through."""
        places = await self.places()
        assert b"looked through" in places["log"], "from DEBUG on, as the service writes it"
        assert b"minzhang_" in places["figures"]
        resident = str(HERE.person(Role.RESIDENT)).encode()
        assert resident in places["tables"] and resident in places["entries"]
        assert any("pg_wal" in name for name in places), "the server's own log of changes"
        statements = next(data for name, data in places.items() if name.endswith("server.log"))
        assert statements.count(b"execute ") > 100, "each statement was written down"
        found = {name: leaks(data, CANARIES) for name, data in places.items()}
        leaked = {name: which for name, which in found.items() if which}
        assert leaked == {}, leaked


@asynccontextmanager
async def watched() -> AsyncIterator[Watched]:
    """Serve a street for the block; its server writes down the text of each statement."""
    with own_directory() as data_dir, product_log() as logged:
        given = {"MINZHANG_DATA": str(data_dir)} | UNHURRIED
        settings = load_settings({"port": "0"}, given, data_dir.parent)
        async with (
            open_service(settings) as service,
            founded(service.ledger, service.app, [HERE]) as county,
        ):
            db = await asyncpg.connect(dsn_for(data_dir))
            for setting in ("log_statement = 'all'", "log_parameter_max_length = 0"):
                await db.execute(f"ALTER SYSTEM SET {setting}")
            await db.execute("SELECT pg_reload_conf()")
            yield Watched(county, db, data_dir, logged)
            await db.close()


@contextmanager
def product_log() -> Iterator[StringIO]:
    """Everything that anybody logs, from DEBUG on, as the service writes it."""
    written, root = StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(written), root.level
    handler.setFormatter(JsonLines())
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield written
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
