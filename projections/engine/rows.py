"""The rows of one view while a batch is applied: read when needed, written at the end at once.

``Rows`` is what handlers see. Rows stay in a bounded cache between batches; it
counts only while the view's checkpoint is where this worker left it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import Any, TypeAlias
from uuid import UUID

import orjson

from ledger.core.entry import Entry
from ledger.core.errors import LedgerError
from ledger.storage.connect import Connection
from projections.engine import statements
from projections.engine.shape import Shape, read_shape, settle_moment
from projections.engine.view import Key, Lines, Row, Table, View

CACHE_ROWS_MAX = 20_000
PLACED = ("ledger_id", "position", "line_no", "occurred_at", "recorded_at")
"""Columns of lines that the engine fills in, where a table has them."""
IMAGE_OWN = ("image_no", "is_gone")
"""Columns of images beside those of the row, the position and ``recorded_at``."""
TOLD = ("is_late", "true_day", "said_by", "proposed_by")
"""Columns of lines that say how their event was told, where a table has them."""

MOMENT = "timestamp with time zone"
Place: TypeAlias = tuple[str, Key]
Image: TypeAlias = tuple[Row, Entry]


def how_told(entry: Entry) -> Row:
    """Return what an entry says of itself beside who and why: late, for whom, by whose proposal."""
    said = entry.header.get  # entries of others' libraries have no actor, so no ``By``
    day, said_by = said("true_day"), said("said_by")
    return {
        "is_late": was_late(entry),
        "true_day": day and date.fromisoformat(day),
        "said_by": said_by and UUID(said_by),
        "proposed_by": [UUID(one) for one in said("proposed_by", ())],
    }


def was_late(entry: Entry) -> bool:
    """Tell whether an entry was told later than it happened, or could not be booked on its day."""
    return "late" in entry.header or "true_day" in entry.header


class RowMissing(LedgerError):
    """A view was told to change a row that it does not have.

    视图要更改的行并不存在。
    """


class Layout:
    """The shapes of a view's tables and what follows from them, looked up once."""

    def __init__(self, shapes: dict[str, Shape], view: View) -> None:
        self.shapes = shapes
        self.key_of = {table.name: _key_reader(table.key) for table in view.tables}
        self.read = {t.name: statements.read_rows(shapes[t.name], t.key) for t in view.tables}
        self.change = {t.name: statements.change_rows(shapes[t.name], t.key) for t in view.tables}
        self.remove = {t.name: statements.remove_row(shapes[t.name], t.key) for t in view.tables}
        for table in view.tables:
            if table.history and "occurred_at" not in shapes[table.name].types:
                raise ValueError(f"{table.name} has a history, so it needs a column occurred_at")


async def read_layout(db: Connection, view: View) -> Layout:
    """Look up all tables of a view (refuses with ``TableMissing``)."""
    return Layout({name: await read_shape(db, name) for name in view.table_names()}, view)


def _key_reader(key: tuple[str, ...]) -> Callable[[Row], Key]:
    if len(key) == 1:
        (name,) = key
        return lambda row: (row[name],)
    return itemgetter(*key)


class Cache:
    """Rows by key, at most twice ``rows_max`` of them: a young and an old generation."""

    def __init__(self, rows_max: int = CACHE_ROWS_MAX) -> None:
        self.rows_max = rows_max
        self._young: dict[Place, Row] = {}
        self._old: dict[Place, Row] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def get(self, place: Place) -> Row | None:
        """Return a row, which becomes young again."""
        row = self._young.get(place)
        if row is None and (row := self._old.get(place)) is not None:
            self._young[place] = row
        return row

    def put(self, place: Place, row: Row) -> None:
        """Keep a row."""
        self._young[place] = row

    def age(self) -> None:
        """Let go of what was not used for long; called between batches."""
        if len(self._young) > self.rows_max:
            self._old, self._young = self._young, {}

    def drop(self, place: Place) -> None:
        """Forget a row."""
        self._young.pop(place, None)
        self._old.pop(place, None)

    def clear(self) -> None:
        """Forget everything."""
        self._young, self._old = {}, {}


