"""Claims: the rent's reference, claimed by its receipt and given back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ledger.claims import Claimed, MoneyClaim, Share, claim_id_of
from ledger.core.aggregate import By, Event
from tests.examples import accounts as a

WITHIN = str(a.ACCOUNT)
REFERENCE = "R-1"
CLAIM = claim_id_of(Claimed.MONEY_IN, WITHIN, REFERENCE)
WHOLE = Share(holder_id=a.RECEIPT, amount_fen=a.RENT_FEN)


def _fields(by: By = a.CLERK) -> dict[str, Any]:
    return {"originator_id": CLAIM, "originator_version": 2, "timestamp": by.at, "by": by}


def claimed(share: Share = WHOLE, by: By = a.CLERK) -> MoneyClaim.Made:
    return MoneyClaim.Made(
        **_fields(by) | {"originator_version": 1},
        originator_topic=MoneyClaim.TOPIC,
        what=Claimed.MONEY_IN,
        within=WITHIN,
        reference=REFERENCE,
        share=share,
        place_id=a.ESTATE,
    )


def claimed_again(share: Share = WHOLE, by: By = a.CLERK) -> MoneyClaim.MadeAgain:
    return MoneyClaim.MadeAgain(**_fields(by), share=share, place_id=a.ESTATE)


def released(share: Share = WHOLE, by: By = a.CLERK_SAYS) -> MoneyClaim.Released:
    return MoneyClaim.Released(**_fields(by), share=share)


EXAMPLES: tuple[Event, ...] = (
    claimed(),
    claimed_again(replace(WHOLE, total_fen=a.RENT_FEN)),
    released(),
)
