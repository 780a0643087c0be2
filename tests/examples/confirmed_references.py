"""A bank's reference that looks like a mobile number, confirmed to be none, and withdrawn."""

from __future__ import annotations

from typing import Any

from ledger.confirmed_references import ConfirmedReference
from ledger.core.aggregate import By, Event
from tests.examples import by
from tests.examples.organisations import COMMUNITY_ID

CLERK = by(1, role="community", reason="农商银行回单流水号")
CODE = "7f" * 32
REFERENCE = ConfirmedReference.create_id(code_hex=CODE)


def _fields(version: int, who: By) -> dict[str, Any]:
    return {
        "originator_id": REFERENCE,
        "originator_version": version,
        "timestamp": who.at,
        "by": who,
    }


def opened() -> ConfirmedReference.Opened:
    return ConfirmedReference.Opened(
        **_fields(1, CLERK),
        originator_topic=ConfirmedReference.TOPIC,
        code_hex=CODE,
        organisation_id=COMMUNITY_ID,
        looks_like="mobile-number",
    )


def confirmed(version: int = 2, who: By = CLERK) -> ConfirmedReference.Confirmed:
    return ConfirmedReference.Confirmed(**_fields(version, who))


def withdrawn(version: int = 3, who: By = CLERK) -> ConfirmedReference.Withdrawn:
    return ConfirmedReference.Withdrawn(**_fields(version, who))


EXAMPLES: tuple[Event, ...] = (opened(), confirmed(), withdrawn())
