"""A log for tests: leaves, and keys of a log and of witnesses that are the same in every run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256

from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.keys import KeyKind, SigningKey
from ledger.merkle.notes import Note, sign_note
from ledger.merkle.proofs import Node, inclusion_ranges, make_proof
from ledger.merkle.tree import leaf_hash, node_hash, tree_root

ORIGIN = "ledger.example.org/demo"
COSIGNED_AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


def key(name: str, kind: KeyKind, seed: str) -> SigningKey:
    return SigningKey(name, kind, sha256(seed.encode()).digest())


LOG_KEY = key(ORIGIN, KeyKind.NOTE, "log")  # the one of the worked example
WITNESS_KEYS = [
    key(f"witness.example.org/{name}", KeyKind.COSIGNATURE, name)
    for name in ("street", "auditor", "owners")
]


def entries(count: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(count)]


@cache
def leaves(count: int) -> tuple[bytes, ...]:
    return tuple(map(leaf_hash, entries(count)))


class Nodes:
    """Every complete subtree over some leaves; counts how many were read."""

    def __init__(self, leaf_hashes: Sequence[bytes]) -> None:
        self.rows = [list(leaf_hashes)]
        while len(row := self.rows[-1]) > 1:
            pairs = zip(row[::2], row[1::2], strict=False)
            self.rows.append([node_hash(left, right) for left, right in pairs])
        self.read_count = 0

    def __call__(self, node: Node) -> bytes:
        self.read_count += 1
        level, index = node
        return self.rows[level][index]


def inclusion(index: int, size: int) -> list[bytes]:
    return make_proof(inclusion_ranges(index, size), Nodes(leaves(size)))


def checkpoint(size: int, *, origin: str = ORIGIN) -> Checkpoint:
    return Checkpoint(origin, size, tree_root(leaves(size)))


def signed(text: str, *, by: SigningKey = LOG_KEY, witnesses: Sequence[SigningKey] = ()) -> Note:
    cosigned = [sign_note(text, witness, at=COSIGNED_AT) for witness in witnesses]
    return Note(text, (sign_note(text, by), *cosigned))
