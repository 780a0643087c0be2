"""Cursors: where a page ended, as the values of the last row's order columns, opaque to callers."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import orjson

from ledger.core.errors import InvalidValue
from projections.engine.view import Row


class CursorInvalid(InvalidValue):
    """This cursor does not belong to this list; leave it out to begin at the first page.

    该游标不属于此列表；请去掉游标，从第一页重新开始。
    """


def cursor_after(row: Row, order: Sequence[str]) -> str:
    """Return the cursor of the page after the one that ends with ``row``."""
    values = [_text(row[column.removeprefix("-")]) for column in order]
    return urlsafe_b64encode(orjson.dumps([list(order), values])).decode().rstrip("=")


def values_of(cursor: str, order: Sequence[str]) -> list[str]:
    """Return the values in a cursor (refuses with ``CursorInvalid``)."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        read = orjson.loads(urlsafe_b64decode(padded.encode("ascii")))
        columns, values = read
    except (ValueError, TypeError, binascii.Error, UnicodeError) as error:
        raise CursorInvalid() from error
    if columns != list(order) or not _are_texts(values, len(order)):
        raise CursorInvalid()
    return list(values)


def _are_texts(values: Any, count: int) -> bool:
    return (
        isinstance(values, list)
        and len(values) == count
        and all(isinstance(v, str) for v in values)
    )


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
