"""Proposals: returning a deposit, carried out by somebody else, refused, withdrawn."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from ledger.core.aggregate import By, Event
from ledger.proposals import Proposal
from tests.examples import by

CLERK = by(1, role="street", reason="合同已终止，余额退还")
LEADER = by(2, role="street", reason="核对无误")
PROPOSAL, STREET, COMPANY = UUID(int=901), UUID(int=902), UUID(int=903)
TOLD = '{"amount_fen":500000,"deposit_id":"00000000-0000-0000-0000-000000000385"}'


def _fields(version: int, who: By) -> dict[str, Any]:
    return {
        "originator_id": PROPOSAL,
        "originator_version": version,
        "timestamp": who.at,
        "by": who,
    }


def made() -> Proposal.Made:
    return Proposal.Made(
        **_fields(1, CLERK),
        originator_topic=Proposal.TOPIC,
        operation="return_deposit",
        told=TOLD,
        until_on=date(2026, 4, 1),
        place_ids=(STREET,),
        party_ids=(COMPANY,),
    )


def carried_out() -> Proposal.CarriedOut:
    return Proposal.CarriedOut(**_fields(2, LEADER))


def refused() -> Proposal.Refused:
    return Proposal.Refused(**_fields(2, LEADER))


def withdrawn() -> Proposal.Withdrawn:
    return Proposal.Withdrawn(**_fields(2, CLERK))


EXAMPLES: tuple[Event, ...] = (made(), carried_out(), refused(), withdrawn())
