"""A log with signed and published checkpoints, as the publisher leaves them, made by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from api.log.trust import Trust
from ledger.core.clock import utc_now
from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.keys import KeyKind, SigningKey
from ledger.merkle.notes import Note, sign_note
from ledger.merkle.policies import parse_policy
from ledger.storage.checkpoints import keep_cosignatures, keep_signed, publish
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_head
from ledger.storage.tree import read_root
from tests.examples import by
from tests.storage.jars import Jar
from tests.storage_fixtures import ORIGIN

FILL_AT_ONCE = 500


def key_of(name: str, kind: KeyKind = KeyKind.NOTE, seed: str = "") -> SigningKey:
    """A private key that is the same in every run."""
    return SigningKey(name, kind, sha256((seed or name).encode()).digest())


LOG_KEY = key_of(ORIGIN)
WITNESSES = (
    key_of("street.example.org/w", KeyKind.COSIGNATURE),
    key_of("audit.example.org/w", KeyKind.COSIGNATURE),
)


def trust_in(key: SigningKey, *, lacking: tuple[str, ...] = ()) -> Trust:
    """A log's key, and a policy that asks for both witnesses."""
    policy = parse_policy(
        (
            f"log {key.verifying}\n"
            f"witness street {WITNESSES[0].verifying}\n"
            f"witness audit {WITNESSES[1].verifying}\n"
            "group both all street audit\n"
            "quorum both\n"
        ).encode()
    )
    return Trust(keys=(key.verifying,), policy=policy, lacking=lacking)


TRUST = trust_in(LOG_KEY)


async def fill(ledger: Ledger, count: int) -> None:
    """Record so many small events."""
    while count > 0:
        now = min(count, FILL_AT_ONCE)
        await ledger.save(*(Jar.make(by()) for _ in range(now)))
        count -= now


async def signed_at(
    ledger: Ledger, size: int, at: datetime, key: SigningKey = LOG_KEY
) -> Checkpoint:
    """Sign the log at a size and keep that, unpublished."""
    checkpoint = Checkpoint(key.name, size, await read_root(ledger.pool, ledger.id, size))
    note = Note(str(checkpoint), (sign_note(str(checkpoint), key),))
    await keep_signed(ledger.pool, ledger.id, checkpoint, note, signed_at=at)
    return checkpoint


async def publish_now(
    ledger: Ledger,
    *,
    witnesses: Iterable[SigningKey] = (),
    at: datetime | None = None,
    key: SigningKey = LOG_KEY,
) -> int:
    """Sign the log as it is, let witnesses cosign it, publish it; return its size."""
    at = at or utc_now()
    head = await read_head(ledger.pool, ledger.id)
    checkpoint = await signed_at(ledger, head.size, at, key)
    text = str(checkpoint)
    cosigning = list(witnesses)
    note = Note(text, tuple(sign_note(text, one, at=at) for one in cosigning))
    held = note.signatures_by(one.verifying for one in cosigning)
    await keep_cosignatures(ledger.pool, ledger.id, head.size, held)
    await publish(ledger.pool, ledger.id, head.size, at=at)
    return head.size
