"""The columns of a kind of import, declared as a dataclass whose fields say how to read a cell.

    payer: Annotated[str, Column("缴款方", text, limit=limit_of(ReceiveRevenue, "payer"))]

A field with a default is optional. Headings are the field's name or its Chinese words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any, get_type_hints
from unicodedata import normalize

from pydantic import TypeAdapter, ValidationError

from api.sentences import sentence_for
from ledger.core.errors import LedgerError
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


# Headings ---------------------------------------------------------------------------------


def match_headings(
    row: type, headings: tuple[str, ...], *, mapping: Mapping[str, str], ignored: tuple[str, ...]
) -> tuple[dict[str, int], list[tuple[str, LedgerError]]]:
    """Return which column each field stands in, and what is wrong with the headings."""
    known = {field.heading: field for field in fields_of(row)}
    wrong: list[tuple[str, LedgerError]] = [
        (heading, rules.FieldUnknown(field=printable(heading), known=", ".join(known)))
        for heading in mapping
        if heading not in known
    ]
    by_heading = _fields_by_heading(known, mapping)
    skipped = {_bare(one) for one in ignored}
    places: dict[str, int] = {}
    for index, heading in enumerate(headings):
        bare = _bare(heading)
        field = by_heading.get(bare)
        if field is None:
            if bare not in skipped:
                wrong.append((heading or f"#{index + 1}", rules.HeadingUnknown()))
        elif field.name in places:
            wrong.append((heading, rules.ColumnDoubled(field=field.heading)))
        else:
            places[field.name] = index
    return places, [*wrong, *_missing(row, places, mapping, headings)]


def _fields_by_heading(known: Mapping[str, Field], mapping: Mapping[str, str]) -> dict[str, Field]:
    """Return every heading that is understood; a field that is mapped has no other heading."""
    found: dict[str, Field] = {}
    for heading, field in known.items():
        if heading not in mapping:
            for one in (heading, field.column.zh, *field.column.also):
                found[_bare(one)] = field
    return found | {_bare(mapping[one]): known[one] for one in mapping if one in known}


def _missing(
    row: type, places: Mapping[str, int], mapping: Mapping[str, str], headings: tuple[str, ...]
) -> Iterator[tuple[str, LedgerError]]:
    there = {_bare(heading) for heading in headings}
    for field in fields_of(row):
        named = mapping.get(field.heading)
        if named is not None and _bare(named) not in there:
            yield named, rules.HeadingMissing(field=field.heading)
        elif field.is_required and field.name not in places:
            yield field.heading, rules.ColumnMissing(zh=field.column.zh)


def _bare(heading: str) -> str:
    narrow = normalize("NFKC", heading).strip().casefold()
    return re.sub(r"[\s_-]+", "", narrow)


# Rows -------------------------------------------------------------------------------------


def read_row(
    row: type,
    line: Line,
    places: Mapping[str, int],
    labels: Mapping[str, str],
    masked: list[Problem] | None = None,
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the values of a row by field, and all that is wrong with its cells.

    ``labels`` are the headings by which people know the fields. With ``masked`` personal numbers
    in texts are replaced by asterisks, which is noted there, instead of refused.
    """
    values: dict[str, Any] = {}
    wrong: list[Problem] = []
    for field in fields_of(row):
        place = places.get(field.name)
        cell = line.cells[place] if place is not None and place < len(line.cells) else None
        label = labels[field.name]
        if cells.is_blank(cell):
            if field.is_required:
                wrong.append(problem(rules.CellRequired(), row=line.number, column=label))
            continue
        try:
            if masked is not None and field.column.can_be_masked:
                cell = _masked(cell, line.number, label, masked)
            values[field.name] = _read(field, cell)
        except LedgerError as error:
            wrong.append(problem(error, row=line.number, column=label))
        except ValidationError as error:
            wrong.append(_limit_problem(error, line.number, label))
    return values, wrong


def _masked(cell: Cell, number: int, label: str, masked: list[Problem]) -> Cell:
    """Return a cell's text with its personal numbers masked, and note each."""
    text = cells.plain(cell)
    found = find_personal(text)
    masked += [
        problem(rules.PersonalDataMasked(kind=one.kind), row=number, column=label) for one in found
    ]
    return mask_personal(text) if found else cell


def _read(field: Field, cell: Cell) -> Any:
    column = field.column
    if column.guard is not None:
        column.guard(cells.plain(cell))
    value = column.read(cell)
    return value if column.limit is None else _adapter(column.limit).validate_python(value)


def _limit_problem(error: ValidationError, number: int, label: str) -> Problem:
    first = error.errors(include_url=False, include_input=False)[0]
    said = sentence_for(first["type"]).about(first.get("ctx", {}))
    return Problem(
        row=number, column=printable(label), rule=said.rule, zh=said.message_zh, en=said.message
    )


# Personal data ----------------------------------------------------------------------------


def no_personal_data(text: str) -> None:
    """Refuse a text, a person or a place that holds a personal number of any kind."""
    if found := find_personal(text):
        raise rules.PersonalDataInCell(kind=found[0].kind)


def no_personal_reference(text: str) -> None:
    """Refuse a reference that is a personal number: others may be as long."""
    if kind := kind_in_reference(text):
        raise rules.PersonalDataInCell(kind=kind)


# What most columns are --------------------------------------------------------------------


def text(zh: str, limit: Any, *also: str, name: str = "") -> Column:
    """A column of texts that people read."""
    return Column(
        zh, cells.plain, also, limit=limit, name=name, guard=no_personal_data, can_be_masked=True
    )


def reference(zh: str, limit: Any, *also: str) -> Column:
    """A column of numbers that banks and other books give."""
    return Column(zh, cells.code, also, limit=limit, guard=no_personal_reference)


def person(zh: str, *also: str, name: str = "") -> Column:
    """A column of staff numbers or pseudonyms."""
    return Column(zh, cells.person, also, name=name, guard=no_personal_data)


def when(zh: str, *also: str, name: str = "") -> Column:
    """A column of days or moments."""
    return Column(zh, cells.when, also, name=name)


def code(zh: str, *also: str) -> Column:
    """A column of organisations' codes."""
    return Column(zh, cells.code, also, limit=Code, guard=no_personal_reference)


def amount(zh: str, limit: Any, *also: str, name: str) -> Column:
    """A column of amounts in yuan."""
    units = tuple(f"{one}(元)" for one in (zh, *also))
    return Column(zh, cells.amount, (*also, *units), limit=limit, name=name)


def canonical(value: object) -> object:
    """Return a value as it stands in a row's digest: the same however the file wrote it."""
    return value if isinstance(value, bool | int) else str(value)
