"""The rules of performance deposits, without a database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from ledger.core.aggregate import By, Event
from ledger.core.clock import end_of_day
from ledger.core.errors import (
    AmountNotPositive,
    LedgerError,
    NotFound,
    ReasonMissing,
    SamePersonTwice,
)
from ledger.deposits import Cause, CauseKind, ContestOutcome, Deposit, DrawStatus, rules
from tests.examples import deposits as d
from tests.given import replay
from tests.ledger.deposit_steps import (
    APPROVED,
    CASHIER_AND_ANOTHER,
    CLERK_AND_ANOTHER,
    CLERK_SAYS,
    CLOSED,
    CONTESTED,
    DEMANDED,
    ENDED,
    LATE,
    OWNER,
    PAID,
    PAST,
    REQUESTED,
    Action,
    approve,
    assess,
    cancel,
    close,
    contest,
    decide,
    demand,
    end,
    forfeit,
    give_back,
    miss_refund,
    miss_return,
    miss_top_up,
    order,
    pay,
    reassess,
    receive,
    refund,
    reject,
    remind,
    request,
    top_up,
    verify,
)
from tests.story import numbered, story

UPHELD = (*CONTESTED, d.contest_decided_with_term())
UNTIL_TODAY: dict[str, Any] = {
    "ended_on": date(2026, 3, 2),
    "return_due_on": date(2026, 4, 1),
}

# What can happen ------------------------------------------------------------------------


def test_a_deposit_is_assessed_once_for_estate_company_and_contract() -> None:
    deposit = assess()

    assert deposit.id == d.DEPOSIT
    assert list(deposit.collect_events()) == [d.assessed()]
    assert deposit.required_fen == d.REQUIRED_FEN


@pytest.mark.parametrize("rate_bp", [500, 1_000])
def test_the_rates_at_both_ends_of_the_policy_are_allowed(rate_bp: int) -> None:
    assert assess(rate_bp=rate_bp).rate_bp == rate_bp


@pytest.mark.parametrize(
    ("history", "action", "expected"),
    [
        ((d.assessed(),), reassess(500_000_00, 600), d.reassessed(by=CLERK_AND_ANOTHER)),
        ((d.assessed(),), receive(), d.received()),
        ((d.assessed(),), remind(), d.company_reminded()),
        (REQUESTED[:2], request(), d.draw_requested(by=d.proven(d.CLERK))),
        (REQUESTED, approve(), d.draw_approved()),
        (REQUESTED, reject(), d.draw_rejected()),
        (REQUESTED, cancel(), d.draw_cancelled()),
        (APPROVED, cancel(), d.draw_cancelled()),
        (REQUESTED, order(), d.emergency_work_ordered()),
        (APPROVED, pay(), d.draw_paid()),
        (APPROVED, contest(), d.draw_contested()),
        (PAID, verify(), d.work_verified()),
        (PAID, verify(is_accepted=False), d.work_verified(is_accepted=False)),
        ((*REQUESTED, d.emergency_work_ordered()), verify(), d.work_verified()),
        (PAID, contest(), d.draw_contested()),
        (CONTESTED, decide(), d.contest_decided_with_term()),
        (
            CONTESTED,
            decide(outcome=ContestOutcome.DISMISSED),
            d.contest_decided_with_term(ContestOutcome.DISMISSED),
        ),
        (PAID, refund(), d.draw_refunded(by=CLERK_AND_ANOTHER)),
        (UPHELD, miss_refund(), d.refund_missed()),
        (PAID, demand(), d.top_up_demanded()),
        (PAID, demand(1), d.top_up_demanded(1)),
        (DEMANDED, top_up(), d.top_up_received()),
        (DEMANDED, top_up(1), d.top_up_received(1)),
        (DEMANDED, miss_top_up(), d.top_up_missed()),
        (REQUESTED[:2], end(), d.contract_ended(CLERK_AND_ANOTHER, **UNTIL_TODAY)),
        (ENDED, give_back(), d.returned(by=CASHIER_AND_ANOTHER)),
        (ENDED, miss_return(LATE), d.return_missed(LATE)),
        (ENDED, forfeit(), d.forfeited(by=CLERK_AND_ANOTHER)),
        ((*ENDED, d.returned()), close(), d.closed()),
    ],
)
def test_a_step_leaves_its_event(
    history: tuple[Event, ...], action: Action, expected: Event
) -> None:
    story(*history).when(action).then(expected)


def test_the_heating_pipe_was_repaired_without_a_petition() -> None:
    """阳光社区: ¥5,000, cause an emergency record, asked and approved by different persons."""
    deposit = replay(numbered((*PAID, d.work_verified())))

    assert deposit.draws[d.DRAW].terms.cause.kind is CauseKind.EMERGENCY
    assert (deposit.held_fen, deposit.free_fen) == (15_000_00, 15_000_00)
    assert deposit.shortfall_fen == d.PIPE_FEN


def test_a_finding_may_be_the_cause_too() -> None:
    finding = Cause(kind=CauseKind.FINDING, id=UUID(int=300))
    (
        story(*REQUESTED[:2])
        .when(request(by=d.CLERK, cause=finding))
        .then(d.draw_requested(cause=finding))
    )


def test_a_draw_down_may_take_the_last_fen() -> None:
    all_of_it = d.draw_requested(d.REQUIRED_FEN, by=d.proven(d.CLERK))
    story(*REQUESTED[:2]).when(request(d.REQUIRED_FEN)).then(all_of_it)


def test_a_rejected_draw_down_frees_its_amount() -> None:
    other = UUID(int=299)
    (
        story(*REQUESTED, d.draw_rejected())
        .when(request(d.REQUIRED_FEN, draw_id=other))
        .then(d.draw_requested(d.REQUIRED_FEN, draw_id=other, by=d.proven(d.CLERK)))
    )


def test_work_that_was_refused_can_be_verified_again() -> None:
    story(*PAID, d.work_verified(is_accepted=False)).when(verify()).then(d.work_verified())


def test_the_company_may_object_until_the_end_of_the_last_day() -> None:
    last = replace(d.FIRM, at=end_of_day(d.CONTEST_UNTIL.on))
    event = replace(d.draw_contested(), by=last, timestamp=last.at)
    story(*PAID).when(contest(last)).then(event)


# What is refused ------------------------------------------------------------------------


def after(by: By, moment: datetime) -> By:
    return replace(by, at=moment + timedelta(microseconds=1))


DRAW_STEPS: tuple[Action, ...] = (
    approve(),
    reject(),
    cancel(),
    pay(),
    contest(),
    decide(),
    refund(),
)


@pytest.mark.parametrize("action", DRAW_STEPS)
def test_a_draw_down_must_exist(action: Action) -> None:
    story(d.assessed()).when(action).then_refused(NotFound, kind="draw", id=str(d.DRAW))


@pytest.mark.parametrize("action", [top_up(), miss_top_up()])
def test_a_demand_must_exist(action: Action) -> None:
    story(d.assessed()).when(action).then_refused(NotFound, kind="demand", id=str(d.DEMAND))


@pytest.mark.parametrize(
    ("history", "action"),
    [
        ((d.assessed(),), receive(by=d.FIRM)),
        (REQUESTED, approve(replace(d.HEAD, role="company"))),
        (REQUESTED, reject(replace(d.because(d.HEAD), role="company"))),
        (APPROVED, order(d.FIRM)),
        (APPROVED, pay(by=d.FIRM)),
        (CONTESTED, decide(d.because(d.FIRM))),
        (PAID, refund(by=d.because(d.FIRM))),
        (PAID, demand(by=d.FIRM)),
        (DEMANDED, top_up(by=d.FIRM)),
        (REQUESTED[:2], end(d.FIRM)),
        (ENDED, give_back(by=d.FIRM)),
        (ENDED, forfeit(by=d.because(d.FIRM))),
        ((*ENDED, d.returned()), close(d.FIRM)),
    ],
)
def test_only_the_street_handles_the_money(history: tuple[Event, ...], action: Action) -> None:
    (story(*history).when(action).then_refused(rules.DepositNotHandledByStreet, role="company"))


@pytest.mark.parametrize(
    ("history", "action"),
    [
        (REQUESTED[:2], request(by=OWNER)),
        (REQUESTED, cancel(d.because(OWNER))),
        (PAID, verify(OWNER)),
    ],
)
def test_only_street_and_community_ask_cancel_and_verify(
    history: tuple[Event, ...], action: Action
) -> None:
    (story(*history).when(action).then_refused(rules.DrawNotAskedByStreetOrCommunity, role="owner"))


REFUSALS: list[tuple[tuple[Event, ...], Action, type[LedgerError], dict[str, str | int]]] = [
    ((d.assessed(),), reassess(d.BASE_FEN, 499), rules.RateOutsidePolicy,
     {"rate_bp": 499, "rate_min_bp": 500, "rate_max_bp": 1_000}),
    ((d.assessed(),), reassess(d.BASE_FEN, 500), rules.AssessmentUnchanged,
     {"base_fen": d.BASE_FEN, "rate_bp": 500}),
    ((d.assessed(),), remind(OWNER), rules.ReminderNotByOverseer, {"role": "owner"}),
    ((d.assessed(), d.company_reminded()), remind(), rules.DepositReminderExists,
     {"reminder_id": str(d.REMINDER)}),
    (REQUESTED[:2], request(d.REQUIRED_FEN + 1), rules.DrawExceedsFree,
     {"asked_fen": d.REQUIRED_FEN + 1, "free_fen": d.REQUIRED_FEN}),
    (REQUESTED, request(d.REQUIRED_FEN, draw_id=UUID(int=9)), rules.DrawExceedsFree,
     {"asked_fen": d.REQUIRED_FEN, "free_fen": d.REQUIRED_FEN - d.PIPE_FEN}),
    (REQUESTED, request(), rules.DrawExists, {"draw_id": str(d.DRAW)}),
    (REQUESTED[:2], request(reminder_id=d.REMINDER), NotFound,
     {"kind": "reminder", "id": str(d.REMINDER)}),
    (REQUESTED[:2], request(cause=Cause(kind=CauseKind.PETITION)), rules.CauseIncomplete,
     {"kind": "petition"}),
    (REQUESTED[:2], request(cause=Cause(kind=CauseKind.EMERGENCY, record=" ")),
     rules.CauseIncomplete, {"kind": "emergency"}),
    (REQUESTED, approve(d.CLERK), SamePersonTwice, {"step": "approve", "earlier_step": "request"}),
    (REQUESTED, approve(replace(d.HEAD, on_behalf_of=d.CLERK.actor_id)), SamePersonTwice,
     {"step": "approve", "earlier_step": "request"}),
    (APPROVED, approve(), rules.DrawNotWaiting, {"status": "approved"}),
    (APPROVED, reject(), rules.DrawNotWaiting, {"status": "approved"}),
    (REQUESTED, reject(d.HEAD), ReasonMissing, {}),
    (PAID, reject(), rules.DrawAlreadyPaid, {"paid_fen": d.PIPE_FEN}),
    (REQUESTED, cancel(d.CLERK), ReasonMissing, {}),
    (PAID, cancel(), rules.DrawAlreadyPaid, {"paid_fen": d.PIPE_FEN}),
    ((*REQUESTED, d.draw_rejected()), cancel(), rules.DrawNotOpen, {"status": "rejected"}),
    ((*REQUESTED, d.draw_rejected()), order(), rules.WorkNotReleased, {"status": "rejected"}),
    ((*REQUESTED[:2], d.draw_requested(cause=Cause(kind=CauseKind.INSPECTION, record="月度检查"))),
     order(), rules.WorkNotReleased, {"status": "requested"}),
    (REQUESTED, pay(), rules.DrawNotApproved, {"status": "requested"}),
    (APPROVED, pay(by=d.HEAD), SamePersonTwice, {"step": "pay", "earlier_step": "approve"}),
    (APPROVED, pay(d.PIPE_FEN + 1), rules.DrawPaidDiffers,
     {"asked_fen": d.PIPE_FEN + 1, "approved_fen": d.PIPE_FEN}),
    (APPROVED, pay(d.PIPE_FEN - 1), rules.DrawPaidDiffers,
     {"asked_fen": d.PIPE_FEN - 1, "approved_fen": d.PIPE_FEN}),
    (PAID, pay(), rules.DrawAlreadyPaid, {"paid_fen": d.PIPE_FEN}),
    (APPROVED, verify(), rules.WorkNotOrdered, {"status": "approved"}),
    ((*PAID, d.work_verified()), verify(), rules.WorkAlreadyAccepted, {"draw_id": str(d.DRAW)}),
    (PAID, contest(d.CLERK), rules.NotTheCompanysContest, {"role": "street"}),
    (PAID, contest(replace(d.FIRM, organisation_id=UUID(int=9))), rules.NotTheCompanysContest,
     {"role": "company"}),
    (PAID, contest(after(d.FIRM, end_of_day(d.CONTEST_UNTIL.on))), rules.ContestTooLate,
     {"until_on": "2026-03-16"}),
    (CONTESTED, contest(), rules.DrawAlreadyContested, {"draw_id": str(d.DRAW)}),
    (PAID, decide(), rules.DrawContestNotOpen, {"draw_id": str(d.DRAW)}),
    ((*CONTESTED, d.contest_decided()), decide(), rules.DrawContestNotOpen,
     {"draw_id": str(d.DRAW)}),
    (CONTESTED, decide(d.CLERK), ReasonMissing, {}),
    (CONTESTED, decide(CLERK_SAYS), SamePersonTwice,
     {"step": "decide-contest", "earlier_step": "request"}),
    (CONTESTED, decide(d.because(d.HEAD)), SamePersonTwice,
     {"step": "decide-contest", "earlier_step": "approve"}),
    (PAID, refund(d.PIPE_FEN + 1), rules.RefundExceedsPaid,
     {"asked_fen": d.PIPE_FEN + 1, "paid_fen": d.PIPE_FEN}),
    ((*PAID, d.draw_refunded()), refund(1), rules.RefundExceedsPaid,
     {"asked_fen": 1, "paid_fen": 0}),
    (PAID, refund(by=d.CLERK), ReasonMissing, {}),
    (PAID, demand(d.PIPE_FEN + 1), rules.TopUpExceedsShortfall,
     {"asked_fen": d.PIPE_FEN + 1, "shortfall_fen": d.PIPE_FEN}),
    (DEMANDED, demand(demand_id=UUID(int=9)), rules.NothingMissing,
     {"required_fen": d.REQUIRED_FEN, "held_fen": d.REQUIRED_FEN - d.PIPE_FEN}),
    (DEMANDED, demand(), rules.TopUpDemandExists, {"demand_id": str(d.DEMAND)}),
    (DEMANDED, top_up(d.PIPE_FEN + 1), rules.TopUpExceedsDemand,
     {"asked_fen": d.PIPE_FEN + 1, "open_fen": d.PIPE_FEN}),
    (DEMANDED, miss_top_up(replace(d.REACTION, at=end_of_day(d.TOP_UP_DUE.on))),
     rules.DepositNotOverdue, {"due_on": "2026-03-23"}),
    ((*DEMANDED, d.top_up_received()), miss_top_up(), rules.DepositNothingOverdue,
     {"open_fen": 0}),
    ((*DEMANDED, d.top_up_missed()), miss_top_up(), rules.DepositNothingOverdue,
     {"open_fen": d.PIPE_FEN}),
    (ENDED, end(), rules.ContractAlreadyEnded, {}),
    (ENDED, receive(), rules.ContractAlreadyEnded, {}),
    (ENDED, demand(), rules.ContractAlreadyEnded, {}),
    (REQUESTED[:2], give_back(), rules.ContractStillRuns, {}),
    (REQUESTED[:2], forfeit(), rules.ContractStillRuns, {}),
    (REQUESTED[:2], close(), rules.ContractStillRuns, {}),
    (ENDED, give_back(d.REQUIRED_FEN + 1), rules.ReturnExceedsFree,
     {"asked_fen": d.REQUIRED_FEN + 1, "free_fen": d.REQUIRED_FEN}),
    ((*ENDED, d.draw_requested()), give_back(), rules.ReturnExceedsFree,
     {"asked_fen": d.REQUIRED_FEN, "free_fen": d.REQUIRED_FEN - d.PIPE_FEN}),
    (ENDED, forfeit(by=replace(CLERK_AND_ANOTHER, reason="")), ReasonMissing, {}),
    (ENDED, miss_return(d.REACTION), rules.DepositNotOverdue, {"due_on": "2026-03-30"}),
    (REQUESTED, miss_return(LATE), rules.DepositNothingOverdue, {"held_fen": d.REQUIRED_FEN}),
    ((*ENDED, d.return_missed()), miss_return(LATE), rules.DepositNothingOverdue,
     {"held_fen": d.REQUIRED_FEN}),
    ((*ENDED, d.returned()), miss_return(LATE), rules.DepositNothingOverdue, {"held_fen": 0}),
    (ENDED, close(), rules.DepositNotEmpty, {"held_fen": d.REQUIRED_FEN, "promised_fen": 0}),
    (CLOSED, close(), rules.DepositClosed, {}),
    (CLOSED, request(), rules.DepositClosed, {}),
    (CLOSED, remind(), rules.DepositClosed, {}),
]  # fmt: skip


@pytest.mark.parametrize(("history", "action", "error", "facts"), REFUSALS)
def test_a_step_is_refused(
    history: tuple[Event, ...],
    action: Action,
    error: type[LedgerError],
    facts: dict[str, str | int],
) -> None:
    story(*history).when(action).then_refused(error, **facts)


POSITIVE: list[tuple[tuple[Event, ...], Callable[[int], Action]]] = [
    ((d.assessed(),), receive),
    (REQUESTED[:2], request),
    (APPROVED, pay),
    (PAID, refund),
    (PAID, demand),
    (DEMANDED, top_up),
    (ENDED, give_back),
    (ENDED, forfeit),
]


@pytest.mark.parametrize("amount_fen", [0, -1])
@pytest.mark.parametrize(("history", "step"), POSITIVE)
def test_an_amount_must_be_positive(
    history: tuple[Event, ...], step: Callable[[int], Action], amount_fen: int
) -> None:
    story(*history).when(step(amount_fen)).then_refused(AmountNotPositive, amount_fen=amount_fen)


@pytest.mark.parametrize(
    ("by", "base_fen", "rate_bp", "error"),
    [
        (d.FIRM, d.BASE_FEN, 500, rules.DepositNotHandledByStreet),
        (d.CLERK, 0, 500, AmountNotPositive),
        (d.CLERK, d.BASE_FEN, 499, rules.RateOutsidePolicy),
        (d.CLERK, d.BASE_FEN, 1_001, rules.RateOutsidePolicy),
    ],
)
def test_an_assessment_is_refused(
    by: By, base_fen: int, rate_bp: int, error: type[LedgerError]
) -> None:
    with pytest.raises(error):
        assess(by, base_fen=base_fen, rate_bp=rate_bp)


def breaches_of(deposit: Deposit) -> list[tuple[str, ...]]:
    return [event.by.breaches for event in deposit.pending_events if isinstance(event, Event)]


def test_history_is_recorded_and_marked_where_a_rule_would_have_refused() -> None:
    past = replace(PAST, is_history=True)
    deposit = assess(past, rate_bp=300)
    request(by=past, cause=Cause(kind=CauseKind.INSPECTION))(deposit)
    pay(d.PIPE_FEN, past)(deposit)
    approve(past)(deposit)

    assert breaches_of(deposit) == [
        ("rate-outside-policy",),
        ("cause-incomplete", "evidence-missing", "draw-exceeds-free"),
        ("draw-not-approved", "deposit-short"),
        ("draw-not-waiting", "same-person-twice"),
    ]
    assert deposit.held_fen == -d.PIPE_FEN
    assert deposit.draws[d.DRAW].status is DrawStatus.PAID
    assert deposit.promised_fen == 0
