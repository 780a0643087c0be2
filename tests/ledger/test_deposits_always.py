"""What holds of a deposit after any sequence of steps."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from ledger.core.aggregate import By, Event
from ledger.core.errors import (
    LedgerError,
)
from ledger.core.reversing import StepReversed
from ledger.deposits import Deposit
from tests.examples import deposits as d
from tests.given import replay, state_of
from tests.ledger.deposit_steps import (
    CLERK_SAYS,
    HEAD_SAYS,
    TODAY,
    Action,
    assess,
    close,
    demand,
    end,
    forfeit,
    give_back,
    receive,
    request,
    take_back,
    top_up,
)

YESTERDAY = st.just(TODAY)
IDS = st.sampled_from([UUID(int=500), UUID(int=501)])
AMOUNTS = st.integers(min_value=-1, max_value=120)
WHO = st.sampled_from([d.proven(CLERK_SAYS), HEAD_SAYS, d.because(d.CASHIER)])
TWO = st.sampled_from([d.second(d.CLERK), d.second(d.CASHIER)])


def approve_some(by: By, draw_id: UUID) -> Action:
    return lambda deposit: deposit.approve_draw(by, draw_id=draw_id)


def give_up(by: By, draw_id: UUID, *, is_rejected: bool) -> Action:
    def act(deposit: Deposit) -> None:
        step = deposit.reject_draw if is_rejected else deposit.cancel_draw
        step(by, draw_id=draw_id)

    return act


def pay_some(by: By, draw_id: UUID, amount_fen: int | None) -> Action:
    """Pay an amount, or (``None``) as much as was asked for."""

    def act(deposit: Deposit) -> None:
        draw = deposit.draws.get(draw_id)
        deposit.pay_draw(
            by,
            draw_id=draw_id,
            amount_fen=draw.terms.amount_fen if draw and amount_fen is None else amount_fen or 1,
            bank_reference="",
            contest_until=d.CONTEST_UNTIL,
        )

    return act


def refund_some(by: By, draw_id: UUID, amount_fen: int) -> Action:
    return lambda deposit: deposit.refund_draw(
        by, draw_id=draw_id, amount_fen=amount_fen, bank_reference=""
    )


def request_some(amount_fen: int, by: By, draw_id: UUID) -> Action:
    return request(amount_fen, by, draw_id=draw_id)


def take_back_some(version: int, by: By) -> Action:
    return take_back(version, by)


def any_of(*weighed: tuple[int, st.SearchStrategy[Action]]) -> st.SearchStrategy[Action]:
    """Draw one of the steps, each as often as its weight says."""
    return st.sampled_from([step for weight, step in weighed for _ in range(weight)]).flatmap(
        lambda step: step
    )


DECISIONS = any_of(
    (4, st.builds(request_some, AMOUNTS, WHO, IDS)),
    (5, st.builds(approve_some, WHO, IDS)),
    (5, st.builds(pay_some, WHO, IDS, st.none())),
    (1, st.builds(pay_some, WHO, IDS, AMOUNTS)),
    (1, st.builds(give_up, WHO, IDS, is_rejected=st.booleans())),
    (2, st.builds(refund_some, TWO, IDS, AMOUNTS)),
    (1, st.builds(receive, AMOUNTS, WHO)),
    (2, st.builds(demand, st.none() | AMOUNTS, WHO, IDS)),
    (2, st.builds(top_up, AMOUNTS, WHO, IDS)),
    (1, st.builds(give_back, AMOUNTS, TWO)),
    (1, st.builds(take_back_some, st.integers(1, 30), TWO)),
)
ENDINGS = any_of(
    (1, DECISIONS),
    (2, st.builds(end, TWO, YESTERDAY)),
    (2, st.builds(give_back, AMOUNTS, TWO)),
    (2, st.builds(forfeit, AMOUNTS, TWO)),
    (1, st.builds(close, WHO)),
)

SIGNS: dict[type[Event], int] = {
    Deposit.Received: 1,
    Deposit.TopUpReceived: 1,
    Deposit.DrawRefunded: 1,
    Deposit.DrawPaid: -1,
    Deposit.Returned: -1,
    Deposit.Forfeited: -1,
}


@settings(deadline=None)
@for_all(
    running=st.lists(DECISIONS, min_size=15, max_size=50), ending=st.lists(ENDINGS, max_size=15)
)
def test_no_sequence_of_steps_makes_or_loses_money(
    running: list[Action], ending: list[Action]
) -> None:
    deposit = assess(base_fen=20_000)
    receive(200)(deposit)
    for action in (*running, *ending):
        with suppress(LedgerError):
            before_fen = deposit.free_fen
            action(deposit)
            is_reversal = isinstance(deposit.pending_events[-1], StepReversed)
            assert deposit.free_fen >= min(0, before_fen) or is_reversal

    events = [event for event in deposit.pending_events if isinstance(event, Event)]
    counting = list(deposit.counting())
    moved_fen = sum(SIGNS[type(e)] * vars(e)["amount_fen"] for e in counting if type(e) in SIGNS)
    assert deposit.held_fen == moved_fen
    assert state_of(replay(events)) == state_of(deposit)
