"""An address that does not exist: a page for browsers, a problem document for programs."""

from __future__ import annotations

from aiohttp import web

from api.errors import AddressUnknown
from api.problems import Handler
from api.web.site import render_error, visit_of

PROGRAMS = ("/v1/", "/log/", "/assets/", "/openapi.json", "/metrics", "/healthz", "/readyz")
"""Addresses that programs ask for, whatever they say that they take."""


@web.middleware
async def unknown_page_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Show a page where a browser asked for one that is not there."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        if not wants_page(request):
            raise
        return render_error(await visit_of(request), AddressUnknown())


def wants_page(request: web.Request) -> bool:
    """Tell whether a person is to read the answer."""
    is_page = "text/html" in request.headers.get("Accept", "")
    return is_page and request.method == "GET" and not request.path.startswith(PROGRAMS)
