"""From a table as it stands in a file to rows of one kind: headings, units, constants.

Rows that only add others up (合计) and, in a bank's statement, rows of the other direction are no
records: they are left out and counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ledger.core.characters import narrow
from ledger.core.errors import LedgerError
from scripts.imports import rules
from scripts.imports.cells import Cell, is_blank
from scripts.imports.columns import Field, Reading, fields_of, match_headings, value_key
from scripts.imports.directions import Directions
from scripts.imports.lines import Line
from scripts.imports.problems import Problem, problem
from scripts.imports.records import ImportRow
from scripts.imports.tables import Table
from scripts.imports.units import unit_above, units_of

_TOTAL = re.compile(
    r"(?:(?:本页|本月|本年|本季|年度|全年)?(?:合计|小计|总计|共计|累计)|(?:sub)?total)"
    r"[:]?[0-9.,]{0,20}(?:件|条|笔|户|人|元)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How a table of somebody else's making becomes one of ours.

    ``mapping`` gives the heading of a field, ``ignored`` the columns to leave out, ``constants`` a
    field's value for every row, ``values`` what is put for a text of a field's cells. Fields are
    called by their name or by their Chinese heading.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(slots=True)
class Prepared:
    """A table ready to be read, and which of its rows are no records."""

    table: Table
    reading: Reading
    totals: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)


def named(kind: type[ImportRow], ways: Ways) -> Ways:
    """Return the same ways with every field called by its name, whatever they call it."""
    names = {
        heading: one.heading for one in fields_of(kind) for heading in (one.heading, one.column.zh)
    }

    def name(given: str) -> str:
        return names.get(given, given)

    return replace(
        ways,
        mapping={name(one): heading for one, heading in ways.mapping.items()},
        constants={name(one): value for one, value in ways.constants.items()},
        values={name(one): dict(given) for one, given in ways.values.items()},
    )


def prepare(
    kind: type[ImportRow], table: Table, ways: Ways, masked: list[Problem] | None
) -> tuple[Prepared, list[Problem]]:
    """Match headings, units and constants to the fields of a kind; return what is wrong as well."""
    directions = Directions(kind, table.headings)
    ignored = (*ways.ignored, *directions.headings)
    placed, wrong = match_headings(kind, table.headings, mapping=ways.mapping, ignored=ignored)
    known = {one.heading: one for one in fields_of(kind)}
    constants, misplaced = _constants(ways, known, placed.places)
    wrong = [error for error in wrong if not _is_given(error, constants)] + misplaced
    width = len(table.headings)
    places = dict(placed.places) | {name: width + number for number, name in enumerate(constants)}
    labels = {
        one.name: table.headings[places[one.name]]
        if places.get(one.name, width) < width
        else one.heading
        for one in known.values()
    }
    reading = Reading(
        places=places,
        labels=labels,
        width=width,
        units=_units(kind, table, placed.units, wrong),
        values=_values(ways, known),
        masked=masked,
    )
    prepared = Prepared(table, reading)
    problems = [problem(error, row=table.header_row, column=column) for column, error in wrong]
    return prepared, problems + _sort(kind, prepared, directions, tuple(constants.values()))


def _constants(
    ways: Ways, known: Mapping[str, Field], places: Mapping[str, int]
) -> tuple[dict[str, str], list[tuple[str, LedgerError]]]:
    """Return the constants by the names of rows' fields, and what is wrong with them."""
    wrong: list[tuple[str, LedgerError]] = []
    found: dict[str, str] = {}
    for heading, value in ways.constants.items():
        if heading not in known:
            wrong.append((heading, rules.FieldUnknown(field=heading, known=", ".join(known))))
        elif known[heading].name in places:
            wrong.append((heading, rules.ConstantDoubled(field=heading)))
        else:
            found[known[heading].name] = value
    wrong += [
        (heading, rules.FieldUnknown(field=heading, known=", ".join(known)))
        for heading in ways.values
        if heading not in known
    ]
    return found, wrong


def _is_given(wrong: tuple[str, LedgerError], constants: Mapping[str, str]) -> bool:
    """Tell whether a column that the table lacks is given as a constant."""
    _, error = wrong
    return isinstance(error, rules.ColumnMissing) and error.facts["field"] in constants


def _units(
    kind: type[ImportRow],
    table: Table,
    in_headings: Mapping[str, str],
    wrong: list[tuple[str, LedgerError]],
) -> dict[str, str]:
    try:
        return units_of(kind, unit_above(table.above), in_headings)
    except LedgerError as error:
        wrong.append(("", error))
        return {}


def _values(ways: Ways, known: Mapping[str, Field]) -> dict[str, dict[str, str]]:
    return {
        known[heading].name: {value_key(text): value for text, value in given.items()}
        for heading, given in ways.values.items()
        if heading in known
    }


def _sort(
    kind: type[ImportRow], prepared: Prepared, directions: Directions, constants: tuple[str, ...]
) -> list[Problem]:
    """Keep the rows that are records, with the constants behind their cells."""
    problems: list[Problem] = []
    kept: list[Line] = []
    width = prepared.reading.width
    for line in prepared.table.lines:
        if not all(is_blank(cell) for cell in line.cells[width:]):
            problems.append(problem(rules.CellBesideTable(), row=line.number))
        elif _is_total(kind, line, prepared.reading):
            prepared.totals.append(line.number)
        else:
            try:
                if directions.is_other(line):
                    prepared.others.append(line.number)
                    continue
            except LedgerError as error:
                problems.append(problem(error, row=line.number))
                continue
            padded = (*line.cells[:width], *(None,) * (width - len(line.cells)), *constants)
            kept.append(Line(line.number, padded))
    prepared.table = replace(prepared.table, lines=tuple(kept))
    return problems


def _is_total(kind: type[ImportRow], line: Line, reading: Reading) -> bool:
    """Tell whether a row only adds others up: it says so first, and lacks what a row needs."""
    first = next((cell for cell in line.cells if not is_blank(cell)), None)
    if not isinstance(first, str):
        return False
    if not _TOTAL.fullmatch("".join(narrow(first).casefold().split())):
        return False
    return any(
        one.is_required and is_blank(_at(line, reading.places.get(one.name)))
        for one in fields_of(kind)
    )


def _at(line: Line, place: int | None) -> Cell:
    return line.cells[place] if place is not None and place < len(line.cells) else None
