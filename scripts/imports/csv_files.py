"""CSV: UTF-8 with or without its mark, UTF-16 with it, or GB18030; commas, semicolons or tabs."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator

from scripts.imports import rules
from scripts.imports.cells import Cell

SEPARATORS = (",", ";", "\t")
CELL_CHARACTERS_MAX = 32_767  # what a spreadsheet's cell can hold
QUOTE = '"'


def csv_rows(data: bytes) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows; an empty cell is an empty text."""
    text = decode(data)
    if "\0" in text:
        raise rules.FileFormatUnknown(problem="NUL")
    csv.field_size_limit(CELL_CHARACTERS_MAX)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text), strict=True)
    try:
        for row in reader:
            yield tuple(row)
    except csv.Error as error:
        raise rules.CsvBroken(line=reader.line_num) from error


def decode(data: bytes) -> str:
    """Return the text that the bytes spell; what is not UTF-8 is taken for GB18030."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")  # type: ignore[assignment]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise rules.EncodingUnknown()


def separator_of(text: str) -> str:
    """Return what stands most often between the cells of the first filled line."""
    first = next((line for line in io.StringIO(text) if line.strip()), "")
    outside = "".join(first.split(QUOTE)[::2])
    return max(SEPARATORS, key=outside.count)
