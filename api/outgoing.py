"""Requests that the service itself makes: to witnesses and to authorities for time stamps.

Each has a time limit and a limit for the answer's size, follows no redirection and keeps no
cookies. Whatever goes wrong on the way is one error, ``Unreachable``, which names only its kind.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar

from ledger.publishing.outgoing import Answer, Unreachable

SECONDS_MAX = 10.0
CONNECT_SECONDS_MAX = 3.0
ANSWER_BYTES_MAX = 256 * 1024


class WebClient:
    """Sends requests over HTTP and HTTPS."""

    def __init__(self, session: ClientSession) -> None:
        self._session = session

    async def post(self, url: str, body: bytes, content_type: str) -> Answer:
        """Send a body and return the answer (``Unreachable``)."""
        return await self._ask("POST", url, body, {"Content-Type": content_type})

    async def get(self, url: str) -> Answer:
        """Return what is there (``Unreachable``)."""
        return await self._ask("GET", url, None, {})

    async def _ask(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str]
    ) -> Answer:
        try:
            async with self._session.request(
                method, url, data=body, headers=headers, allow_redirects=False
            ) as response:
                data = b""
                async for part in response.content.iter_chunked(16 * 1024):
                    data += part
                    if len(data) > ANSWER_BYTES_MAX:
                        raise Unreachable(bytes_max=ANSWER_BYTES_MAX)
                return Answer(response.status, response.content_type, data)
        except (ClientError, TimeoutError, OSError, ValueError) as error:
            raise Unreachable(problem=type(error).__name__) from error


@asynccontextmanager
async def web_client(seconds_max: float = SECONDS_MAX) -> AsyncIterator[WebClient]:
    """Open a client for the block."""
    timeout = ClientTimeout(total=seconds_max, connect=min(CONNECT_SECONDS_MAX, seconds_max))
    async with ClientSession(timeout=timeout, cookie_jar=DummyCookieJar()) as session:
        yield WebClient(session)
