"""Which keys sign this log and whose cosignatures it asks for, as its operator says.

A reader who trusts nobody here gets keys and policy another way; these are for showing who
signed what, never a reason to believe it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from ledger.merkle.keys import VerifyingKey
from ledger.merkle.notes import Note, Signature, SignatureWrong
from ledger.merkle.policies import Policy
from ledger.publishing.intervals import Stamper


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The log's keys, the current one first, and the policy for its witnesses, if there is one.

    ``lacking``: witnesses for whom a signed checkpoint waits longer than it should.
    ``authorities``: whose time stamps count.
    """

    keys: tuple[VerifyingKey, ...] = ()
    policy: Policy | None = None
    lacking: tuple[str, ...] = ()
    authorities: tuple[Stamper, ...] = ()

    def by_log(self, note: Note) -> list[Signature]:
        """Return the log's signatures that hold."""
        return _held(note, self.keys)

    def by_witnesses(self, note: Note) -> list[Signature]:
        """Return the cosignatures that hold."""
        witnesses = self.policy.witnesses if self.policy else ()
        return _held(note, [witness.key for witness in witnesses])

    def is_quorate(self, signatures: list[Signature]) -> bool | None:
        """Tell whether these cosignatures suffice; ``None`` where the policy asks for none."""
        if self.policy is None or not self.policy.counted():
            return None
        return self.policy.is_met(signatures)


TrustNow: TypeAlias = Callable[[], Trust]
"""Tells the keys and the policy as they are now: a key may be changed while the service runs."""


def no_trust() -> Trust:
    """No key and no policy: nothing that is shown can be checked here."""
    return Trust()


def _held(note: Note, keys: Iterable[VerifyingKey]) -> list[Signature]:
    """One that fails does not hide the others here: who reads a page should see both."""
    held: list[Signature] = []
    for key in keys:
        with suppress(SignatureWrong):
            held += note.signatures_by([key])
    return held
