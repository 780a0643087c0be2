"""Fetches a log's files over HTTP: no redirects, no cookies, with limits of time and size."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar

from api.monitor.alarms import Alarm, LogWrong
from api.monitor.reading import Fetch
from ledger.core.entry import ENTRY_BYTES_MAX
from ledger.merkle.notes import NOTE_BYTES_MAX
from ledger.merkle.tiles import TILE_WIDTH

SECONDS_MAX = 30.0
ENTRIES_PREFIX = "tile/entries/"
BUNDLE_BYTES_MAX = TILE_WIDTH * (ENTRY_BYTES_MAX + 2)
NOTHING_THERE = (404, 410)


@asynccontextmanager
async def log_files(url: str, *, token: str | None = None) -> AsyncIterator[Fetch]:
    """Give what fetches files below ``url``; the token goes with requests for entries only."""
    timeout = ClientTimeout(total=SECONDS_MAX)
    prefix = url.rstrip("/")
    async with ClientSession(timeout=timeout, cookie_jar=DummyCookieJar()) as session:

        async def fetch(path: str) -> bytes | None:
            is_bundle = path.startswith(ENTRIES_PREFIX)
            headers = {"Authorization": f"Bearer {token}"} if token and is_bundle else {}
            bytes_max = BUNDLE_BYTES_MAX if is_bundle else NOTE_BYTES_MAX
            try:
                async with session.get(
                    f"{prefix}/{path}", headers=headers, allow_redirects=False
                ) as answer:
                    if answer.status in NOTHING_THERE:
                        return None
                    if answer.status != 200:
                        raise LogWrong(Alarm.UNREACHABLE, f"{path}: HTTP {answer.status}")
                    data = bytearray()
                    async for part in answer.content.iter_chunked(65_536):
                        data += part
                        if len(data) > bytes_max:
                            raise LogWrong(Alarm.UNREACHABLE, f"{path}: over {bytes_max} bytes")
                    return bytes(data)
            except (ClientError, TimeoutError, OSError, ValueError) as error:
                raise LogWrong(Alarm.UNREACHABLE, f"{path}: {type(error).__name__}") from error

        yield fetch
