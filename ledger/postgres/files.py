"""Locks on files, which end with the process that holds them, however it ends.

`flock` belongs to the open file, not to a name or a process number: a zombie, a reused
process number or a container with numbers of its own cannot be mistaken for a holder.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.postgres.errors import ServerBusy

POLL_SECONDS = 0.02


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Ask again and again until the condition holds; False when it never did in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True


def try_lock(path: Path) -> int | None:
    """Take the lock and return its file descriptor, or None when another holds it."""
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        return None
    except BaseException:
        os.close(held)
        raise
    return held


@contextmanager
def locked(path: Path, *, seconds: float) -> Iterator[None]:
    """Hold the lock for a block; `ServerBusy` when others keep it for too long."""
    end = time.monotonic() + seconds
    while (held := try_lock(path)) is None:
        if time.monotonic() > end:
            raise ServerBusy(
                f"另一个进程一直占用着 {path}，等候 {seconds:.0f} 秒后放弃。",
                f"another process keeps {path} locked, given up after {seconds:.0f} seconds",
            )
        time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        os.close(held)
