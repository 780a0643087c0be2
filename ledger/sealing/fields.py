"""Which personal data can be sealed, and the one form in which each is sealed and looked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from unicodedata import normalize

from ledger.core.characters import narrow
from ledger.core.errors import InvalidValue
from ledger.sealing.personal_numbers import is_identity_number, passes_luhn

VALUE_CHARACTERS_MAX = 2_000


class Field(StrEnum):
    """A kind of personal data about one person."""

    NAME = "name"
    PHONE = "phone"
    ADDRESS = "address"
    IDENTITY_NUMBER = "identity_number"
    BANK_CARD = "bank_card"
    STATEMENT = "statement"
    FILE_NAME = "file_name"


FIELD_NAMES: Mapping[Field, tuple[str, str]] = {
    Field.NAME: ("姓名", "name"),
    Field.PHONE: ("电话", "telephone number"),
    Field.ADDRESS: ("住址", "address"),
    Field.IDENTITY_NUMBER: ("身份证号", "identity number"),
    Field.BANK_CARD: ("银行卡号", "bank card number"),
    Field.STATEMENT: ("涉及个人的陈述", "personal statement"),
    Field.FILE_NAME: ("文件名", "file name"),
}
"""What each is called, in Chinese and in English."""

SEARCHABLE = frozenset({Field.PHONE, Field.IDENTITY_NUMBER})
"""What a person can be looked for by, through a keyed index."""

_PHONE = re.compile(
    r"1[3-9][0-9]{9}|0(?:10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}|\+[1-9][0-9]{6,14}"
)


def normalised(field: Field, value: str) -> str:
    """Return the one form of a value: the same number is the same text however it was typed."""
    text = normalize("NFC", value.strip())
    if field in _IN_DIGITS:
        text = _IN_DIGITS[field](narrow(text))
    return text


def guard_value(field: Field, value: str) -> str:
    """Return the value's one form; refuses (``InvalidValue``) without ever repeating the value."""
    text = normalised(field, value)
    if not 0 < len(text) <= VALUE_CHARACTERS_MAX:
        raise InvalidValue(field=str(field), rule=f"1 to {VALUE_CHARACTERS_MAX} characters")
    if field in _RULES:
        is_right, rule = _RULES[field]
        if not is_right(text):
            raise InvalidValue(field=str(field), rule=rule)
    return text


def _phone(text: str) -> str:
    bare = re.sub(r"[\s()\-.]", "", text)
    return re.sub(r"^(?:\+|00)86(?=1[3-9]|0)", "", bare)


def _number(text: str) -> str:
    return re.sub(r"[\s\-]", "", text).upper()


def _is_card(text: str) -> bool:
    return re.fullmatch(r"[0-9]{12,19}", text) is not None and passes_luhn(text)


_IN_DIGITS: Mapping[Field, Callable[[str], str]] = {
    Field.PHONE: _phone,
    Field.IDENTITY_NUMBER: _number,
    Field.BANK_CARD: _number,
}
_RULES: Mapping[Field, tuple[Callable[[str], bool], str]] = {
    Field.PHONE: (
        lambda text: _PHONE.fullmatch(text) is not None,
        "手机号、带区号的固定电话，或以 + 开头的国际号码"
        " / a mobile number, a landline with its area code, or an international number with +",
    ),
    Field.IDENTITY_NUMBER: (
        is_identity_number,
        "18 位身份证号，校验码须正确 / 18 characters with the right check digit (GB 11643)",
    ),
    Field.BANK_CARD: (
        _is_card,
        "12 至 19 位卡号，校验位须正确 / 12 to 19 digits with the right check digit (Luhn)",
    ),
}
