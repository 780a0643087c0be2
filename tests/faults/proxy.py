"""A proxy before PostgreSQL that understands just enough of its protocol to be cruel.

It listens on a socket of its own. Each way it splits the stream into messages (one byte of
type, four of length; only what a client says first has no type), so that it can

    * swallow the answer to a COMMIT that the server has carried out, and cut (``answers_to_cut``),
    * swallow a COMMIT before the server sees it, and cut (``commits_to_cut``),
    * call somebody at each message that a client sends (``on_request``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

SOCKET_NAME = ".s.PGSQL.5432"
CHUNK_BYTES = 65_536


class Messages:
    """Splits a stream into protocol messages."""

    def __init__(self, *, starts_untyped: bool) -> None:
        self._buffer = b""
        self._untyped = starts_untyped

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield (type, whole message) for every message that is complete; ``b""``: untyped."""
        self._buffer += data
        while True:
            type_bytes = 0 if self._untyped else 1
            if len(self._buffer) < type_bytes + 4:
                return
            length = int.from_bytes(self._buffer[type_bytes : type_bytes + 4], "big")
            end = type_bytes + length
            if len(self._buffer) < end:
                return
            message, self._buffer = self._buffer[:end], self._buffer[end:]
            yield message[:type_bytes], message
            self._untyped = False


class Proxy:
    """Stands between clients and the server at ``dsn``. Use with ``async with``."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self._server_socket = parse_qs(urlsplit(dsn).query)["host"][0] + f"/{SOCKET_NAME}"
        self._folder = folder
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()
        self.dsn = urlunsplit(urlsplit(dsn)._replace(query=f"host={quote(str(folder))}"))
        self.answers_to_cut = 0
        self.commits_to_cut = 0
        self.cut_count = 0
        self.on_request: Callable[[], None] = lambda: None

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_unix_server(self._serve, self._folder / SOCKET_NAME)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        talks = list(self._talks)
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        server, to_server = await asyncio.open_unix_connection(self._server_socket)
        ways = (
            asyncio.create_task(self._pass_requests(client, to_server)),
            asyncio.create_task(self._pass_answers(server, to_client)),
        )
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            to_client.transport.abort()
            to_server.transport.abort()
            self._talks.discard(talk)
            for way in ways:
                way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)

    async def _pass_requests(
        self, client: asyncio.StreamReader, to_server: asyncio.StreamWriter
    ) -> None:
        messages = Messages(starts_untyped=True)
        while data := await client.read(CHUNK_BYTES):
            for kind, message in messages.feed(data):
                if kind == b"Q" and message[5:11] == b"COMMIT" and self.commits_to_cut:
                    self.commits_to_cut -= 1
                    self.cut_count += 1
                    return
                to_server.write(message)
                self.on_request()
            await to_server.drain()

    async def _pass_answers(
        self, server: asyncio.StreamReader, to_client: asyncio.StreamWriter
    ) -> None:
        messages = Messages(starts_untyped=False)
        while data := await server.read(CHUNK_BYTES):
            for kind, message in messages.feed(data):
                if kind == b"C" and message[5:] == b"COMMIT\0" and self.answers_to_cut:
                    self.answers_to_cut -= 1
                    self.cut_count += 1
                    return
                to_client.write(message)
            await to_client.drain()
