"""XLSX: one sheet, read without loading the workbook, after a look at what it unpacks to.

The limits are those for any uploaded archive: entries, unpacked bytes, their ratio, no archives
within, no document types (XML entities that unpack to gigabytes).
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

from openpyxl import load_workbook

from scripts.imports import file_rules
from scripts.imports.cells import Broken, Cell, Formula
from scripts.imports.hidden import FoundHidden, Hidden, hidden_in
from scripts.imports.problems import printable

ZIP_MAGIC = b"PK\x03\x04"
ENTRIES_MAX = 1_000
UNPACKED_BYTES_MAX = 200 * 1024**2
RATIO_MAX = 100
SMALL_BYTES = 1024**2  # below this a ratio says nothing
CHUNK_BYTES = 1024**2
ARCHIVES = (".zip", ".gz", ".bz2", ".xz", ".7z", ".rar", ".xlsx", ".xlsm", ".docx", ".pptx")
TYPED = (b"<!DOCTYPE", b"<!ENTITY")
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    EOFError,
    LookupError,
    ValueError,
    ArithmeticError,
    TypeError,
    AttributeError,
    RuntimeError,  # encrypted
    ExpatError,
)
DECLARATION_BYTES = 200
ROOT_BYTES = 2_000
ELEMENTS_MAX = 200_000
"""Of a part that is neither a sheet nor its texts: styles, names, relations."""
FORMATS_MAX = 5_000
"""Number formats; spreadsheets themselves keep some hundreds."""
_DATA = re.compile(rb"<(?:[\w.-]+:)?(?:worksheet|sst)[\s>]")
_FORMAT = re.compile(rb"<(?:[\w.-]+:)?numFmt\s")
ENCODINGS = (b"utf-8", b"us-ascii", b"iso-8859-1")
WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")  # XML in two bytes a character


EAST_ASIAN_DATES = frozenset({*range(27, 37), *range(50, 59)})
"""Built-in formats of East Asian spreadsheets: 年月日 and their like (ECMA-376, 18.8.30)."""
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def xlsx_rows(
    data: bytes, sheet: str | None, *, columns_max: int, takes_hidden: bool = False
) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows of the named sheet, or of the first one that is shown.

    What is hidden and has content is refused, unless it is asked for.
    """
    try:
        guard_archive(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and other things that no cell needs
            book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
            try:
                shown = _sheet(book, sheet, takes_hidden=takes_hidden)
                _read_east_asian_dates(book)
                hidden = Hidden() if takes_hidden else hidden_in(data, shown._worksheet_path)
                yield from _rows(shown, columns_max, hidden)
            finally:
                book.close()
    except BROKEN as error:
        raise file_rules.WorkbookBroken(problem=type(error).__name__) from error


def guard_archive(data: bytes) -> None:
    """Refuse an archive that would unpack to too much, before anything reads it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        if len(entries) > ENTRIES_MAX:
            raise file_rules.WorkbookUnsafe(entries=len(entries), entries_max=ENTRIES_MAX)
        unpacked = sum(entry.file_size for entry in entries)
        if unpacked > UNPACKED_BYTES_MAX:
            raise file_rules.WorkbookUnsafe(bytes=unpacked, bytes_max=UNPACKED_BYTES_MAX)
        for entry in entries:
            _guard_entry(archive, entry)


def _guard_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    name = printable(entry.filename)
    if entry.filename.lower().endswith(ARCHIVES):
        raise file_rules.WorkbookUnsafe(archive=name)
    if entry.file_size > max(SMALL_BYTES, RATIO_MAX * entry.compress_size):
        raise file_rules.WorkbookUnsafe(entry=name, ratio_max=RATIO_MAX)
    with archive.open(entry) as part:
        tail = b""
        is_data, formats, elements = False, 0, 0
        while chunk := part.read(CHUNK_BYTES):
            seen = tail + chunk
            if any(mark in seen for mark in TYPED) or (not tail and _is_strange(seen)):
                raise file_rules.WorkbookUnsafe(entry=name)
            is_data = is_data or (not tail and _DATA.search(seen, 0, ROOT_BYTES) is not None)
            formats += len(_FORMAT.findall(chunk))
            elements += 0 if is_data else chunk.count(b"<")
            if formats > FORMATS_MAX or elements > ELEMENTS_MAX:
                raise file_rules.WorkbookUnsafe(entry=name, elements_max=ELEMENTS_MAX)
            tail = chunk[-16:]


def _is_strange(begin: bytes) -> bool:
    """Tell whether a part is XML in characters in which document types would not be seen.

    A part is looked at whatever it is called: which ones are read, the file itself says.
    """
    said = begin[:DECLARATION_BYTES].lower()
    is_told = said.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml") and b"encoding" in said
    is_known = any(b"%b%b%b" % (q, name, q) in said for q in (b'"', b"'") for name in ENCODINGS)
    return begin.startswith(WIDE_MARKS) or (is_told and not is_known)


def _sheet(book: Any, name: str | None, *, takes_hidden: bool) -> Any:
    shown = [one for one in book.worksheets if takes_hidden or one.sheet_state == "visible"]
    titles = [one.title for one in shown]
    if name is not None and name in book.sheetnames and name not in titles:
        raise file_rules.SheetHidden(sheet=printable(name))
    if not titles or (name is not None and name not in titles):
        raise file_rules.SheetUnknown(sheets=printable("、".join(titles)))
    return shown[0 if name is None else titles.index(name)]


def _read_east_asian_dates(book: Any) -> None:
    """Let the library read as dates what spreadsheets of East Asia show as dates."""
    for place, style in enumerate(book._cell_styles):
        if style.numFmtId in EAST_ASIAN_DATES:
            book._date_formats.add(place)


def _rows(sheet: Any, columns_max: int, hidden: Hidden) -> Iterator[tuple[Cell, ...]]:
    sheet.reset_dimensions()  # what the file says about its size need not be true
    last: tuple[Any, ...] = ()
    found = FoundHidden(hidden)
    for number, row in enumerate(sheet.iter_rows(), start=1):
        if row is last:  # the library stands in for rows that the file leaves out
            yield ()
            continue
        last = row
        if any(one.value is not None for one in row[columns_max:]):
            raise file_rules.ColumnsTooMany(columns_max=columns_max)
        read = tuple(_cell(one) for one in row[:columns_max])
        found.look(number, read)
        yield read
    found.refuse()


def _cell(cell: Any) -> Cell:
    value = cell.value
    if cell.data_type == "f":
        return Formula()
    if cell.data_type == "e":
        return Broken()
    if isinstance(value, time | timedelta):
        return str(value)
    if isinstance(value, str):
        return _ESCAPED.sub(lambda escaped: chr(int(escaped[1], 16)), value)
    if value is None or isinstance(value, str | bool | int | float | datetime | date):
        return value
    return str(value)
