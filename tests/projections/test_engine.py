"""Views follow the log: exactly once, in any batches, by any number of workers."""

from __future__ import annotations

import asyncio
import gc
from datetime import timedelta
from uuid import UUID

import pytest

from ledger.storage.ledger import Ledger
from projections.engine import Row, ViewStopped, catch_up, install_missing, status
from projections.engine.following import Following
from projections.engine.view import View
from tests.examples import AT, by
from tests.projections.jars import jars_view
from tests.storage.jars import Jar


async def jar_with(ledger: Ledger, *stones: int, label: str = "jar") -> UUID:
    """Record one jar and its fillings, a minute apart."""
    jar = Jar.make(by(), label=label)
    for minute, count in enumerate(stones, start=1):
        jar.fill(by(at=AT + timedelta(minutes=minute)), count)
    return (await ledger.save(jar)).id


async def rows_of(ledger: Ledger, table: str) -> list[Row]:
    """Return the ledger's rows of a table, in the order of its second column."""
    rows = await ledger.pool.fetch(
        f"SELECT * FROM {table} WHERE ledger_id = $1 ORDER BY 2, 3",  # noqa: S608
        ledger.id,
    )
    return [dict(row) for row in rows]


async def test_commands_in_rows_out(ledger: Ledger) -> None:
    view = jars_view()
    jar_id = await jar_with(ledger, 3)
    await catch_up(ledger, [view])
    jar = await ledger.load(Jar, jar_id)
    jar.fill(by(at=AT - timedelta(days=1)), 4)
    await ledger.save(jar)
    await catch_up(ledger, [view])
    (row,) = await rows_of(ledger, "test_jars_v1")
    lines = await rows_of(ledger, "test_fillings_v1")
    (stands,) = await status(ledger.pool, ledger.id, [view])

    assert (row["stones"], row["positions"]) == (7, [0, 1, 2])
    assert row["occurred_at"] == AT + timedelta(minutes=1), "the latest of all, not the last"
    assert [(line["position"], line["line_no"], line["stones"]) for line in lines] == [
        (1, 0, 3),
        (2, 0, 4),
    ]
    assert (stands.position, stands.lag, stands.failure) == (2, 0, None)


async def test_every_change_leaves_an_image(ledger: Ledger) -> None:
    await jar_with(ledger, 3, 4)
    await catch_up(ledger, [jars_view()])
    images = await rows_of(ledger, "test_jar_states_v1")

    assert [(i["position"], i["stones"], i["positions"]) for i in images] == [
        (0, 0, [0]),
        (1, 3, [0, 1]),
        (2, 7, [0, 1, 2]),
    ]


async def test_rows_that_several_streams_share_are_counted_right(ledger: Ledger) -> None:
    view = jars_view()
    for label in ("a", "b", "a"):
        await jar_with(ledger, label=label)
        await catch_up(ledger, [view])
    rows = await rows_of(ledger, "test_labels_v1")

    assert [
        (r["label"], r["jar_count"], r["first_position"], r["last_position"]) for r in rows
    ] == [
        ("a", 2, 0, 2),
        ("b", 1, 1, 1),
    ]


@pytest.mark.parametrize("batch_entries", [1, 7, 1_000])
async def test_the_size_of_batches_makes_no_difference(ledger: Ledger, batch_entries: int) -> None:
    view = jars_view()
    for number in range(20):
        await jar_with(ledger, *range(number, number + 5), label=f"label {number % 3}")
    await install_missing(ledger.pool, (view,))
    await Following(ledger.pool, ledger.id, [view], batch_entries=batch_entries).catch_up()

    await assert_counted_once(ledger)


async def test_a_large_batch_is_one_transaction(ledger: Ledger) -> None:
    view = jars_view()
    for _ in range(10):
        jars = [Jar.make(by(), label=f"label {number % 9}") for number in range(100)]
        for jar in jars:
            for stones in range(1, 5):
                jar.fill(by(), stones)
        await ledger.save(*jars)
    await install_missing(ledger.pool, (view,))
    usual = gc.get_threshold()
    await Following(ledger.pool, ledger.id, [view], batch_entries=10_000).catch_up()
    assert gc.get_threshold() == usual, "the collector works as before"
    writers = await ledger.pool.fetchval(
        "SELECT count(DISTINCT xmin::text) FROM test_jar_states_v1 WHERE ledger_id = $1", ledger.id
    )

    assert writers == 1
    await assert_counted_once(ledger)


async def test_of_many_workers_at_once_each_entry_counts_once(ledger: Ledger) -> None:
    view = jars_view()
    await install_missing(ledger.pool, (view,))
    workers = [Following(ledger.pool, ledger.id, [view], batch_entries=n) for n in (3, 5, 8, 13)]

    async def write() -> None:
        for number in range(40):
            await jar_with(ledger, *range(1, 5), label=f"label {number % 3}")

    async def work(worker: Following, writing: asyncio.Task[None]) -> None:
        while not writing.done():
            await worker.catch_up()
            await asyncio.sleep(0)
        await worker.catch_up()

    writing = asyncio.create_task(write())
    await asyncio.gather(writing, *(work(worker, writing) for worker in workers))

    await assert_counted_once(ledger)
    assert all(follower.position == 199 for worker in workers for follower in worker.followers)


