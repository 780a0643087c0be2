"""The same money counts once: one reference, one invoice, whoever names it and however."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from ledger.claims import (
    Claimed,
    MoneyClaim,
    SameInvoiceTwice,
    SameMoneyTwice,
    Share,
    SplitExceedsTotal,
    SplitTotalDiffers,
    claim_id_of,
)
from ledger.core.errors import SecondPersonNeeded
from tests.examples import accounts as a
from tests.examples import claims as c
from tests.given import given
from tests.story import story

OTHER = UUID(int=9)
TWO = replace(a.CLERK, proposed_by=(UUID(int=8),))


def part(amount_fen: int, holder_id: UUID = OTHER, total_fen: int = 100) -> Share:
    return Share(holder_id=holder_id, amount_fen=amount_fen, total_fen=total_fen)


@pytest.mark.parametrize("typed", ["r-1", "R - 1", "Ｒ－１", " R-1 ", "R\u20111"])
def test_a_reference_is_the_same_however_it_is_typed(typed: str) -> None:
    assert claim_id_of(Claimed.MONEY_IN, c.WITHIN, typed) == c.CLAIM


def test_another_account_or_direction_has_its_own() -> None:
    assert claim_id_of(Claimed.MONEY_OUT, c.WITHIN, "R-1") != c.CLAIM
    assert claim_id_of(Claimed.MONEY_IN, "", "R-1") != c.CLAIM


def test_what_is_held_is_refused_and_what_was_given_back_is_not() -> None:
    def again(claim: MoneyClaim) -> None:
        claim.claim(a.CLERK, share=c.WHOLE, place_id=a.ESTATE)

    story(c.claimed()).when(again).then_refused(
        SameMoneyTwice, reference="R-1", held_by=str(a.RECEIPT)
    )
    story(c.claimed(), c.released()).when(again).then(c.claimed_again())


def test_a_split_states_its_total_and_takes_two() -> None:
    def claim(share: Share, by: object = TWO) -> object:
        return lambda one: one.claim(by, share=share, place_id=a.ESTATE)

    first = c.claimed(part(60, a.RECEIPT))
    story(first).when(claim(part(40))).then(c.claimed_again(part(40), TWO))  # type: ignore[arg-type]
    for share, by, error, facts in (
        (part(41), TWO, SplitExceedsTotal, {"asked_fen": 41, "taken_fen": 60, "total_fen": 100}),
        (part(9, total_fen=99), TWO, SplitTotalDiffers, {"asked_fen": 99, "total_fen": 100}),
        (part(9), a.CLERK, SecondPersonNeeded, {}),
        (part(9, total_fen=0), TWO, SameMoneyTwice,
         {"reference": "R-1", "held_by": str(a.RECEIPT)}),
    ):  # fmt: skip
        given(first).when(claim(share, by)).then_refused(error, **facts)  # type: ignore[arg-type]
    with pytest.raises(SecondPersonNeeded):
        MoneyClaim.make(
            a.CLERK,
            what=Claimed.MONEY_IN,
            within=c.WITHIN,
            reference="R-1",
            share=part(60),
            place_id=a.ESTATE,
        )


def test_an_invoice_is_of_one_expense() -> None:
    invoice = replace(c.claimed(replace(c.WHOLE, amount_fen=0)), what=Claimed.INVOICE)
    given(invoice).when(
        lambda claim: claim.claim(
            a.CLERK, share=Share(holder_id=OTHER, amount_fen=0), place_id=a.ESTATE
        )
    ).then_refused(SameInvoiceTwice, digest="R-1", held_by=str(a.RECEIPT))


def test_history_is_marked() -> None:
    told = replace(a.CLERK, is_history=True)
    claim = MoneyClaim.make(
        a.CLERK,
        what=Claimed.MONEY_IN,
        within=c.WITHIN,
        reference="R-1",
        share=c.WHOLE,
        place_id=a.ESTATE,
    )
    assert claim.guard(told, replace(c.WHOLE, holder_id=OTHER)).breaches == ("same-money-twice",)
