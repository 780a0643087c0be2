"""The columns of a kind of import, declared as a dataclass whose fields say how to read a cell.

    payer: Annotated[str, Column("缴款方", text, limit=limit_of(ReceiveRevenue, "payer"))]

A field with a default is optional. Headings are the field's name or its Chinese words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any, get_type_hints

from openpyxl.utils import get_column_letter
from pydantic import TypeAdapter, ValidationError

from api.sentences import sentence_for
from ledger.commands.plain_texts import is_confirmable
from ledger.core.characters import narrow
from ledger.core.errors import LedgerError
from ledger.core.references import same_reference_key
from ledger.core.values import Code
from ledger.sealing import find_personal, kind_in_reference, mask_personal
from scripts.imports import cells, rules
from scripts.imports.cells import Cell, Reader
from scripts.imports.lines import Line
from scripts.imports.problems import Problem, printable, problem


@dataclass(frozen=True, slots=True)
class Column:
    """How a field is headed in Chinese, and how its cells are read.

    ``limit`` is the annotated type of a command's field, which every entrance checks alike.
    ``guard`` keeps personal data out; what people read may be masked instead.
    """

    zh: str
    read: Reader
    also: tuple[str, ...] = ()
    limit: Any = None
    name: str = ""
    guard: Callable[[str], None] | None = None
    can_be_masked: bool = False
    is_amount: bool = False
    same: Callable[[Any], object] | None = None
    """What two values of this column have in common that say the same."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of one kind of import."""

    name: str
    heading: str
    column: Column
    is_required: bool


def limit_of(command: type, field: str) -> Any:
    """Return the annotated type that a command's field has."""
    return get_type_hints(command, include_extras=True)[field]


def fields_of(row: type) -> tuple[Field, ...]:
    """Return the columns of a kind of import, in the order in which they are declared."""
    return _fields_of(row)


@cache
def _fields_of(row: Any) -> tuple[Field, ...]:
    hints = get_type_hints(row, include_extras=True)
    return tuple(
        Field(
            name=field.name,
            heading=(column := _column(hints[field.name])).name or field.name,
            column=column,
            is_required=field.default is MISSING,
        )
        for field in fields(row)
    )


def _column(hint: Any) -> Column:
    found: Column = next(one for one in hint.__metadata__ if isinstance(one, Column))
    return found


@cache
def _adapter(limit: Any) -> TypeAdapter[Any]:
    return TypeAdapter(limit)


_IN_UNIT = re.compile(r"(.{1,60}?)\(?((?:千|百万|万|亿)?元)\)?")
"""A heading that ends with a unit: ``金额(万元)``."""

# Headings ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Placed:
    """Which column each field stands in, and the unit of amounts that its heading tells."""

    places: Mapping[str, int]
    units: Mapping[str, str]


def match_headings(
    row: type, headings: tuple[str, ...], *, mapping: Mapping[str, str], ignored: tuple[str, ...]
) -> tuple[Placed, list[tuple[str, LedgerError]]]:
    """Return where each field stands, and what is wrong with the headings.

    A column may stand for several fields, where the mapping says so.
    """
    known = {field.heading: field for field in fields_of(row)}
    wrong: list[tuple[str, LedgerError]] = [
        (heading, rules.FieldUnknown(field=printable(heading), known=", ".join(known)))
        for heading in mapping
        if heading not in known
    ]
    by_heading = _fields_by_heading(row, mapping)
    skipped = {_bare(one) for one in ignored}
    places: dict[str, int] = {}
    units: dict[str, str] = {}
    for index, heading in enumerate(headings):
        named = _named(heading, by_heading)
        if not named and _bare(heading) not in skipped:
            wrong.append((heading or f"#{index + 1}", rules.HeadingUnknown()))
        for field, unit in named:
            if field.name in places:
                wrong.append((heading, rules.ColumnDoubled(field=field.heading)))
            places.setdefault(field.name, index)
            if unit:
                units[field.name] = unit
    return Placed(places, units), [*wrong, *_missing(row, places, mapping, headings)]


