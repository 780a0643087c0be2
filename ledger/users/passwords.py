"""Which passwords are good enough: long, not known to everybody, not made of the account's name.

No rule asks for kinds of characters, and none for a change after some time: both make passwords
worse. ``known_passwords.txt`` holds the 11,611 most frequent passwords of eight and more
characters from the frequency list of zxcvbn 4.5 (MIT licence), and some that are usual in China.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from unicodedata import normalize

from ledger.core.errors import InvalidValue

CHARACTERS_MIN = 8
CHARACTERS_ADVISED = 15
CHARACTERS_MAX = 256
CONTEXT_WORDS = ("民账", "minzhang")
CONTEXT_CHARACTERS_MIN = 4
REMAINDER_MIN = 5


class PasswordTooShort(InvalidValue):
    """A password needs at least 8 characters; 15 or more are better, such as a few words.

    口令至少8个字符；建议15个以上，例如几个词连写。
    """


class PasswordTooLong(InvalidValue):
    """A password has at most 256 characters.

    口令最多256个字符。
    """


class PasswordKnown(InvalidValue):
    """This password is one of those that everybody tries first.

    该口令属于最常被猜测的口令。
    """


class PasswordOfContext(InvalidValue):
    """A password must not be made of the login name or of the name of this service.

    口令不得由登录名或者本系统名称构成。
    """


def normalised(password: str) -> str:
    """Return a password in the one form (NFKC) that every keyboard's way of typing it gives."""
    return normalize("NFKC", password)


def check_password(password: str, *, context: Iterable[str] = ()) -> str:
    """Return the password normalised, or refuse it; ``context`` are words that it must not be of.

    What is refused is never told: the facts name lengths alone.
    """
    chosen = normalised(password)
    if len(chosen) < CHARACTERS_MIN:
        raise PasswordTooShort(field="password", characters_min=CHARACTERS_MIN)
    if len(chosen) > CHARACTERS_MAX:
        raise PasswordTooLong(field="password", characters_max=CHARACTERS_MAX)
    plain = chosen.casefold()
    if plain in known_passwords() or len(set(plain)) <= 2:
        raise PasswordKnown(field="password")
    if _is_made_of(plain, (*CONTEXT_WORDS, *context)):
        raise PasswordOfContext(field="password")
    return chosen


@cache
def known_passwords() -> frozenset[str]:
    """Return the passwords that are tried first, in lower case."""
    text = files("ledger.users").joinpath("known_passwords.txt").read_text("utf-8")
    return frozenset(text.split())


def _is_made_of(plain: str, words: Iterable[str]) -> bool:
    """Tell whether little is left of a password without the words that anybody would try."""
    left = plain
    for word in words:
        known = normalised(word).casefold()
        if len(known) >= CONTEXT_CHARACTERS_MIN or not known.isascii():
            left = left.replace(known, "")
    return left != plain and len(left) < REMAINDER_MIN
