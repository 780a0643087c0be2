"""Waiting for a condition, with a bound: the only kind of waiting in these tests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess

POLL_SECONDS = 0.002
BOUND_SECONDS = 60.0


async def wait_until(condition: Callable[[], bool], *, seconds: float = BOUND_SECONDS) -> None:
    """Ask again and again until the condition holds; fail when it never does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds:.0f} seconds in vain"
        await asyncio.sleep(POLL_SECONDS)


async def kill_when(process: BaseProcess, condition: Callable[[], bool]) -> None:
    """Start a process and kill it as soon as the condition holds."""
    process.start()
    await wait_until(condition)
    process.kill()
    process.join()
    process.close()
