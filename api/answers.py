"""JSON answers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from aiohttp import web

MEDIA_TYPE = "application/json"


def to_json(body: object) -> bytes:
    """Return JSON: moments in UTC, rows of the database as objects, whole numbers as numbers."""
    return orjson.dumps(
        body, default=_plain, option=orjson.OPT_UTC_Z | orjson.OPT_PASSTHROUGH_SUBCLASS
    )


def answer(
    body: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Answer with JSON."""
    return web.Response(status=status, body=to_json(body), content_type=MEDIA_TYPE, headers=headers)


def _plain(value: object) -> Any:
    if isinstance(value, UUID):  # the driver's own kind
        return str(value)
    if isinstance(value, asyncpg.Record):
        return dict(value)
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)  # the sum of a bigint column
    if isinstance(value, str):  # an enumeration
        return str(value)
    if isinstance(value, dict | list):
        return dict(value) if isinstance(value, dict) else list(value)
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
