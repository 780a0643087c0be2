"""A log of leaves that are made up, and witnesses of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.keys import KeyKind, SigningKey, VerifyingKey
from ledger.merkle.notes import Note, sign_note
from ledger.merkle.proofs import consistency_ranges, make_proof
from ledger.merkle.tree import tree_root
from ledger.witness.add_checkpoint import AddCheckpoint
from ledger.witness.book import Book
from ledger.witness.witness import Witness

ORIGIN = "ledger.example.org/371329"
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@dataclass
class MadeUpLog:
    """A log that signs whatever it is asked to."""

    key: SigningKey = field(default_factory=lambda: SigningKey.generate(ORIGIN, KeyKind.NOTE))
    leaves: Sequence[bytes] = tuple(sha256(bytes([n])).digest() for n in range(64))

    @property
    def vkey(self) -> VerifyingKey:
        return self.key.verifying

    def forked(self, at: int) -> MadeUpLog:
        """The same log with another leaf at a position."""
        leaves = [*self.leaves[:at], sha256(b"another").digest(), *self.leaves[at + 1 :]]
        return MadeUpLog(self.key, tuple(leaves))

    def note(self, size: int) -> Note:
        text = str(Checkpoint(self.key.name, size, tree_root(self.leaves[:size])))
        return Note(text, (sign_note(text, self.key),))

    def proof(self, old: int, size: int) -> tuple[bytes, ...]:
        return tuple(
            make_proof(
                consistency_ranges(old, size),
                lambda n: tree_root(self.leaves[n[1] << n[0] : (n[1] + 1) << n[0]]),
            )
        )

    def request(self, old: int, size: int) -> AddCheckpoint:
        proof = self.proof(old, size) if old <= size else ()
        return AddCheckpoint(old, proof, self.note(size))


class SteppedClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def log() -> MadeUpLog:
    return MadeUpLog()


@pytest.fixture
def witness(tmp_path: Path, log: MadeUpLog, clock: SteppedClock) -> Witness:
    """A witness that watches the log."""
    key = SigningKey.generate("witness.example.org/owners", KeyKind.COSIGNATURE)
    book = Book(tmp_path / "witness" / "witness.sqlite3")
    book.add_log(log.vkey, NOW)
    return Witness(key, book, clock)
