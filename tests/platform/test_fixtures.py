"""The fixtures that all other tests stand on."""

from __future__ import annotations

import asyncpg


async def test_a_database_is_fresh_and_empty(database: str) -> None:
    connection = await asyncpg.connect(database)
    tables = await connection.fetchval(
        "SELECT count(*) FROM pg_tables WHERE schemaname = ANY (current_schemas(false))"
    )
    await connection.close()

    assert tables == 0
    assert "/test_" in database


async def test_the_next_one_is_another(database: str, server_dsn: str) -> None:
    connection = await asyncpg.connect(server_dsn)
    names = await connection.fetch("SELECT datname FROM pg_database WHERE datname LIKE 'test_%'")
    await connection.close()

    assert database.partition("?")[0].rpartition("/")[2] in {row["datname"] for row in names}
