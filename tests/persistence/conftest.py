"""An environment for the library: one database a worker, ledgers of their own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest

from ledger.persistence.engine import Engine
from ledger.storage.connect import connect


@pytest.fixture(scope="session")
def library_dsn(server_dsn: str) -> Iterator[str]:
    """The connection string of an empty database: the module makes its tables itself."""
    name = f"library_{uuid4().hex}"
    _administer(server_dsn, f"CREATE DATABASE {name}")
    yield urlunsplit(urlsplit(server_dsn)._replace(path=f"/{name}"))
    _administer(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def library_env(library_dsn: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The settings of a new ledger, in the process's environment too."""
    env = {
        "PERSISTENCE_MODULE": "ledger.persistence",
        "MINZHANG_DSN": library_dsn,
        "MINZHANG_LEDGER": f"t{uuid4().hex[:12]}",
        "MINZHANG_POOL_SIZE_MAX": "4",
    }
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return env


def _administer(dsn: str, statement: str) -> None:
    async def execute() -> None:
        db = await connect(dsn)
        await db.execute(statement)
        await db.close()

    engine = Engine(dsn)
    engine.run(execute())
    engine.close()