@dataclass(slots=True)
class AddedLines:
    """New lines of one table, without the columns that none of them sets: those are written
    quickest by leaving them to the table's defaults.
    """

    shape: Shape
    set_columns: dict[str, None] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    told: tuple[str, ...] = field(init=False)
    moments: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        types = self.shape.types
        self.told = tuple(name for name in TOLD if name in types)
        self.moments = tuple(n for n in types if types[n] == MOMENT and n not in PLACED)

    def take(self, row: Row, ledger_id: str, entry: Entry, line_no: int) -> None:
        """Add a line (refuses with ``ColumnUnknown``)."""
        if not row.keys() <= self.set_columns.keys():
            self.shape.check(row)
            self.set_columns |= dict.fromkeys(row)
        placed = {"ledger_id": ledger_id, "position": entry.position, "line_no": line_no}
        when = {"occurred_at": entry.occurred_at, "recorded_at": entry.recorded_at}
        if self.told:
            told = how_told(entry)
            when |= {name: told[name] for name in self.told}
        line = {**placed, **when, **row}
        for name in self.moments:
            if (moment := line.get(name)) is not None:
                line[name] = settle_moment(moment)
        self.rows.append(line)

    def columns(self) -> tuple[str, ...]:
        """Return those that are written: what any line sets, and what the engine fills in."""
        written = {*self.set_columns, *PLACED, *TOLD}
        return tuple(name for name in self.shape.names if name in written)

    def records(self) -> Iterator[tuple[Any, ...]]:
        """Return the lines' values of these columns."""
        read = itemgetter(*self.columns())
        unset = {name: self.shape.blank[name] for name in self.set_columns}
        return (read(unset | row) for row in self.rows)


@dataclass(slots=True)
class Rows:
    """What the handlers of one view read and change during one batch."""

    db: Connection
    ledger_id: str
    layout: Layout
    cache: Cache
    absent: set[Place] = field(default_factory=set)
    added: dict[Place, Row] = field(default_factory=dict)
    changed: dict[Place, Row] = field(default_factory=dict)
    images: dict[str, dict[tuple[Key, int], Image]] = field(default_factory=dict)
    added_lines: dict[str, AddedLines] = field(default_factory=dict)
    entry: Entry = field(default_factory=lambda: Entry(-1, b""))
    line_no: int = 0
    is_out_of_order: bool = False

    def begin(self, entry: Entry) -> None:
        """Say which entry the next changes come from."""
        self.entry = entry
        self.line_no = 0
        self.is_out_of_order = False

    async def get(self, table: Table, *key: Hashable) -> Row:
        """Return a copy of the row with this key (refuses with ``RowMissing``)."""
        row = await self.find(table, *key)
        if row is None:
            raise RowMissing(table=table.name, key=", ".join(map(str, key)))
        return row

    async def find(self, table: Table, *key: Hashable) -> Row | None:
        """Return a copy of the row with this key, or ``None``."""
        place = (table.name, key)
        row = self.cache.get(place)
        if row is None and place not in self.absent:
            await self.read(table, [key])
            row = self.cache.get(place)
        return None if row is None else self.layout.shapes[table.name].copy(row)

    def put(self, table: Table, row: Row) -> None:
        """Write a row, as it is now. One that was not read before must be new."""
        full = self.layout.shapes[table.name].full(row)
        key = self.layout.key_of[table.name](full)
        before = self.cache.get((table.name, key))
        self._complete(table, full, before)
        self.set(table, key, full)
        if table.history:
            if before is not None and before["occurred_at"] > self.entry.occurred_at:
                self.is_out_of_order = True
            images = self.images.setdefault(table.history, {})
            images[key, self.entry.position] = (full, self.entry)

    def set(self, table: Table, key: Key, full: Row) -> None:
        """Make a whole row, stamps and all, what the table has under a key."""
        place = (table.name, key)
        is_new = self.cache.get(place) is None or place in self.added
        (self.added if is_new else self.changed)[place] = full
        self.cache.put(place, full)

    def _complete(self, table: Table, full: Row, before: Row | None) -> None:
        """Bring a row's values into their form, and fill in which entries made it, and when."""
        for column, settle in self.layout.shapes[table.name].settlers:
            value = full[column]
            if before is not None and value == before[column]:
                full[column] = before[column]
            elif value is not None:
                full[column] = settle(value)
        _stamp(full, before, self.entry)
        full["ledger_id"] = self.ledger_id

    def add(self, lines: Lines, row: Row) -> None:
        """Add a line; where and when are filled in."""
        added = self.added_lines.get(lines.name)
        if added is None:
            added = self.added_lines[lines.name] = AddedLines(self.layout.shapes[lines.name])
        added.take(row, self.ledger_id, self.entry, self.line_no)
        self.line_no += 1

    async def read(self, table: Table, keys: Iterable[Key]) -> None:
        """Read rows into the cache, all at once, where they are not yet known."""
        name = table.name
        missing = [key for key in dict.fromkeys(keys) if not self._knows((name, key))]
        if not missing:
            return
        shape = self.layout.shapes[name]
        columns = [list(column) for column in zip(*missing, strict=True)]
        for record in await self.db.fetch(self.layout.read[name], self.ledger_id, *columns):
            row = shape.read(record)
            self.cache.put((name, self.layout.key_of[name](row)), row)
        self.absent.update(place for key in missing if self.cache.get(place := (name, key)) is None)

    async def write(self) -> None:
        """Write everything that the batch changed."""
        for name, rows in _by_table(self.added).items():
            await self._copy_in(name, rows)
        for name, rows in _by_table(self.changed).items():
            status: str = await self.db.execute(self.layout.change[name], _as_json(rows))
            if status != f"UPDATE {len(rows)}":
                raise RowMissing(table=name, asked=len(rows), changed=status)
        for name, images in self.images.items():
            await self.copy_images(name, images.values())
        for added in self.added_lines.values():
            await self._copy_records(added.shape, added.columns(), added.records())
        for written in (self.added, self.changed, self.images, self.added_lines):
            written.clear()

    async def remove(self, table: Table, key: Key) -> None:
        """Take a written row away: what made it was taken back."""
        await self.db.execute(self.layout.remove[table.name], self.ledger_id, *key)
        place = (table.name, key)
        self.cache.drop(place)
        self.absent.add(place)

    def forget_images(self) -> None:
        """Leave out the images of the entry at hand: they are to be made in another way."""
        for images in self.images.values():
            for at in [at for at in images if at[1] == self.entry.position]:
                del images[at]

    def _knows(self, place: Place) -> bool:
        return place in self.absent or self.cache.get(place) is not None

    async def _copy_in(self, name: str, rows: list[Row]) -> None:
        """Write new rows by COPY, which refuses a value that is not of its column's type."""
        shape = self.layout.shapes[name]
        await self._copy_records(shape, shape.names, map(itemgetter(*shape.names), rows))

    async def copy_images(self, name: str, images: Iterable[Image]) -> None:
        """Write rows as they were after an entry."""
        shape = self.layout.shapes[name]
        own = tuple(c for c in shape.names if c not in {"position", "recorded_at", *IMAGE_OWN})
        read = itemgetter(*own)
        records = (
            (
                *read(row),
                entry.position,
                entry.recorded_at,
                row.get("image_no", 0),
                row.get("is_gone", False),
            )
            for row, entry in images
        )
        await self._copy_records(shape, (*own, "position", "recorded_at", *IMAGE_OWN), records)

    async def _copy_records(
        self, shape: Shape, columns: Sequence[str], records: Iterable[Sequence[Any]]
    ) -> None:
        if shape.json_names:
            places = [columns.index(name) for name in shape.json_names if name in columns]
            records = _with_json_texts(records, places)
        await self.db.copy_records_to_table(shape.table, records=list(records), columns=columns)


