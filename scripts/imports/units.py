"""The unit that a table tells above its headings: ``单位：万元``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ledger.core.characters import narrow
from scripts.imports import rules
from scripts.imports.cells import UNITS, YUAN
from scripts.imports.columns import fields_of
from scripts.imports.lines import Line

_TOLD = re.compile(r"单位\s{0,4}:\s{0,4}(?:人民币)?\s{0,4}([^\s()，。;；,]{1,8})")
_CURRENCY = re.compile(r".*(?:元|币|镑|块)|.*(?:千|万|百万|亿)")


def unit_above(lines: Sequence[Line]) -> str | None:
    """Return the unit of amounts that is told above the headings, if one is.

    ``单位：某某公司`` says who filled the table in and is no unit. Refuses two units, and a
    currency that is not known here.
    """
    told: set[str] = set()
    for line in lines:
        for cell in line.cells:
            if isinstance(cell, str):
                told |= {_unit(found) for found in _TOLD.findall(narrow(cell))} - {""}
    if len(told) > 1:
        raise rules.UnitContradicts(units="、".join(sorted(told)))
    return next(iter(told), None)


def units_of(row: type, above: str | None, headings: Mapping[str, str]) -> dict[str, str]:
    """Return the unit of each field with amounts: its heading's, or the one told above.

    Refuses where they contradict each other.
    """
    units: dict[str, str] = {}
    for field in fields_of(row):
        if not field.column.is_amount:
            continue
        in_heading = headings.get(field.name)
        if above and in_heading and in_heading != above:
            raise rules.UnitContradicts(above=above, heading=in_heading)
        if unit := in_heading or above:
            units[field.name] = unit
    return units


def _unit(text: str) -> str:
    """Return the unit that a text names; nothing if it names none of money."""
    if not _CURRENCY.fullmatch(text):
        return ""
    unit = f"{text.removesuffix(YUAN)}{YUAN}"
    if unit not in UNITS:
        raise rules.AmountUnitUnknown(unit=text)
    return unit
