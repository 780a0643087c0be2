"""What stands before a real PostgreSQL and speaks its TLS: the server that comes along has none.

A client first asks whether the server speaks TLS (eight bytes); the answer is S or N. All that
follows is passed on to the server's socket, decrypted.
"""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from select import select
from threading import Thread
from typing import Self
from urllib.parse import parse_qs, urlsplit

ASKS_FOR_TLS = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
SOCKET_NAME = ".s.PGSQL.5432"
SECONDS = 30.0


class TlsFront:
    """Listens on a port of this machine. Use with ``with``."""

    def __init__(self, dsn: str, tls: ssl.SSLContext | None) -> None:
        self._dsn, self._tls = urlsplit(dsn), tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads = [Thread(target=self._accept)]
        self.port = self._listening.getsockname()[1]
        self.versions: list[str | None] = []

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join()

    def dsn(self, host: str, **query: object) -> str:
        """Return a connection string by way of this, for a name under which it is reached."""
        words = "&".join(f"{name}={value}" for name, value in query.items())
        return f"postgresql://{self._dsn.username}@{host}:{self.port}{self._dsn.path}?{words}"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                client.settimeout(SECONDS)
                self._threads.append(Thread(target=self._serve, args=(client,)))
                self._threads[-1].start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError):
            try:
                first = client.recv(8, socket.MSG_WAITALL)
                if first == ASKS_FOR_TLS:
                    first = b""
                    client.sendall(b"S" if self._tls else b"N")
                    if self._tls:
                        client = self._tls.wrap_socket(client, server_side=True)
                        self.versions.append(client.version())
                self._pass_on(first, client)
            finally:
                client.close()

    def _pass_on(self, first: bytes, client: socket.socket) -> None:
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(f"{parse_qs(self._dsn.query)['host'][0]}/{SOCKET_NAME}")
            server.sendall(first)
            while True:
                waits = isinstance(client, ssl.SSLSocket) and client.pending()
                for ready in [client] if waits else select([client, server], [], [], SECONDS)[0]:
                    data = ready.recv(65_536)
                    if not data:
                        return
                    (server if ready is client else client).sendall(data)
