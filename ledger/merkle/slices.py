"""A slice of the log that is provably whole: nothing inside it can be left out.

An inclusion proof shows that one entry is there; that none was left out between two, it does not
show. So a slice [first, end) goes with the roots of the largest complete subtrees left and right
of it. Both sides follow from the numbers alone, and with all leaves in between they must lead to
the signed root:

    size 13, slice [5, 9)      left (2,0) (0,4)    leaves 5 6 7 8    right (0,9) (1,5) (0,12)

One pass over the leaves, one frontier in memory, whatever the length of the slice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ledger.core.errors import InvalidValue
from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.proofs import Node, nodes_of
from ledger.merkle.tree import HASH_BYTES, Frontier


class NoSuchSlice(InvalidValue):
    """A slice begins before it ends, and ends inside the tree.

    区段的起点不得在终点之后，终点须在树内。
    """


class SliceWrong(InvalidValue):
    """The slice is not whole: its leaves and the hashes beside it do not lead to the root.

    区段不完整：由其各叶与两侧哈希推不出该树根。
    """


def left_nodes(first: int) -> list[Node]:
    """Return the complete subtrees before a slice, from left to right."""
    return nodes_of((0, first))


def right_nodes(end: int, size: int) -> list[Node]:
    """Return the complete subtrees after a slice, from left to right (``NoSuchSlice``)."""
    if not 0 <= end <= size:
        raise NoSuchSlice(end=end, size=size)
    return nodes_of((end, size))


class SliceRoot:
    """Computes the root over a slice: what lies left, then leaf by leaf, then what lies right."""

    def __init__(self, first: int, left: Sequence[bytes]) -> None:
        """Begin at leaf ``first`` with the hashes of ``left_nodes`` (``SliceWrong``)."""
        if first < 0:
            raise NoSuchSlice(first=first)
        if len(left) != first.bit_count():
            raise SliceWrong(first=first, left=len(left))
        _guard_hashes(left)
        self._first = first
        self._frontier = Frontier(first, left)

    @property
    def end(self) -> int:
        """The leaf after the last one that was added."""
        return self._frontier.size

    def add(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        self._frontier.append(leaf)

    def finish(self, size: int, right: Sequence[bytes]) -> bytes:
        """Return the root of the tree of ``size`` leaves, given the hashes of ``right_nodes``."""
        nodes = right_nodes(self.end, size)
        if len(nodes) != len(right):
            raise SliceWrong(first=self._first, end=self.end, size=size, right=len(right))
        _guard_hashes(right)
        whole = Frontier(self._frontier.size, self._frontier.hashes)  # finish may be asked again
        for (level, _), root in zip(nodes, right, strict=True):
            whole.append_subtree(root, level)
        return whole.root()


def check_slice(
    checkpoint: Checkpoint,
    *,
    first: int,
    leaves: Iterable[bytes],
    left: Sequence[bytes],
    right: Sequence[bytes],
) -> int:
    """Check that these are all leaves from ``first`` on, up to the end that is returned.

    Raises ``SliceWrong`` and ``NoSuchSlice``.
    """
    computed = SliceRoot(first, left)
    for leaf in leaves:
        computed.add(leaf)
    if computed.finish(checkpoint.size, right) != checkpoint.root:
        raise SliceWrong(first=first, end=computed.end, size=checkpoint.size)
    return computed.end


def _guard_hashes(hashes: Iterable[bytes]) -> None:
    for one in hashes:
        if len(one) != HASH_BYTES:
            raise SliceWrong(bytes=len(one))
