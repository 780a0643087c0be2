"""How the log's files are answered: who may read them from where, and how long they keep.

A full tile never changes, nor does a partial one: a copy of either is as good as ours. The
checkpoint changes with every publication, so a copy must be asked about again. What is public
may be read by scripts of any site: third-party verifiers run in browsers too.
"""

from __future__ import annotations

from hashlib import sha256

from aiohttp import web
from aiohttp.helpers import ETAG_ANY

from api.problems import Handler, problem
from ledger.core.errors import LedgerError

TEXT = "text/plain"
OCTETS = "application/octet-stream"

FOREVER = "max-age=31536000, immutable"
A_DAY = "max-age=86400, immutable"
ASK_AGAIN = "no-cache"

ETAG_DIGITS = 32


def answer_file(
    request: web.Request, body: bytes, *, cache: str, headers: dict[str, str], variant: str = ""
) -> web.Response:
    """Answer with a file, or with 304 if the client has it; ``variant`` is how it is coded."""
    tag = sha256(body).hexdigest()[:ETAG_DIGITS] + variant
    headers = {"ETag": f'"{tag}"', "Cache-Control": cache, **headers}
    asked = request.if_none_match or ()
    if any(one.value in (tag, ETAG_ANY) for one in asked):
        kept = {name: value for name, value in headers.items() if name != "Content-Encoding"}
        del kept["Content-Type"]
        return web.Response(status=304, headers=kept)
    return web.Response(body=body, headers=headers)


def open_to_all(handler: Handler) -> Handler:
    """Let scripts of any site read what a handler answers, refusals included; without cookies."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            response = await handler(request)
        except LedgerError as error:
            response = problem(error)
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    return handle
