"""A real PostgreSQL for every test that asks for one.

One embedded server serves the whole session, also with `pytest -n`; the last worker stops
it. It does not flush to disk, which is safe as long as nobody pulls the plug; tests
of crashes start a server of their own (`tests/platform`). Set MINZHANG_TEST_DSN to run on
another server whose role may create databases.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from ledger.postgres import EmbeddedServer, erase
from tests import profiles

pytest_plugins = ["tests.storage_fixtures", "tests.api.house"]

UNSAFE_BUT_QUICK = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "8GB"}
DATA_VARIABLE = "MINZHANG_TEST_DATA"


profiles.load()


def pytest_report_header() -> list[str]:
    """Print how much the tests will do."""
    return profiles.header()


def pytest_configure(config: pytest.Config) -> None:
    """Choose the data directory once; the workers of xdist inherit its name."""
    if not hasattr(config, "workerinput"):
        data_dir = Path(tempfile.mkdtemp(prefix="minzhang-tests-"))
        data_dir.chmod(0o711)  # as root, the server's own user must pass
        os.environ[DATA_VARIABLE] = str(data_dir)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the server and its data once all workers are done."""
    if not hasattr(config, "workerinput"):
        data_dir = Path(os.environ.pop(DATA_VARIABLE))
        erase(data_dir)
        shutil.rmtree(data_dir)


@pytest.fixture(scope="session")
def server_dsn() -> Iterator[str]:
    """The connection string of a server that may create databases."""
    if (dsn := os.environ.get("MINZHANG_TEST_DSN")) is not None:
        yield dsn
        return
    with EmbeddedServer(os.environ[DATA_VARIABLE], settings=UNSAFE_BUT_QUICK) as server:
        yield server.dsn


@pytest.fixture
async def database(server_dsn: str) -> AsyncIterator[str]:
    """The connection string of a fresh, empty database, dropped after the test."""
    name = f"test_{uuid4().hex}"
    admin = await asyncpg.connect(server_dsn)
    try:
        await admin.execute(f"CREATE DATABASE {name}")
        yield urlunsplit(urlsplit(server_dsn)._replace(path=f"/{name}"))
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await admin.close()
