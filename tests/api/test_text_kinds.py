"""Every text of every command says by its type what it may hold, and no type lets a text hide.

Over all commands by declaration: a field that is added without a kind fails here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import TypeAdapter, ValidationError
from typing_extensions import get_type_hints

from api.account import InviteUser, IssueToken
from api.envelope import Envelope
from api.routes import ROUTES
from ledger.core.texts import label, prose, statement

COMMANDS: set[type] = {command.takes for context in ROUTES for command in context.commands}
TAKEN = sorted({*COMMANDS, Envelope, InviteUser, IssueToken}, key=lambda one: one.__name__)

PROSE = {
    "summary",  # what residents write, and what is written to them
    "answer",
    "conclusion",
    "statement",
}
"""The only names of fields in which marks may turn a text around."""
UNSEEN = (
    "\u200b",
    "\u3164\uffa0",
    "\u2060\ufeff\u00ad",
    "\u2800 \u2800",
    "\U000e0100",
    "\u0301\u0301",
)
CONTROLS = ("甲\x1b[2J乙", "甲\x07", "甲\x85乙", "甲\u2028乙", "甲\ufffe", "甲\x7f乙")
TURNED = (
    "元00.000,5\u202e",
    "\u2067甲\u2069",
    "甲\u200e乙",
    "甲\u200f",
    "\u061c甲",
    "\u202d138\u202c",
)
HIDDEN = (
    "阳光\u200b花园",
    "阳光\u2060花园",
    "\ufeff阳光",
    "阳光\u3164花园",
    "阳\u00ad光",
    "甲\U000e0041",
)
WRITTEN = (
    "阳光花园",
    "葛\U000e0100飾",  # an ideographic variant, as names have it
    "𠮷野家㐂🈂",
    "☎\ufe0f 👨\u200d👩\u200d👧 🏳\ufe0f\u200d🌈",
    "क्\u200dष می\u200cخواهم",
    "ئۇيغۇر",
    "O’Neil–Müller №5, 5¾ ①",
)


def texts_of(hint: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield every text in a type, with the name of its field and its whole declaration."""
    origin = get_origin(hint)
    if hint is str or (origin is Annotated and get_args(hint)[0] is str):
        yield name, hint
    elif origin is Annotated:
        yield from texts_of(get_args(hint)[0], name)
    elif origin in (Union, UnionType, tuple, dict):
        for one in get_args(hint):
            yield from texts_of(one, name)
    elif is_dataclass(hint):
        hints = get_type_hints(hint, include_extras=True)
        for field in fields(hint):
            yield from texts_of(hints[field.name], field.name)
    elif origin is not Literal:  # whose words are listed, as an enumeration's are
        assert origin is None, hint
        assert hint is Ellipsis or not issubclass(hint, str) or issubclass(hint, Enum), hint


DECLARED = [
    pytest.param(name, hint, id=f"{taken.__name__}-{name}")
    for taken in TAKEN
    for name, hint in texts_of(taken, taken.__name__)
]


def kinds(hint: Any) -> set[Any]:
    return {getattr(one, "func", None) for one in get_args(hint)[1:]} & {label, statement, prose}


def refusal(hint: Any, text: str) -> str:
    try:
        TypeAdapter(hint).validate_python(text)
    except ValidationError as error:
        return error.errors()[0]["type"]
    return ""


def is_patterned(hint: Any) -> bool:
    return any(getattr(one, "pattern", None) for one in get_args(hint)[1:])


@pytest.mark.parametrize(("name", "hint"), DECLARED)
def test_every_text_of_a_command_has_one_kind_or_a_pattern(name: str, hint: Any) -> None:
    assert len(kinds(hint)) == 1 or (is_patterned(hint) and not kinds(hint)), hint
    if prose in kinds(hint):
        assert name in PROSE, f"{name}: say why a mark may turn it around"


@pytest.mark.parametrize(("name", "hint"), DECLARED)
def test_no_text_of_a_command_hides_what_it_says(name: str, hint: Any) -> None:
    for text in (*UNSEEN, *CONTROLS):
        assert refusal(hint, text), (name, text)
    if prose not in kinds(hint):
        for text in (*TURNED, *HIDDEN):
            assert refusal(hint, text), (name, text)


@pytest.mark.parametrize("kind", [label, statement, prose])
@pytest.mark.parametrize("text", WRITTEN)
def test_how_people_write_is_kept(kind: Any, text: str) -> None:
    assert kind(text) == text


def test_each_refusal_says_which_character_it_is_about() -> None:
    assert refusal_of(label, "元00.000,5\u202e") == ("text_turning", {"character": "U+202E"})
    assert refusal_of(label, "甲\n乙") == ("text_control", {"character": "U+000A"})
    assert refusal_of(label, "阳光\u200b花园") == ("text_hidden", {"character": "U+200B"})
    assert refusal_of(label, "\u3164") == ("text_unseen", {})
    assert statement("甲\n\t乙") == "甲\n\t乙"
    assert prose("来电 \u202d13\u202c\u200b") == "来电 \u202d13\u202c\u200b"


def refusal_of(kind: Any, text: str) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Exception) as caught:
        kind(text)
    return caught.value.type, caught.value.context or {}  # type: ignore[attr-defined]
