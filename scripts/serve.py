"""`minzhang serve`: serve the ledger until SIGINT or SIGTERM, then finish what is under way."""

from __future__ import annotations

import argparse
import asyncio
import errno
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from api.pdf_faces import lacking
from api.serving import serving
from scripts.arguments import SubParsers
from scripts.failures import Failure
from scripts.logs import start_logging
from scripts.service import open_service
from scripts.settings import Settings

log = logging.getLogger(__name__)

CANNOT_LISTEN = {errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES}


def add(subparsers: SubParsers) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser("serve", help="启动服务 / serve the ledger")
    parser.set_defaults(run=run)


async def run(_: argparse.Namespace, settings: Settings) -> None:
    """Serve until told to stop."""
    start_logging(settings)
    if missing := lacking():
        log.warning("PDFs show rare characters by their numbers: install %s", " ".join(missing))
    stop = stop_on_signals()
    async with open_service(settings) as service, listening(service.app, settings) as address:
        print(f"{address}  账本 / ledger {settings.ledger}", flush=True)
        await stop.wait()


def stop_on_signals() -> asyncio.Event:
    """Return an event that SIGINT and SIGTERM set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


@asynccontextmanager
async def listening(app: web.Application, settings: Settings) -> AsyncIterator[str]:
    """Serve the application where the settings say; say plainly when that place is taken."""
    try:
        async with serving(app, settings.host, settings.port) as address:
            yield address
    except OSError as error:
        if error.errno not in CANNOT_LISTEN:
            raise
        raise Failure(
            f"无法在 {settings.host}:{settings.port} 上监听（MINZHANG_HOST、MINZHANG_PORT）："
            f"{error.strerror}。",
            f"cannot listen on {settings.host}:{settings.port} (MINZHANG_HOST, MINZHANG_PORT):"
            f" {error.strerror}",
        ) from error
