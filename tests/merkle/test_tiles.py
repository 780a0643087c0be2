"""Tiles: their addresses, their widths at every size, and what is computed from them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.entry import ENTRY_BYTES_MAX
from ledger.merkle.proofs import consistency_ranges, inclusion_ranges, nodes_of
from ledger.merkle.tiles import (
    LEVEL_MAX,
    NUMBER_MAX,
    TILE_WIDTH,
    Place,
    Tile,
    TilePathWrong,
    TileWrong,
    bundles_of,
    node_in,
    pack_entries,
    parse_tile_path,
    place_of,
    split_hashes,
    subtree_root,
    tiles_of,
    unpack_entries,
    width_at,
)
from ledger.merkle.tree import tree_root
from tests.merkle.logs import Nodes, leaves

SIZE_MAX = 600


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 67), "tile/0/067"),
        (Tile(0, 1000), "tile/0/x001/000"),
        (Tile(0, 1_234_067), "tile/0/x001/x234/067"),
        (Tile(1, 1, 17), "tile/1/001.p/17"),
        (Tile(2, 0, 1), "tile/2/000.p/1"),
        (Tile(0, 273, 112), "tile/0/273.p/112"),
        (Tile(None, 0, 3), "tile/entries/000.p/3"),
        (Tile(None, 999_999), "tile/entries/x999/999"),
        (Tile(LEVEL_MAX, 0, 127), "tile/7/000.p/127"),
        (Tile(0, NUMBER_MAX, 255), "tile/0/x036/x028/x797/x018/x963/967.p/255"),
    ],
)
def test_a_tile_has_one_address(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert parse_tile_path(path) == tile


@given(st.integers(0, LEVEL_MAX), st.integers(0, NUMBER_MAX), st.integers(1, TILE_WIDTH))
def test_every_tile_reads_back_from_its_address(level: int, number: int, width: int) -> None:
    for tile in (Tile(level, number >> 8 * level, width), Tile(None, number, width)):
        assert parse_tile_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/000\n",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/x000/000",  # one tile has one address
        "tile/0/x000/x001/000",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/0/X001/000",
        "tile/0/x001//000",
        "tile/00/000",
        "tile/01/000",
        "tile/-1/000",
        "tile/+1/000",
        "tile/8/000",  # no tree of 2^63 leaves reaches there
        "tile/63/000",
        "tile/64/000",
        "tile/data/000",
        "tile/entries",
        "tile/entries/000.p",
        "tile/entries/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/257",
        "tile/0/000.p/999",
        "tile/0/000.p/1000",
        "tile/0/000.p/-1",
        "tile/0/000.p/1.p/1",
        "tile/0/000.P/1",
        "tile/0/../0/000",
        "tile/0/%30%30%30",
        "tile/0/\u0660\u0660\u0660",
        "tile/7/001",  # its first leaf would be beyond 2^63
        "tile/0/x036/x028/x797/x018/x963/968",
        "tile/0/" + "x999/" * 6 + "999",
        "tile/0/" + "x999/" * 2_000 + "999",  # more digits than Python turns into a number
    ],
)
def test_what_is_no_address_of_a_tile_is_refused(path: str) -> None:
    with pytest.raises(TilePathWrong):
        parse_tile_path(path)


def test_the_example_of_70_000_leaves() -> None:
    tiles = list(tiles_of(70_000))
    assert [tile for tile in tiles if tile.width < TILE_WIDTH] == [
        Tile(0, 273, 112),
        Tile(1, 1, 17),
        Tile(2, 0, 1),
    ]
    full = [tile.level for tile in tiles if tile.width == TILE_WIDTH]
    assert (full.count(0), full.count(1), full.count(2)) == (273, 1, 0)
    assert len(list(bundles_of(70_000))) == 274


def test_256_leaves_make_a_full_tile_and_a_hash_of_the_next_level() -> None:
    assert list(tiles_of(256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(bundles_of(256)) == [Tile(None, 0)]


@pytest.mark.parametrize("size", [*range(SIZE_MAX + 1), 65_535, 65_536, 65_537, 70_000, 16_777_217])
def test_the_partial_tile_of_a_level_is_as_wide_as_the_specification_says(size: int) -> None:
    for level in range(LEVEL_MAX + 1):
        hashes = size // 256**level
        assert width_at(size, level, hashes // 256) == hashes % 256
        assert width_at(size, level, hashes // 256 + 1) == 0
        if hashes >= 256:
            assert width_at(size, level, hashes // 256 - 1) == 256
    assert width_at(size, None, size // 256) == size % 256


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 600, 65_537])
def test_the_tiles_of_a_tree_are_all_that_have_a_width(size: int) -> None:
    named = {(tile.level, tile.number): tile.width for tile in tiles_of(size)}
    for level in range(4):
        for number in range(size // 256 ** (level + 1) + 2):
            assert named.get((level, number), 0) == width_at(size, level, number)


@given(st.integers(0, 70_000), st.integers(0, 70_000))
def test_only_what_is_new_is_made_again(one: int, other: int) -> None:
    before, size = sorted((one, other))
    old, new = set(tiles_of(before)), list(tiles_of(size, after=before))
    assert old.isdisjoint(new)
    replaced = {(tile.level, tile.number) for tile in new}
    kept = {tile for tile in old if (tile.level, tile.number) not in replaced}
    assert kept | set(new) == set(tiles_of(size))
    assert set(bundles_of(before)).isdisjoint(bundles_of(size, after=before))


def test_a_tile_says_where_it_begins() -> None:
    assert Tile(0, 3).first_leaf == Tile(None, 3).first_leaf == 768
    assert Tile(1, 1).first_leaf == 65_536


class TilesOf:
    """The tiles of a tree, made as the specification says, from which nodes are read."""

    def __init__(self, size: int) -> None:
        self.nodes = Nodes(leaves(size))
        self.size = size

    def data(self, level: int, number: int) -> bytes:
        width = width_at(self.size, level, number)
        first = number * TILE_WIDTH
        return b"".join(self.nodes((8 * level, first + i)) for i in range(width))


@pytest.mark.parametrize("size", [1, 2, 256, 257, 600])
def test_every_node_of_every_proof_is_read_from_tiles_that_exist(size: int) -> None:
    tiles = TilesOf(size)
    for at in range(size):
        for ranges in (inclusion_ranges(at, size), consistency_ranges(at, size)):
            for node in (node for one in ranges for node in nodes_of(one)):
                place = place_of(node)
                assert node_in(tiles.data(place.level, place.number), place) == tiles.nodes(node)


def test_a_node_outside_of_a_narrow_tile_is_refused() -> None:
    narrow = b"".join(leaves(5))
    assert node_in(narrow, Place(0, 0, 0, 4)) == tree_root(leaves(4))
    for place in (Place(0, 0, 4, 2), Place(0, 0, 5, 1), Place(0, 0, 0, 8)):
        with pytest.raises(TileWrong):
            node_in(narrow, place)


@pytest.mark.parametrize("count", [1, 2, 64, 256])
def test_a_complete_subtree_has_the_root_of_its_leaves(count: int) -> None:
    assert subtree_root(leaves(count)) == tree_root(leaves(count))


@pytest.mark.parametrize("count", [3, 255, 257])
def test_a_subtree_that_is_not_complete_has_no_root(count: int) -> None:
    with pytest.raises(ValueError, match="zip"):
        subtree_root(leaves(count))


@pytest.mark.parametrize("length", [1, 31, 33, 8_191, 8_193, 8_224])
def test_a_tile_is_a_row_of_at_most_256_hashes(length: int) -> None:
    with pytest.raises(TileWrong):
        split_hashes(bytes(length))
    assert len(split_hashes(bytes(8_192))) == 256
    assert split_hashes(b"") == []


def test_the_bundle_of_the_worked_example() -> None:
    packed = pack_entries([b"a", b"bb", "业主".encode()])
    assert packed.hex() == "000161" + "00026262" + "0006e4b89ae4b8bb"


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    assert unpack_entries(pack_entries(entries), len(entries)) == entries


def test_a_bundle_holds_the_longest_entry() -> None:
    longest = [bytes(ENTRY_BYTES_MAX), b"", bytes(ENTRY_BYTES_MAX)]
    assert unpack_entries(pack_entries(longest), 3) == longest
    with pytest.raises(OverflowError):
        pack_entries([bytes(ENTRY_BYTES_MAX + 1)])


PACKED = pack_entries([b"a", b"bb", "业主".encode()])


@pytest.mark.parametrize(
    ("data", "width"),
    [
        (PACKED, 2),  # an overlong bundle
        (PACKED, 4),  # one that is too short
        (PACKED, 0),
        (PACKED, 256),
        (PACKED[:-1], 3),
        (PACKED + b"\0", 3),
        (PACKED + b"\0\0", 3),
        (PACKED + b"\0\1", 4),
        (b"", 1),
        (b"\0", 1),
        (b"\xff\xff", 1),
        (b"\0\2a", 1),
    ],
)
def test_a_bundle_of_another_width_or_length_is_refused(data: bytes, width: int) -> None:
    with pytest.raises(TileWrong):
        unpack_entries(data, width)
