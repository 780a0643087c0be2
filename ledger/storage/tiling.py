"""Tiles that an append completes: made in its transaction, so no event is outside the tree.

    leaf hashes of the group ─► with those since the last full tile ─► full tiles of level 0
    their roots              ─► with those since the last full tile ─► full tiles of level 1 …

Nothing is read until a tile becomes full, once in 256 events; and even then not the leaf
hashes, as long as this process remembers them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ledger.merkle.tiles import TILE_HEIGHT, TILE_WIDTH, subtree_root
from ledger.storage.connect import Connection

TileRow: TypeAlias = tuple[str, int, int, bytes, bytes]

TILE_COLUMNS = ("ledger_id", "level", "number", "hashes", "root")

_OPEN_LEAVES = """
    SELECT leaf_hash FROM events
    WHERE ledger_id = $1 AND position >= $2 AND position < $3 ORDER BY position
"""
_OPEN_ROOTS = """
    SELECT root FROM tiles
    WHERE ledger_id = $1 AND level = $2 AND number >= $3 AND number < $4 ORDER BY number
"""


@dataclass(frozen=True, slots=True)
class Tiling:
    """Tiles that became full, and the leaf hashes since the last full one (None: not known)."""

    rows: Sequence[TileRow] = field(default=())
    open_leaves: Sequence[bytes] | None = None


def tile_quickly(
    ledger_id: str, size: int, open_leaves: Sequence[bytes] | None, leaves: Sequence[bytes]
) -> Tiling | None:
    """Tile new leaves after ``size`` without reading anything; ``None``: reading is needed."""
    if open_leaves is None:
        return None if _completes(size, leaves) else Tiling()
    rows, left = _full_tiles(ledger_id, 0, size, [*open_leaves, *leaves])
    if _completes(size >> TILE_HEIGHT, rows):
        return None
    return Tiling(rows, left)


async def tile(
    db: Connection,
    ledger_id: str,
    size: int,
    open_leaves: Sequence[bytes] | None,
    leaves: Sequence[bytes],
) -> Tiling:
    """Tile new leaves after ``size``, reading what is open and not remembered."""
    if open_leaves is None and not _completes(size, leaves):
        return Tiling()
    all_rows: list[TileRow] = []
    left: list[bytes] = []
    level, before, hashes = 0, size, list(leaves)
    while level == 0 or _completes(before, hashes):
        begun = open_leaves if level == 0 else None
        if begun is None:
            begun = await _read_open(db, ledger_id, level, before)
        rows, rest = _full_tiles(ledger_id, level, before, [*begun, *hashes])
        left = rest if level == 0 else left
        all_rows += rows
        level, before, hashes = level + 1, before >> TILE_HEIGHT, [row[-1] for row in rows]
    return Tiling(all_rows, left)


def _completes(before: int, new: Sequence[object]) -> bool:
    """Tell whether a tile becomes full when new hashes follow the ``before`` earlier ones."""
    return before % TILE_WIDTH + len(new) >= TILE_WIDTH


def _full_tiles(
    ledger_id: str, level: int, before: int, hashes: Sequence[bytes]
) -> tuple[list[TileRow], list[bytes]]:
    """Cut hashes that begin where the open tile begins; return full tiles and what is left."""
    first, rows = before // TILE_WIDTH, []
    full = len(hashes) // TILE_WIDTH
    for i in range(full):
        row = hashes[i * TILE_WIDTH : (i + 1) * TILE_WIDTH]
        rows.append((ledger_id, level, first + i, b"".join(row), subtree_root(row)))
    return rows, list(hashes[full * TILE_WIDTH :])


async def _read_open(db: Connection, ledger_id: str, level: int, before: int) -> list[bytes]:
    first = before - before % TILE_WIDTH
    if level == 0:
        rows = await db.fetch(_OPEN_LEAVES, ledger_id, first, before)
    else:
        rows = await db.fetch(_OPEN_ROOTS, ledger_id, level - 1, first, before)
    return [hash_ for (hash_,) in rows]
