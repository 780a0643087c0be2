"""A real ledger for every test that asks for one.

All ledgers of a worker live in one database: a ledger is whole and apart from
the others, so each test simply gets a ledger of its own name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from ledger.sealing import new_keyring
from ledger.storage.ledger import Ledger, create_ledger, open_ledger
from ledger.storage.migrate import migrate
from ledger.storage.vault import SealingKeys

ORIGIN = "ledger.example.org/tests"
KEYS = SealingKeys(new_keyring(date(2026, 3, 2)))
"""The sealing keys of all ledgers of a worker."""


@pytest.fixture(scope="session")
async def store_dsn(server_dsn: str) -> AsyncIterator[str]:
    """The connection string of this worker's database, with the store's tables."""
    name = f"store_{uuid4().hex}"
    admin = await asyncpg.connect(server_dsn)
    await admin.execute(f"CREATE DATABASE {name}")
    dsn = urlunsplit(urlsplit(server_dsn)._replace(path=f"/{name}"))
    db = await asyncpg.connect(dsn)
    await migrate(db)
    await db.close()
    yield dsn
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
async def ledger_id(store_dsn: str) -> str:
    """The name of a new, empty ledger."""
    ledger_id = f"t{uuid4().hex[:12]}"
    db = await asyncpg.connect(store_dsn)
    await create_ledger(db, ledger_id, origin=ORIGIN)
    await db.close()
    return ledger_id


@pytest.fixture
async def ledger(store_dsn: str, ledger_id: str) -> AsyncIterator[Ledger]:
    """A new, empty ledger, open."""
    async with open_ledger(store_dsn, ledger_id, pool_size_max=4, keys=KEYS) as ledger:
        yield ledger
