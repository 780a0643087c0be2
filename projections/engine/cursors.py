"""Cursors: where a page ended, as the values of the last row's order columns, opaque to callers.

A list in the order of what changes, such as a balance, is read on as the ledger knew it when its
first page was read: else a row that moves up meanwhile would be on no page. The cursor says when.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import orjson

from ledger.core.errors import InvalidValue
from ledger.core.values import FIRST_MOMENT, LAST_MOMENT
from projections.engine.view import Row


class CursorInvalid(InvalidValue):
    """This cursor does not belong to this list; leave it out to begin at the first page.

    该游标不属于此列表；请去掉游标，从第一页重新开始。
    """


def cursor_after(row: Row, order: Sequence[str], known_at: datetime | None = None) -> str:
    """Return the cursor of the page after the one that ends with ``row``."""
    values = order_values(row, order)
    pinned = [] if known_at is None else [_text(known_at)]
    return urlsafe_b64encode(orjson.dumps([list(order), values, *pinned])).decode().rstrip("=")


def order_values(row: Row, order: Sequence[str]) -> list[str]:
    """Return a row's values of the columns of an order, as texts."""
    return [_text(row[column.removeprefix("-")]) for column in order]


def values_of(cursor: str, order: Sequence[str]) -> list[str]:
    """Return the values in a cursor (refuses with ``CursorInvalid``)."""
    columns, values, *_ = _read(cursor)
    if columns != list(order) or not _are_texts(values, len(order)):
        raise CursorInvalid()
    return list(values)


def known_at_of(cursor: str) -> datetime:
    """Return as of which knowledge a list is read on (refuses with ``CursorInvalid``)."""
    try:
        known_at = datetime.fromisoformat(_read(cursor)[2])
        if FIRST_MOMENT <= known_at <= LAST_MOMENT:
            return known_at
    except (IndexError, ValueError, TypeError) as error:
        raise CursorInvalid() from error
    raise CursorInvalid()


def _read(cursor: str) -> list[Any]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        read = orjson.loads(urlsafe_b64decode(padded.encode("ascii")))
    except (ValueError, TypeError, binascii.Error, UnicodeError) as error:
        raise CursorInvalid() from error
    if not isinstance(read, list) or len(read) not in {2, 3}:
        raise CursorInvalid()
    return read


def _are_texts(values: Any, count: int) -> bool:
    return (
        isinstance(values, list)
        and len(values) == count
        and all(isinstance(v, str) for v in values)
    )


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
