"""The witness's addresses, and which status says what.

    POST /add-checkpoint              200 cosignature · 400 malformed · 403 not signed by the log
                                      404 not watched · 409 another size, which is the body
                                      422 not consistent
    GET  /<origin hash>/checkpoint    the last that was cosigned, with both signatures
    GET  /                            the witness's key and the logs it watches

Bodies of errors are one English sentence. Whoever asks needs no account: what is signed by a log
that is watched is looked at, and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from aiohttp import web

from api.hardening import harden_answer
from api.keys import OPTIONS
from api.options import Options
from ledger.core.errors import LedgerError
from ledger.witness.add_checkpoint import BODY_BYTES_MAX, SIZE_TYPE, read_request
from ledger.witness.witness import (
    LogNotWatched,
    NotConsistent,
    NotSignedByLog,
    OldSizeStale,
    Witness,
    WitnessClockBackwards,
)

log = logging.getLogger(__name__)

BODY_SECONDS_MAX = 30.0
AT_ONCE_MAX = 64
"""Requests that are looked at side by side; more are told to come back."""

STATUS: Mapping[type[LedgerError], int] = {
    LogNotWatched: 404,
    NotSignedByLog: 403,
    OldSizeStale: 409,
    NotConsistent: 422,
    WitnessClockBackwards: 503,
}
"""What is not in here is malformed: 400."""

WITNESS = web.AppKey("witness", Witness)
AT_ONCE: web.AppKey[asyncio.Semaphore] = web.AppKey("at_once")


def create_witness_app(witness: Witness) -> web.Application:
    """Return the application around a witness."""
    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app[WITNESS] = witness
    app[OPTIONS] = Options()  # it serves strangers like the service does, with the same limits
    app[AT_ONCE] = asyncio.Semaphore(AT_ONCE_MAX)
    app.on_response_prepare.append(harden_answer)
    app.router.add_post("/add-checkpoint", add_checkpoint)
    app.router.add_get("/{origin_hash:[0-9a-f]{64}}/checkpoint", checkpoint)
    app.router.add_get("/", about)
    return app


async def add_checkpoint(request: web.Request) -> web.Response:
    """Cosign a checkpoint, or say why not."""
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            body = await request.read()
    except TimeoutError:
        return _text("the body took too long", status=408)
    limit = request.app[AT_ONCE]
    if limit.locked():
        return _text("too many requests at once", status=503)
    async with limit:
        try:
            line = await asyncio.to_thread(_add, request.app[WITNESS], body)
        except OldSizeStale as stale:
            return web.Response(text=f"{stale.facts['size']}\n", status=409, content_type=SIZE_TYPE)
        except LedgerError as refused:
            log.info("refused: %s", refused)
            return _text(str(refused), status=STATUS.get(type(refused), 400))
    return _text(line)


async def checkpoint(request: web.Request) -> web.Response:
    """Give the last checkpoint of a log that was cosigned."""
    origin_hash = request.match_info["origin_hash"]
    note = await asyncio.to_thread(request.app[WITNESS].latest, origin_hash)
    return _text("nothing was cosigned of that log", status=404) if note is None else _text(note)


async def about(request: web.Request) -> web.Response:
    """Say who this is: the key to put into policies, and the logs that are watched."""
    witness = request.app[WITNESS]
    watched = await asyncio.to_thread(witness.book.logs)
    lines = [f"witness {witness.key.verifying}", *(f"log {key}" for key in watched)]
    return _text("\n".join(lines))


def _add(witness: Witness, body: bytes) -> str:
    return str(witness.add_checkpoint(read_request(body)))


def _text(text: str, *, status: int = 200) -> web.Response:
    return web.Response(text=f"{text.rstrip()}\n", status=status)
