"""What stands in one cell, and how to read it: amounts, days, words, persons.

A reader takes a filled cell and returns a value, or refuses with an error of ``rules``. No
amount ever passes through binary floating point: a spreadsheet's number is taken at the 15
digits that the spreadsheet itself shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias
from unicodedata import normalize
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from ledger.core.characters import is_dash, is_invisible, narrow
from ledger.core.clock import LOCAL, local_day
from ledger.core.values import Code
from ledger.petitions.labels import Label
from scripts.imports import rules


@dataclass(frozen=True, slots=True)
class Formula:
    """A cell that holds a formula."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A cell that holds an error such as #REF!."""


Cell: TypeAlias = "str | int | float | bool | date | datetime | Formula | Broken | None"
Reader: TypeAlias = Callable[[Cell], Any]

DIGITS_KEPT = 15
YES = frozenset({"是", "已", "有", "yes", "y", "true", "1", "√", "满意", "已解决", "解决"})
NO = frozenset({"否", "未", "无", "no", "n", "false", "0", "×", "不满意", "未解决"})

UNITS: Mapping[str, int] = {
    "元": 1,
    "千元": 1_000,
    "万元": 10_000,
    "百万元": 1_000_000,
    "亿元": 100_000_000,
}
"""Units in which amounts are told, in yuan."""
YUAN = "元"

# Digits are those of ASCII only, behind the folding of width: others would be read as something
# that nobody wrote.
_AMOUNT = re.compile(
    r"(?:(?:¥|RMB|CNY)\s*)?(-?[0-9]{1,3}(?:,[0-9]{3}){1,4}|-?[0-9]{1,15})(\.[0-9]{1,9})?"
    r"(?:\s*((?:千|百万|万|亿)元?|元))?",
    re.IGNORECASE,
)
_DAY = re.compile(
    r"([0-9]{4})\s*(?:[-/.年])\s*([0-9]{1,2})\s*(?:[-/.月])\s*([0-9]{1,2})(?:\s*日)?"
    r"(?:[T\s]*([0-9]{1,2})[:时]([0-9]{1,2})(?:[:分]([0-9]{1,2})(?:\.[0-9]+)?秒?|分)?"
    r"\s*(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_COMPACT_DAY = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})(?:[T\s]?([0-9]{2}):?([0-9]{2})(?::?([0-9]{2}))?())?"
)
_DECIMAL = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_WHOLE = re.compile(r"[0-9]{1,15}")
_ERRORS = re.compile(
    r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|FIELD!|BLOCKED!|GETTING_DATA)"
    r"|#+"
)
"""What a spreadsheet shows instead of a value; hashes alone where the column was too narrow."""
_LOST_DIGITS = re.compile(r"-?[0-9](?:\.[0-9]+)?E[+-][0-9]{2,3}", re.IGNORECASE)
_CODE = TypeAdapter[str](Code)


@dataclass(frozen=True, slots=True, order=True)
class When:
    """A moment of the past; ``is_day`` when only the day is known: then it is the day's start."""

    at: datetime
    is_day: bool

    @property
    def day(self) -> date:
        """The day in China."""
        return local_day(self.at)

    def before(self, other: When) -> bool:
        """Tell whether this was certainly before the other."""
        if self.is_day or other.is_day:
            return self.day < other.day
        return self.at < other.at

    def __str__(self) -> str:
        return self.day.isoformat() if self.is_day else self.at.isoformat()


def plain(cell: Cell) -> str:
    """Return a cell as text, without blanks around it; full-width digits and signs stay."""
    if isinstance(cell, Formula):
        raise rules.FormulaRefused()
    if isinstance(cell, Broken):
        raise rules.CellInError()
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"  # as a spreadsheet shows it
    if isinstance(cell, int | float):
        return _digits(cell)
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d") if cell.time() == time() else cell.isoformat(" ")
    return "" if cell is None else _written(_clean(str(cell)))


