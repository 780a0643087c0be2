"""Make a view again from the log: to mend it, to check it, or to say what it was at a position."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from ledger.storage.connect import Connection, connect
from projections.engine.checkpoints import lock_checkpoint, move_checkpoint, read_checkpoints
from projections.engine.digests import ViewDigest, digest_tables, key_of, ordering
from projections.engine.install import install_missing
from projections.engine.scratch import Scratch, open_scratch
from projections.engine.shape import read_shape
from projections.engine.view import Row, View


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A view was made again from the log, up to ``position``."""

    view: str
    version: int
    position: int
    row_count: int


@dataclass(frozen=True, slots=True)
class Difference:
    """The first row, by its key, that is not what the log says.

    ``live`` or ``rebuilt`` is ``None`` where there is no such row; else the columns that differ.
    """

    table: str
    key: Row
    live: Row | None
    rebuilt: Row | None


@dataclass(frozen=True, slots=True)
class Verified:
    """A view compared with what the log makes of it, both at the same position."""

    live: ViewDigest
    rebuilt: ViewDigest
    difference: Difference | None

    @property
    def is_right(self) -> bool:
        return self.live == self.rebuilt


async def rebuild(dsn: str, ledger_id: str, view: View) -> Rebuilt:
    """Make the view again beside the live one, then put the rows in its place at once.

    Readers see the old rows until the new ones are there. A view that had stopped goes on.
    Raises ``ViewStopped`` when it still cannot apply an entry; the live rows then stay.
    """
    async with open_scratch(dsn, ledger_id, view) as scratch:
        await scratch.fill()
        async with scratch.live.transaction():
            await lock_checkpoint(scratch.live, ledger_id, view)
            position = await scratch.fill()
            row_count = 0
            for table in view.table_names():
                row_count += await _swap(scratch, ledger_id, table)
            await move_checkpoint(scratch.live, ledger_id, view, position)
    return Rebuilt(view.name, view.version, position, row_count)


async def verify(dsn: str, ledger_id: str, view: View) -> Verified:
    """Make the view again up to where the live one stands, and compare every row."""
    async with open_scratch(dsn, ledger_id, view) as scratch:
        await scratch.fill(await _position(scratch.live, ledger_id, view))
        async with _same_moment(dsn, scratch, ledger_id, view) as (db, position):
            live = await digest_tables(db, ledger_id, view)
            rebuilt = await digest_tables(db, ledger_id, view, scratch.schema)
            return Verified(
                ViewDigest(view.name, view.version, position, live),
                ViewDigest(view.name, view.version, position, rebuilt),
                await _first_difference(db, ledger_id, scratch.schema, live, rebuilt),
            )


async def digest(
    dsn: str, ledger_id: str, view: View, *, position: int | None = None
) -> ViewDigest:
    """Hash the view as it stands, or as it was after the entry at ``position``.

    The past is made again from the log; a position beyond its end is not waited for.
    """
    db = await connect(dsn, command_timeout=None)
    try:
        await install_missing(db, (view,))
        async with db.transaction(isolation="repeatable_read", readonly=True):
            stands_at = await _position(db, ledger_id, view)
            if position in {None, stands_at}:
                tables = await digest_tables(db, ledger_id, view)
                return ViewDigest(view.name, view.version, stands_at, tables)
    finally:
        await db.close()
    async with open_scratch(dsn, ledger_id, view) as scratch:
        reached = await scratch.fill(position)
        async with scratch.live.transaction():
            tables = await digest_tables(scratch.live, ledger_id, view, scratch.schema)
    return ViewDigest(view.name, view.version, reached, tables)


@asynccontextmanager
async def _same_moment(
    dsn: str, scratch: Scratch, ledger_id: str, view: View
) -> AsyncIterator[tuple[asyncpg.Connection, int]]:
    """Give a snapshot in which live view and copy stand at the same position.

    The live view is held only while the copy is brought to where it stands.
    """
    db = await connect(dsn, command_timeout=None)
    try:
        async with scratch.live.transaction():
            position = (await lock_checkpoint(scratch.live, ledger_id, view)).position
            await scratch.fill(position)
            snapshot = db.transaction(isolation="repeatable_read")
            await snapshot.start()
            await db.execute("SELECT count(*) FROM view_checkpoints")  # the snapshot is taken here
        yield db, position
    finally:
        await db.close()


async def _swap(scratch: Scratch, ledger_id: str, table: str) -> int:
    db = scratch.live
    columns = ", ".join((await read_shape(db, table)).names)
    await db.execute(f"DELETE FROM {table} WHERE ledger_id = $1", ledger_id)  # noqa: S608 - names from code
    status: str = await db.execute(
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {scratch.schema}.{table}"  # noqa: S608 - names from code
    )
    return int(status.rpartition(" ")[2])


async def _position(db: Connection, ledger_id: str, view: View) -> int:
    return (await read_checkpoints(db, ledger_id, (view,)))[view.name].position


async def _first_difference(
    db: Connection, ledger_id: str, schema: str, live: Any, rebuilt: Any
) -> Difference | None:
    for ours, theirs in zip(live, rebuilt, strict=True):
        if ours != theirs:
            return await _difference_in(db, ledger_id, schema, ours.table)
    return None


async def _difference_in(
    db: Connection, ledger_id: str, schema: str, table: str
) -> Difference | None:
    """Find the first key whose rows differ, and say in which columns."""
    key, shape = await key_of(db, table), await read_shape(db, table)
    keys = ", ".join(key)
    found = await db.fetchrow(
        f"SELECT {keys} FROM (SELECT * FROM {table} WHERE ledger_id = $1) AS live"  # noqa: S608 - names from code
        f" FULL JOIN {schema}.{table} AS rebuilt USING (ledger_id, {keys})"
        f" WHERE live IS DISTINCT FROM rebuilt ORDER BY {await ordering(db, table)} LIMIT 1",
        ledger_id,
    )
    if found is None:
        return None
    same = " AND ".join(f"{name} = ${number}" for number, name in enumerate(key, start=2))
    ours, theirs = [
        await db.fetchrow(
            f"SELECT * FROM {place} WHERE ledger_id = $1 AND {same}",  # noqa: S608 - names from code
            ledger_id,
            *found,
        )
        for place in (table, f"{schema}.{table}")
    ]
    differing = [n for n in shape.names if not ours or not theirs or ours[n] != theirs[n]]
    return Difference(table, dict(found), _only(ours, differing), _only(theirs, differing))


def _only(record: Any, names: list[str]) -> Row | None:
    return None if record is None else {name: record[name] for name in names}
