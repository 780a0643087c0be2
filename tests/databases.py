"""Databases of tests, and the connection strings of the roles that use them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from ledger.storage.connect import SEARCH_PATH
from ledger.storage.moving_keys import keys_migrations
from ledger.storage.privileges import KEYS_TABLES
from ledger.storage.roles import APP, OWNER, bring_up_to_date


@dataclass(frozen=True, slots=True)
class Doors:
    """The same database as the app, the owner of its tables, and the server's superuser."""

    app: str
    owner: str
    superuser: str


def as_role(dsn: str, role: str) -> str:
    """Return the connection string for another role with the same password, if there is one."""
    parts = urlsplit(dsn)
    _, colon, password = parts.netloc.rpartition("@")[0].partition(":")
    hosts = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(role)}{colon}{password}@{hosts}"))


def in_database(dsn: str, name: str) -> str:
    """Return the connection string for another database."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


def seeing_views(dsn: str) -> str:
    """Return a connection string that finds views as the app does, whoever asks."""
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query)) | {"search_path": SEARCH_PATH}
    return urlunsplit(parts._replace(query=urlencode(query, safe="/")))


@asynccontextmanager
async def empty_database(server_dsn: str, purpose: str) -> AsyncIterator[Doors]:
    """Make an empty database of the owner's for the block."""
    name = f"{purpose}_{uuid4().hex}"
    admin = await asyncpg.connect(server_dsn)
    try:
        await admin.execute(f"CREATE DATABASE {name} OWNER {OWNER}")
        await admin.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        await admin.execute(f"GRANT CONNECT ON DATABASE {name} TO {APP}")
        dsn = in_database(server_dsn, name)
        yield Doors(as_role(dsn, APP), as_role(dsn, OWNER), seeing_views(dsn))
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await admin.close()


@asynccontextmanager
async def ledger_database(server_dsn: str, purpose: str) -> AsyncIterator[Doors]:
    """Make a database with the store's tables for the block."""
    async with empty_database(server_dsn, purpose) as doors:
        await bring_up_to_date(doors.app, doors.owner)
        yield doors


@asynccontextmanager
async def keys_database(server_dsn: str) -> AsyncIterator[str]:
    """Make a database with the tables of the secrets alone; give it as the app."""
    async with empty_database(server_dsn, "keys") as doors:
        await bring_up_to_date(doors.app, doors.owner, keys_migrations(), KEYS_TABLES)
        yield doors.app
