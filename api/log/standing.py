"""How the log stands: its latest published checkpoint, how old it is, and who vouches for it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.log.trust import Trust
from ledger.merkle.notes import Signature
from ledger.merkle.policies import PolicyWitness
from ledger.storage.checkpoints import KeptCheckpoint, KeptTimeStamp, time_stamps_of
from ledger.storage.connect import Database
from ledger.storage.reading import read_head


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouching:
    """A witness of the policy, and when it cosigned the checkpoint, if it did."""

    witness: PolicyWitness
    at: datetime | None
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What can be said of a checkpoint now.

    ``is_signed``: a key of the log that is known here signed it. ``is_quorate``: the witnesses
    that the policy asks for cosigned it; ``None`` where no policy asks for any.
    """

    kept: KeptCheckpoint
    now: datetime
    head_size: int
    trust: Trust
    is_signed: bool
    is_quorate: bool | None
    witnesses: tuple[Vouching, ...]
    time_stamps: tuple[KeptTimeStamp, ...]

    @property
    def age_seconds(self) -> int:
        """How long ago it was published."""
        since = self.kept.published_at or self.kept.signed_at
        return max(0, int((self.now - since).total_seconds()))

    @property
    def unpublished_count(self) -> int:
        """How many entries the log has beyond it."""
        return max(0, self.head_size - self.kept.checkpoint.size)

    def told(self) -> dict[str, Any]:
        """Return it as JSON tells it."""
        checkpoint = self.kept.checkpoint
        return {
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": b64encode(checkpoint.root).decode(),
            "note": str(self.kept.note),
            "signed_at": self.kept.signed_at,
            "published_at": self.kept.published_at,
            "age_seconds": self.age_seconds,
            "unpublished_count": self.unpublished_count,
            "vkeys": [str(key) for key in self.trust.keys],
            "is_signed": self.is_signed,
            "is_quorate": self.is_quorate,
            "witnesses": [
                {
                    "name": one.witness.name,
                    "vkey": str(one.witness.key),
                    "counts": one.counts,
                    "cosigned_at": one.at,
                }
                for one in self.witnesses
            ],
            "time_stamps": [
                {"authority": stamp.authority, "stamped_at": stamp.stamped_at}
                for stamp in self.time_stamps
            ],
        }


async def standing_of(
    db: Database, ledger_id: str, kept: KeptCheckpoint, *, trust: Trust, now: datetime
) -> Standing:
    """Return how a published checkpoint stands now."""
    head = await read_head(db, ledger_id)
    cosignatures = trust.by_witnesses(kept.note)
    return Standing(
        kept=kept,
        now=now,
        head_size=head.size,
        trust=trust,
        is_signed=bool(trust.by_log(kept.note)),
        is_quorate=trust.is_quorate(cosignatures),
        witnesses=vouching(trust, cosignatures),
        time_stamps=tuple(await time_stamps_of(db, ledger_id, kept.checkpoint.size)),
    )


def vouching(trust: Trust, cosignatures: list[Signature]) -> tuple[Vouching, ...]:
    """Return the policy's witnesses, each with the moment of its cosignature if there is one."""
    if trust.policy is None:
        return ()
    at = {signature.key: signature.at for signature in cosignatures}
    counted = trust.policy.counted()
    return tuple(
        Vouching(witness=one, at=at.get(one.key), counts=one in counted)
        for one in trust.policy.witnesses
    )
