"""Remembered tiles: never wrong, never more than allowed."""

from __future__ import annotations

from ledger.merkle.proofs import check_consistency, check_inclusion
from ledger.merkle.tiles import Tile
from ledger.storage.ledger import Ledger
from ledger.storage.tile_cache import TileCache
from ledger.storage.tree import (
    read_consistency_proof,
    read_growth,
    read_inclusion_proof,
    read_root,
    read_tile,
)
from tests.published_log import fill


def test_the_least_lately_used_go_first() -> None:
    cache = TileCache(tiles_max=2)
    cache.keep({(0, 0): bytes(8_192), (0, 1): bytes(8_192)})
    assert cache.find({(0, 0): 256}).keys() == {(0, 0)}
    cache.keep({(0, 2): bytes(8_192)})
    assert cache.find({(0, 0): 256, (0, 1): 256, (0, 2): 256}).keys() == {(0, 0), (0, 2)}
    assert len(cache) == 2


def test_a_tile_that_was_narrower_does_not_serve_whoever_needs_more() -> None:
    cache = TileCache()
    cache.keep({(0, 0): bytes(32 * 7)})
    assert cache.find({(0, 0): 7}) and not cache.find({(0, 0): 8})


def test_only_nodes_that_many_proofs_share_are_remembered() -> None:
    cache = TileCache(nodes_max=2)
    cache.keep_nodes({(0, 1): b"leaf", (7, 1): b"small", (8, 0): b"a", (9, 0): b"b"})
    assert cache.find_nodes([(0, 1), (7, 1), (8, 0)]) == {(8, 0): b"a"}
    cache.keep_nodes({(16, 0): b"c"})
    assert cache.find_nodes([(8, 0), (9, 0), (16, 0)]) == {(8, 0): b"a", (16, 0): b"c"}


async def test_a_growing_log_gives_the_same_with_and_without_memory(ledger: Ledger) -> None:
    cache, db = TileCache(tiles_max=3), ledger.pool
    for count in (1, 254, 1, 1, 300):
        await fill(ledger, count)
        size = await db.fetchval("SELECT size FROM heads WHERE ledger_id = $1", ledger.id)
        root = await read_root(db, ledger.id, size)
        for position in {0, size // 2, size - 1}:
            proof = await read_inclusion_proof(db, ledger.id, position, size, cache)
            assert proof == await read_inclusion_proof(db, ledger.id, position, size)
            leaf = (await read_tile(db, ledger.id, Tile(0, position // 256, position % 256 + 1)))[
                -32:
            ]
            check_inclusion(leaf=leaf, index=position, size=size, proof=proof, root=root)
        for old_size in {0, 1, size // 3, size}:
            growth = await read_growth(db, ledger.id, old_size, size, cache)
            assert [*growth.proof] == await read_consistency_proof(db, ledger.id, old_size, size)
            assert (growth.old_root, growth.root) == (
                await read_root(db, ledger.id, old_size),
                root,
            )
            check_consistency(
                old_size=old_size,
                old_root=growth.old_root,
                size=size,
                root=growth.root,
                proof=growth.proof,
            )
        width = min(256, size)
        tile = Tile(0, 0, width)
        assert await read_tile(db, ledger.id, tile, cache) == await read_tile(db, ledger.id, tile)
    assert len(cache) <= 3
