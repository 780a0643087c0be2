"""All addresses of the log."""

from __future__ import annotations

from aiohttp import web

from api.log.files import add_files
from api.log.interval import add_interval
from api.log.proofs import add_proofs


def add_log(app: web.Application) -> None:
    """Add the log's files and the proofs to the application."""
    add_files(app)
    add_proofs(app)
    add_interval(app)
