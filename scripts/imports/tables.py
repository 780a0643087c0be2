"""A file as a table of cells: what it is, how large it may be, where its headings stand.

The kind of a file is what its first bytes say. Limits are checked before memory is spent: bytes,
unpacked bytes, rows and columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ledger.sealing.personal_numbers import find_personal
from scripts.imports import rules
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


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table came from: the file's own name and the SHA-256 of its bytes, in hex."""

    name: str
    sha256: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and the filled rows below them."""

    header_row: int
    headings: tuple[str, ...]
    lines: tuple[Line, ...]


def read_source(path: Path) -> Source:
    """Read a file whole, if it is not too large, and take its digest."""
    _guard_name(path.name)
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise rules.FileUnreadable(problem=error.strerror or type(error).__name__) from error
    if len(data) > FILE_BYTES_MAX:
        raise rules.FileTooLarge(bytes_max=FILE_BYTES_MAX)
    return Source(path.name, sha256(data).hexdigest(), data)


def read_table(source: Source, *, sheet: str | None, header_row: int | None) -> Table:
    """Return the table of a file: of its first sheet, below its first filled row, unless told."""
    if source.data.startswith(ZIP_MAGIC):
        rows: Iterable[tuple[Cell, ...]] = xlsx_rows(source.data, sheet, columns_max=COLUMNS_MAX)
    elif source.name.lower().endswith((".xlsx", ".xlsm", ".xls")):
        raise rules.FileFormatUnknown(file=printable(source.name))
    else:
        rows = csv_rows(source.data)
    return _table(_filled(rows), header_row)


def _table(lines: Iterator[Line], header_row: int | None) -> Table:
    headings: tuple[str, ...] = ()
    number = 0
    for line in lines:
        if header_row in (None, line.number):
            headings, number = _headings(line), line.number
            break
    filled: list[Line] = []
    for line in lines:
        if len(filled) == ROWS_MAX:
            raise rules.RowsTooMany(rows_max=ROWS_MAX)
        filled.append(line)
    if not filled:
        raise rules.TableEmpty()
    return Table(number, headings, tuple(filled))


def _filled(rows: Iterable[tuple[Cell, ...]]) -> Iterator[Line]:
    """Yield the rows in which something stands."""
    for number, cells in enumerate(rows, start=1):
        if number > ROWS_SCANNED_MAX:
            raise rules.RowsTooMany(rows_max=ROWS_MAX)
        if cells and not all(is_blank(cell) for cell in cells):
            yield Line(number, cells)


def _headings(line: Line) -> tuple[str, ...]:
    cells = list(line.cells)
    while cells and is_blank(cells[-1]):
        cells.pop()
    if len(cells) > COLUMNS_MAX:
        raise rules.ColumnsTooMany(columns_max=COLUMNS_MAX)
    return tuple(plain(cell) for cell in cells)


def _guard_name(name: str) -> None:
    is_plain = name.isprintable() and len(name) <= NAME_CHARACTERS_MAX
    if not is_plain or find_personal(name):
        raise rules.FileNameUnfit()
