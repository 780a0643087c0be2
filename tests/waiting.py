"""Waiting for what happens elsewhere: with a pause, a bound, and a name for what did not come.

A loop that asks again at once meets limits of rate on a quick machine, and one that takes whatever
differs from "not yet" for success proves nothing. So tests wait here, and nowhere else.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Collection

from aiohttp import ClientResponse

POLL_SECONDS = 0.002
ASK_SECONDS = 0.05
BOUND_SECONDS = 60.0


class WaitedInVain(AssertionError):
    """What was waited for did not come within the bound."""


async def wait_until(
    condition: Callable[[], bool | Awaitable[bool]],
    *,
    seconds: float = BOUND_SECONDS,
    pause: float = POLL_SECONDS,
    what: str = "",
) -> None:
    """Ask again and again until the condition holds; fail when it never does."""
    end = time.monotonic() + seconds
    while True:
        told = condition()
        if inspect.isawaitable(told):
            told = await told
        if told:
            return
        if time.monotonic() > end:
            raise WaitedInVain(f"waited {seconds:.0f} seconds in vain for {what or condition}")
        await asyncio.sleep(pause)


async def wait_for_answer(
    ask: Callable[[], Awaitable[ClientResponse]],
    *,
    not_yet: Collection[int],
    status: int = 200,
    seconds: float = BOUND_SECONDS,
) -> ClientResponse:
    """Ask until the answer has a status; pause as ``Retry-After`` says.

    Only the statuses ``not_yet`` are waited through: any other one fails at once, by its name.
    """
    end = time.monotonic() + seconds
    while True:
        response = await ask()
        if response.status == status:
            return response
        told = f"{response.method} {response.url.path}: {response.status}"
        if response.status not in not_yet:
            raise WaitedInVain(f"{told} {await response.text()}")
        pause = float(response.headers.get("Retry-After", ASK_SECONDS))
        if time.monotonic() + pause > end:
            raise WaitedInVain(f"{told} for {seconds:.0f} seconds")
        await asyncio.sleep(pause)
