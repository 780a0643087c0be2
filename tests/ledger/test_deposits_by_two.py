"""Deposits leave by two persons and with evidence, at their time, and mistakes are taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from ledger.core.aggregate import By, Event
from ledger.core.clock import end_of_day
from ledger.core.errors import (
    EvidenceMissing,
    LedgerError,
    ReasonMissing,
    SamePersonTwice,
    SecondPersonNeeded,
    StepOfOthers,
    StepsRestOnIt,
    StepStands,
)
from ledger.deposits import Deposit, rules
from tests.examples import AT
from tests.examples import deposits as d
from tests.given import replay, state_of
from tests.ledger.deposit_steps import (
    APPROVED,
    CLERK_AND_ANOTHER,
    CONTESTED,
    DEMANDED,
    ENDED,
    PAID,
    REQUESTED,
    TODAY,
    Action,
    close,
    contest,
    end,
    forfeit,
    give_back,
    miss_refund,
    pay,
    reassess,
    refund,
    remind,
    request,
    take_back,
    top_up,
    verify,
)
from tests.story import numbered, story

UPHELD = (*CONTESTED, d.contest_decided_with_term())
EMPTY = (*ENDED, d.returned())
DAY = timedelta(days=1)

LEAVING: list[tuple[tuple[Event, ...], Callable[[By], Action]]] = [
    ((d.assessed(),), lambda by: reassess(d.BASE_FEN, 600, by)),
    (PAID, lambda by: refund(1, by)),
    (REQUESTED[:2], end),
    (ENDED, lambda by: give_back(1, by)),
    (ENDED, lambda by: forfeit(1, by)),
]


@pytest.mark.parametrize(("history", "step"), LEAVING)
def test_a_deposit_leaves_by_two_persons_and_with_evidence(
    history: tuple[Event, ...], step: Callable[[By], Action]
) -> None:
    alone = replace(CLERK_AND_ANOTHER, proposed_by=())
    story(*history).when(step(alone)).then_refused(SecondPersonNeeded)
    own = replace(CLERK_AND_ANOTHER, proposed_by=(d.CLERK.actor_id,))
    story(*history).when(step(own)).then_refused(
        SamePersonTwice, step="carry-out", earlier_step="propose"
    )
    stand_in = replace(own, actor_id=d.HEAD.actor_id, on_behalf_of=d.CLERK.actor_id)
    story(*history).when(step(stand_in)).then_refused(
        SamePersonTwice, step="carry-out", earlier_step="propose"
    )
    unproven = replace(CLERK_AND_ANOTHER, evidence=())
    story(*history).when(step(unproven)).then_refused(EvidenceMissing, field="evidence")


@pytest.mark.parametrize(
    ("ended_on", "error", "facts"),
    [
        (date(1999, 12, 31), rules.EndedBeforeAssessment, {"assessed_on": "2026-03-02"}),
        (date(2099, 1, 1), rules.DayTooFar, {"field": "ended_on", "until_on": "2026-05-31"}),
    ],
)
def test_a_contract_ends_on_a_plausible_day(
    ended_on: date, error: type[LedgerError], facts: dict[str, str]
) -> None:
    story(*REQUESTED[:2]).when(end(ended_on=ended_on)).then_refused(error, **facts)


def test_nothing_goes_back_before_the_contracts_last_day_is_over() -> None:
    ended = d.contract_ended(ended_on=TODAY)
    for step in (give_back(1), forfeit(1)):
        story(*REQUESTED[:2], ended).when(step).then_refused(
            rules.ContractStillRuns, ended_on="2026-03-02"
        )


def test_nothing_closes_with_an_open_contest_or_money_that_is_owed() -> None:
    ended, rest = d.contract_ended(), d.returned(d.REQUIRED_FEN - d.PIPE_FEN)
    story(*CONTESTED, ended, rest).when(close()).then_refused(
        rules.ContestStillOpen, draw_id=str(d.DRAW)
    )
    story(*UPHELD, ended, rest).when(close()).then_refused(
        rules.RefundStillDue, draw_id=str(d.DRAW), owed_fen=d.PIPE_FEN
    )


def test_an_upheld_contest_obliges_until_a_day() -> None:
    on_the_day = replace(d.REACTION, at=end_of_day(d.REFUND_DUE.on))
    story(*UPHELD).when(miss_refund(on_the_day)).then_refused(
        rules.DepositNotOverdue, due_on="2026-03-23"
    )
    story(*UPHELD, d.draw_refunded()).when(miss_refund()).then_refused(
        rules.DepositNothingOverdue, owed_fen=0
    )
    story(*UPHELD, d.draw_refunded(1), d.refund_missed()).when(miss_refund()).then_refused(
        rules.DepositNothingOverdue, owed_fen=d.PIPE_FEN - 1
    )
    story(*CONTESTED, d.contest_decided()).when(miss_refund()).then_refused(
        rules.DepositNothingOverdue, owed_fen=0
    )


@pytest.mark.parametrize(
    ("changed", "error", "facts"),
    [
        ({"payee_id": d.COMPANY}, rules.PayeeIsCompany, {"company_id": str(d.COMPANY)}),
        ({"payee": "。"}, rules.PayeeIsNobody, {"payee": "。"}),
        (
            {"payee_id": d.CLERK.actor_id},
            rules.PayeeDecides,
            {"payee_id": str(d.CLERK.actor_id)},
        ),
    ],
)
def test_a_payee_is_somebody_else(
    changed: dict[str, Any], error: type[LedgerError], facts: dict[str, str]
) -> None:
    def ask(deposit: Deposit) -> None:
        terms = replace(d.TERMS, **changed)
        deposit.request_draw(d.proven(d.CLERK), draw_id=d.DRAW, terms=terms)

    story(*REQUESTED[:2]).when(ask).then_refused(error, **facts)


def test_what_nobody_can_look_up_needs_evidence() -> None:
    story(*REQUESTED[:2]).when(request(by=d.CLERK)).then_refused(EvidenceMissing, field="evidence")


def test_a_reminder_gives_time_that_is_neither_over_nor_endless() -> None:
    story(d.assessed()).when(remind(due_at=AT - DAY)).then_refused(
        rules.DayIsOver, field="due_at", today="2026-03-02"
    )
    story(d.assessed()).when(remind(due_at=AT + 91 * DAY)).then_refused(
        rules.DayTooFar, field="due_at", until_on="2026-05-31"
    )


# Told late ------------------------------------------------------------------------------------


def told(by: By, *, days_ago: int) -> By:
    """Return the same person telling today what happened some days ago."""
    return replace(by, at=AT - days_ago * DAY, told_at=AT, is_late=True, reason="补录")


def moved(history: tuple[Event, ...], days: int) -> tuple[Event, ...]:
    """Return the same history, some days later."""
    return tuple(
        replace(e, timestamp=e.timestamp + days * DAY, by=replace(e.by, at=e.by.at + days * DAY))
        for e in history
    )


@pytest.mark.parametrize(
    ("history", "action", "mark"),
    [
        (APPROVED, pay(by=told(d.CASHIER, days_ago=9)), "told-before-approval"),
        (PAID, verify(told(d.COMMUNITY, days_ago=9)), "told-before-work-order"),
        (PAID, contest(told(d.FIRM, days_ago=9)), "told-before-payment"),
        (PAID, refund(by=told(CLERK_AND_ANOTHER, days_ago=9)), "told-before-payment"),
        (DEMANDED, top_up(by=told(d.CLERK, days_ago=9)), "told-before-demand"),
        (ENDED, give_back(by=told(CLERK_AND_ANOTHER, days_ago=9)), "told-before-contract-end"),
    ],
)
def test_a_fact_is_booked_no_earlier_than_its_step_and_keeps_its_true_day(
    history: tuple[Event, ...], action: Action, mark: str
) -> None:
    deposit = replay(numbered(history))
    action(deposit)
    (event,) = deposit.collect_events()
    assert event.timestamp == AT
    assert event.by.true_day == date(2026, 2, 21)
    assert event.by.breaches == (mark,)


def test_money_is_returned_no_earlier_than_it_was_there() -> None:
    """The refund came in on the third day after the contract's end; 20,000 left on the first."""
    ended = replace(d.contract_ended(), timestamp=AT + DAY)
    back = moved((d.draw_refunded(),), 3)
    deposit = replay(numbered((*PAID, ended, *back)))
    by = replace(d.second(d.CASHIER), at=AT + 2 * DAY, told_at=AT + 9 * DAY, is_late=True)
    give_back(by=by)(deposit)
    (event,) = deposit.collect_events()
    assert event.timestamp == AT + 3 * DAY
    assert (event.by.true_day, event.by.breaches) == (date(2026, 3, 4), ("told-before-its-money",))


