"""Claim a reference or an invoice for a record, in the append that records it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from ledger.claims import Claimed, MoneyClaim, Share, claim_id_of
from ledger.core.aggregate import By
from ledger.storage.ledger import Ledger

DEPOSITS = "deposits"
"""Deposits lie in their streets' accounts: a reference is one among all of them."""
EVERYTHING = ""


async def claim_money(  # noqa: PLR0913 - each by name
    ledger: Ledger,
    by: By,
    what: Claimed,
    reference: str,
    *,
    within: UUID | str,
    holder_id: UUID,
    place_id: UUID,
    amount_fen: int,
    split_of_fen: int | None = None,
) -> By:
    """Claim a bank's reference for a record, saved with it; return ``by`` to go on with.

    Without a reference nothing is claimed. History that names the same money twice is marked.
    """
    if not reference.strip():
        return by
    share = Share(holder_id=holder_id, amount_fen=amount_fen, total_fen=split_of_fen or 0)
    return await _claim(ledger, by, what, str(within), reference, share, place_id)


async def release_money(  # noqa: PLR0913 - each by name
    ledger: Ledger,
    by: By,
    what: Claimed,
    reference: str,
    *,
    within: UUID | str,
    holder_id: UUID,
    amount_fen: int,
) -> None:
    """Give back what a record claimed that is now taken back."""
    claim = await ledger.find(MoneyClaim, claim_id_of(what, str(within), reference))
    if claim is not None and claim.release(by, holder_id=holder_id, amount_fen=amount_fen):
        ledger.accompany(claim)


async def claim_invoices(
    ledger: Ledger, by: By, digests: Iterable[str], *, expense_id: UUID, estate_id: UUID
) -> By:
    """Claim documents as invoices of an expense; those that are its own already stay so."""
    share = Share(holder_id=expense_id, amount_fen=0)
    for digest in dict.fromkeys(digests):
        claim = await ledger.find(MoneyClaim, claim_id_of(Claimed.INVOICE, EVERYTHING, digest))
        if claim is None or share not in claim.shares:
            what = Claimed.INVOICE
            by = await _claim(ledger, by, what, EVERYTHING, digest, share, estate_id)
    return by


async def release_invoices(
    ledger: Ledger, by: By, digests: Iterable[str], *, expense_id: UUID
) -> None:
    """Give back the invoices of an expense that pays nothing any more."""
    for digest in digests:
        await release_money(
            ledger,
            by,
            Claimed.INVOICE,
            digest,
            within=EVERYTHING,
            holder_id=expense_id,
            amount_fen=0,
        )


async def without_others_invoices(ledger: Ledger, by: By, *, expense_id: UUID) -> By:
    """Refuse evidence of a step with an expense that is the invoice of another one."""
    share = Share(holder_id=expense_id, amount_fen=0)
    for document in by.evidence:
        claim_id = claim_id_of(Claimed.INVOICE, EVERYTHING, document.sha256)
        claim = await ledger.consult(MoneyClaim, claim_id)
        if claim is not None and claim.shares and share not in claim.shares:
            by = claim.guard(by, share)
    return by


async def _claim(  # noqa: PLR0913, PLR0917 - what a claim says
    ledger: Ledger,
    by: By,
    what: Claimed,
    within: str,
    reference: str,
    share: Share,
    place_id: UUID,
) -> By:
    claim = await ledger.find(MoneyClaim, claim_id_of(what, within, reference))
    if claim is None:
        claim = MoneyClaim.make(
            by, what=what, within=within, reference=reference, share=share, place_id=place_id
        )
    else:
        by = claim.guard(by, share)
        if share in claim.shares:  # history told the same twice: its mark says so
            return by
        claim.claim(by, share=share, place_id=place_id)
    ledger.accompany(claim)
    return by
