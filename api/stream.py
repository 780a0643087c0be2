"""/v1/events/stream: new events as they are appended, for pages that stay open.

    GET /v1/events/stream?from=41            id: 41
    Last-Event-ID: 40 (instead)              event: appended
                                             data: {"position":41,"topic":"deposit.received.v1",…}

Only what identifies an event is sent, and only of events within the reader's scope. A client
that comes back with ``Last-Event-ID`` misses nothing. A stream asks again for its
permission every few seconds, however busy the log is: a revoked token or a disabled user ends it.
An account has ten at most.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import asyncpg
from aiohttp import web

from api.access import authorise
from api.answers import to_json
from api.errors import RequestInvalid, StreamsFull, TooManyRequests, TooManyStreams
from api.identity import Identity
from api.keys import LEDGER, NEWS, STREAMS
from api.scopes import SCOPES
from api.sentences import INTEGER
from api.sessions import forget_signed_in
from ledger.core.entry import Entry
from ledger.core.errors import LedgerError
from ledger.storage.connect import LOST_CONNECTION
from ledger.storage.reading import read_entries, read_head

PATH = "/v1/events/stream"
OPERATION = "stream_events"
HEARTBEAT_SECONDS = 15.0
LOOK_EVERY_SECONDS = 1.0
WRITE_SECONDS_MAX = 30.0
BATCH_ENTRIES = 500
STREAMS_MAX = 500
STREAMS_OF_ACCOUNT_MAX = 10
CHECK_EVERY_SECONDS = 5.0
"""How often it is asked again who listens, whatever the traffic."""

ENDS = (*LOST_CONNECTION, asyncpg.PostgresError, LedgerError)
"""The client has gone, is too slow or may no longer look, or the database has gone."""

_POSITION = re.compile(r"\d{1,18}")


class Streams:
    """The open streams of one application; they end when it stops."""

    def __init__(self) -> None:
        self.of_account: Counter[UUID] = Counter()
        self.is_closing = False

    @property
    def count(self) -> int:
        """How many are open."""
        return self.of_account.total()

    @asynccontextmanager
    async def one_more(self, actor_id: UUID) -> AsyncIterator[None]:
        """Count a stream while it is open (refuses with ``StreamsFull``, ``TooManyStreams``)."""
        if self.of_account[actor_id] >= STREAMS_OF_ACCOUNT_MAX:
            raise TooManyStreams(
                streams_max=STREAMS_OF_ACCOUNT_MAX, retry_after_seconds=int(CHECK_EVERY_SECONDS)
            )
        if self.count >= STREAMS_MAX:
            raise StreamsFull(open=self.count)
        self.of_account[actor_id] += 1
        try:
            yield
        finally:
            self.of_account[actor_id] -= 1
            self.of_account += Counter()  # forgets who has none

    async def close(self, _: web.Application) -> None:
        """Ask all streams to end."""
        self.is_closing = True


async def stream_events(request: web.Request) -> web.StreamResponse:
    """Send every event from a position on, and each new one when it is appended."""
    identity = await authorise(request, OPERATION)
    position = _asked_position(request)
    if position is None:
        ledger = request.app[LEDGER]
        position = (await read_head(ledger.pool, ledger.id)).size
    async with request.app[STREAMS].one_more(identity.actor_id):
        response = web.StreamResponse(headers={"X-Accel-Buffering": "no"})
        response.content_type = "text/event-stream"
        response.charset = "utf-8"
        await response.prepare(request)
        with suppress(*ENDS):
            await _send(request, response, position, identity)
    return response


async def _send(
    request: web.Request, response: web.StreamResponse, position: int, identity: Identity
) -> None:
    ledger, news, streams = request.app[LEDGER], request.app[NEWS], request.app[STREAMS]
    loop = asyncio.get_running_loop()
    spoke_at = checked_at = loop.time()
    await _write(response, b": open\n\n")
    while not streams.is_closing and request.transport is not None:
        if loop.time() - checked_at >= CHECK_EVERY_SECONDS:
            identity, checked_at = await _still(request, identity), loop.time()
        if await news.beyond(position, LOOK_EVERY_SECONDS) > position:
            entries = await read_entries(
                ledger.pool, ledger.id, start=position, limit=BATCH_ENTRIES
            )
            if entries:
                seen = await request.app[SCOPES].visible(identity, OPERATION, entries)
                if seen:
                    await _write(response, b"".join(map(_told, seen)))
                position, spoke_at = entries[-1].position + 1, loop.time()
        if loop.time() - spoke_at >= HEARTBEAT_SECONDS:
            await _write(response, b": still here\n\n")
            spoke_at = loop.time()


async def _still(request: web.Request, identity: Identity) -> Identity:
    """Return who listens, asked anew; whoever may no longer do so is refused."""
    forget_signed_in(request)
    try:
        return await authorise(request, OPERATION)
    except TooManyRequests:  # the account is busy elsewhere; who it is was found before
        return identity


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(WRITE_SECONDS_MAX):
        await response.write(data)


def _told(entry: Entry) -> bytes:
    data = to_json(
        {
            "position": entry.position,
            "event_id": entry.event_id,
            "topic": entry.topic,
            "stream": entry.stream_id,
            "version": entry.version,
            "occurred_at": entry.occurred_at,
            "recorded_at": entry.recorded_at,
        }
    )
    return b"id: %d\nevent: appended\ndata: %b\n\n" % (entry.position, data)


def _asked_position(request: web.Request) -> int | None:
    """Return the first position to send; ``None`` for what is yet to come."""
    last_seen = request.headers.get("Last-Event-ID")
    given = request.query.get("from")
    if last_seen is not None and _POSITION.fullmatch(last_seen):
        return int(last_seen) + 1
    if given is None:
        return None
    if not _POSITION.fullmatch(given):
        raise RequestInvalid(INTEGER.about({}, parameter="from"))
    return int(given)


def add_stream(app: web.Application) -> None:
    """Add the address; the streams end when the application shuts down."""
    app[STREAMS] = Streams()
    app.on_shutdown.append(app[STREAMS].close)
    app.router.add_get(PATH, stream_events)
