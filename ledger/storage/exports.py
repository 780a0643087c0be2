"""A database as text and back, through our own connection: no programs of PostgreSQL are needed.

Each table that migrations make is one file of ``COPY`` text, all read in one snapshot. Views are
not among them: they are made again from the log. What loads them first runs the migrations that
the database had when it was exported, and leaves the newer ones for afterwards: so an export of an
earlier version goes into every later one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from graphlib import TopologicalSorter

import asyncpg

from ledger.core.errors import LedgerError
from ledger.storage.connect import LOG_SCHEMA, Connection, connect
from ledger.storage.migrate import DatabaseIsNewer, Migration, migrate, read_migrations
from ledger.storage.privileges import PRIVILEGES
from ledger.storage.roles import OWNERS_PATH

NOTES = "public.migrations"
COPIED = tuple(name for name in PRIVILEGES if name.startswith(f"{LOG_SCHEMA}.") and name != NOTES)
"""What an export holds: every table of the log's schema but the notes of the migrations."""

# The same text whatever a server, a database or a role has as its defaults.
_PLAIN = """
    SET LOCAL timezone = 'UTC';
    SET LOCAL datestyle = 'ISO, YMD';
    SET LOCAL intervalstyle = 'iso_8601';
    SET LOCAL bytea_output = 'hex';
    SET LOCAL extra_float_digits = 3;
    SET LOCAL statement_timeout = 0;
"""
_COLUMNS = """
    SELECT name, array_agg(attname::text ORDER BY attnum) AS columns
    FROM unnest($1::text[]) AS name JOIN pg_attribute ON attrelid = to_regclass(name)
    WHERE attnum > 0 AND NOT attisdropped AND attgenerated = ''
    GROUP BY name
"""
_REFERENCES = """
    SELECT format('%I.%I', own_schema.nspname, own.relname) AS name,
        format('%I.%I', other_schema.nspname, other.relname) AS referred
    FROM pg_constraint
    JOIN pg_class AS own ON own.oid = conrelid
    JOIN pg_namespace AS own_schema ON own_schema.oid = own.relnamespace
    JOIN pg_class AS other ON other.oid = confrelid
    JOIN pg_namespace AS other_schema ON other_schema.oid = other.relnamespace
    WHERE contype = 'f' AND conrelid <> confrelid
"""
_NOTED = "SELECT name, sha256 FROM migrations ORDER BY name"
_IS_THERE = "SELECT to_regclass($1) IS NOT NULL"
_IS_USED = "SELECT EXISTS (SELECT FROM public.heads)"
_TABLES = """
    SELECT count(*) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
"""


class DatabaseNotEmpty(LedgerError):
    """A backup is loaded into an empty database only: this one holds tables or a ledger already.

    备份只能恢复到空数据库：该数据库中已有数据表或账本。
    """


class ExportUnknown(LedgerError):
    """The export names tables or migrations that this version does not know: use that version.

    该导出包含本版本不认识的数据表或升级文件，请使用相应版本。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of an export and its columns, in the order of its file."""

    name: str
    columns: tuple[str, ...]

    @property
    def short(self) -> str:
        """The name without its schema."""
        return self.name.partition(".")[2]


@asynccontextmanager
async def frozen(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees the database as of one moment, until the block ends."""
    db = await connect(dsn, command_timeout=None)
    try:
        async with db.transaction(isolation="repeatable_read", readonly=True):
            await db.execute(_PLAIN)
            yield db
    finally:
        await db.close()


async def noted_migrations(db: Connection) -> dict[str, str]:
    """Return names and digests of the migrations that ran (refuses with ``DatabaseIsNewer``)."""
    noted = {row["name"]: row["sha256"] for row in await db.fetch(_NOTED)}
    known = {migration.name for migration in read_migrations()}
    for name in sorted(noted.keys() - known):
        raise DatabaseIsNewer(migration=name)
    return noted


async def tables_there(db: Connection, names: Collection[str] = COPIED) -> list[Table]:
    """Return the tables that there are, each after those that it refers to."""
    found = {
        row["name"]: Table(name=row["name"], columns=tuple(row["columns"]))
        for row in await db.fetch(_COLUMNS, sorted(names))
    }
    before: dict[str, set[str]] = {name: set() for name in sorted(found)}
    for name, referred in await db.fetch(_REFERENCES):
        if name in found and referred in found:
            before[name].add(referred)
    return [found[name] for name in TopologicalSorter(before).static_order()]


async def copy_out(
    db: asyncpg.Connection, table: Table, write: Callable[[bytes], Awaitable[None]]
) -> int:
    """Write a table's rows as ``COPY`` text; return how many there are."""
    told = await db.copy_from_table(
        table.short, schema_name=LOG_SCHEMA, columns=table.columns, output=write, format="text"
    )
    return int(told.rpartition(" ")[2])


async def copy_in(db: asyncpg.Connection, table: Table, source: AsyncIterator[bytes]) -> int:
    """Load a table from ``COPY`` text; return how many rows it has."""
    told = await db.copy_to_table(
        table.short, schema_name=LOG_SCHEMA, columns=table.columns, source=source, format="text"
    )
    return int(told.rpartition(" ")[2])


async def refuse_a_used_database(dsn: str) -> None:
    """Make sure that a database has no ledger and no tables of others (``DatabaseNotEmpty``)."""
    db = await connect(dsn)
    try:
        if await db.fetchval(_IS_THERE, "public.heads"):
            is_used = await db.fetchval(_IS_USED)
        else:
            is_used = await db.fetchval(_TABLES) > await db.fetchval(_IS_THERE, NOTES)
        if is_used:
            raise DatabaseNotEmpty(database=await db.fetchval("SELECT current_database()"))
    finally:
        await db.close()


async def load(
    owner_dsn: str,
    migrations: Iterable[str],
    tables: Sequence[Table],
    source_of: Callable[[Table], AsyncIterator[bytes]],
) -> dict[str, int]:
    """Make the tables as they were and fill all of them, or none; return the rows of each.

    What is newer than the export is left to the next migration. Raises ``ExportUnknown``.
    """
    db = await connect(owner_dsn, search_path=OWNERS_PATH, command_timeout=None)
    try:
        await db.execute("SET statement_timeout = 0")
        await migrate(db, _as_they_were(migrations))
        known = {table.name: table for table in await tables_there(db)}
        if unknown := sorted({table.name for table in tables} - known.keys()):
            raise ExportUnknown(tables=", ".join(unknown))
        named = {table.name: table for table in tables}
        async with db.transaction():
            await db.execute(_PLAIN)
            return {
                name: await copy_in(db, named[name], source_of(named[name]))
                for name in known
                if name in named
            }
    finally:
        await db.close()


def _as_they_were(names: Iterable[str]) -> list[Migration]:
    known = {migration.name: migration for migration in read_migrations()}
    wanted = sorted(names)
    if unknown := [name for name in wanted if name not in known]:
        raise ExportUnknown(migrations=", ".join(unknown))
    return [known[name] for name in wanted]
