"""Digits of a text, however they are written: as groups, and which groups stand together.

A text is folded first: digits of every script, in circles or as keys of a telephone become plain,
invisible characters and marks upon digits fall away, hyphens of every kind become one. Chinese
numerals (一三九, 壹叁玖, 幺, 〇) are folded in a second reading only, since they are words, too.

    "打138-1234 5678给我"  →  groups 138, 1234, 5678 with the gaps "-" and " "
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from unicodedata import category, digit, normalize

from ledger.core.characters import is_dash, is_invisible

DIGITS_MIN = 7
"""The shortest number that is looked for."""
GAP_MAX = 4
"""How many characters may stand between two groups of one number."""
DIGITS_MAX = 21
"""The longest number that is looked for, with what may stand before it."""
_LENGTHS = {
    "0": range(10, 17),
    "1": (11, 15, 18),
    **dict.fromkeys("234567", (7, 8, *range(15, 20))),
    "8": (7, 8, *range(10, 20)),
    "9": range(15, 20),
}
"""How many digits a number of any kind has that begins with a digit: others are not looked at."""
_NUMERALS = {
    numeral: str(value)
    for value, numerals in enumerate(
        (
            "〇零○洞",
            "一壹幺弌",
            "二贰貳两兩弍",
            "三叁參叄弎",
            "四肆",
            "五伍",
            "六陆陸",
            "七柒拐",
            "八捌",
            "九玖勾",
        )
    )
    for numeral in numerals
}
_BLANKS = {"Zs": " ", "Zl": "\n", "Zp": "\n"}
_GROUP = re.compile(r"[0-9]+|[Xx](?![0-9])")
_NOTHING = frozenset(" \t\r()+")
"""What may stand between the groups of a number and says nothing."""
_SOFT = frozenset("-_·•~*|")
"""What people put between the groups of one number, and hardly between two numbers."""
_SOFTLY = _NOTHING | _SOFT
_SOFT_MAX = 2
_LISTING = frozenset(",;、/")
"""What people put between two numbers."""


@dataclass(frozen=True, slots=True)
class Folded:
    """A text with plain digits, blanks and hyphens, and where each character of it stood."""

    text: str
    places: Sequence[int]


@dataclass(frozen=True)
class Candidate:
    """Groups that stand together and may be a number."""

    digits: str
    sizes: tuple[int, ...]
    gaps: tuple[str, ...]
    start: int
    end: int

    @cached_property
    def is_soft(self) -> bool:
        """Whether nothing stands between the groups that could part two numbers."""
        return all(len(gap) <= _SOFT_MAX and _SOFTLY.issuperset(gap) for gap in self.gaps)

    @cached_property
    def is_listed(self) -> bool:
        """Whether it may be a list of several numbers."""
        return any(character in _LISTING for gap in self.gaps for character in gap)

    @cached_property
    def is_spelled(self) -> bool:
        """Whether each digit stands alone."""
        return len(self.sizes) > 2 and set(self.sizes) == {1}

    @cached_property
    def is_broken(self) -> bool:
        """Whether one line ends within the number, and nothing else parts it."""
        return len(self.gaps) == 1 and "\n" in self.gaps[0]

    @cached_property
    def is_dotted(self) -> bool:
        """Whether dots part the groups, and not those of an amount."""
        if {one for gap in self.gaps for one in gap} - _NOTHING != {"."}:
            return False
        return len(self.gaps) > 1 or self.sizes[-1] > 2


def folded(text: str, *, reads_numerals: bool = False) -> Folded:
    """Return the text folded; with ``reads_numerals`` also Chinese numerals are digits."""
    if text.isascii():
        return Folded(text, range(len(text)))
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        plain = _NUMERALS.get(character) if reads_numerals else None
        for one in _plain(character) if plain is None else plain:
            characters.append(one)
            places.append(place)
    return Folded("".join(characters), places)


def holds_numerals(text: str) -> bool:
    """Tell whether Chinese numerals, alone or among digits, may be a number."""
    if text.isascii() or _NUMERALS.keys().isdisjoint(text):
        return False
    return sum(one in _NUMERALS or digit(one, None) is not None for one in text) >= DIGITS_MIN


def candidates_in(text: str) -> Iterator[Candidate]:
    """Yield every row of groups in a folded text that may be a number.

    A text of n characters gives at most ``DIGITS_MAX`` times n.
    """
    groups = [(found.start(), found.end()) for found in _GROUP.finditer(text)]
    gaps = [_gap(text, before[1], after[0]) for before, after in pairwise(groups)]
    for first in range(len(groups)):
        yield from _from(text, groups, gaps, first)


def _from(
    text: str, groups: list[tuple[int, int]], gaps: list[str | None], first: int
) -> Iterator[Candidate]:
    start, end = groups[first]
    digits, sizes = text[start:end], [end - start]
    between: list[str] = []
    last = first
    lengths = _LENGTHS.get(digits[0], ())
    while len(digits) <= DIGITS_MAX:
        if len(digits) in lengths:
            yield Candidate(digits.upper(), tuple(sizes), tuple(between), start, end)
        gap = gaps[last] if last < len(gaps) else None
        if gap is None or digits[-1] in "Xx":
            return
        last += 1
        begin, end = groups[last]
        if end - begin > DIGITS_MAX:
            return
        digits += text[begin:end]
        between.append(gap)
        sizes.append(end - begin)


def _gap(text: str, start: int, end: int) -> str | None:
    """Return what stands between two groups, or ``None`` if they belong to different things."""
    if end - start > GAP_MAX:
        return None
    between = text[start:end]
    return None if any(category(one)[0] in "LN" for one in between) else between


@lru_cache(maxsize=8_192)
def _plain(character: str) -> str:
    if character.isascii():
        return character
    if is_invisible(character) or category(character) in ("Mn", "Me"):
        return ""  # nothing that a reader takes for a part of a number
    if is_dash(character):
        return "-"
    blank = _BLANKS.get(category(character))
    if blank is not None:
        return blank
    value = digit(character, None)
    return normalize("NFKC", character) if value is None else str(value)
