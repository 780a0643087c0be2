"""Tiles of somebody else's log, none of them believed before it was checked up to the signed root.

    checkpoint ─ root ═ partial tiles at the right edge ═ their parents' hashes ═ full tiles below

A full tile is compared with its hash in the tile above, that one with the tile above it, up to the
right edge, which leads to the root. Only looking at the leaf that one wants lets a forged leaf with
its tile pass (a flaw that a widely used client had).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from api.monitor.alarms import Alarm, LogWrong
from ledger.core.errors import LedgerError
from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.proofs import Node, consistency_ranges, fold, make_proof, nodes_of
from ledger.merkle.tiles import (
    TILE_WIDTH,
    Tile,
    node_in,
    place_of,
    split_hashes,
    subtree_root,
    unpack_entries,
    width_at,
)
from ledger.merkle.tree import HASH_BYTES, leaf_hash

Fetch: TypeAlias = Callable[[str], Awaitable["bytes | None"]]
"""Returns what stands at an address below the log's prefix; None: nothing stands there."""

TILES_KEPT_MAX = 64


class CheckedTiles:
    """The tiles of one checkpoint."""

    def __init__(self, checkpoint: Checkpoint, fetch: Fetch) -> None:
        self._checkpoint, self._fetch = checkpoint, fetch
        self._tiles: dict[tuple[int, int], bytes] = {}

    async def check_edge(self) -> None:
        """Check that the right edge leads to the signed root (raises ``LogWrong``)."""
        size = self._checkpoint.size
        hashes = await self._nodes(nodes_of((0, size)))
        if fold([hashes[node] for node in nodes_of((0, size))]) != self._checkpoint.root:
            raise LogWrong(Alarm.TREE_WRONG, f"the right edge at size {size}")

    async def root_at(self, size: int) -> bytes:
        """Return the root over the first entries, from checked tiles."""
        hashes = await self._nodes(nodes_of((0, size)))
        return fold([hashes[node] for node in nodes_of((0, size))])

    async def proof_from(self, size: int) -> list[bytes]:
        """Return the consistency proof from an older size, from checked tiles."""
        ranges = consistency_ranges(size, self._checkpoint.size)
        hashes = await self._nodes([node for one in ranges for node in nodes_of(one)])
        return make_proof(ranges, hashes.__getitem__)

    async def leaves(self, number: int) -> list[bytes]:
        """Return the leaf hashes of a tile, checked up to the root."""
        return split_hashes(await self._tile(0, number))

    async def check_entries(self, number: int) -> None:
        """Check that a bundle of entries is what the tile hashed (raises ``LogWrong``)."""
        width = width_at(self._checkpoint.size, 0, number)
        path = Tile(None, number, width).path
        data = await self._fetch(path)
        if data is None:
            raise LogWrong(Alarm.UNREACHABLE, f"{path} is not there")
        try:
            found = [leaf_hash(entry) for entry in unpack_entries(data, width)]
        except LedgerError as wrong:
            raise LogWrong(Alarm.ENTRIES_WRONG, f"{path}: {wrong}") from wrong
        if found != await self.leaves(number):
            raise LogWrong(Alarm.ENTRIES_WRONG, path)

    async def _nodes(self, nodes: Sequence[Node]) -> dict[Node, bytes]:
        found = {}
        for node in nodes:
            place = place_of(node)
            found[node] = node_in(await self._tile(place.level, place.number), place)
        return found

    async def _tile(self, level: int, number: int) -> bytes:
        key = (level, number)
        if key not in self._tiles:
            data = await self._read(level, number)
            if len(data) == TILE_WIDTH * HASH_BYTES:
                await self._check_parent(level, number, data)
            if len(self._tiles) >= TILES_KEPT_MAX:
                self._tiles.pop(next(iter(self._tiles)))
            self._tiles[key] = data
        return self._tiles[key]

    async def _check_parent(self, level: int, number: int, data: bytes) -> None:
        """Compare a full tile with its hash in the tile above."""
        above, place = divmod(number, TILE_WIDTH)
        parent = await self._tile(level + 1, above)
        expected = parent[place * HASH_BYTES : (place + 1) * HASH_BYTES]
        if subtree_root(split_hashes(data)) != expected:
            raise LogWrong(Alarm.TREE_WRONG, Tile(level, number).path)

    async def _read(self, level: int, number: int) -> bytes:
        """Fetch exactly as many hashes as the tile has at this size."""
        width = width_at(self._checkpoint.size, level, number)
        tile = Tile(level, number, width)
        data = await self._fetch(tile.path)
        if data is None and width < TILE_WIDTH:  # full by now, and the partial one is gone
            whole = await self._fetch(Tile(level, number).path)
            data = None if whole is None else whole[: width * HASH_BYTES]
        if data is None:
            raise LogWrong(Alarm.UNREACHABLE, f"{tile.path} is not there")
        if len(data) != width * HASH_BYTES:
            raise LogWrong(Alarm.TREE_WRONG, f"{tile.path} has {len(data)} bytes")
        return data
