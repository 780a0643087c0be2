"""The growing tree against RFC 6962 as it is written down, and against known roots."""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle.tree import EMPTY_ROOT, Frontier, leaf_hash, node_hash, tree_root

SIZE_MAX = 600

# The eight leaves that the tests of Certificate Transparency use, and roots over the first n of
# them as the test data of transparency-dev/merkle (Apache-2.0) gives them.
KNOWN_LEAVES = [
    bytes.fromhex(digits)
    for digits in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
KNOWN_ROOTS = {
    0: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    1: "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=",
    3: "rra8/idLcKFPsGel5VeCZNsPqbUa9eC6FZFY8yngbnc=",
    5: "Tju7H3tHjc/nH7YxYxUZo7yhLJrvyhYSv85ME6hiZNQ=",
    7: "3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=",
    8: "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=",
}


def root_as_written(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1: split at the largest power of two below n, and again."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(root_as_written(leaves[:split]), root_as_written(leaves[split:]))


def test_every_size_has_the_root_that_the_rfc_gives_it() -> None:
    leaves = [leaf_hash(str(number).encode()) for number in range(SIZE_MAX)]
    frontier = Frontier()
    for size in range(SIZE_MAX + 1):
        assert frontier.root() == root_as_written(leaves[:size]), f"size {size}"
        assert (frontier.size, len(frontier.hashes)) == (size, size.bit_count())
        if size < SIZE_MAX:
            frontier.append(leaves[size])


@pytest.mark.parametrize("size", KNOWN_ROOTS)
def test_known_roots(size: int) -> None:
    root = tree_root(leaf_hash(entry) for entry in KNOWN_LEAVES[:size])
    assert root == b64decode(KNOWN_ROOTS[size])


def test_the_worked_example_of_the_design() -> None:
    leaves = [leaf_hash(entry.encode()) for entry in ("a", "bb", "业主")]
    assert b64encode(tree_root(leaves)) == b"E+SlFa8BJUxIq0XRp1ncAaKzd0vGa6iE0dK9NHOL+8A="


def test_the_empty_tree_is_the_hash_of_nothing() -> None:
    assert Frontier().root() == tree_root([]) == EMPTY_ROOT == sha256().digest()


def test_a_leaf_is_not_a_node() -> None:
    left, right = leaf_hash(b"left"), leaf_hash(b"right")
    assert leaf_hash(left + right) != node_hash(left, right)


@given(st.lists(st.binary(max_size=40), max_size=200), st.data())
def test_a_frontier_goes_on_from_its_bytes(entries: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf_hash(entry) for entry in entries]
    pause = data.draw(st.integers(0, len(leaves)))
    first = Frontier()
    for leaf in leaves[:pause]:
        first.append(leaf)
    second = Frontier.from_bytes(pause, first.to_bytes())
    for leaf in leaves[pause:]:
        second.append(leaf)
    assert second.root() == tree_root(leaves)


@pytest.mark.parametrize(("size", "data"), [(1, b""), (0, bytes(32)), (3, bytes(32)), (1, b"x")])
def test_a_frontier_of_the_wrong_length_is_refused(size: int, data: bytes) -> None:
    with pytest.raises(ValueError, match="hashes"):
        Frontier.from_bytes(size, data)
