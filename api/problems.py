"""Errors as RFC 9457 problem documents: the one place where errors meet HTTP.

{"type": "/problems/draw-exceeds-balance", "code": "draw-exceeds-balance",
 "title": "…", "title_zh": "…", "status": 422, "detail": "asked_fen=6, held_fen=5",
 "facts": {"asked_fen": 6, "held_fen": 5}, "errors": [], "instance": "urn:uuid:…"}
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from traceback import format_tb
from typing import Any, TypeAlias
from urllib.parse import unquote_to_bytes

import orjson
from aiohttp import web
from uuid_utils.compat import uuid7

from api import errors, single_sign_on
from api.errors import RequestInvalid
from api.log.desk import NotCoveredYet, NothingPublished
from api.sentences import NUL, SURROGATE
from ledger.commands import sign_ins
from ledger.core.codec import KindUnknown
from ledger.core.errors import Conflict, Fact, InvalidValue, LedgerError, NotFound, RuleViolated
from ledger.sealing import mask_secrets
from ledger.storage import errors as storage
from ledger.storage import evidence_errors as evidence
from ledger.storage.connect import LOST_CONNECTION
from ledger.storage.sign_in_counters import TooManyAttempts
from projections.engine import ViewBehind, ViewStopped

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 1

STATUS: tuple[tuple[type[LedgerError], int], ...] = (
    (errors.RequestInvalid, 400),
    (InvalidValue, 400),
    (errors.MalformedRequest, 400),
    (errors.NotAuthenticated, 401),
    (errors.NotAllowed, 403),
    (errors.CrossSite, 403),
    (errors.RoleMissing, 403),
    (errors.SecondFactorNeeded, 403),
    (sign_ins.CredentialsWrong, 401),
    (sign_ins.TokenLimited, 403),
    (sign_ins.LinkSpent, 410),
    (TooManyAttempts, 429),
    (single_sign_on.SingleSignOnFailed, 401),
    (single_sign_on.NotLinked, 403),
    (errors.TooManyRequests, 429),
    (evidence.EvidenceQuotaSpent, 429),
    (evidence.EvidenceGone, 410),
    (evidence.EvidenceDamaged, 500),
    (evidence.EvidenceNotKept, 503),
    (errors.AddressUnknown, 404),
    (NotFound, 404),
    (errors.MethodUnknown, 405),
    (errors.BodyTooSlow, 408),
    (storage.IdempotencyMismatch, 409),
    (NotCoveredYet, 409),
    (Conflict, 409),
    (storage.VersionMismatch, 412),
    (errors.BodyTooLarge, 413),
    (errors.MediaTypeUnsupported, 415),
    (RuleViolated, 422),
    (storage.SpaceLow, 507),
    (storage.Unavailable, 503),
    (storage.NotInitialised, 503),
    (KindUnknown, 503),
    (ViewBehind, 503),
    (ViewStopped, 503),
    (errors.StreamsFull, 503),
)
"""The first family that an error belongs to gives its status; what is not listed is our fault."""

AMOUNTS = ("_fen", "bytes", "_max")
"""How facts are called that may be as long as a personal number and are none."""
AGAIN_SOON = (NotCoveredYet, NothingPublished)
"""Refusals that hold for a moment only, though they are nobody's fault."""

BY_HTTP_STATUS: Mapping[int, type[LedgerError]] = {
    404: errors.AddressUnknown,
    405: errors.MethodUnknown,
    413: errors.BodyTooLarge,
    417: errors.ExpectationUnknown,
}


def status_of(error: LedgerError) -> int:
    """Return the HTTP status of the error's family."""
    return next((status for family, status in STATUS if isinstance(error, family)), 500)


