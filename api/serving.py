"""Serve an application on a socket until a block ends; then finish what is under way.

aiohttp itself answers what is no HTTP at all, with the bytes that offended it and
its version, and logs both. ``Connection`` answers like everything else here, and
keeps what a stranger sent out of the log.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from api.errors import InternalError, MalformedRequest
from api.hardening import RUNNER_OPTIONS, harden
from api.problems import problem

log = logging.getLogger(__name__)


class Connection(RequestHandler):
    """One client's connection."""

    __slots__ = ()

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
    """Gives each client a ``Connection``."""

    def __call__(self) -> RequestHandler:
        return Connection(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """Runs the application behind a ``Server``."""

    async def _make_server(self) -> web.Server:
        made: Any = await super()._make_server()
        return Server(
            made.request_handler,
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            loop=made._loop,
            **made._kwargs,
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
