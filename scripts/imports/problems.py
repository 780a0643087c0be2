"""One thing that is wrong with a file: where, which rule, and a sentence in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.core.errors import Fact, LedgerError

SHOWN_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """``row`` counts as a spreadsheet does, from 1; it is ``None`` for the file as a whole.

    ``cell`` is the spreadsheet's name of the cell, such as ``C5``, where it is about one.
    """

    row: int | None
    column: str
    cell: str = ""
    rule: str
    zh: str
    en: str


def problem(
    error: LedgerError, *, row: int | None = None, column: str = "", cell: str = ""
) -> Problem:
    """Return an error of the import or of the ledger as a problem at a place."""
    facts = {name: value for name, value in error.facts.items() if value is not None}
    return Problem(
        row=row,
        column=printable(column),
        cell=cell,
        rule=error.code(),
        zh=error.title_zh() + (f"（{_listed(facts, '；')}）" if facts else ""),
        en=error.title_en() + (f" ({_listed(facts, '; ')})" if facts else ""),
    )


def _listed(facts: Mapping[str, Fact], between: str) -> str:
    return between.join(f"{name}: {printable(str(value))}" for name, value in facts.items())


def printable(text: str) -> str:
    """Return a text from outside so that it can forge no line and move no cursor."""
    shown = text if len(text) <= SHOWN_CHARACTERS_MAX else text[:SHOWN_CHARACTERS_MAX] + "…"
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape", "surrogatepass").decode()
        for one in shown
    )
