"""What every answer carries, and how long a client may take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from api.peers import came_by_tls

IDLE_SECONDS_MAX = 10
"""Until the next request's headers are complete, else the connection is cut."""
LINGER_SECONDS_MAX = 5.0
"""For the rest of a body that nobody reads."""
SHUTDOWN_SECONDS_MAX = 10.0

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
OVER_TLS: Mapping[str, str] = {"Strict-Transport-Security": "max-age=31536000"}
"""Only where the client came by TLS: browsers ignore it elsewhere, and it would be a promise."""

RUNNER_OPTIONS: dict[str, Any] = {
    "keepalive_timeout": IDLE_SECONDS_MAX,
    "lingering_time": LINGER_SECONDS_MAX,
    "shutdown_timeout": SHUTDOWN_SECONDS_MAX,
    "handler_cancellation": False,  # a client that hangs up stops nothing half-way
    "access_log": None,
}
"""For ``web.AppRunner``. aiohttp closes a connection whose headers are not complete when the
keep-alive time is over; the time for bodies is in ``api.bodies``."""


async def harden_answer(request: web.Request, response: web.StreamResponse) -> None:
    """Do it to every answer of the application (``on_response_prepare``)."""
    harden(response)
    if came_by_tls(request):
        response.headers.update(OVER_TLS)


def harden(response: web.StreamResponse) -> None:
    """Add the headers, hide what serves, and let nobody keep an answer that was not told so."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["Server"] = "minzhang"
