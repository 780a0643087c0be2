"""What holds of a deposit after any sequence of steps."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from hypothesis import given as for_all
from hypothesis import strategies as st

from ledger.core.aggregate import By, Event
from ledger.core.errors import (
    LedgerError,
)
from ledger.deposits import Deposit
from tests.examples import deposits as d
from tests.given import replay, state_of
from tests.ledger.deposit_steps import (
    Action,
    assess,
    close,
    demand,
    end,
    forfeit,
    give_back,
    receive,
    request,
    top_up,
)

IDS = [UUID(int=n) for n in range(500, 503)]
AMOUNTS = st.integers(min_value=-1, max_value=300)
WHO = st.sampled_from([d.because(d.CLERK), d.because(d.HEAD), d.because(d.CASHIER), d.FIRM])


def steps() -> st.SearchStrategy[Action]:
    ids = st.sampled_from(IDS)

    def draw_step(name: str, by: By, draw_id: UUID) -> Action:
        return lambda deposit: getattr(deposit, name)(by, draw_id=draw_id)

    def paying(by: By, draw_id: UUID, amount_fen: int) -> Action:
        return lambda deposit: deposit.pay_draw(
            by,
            draw_id=draw_id,
            amount_fen=amount_fen,
            bank_reference="",
            contest_until=d.CONTEST_UNTIL,
        )

    def paying_as_approved(by: By, draw_id: UUID) -> Action:
        return lambda deposit: paying(
            by, draw_id, deposit.draws[draw_id].terms.amount_fen if draw_id in deposit.draws else 1
        )(deposit)

    def refunding(by: By, draw_id: UUID, amount_fen: int) -> Action:
        return lambda deposit: deposit.refund_draw(
            by, draw_id=draw_id, amount_fen=amount_fen, bank_reference=""
        )

    names = st.sampled_from(["approve_draw", "reject_draw", "cancel_draw"])
    return st.one_of(
        st.builds(receive, AMOUNTS, WHO),
        st.builds(lambda a, w, i: request(a, w, draw_id=i), AMOUNTS, WHO, ids),
        st.builds(draw_step, names, WHO, ids),
        st.builds(paying, WHO, ids, AMOUNTS),
        st.builds(paying_as_approved, WHO, ids),
        st.builds(refunding, WHO, ids, AMOUNTS),
        st.builds(demand, st.none() | AMOUNTS, WHO, ids),
        st.builds(top_up, AMOUNTS, WHO, ids),
        st.builds(give_back, AMOUNTS, WHO),
        st.builds(forfeit, AMOUNTS, WHO),
        st.builds(end, WHO),
        st.builds(close, WHO),
    )


SIGNS: dict[type[Event], int] = {
    Deposit.Received: 1,
    Deposit.TopUpReceived: 1,
    Deposit.DrawRefunded: 1,
    Deposit.DrawPaid: -1,
    Deposit.Returned: -1,
    Deposit.Forfeited: -1,
}


@for_all(actions=st.lists(steps(), max_size=40))
def test_no_sequence_of_steps_makes_or_loses_money(actions: list[Action]) -> None:
    deposit = assess(base_fen=4_000)
    for action in actions:
        with suppress(LedgerError):
            action(deposit)
        assert deposit.free_fen >= 0

    events = [event for event in deposit.pending_events if isinstance(event, Event)]
    moved_fen = sum(SIGNS[type(e)] * vars(e)["amount_fen"] for e in events if type(e) in SIGNS)
    assert deposit.held_fen == moved_fen
    assert state_of(replay(events)) == state_of(deposit)