def known_count(
    row: type, headings: Sequence[str], *, mapping: Mapping[str, str], ignored: tuple[str, ...]
) -> int:
    """Return how many of these texts are headings of a kind of import, or columns left out."""
    by_heading = _fields_by_heading(row, mapping)
    skipped = {_bare(one) for one in ignored}
    return sum(bool(_named(one, by_heading)) or _bare(one) in skipped for one in headings if one)


def _named(heading: str, by_heading: Mapping[str, list[Field]]) -> list[tuple[Field, str]]:
    """Return the fields that a heading names, each with the unit that it tells."""
    bare = _bare(heading)
    found = [(field, "") for field in by_heading.get(bare, ())]
    told = _IN_UNIT.fullmatch(bare)
    if found or told is None:
        return found
    return [(one, told[2]) for one in by_heading.get(told[1], ()) if one.column.is_amount]


def _fields_by_heading(row: type, mapping: Mapping[str, str]) -> dict[str, list[Field]]:
    """Return every heading that is understood; a field that is mapped has no other heading."""
    found: dict[str, list[Field]] = {}
    for field in fields_of(row):
        column = field.column
        headings = {_bare(one) for one in (field.heading, column.zh, *column.also)}
        if field.heading in mapping:
            headings = {_bare(mapping[field.heading])}
        for one in headings:
            found.setdefault(one, []).append(field)
    return found


def _missing(
    row: type, places: Mapping[str, int], mapping: Mapping[str, str], headings: tuple[str, ...]
) -> Iterator[tuple[str, LedgerError]]:
    there = {_bare(heading) for heading in headings}
    for field in fields_of(row):
        named = mapping.get(field.heading)
        if named is not None and _bare(named) not in there:
            yield named, rules.HeadingMissing(field=field.heading)
        elif field.is_required and field.name not in places:
            yield field.heading, rules.ColumnMissing(field=field.name, zh=field.column.zh)


def _bare(heading: str) -> str:
    return re.sub(r"[\s_-]+", "", narrow(heading).strip().casefold())


# Rows -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the cells of a table are read.

    ``labels`` are the headings by which people know the fields, ``units`` those of amounts by
    field, ``values`` what is put for a cell's text, by field. ``width`` is how many columns
    the file has: constants stand behind them. With ``masked`` personal numbers in texts are
    replaced by asterisks, which is noted there, instead of refused.
    """

    places: Mapping[str, int]
    labels: Mapping[str, str]
    width: int
    units: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    masked: list[Problem] | None = None

    def cell(self, field: Field, line: Line) -> Cell:
        """Return what stands in a field's cell, or what is put for it."""
        place = self.places.get(field.name)
        cell = line.cells[place] if place is not None and place < len(line.cells) else None
        given = self.values.get(field.name)
        return given.get(value_key(cells.plain(cell)), cell) if given and cell else cell

    def at(self, field: Field, line: Line) -> dict[str, Any]:
        """Return where a field's cell is: row, heading and the cell's name."""
        place = self.places.get(field.name)
        is_in_file = place is not None and place < self.width
        name = (
            f"{get_column_letter(place + 1)}{line.number}"
            if is_in_file and place is not None
            else ""
        )
        return {"row": line.number, "column": self.labels[field.name], "cell": name}


def value_key(text: str) -> str:
    """Return by what a cell's text is looked up among the values that are put for texts."""
    return "".join(narrow(text).casefold().split())


def read_row(row: type, line: Line, reading: Reading) -> tuple[dict[str, Any], list[Problem]]:
    """Return the values of a row by field, and all that is wrong with its cells."""
    values: dict[str, Any] = {}
    wrong: list[Problem] = []
    for field in fields_of(row):
        try:
            cell = reading.cell(field, line)
            if not cells.is_blank(cell):
                values[field.name] = _read(field, _masked(field, cell, line, reading), reading)
            elif field.is_required:
                wrong.append(problem(rules.CellRequired(), **reading.at(field, line)))
        except LedgerError as error:
            wrong.append(problem(error, **reading.at(field, line)))
        except ValidationError as error:
            wrong.append(_limit_problem(error, reading.at(field, line)))
    return values, wrong


