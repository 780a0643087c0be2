"""Claims 款项占用: the same money, and the same invoice, counts once.

    reference ``BK-7`` of one account, coming in   →  one claim, by the receipt that named it
    invoice with the digest ``ab…``                →  one claim, by the expense that attached it

A claim's id follows from what is claimed, however it was typed, and it is appended together with
what claims it: of two who claim at once, one is told so. Money that several records share is a
split: each states the whole, the shares never exceed it, and a second person confirms each. What
is taken back gives its claim back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.errors import RuleViolated
from ledger.core.guards import by_two
from ledger.core.references import same_reference_key
from ledger.core.values import derived_id


class SameMoneyTwice(RuleViolated):
    """This reference is recorded already; money that several records share is told as a split.

    该凭证号已经入账；如一笔款项分属多条记录，请注明总额（``split_of_fen``）并由两人办理。
    """


class SameInvoiceTwice(RuleViolated):
    """This document is the invoice of another expense already.

    该材料已是另一项支出的发票。
    """


class SplitTotalDiffers(RuleViolated):
    """All shares of one payment state the same total.

    同一笔款项的各份额必须注明相同的总额。
    """


class SplitExceedsTotal(RuleViolated):
    """The shares of one payment are together no more than its total.

    同一笔款项各份额之和不得超过总额。
    """


class Claimed(StrEnum):
    """What is claimed: money that came in or went out, or a document that asks for it."""

    MONEY_IN = "money_in"
    MONEY_OUT = "money_out"
    INVOICE = "invoice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Who claims how much: ``amount_fen`` of ``total_fen``, which is 0 where it is no split."""

    holder_id: UUID
    amount_fen: int
    total_fen: int = 0


def claim_id_of(what: Claimed, within: str, reference: str) -> UUID:
    """Return the id of the one claim of a reference; ``within`` is the account, or everything."""
    return derived_id("money-claim", f"{what}:{within}:{same_reference_key(reference)}")


class MoneyClaim(core.Aggregate):
    """Who holds one reference, or the digest of one invoice."""

    TOPIC = "money_claim"

    # Events: what can happen to a claim -------------------------------------------------

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of a claim."""

    @dataclass(frozen=True, kw_only=True)
    class Made(Event, core.Created):
        """A reference, or an invoice, was named for the first time.

        ``within`` is the account that the reference is one of; ``place_id`` the holder's estate.
        """

        TOPIC = "money_claim.claimed.v1"

        what: Claimed
        within: str
        reference: str
        share: Share
        place_id: UUID

    @dataclass(frozen=True, kw_only=True)
    class MadeAgain(Event):
        """Another share of the same money was named, or the same after it had been given back."""

        TOPIC = "money_claim.claimed_again.v1"

        share: Share
        place_id: UUID

        def apply(self, claim: MoneyClaim) -> None:
            claim.shares.append(self.share)

    @dataclass(frozen=True, kw_only=True)
    class Released(Event):
        """What claimed it was taken back."""

        TOPIC = "money_claim.released.v1"

        share: Share

        def apply(self, claim: MoneyClaim) -> None:
            claim.shares.remove(self.share)

    # State: what we remember of it ------------------------------------------------------

    def __init__(self, *, what: Claimed, within: str, reference: str, share: Share) -> None:
        self.what = what
        self.within = within
        self.reference = reference
        self.shares = [share]

    # Commands: what you may ask for -----------------------------------------------------

    @classmethod
    def make(  # noqa: PLR0913 - what a claim says, each by name
        cls,
        by: By,
        *,
        what: Claimed,
        within: str,
        reference: str,
        share: Share,
        place_id: UUID,
    ) -> MoneyClaim:
        """Claim a reference that nobody named before."""
        return cls._begin(
            cls.Made,
            _sound(by, share),
            id=claim_id_of(what, within, reference),
            what=what,
            within=within,
            reference=reference,
            share=share,
            place_id=place_id,
        )

    def guard(self, by: By, share: Share) -> By:
        """Refuse what is held already; a split, beyond its total."""
        if self.shares and self.what is Claimed.INVOICE:
            held_by = str(self.shares[0].holder_id)
            return by.refuse(SameInvoiceTwice(digest=self.reference, held_by=held_by))
        if not self.shares:
            return _sound(by, share)
        totals = {one.total_fen for one in self.shares}
        if not share.total_fen or 0 in totals:
            held_by = str(self.shares[0].holder_id)
            return by.refuse(SameMoneyTwice(reference=self.reference, held_by=held_by))
        if totals != {share.total_fen}:
            return by.refuse(
                SplitTotalDiffers(asked_fen=share.total_fen, total_fen=self.shares[0].total_fen)
            )
        return _sound(by, share, taken_fen=sum(one.amount_fen for one in self.shares))

    def claim(self, by: By, *, share: Share, place_id: UUID) -> None:
        """Claim another share of it, or all of it after it was given back."""
        self._record(self.MadeAgain, self.guard(by, share), share=share, place_id=place_id)

    def release(self, by: By, *, holder_id: UUID, amount_fen: int) -> bool:
        """Give a share back; return whether this holder had one of this amount."""
        for share in self.shares:
            if (share.holder_id, share.amount_fen) == (holder_id, amount_fen):
                self._record(self.Released, by, share=share)
                return True
        return False


def _sound(by: By, share: Share, *, taken_fen: int = 0) -> By:
    """Refuse a share beyond the total; one of several needs a second person."""
    if not share.total_fen:
        return by
    if taken_fen + share.amount_fen > share.total_fen:
        by = by.refuse(
            SplitExceedsTotal(
                asked_fen=share.amount_fen, taken_fen=taken_fen, total_fen=share.total_fen
            )
        )
    return by_two(by)
