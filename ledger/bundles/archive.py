"""The ZIP file of a bundle: the same content gives the same bytes, and no half file is left.

Written beside its place under a temporary name, flushed to disk, then renamed.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that ZIP can say: when it was made is not the point
_PLAIN_FILE = 0o100644 << 16
_UNIX = 3
PACK_LEVEL = 6


class BundleArchive:
    """A ZIP file that is being written, one member after the other."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._zip = file

    def add(self, name: str, data: bytes) -> None:
        """Add a short file."""
        self._zip.writestr(_member(name), data, compresslevel=PACK_LEVEL)

    async def stream(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        """Add a file piece by piece."""
        with self._zip.open(_member(name), "w", force_zip64=True) as member:
            async for piece in pieces:
                member.write(piece)


@contextmanager
def new_archive(path: Path, *, mode: int = 0o644) -> Iterator[BundleArchive]:
    """Write a ZIP file at ``path``; if the block fails, nothing is left there or beside it."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        temporary = Path(file.name)
        try:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                yield BundleArchive(archive)
            file.flush()
            os.fsync(file.fileno())
            temporary.chmod(mode)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = _PLAIN_FILE
    info.create_system = _UNIX
    info._compresslevel = PACK_LEVEL  # type: ignore[attr-defined]  # writing a stream has no argument for it
    return info
