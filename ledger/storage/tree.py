"""Read the log's tree: nodes, roots, proofs, tiles and bundles of entries, at any size it ever had.

Everything comes from full tiles (table ``tiles``), and the right edge from the leaf hashes and
roots below it. A proof takes one query for the tiles and at most one a level for the edge.
The caller says for which size; that the log reaches that far is checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger.core.errors import InvalidValue
from ledger.merkle.proofs import (
    Node,
    Range,
    consistency_ranges,
    fold,
    inclusion_ranges,
    make_proof,
    nodes_of,
)
from ledger.merkle.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    Place,
    Tile,
    node_in,
    pack_entries,
    place_of,
)
from ledger.merkle.tree import HASH_BYTES
from ledger.storage.connect import Database
from ledger.storage.tile_cache import TileCache, TileKey

_TILES = """
    SELECT found.* FROM unnest($2::smallint[], $3::bigint[]) AS asked (level, number)
    CROSS JOIN LATERAL (
        SELECT level, number, hashes FROM tiles
        WHERE ledger_id = $1 AND level = asked.level AND number = asked.number LIMIT 1
    ) AS found
"""
_LEAVES = """
    SELECT leaf_hash FROM events
    WHERE ledger_id = $1 AND position >= $2 AND position < $3 ORDER BY position
"""
_ROOTS = """
    SELECT root FROM tiles
    WHERE ledger_id = $1 AND level = $2 AND number >= $3 AND number < $4 ORDER BY number
"""
_ENTRIES = """
    SELECT entry FROM events
    WHERE ledger_id = $1 AND position >= $2 AND position < $3 ORDER BY position
"""


class BeyondTheLog(InvalidValue):
    """The log is not that long.

    账本日志没有这么长。
    """


@dataclass(frozen=True, slots=True)
class Growth:
    """Two roots of one log, and the proof that the newer tree begins with the older."""

    old_root: bytes
    root: bytes
    proof: tuple[bytes, ...]


async def read_nodes(
    db: Database, ledger_id: str, nodes: Iterable[Node], cache: TileCache | None = None
) -> dict[Node, bytes]:
    """Return the hashes of complete subtrees (``BeyondTheLog`` where the log ends before)."""
    nodes = [*nodes]
    hashes = {} if cache is None else cache.find_nodes(nodes)
    places = {node: place_of(node) for node in nodes if node not in hashes}
    wanted: dict[TileKey, int] = {}
    for place in places.values():
        key, width = (place.level, place.number), place.offset + place.count
        wanted[key] = max(width, wanted.get(key, 0))
    tiles = await _read_tiles(db, ledger_id, wanted, cache)
    read = {node: _node(tiles[place.level, place.number], place) for node, place in places.items()}
    if cache is not None:
        cache.keep_nodes(read)
    return hashes | read


async def read_root(db: Database, ledger_id: str, size: int) -> bytes:
    """Return the root of the tree over the first ``size`` entries."""
    nodes = nodes_of((0, size))
    hashes = await read_nodes(db, ledger_id, nodes)
    return fold([hashes[node] for node in nodes])


async def read_inclusion_proof(
    db: Database, ledger_id: str, index: int, size: int, cache: TileCache | None = None
) -> list[bytes]:
    """Return the proof that entry ``index`` is in the tree of ``size`` (``NoSuchProof``)."""
    return await _read_proof(db, ledger_id, inclusion_ranges(index, size), cache)


async def read_consistency_proof(
    db: Database, ledger_id: str, old_size: int, size: int
) -> list[bytes]:
    """Return the proof that the tree of ``size`` begins with that of ``old_size``."""
    return await _read_proof(db, ledger_id, consistency_ranges(old_size, size))


async def read_growth(
    db: Database, ledger_id: str, old_size: int, size: int, cache: TileCache | None = None
) -> Growth:
    """Return the consistency proof between two sizes with both roots, read at once."""
    ranges = consistency_ranges(old_size, size)
    old, new = nodes_of((0, old_size)), nodes_of((0, size))
    proving = [node for one in ranges for node in nodes_of(one)]
    hashes = await read_nodes(db, ledger_id, [*old, *new, *proving], cache)
    return Growth(
        fold([hashes[node] for node in old]),
        fold([hashes[node] for node in new]),
        tuple(make_proof(ranges, hashes.__getitem__)),
    )


async def read_tile(
    db: Database, ledger_id: str, tile: Tile, cache: TileCache | None = None
) -> bytes:
    """Return a tile's hashes (``BeyondTheLog`` where the log does not fill it that far)."""
    if tile.level is None:
        raise ValueError("a bundle of entries is no tile of hashes")
    key = (tile.level, tile.number)
    data = (await _read_tiles(db, ledger_id, {key: tile.width}, cache))[key]
    if len(data) < tile.width * HASH_BYTES:
        raise BeyondTheLog(level=tile.level, number=tile.number, width=tile.width)
    return data[: tile.width * HASH_BYTES]


async def read_bundle(db: Database, ledger_id: str, tile: Tile) -> bytes:
    """Return a bundle of entries as it is served (``BeyondTheLog``)."""
    first = tile.number * TILE_WIDTH
    rows = await db.fetch(_ENTRIES, ledger_id, first, first + tile.width)
    if len(rows) != tile.width:
        raise BeyondTheLog(number=tile.number, width=tile.width)
    return pack_entries([entry for (entry,) in rows])


async def _read_proof(
    db: Database, ledger_id: str, ranges: Sequence[Range], cache: TileCache | None = None
) -> list[bytes]:
    nodes = [node for one in ranges for node in nodes_of(one)]
    hashes = await read_nodes(db, ledger_id, nodes, cache)
    return make_proof(ranges, hashes.__getitem__)


async def _read_tiles(
    db: Database, ledger_id: str, wanted: Mapping[TileKey, int], cache: TileCache | None
) -> dict[TileKey, bytes]:
    """Return tiles as wide as they are now, but at least as wide as wanted if the log is."""
    tiles = cache.find(wanted) if cache is not None else {}
    missing = wanted.keys() - tiles.keys()
    if missing:
        read = await _read_full(db, ledger_id, missing)
        for key in missing - read.keys():
            read[key] = await _read_open(db, ledger_id, *key)
        if cache is not None:
            cache.keep(read)
        tiles |= read
    return tiles


async def _read_full(
    db: Database, ledger_id: str, wanted: Iterable[TileKey]
) -> dict[TileKey, bytes]:
    asked = sorted(wanted)
    levels, numbers = [level for level, _ in asked], [number for _, number in asked]
    rows = await db.fetch(_TILES, ledger_id, levels, numbers)
    return {(level, number): hashes for level, number, hashes in rows}


async def _read_open(db: Database, ledger_id: str, level: int, number: int) -> bytes:
    """Return the hashes that a tile at the right edge has so far."""
    first = number << TILE_HEIGHT
    if level == 0:
        rows = await db.fetch(_LEAVES, ledger_id, first, first + TILE_WIDTH)
    else:
        rows = await db.fetch(_ROOTS, ledger_id, level - 1, first, first + TILE_WIDTH)
    return b"".join(hash_ for (hash_,) in rows)


def _node(tile: bytes, place: Place) -> bytes:
    if len(tile) < (place.offset + place.count) * HASH_BYTES:
        raise BeyondTheLog(level=place.level, number=place.number)
    return node_in(tile, place)