def _masked(field: Field, cell: Cell, line: Line, reading: Reading) -> Cell:
    """Return a cell's text with its personal numbers masked, and note each, if that is asked."""
    if reading.masked is None or not field.column.can_be_masked:
        return cell
    text = cells.plain(cell)
    found = find_personal(text)
    reading.masked.extend(
        problem(rules.PersonalDataMasked(kind=one.kind), **reading.at(field, line)) for one in found
    )
    return mask_personal(text) if found else cell


def _read(field: Field, cell: Cell, reading: Reading) -> Any:
    column = field.column
    if column.guard is not None:
        column.guard(cells.plain(cell))
    is_amount = column.is_amount
    value = cells.amount(cell, reading.units.get(field.name)) if is_amount else column.read(cell)
    return value if column.limit is None else _adapter(column.limit).validate_python(value)


def _limit_problem(error: ValidationError, where: Mapping[str, Any]) -> Problem:
    first = error.errors(include_url=False, include_input=False)[0]
    said = sentence_for(first["type"]).about(first.get("ctx", {}))
    return Problem(
        row=where["row"],
        column=printable(where["column"]),
        cell=where["cell"],
        rule=said.rule,
        zh=said.message_zh,
        en=said.message,
    )


# Personal data ----------------------------------------------------------------------------


def no_personal_data(text: str) -> None:
    """Refuse a text, a person or a place that holds a personal number of any kind."""
    if found := find_personal(text):
        raise rules.PersonalDataInCell(kind=found[0].kind)


def no_personal_reference(text: str) -> None:
    """Refuse a reference that is a personal number: others may be as long.

    One that only looks like a number is asked about later: somebody may have confirmed it.
    """
    kind = kind_in_reference(text)
    if kind and not is_confirmable(text, kind):
        raise rules.PersonalDataInCell(kind=kind)


def no_personal_code(text: str) -> None:
    """Refuse a code that is a personal number."""
    if kind := kind_in_reference(text):
        raise rules.PersonalDataInCell(kind=kind)


# What most columns are --------------------------------------------------------------------


def text(zh: str, limit: Any, *also: str, name: str = "") -> Column:
    """A column of texts that people read."""
    return Column(
        zh, cells.plain, also, limit=limit, name=name, guard=no_personal_data, can_be_masked=True
    )


def reference(zh: str, limit: Any, *also: str, is_code: bool = False) -> Column:
    """A column of numbers that banks and other books give: kept as they are typed.

    ``is_code``: the ledger takes only letters, digits and usual signs there.
    """
    return Column(
        zh,
        cells.reference_code if is_code else cells.plain,
        also,
        limit=limit,
        guard=no_personal_reference,
        same=same_reference_key,
    )


def person(zh: str, *also: str, name: str = "") -> Column:
    """A column of staff numbers or pseudonyms."""
    return Column(zh, cells.person, also, name=name, guard=no_personal_data)


def when(zh: str, *also: str, name: str = "") -> Column:
    """A column of days or moments."""
    return Column(zh, cells.when, also, name=name)


def code(zh: str, *also: str) -> Column:
    """A column of organisations' codes."""
    return Column(zh, cells.organisation, also, limit=Code, guard=no_personal_code)


def references_of(row: Any) -> Iterator[tuple[str, str]]:
    """Yield the references of a row that look like personal numbers, with their fields' names."""
    for one in fields_of(type(row)):
        text = getattr(row, one.name) if one.column.same is same_reference_key else ""
        if text and kind_in_reference(text):
            yield one.name, text


def amount(zh: str, limit: Any, *also: str, name: str) -> Column:
    """A column of amounts; their unit may stand in the heading, as in ``金额(万元)``."""
    return Column(zh, cells.amount, also, limit=limit, name=name, is_amount=True)


def canonical(row: type, name: str, value: Any) -> object:
    """Return a field's value as it stands in a row's digest: the same however it was written."""
    same = next((one.column.same for one in fields_of(row) if one.name == name), None)
    if same is not None:
        return same(value)
    return value if isinstance(value, bool | int) else str(value)
