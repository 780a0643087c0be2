"""What the columns of a view's table are, as the database says, and how values become rows.

A row in memory must be the same whether a handler just made it or it was read
back: else a rebuild, whose batches begin elsewhere, could differ. So values are
brought into the form in which the database returns them when they are put.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from ledger.core.errors import LedgerError
from ledger.storage.connect import Database
from projections.engine.view import Row

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


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of one table, in order: name to SQL type, and what a new row starts as."""

    table: str
    types: dict[str, str]
    blank: Row

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.types)

    @property
    def json_names(self) -> tuple[str, ...]:
        """The columns that hold JSON."""
        return tuple(name for name, kind in self.types.items() if kind in {"jsonb", "json"})

    def settlers(self) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
        """Return what brings a column's value into the form in which it comes back."""
        found = ((name, _settler(kind)) for name, kind in self.types.items())
        return tuple((name, settle) for name, settle in found if settle is not None)

    def copiers(self) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
        """Return what copies the values that a handler could change in place."""
        found = ((name, _copier(kind)) for name, kind in self.types.items() if name != "positions")
        return tuple((name, copy) for name, copy in found if copy is not None)

    def full(self, row: Row) -> Row:
        """Return the row with every column, in order (refuses with ``ColumnUnknown``)."""
        full = {**self.blank, **row}
        if len(full) != len(self.blank):
            unknown = ", ".join(sorted(row.keys() - self.blank.keys()))
            raise ColumnUnknown(table=self.table, columns=unknown)
        return full

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
    blank: Row = dict.fromkeys(types)
    defaults = {c["name"]: c["default_expression"] for c in columns if c["default_expression"]}
    if defaults:
        # The expressions come from the view's own DDL, by way of the catalog.
        values = await db.fetchrow("SELECT " + ", ".join(defaults.values()))
        blank.update(zip(defaults, values, strict=True))
    shape = Shape(table, types, {})
    return Shape(table, types, shape.read(blank))


def _settler(kind: str) -> Callable[[Any], Any] | None:
    if kind in {"jsonb", "json"}:
        return _settle_json
    if kind.endswith("[]"):
        return list
    if kind == "timestamp with time zone":
        return _settle_moment
    return None


def _copier(kind: str) -> Callable[[Any], Any] | None:
    if kind in {"jsonb", "json"}:
        return _settle_json
    return list if kind.endswith("[]") else None


def _settle_json(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value))


def _settle_moment(value: datetime) -> datetime:
    return value if value.tzinfo is UTC else value.astimezone(UTC)
