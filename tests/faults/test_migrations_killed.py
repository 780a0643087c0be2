"""F24: a migration is killed at each of its steps: the old schema or the new one, never between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from ledger.storage.ledger import create_ledger
from ledger.storage.migrate import Migration, read_migrations
from tests.faults.diary import Diary
from tests.faults.migrating import migrate_until, run_migrations, schema_of
from tests.faults.oracle import check_ledger
from tests.faults.writers import Writers, shared_jar_in
from tests.storage_fixtures import ORIGIN

LATER = [
    Migration(
        "9001_notes.sql",
        "ALTER TABLE events ADD COLUMN note text;"
        "CREATE TABLE later (id bigint PRIMARY KEY, size bigint NOT NULL);"
        "INSERT INTO later SELECT 1, coalesce(max(size), 0) FROM heads;",
    ),
    Migration(
        "9002_index.sql",
        "CREATE INDEX events_by_topic ON events (ledger_id, topic, position);"
        "ALTER TABLE later ADD CONSTRAINT later_size CHECK (size >= 0);",
    ),
]


@asynccontextmanager
async def fresh_database(server_dsn: str) -> AsyncIterator[str]:
    """Give the connection string of an empty database, dropped afterwards."""
    name = f"migrating_{uuid4().hex}"
    admin = await asyncpg.connect(server_dsn)
    try:
        await admin.execute(f"CREATE DATABASE {name} STRATEGY FILE_COPY")
        yield urlunsplit(urlsplit(server_dsn)._replace(path=f"/{name}"))
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await admin.close()


async def whole_schemas(server_dsn: str, migrations: list[Migration]) -> dict[int, str]:
    """Return the digest of the schema after each number of migrations."""
    async with fresh_database(server_dsn) as dsn:
        schemas = {}
        for number in range(len(migrations) + 1):
            await run_migrations(dsn, migrations[:number])
            schemas[number], _ = await schema_of(dsn)
    return schemas


async def test_f24_a_migration_killed_at_any_step_leaves_the_old_schema_or_the_new_one(
    server_dsn: str,
) -> None:
    migrations = [*read_migrations(), *LATER]
    names = [migration.name for migration in migrations]
    whole = await whole_schemas(server_dsn, migrations)
    reached = set()
    for step in count(1):
        async with fresh_database(server_dsn) as dsn:
            was_killed = await migrate_until(dsn, migrations, step)
            schema, noted = await schema_of(dsn)
            assert noted == names[: len(noted)]
            assert schema == whole[len(noted)]
            await run_migrations(dsn, migrations)
            assert await schema_of(dsn) == (whole[len(names)], names), "the rerun finishes"
        reached.add(len(noted))
        if not was_killed:
            break
    assert reached == set(range(len(names) + 1)), "every migration was cut off before and after"


async def test_f24_a_migration_under_load_is_killed_at_each_step_and_finishes(
    server_dsn: str, tmp_path: Path
) -> None:
    async with fresh_database(server_dsn) as dsn:
        await run_migrations(dsn, read_migrations())
        db = await asyncpg.connect(dsn)
        await create_ledger(db, "loaded", origin=ORIGIN)
        await db.close()
        jar = await shared_jar_in(dsn, "loaded")
        with Writers(dsn, "loaded", tmp_path, shared_jar=jar, lanes=2) as writers:
            writers.start(3)
            await writers.all_begun()
            for step in count(1):
                await writers.go_on(10)
                if not await migrate_until(dsn, [*read_migrations(), *LATER], step):
                    break
            await writers.go_on(100)
        _, noted = await schema_of(dsn)
        await check_ledger(dsn, "loaded", Diary.read(tmp_path))

    assert [name for name in noted if name.startswith("9")] == [one.name for one in LATER]
