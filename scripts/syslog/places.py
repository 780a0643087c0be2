"""Where a syslog receiver is, and connections to it.

unix:/dev/log           datagrams to a socket of this machine
udp://host[:514]        datagrams; what gets lost on the way is lost (RFC 5426)
tcp://host[:601]        a stream; each line after its length (RFC 6587)
tls://host[:6514]       the same within TLS 1.2 or newer, the host's name verified (RFC 5425)
"""

from __future__ import annotations

import re
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

PORTS = {"udp": 514, "tcp": 601, "tls": 6514}
HOST = re.compile(r"[A-Za-z0-9]+([.-]+[A-Za-z0-9]+)*|[0-9a-fA-F.]*(:[0-9a-fA-F.]*)+")
CONNECT_SECONDS = 5.0
SEND_SECONDS = 10.0
GOODBYE_SECONDS = 1.0
SEND_BUFFER_BYTES = 65_536
"""Small: what lies in it when a receiver dies has to be sent again."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A receiver; `path` for a socket of this machine, else `host` and `port`."""

    kind: str
    path: str = ""
    host: str = ""
    port: int = 0
    ca: Path | None = None

    def __str__(self) -> str:
        if self.kind == "unix":
            return f"unix:{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.kind}://{host}:{self.port}"

    @property
    def is_stream(self) -> bool:
        """Whether lines follow each other in a stream, each after its length."""
        return self.kind in {"tcp", "tls"}


def place_of(text: str, ca: Path | None = None) -> Place:
    """Read a place from its text (`ValueError`)."""
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        if not path.startswith("/") or not path.isprintable() or len(path.encode()) > 107:
            raise ValueError(text)
        return Place(kind="unix", path=path)
    parts = urlsplit(text)
    host = parts.hostname or ""
    is_plain = not (parts.path or parts.query or parts.fragment or parts.username is not None)
    if parts.scheme not in PORTS or not is_plain or not HOST.fullmatch(host):
        raise ValueError(text)
    port = PORTS[parts.scheme] if parts.port is None else parts.port
    if port == 0:
        raise ValueError(text)
    return Place(kind=parts.scheme, host=host, port=port, ca=ca if parts.scheme == "tls" else None)


class Connection:
    """An open way to a receiver, for one thread. Everything it raises is an `OSError`."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._socket = _opened(place)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Say goodbye, so that what was sent arrives, and close."""
        with self._socket, suppress(OSError, ValueError):
            self._socket.settimeout(GOODBYE_SECONDS)
            if isinstance(self._socket, ssl.SSLSocket):
                self._socket.unwrap()
            elif self._place.is_stream:
                self._socket.shutdown(socket.SHUT_WR)

    def send(self, message: bytes) -> None:
        """Send one line whole."""
        if self._place.is_stream:
            self._socket.sendall(b"%d %s" % (len(message), message))
        else:
            self._socket.send(message)

    def check(self) -> None:
        """Fail if the receiver has gone; what it says, which syslog does not know, is passed over.

        A stream that the other side closed takes the next line without complaint and loses it.
        """
        self._socket.setblocking(False)
        try:
            while self._socket.recv(4096):
                continue
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        finally:
            self._socket.settimeout(SEND_SECONDS)
        raise ConnectionResetError("the receiver closed the connection")


def _opened(place: Place) -> socket.socket:
    if place.kind == "unix":
        return _connected(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), place.path)
    if place.kind == "udp":
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, address = found[0]
        return _connected(socket.socket(family, kind, protocol), address)
    plain = socket.create_connection((place.host, place.port), CONNECT_SECONDS)
    try:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if place.kind == "tls":
            context = ssl.create_default_context(cafile=place.ca)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            plain = context.wrap_socket(plain, server_hostname=place.host)
        plain.settimeout(SEND_SECONDS)
    except BaseException:
        plain.close()
        raise
    return plain


def _connected(opened: socket.socket, address: str | tuple[object, ...]) -> socket.socket:
    try:
        opened.settimeout(SEND_SECONDS)
        opened.connect(address)
    except BaseException:
        opened.close()
        raise
    return opened
