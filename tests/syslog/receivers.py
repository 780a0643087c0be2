"""Receivers of syslog on real sockets, which can be killed, started again, or read nothing."""

from __future__ import annotations

import os
import queue
import re
import socket
import ssl
import struct
import threading
from contextlib import suppress
from pathlib import Path

PATIENCE_SECONDS = 30.0
SEQUENCE = re.compile(rb'sequenceId="([0-9]+)"')
AT_ONCE = struct.pack("ii", 1, 0)


class Receiver:
    """Keeps what comes in; `kill` is what the kernel does to the sockets of a dead process."""

    def __init__(self) -> None:
        self.messages: queue.Queue[bytes] = queue.Queue()
        self._is_alive = True

    def kill(self) -> None:
        """End at once, with what was not read."""
        if self._is_alive:
            self._is_alive = False
            self._end()

    def _end(self) -> None:
        raise OSError("a receiver of no kind")

    def next(self) -> bytes:
        """Return the next message."""
        return self.messages.get(timeout=PATIENCE_SECONDS)

    def until(self, last: int) -> list[int]:
        """Return the numbers of messages up to one, as they came."""
        numbers = [0]
        while numbers[-1] != last:
            numbers.append(number_of(self.next()))
        return numbers[1:]


def number_of(message: bytes) -> int:
    """Return the sequenceId of a message."""
    found = SEQUENCE.search(message)
    assert found, message
    return int(found[1])


class Datagrams(Receiver):
    """Takes datagrams: of a path, or of a port of this machine."""

    def __init__(self, path: Path | None = None, port: int = 0) -> None:
        super().__init__()
        family = socket.AF_UNIX if path else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.bind(str(path) if path else ("127.0.0.1", port))
        self.port = 0 if path else self._socket.getsockname()[1]
        self._path = path
        self._thread = threading.Thread(target=self._receive)
        self._thread.start()

    def _receive(self) -> None:
        with suppress(OSError):
            while message := self._socket.recv(65_536):
                self.messages.put(message)

    def _end(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()
        if self._path:
            os.unlink(self._path)


class Stream(Receiver):
    """Takes streams of messages, each after its length; with a certificate within TLS."""

    def __init__(
        self, port: int = 0, *, tls: ssl.SSLContext | None = None, reads: bool = True
    ) -> None:
        super().__init__()
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port = self._socket.getsockname()[1]
        self._tls, self._reads = tls, reads
        self._open: list[socket.socket] = []
        self.accepted = threading.Semaphore(0)
        self.refused: queue.Queue[str] = queue.Queue()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                opened, _ = self._socket.accept()
                self._open.append(opened)
                self.accepted.release()
                if self._reads:
                    self._threads.append(threading.Thread(target=self._receive, args=(opened,)))
                    self._threads[-1].start()

    def _receive(self, opened: socket.socket) -> None:
        try:
            if self._tls:
                opened = self._tls.wrap_socket(opened, server_side=True)
                self._open.append(opened)
            with opened, opened.makefile("rb") as file:
                while message := _framed(file):
                    self.messages.put(message)
        except (OSError, ValueError) as error:
            self.refused.put(str(error))

    def _end(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for opened in self._open:
            with suppress(OSError):
                # Whoever has lines on the way is told by a reset.
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
            opened.close()
        for thread in self._threads:
            thread.join()


def _framed(file: object) -> bytes:
    length = b""
    read = file.read  # type: ignore[attr-defined]
    while (digit := read(1)) not in (b" ", b""):
        length += digit
    return bytes(read(int(length))) if length else b""
