"""Tiles of one ledger, remembered: a hash of the tree never changes once it is there.

A tile at the right edge is remembered as it was read; its hashes stay right while it grows, so it
serves whoever needs no more of it. The least lately used go first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TypeAlias

from ledger.merkle.tree import HASH_BYTES

TileKey: TypeAlias = tuple[int, int]
"""(level, number)"""

TILES_MAX = 4_096  # 32 MiB: all of a log of a million entries


class TileCache:
    """At most ``tiles_max`` tiles."""

    def __init__(self, tiles_max: int = TILES_MAX) -> None:
        self._tiles: OrderedDict[TileKey, bytes] = OrderedDict()
        self._tiles_max = tiles_max

    def __len__(self) -> int:
        return len(self._tiles)

    def find(self, wanted: Mapping[TileKey, int]) -> dict[TileKey, bytes]:
        """Return what is remembered of the tiles, each at least as wide as it is wanted."""
        found: dict[TileKey, bytes] = {}
        for key, width in wanted.items():
            tile = self._tiles.get(key)
            if tile is not None and len(tile) >= width * HASH_BYTES:
                self._tiles.move_to_end(key)
                found[key] = tile
        return found

    def keep(self, tiles: Mapping[TileKey, bytes]) -> None:
        """Remember tiles as they were read from committed rows."""
        for key, tile in tiles.items():
            self._tiles[key] = tile
            self._tiles.move_to_end(key)
        while len(self._tiles) > self._tiles_max:
            self._tiles.popitem(last=False)
