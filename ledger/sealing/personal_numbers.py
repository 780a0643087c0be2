"""Finds numbers that identify a person in free text: the guard of everything that stays in clear.

Identity numbers (GB 11643, with their check digit), mobile and landline telephone
numbers, bank cards (Luhn). Digits may be full-width, and stand apart by spaces or
dashes. Where a word before a number says what it is (身份证, 卡号), a wrong check digit
does not excuse it: a mistyped number still points to somebody.

Some numbers are found only behind such a word, since they look like many others:
identity numbers of the 15 digits used before 1999 (with a region and a birthday),
passports (护照), travel permits that begin with a letter (通行证, 回乡证).

What it does not find, and nobody should think it does: names, addresses, numbers
written in words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from typing import TypeAlias
from unicodedata import category, digit, normalize

IDENTITY, MOBILE, LANDLINE, BANK_CARD, PASSPORT, TRAVEL_PERMIT = (
    "identity-number",
    "mobile-number",
    "landline-number",
    "bank-card",
    "passport",
    "travel-permit",
)
PERSONAL_KINDS = (IDENTITY, MOBILE, LANDLINE, BANK_CARD, PASSPORT, TRAVEL_PERMIT)

MASK = "＊"

IsOne: TypeAlias = Callable[[str, Callable[[], bool]], bool]
"""Whether digits are a number of a kind; the second argument tells if a word before says so."""

_GAP = r"[ \-]{0,2}"  # after folding: any space or dash
_DASHES = frozenset("‐‑‒–—―−﹣－~·•_")
_FIRST, _LAST = r"(?<![0-9])", r"(?![0-9])"


def _digits(least: int, most: int | None = None) -> str:
    return rf"(?:{_GAP}[0-9]){{{least},{least if most is None else most}}}"


# Each is looked for at every place (a look-ahead takes nothing), so that no number hides in
# the tail of another one.
_IDENTITY = re.compile(rf"(?=({_FIRST}[1-9]{_digits(16)}{_GAP}[0-9Xx]{_LAST}))")
_OLD_IDENTITY = re.compile(rf"(?=({_FIRST}[1-9]{_digits(14)}{_LAST}))")
_MOBILE = re.compile(rf"(?=({_FIRST}(?:(?:\+|00)?86{_GAP})?1{_GAP}[3-9]{_digits(9)}{_LAST}))")
_AREA = rf"(?:1{_GAP}0|2{_GAP}[0-9]|[3-9]{_digits(2)})"
_LANDLINE = re.compile(
    rf"(?=({_FIRST}\(?(?:0|(?:\+|00)86{_GAP}){_GAP}{_AREA}\)?{_GAP}[2-8]{_digits(6, 7)}{_LAST}))"
)
_LOCAL_NUMBER = re.compile(rf"(?=({_FIRST}[2-8]{_digits(6, 7)}{_LAST}))")
_CARDS = tuple(
    re.compile(rf"(?=({_FIRST}[2-689]{_digits(count - 1)}{_LAST}))") for count in range(19, 15, -1)
)
_CARD_BEGIN = re.compile(r"[456]|3[05689]|2[2-7]|81|9[0-9]")

_LABELS = {
    IDENTITY: re.compile(r"(?:身份证|证件|公民身份|identity)[^0-9]{0,8}$", re.IGNORECASE),
    LANDLINE: re.compile(r"(?:电话|座机|联系方式|tel|phone)[^0-9]{0,6}$", re.IGNORECASE),
    BANK_CARD: re.compile(r"(?:卡号|账号|帐号|银行卡|card|account)[^0-9]{0,8}$", re.IGNORECASE),
}
_LABEL_CHARACTERS = 20
# Papers whose numbers begin with letters: the word, perhaps 号码 or "no.", and then the number.
_NUMBER_WORD = r"(?:(?:证件)?号码?|\s*(?:no|number))?[^0-9A-Za-z]{0,6}"
_PAPERS = (
    (
        PASSPORT,
        re.compile(
            rf"(?:护照|passport){_NUMBER_WORD}([A-Z]{{1,2}}{_GAP}[0-9]{_digits(6, 7)}{_LAST})",
            re.IGNORECASE,
        ),
    ),
    (
        TRAVEL_PERMIT,
        re.compile(
            rf"(?:通行证|回乡证|permit){_NUMBER_WORD}"
            rf"([CHMW][A-Z]?{_GAP}[0-9]{_digits(6, 9)}{_LAST})",
            re.IGNORECASE,
        ),
    ),
)
_REGION = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12]")
"""How division codes begin: provinces and their like (GB/T 2260)."""
_DIGIT, _DIGITS_MIN = re.compile(r"[0-9]"), 7
_RUN = re.compile(r"[0-9+(][0-9Xx+() \-]*")
_OUR_IDS = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?=[0-9]*[a-f])[0-9a-f]{40}|(?=[0-9]*[a-f])[0-9a-f]{64})(?![0-9A-Za-z])"
)

# Of a reference (a bank's, another book's number), which may be as long and have a fitting digit:
_REFERENCE = re.compile(r"[0-9A-Za-z._:/#-]*")
_BORN = re.compile(
    r"[0-9]{6}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]"
)
_WHOLE_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_UNIONPAY = re.compile(r"62[0-9]{14,17}")

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


@dataclass(frozen=True, slots=True)
class Found:
    """A personal number in a text: what kind, and from where to where it stands."""

    kind: str
    start: int
    end: int


def find_personal(text: str) -> tuple[Found, ...]:
    """Return the personal numbers in a text, by place; an overlap is told once."""
    folded, places = _folded(text)
    if not _is_long(folded):
        return ()
    folded = _OUR_IDS.sub(lambda found: "x" * len(found[0]), folded)
    taken: list[Found] = []
    for kind, start, end in _candidates(folded):
        begins, ends = places[start], places[end - 1] + 1
        if not any(one.start < ends and begins < one.end for one in taken):
            taken.append(Found(kind, begins, ends))
    return tuple(sorted(taken, key=lambda one: one.start))


def kind_in_reference(text: str) -> str:
    """Return which personal number a reference is or holds, or nothing.

    Fewer are found than in a text: only a whole mobile number or UnionPay card, and an identity
    number with a possible birthday. What is no bare reference is searched like any text.
    """
    bare = normalize("NFKC", text).strip().upper()
    if not _REFERENCE.fullmatch(bare):
        found = find_personal(text)
        return found[0].kind if found else ""
    if _WHOLE_MOBILE.fullmatch(bare):
        return MOBILE
    if any(is_identity_number(found[0]) for found in _BORN.finditer(bare)):
        return IDENTITY
    return BANK_CARD if _UNIONPAY.fullmatch(bare) and passes_luhn(bare) else ""


def mask_personal(text: str) -> str:
    """Return the text with every personal number replaced by asterisks of the same length."""
    for found in reversed(find_personal(text)):
        text = text[: found.start] + MASK * (found.end - found.start) + text[found.end :]
    return text


def is_identity_number(text: str) -> bool:
    """Tell whether 18 characters are an identity number whose check digit is right (GB 11643)."""
    if not re.fullmatch(r"[1-9][0-9]{16}[0-9X]", text):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=False))
    return text[-1] == _CHECKS[total % 11]


def passes_luhn(digits: str) -> bool:
    """Tell whether the last digit of a card's number is right (ISO/IEC 7812)."""
    total = 0
    for place, character in enumerate(reversed(digits)):
        value = int(character) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_old_identity_number(digits: str) -> bool:
    """Tell whether 15 digits may be an identity number of before 1999: region, birthday, order."""
    if not re.fullmatch(r"[1-9][0-9]{14}", digits) or not _REGION.match(digits):
        return False
    try:
        date(1900 + int(digits[6:8]), int(digits[8:10]), int(digits[10:12]))
    except ValueError:
        return False
    return digits[2:4] != "00"