# Taken back -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("history", "version", "left"),
    [
        ((d.assessed(), d.received()), 2, (d.assessed(),)),
        ((d.assessed(), d.reassessed()), 2, (d.assessed(),)),
        (APPROVED, 4, REQUESTED),
        ((*REQUESTED, d.draw_rejected()), 4, REQUESTED),
        ((*REQUESTED, d.draw_cancelled()), 4, REQUESTED),
        (PAID, 5, APPROVED),
        ((*PAID, d.work_verified()), 6, PAID),
        ((*CONTESTED, d.contest_decided_with_term()), 7, CONTESTED),
        ((*PAID, d.draw_refunded()), 6, PAID),
        (DEMANDED, 6, PAID),
        ((*DEMANDED, d.top_up_received()), 7, DEMANDED),
        (ENDED, 3, REQUESTED[:2]),
        ((*ENDED, d.returned()), 4, ENDED),
        ((*ENDED, d.forfeited()), 4, ENDED),
        ((*EMPTY, d.closed()), 5, EMPTY),
    ],
)
def test_a_step_that_was_a_mistake_has_not_happened(
    history: tuple[Event, ...], version: int, left: tuple[Event, ...]
) -> None:
    deposit = replay(numbered(history))
    step = deposit.step_at(version)
    by = replace(CLERK_AND_ANOTHER, role=step.by.role, organisation_id=step.by.organisation_id)
    take_back(version, by)(deposit)
    own = {"_version", "_modified_on", "_steps", "_pending_events"}
    wanted = {k: v for k, v in state_of(replay(numbered(left))).items() if k not in own}
    assert {k: v for k, v in state_of(deposit).items() if k not in own} == wanted


