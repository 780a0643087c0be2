"""A logger with a second place, and certificates."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.syslog.handler import SyslogHandler
from scripts.syslog.places import Place, place_of
from tests.syslog.certificates import Authority
from tests.syslog.receivers import Datagrams, Receiver, Stream

KINDS = ("unix", "udp", "tcp", "tls")
Start = Callable[[str], tuple[Receiver, Place]]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


class Receivers:
    """Starts receivers of any kind, again at the same place, and ends them all."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self._path, self._authority = folder / "log", authority
        self.started: list[Receiver] = []

    def start(self, kind: str, at: Place | None = None) -> tuple[Receiver, Place]:
        """Start one; return it and its place."""
        port = at.port if at else 0
        receiver: Datagrams | Stream
        if kind in ("unix", "udp"):
            receiver = Datagrams(self._path if kind == "unix" else None, port)
        else:
            tls = self._authority.server_side("127.0.0.1") if kind == "tls" else None
            receiver = Stream(port, tls=tls)
        self.started.append(receiver)
        text = f"unix:{self._path}" if kind == "unix" else f"{kind}://127.0.0.1:{receiver.port}"
        return receiver, place_of(text, self._authority.ca)


@pytest.fixture
def receivers(tmp_path: Path, authority: Authority) -> Iterator[Receivers]:
    made = Receivers(tmp_path, authority)
    yield made
    for receiver in made.started:
        receiver.kill()


@pytest.fixture
def logger_to() -> Iterator[Callable[[SyslogHandler], logging.Logger]]:
    """Give a logger that sends its lines by a handler, which is closed in the end."""
    logger, handlers = logging.getLogger("tests.syslog"), list[SyslogHandler]()
    logger.setLevel(logging.INFO)

    def attach(handler: SyslogHandler) -> logging.Logger:
        handlers.append(handler)
        logger.addHandler(handler)
        return logger

    yield attach
    for handler in handlers:
        logger.removeHandler(handler)
        handler.close()
