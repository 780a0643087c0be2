"""A process that migrates a database and is killed at a chosen step.

Its connection goes through the proxy, which counts the messages that it sends: message n is
handed to the server, then the process is killed. So the server may carry out the statement
of a client that is no more, a COMMIT among them.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
from hashlib import sha256
from pathlib import Path

import asyncpg

from ledger.storage.migrate import Migration, migrate
from tests.faults.proxy import Proxy
from tests.waiting import wait_until

_processes = multiprocessing.get_context("forkserver")

SCHEMA = """
    SELECT coalesce(string_agg(thing, E'\\n' ORDER BY thing), '') FROM (
        SELECT format('column %s.%s %s %s', attrelid::regclass, attname, atttypid::regtype,
                attnotnull) AS thing
            FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
            WHERE relnamespace = current_schema()::regnamespace AND attnum > 0
        UNION ALL SELECT format('constraint %s %s', conname, pg_get_constraintdef(oid))
            FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
        UNION ALL SELECT format('trigger %s', pg_get_triggerdef(oid)) FROM pg_trigger
            WHERE NOT tgisinternal
        UNION ALL SELECT format('function %s', proname) FROM pg_proc
            WHERE pronamespace = current_schema()::regnamespace
    ) AS things
"""
LOCKS = """
    SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE locktype = 'advisory' AND datname = current_database()
"""
NOTED = "SELECT name FROM migrations ORDER BY name"


async def run_migrations(dsn: str, migrations: list[Migration]) -> None:
    """Migrate over a connection of its own."""
    db = await asyncpg.connect(dsn)
    await migrate(db, migrations)
    await db.close()


def run_process(dsn: str, migrations: list[Migration]) -> None:
    """Migrate (the main function of the process)."""
    asyncio.run(run_migrations(dsn, migrations))


async def migrate_until(dsn: str, migrations: list[Migration], step: int) -> bool:
    """Migrate in a process that is killed after its message ``step``; return whether it was."""
    sent = 0
    with tempfile.TemporaryDirectory() as folder:
        async with Proxy(dsn, Path(folder)) as proxy:
            process = _processes.Process(target=run_process, args=(proxy.dsn, migrations))

            def count() -> None:
                nonlocal sent
                sent += 1
                if sent == step:
                    process.kill()

            proxy.on_request = count
            process.start()
            await wait_until(lambda: not process.is_alive())
            process.join()
            assert process.exitcode in {0, -9}, "the migration itself failed"
            process.close()
    return sent >= step


async def schema_of(dsn: str) -> tuple[str, list[str]]:
    """Return a digest of everything in the schema, and the migrations noted as applied.

    Waits until the server is done with clients that died.
    """
    db = await asyncpg.connect(dsn)
    try:
        await alone(db)
        digest = sha256((await db.fetchval(SCHEMA)).encode()).hexdigest()
        has_notes = await db.fetchval("SELECT to_regclass('migrations') IS NOT NULL")
        noted = [row["name"] for row in await db.fetch(NOTED)] if has_notes else []
    finally:
        await db.close()
    return digest, noted


async def alone(db: asyncpg.Connection) -> None:
    """Wait until no migration holds or awaits the lock any more."""
    for _ in range(10_000):
        if not await db.fetchval(LOCKS):
            return
    raise AssertionError("a migration that was killed still holds its lock")
