"""An environment for the library: one database a worker, ledgers of their own for each test.

The application is the app, as the service is; the tables are made by their owner.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from tests.databases import Doors, empty_database


@pytest.fixture(scope="session")
async def library_database(server_dsn: str) -> AsyncIterator[Doors]:
    """An empty database: the module makes its tables itself."""
    async with empty_database(server_dsn, "library") as doors:
        yield doors


@pytest.fixture
def library_env(library_database: Doors, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The settings of a new ledger, in the process's environment too."""
    env = {
        "PERSISTENCE_MODULE": "ledger.persistence",
        "MINZHANG_DSN": library_database.app,
        "MINZHANG_OWNER_DSN": library_database.owner,
        "MINZHANG_LEDGER": f"t{uuid4().hex[:12]}",
        "MINZHANG_POOL_SIZE_MAX": "4",
    }
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return env
