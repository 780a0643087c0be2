"""Bring a database's schema up to date: numbered SQL files, each once, in order, under a lock.

A file runs in one transaction together with the note that it ran, so a process
that dies half-way leaves the old schema or the new one, never something between.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

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


class MigrationChanged(LedgerError):
    """A migration that this database already ran was edited since: it is not safe to go on.

    该数据库已执行过的迁移文件后来被改动，本程序不能在其上安全运行。
    """


class DatabaseIsNewer(LedgerError):
    """The database was migrated by a newer version of this program; install that version.

    该数据库已由更新版本的程序升级，请安装相应版本。
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


async def migrate(db: Connection, migrations: list[Migration] | None = None) -> list[str]:
    """Apply what is missing; return the names of what was applied."""
    wanted = read_migrations() if migrations is None else migrations
    await db.execute("SELECT pg_advisory_lock($1)", LOCK)
    try:
        await db.execute(_NOTES)
        rows = await db.fetch("SELECT name, sha256 FROM migrations")
        missing = _missing(wanted, {row["name"]: row["sha256"] for row in rows})
        for migration in missing:
            async with db.transaction():
                await db.execute(migration.sql)
                await db.execute(
                    "INSERT INTO migrations (name, sha256) VALUES ($1, $2)",
                    migration.name,
                    migration.sha256,
                )
        return [migration.name for migration in missing]
    finally:
        await db.execute("SELECT pg_advisory_unlock($1)", LOCK)


def _missing(wanted: list[Migration], applied: dict[str, str]) -> list[Migration]:
    for name in sorted(applied.keys() - {migration.name for migration in wanted}):
        raise DatabaseIsNewer(migration=name)
    for migration in wanted:
        if applied.get(migration.name, migration.sha256) != migration.sha256:
            raise MigrationChanged(migration=migration.name)
    return [migration for migration in wanted if migration.name not in applied]
