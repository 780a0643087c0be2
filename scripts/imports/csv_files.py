"""CSV, separated by commas, semicolons or tabs; ``encodings`` says how its text is read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from scripts.imports import file_rules
from scripts.imports.cells import Cell
from scripts.imports.encodings import decode

SEPARATORS = (",", ";", "\t")
CELL_CHARACTERS_MAX = 32_767  # what a spreadsheet's cell can hold
QUOTE = '"'


def csv_rows(data: bytes, encoding: str | None = None) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows; an empty cell is an empty text."""
    text = decode(data, encoding)
    if "\0" in text:
        raise file_rules.FileFormatUnknown(problem="NUL")
    csv.field_size_limit(CELL_CHARACTERS_MAX)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text), strict=True)
    try:
        for row in reader:
            yield tuple(row)
    except csv.Error as error:
        raise file_rules.CsvBroken(line=reader.line_num) from error


def separator_of(text: str) -> str:
    """Return what stands most often between the cells of the first filled line."""
    first = next((line for line in io.StringIO(text) if line.strip()), "")
    outside = "".join(first.split(QUOTE)[::2])
    return max(SEPARATORS, key=outside.count)
