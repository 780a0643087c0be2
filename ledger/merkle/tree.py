"""Leaf hashes, node hashes, and the frontier that grows with each append.

    leaf = SHA256(00 ‖ entry)        node = SHA256(01 ‖ left ‖ right)

The frontier of a tree of n leaves is the roots of its complete subtrees from
left to right, largest first: one hash for each 1 in the binary form of n. With
it the next leaf costs one hash on average, and the root log2(n).
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry as a leaf."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: ``size`` leaves, one hash a complete subtree."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if len(self.hashes) != size.bit_count():
            raise ValueError(f"a frontier of {size} leaves has {size.bit_count()} hashes")

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash: as a carry in binary addition, equal subtrees become one."""
        carry = self.size
        while carry & 1:
            leaf = node_hash(self.hashes.pop(), leaf)
            carry >>= 1
        self.hashes.append(leaf)
        self.size += 1

    def append_subtree(self, root: bytes, level: int) -> None:
        """Add ``2 ** level`` leaves at once, by the root over them; the size must be a multiple."""
        if self.size & (1 << level) - 1:
            raise ValueError(f"no complete subtree of level {level} begins at leaf {self.size}")
        carry = self.size >> level
        while carry & 1:
            root = node_hash(self.hashes.pop(), root)
            carry >>= 1
        self.hashes.append(root)
        self.size += 1 << level

    def root(self) -> bytes:
        """Return the root of the whole tree."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root

    def to_bytes(self) -> bytes:
        """Return the hashes, largest subtree first, one after the other."""
        return b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Frontier:
        """Return the frontier that ``to_bytes`` wrote for a tree of this size."""
        if len(data) % HASH_BYTES:
            raise ValueError(f"{len(data)} bytes are not a row of hashes")
        return cls(size, (data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)))


def tree_root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes, computed from nothing but them."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()
