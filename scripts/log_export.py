"""Write the log as a directory of files that any web server can serve (C2SP tlog-tiles).

    DIR/checkpoint                  written last, in one step
    DIR/tile/0/000 …                and partial tiles at every published size, until they are full
    DIR/tile/entries/000 …          only if the operator says so: they hold business data
    DIR/index.html                  what this is, for people

Only what is missing is written, so stopping at any moment loses nothing: the checkpoint that is
there is always covered by the files that are there. A directory whose checkpoint does not fit
the database is left alone: one of the two has been changed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from pathlib import Path
from uuid import uuid4

from ledger.core.errors import LedgerError
from ledger.merkle.checkpoints import Checkpoint, read_checkpoint
from ledger.merkle.notes import read_note
from ledger.merkle.tiles import (
    LEVEL_MAX,
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    bundles_of,
    tiles_of,
)
from ledger.storage.checkpoints import KeptCheckpoint, published_widths
from ledger.storage.connect import Database
from ledger.storage.tree import read_bundle, read_root, read_tile

CHECKPOINT = "checkpoint"
PAGE = "index.html"
PARTIAL = ".p"


class ExportOfAnotherLog(LedgerError):
    """This directory holds the export of another log.

    该目录中是另一账本日志的导出。
    """


class ExportContradicts(LedgerError):
    """The checkpoint in this directory does not fit the database: one of the two was changed.

    该目录中的检查点与数据库不符：二者之一曾被改动。
    """


class ExportBusy(LedgerError):
    """Another export into this directory is under way.

    另一次导出正在写入该目录。
    """


@dataclass(slots=True, kw_only=True)
class Exported:
    """What an export did. ``size_before`` is -1 for a new directory."""

    origin: str
    size: int
    size_before: int
    with_entries: bool
    files_written: int = 0
    bytes_written: int = 0
    files_pruned: int = 0


@dataclass(slots=True)
class Export:
    """One export on its way."""

    db: Database
    ledger_id: str
    directory: Path
    kept: KeptCheckpoint
    done: Exported = field(init=False)
    _written: list[Path] = field(init=False, default_factory=list)

    async def run(self, *, with_entries: bool) -> Exported:
        """Write what is missing, then the checkpoint, then remove what is no longer needed."""
        before = await self._checked_before()
        checkpoint = self.kept.checkpoint
        self.done = Exported(
            origin=checkpoint.origin,
            size=checkpoint.size,
            size_before=-1 if before is None else before.size,
            with_entries=with_entries,
        )
        async for tile in self._tiles(with_entries):
            await self._write_tile(tile)
        self._write(self.directory / PAGE, _page(checkpoint.origin))
        self._flush()  # all files must be on the disk before the checkpoint that covers them
        self._write(self.directory / CHECKPOINT, str(self.kept.note).encode())
        self._flush()
        self._prune()
        return self.done

    async def _checked_before(self) -> Checkpoint | None:
        path = self.directory / CHECKPOINT
        if not path.exists():
            return None
        before, now = read_checkpoint(read_note(path.read_bytes()).text), self.kept.checkpoint
        if before.origin != now.origin:
            raise ExportOfAnotherLog(there=before.origin, here=now.origin)
        if before.size > now.size:
            raise ExportContradicts(size_there=before.size, size_here=now.size)
        if await read_root(self.db, self.ledger_id, before.size) != before.root:
            raise ExportContradicts(size_there=before.size)
        return before

    async def _tiles(self, with_entries: bool) -> AsyncIterator[Tile]:
        """Yield every full tile, and every width that a published checkpoint gave the others."""
        size = self.kept.checkpoint.size
        for tile in tiles_of(size):
            if tile.width == TILE_WIDTH:
                yield tile
        levels: list[int | None] = [
            level for level in range(LEVEL_MAX + 1) if size >> TILE_HEIGHT * level
        ]
        if with_entries:
            for bundle in bundles_of(size):
                if bundle.width == TILE_WIDTH:
                    yield bundle
            levels.append(None)
        for level in levels:
            for width in await self._widths(level or 0):
                yield Tile(level, self._open_number(level or 0), width)

    async def _widths(self, level: int) -> list[int]:
        shift, size = TILE_HEIGHT * level, self.kept.checkpoint.size
        start = self._open_number(level) * TILE_WIDTH
        widths = await published_widths(self.db, self.ledger_id, size, shift=shift, start=start)
        return [width for width in widths if width]

    def _open_number(self, level: int) -> int:
        """Return the number of the tile that is not full at a level."""
        return self.kept.checkpoint.size >> TILE_HEIGHT * (level + 1)

    async def _write_tile(self, tile: Tile) -> None:
        path = self.directory / tile.path
        if path.exists():
            return
        read = read_bundle if tile.level is None else read_tile
        self._write(path, await read(self.db, self.ledger_id, tile))

    def _write(self, path: Path, data: bytes) -> None:
        """Write a file in one step, unless it is there already."""
        if path.exists() and path.read_bytes() == data:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{uuid4().hex}")
        beside.write_bytes(data)
        beside.replace(path)
        self._written.append(path)
        self.done.files_written += 1
        self.done.bytes_written += len(data)

    def _flush(self) -> None:
        """Wait for the disk; after the first file most others are there already."""
        for path in (*self._written, *{path.parent for path in self._written}):
            held = os.open(path, os.O_RDONLY)
            os.fsync(held)
            os.close(held)
        self._written.clear()

    def _prune(self) -> None:
        """Remove partial tiles that are full by now, and what an interrupted export left."""
        for folder in list(_partials(self.directory / "tile")):
            if folder.with_name(folder.name.removesuffix(PARTIAL)).exists():
                self.done.files_pruned += len(list(folder.iterdir()))
                shutil.rmtree(folder)


def _partials(folder: Path) -> Iterator[Path]:
    for place, names, left in os.walk(folder):
        yield from (Path(place, name) for name in names if name.endswith(PARTIAL))
        for name in left:
            if name.startswith("."):
                Path(place, name).unlink()


async def export_log(
    db: Database, ledger_id: str, directory: Path, kept: KeptCheckpoint, *, with_entries: bool
) -> Exported:
    """Bring a directory up to a published checkpoint.

    Raises ``ExportOfAnotherLog``, ``ExportContradicts`` and ``ExportBusy``.
    """
    with _alone_in(directory):
        return await Export(db, ledger_id, directory, kept).run(with_entries=with_entries)


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    directory.mkdir(parents=True, exist_ok=True)
    held = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ExportBusy(directory=str(directory)) from None
    finally:
        os.close(held)


def _page(origin: str) -> bytes:
    text = files("scripts").joinpath("log_export.html").read_text("utf-8")
    return text.replace("{origin}", escape(origin)).encode()
