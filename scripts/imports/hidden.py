"""Rows and columns of a sheet that nobody sees: read from the sheet itself, before its cells.

    <cols><col min="3" max="3" width="9" hidden="1"/></cols>
    <sheetData><row r="7" hidden="1">…</row></sheetData>

Hidden are also rows without height and columns without width. What stands there is not known to
whoever looks at the table, so it must not get into the ledger by the way.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.parsers.expat import ParserCreate

from openpyxl.utils import get_column_letter

from scripts.imports import file_rules
from scripts.imports.cells import Cell, is_blank

CHUNK_BYTES = 1024**2
COLUMNS_MAX = 16_384
NAMED_MAX = 20
BESIDE_MAX = 200_000
"""Elements of a sheet that are neither rows nor cells: merged ranges, rules, links."""
SEEN_MIN = 0.1
_OF_CELLS = frozenset({"row", "c", "v", "f", "is", "t", "r", "rPr", "rPh"})
_TRUE = frozenset({"1", "true", "on"})


@dataclass(slots=True)
class Hidden:
    """Which rows and columns are hidden, from 1; ``are_all``: rows that do not say otherwise."""

    rows: set[int] = field(default_factory=set)
    shown_rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)
    are_all: bool = False

    def row(self, number: int) -> bool:
        """Tell whether a row is hidden."""
        return number in self.rows or (self.are_all and number not in self.shown_rows)


class FoundHidden:
    """Notes what is hidden and filled while the rows are read."""

    def __init__(self, hidden: Hidden) -> None:
        self._hidden = hidden
        self._rows: list[int] = []
        self._columns: set[int] = set()

    def look(self, number: int, cells: Sequence[Cell]) -> None:
        """Look at one row."""
        filled = {place for place, cell in enumerate(cells, start=1) if not is_blank(cell)}
        if filled and self._hidden.row(number) and len(self._rows) <= NAMED_MAX:
            self._rows.append(number)
        self._columns |= filled & self._hidden.columns

    def refuse(self) -> None:
        """Refuse if anything hidden was filled."""
        if self._rows or self._columns:
            raise file_rules.HiddenCells(
                rows=_listed(map(str, self._rows)) or None,
                columns=_listed(map(get_column_letter, sorted(self._columns))) or None,
            )


def hidden_in(data: bytes, part: str) -> Hidden:
    """Return what is hidden in the sheet that a part of a workbook holds."""
    reader = _Reader()
    parser = ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.begin
    with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(part.lstrip("/")) as sheet:
        while chunk := sheet.read(CHUNK_BYTES):
            parser.Parse(chunk, False)
    parser.Parse(b"", True)
    return reader.hidden


class _Reader:
    def __init__(self) -> None:
        self.hidden = Hidden()
        self._row = 0
        self._beside = 0

    def begin(self, name: str, said: Mapping[str, str]) -> None:
        local = name.rpartition(" ")[2]
        if local == "row":
            self._begin_row(said)
        elif local not in _OF_CELLS:
            self._begin_other(local, said)

    def _begin_row(self, said: Mapping[str, str]) -> None:
        self._row = int(said.get("r", self._row + 1))
        if said.get("hidden") in _TRUE or _is_zero(said.get("ht")):
            self.hidden.rows.add(self._row)
        elif "hidden" in said:
            self.hidden.shown_rows.add(self._row)

    def _begin_other(self, name: str, said: Mapping[str, str]) -> None:
        self._beside += 1
        if self._beside > BESIDE_MAX:
            raise file_rules.WorkbookUnsafe(elements_max=BESIDE_MAX)
        if name == "sheetFormatPr":
            self.hidden.are_all = said.get("zeroHeight") in _TRUE
        elif name == "col" and (said.get("hidden") in _TRUE or _is_zero(said.get("width"))):
            last = min(int(said["max"]), COLUMNS_MAX)
            self.hidden.columns |= set(range(int(said["min"]), last + 1))


def _is_zero(size: str | None) -> bool:
    """Tell whether nobody sees what has this height in points, or this width in characters."""
    return size is not None and float(size) < SEEN_MIN


def _listed(names: object) -> str:
    listed = list(names)  # type: ignore[call-overload]
    return ", ".join(listed[:NAMED_MAX]) + (" …" if len(listed) > NAMED_MAX else "")
