"""Slices of the log: what lies beside them, and that nothing inside them can be left out."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle.slices import (
    NoSuchSlice,
    SliceRoot,
    SliceWrong,
    check_slice,
    left_nodes,
    right_nodes,
)
from ledger.merkle.tree import EMPTY_ROOT
from tests.merkle.logs import Nodes, checkpoint, leaves

LARGE = 2**40


def beside(first: int, end: int, size: int) -> tuple[list[bytes], list[bytes]]:
    read = Nodes(leaves(size))
    return [read(node) for node in left_nodes(first)], [
        read(node) for node in right_nodes(end, size)
    ]


def test_the_example_in_the_docstring() -> None:
    assert left_nodes(5) == [(2, 0), (0, 4)]
    assert right_nodes(9, 13) == [(0, 9), (1, 5), (0, 12)]


def test_every_slice_of_every_tree_up_to_33_leads_to_the_root() -> None:
    for size in range(34):
        for first in range(size + 1):
            for end in range(first, size + 1):
                left, right = beside(first, end, size)
                inside = leaves(size)[first:end]
                assert (
                    check_slice(
                        checkpoint(size), first=first, leaves=inside, left=left, right=right
                    )
                    == end
                )


@given(st.lists(st.integers(0, LARGE), min_size=3, max_size=3).map(sorted))
def test_the_blocks_are_the_largest_and_there_are_few(numbers: list[int]) -> None:
    first, end, size = numbers
    left, right = left_nodes(first), right_nodes(end, size)
    at = 0
    for blocks, stop in ((left, first), (right, size)):
        for level, index in blocks:
            assert index << level == at, "they touch each other, in order"
            at += 1 << level
        assert at == stop
        at = end
        for one, other in pairwise(blocks):
            are_siblings = one[0] == other[0] and one[1] % 2 == 0
            assert not are_siblings, "two siblings are one larger subtree"
    assert len(left) <= 41
    assert len(right) <= 81


@given(st.integers(1, 90), st.data())
def test_a_slice_with_a_hole_an_addition_or_an_exchange_is_refused(
    size: int, data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, size - 1))
    end = data.draw(st.integers(first + 1, size))
    left, right = beside(first, end, size)
    inside = list(leaves(size)[first:end])
    at = data.draw(st.integers(0, len(inside) - 1))
    doctored = {
        "one left out": inside[:at] + inside[at + 1 :],
        "one twice": [*inside[: at + 1], *inside[at:]],
        "one changed": [*inside[:at], bytes(32), *inside[at + 1 :]],
        "the end left out": inside[:at],
        "reversed": inside[::-1] if len(inside) > 1 else [],
    }
    for _, wrong in doctored.items():
        with pytest.raises((SliceWrong, NoSuchSlice)):
            check_slice(checkpoint(size), first=first, leaves=wrong, left=left, right=right)


@pytest.mark.parametrize(("first", "end"), [(3, 5), (0, 7), (5, 11)])
def test_a_slice_does_not_pass_for_its_neighbour(first: int, end: int) -> None:
    left, right = beside(first, end, 11)
    with pytest.raises((SliceWrong, NoSuchSlice)):
        check_slice(
            checkpoint(11),
            first=first + 1,
            leaves=leaves(11)[first:end],
            left=left,
            right=right,
        )
    with pytest.raises((SliceWrong, NoSuchSlice)):
        check_slice(
            checkpoint(10), first=first, leaves=leaves(11)[first:end], left=left, right=right
        )


def test_the_hashes_beside_must_be_as_many_as_the_numbers_say() -> None:
    left, right = beside(5, 9, 13)
    with pytest.raises(SliceWrong):
        SliceRoot(5, left[:1])
    with pytest.raises(SliceWrong):
        SliceRoot(5, [left[0], b"short"])
    computed = SliceRoot(5, left)
    for leaf in leaves(13)[5:9]:
        computed.add(leaf)
    for wrong in (right[:-1], [*right, bytes(32)], [*right[:-1], b"short"]):
        with pytest.raises(SliceWrong):
            computed.finish(13, wrong)
    assert computed.finish(13, right) == computed.finish(13, right) == checkpoint(13).root


def test_there_is_no_slice_outside_the_tree() -> None:
    for end, size in ((-1, 5), (6, 5)):
        with pytest.raises(NoSuchSlice):
            right_nodes(end, size)
    with pytest.raises(NoSuchSlice):
        SliceRoot(-1, [])


def test_the_empty_slice_of_the_empty_tree() -> None:
    assert SliceRoot(0, []).finish(0, []) == EMPTY_ROOT
