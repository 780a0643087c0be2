"""A real PostgreSQL for every test that asks for one.

One embedded server serves the whole session, also with `pytest -n`; the last worker stops
it. It does not flush to disk, which is safe as long as nobody pulls the plug; tests
of crashes start a server of their own (`tests/platform`). Set MINZHANG_TEST_DSN to run on
another server; its role must be a superuser, and owner and app be let in without a password.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger.postgres import EmbeddedServer, erase
from ledger.storage.roles import prepare_roles
from tests import profiles
from tests.databases import Doors, empty_database

pytest_plugins = ["tests.hanging", "tests.storage_fixtures", "tests.api.house"]

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
async def server_dsn() -> AsyncIterator[str]:
    """The connection string of a server's superuser; owner and app are there as well."""
    if (dsn := os.environ.get("MINZHANG_TEST_DSN")) is not None:
        await prepare_roles(dsn)
        yield dsn
        return
    async with EmbeddedServer(os.environ[DATA_VARIABLE], settings=UNSAFE_BUT_QUICK) as server:
        await prepare_roles(server.dsn)
        yield server.dsn


@pytest.fixture
async def empty(server_dsn: str) -> AsyncIterator[Doors]:
    """A fresh, empty database, dropped after the test."""
    async with empty_database(server_dsn, "test") as doors:
        yield doors


@pytest.fixture
def database(empty: Doors) -> str:
    """A fresh, empty database as its owner: one role for everything."""
    return empty.owner
