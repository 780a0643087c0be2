"""How views are asked: as of two times, page by page, with values sent apart from the SQL.

    @dataclass(frozen=True, kw_only=True)
    class DepositQuery(AsOf, Paging):
        estate_id: UUID | None = None

    async def deposit_register(db: Database, ledger_id: str, query: DepositQuery) -> Page:
        select = Select(deposits, ledger_id, query)
        select.equal(estate_id=query.estate_id)
        return await select.page(db, query, order=("-assessed_on", "deposit_id"))

``at`` is what was true then, ``known_at`` what the ledger knew then. Without
them the rows as they are now are read; with them, of each row's images the
latest that is not later than either. Lines are filtered by the same two times. Both are exact
also when an event was told late or taken back: see ``replaying.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter
from typing import Annotated, Any, TypeVar

import asyncpg
from annotated_types import Ge, Le

from ledger.core.values import Moment
from ledger.storage.connect import Database
from projections.engine.cursors import (
    CursorInvalid,
    cursor_after,
    known_at_of,
    order_values,
    values_of,
)
from projections.engine.scoping import restrict, whole
from projections.engine.shape import Shape, read_shape
from projections.engine.view import Lines, Row, Table, View

PAGE_SIZE_MAX = 1_000


@dataclass(frozen=True, kw_only=True)
class AsOf:
    """Two times: what was true at ``at``, as the ledger knew it at ``known_at``."""

    at: Moment | None = None
    known_at: Moment | None = None

    @property
    def is_now(self) -> bool:
        """Tell whether neither is asked for."""
        return self.at is None and self.known_at is None


@dataclass(frozen=True, kw_only=True)
class Paging:
    """Which part of a long answer: ``cursor`` is the previous page's ``next_cursor``."""

    cursor: str | None = None
    page_size: Annotated[int, Ge(1), Le(PAGE_SIZE_MAX)] = 100


Q = TypeVar("Q", bound=AsOf)


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and where to go on (``None``: these were the last)."""

    rows: list[Row]
    next_cursor: str | None = None


_KNOWN = """
    SELECT recorded_at FROM events WHERE ledger_id = $1 AND position = (
        SELECT position FROM view_checkpoints WHERE ledger_id = $1 AND view = $2 AND version = $3
    )
"""
NOW = AsOf()
_shapes: dict[str, Shape] = {}


async def shape_of(db: Database, table: str) -> Shape:
    """Return a table's columns; they never change, a changed view has other tables."""
    if table not in _shapes:
        _shapes[table] = await read_shape(db, table)
    return _shapes[table]


async def pinned(db: Database, ledger_id: str, view: View, query: Q) -> tuple[Q, datetime | None]:
    """Return a question as its first page asked it, and as of which knowledge that was.

    For lists in the order of what changes: the pages after the first one show what was known when
    it was read, so that no row is on two pages or on none. Refuses with ``CursorInvalid``.
    """
    if query.known_at is not None:
        return query, query.known_at
    cursor: str | None = getattr(query, "cursor", None)
    if cursor is not None:
        known_at = known_at_of(cursor)
        return replace(query, known_at=known_at), known_at
    return query, await whole(db).fetchval(_KNOWN, ledger_id, view.name, view.version)


def page_of(
    rows: Sequence[Row], paging: Paging, *, order: Sequence[str], known_at: datetime | None
) -> Page:
    """Return one page of rows that are all at hand, in an order that tells any two apart.

    Refuses with ``CursorInvalid``.
    """
    sorted_rows = list(rows)
    for column in reversed(order):
        value_of = itemgetter(column.removeprefix("-"))
        sorted_rows.sort(key=value_of, reverse=column.startswith("-"))
    if paging.cursor is not None:
        after = values_of(paging.cursor, order)
        found = (n for n, row in enumerate(sorted_rows) if order_values(row, order) == after)
        number = next(found, None)
        if number is None:
            raise CursorInvalid()
        del sorted_rows[: number + 1]
    kept = sorted_rows[: paging.page_size]
    if len(kept) == len(sorted_rows):
        return Page(kept)
    return Page(kept, cursor_after(kept[-1], order, known_at))


