"""Keeps personal data out of the texts that go into the log, where they could never be erased.

Each command function names the texts that it records. ``guard_command`` looks at every text of a
command, whatever it is called: the api does so before anything else, so that a new field cannot be
forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from ledger.core.aggregate import By
from ledger.core.errors import RuleViolated
from ledger.sealing import (
    NUMBERS,
    OWN_SECRET,
    holds_own_secret,
    is_bare_reference,
    kind_in_reference,
    kind_in_text,
)

REFERENCES = frozenset({"bank_reference", "code", "contract", "reference"})
"""Fields that hold numbers of banks, registers and other books, often long."""


class PersonalDataInText(RuleViolated):
    """A text must not carry a number or an address of a person, or what lets somebody in.

    文字中不得出现电话、证件号、银行卡号、邮箱、微信或 QQ 号，以及令牌等登录凭据：账本永久保存。
    """


def without_personal_data(by: By, **texts: str) -> By:
    """Refuse texts (by field name) that hold a personal number, history included.

    What happened long ago is recorded however many rules it broke, but not in words that could
    never be erased: an import masks or refuses such a text before it comes here.
    """
    guard_texts(texts.items())
    return by


def guard_texts(texts: Iterable[tuple[str, str]]) -> None:
    """Refuse (``PersonalDataInText``) the first text that must not stay, by its field's name."""
    for field, text in texts:
        if kind := unfit_kind(text, is_reference=field in REFERENCES):
            raise PersonalDataInText(field=field, kind=kind)


def guard_command(command: Any) -> None:
    """Refuse a command any of whose texts must not stay, except what it gives to be sealed.

    References that somebody else may have confirmed are let by: ``guard_references`` asks.
    """
    guard_texts(
        (field, text)
        for field, text in texts_of(command)
        if not (field in REFERENCES and is_confirmable(text, unfit_kind(text, is_reference=True)))
    )


def is_confirmable(text: str, kind: str) -> bool:
    """Tell whether somebody can confirm that a bare reference is none of a kind after all."""
    return kind in NUMBERS and is_bare_reference(text)


def texts_of(command: Any) -> Iterator[tuple[str, str]]:
    """Yield every text of a command that is not given to be sealed, with its field's name."""
    personal: frozenset[str] = getattr(command, "PERSONAL", frozenset())
    for field in fields(command):
        if field.name not in personal:
            yield from texts_in(field.name, getattr(command, field.name))


def texts_in(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield every text in a value, with the name of the field that it stands in."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from texts_in(name, one)
    elif is_dataclass(value):
        for field in fields(value):
            yield from texts_in(field.name, getattr(value, field.name))


def unfit_kind(text: str, *, is_reference: bool = False) -> str:
    """Return the kind of what a text holds and must not, or nothing."""
    if holds_own_secret(text):
        return OWN_SECRET
    if is_reference:
        return kind_in_reference(text)
    return kind_in_text(text)
