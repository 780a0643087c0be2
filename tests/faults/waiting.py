"""Killing a process at the right moment."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.process import BaseProcess

from tests.waiting import wait_until

__all__ = ["kill_when", "wait_until"]


async def kill_when(process: BaseProcess, condition: Callable[[], bool]) -> None:
    """Start a process and kill it as soon as the condition holds."""
    process.start()
    await wait_until(condition)
    process.kill()
    process.join()
    process.close()
