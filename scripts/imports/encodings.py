"""How the bytes of a text file spell it: decided strictly, or asked for.

What is marked (a byte order mark) or valid UTF-8 is that. What is not may be GB18030, Big5, or
UTF-8 of which a byte was lost; all three can be read as any of the others, with other words. So
GB18030 is taken only if its characters are those that people write, and what is doubtful is
refused with the line, and with the encoding that it looks like: ``--encoding`` says which it is.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Mapping
from functools import cache
from itertools import islice

from scripts.imports import file_rules

ENCODINGS: Mapping[str, str] = {
    "utf-8": "utf-8-sig",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
}
"""What can be said, and how Python calls it."""
USUAL_SHARE_MIN = 0.9
"""How many of a text's Chinese characters must be usual ones of an encoding."""
LINE_SHARE_MIN = 0.6
SAMPLE_BYTES = 1024**2
_UTF8_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_ASCII = bytes(range(128))
_BIG5_USUAL = range(0xA440, 0xC67F)
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def decode(data: bytes, said: str | None = None) -> str:
    """Return the text; ``said`` is one of ``ENCODINGS``.

    Refuses (``EncodingBroken``, ``EncodingUnclear``) rather than guesses.
    """
    marked = next((name for mark, name in MARKS.items() if data.startswith(mark)), None)
    if said is not None or marked is not None:
        return _strictly(data, said or str(marked))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        around = data[max(error.start - SAMPLE_BYTES, 0) : error.start + SAMPLE_BYTES]
        if _is_mostly_utf8(around):
            raise _broken(data, "utf-8", error.start) from error
    return _as_gb18030(data)


def _strictly(data: bytes, name: str) -> str:
    try:
        return data.decode(ENCODINGS[name])
    except UnicodeDecodeError as error:
        raise _broken(data, name, error.start) from error


def _broken(data: bytes, name: str, at: int) -> file_rules.EncodingBroken:
    return file_rules.EncodingBroken(encoding=name, line=data.count(b"\n", 0, at) + 1)


def _is_mostly_utf8(data: bytes) -> bool:
    """Tell whether most of what is not ASCII is UTF-8: other encodings hit its form by chance."""
    high = len(data.translate(None, _ASCII))
    valid = len(data) - len(_UTF8_SEQUENCE.sub(b"", data))
    return 2 * valid > high


def _as_gb18030(data: bytes) -> str:
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError as error:
        if _looks_like_big5(data):
            raise file_rules.EncodingUnclear(looks_like="big5") from error
        raise _broken(data, "gb18030", error.start) from error
    if not _is_usual(text, USUAL_SHARE_MIN):
        raise file_rules.EncodingUnclear(looks_like="big5" if _looks_like_big5(data) else "")
    for number, line in enumerate(io.StringIO(text), start=1):
        if not _is_usual(line, LINE_SHARE_MIN):
            raise file_rules.EncodingUnclear(looks_like="", line=number)
    return text


def _is_usual(text: str, share_min: float) -> bool:
    """Tell whether so many of the characters that are not ASCII are those of GB 2312."""
    written = len(text) - len(text.encode("ascii", "ignore"))
    unusual_max = int(written * (1 - share_min))
    unusual = islice(_unusual_in_gb2312().finditer(text), unusual_max + 1)
    return sum(1 for _ in unusual) <= unusual_max


@cache
def _unusual_in_gb2312() -> re.Pattern[str]:
    """Return a pattern of all that GB 2312 has not, but for a few signs that all programs write."""
    rows = (0xA1, 0xA3, *range(0xB0, 0xF8))
    pairs = (bytes((row, cell)) for row in rows for cell in range(0xA1, 0xFF))
    usual = "".join(pair.decode("gb2312", "ignore") for pair in pairs)
    return re.compile(f"[^\\x00-\\x7f—·…～￥€{re.escape(usual)}]")


def _looks_like_big5(data: bytes) -> bool:
    sample = data if len(data) <= SAMPLE_BYTES else data[: data.rfind(b"\n", 0, SAMPLE_BYTES) + 1]
    try:
        text = sample.decode("big5hkscs")
    except UnicodeDecodeError:
        return False
    written = [one for one in text if not one.isascii()]
    usual = sum(_is_usual_in_big5(one) for one in written)
    return bool(written) and usual / len(written) >= USUAL_SHARE_MIN


def _is_usual_in_big5(character: str) -> bool:
    try:
        spelled = int.from_bytes(character.encode("big5"))
    except UnicodeEncodeError:
        return False
    return spelled in _BIG5_USUAL or spelled >> 8 in (0xA1, 0xA2, 0xA3)
