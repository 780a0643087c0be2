"""What the characters of a text are: wide or narrow, visible or not, able to turn a text around.

Only forms of *width* are folded: ``５`` is ``5``, ``Ａ`` is ``A``. Compatibility folding (NFKC)
goes further and reads ``①``, ``²`` and ``½`` as digits: ``5000①`` would be 50,001. Nothing here
does that.

Invisible are characters that a reader does not see: Unicode's default ignorables, the fillers of
Hangul, the blank of braille. Some are part of how a text is written: a variation selector behind
the ideograph whose form it chooses, a joiner within an emoji or a script that joins.
"""

from __future__ import annotations

from functools import lru_cache
from unicodedata import category, decomposition, east_asian_width

_INVISIBLE = (
    range(0x00AD, 0x00AE),
    range(0x034F, 0x0350),
    range(0x061C, 0x061D),
    range(0x115F, 0x1161),
    range(0x17B4, 0x17B6),
    range(0x180B, 0x1810),
    range(0x200B, 0x2010),
    range(0x202A, 0x202F),
    range(0x2060, 0x2070),
    range(0x2800, 0x2801),
    range(0x3164, 0x3165),
    range(0xFE00, 0xFE10),
    range(0xFEFF, 0xFF00),
    range(0xFFA0, 0xFFA1),
    range(0xFFF0, 0xFFFC),
    range(0x1BCA0, 0x1BCA4),
    range(0x1D173, 0x1D17B),
    range(0xE0000, 0xE1000),
)
_SELECTORS = (range(0x180B, 0x180E), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_JOINERS = frozenset("\u200c\u200d")
_BREAKS = frozenset("\n\t")
_DASHES = frozenset("˗⁃−─﹣－")
"""What looks like a hyphen beside the characters of category Pd."""


@lru_cache(maxsize=8_192)
def narrow_character(character: str) -> str:
    """Return the usual form of a full-width or half-width character, or the character."""
    kind, _, code = decomposition(character).partition(" ")
    return chr(int(code, 16)) if kind in ("<wide>", "<narrow>") else character


def narrow(text: str) -> str:
    """Return the text with full-width letters, digits, signs and blanks in their usual form."""
    return text if text.isascii() else "".join(map(narrow_character, text))


@lru_cache(maxsize=8_192)
def is_invisible(character: str) -> bool:
    """Tell whether a reader sees nothing of a character (a blank is not meant)."""
    code = ord(character)
    return category(character) == "Cf" or any(code in one for one in _INVISIBLE)


@lru_cache(maxsize=8_192)
def is_dash(character: str) -> bool:
    """Tell whether a character is a hyphen, a dash or a minus of any kind."""
    return category(character) == "Pd" or character in _DASHES


def is_selector(character: str) -> bool:
    """Tell whether a character chooses the form of the one before it."""
    return any(ord(character) in one for one in _SELECTORS)


def is_turning(character: str) -> bool:
    """Tell whether a character changes the direction in which others are shown."""
    return character in _TURNING


def is_control(character: str, *, may_break: bool) -> bool:
    """Tell whether a character is a control or no character at all (``may_break``: a line may end).

    Line and paragraph separators count as controls: few programs show them as a new line.
    """
    if character in _BREAKS:
        return not may_break
    code = ord(character)
    is_none = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return is_none or category(character) in ("Cc", "Cs", "Zl", "Zp")


def is_seen(text: str) -> bool:
    """Tell whether a reader sees anything: a mark without what it stands on is not enough."""
    return any(category(one)[0] in "LNPSC" and not _is_empty(one) for one in text)


def _is_empty(character: str) -> bool:
    return is_invisible(character) or category(character) in ("Cc", "Cs")


def hidden_character(text: str) -> str:
    """Return the first invisible character that has no use where it stands, or nothing."""
    for place, character in enumerate(text):
        if is_invisible(character) and not _belongs(character, text[place - 1 : place]):
            return character
    return ""


def _belongs(character: str, before: str) -> bool:
    """Tell whether an invisible character has a use behind the one before it."""
    if not before:
        return False
    kind = category(before)
    if is_selector(character):
        return kind[0] in "LSN" or before in "#*" or kind in ("Po", "Pd")
    if character in _JOINERS:
        joins = kind == "Lo" and east_asian_width(before) not in "WH"
        return joins or kind in ("So", "Sk", "Mn", "Mc") or is_selector(before)
    return False
