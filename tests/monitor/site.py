"""A log as static files, built from nothing but entries, as others' software would serve it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.keys import KeyKind, SigningKey
from ledger.merkle.notes import Note, SignatureLine, sign_note
from ledger.merkle.tiles import (
    TILE_WIDTH,
    bundles_of,
    pack_entries,
    subtree_root,
    tiles_of,
)
from ledger.merkle.tree import leaf_hash, tree_root

NAME = "log.example.org/followed"
KEY = SigningKey(NAME, KeyKind.NOTE, bytes([3]) * 32)


def entries(count: int, *, changed: int | None = None) -> list[bytes]:
    """Return so many entries; one may be another than everybody else was shown."""
    return [b"entry %d%s" % (n, b"!" if n == changed else b"") for n in range(count)]


def publish(
    root: Path, data: Sequence[bytes], *, size: int | None = None, key: SigningKey = KEY
) -> Checkpoint:
    """Write the files of a log with these entries, in place of what was there."""
    data = data[: len(data) if size is None else size]
    shutil.rmtree(root, ignore_errors=True)
    rows = [[leaf_hash(entry) for entry in data]]
    while len(rows[-1]) >= TILE_WIDTH:
        below = rows[-1]
        whole = range(0, len(below) - TILE_WIDTH + 1, TILE_WIDTH)
        rows.append([subtree_root(below[at : at + TILE_WIDTH]) for at in whole])
    for tile in tiles_of(len(data)):
        at = tile.number * TILE_WIDTH
        write(root / tile.path, b"".join(rows[tile.level or 0][at : at + tile.width]))
    for tile in bundles_of(len(data)):
        at = tile.number * TILE_WIDTH
        write(root / tile.path, pack_entries(data[at : at + tile.width]))
    checkpoint = Checkpoint(NAME, len(data), tree_root(rows[0]))
    sign(root, checkpoint, sign_note(str(checkpoint), key))
    return checkpoint


def sign(root: Path, checkpoint: Checkpoint, *lines: SignatureLine) -> None:
    """Write the checkpoint with these signatures."""
    write(root / "checkpoint", str(Note(str(checkpoint), lines)).encode())


def write(path: Path, data: bytes) -> None:
    """Write one file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
