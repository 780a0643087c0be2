"""How the publisher reaches others. The ledger knows no web: ``api/outgoing`` brings the client.

A call either gives the whole answer, bounded in size and time, or raises ``Unreachable``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ledger.core.errors import LedgerError


class Unreachable(LedgerError):
    """The other side did not answer, not in time, or with more than an answer can be.

    对方没有应答、未在时限内应答，或应答过大。
    """


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side answered."""

    status: int
    content_type: str
    body: bytes

    @property
    def text(self) -> str:
        """The body as text for a message: short, on one line."""
        return " ".join(self.body[:200].decode("utf-8", "replace").split())


class Outgoing(Protocol):
    """What sends requests."""

    async def post(self, url: str, body: bytes, content_type: str) -> Answer:
        """Send a body and return the answer (``Unreachable``)."""

    async def get(self, url: str) -> Answer:
        """Return what is there (``Unreachable``)."""