def _candidates(text: str) -> Iterator[tuple[str, int, int]]:
    for kind, paper in _PAPERS:
        yield from ((kind, *found.span(1)) for found in paper.finditer(text))
    runs = [(run.span(), len(_DIGIT.findall(run[0]))) for run in _RUN.finditer(text)]
    for kind, digits_min, pattern, is_one in _LOOKED_FOR:
        for run, digits_count in runs:
            if digits_count >= digits_min:
                yield from _matches(text, run, kind, pattern, is_one)


def _is_long(text: str) -> bool:
    """Tell whether there are enough digits for the shortest number."""
    return len(_DIGIT.findall(text)) >= _DIGITS_MIN


def _matches(
    text: str,
    run: tuple[int, int],
    kind: str,
    pattern: re.Pattern[str],
    is_one: IsOne,
) -> Iterator[tuple[str, int, int]]:
    """Yield what has the form of a number, and its check digit or a word before it that says so."""
    for found in pattern.finditer(text, *run):
        start, end = found.span(1)
        if is_one(_bare(found[1]), partial(_is_labelled, text, kind, start)):
            yield kind, start, end


def _identity(number: str, is_labelled: Callable[[], bool]) -> bool:
    return is_identity_number(number) or is_labelled()


def _old_identity(number: str, is_labelled: Callable[[], bool]) -> bool:
    return is_old_identity_number(number) and is_labelled()


def _card(number: str, is_labelled: Callable[[], bool]) -> bool:
    return (_CARD_BEGIN.match(number) is not None and passes_luhn(number)) or is_labelled()


def _always(_: str, __: Callable[[], bool]) -> bool:
    return True


def _only_labelled(_: str, is_labelled: Callable[[], bool]) -> bool:
    return is_labelled()


def _bare(number: str) -> str:
    return re.sub(r"[^0-9X]", "", number.upper())


def _is_labelled(text: str, kind: str, start: int) -> bool:
    label = _LABELS.get(kind)
    before = text[max(start - _LABEL_CHARACTERS, 0) : start]
    return label is not None and label.search(before) is not None


def _folded(text: str) -> tuple[str, list[int]]:
    """Return the text with plain digits, spaces and dashes, and where each character stood."""
    if text.isascii():
        return text, list(range(len(text)))
    folded: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for plain in _plain(character):
            folded.append(plain)
            places.append(place)
    return "".join(folded), places


@lru_cache(maxsize=8_192)
def _plain(character: str) -> str:
    if character.isascii():
        return character
    if character in _DASHES:
        return "-"
    kind = category(character)
    if kind == "Cf":  # zero-width joiners and their like: nothing that a reader sees
        return ""
    if kind == "Zs":
        return " "
    if kind == "Nd":
        return str(digit(character))
    return normalize("NFKC", character)


_LOOKED_FOR: tuple[tuple[str, int, re.Pattern[str], IsOne], ...] = (
    (IDENTITY, 17, _IDENTITY, _identity),
    (IDENTITY, 15, _OLD_IDENTITY, _old_identity),
    (MOBILE, 11, _MOBILE, _always),
    *((BANK_CARD, 16, pattern, _card) for pattern in _CARDS),
    (LANDLINE, 10, _LANDLINE, _always),
    (LANDLINE, 7, _LOCAL_NUMBER, _only_labelled),
)
"""Kinds in the order in which an overlap is told, and the fewest digits of each."""
