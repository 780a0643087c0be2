"""What the columns of a view's table are, as the database says, and how values become rows.

A row in memory must be the same whether a handler just made it or it was read
back: else a rebuild, whose batches begin elsewhere, could differ. So values are
brought into the form in which the database returns them when they are put.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias

import orjson

from ledger.core.errors import LedgerError
from ledger.storage.connect import Database
from projections.engine.view import Row

FILLED = frozenset(
    {
        *("ledger_id", "positions", "first_position", "last_position"),
        *("occurred_at", "recorded_at", "is_late"),
    }
)
"""Columns that the engine fills in itself, where a table has them."""

FIRST_EDGE = datetime(1, 1, 2, tzinfo=UTC)
LAST_EDGE = datetime(9999, 12, 31, tzinfo=UTC)
"""What stands for a moment beyond: the very first and last ones mean infinity to the database."""

Change: TypeAlias = Callable[[Any], Any]

_COLUMNS = """
    SELECT attname AS name, format_type(atttypid, atttypmod) AS type,
           pg_get_expr(adbin, adrelid) AS default_expression
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
    ORDER BY attnum
"""


class TableMissing(LedgerError):
    """A table of this view is not in the database; run ``minzhang init``.

    数据库中缺少该视图的数据表，请运行 minzhang init。
    """


class ColumnUnknown(LedgerError):
    """A view puts a value into a column that its table does not have.

    视图写入了数据表中不存在的列。
    """


class Shape:
    """The columns of one table, in order: name to SQL type, and what a new row starts as."""

    def __init__(self, table: str, types: dict[str, str], defaults: Row) -> None:
        self.table = table
        self.types = types
        self.names = tuple(types)
        self.json_names = tuple(name for name, kind in types.items() if kind in {"jsonb", "json"})
        self.array_names = tuple(name for name, kind in types.items() if kind.endswith("[]"))
        self.settlers = _of_columns(types, _settler)
        self.blank: Row = dict.fromkeys(types) | self.read(defaults)

    def full(self, row: Row) -> Row:
        """Return a copy of the row with every column (refuses with ``ColumnUnknown``)."""
        full = {**self.blank, **row} if len(row) < len(self.blank) else row.copy()
        if len(full) != len(self.blank):
            self.check(row)
        return full

    def check(self, row: Row) -> None:
        """Refuse what is no column (``ColumnUnknown``)."""
        if unknown := row.keys() - self.blank.keys():
            raise ColumnUnknown(table=self.table, columns=", ".join(sorted(unknown)))

    def copy(self, row: Row) -> Row:
        """Return a copy that a handler may change without changing the row."""
        copy = row.copy()
        for name in self.array_names:
            if (value := copy[name]) is not None:
                copy[name] = value[:]
        for name in self.json_names:
            if (value := copy[name]) is not None:
                copy[name] = _settle_json(value)
        return copy

    def read(self, record: Any) -> Row:
        """Return a database record as a row."""
        row = dict(record)
        for name in self.json_names:
            if isinstance(row.get(name), str):
                row[name] = orjson.loads(row[name])
        return row


async def read_shape(db: Database, table: str) -> Shape:
    """Look a table up (refuses with ``TableMissing``)."""
    columns = await db.fetch(_COLUMNS, table)
    if not columns:
        raise TableMissing(table=table)
    types = {column["name"]: column["type"] for column in columns}
    expressions = {c["name"]: c["default_expression"] for c in columns if c["default_expression"]}
    if not expressions:
        return Shape(table, types, {})
    # The expressions come from the view's own DDL, by way of the catalog.
    values = await db.fetchrow("SELECT " + ", ".join(expressions.values()))
    return Shape(table, types, dict(zip(expressions, values, strict=True)))


def _of_columns(
    types: dict[str, str], find: Callable[[str], Change | None]
) -> tuple[tuple[str, Change], ...]:
    found = ((name, find(kind)) for name, kind in types.items() if name not in FILLED)
    return tuple((name, change) for name, change in found if change is not None)


def _settler(kind: str) -> Change | None:
    if kind in {"jsonb", "json"}:
        return _settle_json
    if kind.endswith("[]"):
        return list
    if kind == "timestamp with time zone":
        return settle_moment
    return None


def _settle_json(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value, default=str))


def settle_moment(value: datetime) -> datetime:
    """Return a moment in UTC; one at the calendar's edge, from an old event, is moved into it."""
    if value.tzinfo is UTC:
        return value
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return LAST_EDGE if value.year > 1 else FIRST_EDGE