def problem(
    error: LedgerError, *, status: int | None = None, instance: str | None = None
) -> web.Response:
    """Build the problem document for an error; ``instance`` names this one occurrence."""
    code = error.code()
    status = status or status_of(error)
    instance = instance or f"urn:uuid:{uuid7()}"
    facts = facts_shown(error)
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "code": code,
        "title": error.title_en(),
        "title_zh": error.title_zh(),
        "status": status,
        "detail": ", ".join(f"{name}={value}" for name, value in facts.items()),
        "facts": facts,
        "errors": [],
        "instance": instance,
    }
    if isinstance(error, RequestInvalid):
        body["errors"] = [_without_empty(asdict(one)) for one in error.errors]
    headers = {}
    if status in (429, 503, 507) or isinstance(error, AGAIN_SOON):
        headers["Retry-After"] = str(error.facts.get("retry_after_seconds", RETRY_SECONDS))
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="minzhang"'
    if status >= 500:
        log.warning("%s answered %d: %s", instance, status, code)
    return web.Response(
        status=status, body=orjson.dumps(body), content_type=MEDIA_TYPE, headers=headers
    )


def facts_shown(error: LedgerError) -> dict[str, Fact]:
    """Return an error's facts without personal numbers and secrets of ours, whoever put them in."""
    return {name: _shown(name, value) for name, value in error.facts.items()}


def _shown(name: str, value: Fact) -> Fact:
    if isinstance(value, str):
        return mask_secrets(value)
    if isinstance(value, bool) or value is None or name.endswith(AMOUNTS):
        return value
    masked = mask_secrets(str(value))
    return value if masked == str(value) else masked


def _without_empty(told: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in told.items() if value or name != "parameter"}


READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that store nothing: only with them a lost connection says that nothing was stored."""


@web.middleware
async def problem_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into a problem document; log with a trace only what is our fault."""
    try:
        guard_address(request)
        guard_encoding(request)
        return await handler(request)
    except LedgerError as error:
        return problem(error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return from_http(error)
    except Exception as error:
        if is_lost(error):
            is_reading = request.method in READING
            lost = storage.Unavailable if is_reading else storage.OutcomeUnknown
            return problem(lost(problem=type(error).__name__))
        return _our_fault(request, error)


def guard_address(request: web.Request) -> None:
    """Refuse (``RequestInvalid``) a path or query that is no text: NUL, half a pair, no UTF-8."""
    raw = request.raw_path
    if "%" not in raw:
        return
    try:
        text = unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestInvalid(SURROGATE.about({}, parameter="path")) from error
    if "\0" in text:
        raise RequestInvalid(NUL.about({}, parameter="path"))


def guard_encoding(request: web.Request) -> None:
    """Refuse (``EncodingUnsupported``) a body that would have to be unpacked first."""
    given = request.headers.getall("Content-Encoding", [])
    if any(one.strip().lower() not in ("", "identity") for one in given):
        raise errors.EncodingUnsupported(encoding="Content-Encoding")


def is_lost(error: Exception) -> bool:
    """Tell whether the database or the way to it is gone, rather than a value wrong.

    The driver calls a value that does not fit its column an interface error too.
    """
    return isinstance(error, LOST_CONNECTION) and not isinstance(error, ValueError)


def _our_fault(request: web.Request, error: Exception) -> web.Response:
    """Answer without saying more than a number; log where it happened, not with which values."""
    instance = f"urn:uuid:{uuid7()}"
    resource = request.match_info.route.resource
    log.error(
        "%s in %s %s: %s\n%s",
        instance,
        request.method,
        resource.canonical if resource else "an unknown address",
        type(error).__qualname__,
        "".join(format_tb(error.__traceback__)),
    )
    return problem(errors.InternalError(), instance=instance)


def from_http(error: web.HTTPException) -> web.Response:
    """Return what the library refused as a problem document."""
    kind = BY_HTTP_STATUS.get(error.status, errors.Refused)
    answer = problem(kind(), status=error.status)
    if "Allow" in error.headers:
        answer.headers["Allow"] = error.headers["Allow"]
    return answer
