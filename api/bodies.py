"""The body of a request: one JSON object, bounded in size, depth, time and characters.

Texts are brought to Unicode NFC, so that one name is one name however it was
typed. What JSON parsers disagree about (a field given twice, NaN, huge numbers,
half a surrogate pair) is refused rather than guessed.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any, NoReturn
from unicodedata import combining, normalize
from urllib.parse import parse_qsl

from aiohttp import web

from api.errors import (
    BodyTooLarge,
    BodyTooSlow,
    FieldError,
    FormMalformed,
    MediaTypeUnsupported,
    NotJson,
    RequestInvalid,
)
from api.sentences import (
    DEPTH,
    FIELD_TWICE,
    INTEGER_SIZE,
    MARKS,
    NUL,
    NUMBER,
    SIZE,
    SURROGATE,
    VALUES,
    shown_name,
)

BODY_BYTES_MAX = 1024 * 1024
BODY_SECONDS_MAX = 30.0
GRACE_SECONDS = 5.0
BYTES_A_SECOND_MIN = 1024
FORM_BYTES_MAX = 64 * 1024
FORM_FIELDS_MAX = 50
DEPTH_MAX = 32
VALUES_MAX = 4_000
"""How many values a body may hold, counted before it is read as JSON: three times the longest that
a command takes, a lease with 400 instalments. To name what is wrong with each takes its time."""
FIELDS_MAX = 200
"""How many fields an object may have; no command has so many."""
TEXT_CHARACTERS_MAX = 10_000
"""No field takes a longer text; its own limit is mostly 2,000."""
MARKS_MAX = 30
"""How many combining marks may follow each other (Unicode's stream-safe format): to bring more into
their order takes the square of their number, and no writing needs them."""
INTEGER_MIN, INTEGER_MAX = -(2**63), 2**63 - 1


async def read_object(request: web.Request) -> dict[str, Any]:
    """Return the body as a dict; no body is an empty one."""
    raw = await read_body(request)
    if not raw:
        return {}
    if request.content_type != "application/json":
        raise MediaTypeUnsupported(media_type=request.content_type)
    return parse_object(raw)


async def read_body(
    request: web.Request, *, bytes_max: int = BODY_BYTES_MAX, seconds_max: float | None = None
) -> bytes:
    """Return the whole body (refuses with ``BodyTooLarge``, ``BodyTooSlow``)."""
    chunks = [chunk async for chunk in chunks_of(request, bytes_max, seconds_max)]
    return b"".join(chunks)


async def chunks_of(
    request: web.Request, bytes_max: int, seconds_max: float | None = None
) -> AsyncIterator[bytes]:
    """Give the body piece by piece, as long as it comes quickly enough and is not too large.

    After a few seconds it must have come at 1 KiB a second on the whole; aiohttp waits for ever.
    """
    if (request.content_length or 0) > bytes_max:
        raise BodyTooLarge(bytes_max=bytes_max)
    loop = asyncio.get_running_loop()
    began, seconds = loop.time(), seconds_max or BODY_SECONDS_MAX
    received = 0
    while True:
        patience = min(began + seconds, began + GRACE_SECONDS + received / BYTES_A_SECOND_MIN)
        try:
            async with asyncio.timeout_at(patience):
                chunk = await request.content.readany()
        except TimeoutError as error:
            raise BodyTooSlow(seconds_max=int(seconds)) from error
        if not chunk:
            return
        received += len(chunk)
        if received > bytes_max:
            raise BodyTooLarge(bytes_max=bytes_max)
        yield chunk


async def read_form(request: web.Request) -> dict[str, str]:
    """Return the texts of a form in NFC; a name given twice is refused."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise MediaTypeUnsupported(media_type=request.content_type)
    raw = await read_body(request, bytes_max=FORM_BYTES_MAX)
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=FORM_FIELDS_MAX,
        )
    except ValueError as error:
        raise FormMalformed() from error
    form = {clean_text(name): clean_text(value) for name, value in pairs}
    if len(form) != len(pairs):
        raise FormMalformed()
    return form


