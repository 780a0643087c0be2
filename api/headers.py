"""What a request says in its headers: idempotency key, expected version."""

from __future__ import annotations

import re

from aiohttp import web

from api.errors import FieldError, RequestInvalid
from ledger.commands.plain_texts import unfit_kind

_KEY = re.compile(r"[!-~]{1,200}")
_VERSION = re.compile(r'(")?(\d{1,18})(?(1)")')


def idempotency_key(request: web.Request) -> str | None:
    """Return ``Idempotency-Key``: 1 to 200 visible ASCII characters, kept with the receipt.

    Refuses (``RequestInvalid``) a key that is a personal number or holds a token.
    """
    given = request.headers.get("Idempotency-Key")
    if given is None:
        return None
    if not _KEY.fullmatch(given) or unfit_kind(given, is_reference=True):
        raise RequestInvalid(
            FieldError(
                parameter="Idempotency-Key",
                rule="idempotency-key",
                message="This must be 1 to 200 visible ASCII characters, no personal number"
                " and no token.",
                message_zh="应为 1 到 200 个可见的 ASCII 字符，不得为个人号码或令牌。",
            )
        )
    return given


def expected_version(request: web.Request) -> int | None:
    """Return ``If-Match``: the version that the record must have, ``3`` or ``"3"``."""
    given = request.headers.get("If-Match")
    if given is None:
        return None
    found = _VERSION.fullmatch(given.strip())
    if found is None:
        raise _no_version('This must be one version, such as "3".', '应为一个版本号，如 "3"。')
    return int(found[2])


def _no_version(en: str, zh: str) -> RequestInvalid:
    return RequestInvalid(
        FieldError(parameter="If-Match", rule="if-match", message=en, message_zh=zh)
    )