async def assert_counted_once(ledger: Ledger) -> None:
    """Compare rows, lines and images with the log itself."""
    facts = await ledger.pool.fetchrow(
        """
        SELECT (SELECT sum(stones) FROM test_jars_v1 WHERE ledger_id = $1) AS held,
               (SELECT sum(stones) FROM test_fillings_v1 WHERE ledger_id = $1) AS filled,
               (SELECT sum(jar_count) FROM test_labels_v1 WHERE ledger_id = $1) AS labelled,
               (SELECT count(*) FROM test_jars_v1 WHERE ledger_id = $1) AS jars,
               (SELECT count(*) FROM test_jar_states_v1 WHERE ledger_id = $1) AS images,
               (SELECT sum(cardinality(positions)) FROM test_jars_v1 WHERE ledger_id = $1) AS named,
               (SELECT size FROM heads WHERE ledger_id = $1) AS size,
               (SELECT sum((convert_from(substring(entry FROM position('\n'::bytea IN entry) + 1),
                                         'UTF8')::json ->> 'stones')::bigint)
                FROM events WHERE ledger_id = $1 AND topic = 'test_jar.filled.v1') AS recorded
        """,
        ledger.id,
    )

    assert facts["held"] == facts["filled"] == facts["recorded"]
    assert facts["labelled"] == facts["jars"]
    assert facts["images"] == facts["named"] == facts["size"]


async def test_a_batch_reads_the_rows_it_needs_at_once_and_forgets_the_oldest(
    ledger: Ledger,
) -> None:
    view = jars_view()
    ids = [await jar_with(ledger, label=f"{number}") for number in range(30)]
    await install_missing(ledger.pool, (view,))
    following = Following(ledger.pool, ledger.id, [view], batch_entries=5)
    (follower,) = following.followers
    follower.cache.rows_max = 8
    await following.catch_up()
    for jar_id in ids:
        jar = await ledger.load(Jar, jar_id)
        jar.fill(by())
        await ledger.save(jar)
        await following.catch_up()

    assert len(follower.cache) <= 2 * (8 + 2 * 5)
    await assert_counted_once(ledger)


async def test_a_higher_version_fills_its_own_tables_beside(ledger: Ledger) -> None:
    old, new = jars_view(), jars_view(version=2)
    await jar_with(ledger, 3)
    await catch_up(ledger, [old])
    await jar_with(ledger, 4)
    await catch_up(ledger, [new])
    (kept,) = await rows_of(ledger, "test_jars_v1")
    stands = await status(ledger.pool, ledger.id, [old])

    assert kept["stones"] == 3, "the old one still answers as it did"
    assert [row["stones"] for row in await rows_of(ledger, "test_jars_v2")] in ([3, 4], [4, 3])
    assert stands[0].position == 1
    await catch_up(ledger, [old])
    assert len(await rows_of(ledger, "test_jars_v1")) == 2


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"jar_id": UUID(int=1), "label": "x", "sotnes": 1}, "ColumnUnknown"),
        ({"jar_id": UUID(int=1)}, "NotNullViolation"),
        ({"jar_id": UUID(int=1), "label": 5}, "TypeError"),
    ],
)
async def test_a_row_that_does_not_fit_its_table_stops_the_view(
    ledger: Ledger, row: Row, problem: str
) -> None:
    view = View("test_misfit", version=1, sql=jars_view().sql)
    jars = view.table("test_jars_v1", key=("jar_id",), history="test_jar_states_v1")

    @view.on_every
    async def every(rows: object, entry: object) -> None:
        rows.put(jars, row)  # type: ignore[attr-defined]

    await jar_with(ledger)
    with pytest.raises(ViewStopped):
        await catch_up(ledger, [view])
    (stands,) = await status(ledger.pool, ledger.id, [view])

    assert (stands.position, stands.failed_position) == (-1, 0)
    assert problem in str(stands.failure)


async def test_a_row_put_as_new_must_not_exist(ledger: Ledger) -> None:
    view = View("test_twice", version=1, sql=jars_view().sql)
    labels = view.table("test_labels_v1", key=("label",), is_per_stream=False)

    @view.on(Jar.Made)
    async def made(rows: object, event: Jar.Made, entry: object) -> None:
        rows.put(labels, {"label": event.label, "jar_count": 1})  # type: ignore[attr-defined]

    await jar_with(ledger)
    await catch_up(ledger, [view])
    await jar_with(ledger)
    with pytest.raises(ViewStopped):
        await catch_up(ledger, [view])
    (stands,) = await status(ledger.pool, ledger.id, [view])

    assert stands.failed_position == 1
    assert "UniqueViolation" in str(stands.failure)