class Select:
    """A SELECT over one table of a view, put together from names that code declares.

    Conditions given ``None`` do not count. ``within`` narrows before anything is computed:
    only for columns of a row that never change (it makes reading the past quick).
    ``computed`` are further columns, such as a running sum over the lines within; those that
    an order names are whole numbers.
    """

    def __init__(
        self,
        source: Table | Lines,
        ledger_id: str,
        as_of: AsOf = NOW,
        *,
        computed: dict[str, str] | None = None,
    ) -> None:
        self._columns_of = source.name
        self._ties = source.ties
        self._table, self._latest, self._distinct = source.name, "", ""
        self._values: list[Any] = [ledger_id]
        self._inner: list[str] = ["ledger_id = $1"]
        self._outer: list[str] = []
        if isinstance(source, Lines) and source.record:
            computed = {"voided_by": self._voided_by(source, as_of)} | (computed or {})
        expressions = (f"{sql} AS {name}" for name, sql in (computed or {}).items())
        self._chosen = ", ".join(["*", *expressions])
        if isinstance(source, Table) and not as_of.is_now:
            self._read_images(source)
        if as_of.at is not None:
            self._inner.append(f"occurred_at <= {self._value(as_of.at)}")
        if as_of.known_at is not None:
            self._inner.append(f"recorded_at <= {self._value(as_of.known_at)}")

    def within(self, **columns: Any) -> Select:
        """Keep rows whose unchanging columns have these values."""
        self._inner += [f"{c} = {self._value(v)}" for c, v in columns.items() if v is not None]
        return self

    def equal(self, **columns: Any) -> Select:
        """Keep rows whose columns have these values."""
        return self._where("{} = {}", columns)

    def one_of(self, **columns: Sequence[Any] | None) -> Select:
        """Keep rows whose column has one of these values; an empty sequence counts as no wish."""
        return self._where("{} = ANY({})", {c: list(v) for c, v in columns.items() if v})

    def at_least(self, **columns: Any) -> Select:
        """Keep rows whose columns are not less than these values."""
        return self._where("{} >= {}", columns)

    def at_most(self, **columns: Any) -> Select:
        """Keep rows whose columns are not greater than these values."""
        return self._where("{} <= {}", columns)

    def starts_with(self, **columns: str | None) -> Select:
        """Keep rows whose texts begin so."""
        return self._where("starts_with({}, {})", columns)

    def contains(self, **columns: str | None) -> Select:
        """Keep rows whose texts contain this."""
        return self._where("strpos({}, {}) > 0", columns)

    def has(self, **columns: Any) -> Select:
        """Keep rows whose array columns hold this value."""
        return self._where("{1} = ANY({0})", columns)

    def where(self, condition: str, *values: Any) -> Select:
        """Keep rows that meet a condition in SQL, written in code; ``{}`` stands for a value."""
        self._outer.append(condition.format(*map(self._value, values)))
        return self

    async def page(
        self,
        db: Database,
        paging: Paging,
        *,
        order: Sequence[str],
        known_at: datetime | None = None,
    ) -> Page:
        """Return one page. ``order`` names columns without NULLs, ``-`` before one descends.

        The order must tell any two rows apart. Where it names what changes, ``known_at`` is as
        of which knowledge the list is read on (``pinned``). Refuses with ``CursorInvalid``.
        """
        shape = await self._shape(db)
        if paging.cursor is not None:
            self._go_on_after(values_of(paging.cursor, order), order, shape)
        try:
            rows = await self._fetch(db, shape, order, paging.page_size + 1)
        except asyncpg.DataError as error:
            if paging.cursor is None:
                raise
            raise CursorInvalid() from error
        if len(rows) <= paging.page_size:
            return Page(rows)
        rows.pop()
        return Page(rows, cursor_after(rows[-1], order, known_at))

    async def all(self, db: Database, *, order: Sequence[str]) -> list[Row]:
        """Return every row: for what is bounded by its nature."""
        return await self._fetch(db, await self._shape(db), order, None)

    async def one(self, db: Database) -> Row | None:
        """Return the row, or ``None``."""
        rows = await self._fetch(db, await self._shape(db), (), 1)
        return rows[0] if rows else None

    async def sums(
        self, db: Database, columns: Sequence[str], *, by: Sequence[str] = ()
    ) -> list[Row]:
        """Return the sums of columns for each group; ``count`` is how many rows went in.

        Without ``by`` it is one row (all zero when there is nothing).
        """
        sums = [f"coalesce(sum({column}), 0)::bigint AS {column}" for column in columns]
        chosen = ", ".join([*by, *sums, "count(*) AS count"])
        grouped = f" GROUP BY {', '.join(by)} ORDER BY {', '.join(by)}" if by else ""
        db = self._within_scope(db)
        statement = f"SELECT {chosen} FROM {self._rows()}{grouped}"  # noqa: S608 - names from code
        return [dict(record) for record in await db.fetch(statement, *self._values)]

    def _where(self, form: str, columns: dict[str, Any]) -> Select:
        given = ((column, value) for column, value in columns.items() if value is not None)
        self._outer += [form.format(column, self._value(value)) for column, value in given]
        return self

    def _value(self, value: Any) -> str:
        self._values.append(value)
        return f"${len(self._values)}"

    async def _shape(self, db: Database) -> Shape:
        return await shape_of(whole(db), self._columns_of)

    def _within_scope(self, db: Database) -> Database:
        """Narrow to what the reader reaches, before anything is computed."""
        db, condition = restrict(db, self._ties, self._value)
        if condition != "true":
            self._inner.append(condition)
        return db

    def _voided_by(self, lines: Lines, as_of: AsOf) -> str:
        """Return SQL for the position that took a step back, as far as it was known."""
        own, record, known = lines.name, lines.record, "true"
        if as_of.known_at is not None:
            known = f"v.recorded_at <= {self._value(as_of.known_at)}"
        return (
            f"(SELECT min(v.position) FROM {own} AS v WHERE v.ledger_id = $1 AND {known}"  # noqa: S608 - names from code
            f" AND v.{record} = {own}.{record} AND {own}.position = ANY(v.voids))"
        )

    def _read_images(self, table: Table) -> None:
        """Of each key's images that the two times leave, keep the latest."""
        if table.history is None:
            raise ValueError(f"{table.name} has no history to read the past from")
        key = ", ".join(table.key)
        self._outer.append("NOT is_gone")
        self._table = table.history
        self._distinct = f"DISTINCT ON ({key}) "
        self._latest = f" ORDER BY {key}, occurred_at DESC, position DESC"

    def _rows(self) -> str:
        """Return the FROM and WHERE of the whole."""
        chosen, within = self._distinct + self._chosen, " AND ".join(self._inner)
        inner = f"SELECT {chosen} FROM {self._table} WHERE {within}{self._latest}"  # noqa: S608 - names from code
        outer = f" WHERE {' AND '.join(self._outer)}" if self._outer else ""
        return f"({inner}) AS found{outer}"

    async def _fetch(
        self, db: Database, shape: Shape, order: Sequence[str], limit: int | None
    ) -> list[Row]:
        db = self._within_scope(db)
        ordered = ", ".join(f"{c[1:]} DESC" if c.startswith("-") else c for c in order)
        statement = (
            f"SELECT * FROM {self._rows()}"  # noqa: S608 - names from code
            + (f" ORDER BY {ordered}" if order else "")
            + (f" LIMIT {limit}" if limit else "")
        )
        records = await db.fetch(statement, *self._values)
        return [_public(shape.read(record)) for record in records]

    def _go_on_after(self, values: Sequence[str], order: Sequence[str], shape: Shape) -> None:
        """Keep what comes after the cursor's row in the order."""
        names = [column.removeprefix("-") for column in order]
        places = [
            f"({self._value(value)}::text)::{shape.types.get(name, 'bigint')}"
            for name, value in zip(names, values, strict=True)
        ]
        descends = [column.startswith("-") for column in order]
        if len(set(descends)) == 1:
            sign = "<" if descends[0] else ">"
            self._outer.append(f"({', '.join(names)}) {sign} ({', '.join(places)})")
            return
        condition = "false"
        for name, place, is_down in reversed(list(zip(names, places, descends, strict=True))):
            sign = "<" if is_down else ">"
            condition = f"({name} {sign} {place} OR ({name} = {place} AND {condition}))"
        self._outer.append(condition)


def _public(row: Row) -> Row:
    for name in ("ledger_id", "image_no", "is_gone"):
        row.pop(name, None)
    return row
