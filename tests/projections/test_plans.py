"""No statement keeps a plan that was made while its table was small."""

from __future__ import annotations

from itertools import pairwise

import asyncpg

from ledger.merkle.tree import leaf_hash
from ledger.storage.ledger import Ledger, create_ledger, open_ledger
from ledger.storage.plans import EVERY_MAX, FIRST, PlansAge
from ledger.storage.requests import Once
from projections.engine import install_missing
from projections.engine.following import Following
from tests.databases import ledger_database
from tests.examples import by
from tests.projections.jars import jars_view
from tests.storage.jars import Jar
from tests.storage_fixtures import ORIGIN


def test_plans_are_old_when_twice_as_much_was_written() -> None:
    age = PlansAge()
    told = [written for written in range(0, 200_001, 100) if age.are_old(written)]
    assert told[:4] == [FIRST, 3 * FIRST, 7 * FIRST, 15 * FIRST]
    assert max(after - before for before, after in pairwise(told)) == EVERY_MAX


async def save_jars(ledger: Ledger, count: int, name: str) -> None:
    """Record so many jars in one request that has a key."""
    once = Once(caller="tests", key=name, request_digest=leaf_hash(b"body"))
    await ledger.for_request(once=once).save(*(Jar.make(by()) for _ in range(count)))


async def kept_plan(db: asyncpg.Connection, part: str, arguments: str) -> str:
    """Return the plan by which a connection would answer a statement that it has prepared."""
    name = await db.fetchval(
        "SELECT name FROM pg_prepared_statements"
        " WHERE strpos(statement, $1) > 0 AND strpos(statement, 'pg_prepared') = 0",
        part,
    )
    await db.execute("SET plan_cache_mode = force_generic_plan")
    lines = await db.fetch(f'EXPLAIN EXECUTE "{name}" ({arguments})')
    await db.execute("RESET plan_cache_mode")
    return "\n".join(line for (line,) in lines)


async def test_keys_are_looked_up_by_index_when_the_table_has_grown(server_dsn: str) -> None:
    async with ledger_database(server_dsn, "plans") as doors:
        superuser = await asyncpg.connect(doors.superuser)
        await superuser.execute("ALTER TABLE receipts SET (autovacuum_enabled = off)")
        await superuser.execute("VACUUM ANALYZE receipts")
        await create_ledger(superuser, "plans", origin=ORIGIN)
        async with open_ledger(doors.app, "plans", pool_size_max=2) as ledger:
            for number in range(8):  # from the sixth time on the plan is kept
                await save_jars(ledger, 1, f"first {number}")
            await superuser.execute(
                "INSERT INTO receipts (ledger_id, caller, key, request_digest, stream_id, version,"
                " first_position, event_count) SELECT 'plans', 'tests', n::text,"
                " decode(repeat('00', 32), 'hex'), 's', n, n, 1 FROM generate_series(1, 20000) n"
            )
            await save_jars(ledger, FIRST, "many")
            for number in range(3):
                await save_jars(ledger, 1, f"then {number}")
            db = ledger._store.appender._connection
            assert db is not None
            plan = await kept_plan(db, "FROM receipts", "'plans', '{tests}', '{17}'")
            assert "(key = " in plan, plan
            assert "Seq Scan" not in plan
        await superuser.close()


async def test_views_follow_on_new_connections_when_much_was_applied(ledger: Ledger) -> None:
    view = jars_view()
    await install_missing(ledger.pool, (view,))
    following = Following(ledger.pool, ledger.id, [view])

    async def sessions() -> set[int]:
        held = [await ledger.pool.acquire() for _ in range(ledger.pool.get_max_size())]
        pids = {one.get_server_pid() for one in held}
        for one in held:
            await ledger.pool.release(one)
        return pids

    await save_jars(ledger, FIRST - 10, "some")
    await following.catch_up()
    before = await sessions()
    await save_jars(ledger, 20, "more")
    await following.catch_up()
    assert before.isdisjoint(await sessions())
