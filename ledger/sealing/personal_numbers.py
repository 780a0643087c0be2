"""Finds numbers that identify a person in free text: the guard of everything that stays in clear.

Identity numbers (GB 11643, with their check digit), mobile and landline telephone
numbers, bank cards (Luhn). Digits may be written in any way (``number_runs``) and stand
apart by blanks, hyphens and other signs; where a sign also parts two numbers (``、/,``, a new
line), only in the groups in which people write such a number. Where a word before a number says
what it is (身份证, 卡号), a wrong check digit does not excuse it: a mistyped number still
points to somebody.

Some are found only behind such a word, since they look like many others: identity numbers of
the 15 digits used before 1999, passports, permits, accounts of messengers (``personal_papers``).

What it does not find, and nobody should think it does: names, addresses, letters in place
of digits, digits without order. ``docs/privacy.md`` has the list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TypeAlias

from ledger.sealing.number_runs import (
    DIGITS_MIN,
    Candidate,
    Folded,
    candidates_in,
    folded,
    holds_numerals,
)
from ledger.sealing.personal_papers import (
    E_MAIL,
    PASSPORT,
    PERMIT,
    QQ,
    TRAVEL_PERMIT,
    WECHAT,
    accounts_in,
    papers_in,
)

IDENTITY, MOBILE, LANDLINE, BANK_CARD = (
    "identity-number",
    "mobile-number",
    "landline-number",
    "bank-card",
)
PERSONAL_KINDS = (
    *(IDENTITY, MOBILE, LANDLINE, BANK_CARD, PASSPORT, TRAVEL_PERMIT),
    *(PERMIT, E_MAIL, WECHAT, QQ),
)

NUMBERS = frozenset({IDENTITY, MOBILE, LANDLINE, BANK_CARD})
"""Kinds that another number can look like by chance."""

MASK = "＊"

IsOne: TypeAlias = Callable[[Candidate, Callable[[], bool]], bool]
"""Whether groups are a number of a kind; the second argument tells if a word before says so."""

_LABELS = {
    IDENTITY: re.compile(r"(?:身份证|证件|公民身份|identity)[^0-9]{0,8}$", re.IGNORECASE),
    LANDLINE: re.compile(r"(?:电话|座机|联系方式|tel|phone)[^0-9]{0,6}$", re.IGNORECASE),
    BANK_CARD: re.compile(r"(?:卡号|账号|帐号|银行卡|card|account)[^0-9]{0,8}$", re.IGNORECASE),
}
_LABEL_CHARACTERS = 20
_REGION = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
"""How division codes begin: provinces and their like (GB/T 2260), 83 for residence permits."""
_OUR_IDS = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?=[0-9]*[a-f])(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}))(?![0-9A-Za-z])"
)
_DIGITS_BEFORE = re.compile(r"[0-9][A-Za-z]+$")
_DIGITS_BEHIND = re.compile(r"[A-Za-z]+[0-9]")
_BESIDE = 40
_MOBILE = re.compile(r"(?:(?:00)?86|0)?(1[3-9][0-9]{9})")
_LANDLINE = re.compile(r"(0|(?:00)?86)(10|2[0-9]|[3-9][0-9]{2})([2-8][0-9]{6,7})")
_LOCAL_NUMBER = re.compile(r"[2-8][0-9]{6,7}")
_CARD = re.compile(r"[2-689][0-9]{15,18}")
_CARD_BEGIN = re.compile(r"[456]|3[05689]|2[2-7]|81|9[0-9]")

_MOBILE_GROUPS = frozenset({(11,), (3, 4, 4), (3, 8), (7, 4)})
_LOCAL_GROUPS = frozenset({(7,), (8,), (3, 4), (4, 4), (4, 3)})
_CARD_GROUP = 4

# Of a reference (a bank's, another book's number), which may be as long and have a fitting digit:
_REFERENCE = re.compile(r"[0-9A-Za-z._:/#-]*")
_BORN = re.compile(
    r"[0-9]{6}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]"
)
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
    taken: list[Found] = []
    covered = bytearray(len(text))
    for reading in _readings(text):
        for kind, start, end in _found_in(reading.text):
            begins, ends = reading.places[start], reading.places[end - 1] + 1
            if not any(covered[begins:ends]):
                taken.append(Found(kind, begins, ends))
                covered[begins:ends] = b"\1" * (ends - begins)
    return tuple(sorted(taken, key=lambda one: one.start))


def kind_in_text(text: str) -> str:
    """Return the kind of a personal number that a text holds, or nothing."""
    return next((kind for one in _readings(text) for kind, *_ in _found_in(one.text)), "")


def kind_in_reference(text: str) -> str:
    """Return which personal number a reference is or holds, or nothing.

    Fewer are found than in a text, and only in the groups in which people write them: a mobile
    number, a landline number behind its area code, a UnionPay card, an identity number with a
    possible birthday, and what a word says; none in what programs draw by lot, with letters and
    digits mixed. What is no bare reference is searched like any text.
    """
    for reading in _readings(text):
        if not _is_bare(reading):
            return kind_in_text(text)
        if kind := _kind_in_bare(reading.text.strip()):
            return kind
    return ""


def is_bare_reference(text: str) -> bool:
    """Tell whether a reference is letters, digits and signs only."""
    return _is_bare(folded(text))


def _is_bare(reading: Folded) -> bool:
    return _REFERENCE.fullmatch("".join(reading.text.split())) is not None


def _readings(text: str) -> Iterator[Folded]:
    """Yield the text folded, and once more with Chinese numerals as digits if it holds some."""
    yield folded(text)
    if holds_numerals(text):
        yield folded(text, reads_numerals=True)


def _found_in(text: str) -> Iterator[tuple[str, int, int]]:
    text = _OUR_IDS.sub(lambda found: "z" * len(found[0]), text)
    yield from papers_in(text)
    yield from accounts_in(text)
    if sum(map(text.count, "0123456789")) < DIGITS_MIN:
        return
    candidates = list(candidates_in(text))
    for kind, lengths, is_one in _LOOKED_FOR:
        for one in candidates:
            if len(one.digits) in lengths and is_one(
                one, partial(_is_labelled, text, kind, one.start)
            ):
                yield kind, one.start, one.end


def _kind_in_bare(text: str) -> str:
    named = next((kind for kind, *_ in (*papers_in(text), *accounts_in(text))), "")
    if named:
        return named
    bare = re.sub(r"[^0-9A-Za-z]", "", text.upper())
    if any(is_identity_number(found[0]) for found in _BORN.finditer(bare)):
        return IDENTITY
    text = _OUR_IDS.sub("", text)
    for one in candidates_in(text):
        if _is_in_random(text, one):
            continue
        if _is_mobile_group(one) and not one.is_listed:
            return MOBILE
        if len(one.sizes) > 1 and _is_landline_group(one):
            return LANDLINE
        if _is_card_group(one) and _UNIONPAY.fullmatch(one.digits) and passes_luhn(one.digits):
            return BANK_CARD
    return ""


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


def _is_in_random(text: str, one: Candidate) -> bool:
    """Tell whether letters and digits mix around it, as in keys that programs draw by lot."""
    before, behind = text[max(one.start - _BESIDE, 0) : one.start], text[one.end :][:_BESIDE]
    return bool(_DIGITS_BEFORE.search(before) or _DIGITS_BEHIND.match(behind))


# Each kind of number --------------------------------------------------------------------


def _identity(one: Candidate, is_labelled: Callable[[], bool]) -> bool:
    if not re.fullmatch(r"[1-9][0-9]{16}[0-9X]", one.digits):
        return False
    is_right = is_identity_number(one.digits)
    if is_right and not one.is_soft:
        is_right = _BORN.fullmatch(one.digits) is not None and bool(_REGION.match(one.digits))
    return is_right or is_labelled()


def _old_identity(one: Candidate, is_labelled: Callable[[], bool]) -> bool:
    return is_old_identity_number(one.digits) and is_labelled()


def _mobile(one: Candidate, _: Callable[[], bool]) -> bool:
    found = _MOBILE.fullmatch(one.digits)
    return found is not None and (
        one.is_soft or one.is_broken or one.is_dotted or _is_mobile_group(one)
    )


def _is_mobile_group(one: Candidate) -> bool:
    """Tell whether groups are a mobile number as people write it."""
    found = _MOBILE.fullmatch(one.digits)
    if found is None:
        return False
    sizes = _without_first(one.sizes, found.start(1))
    return one.is_spelled or (sizes in _MOBILE_GROUPS and not (one.is_listed and len(sizes) == 2))


def _landline(one: Candidate, _: Callable[[], bool]) -> bool:
    if _LANDLINE.fullmatch(one.digits) is None:
        return False
    return one.is_soft or _is_landline_group(one)


def _is_landline_group(one: Candidate) -> bool:
    """Tell whether an area code is one group, and the number behind it grouped as people do."""
    found = _LANDLINE.fullmatch(one.digits)
    if found is None:
        return False
    behind = _without_first(one.sizes, found.start(3))
    return one.is_spelled or behind in _LOCAL_GROUPS


def _local_number(one: Candidate, is_labelled: Callable[[], bool]) -> bool:
    is_one = _LOCAL_NUMBER.fullmatch(one.digits) is not None
    return is_one and (one.is_soft or one.sizes in _LOCAL_GROUPS) and is_labelled()


def _card(one: Candidate, is_labelled: Callable[[], bool]) -> bool:
    if _CARD.fullmatch(one.digits) is None:
        return False
    is_right = _CARD_BEGIN.match(one.digits) is not None and passes_luhn(one.digits)
    return (is_right and (one.is_soft or _is_card_group(one))) or is_labelled()


def _is_card_group(one: Candidate) -> bool:
    """Tell whether groups are a card's number as people write it: by fours, or a line broken."""
    by_fours = set(one.sizes[:-1]) == {_CARD_GROUP} and one.sizes[-1] <= _CARD_GROUP
    return len(one.sizes) == 1 or by_fours or one.is_spelled or one.is_broken


def _without_first(sizes: tuple[int, ...], count: int) -> tuple[int, ...]:
    """Return the sizes of the groups behind the first ``count`` digits, if a group ends there."""
    for place, size in enumerate(sizes):
        if count <= 0:
            return sizes[place:] if count == 0 else ()
        if size > count:
            return (size - count, *sizes[place + 1 :])
        count -= size
    return ()


def _is_labelled(text: str, kind: str, start: int) -> bool:
    label = _LABELS.get(kind)
    before = text[max(start - _LABEL_CHARACTERS, 0) : start]
    return label is not None and label.search(before) is not None


_LOOKED_FOR: tuple[tuple[str, range, IsOne], ...] = (
    (IDENTITY, range(18, 19), _identity),
    (IDENTITY, range(15, 16), _old_identity),
    (MOBILE, range(11, 16), _mobile),
    (BANK_CARD, range(16, 20), _card),
    (LANDLINE, range(10, 17), _landline),
    (LANDLINE, range(7, 9), _local_number),
)
"""Kinds in the order in which an overlap is told, and how many digits each has."""
