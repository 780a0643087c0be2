"""Lets Python's cycle collector look less often while a long stretch of the log is applied.

Entries and rows are many, short-lived and without cycles: looking through them for cycles
every 700 objects costs a quarter of a catch-up.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = (100_000, 20, 100)


class _Usual:
    """How often the collector looks otherwise, and how many catch-ups hold it off now."""

    threshold = gc.get_threshold()
    holders = 0


@contextmanager
def collected_rarely() -> Iterator[None]:
    """Collect rarely until the last block of this kind ends."""
    if _Usual.holders == 0:
        _Usual.threshold = gc.get_threshold()
        gc.set_threshold(*RARELY)
    _Usual.holders += 1
    try:
        yield
    finally:
        _Usual.holders -= 1
        if _Usual.holders == 0:
            gc.set_threshold(*_Usual.threshold)
