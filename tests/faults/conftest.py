"""A server of a test's own, which flushes to disk and may be killed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from ledger.postgres import EmbeddedServer, erase
from ledger.storage.ledger import create_ledger
from ledger.storage.migrate import migrate
from tests.storage_fixtures import ORIGIN

LEDGER = "371329"


def fresh_data_dir() -> Path:
    """Return a new folder through which, as root, the server's own user may pass."""
    data_dir = Path(tempfile.mkdtemp(prefix="minzhang-faults-"))
    data_dir.chmod(0o711)
    return data_dir


@pytest.fixture
async def own_server() -> AsyncIterator[EmbeddedServer]:
    """A durable server for one test, with the empty ledger ``LEDGER`` in it."""
    data_dir = fresh_data_dir()
    with EmbeddedServer(data_dir) as server:
        db = await asyncpg.connect(server.dsn)
        await migrate(db)
        await create_ledger(db, LEDGER, origin=ORIGIN)
        await db.close()
        yield server
    erase(data_dir)
    shutil.rmtree(data_dir)