def _written(text: str) -> str:
    """Return a text that somebody wrote; refuses what a spreadsheet made of it."""
    if text.startswith("="):
        raise rules.FormulaRefused()
    if _ERRORS.fullmatch(text):
        raise rules.CellInError()
    if _LOST_DIGITS.fullmatch(text):
        raise rules.NumberBeyondPrecision()
    return text


def is_blank(cell: Cell) -> bool:
    """Tell whether nothing stands in the cell."""
    return cell is None or (isinstance(cell, str) and not cell.strip("\ufeff \t\r\n\u3000"))


def _digits(number: float) -> str:
    if isinstance(number, int):
        shown = str(number)
        if len(shown.lstrip("-")) > DIGITS_KEPT:
            raise rules.NumberBeyondPrecision()
        return shown
    if abs(number) >= 10**DIGITS_KEPT or number != number:  # noqa: PLR0124 - NaN
        raise rules.NumberBeyondPrecision()
    return format(Decimal(format(number, f".{DIGITS_KEPT}g")).normalize(), "f")


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\ufeff \t\n\u3000")
    for one in text:
        if (one < " " and one not in "\t\n") or one == "\x7f" or "\ud800" <= one <= "\udfff":
            raise rules.CharacterRefused()
    return normalize("NFC", text)


def _narrow(cell: Cell) -> str:
    """Return a cell as text with full-width digits, letters and signs made narrow."""
    return narrow(plain(cell)).strip()


def amount(cell: Cell, unit: str | None = None) -> int:
    """Read an amount in a unit (yuan, if none is told); return it in fen, exactly."""
    text = _narrow(cell)
    found = _AMOUNT.fullmatch(text)
    if isinstance(cell, bool) or found is None:
        raise rules.AmountMalformed()
    written = f"{found[3].removesuffix(YUAN)}{YUAN}" if found[3] else None
    if written not in (None, unit or YUAN):
        raise rules.UnitContradicts(unit=unit, cell=written) if unit else rules.AmountMalformed()
    yuan = Decimal(found[1].replace(",", "") + (found[2] or "")) * UNITS[unit or YUAN]
    fen = yuan * 100
    if fen != fen.to_integral_value():
        raise rules.AmountTooFine()
    return int(fen)


def when(cell: Cell) -> When:
    """Read a day, with or without a time in China.

    Midnight is the day: spreadsheets store a day so, and write it as ``2026/11/10 0:00``.
    """
    if isinstance(cell, datetime):
        at = _local(cell)
        return When(at, is_day=at.time() == time())
    if isinstance(cell, date):
        return When(datetime.combine(cell, time(), LOCAL), is_day=True)
    text = _narrow(cell)
    found = _DAY.fullmatch(text) or _COMPACT_DAY.fullmatch(text)
    if found is None or isinstance(cell, bool):
        raise rules.DayMalformed()
    year, month, day, *clock = found.groups()
    try:
        on = date(int(year), int(month), int(day))
        if not clock or clock[0] is None:
            return When(datetime.combine(on, time(), LOCAL), is_day=True)
        at = _moment(on, clock)
        return When(at, is_day=at.time() == time())
    except ValueError as error:
        raise rules.DayMalformed() from error


def _moment(on: date, clock: list[Any]) -> datetime:
    hour, minute, second, offset = clock
    at = datetime.combine(on, time(int(hour), int(minute), int(second or 0)))
    if not offset:
        return _local(at)
    return _local(
        datetime.fromisoformat(f"{at.isoformat()}{'+00:00' if offset == 'Z' else offset}")
    )


def _local(at: datetime) -> datetime:
    """Return a moment in China's time, to the second: a spreadsheet's numbers know no more."""
    local = at.replace(tzinfo=LOCAL) if at.tzinfo is None else at.astimezone(LOCAL)
    return (local + timedelta(microseconds=500_000)).replace(microsecond=0)


