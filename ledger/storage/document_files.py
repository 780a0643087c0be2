"""The files of sealed documents: ciphertext only, named by their slots.

    DATA/evidence/371329/sealed/5f/5f3a...     0600, in folders of 0700
    DATA/evidence/371329/incoming/...          being written; ciphertext as well
    DATA/evidence/371329/ab/cdef...            in clear, by an earlier version, until it is sealed

A file is brought to the disk before it is moved to its name.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import UUID

LEFT_OVER_SECONDS = 24 * 3600
_CLEAR_FOLDER, _CLEAR_NAME = re.compile(r"[0-9a-f]{2}"), re.compile(r"[0-9a-f]{62}")


class DocumentFiles:
    """The folder of one ledger's documents."""

    def __init__(self, folder: Path, ledger_id: str) -> None:
        self.folder = folder / ledger_id
        self._sealed = self.folder / "sealed"

    def begin(self) -> tuple[int, Path]:
        """Make a file to be written (0600), and remove what a crash left there long ago."""
        beside = self.folder / "incoming"
        for one in (self.folder.parent, self.folder, self._sealed, beside):
            one.mkdir(mode=0o700, exist_ok=True, parents=True)
        for left in beside.iterdir():
            if is_left_over(left):
                left.unlink(missing_ok=True)
        descriptor, path = tempfile.mkstemp(dir=beside)
        return descriptor, Path(path)

    def place(self, slot_id: UUID) -> Path:
        """Return where a slot's document lies."""
        return self._sealed / slot_id.hex[:2] / str(slot_id)

    def move(self, path: Path, slot_id: UUID) -> None:
        """Move a written file to its name, for good."""
        place = self.place(slot_id)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        path.replace(place)
        for folder in (place.parent, self._sealed):
            sync(folder)

    def remove(self, slot_ids: Iterable[UUID]) -> None:
        """Remove the documents of slots, those that are there."""
        for place in map(self.place, slot_ids):
            if place.exists():
                place.unlink(missing_ok=True)
                sync(place.parent)

    def stored(self) -> Iterator[tuple[UUID, Path]]:
        """Yield every sealed file, by its slot."""
        for path in sorted(self._sealed.glob("??/*")):
            try:
                yield UUID(path.name), path
            except ValueError:  # not ours
                continue

    def clear_place(self, digest: str) -> Path:
        """Return where an earlier version stored a document in clear."""
        return self.folder / digest[:2] / digest[2:]

    def clear(self) -> Iterator[tuple[str, Path]]:
        """Yield every file that an earlier version stored in clear, by its digest."""
        for path in sorted(self.folder.glob("??/*")):
            if _CLEAR_FOLDER.fullmatch(path.parent.name) and _CLEAR_NAME.fullmatch(path.name):
                yield path.parent.name + path.name, path


def is_left_over(path: Path) -> bool:
    """Tell whether a file is too old to be still in the making."""
    try:
        return time.time() - path.stat().st_mtime > LEFT_OVER_SECONDS
    except FileNotFoundError:  # whoever wrote it has just finished
        return False


def sync(folder: Path) -> None:
    """Bring what changed in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
