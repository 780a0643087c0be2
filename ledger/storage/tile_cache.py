"""Tiles of one ledger, remembered: a hash of the tree never changes once it is there.

A tile at the right edge is remembered as it was read; its hashes stay right while it grows, so it
serves whoever needs no more of it. Above the lowest tiles, where all proofs meet, the hashes of
nodes inside tiles are remembered too. The least lately used go first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from ledger.merkle.proofs import Node
from ledger.merkle.tiles import TILE_HEIGHT
from ledger.merkle.tree import HASH_BYTES

TileKey: TypeAlias = tuple[int, int]
"""(level, number)"""

TILES_MAX = 4_096  # 32 MiB: all of a log of a million entries
NODES_MAX = 50_000  # 8 MiB


class TileCache:
    """At most ``tiles_max`` tiles and ``nodes_max`` nodes."""

    def __init__(self, tiles_max: int = TILES_MAX, nodes_max: int = NODES_MAX) -> None:
        self._tiles: OrderedDict[TileKey, bytes] = OrderedDict()
        self._nodes: OrderedDict[Node, bytes] = OrderedDict()
        self._tiles_max = tiles_max
        self._nodes_max = nodes_max

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

    def find_nodes(self, wanted: Iterable[Node]) -> dict[Node, bytes]:
        """Return what is remembered of complete subtrees."""
        found: dict[Node, bytes] = {}
        for node in wanted:
            if (hash_ := self._nodes.get(node)) is not None:
                self._nodes.move_to_end(node)
                found[node] = hash_
        return found

    def keep_nodes(self, nodes: Mapping[Node, bytes]) -> None:
        """Remember complete subtrees of a tile's size and more: smaller ones are asked for once."""
        for node, hash_ in nodes.items():
            if node[0] >= TILE_HEIGHT:
                self._nodes[node] = hash_
        while len(self._nodes) > self._nodes_max:
            self._nodes.popitem(last=False)
