"""Inclusion and consistency proofs (RFC 6962, RFC 9162): which hashes make one, how to check it.

A proof is a list of roots of ranges of leaves, from the leaf upwards. Each range is made of
complete subtrees; a ``Node`` names one: (level, index) covers the leaves from
``index << level`` up to ``(index + 1) << level``. Whoever stores the tree reads the nodes,
``fold`` makes a range's root of them; a proof touches O(log n) nodes at any size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from ledger.core.errors import InvalidValue
from ledger.merkle.tree import EMPTY_ROOT, HASH_BYTES, node_hash

Node: TypeAlias = tuple[int, int]
"""(level, index): the root of the complete subtree over ``2 ** level`` leaves."""
Range: TypeAlias = tuple[int, int]
"""(first, end): the leaves from ``first`` up to, not including, ``end``."""

PROOF_HASHES_MAX = 63


class ProofWrong(InvalidValue):
    """The proof does not prove it: the hashes do not lead to the root.

    证明不成立：由这些哈希推不出该树根。
    """


class NoSuchProof(InvalidValue):
    """A leaf lies inside its tree and an old tree is no larger: there is no proof of anything else.

    不存在这样的证明：叶子须在树内，旧树不得大于新树。
    """


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Return the ranges whose roots prove that leaf ``index`` is in the tree of ``size`` leaves."""
    if not 0 <= index < size:
        raise NoSuchProof(index=index, size=size)
    ranges, first, end = [], 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((first, middle))
            first = middle
    return ranges[::-1]


def consistency_ranges(old_size: int, size: int) -> list[Range]:
    """Return the ranges whose roots prove that the tree of ``size`` begins with the older one.

    None are needed from the empty tree, or between equal sizes.
    """
    if not 0 <= old_size <= size:
        raise NoSuchProof(old_size=old_size, size=size)
    if old_size in (0, size):
        return []
    ranges, first, end = [], 0, size
    while end != old_size:
        middle = first + _split(end - first)
        if old_size <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((first, middle))
            first = middle
    if first:  # else: the old root itself is where the checker begins
        ranges.append((first, end))
    return ranges[::-1]


def nodes_of(whole: Range) -> list[Node]:
    """Return the largest complete subtrees that make up a range, from left to right."""
    first, end = whole
    nodes = []
    while first < end:
        level = (end - first).bit_length() - 1
        if first:
            level = min(level, (first & -first).bit_length() - 1)
        nodes.append((level, first >> level))
        first += 1 << level
    return nodes


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over subtrees that grow smaller to the right (``EMPTY_ROOT`` over none)."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def make_proof(ranges: Sequence[Range], read: Callable[[Node], bytes]) -> list[bytes]:
    """Return a proof's hashes, given what reads a node's hash."""
    return [fold([read(node) for node in nodes_of(one)]) for one in ranges]


def check_inclusion(
    *, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that a leaf hash is at ``index`` in the tree of ``size`` leaves (``ProofWrong``)."""
    _guard_hashes(leaf, root, *proof)
    if not 0 <= index < size:
        raise ProofWrong(index=index, size=size)
    here, last, reached = index, size - 1, leaf
    for sibling in proof:
        if not last:
            raise ProofWrong(index=index, size=size, hashes=len(proof))
        if here & 1 or here == last:
            reached = node_hash(sibling, reached)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            reached = node_hash(reached, sibling)
        here, last = here >> 1, last >> 1
    if last or reached != root:
        raise ProofWrong(index=index, size=size, hashes=len(proof))


def check_consistency(
    *, old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree of ``size`` begins with the one of ``old_size`` (``ProofWrong``)."""
    _guard_hashes(old_root, root, *proof)
    wrong = ProofWrong(old_size=old_size, size=size, hashes=len(proof))
    if not 0 <= old_size <= size or (old_size in (0, size) and proof):
        raise wrong
    if old_size == 0:
        if old_root != EMPTY_ROOT:
            raise wrong
        return
    if old_size == size:
        if old_root != root:
            raise wrong
        return
    if _roots_from(old_size, old_root, size, proof, wrong) != (old_root, root):
        raise wrong


def _roots_from(
    old_size: int, old_root: bytes, size: int, proof: Sequence[bytes], wrong: ProofWrong
) -> tuple[bytes, bytes]:
    """Return the two roots that the proof leads to."""
    here, last = old_size - 1, size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    hashes = list(_from_old_root(old_size, old_root, proof))
    if not hashes:
        raise wrong
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if not last:
            raise wrong
        if here & 1 or here == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        here, last = here >> 1, last >> 1
    if last:
        raise wrong
    return old, new


def _from_old_root(old_size: int, old_root: bytes, proof: Sequence[bytes]) -> Iterator[bytes]:
    if old_size & (old_size - 1) == 0:  # the old tree is a complete subtree of the new one
        yield old_root
    yield from proof


def _split(size: int) -> int:
    """Return the largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1


def _guard_hashes(*hashes: bytes) -> None:
    if len(hashes) > PROOF_HASHES_MAX + 2 or any(len(one) != HASH_BYTES for one in hashes):
        raise ProofWrong(hashes=len(hashes))
