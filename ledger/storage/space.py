"""The free-space floor: a full disk stops PostgreSQL, so appends stop before it is full."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ledger.storage.errors import SpaceLow

LOOK_EVERY_SECONDS = 1.0


class SpaceGuard:
    """Refuses appends while the volume of ``path`` has less than ``floor_bytes`` free."""

    def __init__(self, path: Path, floor_bytes: int) -> None:
        self.path = path
        self.floor_bytes = floor_bytes
        self._free_bytes = floor_bytes
        self._looked_at = float("-inf")

    def free_bytes(self) -> int:
        """Return the free bytes of the volume, looked up at most once a second."""
        now = time.monotonic()
        if now - self._looked_at >= LOOK_EVERY_SECONDS:
            volume = os.statvfs(self.path)
            self._free_bytes = volume.f_bavail * volume.f_frsize
            self._looked_at = now
        return self._free_bytes

    def check(self) -> None:
        """Refuse with ``SpaceLow`` below the floor."""
        free_bytes = self.free_bytes()
        if free_bytes < self.floor_bytes:
            raise SpaceLow(free_bytes=free_bytes, floor_bytes=self.floor_bytes)
