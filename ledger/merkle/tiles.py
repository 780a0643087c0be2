"""Tiles: the tree in files of 256 hashes, and entries in bundles beside them (C2SP tlog-tiles).

    tile/0/x001/x234/067        the leaf hashes 1,234,067 · 256 and 255 more
    tile/1/000.p/17             17 roots of full tiles of level 0
    tile/entries/000.p/3        entries: 00 01 61  00 02 62 62  00 06 e4 b8 9a e4 b8 bb

Hash i of tile n at level L is the root over the 256^L leaves from (n·256 + i)·256^L on. A full
tile never changes; how wide the partial one at a level is follows from the tree's size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger.core.entry import ENTRY_BYTES_MAX
from ledger.core.errors import InvalidValue
from ledger.merkle.proofs import Node
from ledger.merkle.tree import HASH_BYTES, node_hash

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
LEVEL_MAX = 63 // TILE_HEIGHT
NUMBER_MAX = (1 << 63 - TILE_HEIGHT) - 1  # of the last tile of the largest tree
ENTRIES = "entries"

_NUMBER = r"(?:x\d{3}/){0,6}\d{3}"
_PATH = re.compile(
    rf"tile/(?P<level>0|[1-9]\d?|{ENTRIES})/(?P<number>{_NUMBER})(?:\.p/(?P<width>[1-9]\d?\d?))?",
    re.ASCII,
)


class TilePathWrong(InvalidValue):
    """This is no address of a tile: tile/LEVEL/N or tile/entries/N, N in groups of three digits.

    这不是瓦片的地址：应为 tile/层/编号 或 tile/entries/编号，编号每三位一组。
    """


class TileWrong(InvalidValue):
    """The tile or bundle does not have the form or the width that its address says.

    瓦片或条目包的格式或宽度与其地址不符。
    """


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile, ``width`` hashes wide; with ``level`` None a bundle of ``width`` entries."""

    level: int | None
    number: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """The address below the log's prefix."""
        level = ENTRIES if self.level is None else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{_grouped(self.number)}{partial}"

    @property
    def first_leaf(self) -> int:
        """The first leaf below it."""
        return self.number << TILE_HEIGHT * ((self.level or 0) + 1)


def parse_tile_path(path: str) -> Tile:
    """Return the tile that an address names (refuses with ``TilePathWrong``)."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise TilePathWrong(path=path[:100])
    number = int(found["number"].replace("x", "").replace("/", ""))
    level = None if found["level"] == ENTRIES else int(found["level"])
    tile = Tile(level, number, int(found["width"] or TILE_WIDTH))
    # One tile has one address: no leading groups of zeroes, no .p/256; and no impossible tile.
    is_possible = (
        (level or 0) <= LEVEL_MAX
        and tile.width <= TILE_WIDTH
        and number <= NUMBER_MAX >> TILE_HEIGHT * (level or 0)
    )
    if tile.path != path or not is_possible:
        raise TilePathWrong(path=path[:100])
    return tile


def width_at(size: int, level: int | None, number: int) -> int:
    """Return how many hashes (entries) tile ``number`` has when the tree has ``size`` leaves."""
    hashes = size >> TILE_HEIGHT * (level or 0)
    return max(0, min(TILE_WIDTH, hashes - number * TILE_WIDTH))


def tiles_of(size: int, *, after: int = 0) -> Iterator[Tile]:
    """Yield a tree's tiles that its first ``after`` leaves did not have, level by level.

    The partial tile at a level is yielded whenever its width is not what it was.
    """
    for level in range(LEVEL_MAX + 1):
        hashes, before = size >> TILE_HEIGHT * level, after >> TILE_HEIGHT * level
        if hashes == 0:
            return
        yield from _tiles_between(level, before, hashes)


def bundles_of(size: int, *, after: int = 0) -> Iterator[Tile]:
    """Yield the bundles of entries that the first ``after`` entries did not have."""
    yield from _tiles_between(None, after, size)


def _tiles_between(level: int | None, before: int, now: int) -> Iterator[Tile]:
    for number in range(before // TILE_WIDTH, -(-now // TILE_WIDTH)):
        width = min(TILE_WIDTH, now - number * TILE_WIDTH)
        if number * TILE_WIDTH + width > before:
            yield Tile(level, number, width)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node's hash comes from: ``count`` hashes of a tile from ``offset`` on, folded."""

    level: int
    number: int
    offset: int
    count: int


def place_of(node: Node) -> Place:
    """Return where to read a node of the tree."""
    height, index = node
    level, above = divmod(height, TILE_HEIGHT)
    number, offset = divmod(index << above, TILE_WIDTH)
    return Place(level, number, offset, 1 << above)


def node_in(tile: bytes, place: Place) -> bytes:
    """Return a node's hash, computed from the tile that holds it (``TileWrong`` if too narrow)."""
    first, end = place.offset * HASH_BYTES, (place.offset + place.count) * HASH_BYTES
    row = split_hashes(tile[first:end])
    if len(row) != place.count:
        raise TileWrong(level=place.level, number=place.number, hashes=len(row))
    return subtree_root(row)


def subtree_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over 2^n hashes; over a full tile's it is a hash of the level above."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]


def split_hashes(data: bytes) -> list[bytes]:
    """Return a tile's hashes (refuses with ``TileWrong``)."""
    if len(data) % HASH_BYTES or len(data) > TILE_WIDTH * HASH_BYTES:
        raise TileWrong(bytes=len(data))
    return [data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)]


def pack_entries(entries: Sequence[bytes]) -> bytes:
    """Return a bundle: each entry after its length as two bytes, big-endian."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unpack_entries(data: bytes, width: int) -> list[bytes]:
    """Return exactly ``width`` entries of a bundle (refuses with ``TileWrong``)."""
    entries: list[bytes] = []
    at = 0
    while at < len(data) and len(entries) < width:
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data) or end - at - 2 > ENTRY_BYTES_MAX:
            raise TileWrong(entries=len(entries), width=width, bytes=len(data))
        entries.append(data[at + 2 : end])
        at = end
    if at != len(data) or len(entries) != width:
        raise TileWrong(entries=len(entries), width=width, bytes=len(data))
    return entries


def _grouped(number: int) -> str:
    groups = [f"{number % 1_000:03}"]
    while number := number // 1_000:
        groups.append(f"x{number % 1_000:03}")
    return "/".join(reversed(groups))
