"""Histories of a deposit, and its commands as steps that a scenario can take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.deposits import Cause, ContestOutcome, Deposit
from tests.examples import AT
from tests.examples import by as person
from tests.examples import deposits as d

Action = Callable[[Deposit], None]

REQUESTED = (d.assessed(), d.received(), d.draw_requested())
APPROVED = (*REQUESTED, d.draw_approved())
PAID = (*APPROVED, d.draw_paid())
CONTESTED = (*PAID, d.draw_contested())
DEMANDED = (*PAID, d.top_up_demanded())
ENDED = (d.assessed(), d.received(), d.contract_ended())
CLOSED = (*ENDED, d.returned(), d.closed())
CLERK_PROVES = d.proven(d.CLERK)
CLERK_SAYS = d.because(d.CLERK)
CASHIER_SAYS = d.because(d.CASHIER)
HEAD_SAYS = d.because(d.HEAD)
TODAY = local_day(AT)
CLERK_AND_ANOTHER, CASHIER_AND_ANOTHER = d.second(d.CLERK), d.second(d.CASHIER)
DISMISSED = ContestOutcome.DISMISSED
OWNER = person(7, role="owner")
PAST = person(9, role="street", at=datetime(2023, 11, 1, 1, 0, tzinfo=UTC))


def assess(by: By = d.CLERK, *, base_fen: int = d.BASE_FEN, rate_bp: int = 500) -> Deposit:
    return Deposit.assess(
        by,
        estate_id=d.ESTATE,
        company_id=d.COMPANY,
        base_fen=base_fen,
        rate_bp=rate_bp,
        rate_limits_bp=d.LIMITS_BP,
        agreement=d.AGREEMENT,
    )


def reassess(base_fen: int, rate_bp: int, by: By = CLERK_AND_ANOTHER) -> Action:
    return lambda deposit: deposit.reassess(
        by, base_fen=base_fen, rate_bp=rate_bp, rate_limits_bp=d.LIMITS_BP
    )


def receive(amount_fen: int = d.REQUIRED_FEN, by: By = d.CLERK) -> Action:
    return lambda deposit: deposit.receive(by, amount_fen=amount_fen, bank_reference="B-1")


def remind(by: By = d.SUPERVISOR, due_at: datetime = AT) -> Action:
    return lambda deposit: deposit.remind(
        by, reminder_id=d.REMINDER, matter="供热管道漏水", due_at=due_at, days_max=90
    )


def request(
    amount_fen: int = d.PIPE_FEN,
    by: By = CLERK_PROVES,
    *,
    cause: Cause = d.EMERGENCY,
    draw_id: UUID = d.DRAW,
    reminder_id: UUID | None = None,
) -> Action:
    terms = replace(d.TERMS, amount_fen=amount_fen, cause=cause, reminder_id=reminder_id)
    return lambda deposit: deposit.request_draw(by, draw_id=draw_id, terms=terms)


def approve(by: By = d.HEAD, draw_id: UUID = d.DRAW) -> Action:
    return lambda deposit: deposit.approve_draw(by, draw_id=draw_id)


def reject(by: By = HEAD_SAYS) -> Action:
    return lambda deposit: deposit.reject_draw(by, draw_id=d.DRAW)


def cancel(by: By = CLERK_SAYS) -> Action:
    return lambda deposit: deposit.cancel_draw(by, draw_id=d.DRAW)


def order(by: By = d.CLERK) -> Action:
    return lambda deposit: deposit.order_work(
        by, draw_id=d.DRAW, contractor="供热维修公司", work="更换管道三十米"
    )


def pay(amount_fen: int = d.PIPE_FEN, by: By = d.CASHIER) -> Action:
    return lambda deposit: deposit.pay_draw(
        by,
        draw_id=d.DRAW,
        amount_fen=amount_fen,
        bank_reference="B-2",
        contest_until=d.CONTEST_UNTIL,
    )


def verify(by: By = d.COMMUNITY, *, is_accepted: bool = True) -> Action:
    return lambda deposit: deposit.verify_work(by, draw_id=d.DRAW, is_accepted=is_accepted)


def contest(by: By = d.FIRM) -> Action:
    return lambda deposit: deposit.contest_draw(
        by, draw_id=d.DRAW, statement="管道属供热单位维护范围"
    )


def decide(by: By = CASHIER_SAYS, outcome: ContestOutcome = ContestOutcome.UPHELD) -> Action:
    return lambda deposit: deposit.decide_contest(
        by, draw_id=d.DRAW, outcome=outcome, refund_due=d.REFUND_DUE
    )


def refund(amount_fen: int = d.PIPE_FEN, by: By = CLERK_AND_ANOTHER) -> Action:
    return lambda deposit: deposit.refund_draw(
        by, draw_id=d.DRAW, amount_fen=amount_fen, bank_reference="B-3"
    )


def demand(amount_fen: int | None = None, by: By = d.CLERK, demand_id: UUID = d.DEMAND) -> Action:
    return lambda deposit: deposit.demand_top_up(
        by, demand_id=demand_id, due=d.TOP_UP_DUE, amount_fen=amount_fen
    )


def top_up(amount_fen: int = d.PIPE_FEN, by: By = d.CLERK, demand_id: UUID = d.DEMAND) -> Action:
    return lambda deposit: deposit.receive_top_up(
        by, demand_id=demand_id, amount_fen=amount_fen, bank_reference="B-4"
    )


def miss_top_up(by: By = d.REACTION, demand_id: UUID = d.DEMAND) -> Action:
    return lambda deposit: deposit.miss_top_up(by, demand_id=demand_id)


def end(by: By = CLERK_AND_ANOTHER, ended_on: date = TODAY) -> Action:
    return lambda deposit: deposit.end_contract(by, ended_on=ended_on, days_max=90)


def give_back(amount_fen: int = d.REQUIRED_FEN, by: By = CASHIER_AND_ANOTHER) -> Action:
    return lambda deposit: deposit.return_money(by, amount_fen=amount_fen, bank_reference="B-5")


def forfeit(amount_fen: int = d.REQUIRED_FEN, by: By = CLERK_AND_ANOTHER) -> Action:
    return lambda deposit: deposit.forfeit(by, amount_fen=amount_fen)


def close(by: By = d.CLERK) -> Action:
    return lambda deposit: deposit.close(by)


def miss_refund(by: By = d.REACTION) -> Action:
    return lambda deposit: deposit.miss_refund(by, draw_id=d.DRAW)


def take_back(version: int, by: By = CLERK_AND_ANOTHER) -> Action:
    return lambda deposit: deposit.reverse_step(by, version=version)


def miss_return(by: By = d.REACTION) -> Action:
    return lambda deposit: deposit.miss_return(by)


LATE = replace(d.REACTION, at=datetime(2026, 3, 31, 1, 0, tzinfo=UTC))
