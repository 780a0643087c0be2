"""Bring a database's schema up to date: numbered SQL files, each once, in order, under a lock.

A file runs in one transaction together with the note that it ran, so a process
that dies half-way leaves the old schema or the new one, never something between.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

import asyncpg

from ledger.core.errors import LedgerError
from ledger.storage.connect import Connection

LOCK = 0x6D696E7A  # "minz": one process migrates, the others wait

_NOTES = """
    CREATE TABLE IF NOT EXISTS migrations (
        name       text PRIMARY KEY,
        sha256     text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )
"""
_NOTED = "SELECT name, sha256 FROM migrations"
_NOTE = "INSERT INTO migrations (name, sha256) VALUES ($1, $2)"


class MigrationChanged(LedgerError):
    """A migration that this database already ran was edited since: it is not safe to go on.

    该数据库已执行过的迁移文件后来被改动，本程序不能在其上安全运行。
    """


class DatabaseIsNewer(LedgerError):
    """The database was migrated by a newer version of this program; install that version.

    该数据库已由更新版本的程序升级，请安装相应版本。
    """


class MayNotMigrate(LedgerError):
    """The database must be migrated, and this role may not: run ``minzhang init`` with
    MINZHANG_OWNER_DSN, the role that owns the tables.

    数据库需要升级，而该角色无权升级；请设置 MINZHANG_OWNER_DSN（表的所有者）后运行 minzhang init。
    """


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return sha256(self.sql.encode()).hexdigest()


def read_migrations() -> list[Migration]:
    """Return all migrations of the store, in order."""
    folder = files("ledger.storage").joinpath("migrations")
    paths = sorted((p for p in folder.iterdir() if p.name.endswith(".sql")), key=lambda p: p.name)
    return [Migration(path.name, path.read_text("utf-8")) for path in paths]


async def migrate(
    db: Connection,
    migrations: list[Migration] | None = None,
    *,
    after: Callable[[Connection], Awaitable[None]] | None = None,
) -> list[str]:
    """Apply what is missing; return the names of what was applied.

    ``after`` is what else is done under the lock. Without it, a database that lacks nothing is
    only looked at, which needs no privilege beyond that. Raises ``MayNotMigrate``.
    """
    wanted = read_migrations() if migrations is None else migrations
    if after is None and not _missing(wanted, await _applied(db)):
        return []
    await db.execute("SELECT pg_advisory_lock($1)", LOCK)
    try:
        applied = await _apply(db, wanted)
        if after is not None:
            await after(db)
        return applied
    finally:
        await db.execute("SELECT pg_advisory_unlock($1)", LOCK)


async def _applied(db: Connection) -> dict[str, str]:
    """Return names and digests of what ran; nothing where nothing ever did."""
    if await db.fetchval("SELECT to_regclass('migrations') IS NULL"):
        return {}
    return {row["name"]: row["sha256"] for row in await db.fetch(_NOTED)}


async def _apply(db: Connection, wanted: list[Migration]) -> list[str]:
    missing = _missing(wanted, await _applied(db))
    try:
        for migration in missing:
            async with db.transaction():
                await db.execute(_NOTES)
                await db.execute(migration.sql)
                await db.execute(_NOTE, migration.name, migration.sha256)
    except asyncpg.InsufficientPrivilegeError as refused:
        role = await db.fetchval("SELECT current_user")
        raise MayNotMigrate(role=role, migration=missing[0].name, said=str(refused)) from refused
    return [migration.name for migration in missing]


def _missing(wanted: list[Migration], applied: dict[str, str]) -> list[Migration]:
    for name in sorted(applied.keys() - {migration.name for migration in wanted}):
        raise DatabaseIsNewer(migration=name)
    for migration in wanted:
        if applied.get(migration.name, migration.sha256) != migration.sha256:
            raise MigrationChanged(migration=migration.name)
    return [migration for migration in wanted if migration.name not in applied]
