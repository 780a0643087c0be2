"""A proxy before PostgreSQL that understands just enough of its protocol to be cruel.

It listens on a socket of its own. Each way it splits the stream into messages (one byte of
type, four of length; only what a client says first has no type), so that it can

    * swallow the answer to a commit that the server has carried out, and cut (``answers_to_cut``),
    * tell an error in the place of such an answer, and cut (``errors_to_tell``),
    * swallow a commit before the server sees it, and cut (``commits_to_cut``),
    * hang: take what comes and answer nothing, and close nothing (``hangs``),
    * tell the numbers of sessions as a pooler does: its own, not the server's (``is_pooler``),
    * call somebody at each message that a client sends (``on_request``).

A commit is the statement COMMIT, or a statement that moves a head row outside a
transaction: it commits by itself, before the server says that it is ready again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

SOCKET_NAME = ".s.PGSQL.5432"
CHUNK_BYTES = 65_536
COMMIT = "COMMIT"
STATEMENT = "statement that commits by itself"


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


class Talk:
    """What one client is doing, as far as commits go."""

    def __init__(self) -> None:
        self._appending: set[bytes] = set()
        self.in_transaction = False
        self.commit = ""

    def commit_in(self, kind: bytes, message: bytes) -> str:
        """Look at a client's message; say how it makes the server commit an append, if it does."""
        if kind == b"P":
            name, statement = message[5:].split(b"\0")[:2]
            if b"UPDATE heads" in statement:
                self._appending.add(name)
        if kind == b"B":
            statement = message[5:].split(b"\0")[1]
            return STATEMENT if statement in self._appending and not self.in_transaction else ""
        return COMMIT if kind == b"Q" and message[5:].startswith(b"COMMIT") else ""

    def note_ready(self, message: bytes) -> None:
        """Look at the server's "ready": idle, or in a transaction."""
        self.in_transaction = message[5:6] != b"I"


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
        self.errors_to_tell: list[tuple[str, str]] = []
        self.cut: list[str] = []
        self.hangs = asyncio.Event()
        self.is_pooler = False
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
        state = Talk()
        ways = (
            asyncio.create_task(self._pass_requests(client, to_server, state)),
            asyncio.create_task(self._pass_answers(server, to_client, state)),
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
        self, client: asyncio.StreamReader, to_server: asyncio.StreamWriter, state: Talk
    ) -> None:
        messages = Messages(starts_untyped=True)
        while data := await client.read(CHUNK_BYTES):
            for kind, message in messages.feed(data):
                if commit := state.commit_in(kind, message):
                    state.commit = commit
                    if self.commits_to_cut:
                        self.commits_to_cut -= 1
                        self.cut.append(commit)
                        return
                if not self.hangs.is_set():
                    to_server.write(message)
                self.on_request()
            await to_server.drain()

    async def _pass_answers(
        self, server: asyncio.StreamReader, to_client: asyncio.StreamWriter, state: Talk
    ) -> None:
        messages = Messages(starts_untyped=False)
        while data := await server.read(CHUNK_BYTES):
            if self.hangs.is_set():
                continue
            for kind, message in messages.feed(data):
                if state.commit and (self.answers_to_cut or self.errors_to_tell):
                    if kind != b"Z":
                        continue  # the answer itself: held back, for the cut comes
                    self.cut.append(state.commit)
                    await self._end_without_answer(to_client, message)
                    return
                if kind == b"Z":
                    state.commit = ""
                    state.note_ready(message)
                is_number = kind == b"K" and self.is_pooler
                to_client.write(_another_number(message) if is_number else message)
            await to_client.drain()

    async def _end_without_answer(self, to_client: asyncio.StreamWriter, ready: bytes) -> None:
        """Tell an error instead of the answer, if one is to be told; or just cut."""
        if not self.errors_to_tell:
            self.answers_to_cut -= 1
            return
        to_client.write(error_message(*self.errors_to_tell.pop(0)) + ready)
        await to_client.drain()
        to_client.write_eof()


def _another_number(message: bytes) -> bytes:
    """Return the message that names the session by its number, with another number in it."""
    number = int.from_bytes(message[5:9], "big")
    return message[:5] + (number ^ 0x5555).to_bytes(4, "big") + message[9:]


def error_message(severity: str, code: str, text: str = "told by the proxy") -> bytes:
    """Return what a server says of an error, with this severity and code."""
    told = {b"S": severity, b"V": severity, b"C": code, b"M": text}
    body = b"".join(name + value.encode() + b"\0" for name, value in told.items()) + b"\0"
    return b"E" + (len(body) + 4).to_bytes(4, "big") + body
