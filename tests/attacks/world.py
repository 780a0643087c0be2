"""A world to attack: a ledger with its signer, a witness at the street, and an auditor outside.

What the attacker holds is the database, and with a stolen key the log's folder. The witness's
book, the auditor's papers and the policy are elsewhere, as they have to be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid5

import asyncpg

from ledger.accounts import PublicAccount, Receipt
from ledger.core.clock import Clock, utc_now
from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.keys import KeyKind
from ledger.merkle.notes import Note
from ledger.merkle.policies import Policy, parse_policy
from ledger.merkle.proof_files import ProofFile
from ledger.merkle.tiles import parse_tile_path
from ledger.publishing.checking import Standpoint, check_log
from ledger.publishing.log_keys import KeySource
from ledger.publishing.signer import Signed, Signer
from ledger.storage.checkpoints import (
    keep_cosignatures,
    keep_signed,
    latest_published,
    publish,
)
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_head
from ledger.storage.tree import (
    read_bundle,
    read_consistency_proof,
    read_inclusion_proof,
    read_tile,
)
from ledger.witness.add_checkpoint import AddCheckpoint
from ledger.witness.book import Book
from ledger.witness.witness import Witness
from tests import tiles_client
from tests.examples import by
from tests.merkle.logs import key
from tests.storage_fixtures import ORIGIN

LEDGER = "371329"
OLD_SIZE, SIZE = 300, 600  # of the auditor's first checkpoint, and of the one that is public now
PROVED = 123  # the auditor holds a proof of this entry, which lies in a full tile
STREET_KEY = key("street.example.org/w", KeyKind.COSIGNATURE, "street of the attacks")
IDS = UUID(int=24)


@dataclass(frozen=True)
class Auditor:
    """What somebody outside took home earlier: papers, and whom they believe."""

    policy: Policy
    old_checkpoint: bytes
    entry: bytes
    proof: bytes


@dataclass
class World:
    """One copy of the world, to be ruined by one attack."""

    dsn: str
    ledger_id: str
    db: asyncpg.Connection  # the attacker's
    folder: Path
    auditor: Auditor
    clock: Clock = utc_now

    @property
    def source(self) -> KeySource:
        """The log's keys."""
        return KeySource(self.folder / "log", ORIGIN)

    @property
    def signer(self) -> Signer:
        """The log's signer, whose file is outside the database."""
        return Signer(self.source.folder)

    @property
    def witness(self) -> Witness:
        """The street's witness."""
        return Witness(STREET_KEY, Book(self.folder / "witness" / "book"), self.clock)

    @property
    def vkey(self) -> str:
        """The log's public key, as people have it."""
        return str(self.source.read().current.verifying)

    async def head(self) -> Checkpoint:
        """What the database says the log is."""
        head = await read_head(self.db, self.ledger_id)
        return Checkpoint(head.origin, head.size, head.frontier.root())

    async def start_up(self) -> Standpoint:
        """What the service checks before it serves."""
        return await check_log(self.db, self.ledger_id, self.source)

    async def sign(self) -> Signed:
        """Let the signer sign what the database says."""
        head, last = await self.head(), self.signer.last()
        proof: Sequence[bytes] = ()
        if last is not None and last.checkpoint.size <= head.size:
            proof = await read_consistency_proof(
                self.db, self.ledger_id, last.checkpoint.size, head.size
            )
        return self.signer.sign(self.source.read(), head, after=last, proof=proof, now=self.clock())

    async def ask_witness(self, note: Note, size: int) -> Note:
        """Let the witness cosign a note, with the best proof that this database has."""
        seen = self.witness.book.seen(ORIGIN)
        known = 0 if seen is None else seen.size
        proof: Sequence[bytes] = ()
        if known <= size:
            proof = await read_consistency_proof(self.db, self.ledger_id, known, size)
        line = self.witness.add_checkpoint(AddCheckpoint(known, tuple(proof), note))
        return note.with_lines(line)

    async def publish(self) -> Note:
        """Sign, store, have it cosigned, publish: what the publisher does."""
        signed = await self.sign()
        size = signed.checkpoint.size
        await keep_signed(
            self.db, self.ledger_id, signed.checkpoint, signed.note, signed_at=signed.signed_at
        )
        note = await self.ask_witness(signed.note, size)
        held = note.signatures_by([STREET_KEY.verifying])
        await keep_cosignatures(self.db, self.ledger_id, size, held)
        await publish(self.db, self.ledger_id, size, at=self.clock())
        return note

    async def published(self) -> Note:
        """The checkpoint that is public now."""
        kept = await latest_published(self.db, self.ledger_id)
        assert kept is not None
        return kept.note

    async def fetch(self, path: str) -> bytes:
        """What the service gives out at an address of the log."""
        if path == "checkpoint":
            return str(await self.published()).encode()
        tile = parse_tile_path(path)
        read = read_bundle if tile.level is None else read_tile
        return await read(self.db, self.ledger_id, tile)

    async def read_all(self, fetch: tiles_client.Fetch | None = None) -> list[bytes]:
        """Read the whole log as a stranger's client does (``LogLies``); return the entries."""
        fetch = fetch or self.fetch
        head = tiles_client.open_note((await fetch("checkpoint")).decode(), self.vkey)
        leaves = await tiles_client.check_tree(fetch, head)
        return await tiles_client.read_entries(fetch, leaves)

    async def prove(self, position: int, note: Note, size: int) -> ProofFile:
        """Make a proof file from what the database has now."""
        proof = await read_inclusion_proof(self.db, self.ledger_id, position, size)
        return ProofFile(position, tuple(proof), str(note).encode())


def policy_for(vkey: str) -> Policy:
    """Whom the auditor believes: the log together with the street."""
    text = f"log {vkey}\nwitness street {STREET_KEY.verifying}\nquorum street\n"
    return parse_policy(text.encode())


async def record(ledger: Ledger, size: int) -> None:
    """Let rents come in until the log has ``size`` entries."""
    head = await read_head(ledger.pool, ledger.id)
    at = by().at
    begin = head.size
    account = PublicAccount.open(by(at=at), estate_id=uuid5(IDS, str(begin)), street_id=IDS)
    for number in range(begin + 1, size):
        receipt = Receipt(
            receipt_id=uuid5(IDS, f"receipt {number}"),
            category="rent",
            amount_fen=1_000_00 + number,
            payer="惠民便利店",
            bank_reference=f"R-{number}",
        )
        account.receive(by(at=at), receipt=receipt, categories=("rent",))
    await ledger.save(account)


def moved(clock: Clock, by_seconds: float) -> Clock:
    """Return a clock that is wrong by so many seconds."""

    def clock_of_attacker() -> datetime:
        now = clock()
        return datetime.fromtimestamp(now.timestamp() + by_seconds, now.tzinfo)

    return clock_of_attacker