def _stamp(row: Row, before: Row | None, entry: Entry) -> None:
    """Fill in which entries made the row, and when."""
    position = entry.position
    if "positions" in row:
        made_by = before["positions"] if before else []
        is_noted = made_by and made_by[-1] == position
        row["positions"] = made_by if is_noted else [*made_by, position]
    if "first_position" in row:
        row["first_position"] = before["first_position"] if before else position
    if "last_position" in row:
        row["last_position"] = position
    if "is_late" in row:
        row["is_late"] = bool(before and before["is_late"]) or was_late(entry)
    if "occurred_at" in row:
        latest = entry.occurred_at
        row["occurred_at"] = max(before["occurred_at"], latest) if before else latest
    if "recorded_at" in row:
        row["recorded_at"] = entry.recorded_at


def _by_table(rows: dict[Place, Row]) -> dict[str, list[Row]]:
    tables: dict[str, list[Row]] = {}
    for (name, _), row in rows.items():
        tables.setdefault(name, []).append(row)
    return tables


def _with_json_texts(
    records: Iterable[Sequence[Any]], places: Sequence[int]
) -> Iterator[Sequence[Any]]:
    for record in records:
        values = list(record)
        for place in places:
            if values[place] is not None:
                values[place] = orjson.dumps(values[place], default=str).decode()
        yield values


def _as_json(rows: list[Row]) -> str:
    return orjson.dumps(rows, default=str).decode()
