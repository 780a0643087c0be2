"""One row of cells, as it stands in the file."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.imports.cells import Cell


@dataclass(frozen=True, slots=True)
class Line:
    """One row of cells; ``number`` counts as a spreadsheet does, from 1."""

    number: int
    cells: tuple[Cell, ...]