def day(cell: Cell) -> date:
    """Read a day."""
    read = when(cell)
    if not read.is_day:
        raise rules.DayMalformed()
    return read.day


def truth(cell: Cell) -> bool:
    """Read yes or no."""
    text = _narrow(cell).casefold()
    if text in YES:
        return True
    if text in NO:
        return False
    raise rules.TruthMalformed()


def whole_number(cell: Cell) -> int:
    """Read a whole number that is not negative."""
    text = _narrow(cell)
    if isinstance(cell, bool) or not _WHOLE.fullmatch(text):
        raise rules.WholeNumberMalformed()
    return int(text)


def hours(cell: Cell) -> int:
    """Read hours; return minutes."""
    text = _narrow(cell).removesuffix("小时").strip()
    if isinstance(cell, bool) or not _DECIMAL.fullmatch(text):
        raise rules.HoursMalformed()
    minutes = Decimal(text) * 60
    if minutes != int(minutes):
        raise rules.HoursMalformed()
    return int(minutes)


def rate(cell: Cell) -> int:
    """Read a rate: ``5%``, or a spreadsheet's number for it (0.05); return basis points."""
    text = _narrow(cell)
    is_fraction = isinstance(cell, float) and cell < 1
    number = text.removesuffix("%").strip()
    if isinstance(cell, bool) or not _DECIMAL.fullmatch(number):
        raise rules.RateMalformed()
    if not is_fraction and not text.endswith("%"):
        raise rules.RateMalformed()
    points = Decimal(number) * (10_000 if is_fraction else 100)
    if points != int(points):
        raise rules.RateMalformed()
    return int(points)


def word(labels: Mapping[str, Label]) -> Reader:
    """Return a reader of listed words: their code, or what people read for it.

    A code that is not listed passes: whether it was allowed is for the ledger's rules to say.
    """
    codes = {code.casefold(): code for code in labels}
    for code, label in labels.items():
        codes[label.zh.casefold()] = codes[label.en.casefold()] = code

    def read(cell: Cell) -> str:
        text = _narrow(cell)
        known = codes.get(text.casefold()) or codes.get(plain(cell).casefold())
        return known or _code(text, rules.ChoiceUnknown(known="、".join(_shown(labels))))

    return read


def one_of(labels: Mapping[str, Label]) -> Reader:
    """Return a reader of words of which no others exist."""
    read_word = word(labels)

    def read(cell: Cell) -> str:
        code: str = read_word(cell)
        if code not in labels:
            raise rules.ChoiceUnknown(known="、".join(_shown(labels)))
        return code

    return read


def _shown(labels: Mapping[str, Label]) -> list[str]:
    return [f"{label.zh} {code}" for code, label in labels.items()]


def _code(text: str, error: Exception) -> str:
    try:
        return _CODE.validate_python(text)
    except ValidationError:
        raise error from None


def code(cell: Cell) -> str:
    """Read what is written in letters and digits, such as another book's number."""
    return _narrow(cell)


def reference_code(cell: Cell) -> str:
    """Read a reference of letters, digits and signs alone: hyphens of every kind are the usual one.

    Blanks and what nobody sees fall away, as they do where references are compared.
    """
    return "".join(
        "-" if is_dash(one) else one
        for one in _narrow(cell)
        if not (is_invisible(one) or one.isspace())
    )


def organisation(cell: Cell) -> str:
    """Read an organisation's code, such as an administrative division's."""
    return _code(_narrow(cell), rules.OrganisationCodeMalformed())


def person(cell: Cell) -> str:
    """Read a staff number, a pseudonym or a UUID."""
    return _code(_narrow(cell), rules.PersonMalformed())


def record_id(cell: Cell) -> UUID:
    """Read a record's UUID."""
    try:
        return UUID(_narrow(cell))
    except ValueError as error:
        raise rules.IdMalformed() from error
