"""Deposits: 阳光社区's heating pipe, ¥5,000 from the deposit, from the assessment to the end.

The estate's yearly fee receivable is ¥400,000 and the rate 5%: ¥20,000 are due.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from ledger.calendar import Due
from ledger.core.aggregate import By, Event, Evidence
from ledger.deposits import (
    Agreement,
    Cause,
    CauseKind,
    ContestOutcome,
    Deposit,
    DepositForm,
    DrawTerms,
    deposit_id_of,
    events,
)
from tests.examples import AT
from tests.examples import by as person

ESTATE = UUID(int=200)
COMPANY = UUID(int=201)
CONTRACT = "YG-2025-01"
DEPOSIT = deposit_id_of(ESTATE, COMPANY, CONTRACT)
DRAW = UUID(int=210)
DEMAND = UUID(int=211)
REMINDER = UUID(int=212)

BASE_FEN = 400_000_00
REQUIRED_FEN = 20_000_00
PIPE_FEN = 5_000_00
LIMITS_BP = (500, 1_000)

CLERK = person(1)
HEAD = person(2)
CASHIER = person(3)
COMMUNITY = person(4, role="community")
CLERK_SAYS = person(1, reason="经核实")
FIRM = replace(person(5, role="company"), organisation_id=COMPANY)
SUPERVISOR = person(6, role="supervisor")
REACTION = person(9, role="reaction", at=datetime(2026, 3, 24, 1, 0, tzinfo=UTC))

AGREEMENT = Agreement(
    contract=CONTRACT,
    basis="街道与物业企业签订的履约保证金协议",
    form=DepositForm.CASH,
    ends_on=date(2027, 12, 31),
    return_days=30,
)
EMERGENCY = Cause(kind=CauseKind.EMERGENCY, record="巡查记录：供热管道老化漏水，须在供暖前修好")
TERMS = DrawTerms(
    amount_fen=PIPE_FEN, payee="供热维修公司", purpose="更换老化的供热管道", cause=EMERGENCY
)
CONTEST_UNTIL = Due(date(2026, 3, 16), False)
TOP_UP_DUE = Due(date(2026, 3, 23), False)
ENDED_ON = date(2026, 2, 28)
RETURN_DUE_ON = date(2026, 3, 30)


PAPER = Evidence(sha256="ab" * 32, name="凭据.pdf", media_type="application/pdf", size_bytes=9)
REFUND_DUE = Due(date(2026, 3, 23), False)


def proven(by: By) -> By:
    """Return the same person, with a document."""
    return replace(by, evidence=(PAPER,))


def second(by: By, reason: str = "经核实") -> By:
    """Return the same person carrying out what another one proposed, with reason and document."""
    return replace(by, reason=reason, evidence=(PAPER,), proposed_by=(UUID(int=8),))


def because(by: By, reason: str = "经核实") -> By:
    """Return the same person, with a reason."""
    return replace(by, reason=reason)


def _fields(by: By) -> dict[str, Any]:
    return {"originator_id": DEPOSIT, "originator_version": 2, "timestamp": by.at, "by": by}


def assessed(*, base_fen: int = BASE_FEN, rate_bp: int = 500) -> events.Assessed:
    fields = _fields(CLERK) | {"originator_version": 1}
    return events.Assessed(
        **fields,
        originator_topic=Deposit.TOPIC,
        estate_id=ESTATE,
        company_id=COMPANY,
        base_fen=base_fen,
        rate_bp=rate_bp,
        agreement=AGREEMENT,
    )


def reassessed(
    *, base_fen: int = 500_000_00, rate_bp: int = 600, by: By = CLERK
) -> events.Reassessed:
    return events.Reassessed(**_fields(by), base_fen=base_fen, rate_bp=rate_bp)


def received(amount_fen: int = REQUIRED_FEN) -> events.Received:
    return events.Received(**_fields(CLERK), amount_fen=amount_fen, bank_reference="B-1")


def company_reminded() -> events.CompanyReminded:
    return events.CompanyReminded(
        **_fields(SUPERVISOR), reminder_id=REMINDER, matter="供热管道漏水", due_at=AT
    )


def draw_requested(
    amount_fen: int = PIPE_FEN,
    *,
    draw_id: UUID = DRAW,
    cause: Cause = EMERGENCY,
    by: By = CLERK,
) -> events.DrawRequested:
    terms = replace(TERMS, amount_fen=amount_fen, cause=cause)
    return events.DrawRequested(**_fields(by), draw_id=draw_id, terms=terms)


def draw_approved(by: By = HEAD) -> events.DrawApproved:
    return events.DrawApproved(**_fields(by), draw_id=DRAW)


def draw_rejected() -> events.DrawRejected:
    return events.DrawRejected(**_fields(because(HEAD)), draw_id=DRAW)


def draw_cancelled() -> events.DrawCancelled:
    return events.DrawCancelled(**_fields(because(CLERK)), draw_id=DRAW)


def emergency_work_ordered() -> events.EmergencyWorkOrdered:
    return events.EmergencyWorkOrdered(
        **_fields(CLERK), draw_id=DRAW, contractor="供热维修公司", work="更换管道三十米"
    )


def draw_paid(amount_fen: int = PIPE_FEN) -> events.DrawPaid:
    return events.DrawPaid(
        **_fields(CASHIER),
        draw_id=DRAW,
        amount_fen=amount_fen,
        bank_reference="B-2",
        contest_until=CONTEST_UNTIL,
    )


def work_verified(*, is_accepted: bool = True) -> events.WorkVerified:
    return events.WorkVerified(**_fields(COMMUNITY), draw_id=DRAW, is_accepted=is_accepted)


def draw_contested() -> events.DrawContested:
    return events.DrawContested(**_fields(FIRM), draw_id=DRAW, statement="管道属供热单位维护范围")


def contest_decided_with_term(
    outcome: ContestOutcome = ContestOutcome.UPHELD,
) -> events.ContestDecidedWithTerm:
    return events.ContestDecidedWithTerm(
        **_fields(because(CASHIER)),
        draw_id=DRAW,
        outcome=outcome,
        refund_due=REFUND_DUE if outcome is ContestOutcome.UPHELD else None,
    )


def refund_missed(by: By = REACTION) -> events.RefundMissed:
    return events.RefundMissed(**_fields(by), draw_id=DRAW)


def step_reversed(by: By, *versions: int, step: str) -> events.StepReversed:
    return events.StepReversed(**_fields(by), versions_reversed=versions, step=step)


def contest_decided(outcome: ContestOutcome = ContestOutcome.UPHELD) -> events.ContestDecided:
    return events.ContestDecided(**_fields(because(CLERK)), draw_id=DRAW, outcome=outcome)


def draw_refunded(amount_fen: int = PIPE_FEN, *, by: By = CLERK_SAYS) -> events.DrawRefunded:
    return events.DrawRefunded(
        **_fields(by), draw_id=DRAW, amount_fen=amount_fen, bank_reference="B-3"
    )


def top_up_demanded(amount_fen: int = PIPE_FEN) -> events.TopUpDemanded:
    return events.TopUpDemanded(
        **_fields(CLERK), demand_id=DEMAND, amount_fen=amount_fen, due=TOP_UP_DUE
    )


def top_up_received(amount_fen: int = PIPE_FEN) -> events.TopUpReceived:
    return events.TopUpReceived(
        **_fields(CLERK), demand_id=DEMAND, amount_fen=amount_fen, bank_reference="B-4"
    )


def top_up_missed(by: By = REACTION) -> events.TopUpMissed:
    return events.TopUpMissed(**_fields(by), demand_id=DEMAND)


def contract_ended(
    by: By = CLERK, *, ended_on: date = ENDED_ON, return_due_on: date = RETURN_DUE_ON
) -> events.ContractEnded:
    return events.ContractEnded(**_fields(by), ended_on=ended_on, return_due_on=return_due_on)


def returned(amount_fen: int = REQUIRED_FEN, *, by: By = CASHIER) -> events.Returned:
    return events.Returned(**_fields(by), amount_fen=amount_fen, bank_reference="B-5")


def return_missed(by: By = REACTION) -> events.ReturnMissed:
    return events.ReturnMissed(**_fields(by))


def forfeited(amount_fen: int = REQUIRED_FEN, *, by: By = CLERK_SAYS) -> events.Forfeited:
    return events.Forfeited(**_fields(by), amount_fen=amount_fen)


def closed() -> events.Closed:
    return events.Closed(**_fields(CLERK))


EXAMPLES: tuple[Event, ...] = (
    assessed(),
    reassessed(),
    received(),
    company_reminded(),
    draw_requested(),
    draw_approved(),
    draw_rejected(),
    draw_cancelled(),
    emergency_work_ordered(),
    draw_paid(),
    work_verified(),
    draw_contested(),
    contest_decided(),
    contest_decided_with_term(),
    refund_missed(),
    draw_refunded(),
    top_up_demanded(),
    top_up_received(),
    top_up_missed(),
    contract_ended(),
    returned(),
    return_missed(),
    forfeited(),
    closed(),
    step_reversed(second(CLERK), 3, step="deposit.received.v1"),
)
