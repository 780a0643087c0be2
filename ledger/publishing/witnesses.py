"""Asking witnesses to cosign (C2SP tlog-witness): ours or anybody else's that keeps to the format.

Each witness of the policy that has an address is asked by itself: a slow one holds nobody up, a
dead one is left alone for longer and longer, and one that knows another size than we thought is
asked again from there. A refusal is remembered as an alarm, and a cosignature counts only if the
policy's key for that witness made it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from ledger.core.clock import Clock
from ledger.core.errors import LedgerError
from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.keys import VerifyingKey
from ledger.merkle.notes import Note, Signature, read_signature_lines
from ledger.merkle.policies import Policy
from ledger.publishing.outgoing import Answer, Outgoing, Unreachable
from ledger.witness.add_checkpoint import SIZE_TYPE, read_size, write_request

log = logging.getLogger(__name__)

RETRY_SECONDS_MIN = 0.5
RETRY_SECONDS_MAX = 60.0
CLOCK_TOLERANCE = timedelta(minutes=5)
REQUEST_TYPE = "text/plain; charset=utf-8"

Prove: TypeAlias = Callable[[int, int], Awaitable[Sequence[bytes]]]
"""Returns the consistency proof from one size to another."""


class WitnessRefused(LedgerError):
    """A witness refused the checkpoint: it does not believe that this log continues what it saw.

    见证人拒绝了检查点：它不认为本日志延续了它此前所见的内容。
    """


class WitnessIsAhead(WitnessRefused):
    """A witness saw more entries of this log than there are: entries are missing here.

    见证人曾见过比现有更多的日志条目：此处有条目缺失。
    """


class CosignatureWrong(WitnessRefused):
    """A witness answered without a valid cosignature by the key that the policy names for it.

    见证人的应答中没有信任策略所列密钥作出的有效联署。
    """


@dataclass(slots=True)
class Standing:
    """One witness, and how things stand with it."""

    name: str
    key: VerifyingKey
    url: str
    known_size: int = 0  # that it cosigned last, as far as we know
    cosigned_size: int = -1
    cosigned_at: datetime | None = None
    failures: int = 0  # in a row
    failures_total: int = 0
    retry_at: float = 0.0  # monotonic
    alarm: str | None = None
    is_busy: bool = False

    def may_be_asked(self) -> bool:
        """Tell whether it is free and its time has come."""
        return not self.is_busy and time.monotonic() >= self.retry_at

    def failed(self, error: LedgerError) -> None:
        """Leave it alone for a while; an outright refusal is an alarm until it cosigns again."""
        self.failures += 1
        self.failures_total += 1
        seconds = RETRY_SECONDS_MIN * 2 ** min(self.failures - 1, 10)
        self.retry_at = time.monotonic() + min(seconds, RETRY_SECONDS_MAX)
        said = f"{type(error).__name__} {error.facts}"
        if isinstance(error, WitnessRefused):
            self.alarm = said
        log.warning("witness %s did not cosign: %s", self.name, said)

    def cosigned(self, size: int, signature: Signature) -> None:
        """Take note of its cosignature."""
        self.known_size = self.cosigned_size = size
        self.cosigned_at = signature.at
        self.failures, self.retry_at, self.alarm = 0, 0.0, None


def standings_of(policy: Policy) -> list[Standing]:
    """Return the witnesses of a policy that have an address."""
    return [Standing(one.name, one.key, one.url) for one in policy.witnesses if one.url]


@dataclass(frozen=True, slots=True)
class Asking:
    """How witnesses are asked: over what, with which proofs, at what time."""

    outgoing: Outgoing
    prove: Prove
    clock: Clock

    async def cosignature(self, witness: Standing, checkpoint: Checkpoint, note: Note) -> Signature:
        """Return the witness's cosignature of a checkpoint.

        Raises ``Unreachable`` and ``WitnessRefused``; ``failed``, ``cosigned`` are the caller's.
        """
        answer = await self._ask(
            witness, min(witness.known_size, checkpoint.size), checkpoint, note
        )
        if answer.status == 409:
            witness.known_size = _size_in(answer, checkpoint.size)
            answer = await self._ask(witness, witness.known_size, checkpoint, note)
        return _cosignature_in(answer, witness.key, note, self.clock())

    async def _ask(
        self, witness: Standing, old_size: int, checkpoint: Checkpoint, note: Note
    ) -> Answer:
        proof = await self.prove(old_size, checkpoint.size)
        body = write_request(old_size, proof, str(note))
        url = f"{witness.url.rstrip('/')}/add-checkpoint"
        return await self.outgoing.post(url, body, REQUEST_TYPE)


def _size_in(answer: Answer, size: int) -> int:
    known = read_size(answer.body.decode("ascii", "replace").removesuffix("\n"))
    if known is None or answer.content_type != SIZE_TYPE:
        raise WitnessRefused(status=answer.status, answer=answer.text)
    if known > size:
        raise WitnessIsAhead(witness_size=known, size=size)
    return known


def _cosignature_in(answer: Answer, key: VerifyingKey, note: Note, now: datetime) -> Signature:
    if answer.status in {429, 500, 502, 503, 504}:  # not its judgement: it has trouble of its own
        raise Unreachable(status=answer.status, answer=answer.text)
    if answer.status != 200:
        raise WitnessRefused(status=answer.status, answer=answer.text)
    try:
        lines = read_signature_lines(answer.body.decode("utf-8"))
        signatures = Note(note.text, lines).signatures_by([key])
    except (UnicodeDecodeError, LedgerError) as error:
        raise CosignatureWrong(problem=type(error).__name__) from error
    if not signatures:
        raise CosignatureWrong(expected=str(key))
    (signature,) = signatures
    if signature.at is None or signature.at > now + CLOCK_TOLERANCE:
        raise CosignatureWrong(cosigned_at=str(signature.at))
    return signature