def parse_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object that ``raw`` spells, texts in NFC (refuses with ``NotJson``)."""
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > VALUES_MAX:
        raise RequestInvalid(VALUES.about({"values_max": VALUES_MAX}))
    try:
        parsed = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_fields_once, parse_constant=_refuse_constant
        )
    except RequestInvalid:
        raise
    except RecursionError as error:
        raise RequestInvalid(DEPTH.about({"depth_max": DEPTH_MAX})) from error
    except ValueError as error:
        raise NotJson(problem=_position(error)) from error
    if not isinstance(parsed, dict):
        raise NotJson(problem="not an object")
    errors: list[FieldError] = []
    body: dict[str, Any] = _clean(parsed, "", 1, errors)
    if errors:
        raise RequestInvalid(*errors)
    return body


def clean_text(text: str) -> str:
    """Return a text in NFC; refuses NUL and half a surrogate pair."""
    errors: list[FieldError] = []
    cleaned = _clean_text(text, "", errors)
    if errors:
        raise RequestInvalid(*errors)
    return cleaned


def as_number(text: str) -> int | str:
    """Return the whole number that a part of a path spells; other texts as they are."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= 18
    return int(text) if is_number else text


def _position(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}"
    return "not UTF-8" if isinstance(error, UnicodeDecodeError) else "not JSON"


def _fields_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > FIELDS_MAX:
        raise RequestInvalid(VALUES.about({"values_max": FIELDS_MAX}))
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    counted = Counter(name for name, _ in pairs)
    shown = shown_name(next(name for name, count in counted.items() if count > 1))
    raise RequestInvalid(FIELD_TWICE.about({"field": shown}, pointer=f"/{shown}"))


def _refuse_constant(name: str) -> NoReturn:
    raise NotJson(problem=f"{name} is not JSON")


def _clean(value: Any, pointer: str, depth: int, errors: list[FieldError]) -> Any:
    if depth > DEPTH_MAX:
        raise RequestInvalid(DEPTH.about({"depth_max": DEPTH_MAX}, pointer=pointer))
    if isinstance(value, str):
        return _clean_text(value, pointer, errors)
    if isinstance(value, dict):
        return dict(_clean_fields(value, pointer, depth, errors))
    if isinstance(value, list):
        return [
            _clean(item, f"{pointer}/{index}", depth + 1, errors)
            for index, item in enumerate(value)
        ]
    return _clean_number(value, pointer, errors)


def _clean_fields(
    fields: dict[str, Any], pointer: str, depth: int, errors: list[FieldError]
) -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        here = f"{pointer}/{shown_name(name)}"
        yield _clean_text(name, here, errors), _clean(value, here, depth + 1, errors)


def _clean_text(text: str, pointer: str, errors: list[FieldError]) -> str:
    if len(text) > TEXT_CHARACTERS_MAX:
        errors.append(SIZE.about({"characters_max": TEXT_CHARACTERS_MAX}, pointer=pointer))
        return ""
    if "\0" in text:
        errors.append(NUL.about({}, pointer=pointer))
    if text.isascii():
        return text
    if _has_many_marks(text):
        errors.append(MARKS.about({"marks_max": MARKS_MAX}, pointer=pointer))
        return ""
    if any("\ud800" <= character <= "\udfff" for character in text):
        errors.append(SURROGATE.about({}, pointer=pointer))
        return ""
    return normalize("NFC", text)


def _has_many_marks(text: str) -> bool:
    run = 0
    for character in text:
        run = run + 1 if combining(character) else 0
        if run > MARKS_MAX:
            return True
    return False


def _clean_number(value: Any, pointer: str, errors: list[FieldError]) -> Any:
    if isinstance(value, float) and not -1e308 < value < 1e308:
        errors.append(NUMBER.about({}, pointer=pointer))
        return 0
    if isinstance(value, int) and not INTEGER_MIN <= value <= INTEGER_MAX:
        errors.append(INTEGER_SIZE.about({}, pointer=pointer))
        return 0
    return value
