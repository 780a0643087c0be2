"""What a writer asked for and what it was told, written down where no kill can reach it.

One line before a command is sent, one when its answer has come::

    ? <key> <number of its events>
    ! <key> <position of its last event>

A line is one ``write``: the kernel keeps it, whatever happens to the process afterwards.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Diary:
    """All commands of some writers: how many events each asked for, where the answers put them."""

    asked: dict[str, int] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Diary:
        """Return what all writers wrote into this folder."""
        diary = cls()
        for path in folder.glob("*.diary"):
            for line in path.read_text("ascii").splitlines():
                mark, key, number = line.split(" ")
                (diary.asked if mark == "?" else diary.acknowledged)[key] = int(number)
        return diary


class Pen:
    """Writes one diary."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def asks(self, key: str, event_count: int) -> None:
        os.write(self._file, f"? {key} {event_count}\n".encode("ascii"))

    def was_told(self, key: str, position: int) -> None:
        os.write(self._file, f"! {key} {position}\n".encode("ascii"))

    def close(self) -> None:
        os.close(self._file)


def written_bytes(folder: Path) -> int:
    """Return how much was written into all diaries: a cheap way to see that work goes on."""
    return sum(path.stat().st_size for path in folder.glob("*.diary"))
