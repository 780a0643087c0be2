"""A real ledger for every test that asks for one.

All ledgers of a worker live in one database: a ledger is whole and apart from
the others, so each test simply gets a ledger of its own name. Everything is done as the app,
so that a forgotten grant shows; what only the owner of the tables or a superuser can do asks for
``owner_dsn`` or ``superuser_dsn``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from uuid import uuid4

import asyncpg
import pytest

from ledger.sealing import new_keyring
from ledger.storage.ledger import Ledger, create_ledger, open_ledger
from ledger.storage.vault import SealingKeys
from tests.databases import Doors, ledger_database

ORIGIN = "ledger.example.org/tests"
KEYS = SealingKeys(new_keyring(date(2026, 3, 2)))
"""The sealing keys of all ledgers of a worker."""


@pytest.fixture(scope="session")
async def store(server_dsn: str) -> AsyncIterator[Doors]:
    """This worker's database, with the store's tables."""
    async with ledger_database(server_dsn, "store") as doors:
        yield doors


@pytest.fixture(scope="session")
def store_dsn(store: Doors) -> str:
    """The connection string of this worker's database, as the app."""
    return store.app


@pytest.fixture(scope="session")
def owner_dsn(store: Doors) -> str:
    """The same database as the owner of its tables."""
    return store.owner


@pytest.fixture(scope="session")
def superuser_dsn(store: Doors) -> str:
    """The same database as the server's superuser, whom nothing stops."""
    return store.superuser


@pytest.fixture
async def superuser(superuser_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the superuser, for what is done behind the service's back."""
    db = await asyncpg.connect(superuser_dsn)
    yield db
    await db.close()


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
