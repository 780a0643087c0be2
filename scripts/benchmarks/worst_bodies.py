"""Bodies of 64 KiB to 1 MiB that cost most, or are answered at length, unless bounded first.

JSON and forms: many names, names twice, errors without end, marks to be put in order, long numbers.
Tests send the same to every address.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

MARKS = "\u0316\u0301"
"""Two combining marks in the order that is not the normal one."""


def _names(count: int) -> bytes:
    return b",".join(b'"n%d":1' % number for number in range(count))


def _list(value: bytes, count: int) -> bytes:
    return b'{"evidence":[' + b",".join([value] * count) + b"]}"


def _text(text: str) -> bytes:
    return b'"' + text.encode() + b'"'


BODIES: Mapping[str, bytes] = {
    "30,000 names": b"{" + _names(30_000) + b"}",
    "3,900 unknown names": b"{" + _names(3_900) + b"}" + b" " * 64_000,
    "190 unknown names": b"{" + _names(190) + b"}" + b" " * 64_000,
    "190 names, the last twice": b"{" + _names(190) + b',"n189":1}' + b" " * 64_000,
    "3,900 texts with NUL": _list(b'"\\u0000"', 3_900) + b" " * 64_000,
    "1,900 empty documents": _list(b"{}", 1_900) + b" " * 64_000,
    "300,000 empty lists": _list(b"[]", 300_000),
    "a megabyte of marks": b'{"reason":' + _text("a" + MARKS * 250_000) + b"}",
    "marks in a name": b"{" + _text(MARKS * 9_000) + b":1}",
    "marks in many texts": _list(_text(MARKS * 4_000), 60),
    "a megabyte of letters": b'{"reason":' + _text("\u00e9" * 500_000) + b"}",
    "a long number": b'{"version_set":' + b"1" * 900_000 + b"}",
    "a long fraction": b'{"version_set":0.' + b"1" * 900_000 + b"}",
    "escapes": b'{"reason":"' + b"\\u0301" * 150_000 + b'"}',
    "open brackets": b"[" * 900_000,
    "blanks": b" " * 1_000_000,
}
"""As JSON, by what they are; each is refused."""

FORMS: Mapping[str, bytes] = {
    "marks": b"name=" + quote(MARKS * 5_000).encode()[:60_000],
    "names": b"&".join(b"n%d=1" % number for number in range(6_000)),
    "letters": b"name=" + b"x" * 65_000,
    "percents": b"name=" + b"%25" * 21_000,
    "signs": b"&" * 65_000,
}
"""As forms; each is refused, or is answered like a form that is not filled in."""
