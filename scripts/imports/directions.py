"""Whether money came in or went out, in a bank's statement: by a column, or by two of amounts.

    收支方向 | 金额      贷方发生额 | 借方发生额      收入 | 支出

A kind of import takes one direction (``DIRECTION``); rows of the other are no records of it. From
the account's side 贷 is money that came in, 借 money that went out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ledger.core.characters import narrow
from scripts.imports import cells, rules
from scripts.imports.cells import Cell, is_blank
from scripts.imports.lines import Line
from scripts.imports.records import ImportRow

IN, OUT = "in", "out"
HEADINGS = frozenset(
    {
        "收支方向",
        "收支",
        "收支类型",
        "借贷",
        "借贷方向",
        "借贷标志",
        "借贷标识",
        "资金方向",
        "direction",
    }
)
WORDS: Mapping[str, str] = {
    **dict.fromkeys(
        ("收入", "收", "贷", "贷方", "贷记", "转入", "入账", "进账", "in", "credit", "c", "+"), IN
    ),
    **dict.fromkeys(
        ("支出", "支", "付", "借", "借方", "借记", "转出", "出账", "out", "debit", "d", "-"), OUT
    ),
}
AMOUNTS: Mapping[str, tuple[str, ...]] = {
    IN: ("收入", "收入金额", "贷方", "贷方金额", "贷方发生额", "转入金额"),
    OUT: ("支出", "支出金额", "借方", "借方金额", "借方发生额", "转出金额"),
}
"""Headings of the amounts of each direction, where a table has a column for each."""


class Directions:
    """What a table says about directions, and which rows are of the other one."""

    def __init__(self, kind: type[ImportRow], headings: Sequence[str]) -> None:
        self._direction = kind.DIRECTION
        self._said: list[int] = []
        self._own: list[int] = []
        self._other: list[int] = []
        self.headings: tuple[str, ...] = ()
        if self._direction:
            self._find(headings)

    def _find(self, headings: Sequence[str]) -> None:
        bare = ["".join(narrow(one).casefold().split()).split("(")[0] for one in headings]
        other = IN if self._direction == OUT else OUT
        self._said = [place for place, one in enumerate(bare) if one in HEADINGS]
        self._own = [place for place, one in enumerate(bare) if one in AMOUNTS[self._direction]]
        self._other = [place for place, one in enumerate(bare) if one in AMOUNTS[other]]
        self.headings = tuple(headings[place] for place in (*self._said, *self._other))

    def is_other(self, line: Line) -> bool:
        """Tell whether a row is about money that went the other way; refuses what is unclear."""
        said = {self._read(_at(line, place)) for place in self._said}
        if len(said) > 1:
            raise rules.DirectionsBoth()
        if said:
            return said != {self._direction}
        is_own = any(_is_told(_at(line, place)) for place in self._own)
        is_other = any(_is_told(_at(line, place)) for place in self._other)
        if is_own and is_other:
            raise rules.DirectionsBoth()
        return is_other

    def _read(self, cell: Cell) -> str:
        word = "".join(narrow(cells.plain(cell)).casefold().split())
        direction = WORDS.get(word)
        if direction is None:
            raise rules.DirectionUnknown()
        return direction


def _at(line: Line, place: int) -> Cell:
    return line.cells[place] if place < len(line.cells) else None


def _is_told(cell: Cell) -> bool:
    """Tell whether an amount other than nothing stands in a cell."""
    return (
        not is_blank(cell) and cells.plain(cell) not in {"-", "–", "—"} and cells.amount(cell) != 0
    )
