"""Folders that are whole or not there: written beside their place, brought to the disk, renamed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ledger.core.errors import LedgerError
from ledger.storage.document_files import sync
from scripts.backups.manifest import MANIFEST, Manifest, described, paths_below


class BackupExists(LedgerError):
    """A backup is made as a new folder: something is there already, and nothing is overwritten.

    备份须写入新的目录：该处已有内容，不会覆盖。
    """


@contextmanager
def fresh_folder(place: Path) -> Iterator[Path]:
    """Give a folder (0700) to fill; it takes its place once the block ends (``BackupExists``)."""
    if os.path.lexists(place):
        raise BackupExists(path=str(place))
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{place.name}-", suffix=".unfinished", dir=place.parent))
    try:
        yield fresh
        _finish(fresh)
        if os.path.lexists(place):
            raise BackupExists(path=str(place))
        fresh.rename(place)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    sync(place.parent)


def seal_folder(folder: Path, manifest: Manifest) -> Manifest:
    """Write the manifest over all files that are in a folder; return it."""
    files = tuple(described(folder, path) for path in paths_below(folder))
    whole = replace(manifest, files=files)
    (folder / MANIFEST).write_bytes(whole.to_bytes())
    return whole


def copy_private(source: Path, target: Path) -> bool:
    """Copy a file to a new one of mode 0600; ``False`` if it is gone by now."""
    make_folder(target.parent)
    try:
        with source.open("rb") as reading:
            held = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(held, "wb") as writing:
                shutil.copyfileobj(reading, writing, 1024 * 1024)
    except FileNotFoundError:
        return False
    return True


def bring_file(source: Path, target: Path) -> bool:
    """Put a file where none is, whole or not at all; ``False`` if there is one already."""
    make_folder(target.parent)
    held, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    beside = Path(name)
    try:
        with os.fdopen(held, "wb") as writing, source.open("rb") as reading:
            shutil.copyfileobj(reading, writing, 1024 * 1024)
            writing.flush()
            os.fsync(writing.fileno())
        os.link(beside, target)
    except FileExistsError:
        return False
    finally:
        beside.unlink()
    sync(target.parent)
    return True


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, each closed to others; what is there stays as it is."""
    for one in reversed([folder, *folder.parents]):
        if not one.exists():
            one.mkdir(mode=0o700, exist_ok=True)


def _finish(fresh: Path) -> None:
    """Close everything to others and bring it to the disk, folders last."""
    for parent, _, names in os.walk(fresh, topdown=False):
        for name in names:
            path = Path(parent, name)
            path.chmod(0o600)
            _sync_file(path)
        Path(parent).chmod(0o700)
        sync(Path(parent))


def _sync_file(path: Path) -> None:
    held = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        os.fsync(held)
    finally:
        os.close(held)
