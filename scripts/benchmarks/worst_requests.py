"""How long `/healthz` waits while every address is sent the worst of bodies.

The bodies (`worst_bodies.py`) are of 64 KiB to 1 MiB; four connections send them without pause,
and a fifth asks whether the service lives. Its times are the case's times: what one request can
keep from all others. Addresses are those that `/openapi.json` tells, and forms that need no login.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import Iterator

import aiohttp

from scripts.benchmarks.rows import Sample
from scripts.benchmarks.serving import served_ledger
from scripts.benchmarks.trials import Place, Times, Trial
from scripts.benchmarks.worst_bodies import BODIES, FORMS
from scripts.failures import Failure

CASE = "worst-bodies"
SENDERS = 4
FORM_PATHS = ("/login", "/login/code", "/logout", "/set-up")
FORM_TYPE = "application/x-www-form-urlencoded"
ID = "00000000-0000-4000-8000-000000000001"
_IN_BRACES = re.compile(r"\{[a-z_0-9]+\}")


def trials_of_worst_bodies() -> list[Trial]:
    """Ours alone."""
    return [Trial(case=CASE, system="minzhang", writers=SENDERS, run=send_worst)]


async def send_worst(place: Place) -> Sample:
    """Send everything once, and measure how long the other connection waits meanwhile."""
    times, began = Times(), time.perf_counter()
    async with served_ledger(place.dsn) as served, aiohttp.ClientSession(served.address) as client:
        left = iter(list(await _requests(client))[:: max(1, round(1 / place.scale))])
        waiting = asyncio.create_task(_look(served.address, times))
        headers = {"Authorization": f"Bearer {served.token}"}
        sent = await asyncio.gather(*(_send(client, left, headers) for _ in range(SENDERS)))
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    return Sample(sum(sent), time.perf_counter() - began, times.call_seconds)


async def _requests(client: aiohttp.ClientSession) -> Iterator[tuple[str, str, bytes]]:
    """Return every address with every body: path, type, body."""
    async with client.get("/openapi.json") as answer:
        paths = (await answer.json())["paths"]
    posts = [_IN_BRACES.sub(ID, path) for path, methods in paths.items() if "post" in methods]
    asked = [(path, "application/json", body) for body in BODIES.values() for path in posts]
    asked += [(path, FORM_TYPE, form) for form in FORMS.values() for path in FORM_PATHS]
    return iter(asked)


async def _send(
    client: aiohttp.ClientSession, left: Iterator[tuple[str, str, bytes]], told: dict[str, str]
) -> int:
    count = 0
    for path, media_type, body in left:
        headers = {"Content-Type": media_type, **(told if path.startswith("/v1/") else {})}
        async with client.post(path, data=body, headers=headers, allow_redirects=False) as answer:
            await answer.read()
            if answer.status >= 500:
                raise Failure(f"{path} 回答 {answer.status}", f"{path} answered {answer.status}")
        count += 1
    return count


async def _look(address: str, times: Times) -> None:
    async with aiohttp.ClientSession(address) as client:
        for number in itertools.count():
            began = time.perf_counter()
            async with client.get("/healthz") as answer:
                await answer.read()
            if number:  # the first one opens the connection
                times.take(began)
