"""Serve an application on a socket until a block ends; then finish what is under way.

aiohttp itself answers what is no HTTP at all, with the bytes that offended it and
its version, and logs both. ``Connection`` answers like everything else here, and
keeps what a stranger sent out of the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from api.errors import InternalError, MalformedRequest
from api.hardening import RUNNER_OPTIONS, harden
from api.keys import OPTIONS
from api.options import Options
from api.peers import is_trusted
from api.problems import Handler, from_http, problem

log = logging.getLogger(__name__)


class Connection(RequestHandler):
    """One client's connection; one too many of an address is closed before it says a word."""

    __slots__ = ("_counted_as",)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection."""
        super().connection_made(transport)
        server: Any = self._manager
        peer = transport.get_extra_info("peername")
        self._counted_as = str(peer[0]) if isinstance(peer, tuple) else ""
        if not server.takes(self._counted_as) and isinstance(transport, asyncio.Transport):
            transport.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Count it no more."""
        server: Any = self._manager
        if server is not None:
            server.lets_go(self._counted_as)
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what did not reach the application, and close."""
        log.info("answered %d to a malformed request: %s", status, type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already")
        error = MalformedRequest() if status < 500 else InternalError()
        response = problem(error, status=status)
        harden(response)
        response.force_close()
        return response


class Server(web.Server):
    """Gives each client a ``Connection``; knows how many each address has."""

    def __init__(self, options: Options, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._options = options
        self._counts: Counter[str] = Counter()

    def takes(self, address: str) -> bool:
        """Count a connection; tell whether an address may have so many. A proxy may."""
        self._counts[address] += 1
        is_within = self._counts[address] <= self._options.connections_per_address
        return is_within or not address or is_trusted(address, self._options.trusted_proxies)

    def lets_go(self, address: str) -> None:
        """Count a connection no more."""
        self._counts[address] -= 1
        if self._counts[address] <= 0:
            del self._counts[address]

    def __call__(self) -> RequestHandler:
        return Connection(self, loop=self._loop, **self._kwargs)


def _with_problems(handle: Handler) -> Handler:
    """Answer what the library refuses before any middleware is asked, such as ``Expect: foo``."""

    async def answered(request: web.Request) -> web.StreamResponse:
        try:
            return await handle(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            response = from_http(error)
            harden(response)
            return response

    return answered


class Runner(web.AppRunner):
    """Runs the application behind a ``Server``."""

    async def _make_server(self) -> web.Server:
        made: Any = await super()._make_server()
        return Server(
            self.app.get(OPTIONS) or Options(),
            _with_problems(made.request_handler),
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            loop=made._loop,
            **made._kwargs,
            auto_decompress=False,  # nobody unpacks a body before it is known to be wanted
        )


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Listen (``port`` 0: any free one) and yield the address, such as http://127.0.0.1:8080."""
    runner = Runner(app, **RUNNER_OPTIONS)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound_port = runner.addresses[0][1]
        shown_host = f"[{host}]" if ":" in host else host
        yield f"http://{shown_host}:{bound_port}"
    finally:
        await runner.cleanup()
