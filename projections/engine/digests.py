"""What a view says at a position, as a hash, so that two auditors need not exchange the rows.

    minzhang view digest v1
    deposits 1 4711                       view, version, position
    deposits_v2 88 5f0c…                  table, rows, SHA-256 of the rows
    deposit_states_v2 190 03aa…

A table's hash is over PostgreSQL's text form of COPY of all columns but
``ledger_id``, rows in the order of the primary key; times in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from ledger.storage.connect import Connection
from projections.engine.shape import read_shape
from projections.engine.view import View

_PRIMARY_KEY = """
    SELECT attname FROM pg_index
    JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)
    WHERE indrelid = to_regclass($1) AND indisprimary
    ORDER BY array_position(indkey::smallint[], attnum)
"""
_PLAIN = """
    SET LOCAL DateStyle = 'ISO, YMD';
    SET LOCAL TimeZone = 'UTC';
    SET LOCAL IntervalStyle = 'iso_8601';
    SET LOCAL bytea_output = 'hex';
    SET LOCAL extra_float_digits = 1
"""


@dataclass(frozen=True, slots=True)
class TableDigest:
    """One table's rows: how many, and their SHA-256 in hexadecimal."""

    table: str
    row_count: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ViewDigest:
    """All tables of a view as they are after the entry at ``position``."""

    view: str
    version: int
    position: int
    tables: tuple[TableDigest, ...]

    @property
    def sha256(self) -> str:
        """One hash over all."""
        lines = [
            "minzhang view digest v1",
            f"{self.view} {self.version} {self.position}",
            *(f"{table.table} {table.row_count} {table.sha256}" for table in self.tables),
        ]
        return sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


async def digest_tables(
    db: Connection, ledger_id: str, view: View, schema: str = ""
) -> tuple[TableDigest, ...]:
    """Hash the view's tables, of the live ones or of a scratch schema, in one transaction."""
    await db.execute(_PLAIN)
    return tuple([await _digest(db, ledger_id, name, schema) for name in view.table_names()])


async def key_of(db: Connection, table: str) -> tuple[str, ...]:
    """Return the columns of a table's primary key but ``ledger_id``, in order."""
    names = [row["attname"] for row in await db.fetch(_PRIMARY_KEY, table)]
    return tuple(name for name in names if name != "ledger_id")


async def ordering(db: Connection, table: str) -> str:
    """Return the key's columns as an ORDER BY that is the same on every server."""
    types = (await read_shape(db, table)).types
    return ", ".join(
        f'{name} COLLATE "C"' if types[name] == "text" else name for name in await key_of(db, table)
    )


async def _digest(db: Connection, ledger_id: str, table: str, schema: str) -> TableDigest:
    hashed = sha256()

    async def take(chunk: bytes) -> None:
        hashed.update(chunk)

    names = [name for name in (await read_shape(db, table)).names if name != "ledger_id"]
    place = f"{schema}.{table}" if schema else table
    rows = f"SELECT {', '.join(names)} FROM {place} WHERE ledger_id = $1"  # noqa: S608 - names from code
    order = await ordering(db, table)
    status: str = await db.copy_from_query(f"{rows} ORDER BY {order}", ledger_id, output=take)
    return TableDigest(table, int(status.rpartition(" ")[2]), hashed.hexdigest())
