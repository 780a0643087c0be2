"""A file as a table of cells: what it is, how large it may be, where its headings stand.

The kind of a file is what its first bytes say. Limits are checked before memory is spent: bytes,
unpacked bytes, rows and columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ledger.sealing.personal_numbers import find_personal
from scripts.imports import file_rules
from scripts.imports.cells import Cell, is_blank, plain
from scripts.imports.csv_files import csv_rows
from scripts.imports.lines import Line
from scripts.imports.problems import printable
from scripts.imports.xlsx_files import ZIP_MAGIC, xlsx_rows

FILE_BYTES_MAX = 64 * 1024**2
ROWS_MAX = 200_000
ROWS_SCANNED_MAX = 1_048_576
COLUMNS_MAX = 200
NAME_CHARACTERS_MAX = 100
ROWS_ABOVE_MAX = 20
HEADINGS_MIN = 2


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table came from: the file's own name and the SHA-256 of its bytes, in hex."""

    name: str
    sha256: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Table:
    """Headings, the filled rows below them, and what stands above: titles, the unit of amounts."""

    header_row: int
    headings: tuple[str, ...]
    lines: tuple[Line, ...]
    above: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where a table stands in a file, and how the file is read.

    ``known_count`` tells how many of a row's texts are headings: the first row with two is the
    headings' row, whatever titles stand above it; without one it is the first filled row.
    """

    sheet: str | None = None
    header_row: int | None = None
    encoding: str | None = None
    takes_hidden: bool = False
    known_count: Callable[[Sequence[str]], int] = lambda _: 0


def read_source(path: Path) -> Source:
    """Read a file whole, if it is not too large, and take its digest."""
    _guard_name(path.name)
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise file_rules.FileUnreadable(problem=error.strerror or type(error).__name__) from error
    if len(data) > FILE_BYTES_MAX:
        raise file_rules.FileTooLarge(bytes_max=FILE_BYTES_MAX)
    return Source(path.name, sha256(data).hexdigest(), data)


def read_table(source: Source, where: Where) -> Table:
    """Return the table of a file: of its first sheet that is shown, unless told otherwise."""
    if source.data.startswith(ZIP_MAGIC):
        rows: Iterable[tuple[Cell, ...]] = xlsx_rows(
            source.data, where.sheet, columns_max=COLUMNS_MAX, takes_hidden=where.takes_hidden
        )
    elif source.name.lower().endswith((".xlsx", ".xlsm", ".xls")):
        raise file_rules.FileFormatUnknown(file=printable(source.name))
    else:
        rows = csv_rows(source.data, where.encoding)
    return _table(_filled(rows), where)


def _table(lines: Iterator[Line], where: Where) -> Table:
    above, header = _header(lines, where)
    filled = list(above[header + 1 :])
    for line in lines:
        if len(filled) == ROWS_MAX:
            raise file_rules.RowsTooMany(rows_max=ROWS_MAX)
        filled.append(line)
    if not filled:
        raise file_rules.TableEmpty()
    line = above[header]
    return Table(line.number, _headings(line), tuple(filled), tuple(above[:header]))


def _header(lines: Iterator[Line], where: Where) -> tuple[list[Line], int]:
    """Return the first rows, and which of them has the headings."""
    first: list[Line] = []
    for line in lines:
        first.append(line)
        if where.header_row is None:
            if where.known_count(_texts(line)) >= HEADINGS_MIN:
                return first, len(first) - 1
            if len(first) == ROWS_ABOVE_MAX:
                return first, 0
        elif line.number >= where.header_row:
            break
    if not first or (where.header_row and first[-1].number != where.header_row):
        raise file_rules.TableEmpty()
    return first, len(first) - 1 if where.header_row else 0


def _texts(line: Line) -> list[str]:
    return [one for one in line.cells if isinstance(one, str)]


def _filled(rows: Iterable[tuple[Cell, ...]]) -> Iterator[Line]:
    """Yield the rows in which something stands."""
    for number, cells in enumerate(rows, start=1):
        if number > ROWS_SCANNED_MAX:
            raise file_rules.RowsTooMany(rows_max=ROWS_MAX)
        if cells and not all(is_blank(cell) for cell in cells):
            yield Line(number, cells)


def _headings(line: Line) -> tuple[str, ...]:
    cells = list(line.cells)
    while cells and is_blank(cells[-1]):
        cells.pop()
    if len(cells) > COLUMNS_MAX:
        raise file_rules.ColumnsTooMany(columns_max=COLUMNS_MAX)
    return tuple(plain(cell) for cell in cells)


def _guard_name(name: str) -> None:
    is_plain = name.isprintable() and len(name) <= NAME_CHARACTERS_MAX
    if not is_plain or find_personal(name):
        raise file_rules.FileNameUnfit()