def test_a_receipt_that_is_spent_can_be_taken_back_and_blocks_what_goes_out() -> None:
    wrong = (d.step_reversed(CLERK_AND_ANOTHER, 2, step="deposit.received.v1"),)
    deposit = replay(numbered((*APPROVED, *wrong)))
    assert (deposit.held_fen, deposit.free_fen) == (0, -d.PIPE_FEN)
    story(*APPROVED, *wrong).when(pay()).then_refused(
        rules.DepositShort, asked_fen=d.PIPE_FEN, held_fen=0
    )
    story(*APPROVED, *wrong).when(request(1, draw_id=d.REMINDER)).then_refused(
        rules.DrawExceedsFree, asked_fen=1, free_fen=-d.PIPE_FEN
    )


REFUSED: list[tuple[tuple[Event, ...], Action, type[LedgerError], dict[str, str | int]]] = [
    (PAID, take_back(5, d.because(d.CLERK)), SecondPersonNeeded, {}),
    (PAID, take_back(5, replace(CLERK_AND_ANOTHER, reason="")), ReasonMissing, {}),
    (CONTESTED, take_back(6), StepOfOthers, {"role": "company"}),
    (PAID, take_back(4), StepsRestOnIt,
     {"version": 4, "first_reverse": "5 deposit.draw_paid.v1"}),
    ((*EMPTY, d.closed()), take_back(2), StepsRestOnIt, {"version": 2, "first_reverse": "5"}),
    (REQUESTED, take_back(3), StepStands,
     {"step": "deposit.draw_requested.v1", "instead": "cancel_draw"}),
]  # fmt: skip


@pytest.mark.parametrize(("history", "action", "error", "facts"), REFUSED)
def test_what_cannot_be_taken_back_says_why(
    history: tuple[Event, ...],
    action: Action,
    error: type[LedgerError],
    facts: dict[str, str | int],
) -> None:
    story(*history).when(action).then_refused(error, **facts)


def test_a_rejection_is_not_taken_back_when_the_money_is_promised_again() -> None:
    other = d.draw_requested(d.REQUIRED_FEN, draw_id=d.DEMAND)
    story(*REQUESTED, d.draw_rejected(), other).when(take_back(4)).then_refused(
        rules.DrawExceedsFree, asked_fen=d.PIPE_FEN, free_fen=0
    )
