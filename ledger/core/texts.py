"""Which characters a text may hold, by what the text is for.

| kind | what for | line breaks | marks that turn the text around | invisible characters |
|---|---|---|---|---|
| ``label`` | names, titles, payees, references | no | no | only where they belong |
| ``statement`` | reasons, purposes, bases | yes | no | only where they belong |
| ``prose`` | what a resident wrote, answers, minutes | yes | yes | yes |

No kind holds controls, and none holds invisible characters alone: what looks empty is empty. An
invisible character belongs where writing needs it (``ledger/core/characters.py``): a variation
selector behind the ideograph whose form it chooses is part of a person's name. Prose is shown as
it was written, isolated from what stands around it.
"""

from __future__ import annotations

from pydantic_core import PydanticCustomError

from ledger.core.characters import hidden_character, is_control, is_seen, is_turning

CONTROL, TURNING, HIDDEN, UNSEEN = "text_control", "text_turning", "text_hidden", "text_unseen"
"""Which rule a text breaks, as ``pydantic`` names errors."""


def label(text: str) -> str:
    """Return a text that names something; refuses what its reader could not see."""
    return _checked(text, may_break=False, may_turn=False)


def statement(text: str) -> str:
    """Return a text that somebody answers for; it may have several lines."""
    return _checked(text, may_break=True, may_turn=False)


def prose(text: str) -> str:
    """Return a text as somebody wrote it; refuses controls, and what only looks empty."""
    return _checked(text, may_break=True, may_turn=True)


def _checked(text: str, *, may_break: bool, may_turn: bool) -> str:
    if text.isascii() and text.isprintable():
        return text
    for character in text:
        if is_control(character, may_break=may_break):
            raise _refused(CONTROL, character)
        if is_turning(character) and not may_turn:
            raise _refused(TURNING, character)
    if text and not is_seen(text):
        raise PydanticCustomError(UNSEEN, "nothing that a reader sees")
    if not may_turn and (hidden := hidden_character(text)):
        raise _refused(HIDDEN, hidden)
    return text


def _refused(kind: str, character: str) -> PydanticCustomError:
    shown = f"U+{ord(character):04X}"
    return PydanticCustomError(kind, "holds {character}", {"character": shown})
