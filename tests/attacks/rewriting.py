"""What a database administrator can do who knows the format as well as we do.

Nothing here goes through the ledger: plain SQL by a superuser whose session fires no trigger
(``session_replication_role = replica``), and hashes made to fit again as far as one wants.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg

from ledger.core.entry import Entry, stamp
from ledger.merkle.tiles import TILE_WIDTH, subtree_root
from ledger.merkle.tree import Frontier, leaf_hash

AMOUNT = b'"amount_fen":'
RECORDED_AT = b'"recorded_at":"'


async def entry_at(db: asyncpg.Connection, ledger_id: str, position: int) -> bytes:
    """Return the stored bytes."""
    entry: bytes = await db.fetchval(
        "SELECT entry FROM events WHERE ledger_id = $1 AND position = $2", ledger_id, position
    )
    return entry


def with_more_money(entry: bytes) -> bytes:
    """Return an entry that is good JSON still, with another first digit of its amount."""
    at = entry.index(AMOUNT) + len(AMOUNT)
    return entry[:at] + (b"9" if entry[at : at + 1] != b"9" else b"8") + entry[at + 1 :]


async def change_entry(
    db: asyncpg.Connection, ledger_id: str, position: int, entry: bytes, *, leaf: bytes | None
) -> None:
    """Replace an entry; its leaf hash too, if one is given."""
    await db.execute(
        "UPDATE events SET entry = $3, leaf_hash = coalesce($4, leaf_hash)"
        " WHERE ledger_id = $1 AND position = $2",
        ledger_id,
        position,
        entry,
        leaf,
    )


async def change_tile(
    db: asyncpg.Connection, ledger_id: str, position: int, leaf: bytes, *, root: bool
) -> None:
    """Put a leaf hash into its full tile of level 0; make the tile's root fit, or leave it."""
    number, offset = divmod(position, TILE_WIDTH)
    row = await db.fetchrow(
        "SELECT hashes, root FROM tiles WHERE ledger_id = $1 AND level = 0 AND number = $2",
        ledger_id,
        number,
    )
    assert row is not None, "the tile is full"
    hashes = row["hashes"][: 32 * offset] + leaf + row["hashes"][32 * offset + 32 :]
    await db.execute(
        "UPDATE tiles SET hashes = $3, root = $4"
        " WHERE ledger_id = $1 AND level = 0 AND number = $2",
        ledger_id,
        number,
        hashes,
        subtree_root(_hashes(hashes)) if root else row["root"],
    )


async def date_back(db: asyncpg.Connection, ledger_id: str, position: int, at: datetime) -> None:
    """Let an entry claim that it was recorded at another time; column, tree and head fit it."""
    entry = await entry_at(db, ledger_id, position)
    begin = entry.index(RECORDED_AT) + len(RECORDED_AT)
    claimed = stamp(at).encode()
    dated = entry[:begin] + claimed + entry[begin + len(claimed) :]
    await change_entry(db, ledger_id, position, dated, leaf=None)
    await db.execute(
        "UPDATE events SET recorded_at = $3 WHERE ledger_id = $1 AND position = $2",
        ledger_id,
        position,
        at,
    )
    await rebuild_tree(db, ledger_id)


async def exchange_entries(db: asyncpg.Connection, ledger_id: str, one: int, other: int) -> None:
    """Let two entries change places, with everything that stands in their rows."""
    move = "UPDATE events SET position = $3 WHERE ledger_id = $1 AND position = $2"
    for old, new in ((one, 10**9), (other, one), (10**9, other)):
        await db.execute(move, ledger_id, old, new)


async def cut_tail(db: asyncpg.Connection, ledger_id: str, size: int) -> None:
    """Delete all from a position on, what was said about it included, and mend the head."""
    await db.execute("DELETE FROM events WHERE ledger_id = $1 AND position >= $2", ledger_id, size)
    for table in ("time_stamps", "cosignatures", "checkpoints"):
        await db.execute(
            f"DELETE FROM {table} WHERE ledger_id = $1 AND size > $2",  # noqa: S608
            ledger_id,
            size,
        )
    await db.execute(
        "DELETE FROM receipts WHERE ledger_id = $1 AND first_position >= $2", ledger_id, size
    )
    await rebuild_tree(db, ledger_id)


async def rebuild_tree(db: asyncpg.Connection, ledger_id: str) -> None:
    """Make leaf hashes, tiles and head fit the entries as they are now."""
    rows = await db.fetch(
        "SELECT position, entry FROM events WHERE ledger_id = $1 ORDER BY position", ledger_id
    )
    leaves = [leaf_hash(row["entry"]) for row in rows]
    await db.executemany(
        "UPDATE events SET leaf_hash = $3 WHERE ledger_id = $1 AND position = $2",
        [(ledger_id, row["position"], leaf) for row, leaf in zip(rows, leaves, strict=True)],
    )
    await db.execute("DELETE FROM tiles WHERE ledger_id = $1", ledger_id)
    level, hashes = 0, leaves
    while hashes:
        full = len(hashes) // TILE_WIDTH
        tiles = [hashes[n * TILE_WIDTH : (n + 1) * TILE_WIDTH] for n in range(full)]
        roots = [subtree_root(tile) for tile in tiles]
        await db.executemany(
            "INSERT INTO tiles (ledger_id, level, number, hashes, root)"
            " VALUES ($1, $2, $3, $4, $5)",
            [
                (ledger_id, level, n, b"".join(tile), root)
                for n, (tile, root) in enumerate(zip(tiles, roots, strict=True))
            ],
        )
        level, hashes = level + 1, roots
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    await db.execute(
        "UPDATE heads SET size = $2, frontier = $3, recorded_at = $4 WHERE ledger_id = $1",
        ledger_id,
        len(leaves),
        frontier.to_bytes(),
        Entry(len(rows) - 1, rows[-1]["entry"]).recorded_at,
    )


def _hashes(tile: bytes) -> Sequence[bytes]:
    return [tile[at : at + 32] for at in range(0, len(tile), 32)]


@asynccontextmanager
async def taken_back(db: asyncpg.Connection) -> AsyncIterator[None]:
    """Let an attack on the tables themselves see only itself, and undo it in the end."""
    transaction = db.transaction()
    await transaction.start()
    try:
        yield
    finally:
        await transaction.rollback()


async def copy_ledger(db: asyncpg.Connection, ledger_id: str, copy_id: str) -> None:
    """Copy every row of a ledger, in every table that has ledgers, under another name."""
    tables = await db.fetch(
        "SELECT format('%I.%I', c.table_schema, c.table_name),"
        " array_agg(c.column_name::text ORDER BY c.ordinal_position) AS names"
        " FROM information_schema.columns AS c JOIN information_schema.tables AS t"
        " USING (table_schema, table_name)"
        " WHERE c.table_schema IN ('public', 'minzhang_views') AND t.table_type = 'BASE TABLE'"
        " GROUP BY c.table_schema, c.table_name"
        " HAVING bool_or(c.column_name = 'ledger_id')"
    )
    for table, names in tables:
        others = ", ".join(f'"{name}"' for name in names if name != "ledger_id")
        await db.execute(
            f"INSERT INTO {table} (ledger_id, {others})"  # noqa: S608
            f" SELECT $2, {others} FROM {table} WHERE ledger_id = $1",
            ledger_id,
            copy_id,
        )
