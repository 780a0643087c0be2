"""The rules of charity shop items, without a database."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import orjson
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from ledger.core.aggregate import By, Event
from ledger.core.errors import AmountNotPositive, InvalidValue, ReasonMissing, RuleViolated
from ledger.points import (
    AdjustmentChangesNothing,
    AdjustmentExceedsStock,
    GoodsAlreadyIssued,
    GoodsNotIssued,
    HandsOutToOneself,
    OrderPlacedTwice,
    OrdersUnfinished,
    OrderUnknown,
    RedemptionExceedsStock,
    ReturnTooLate,
    ShopItem,
    ShopItemWithdrawn,
)
from tests.examples import AT, by
from tests.examples.points import (
    DAY,
    DONOR,
    ITEM,
    ORDER,
    SHOP,
    VOLUNTEER,
    WITH_REASON,
    as_history,
    at,
    goods_received,
    goods_returned,
    issued,
    listed,
    priced,
    redemption_cancelled,
    reserved,
    stock_adjusted,
    stock_counted,
    withdrawn,
)
from tests.given import given, replay, state_of

Step = Callable[[ShopItem], object]
SECOND_ORDER = UUID(int=121)


def list_item(price_points: int = 20) -> ShopItem:
    return ShopItem.list_item(
        by(), shop_id=SHOP, code="rice-5kg", name="大米5公斤", price_points=price_points
    )


def receive(pieces: int = 10) -> Step:
    return lambda item: item.receive(by(), pieces=pieces, donor_id=DONOR)


def price(price_points: int = 30) -> Step:
    return lambda item: item.price(by(), price_points=price_points)


def reserve(pieces: int = 1, who: By | None = None, order_id: UUID = ORDER) -> Step:
    return lambda item: item.reserve(
        who or by(), order_id=order_id, volunteer_id=VOLUNTEER, pieces=pieces
    )


def issue(who: By | None = None, order_id: UUID = ORDER) -> Step:
    return lambda item: item.issue(
        who or by(), order_id=order_id, returnable_until=DAY + timedelta(days=7)
    )


def cancel(who: By = WITH_REASON, order_id: UUID = ORDER) -> Step:
    return lambda item: item.cancel_redemption(who, order_id=order_id)


def take_back(who: By = WITH_REASON, order_id: UUID = ORDER) -> Step:
    return lambda item: item.take_back(who, order_id=order_id)


def count(counted_pieces: int = 9) -> Step:
    return lambda item: item.count(by(), counted_pieces=counted_pieces)


def adjust(difference_pieces: int = -1, who: By = WITH_REASON) -> Step:
    return lambda item: item.adjust(who, difference_pieces=difference_pieces)


def withdraw(who: By = WITH_REASON) -> Step:
    return lambda item: item.withdraw(who)


STOCKED = (listed(), goods_received())
ORDERED = (*STOCKED, reserved())
ISSUED = (*ORDERED, issued())


def test_a_shop_lists_an_item_under_a_code_of_its_own() -> None:
    item = list_item()
    assert item.id == ITEM
    assert list(item.collect_events()) == [listed()]


def test_a_price_must_be_positive() -> None:
    with pytest.raises(AmountNotPositive):
        list_item(price_points=0)
    given(listed()).when(price(0)).then_refused(AmountNotPositive, price_points=0)


def test_goods_come_in_from_a_donor() -> None:
    given(listed()).when(receive()).then(goods_received())
    given(listed()).when(receive(0)).then_refused(AmountNotPositive, pieces=0)


def test_a_new_price_holds_for_new_orders() -> None:
    given(*STOCKED).when(price()).then(priced())
    item: ShopItem = replay([*STOCKED, priced(price_points=30)])
    assert item.reserve(by(), order_id=ORDER, volunteer_id=VOLUNTEER, pieces=2) == 60


def test_pieces_are_reserved_to_the_last_one() -> None:
    given(*STOCKED).when(reserve(10)).then(reserved(pieces=10, points=200))
    given(*STOCKED).when(reserve(11)).then_refused(
        RedemptionExceedsStock, asked_pieces=11, free_pieces=10
    )
    given(*ORDERED).when(reserve(10, order_id=SECOND_ORDER)).then_refused(
        RedemptionExceedsStock, asked_pieces=10, free_pieces=9
    )
    given(*STOCKED).when(reserve(0)).then_refused(AmountNotPositive, pieces=0)


def test_an_order_is_placed_once() -> None:
    given(*ORDERED).when(reserve()).then_refused(OrderPlacedTwice)


def test_somebody_else_hands_the_goods_over_once() -> None:
    given(*ORDERED).when(issue()).then(issued())
    given(*ORDERED).when(issue(replace(by(), actor_id=VOLUNTEER))).then_refused(HandsOutToOneself)
    given(*ISSUED).when(issue()).then_refused(GoodsAlreadyIssued)
    given(*STOCKED).when(issue()).then_refused(OrderUnknown)


def test_an_order_is_called_off_for_a_reason_before_its_goods_are_handed_over() -> None:
    given(*ORDERED).when(cancel()).then(redemption_cancelled())
    given(*ORDERED).when(cancel(by())).then_refused(ReasonMissing)
    given(*ISSUED).when(cancel()).then_refused(GoodsAlreadyIssued)
    given(*STOCKED).when(cancel()).then_refused(OrderUnknown)
    given(*ORDERED, redemption_cancelled()).when(cancel()).then_refused(OrderUnknown)


def test_goods_come_back_for_a_reason_and_in_time() -> None:
    last_day = at(AT + timedelta(days=7), reason="包装破损")
    given(*ISSUED).when(take_back(last_day)).then(goods_returned(who=last_day))
    given(*ISSUED).when(take_back(at(AT + timedelta(days=8), reason="包装破损"))).then_refused(
        ReturnTooLate, returnable_until="2026-03-09"
    )
    given(*ISSUED).when(take_back(by())).then_refused(ReasonMissing)
    given(*ORDERED).when(take_back()).then_refused(GoodsNotIssued)
    given(*ISSUED, goods_returned()).when(take_back()).then_refused(OrderUnknown)


def test_orders_that_cannot_come_back_are_forgotten_at_the_next_one() -> None:
    later = by(at=AT + timedelta(days=8))
    second = replace(reserved(5, order_id=SECOND_ORDER), timestamp=later.at, by=later)
    second_issued = replace(issued(6, order_id=SECOND_ORDER), timestamp=later.at, by=later)
    item: ShopItem = replay([*ISSUED, second, second_issued])
    assert set(item.orders) == {SECOND_ORDER}


def test_a_count_changes_nothing_and_an_adjustment_has_a_reason() -> None:
    given(*STOCKED).when(count()).then(stock_counted())
    given(*STOCKED).when(count(-1)).then_refused(
        InvalidValue, field="counted_pieces", rule="zero or more"
    )
    assert replay([*STOCKED, stock_counted()]).free_pieces == 10
    given(*STOCKED).when(adjust()).then(stock_adjusted())
    given(*STOCKED).when(adjust(who=by())).then_refused(ReasonMissing)
    given(*STOCKED).when(adjust(0)).then_refused(AdjustmentChangesNothing)


def test_no_more_is_written_off_than_is_free() -> None:
    given(*ORDERED).when(adjust(-9)).then(stock_adjusted(4, difference_pieces=-9))
    given(*ORDERED).when(adjust(-10)).then_refused(
        AdjustmentExceedsStock, asked_pieces=10, free_pieces=9
    )


def test_an_item_is_withdrawn_for_a_reason_when_no_order_waits() -> None:
    given(*STOCKED).when(withdraw()).then(withdrawn())
    given(*STOCKED).when(withdraw(by())).then_refused(ReasonMissing)
    given(*ORDERED).when(withdraw()).then_refused(OrdersUnfinished, reserved_pieces=1)
    given(*ISSUED).when(withdraw()).then(withdrawn(5))


@pytest.mark.parametrize("step", [receive(), price(), reserve(), withdraw()])
def test_a_withdrawn_item_is_not_offered(step: Step) -> None:
    given(*STOCKED, withdrawn()).when(step).then_refused(ShopItemWithdrawn)


def test_history_that_breaks_a_rule_is_recorded_and_marked() -> None:
    told, marked = as_history(by()), as_history(by(), "redemption-exceeds-stock")
    given(listed()).when(reserve(who=told)).then(replace(reserved(2), by=marked))


# Any sequence -------------------------------------------------------------------------

SMALL = st.integers(min_value=0, max_value=4)
PIECES = st.integers(min_value=-1, max_value=8)
DAYS = st.integers(min_value=0, max_value=20)


def _later(days: int) -> By:
    return replace(WITH_REASON, at=AT + timedelta(days=days))


STEPS = st.lists(
    st.one_of(
        st.builds(receive, PIECES),
        st.builds(lambda n, pieces: reserve(pieces, order_id=UUID(int=n)), SMALL, PIECES),
        st.builds(lambda n, days: issue(_later(days), UUID(int=n)), SMALL, DAYS),
        st.builds(lambda n: cancel(order_id=UUID(int=n)), SMALL),
        st.builds(lambda n, days: take_back(_later(days), UUID(int=n)), SMALL, DAYS),
        st.builds(adjust, PIECES),
        st.builds(withdraw),
    ),
    max_size=25,
)


def _free_pieces(events: list[Event]) -> int:
    """Count the shelf from the events alone, orders by what they reserved."""
    asked: dict[UUID, int] = {}
    free = 0
    for event in events:
        match event:
            case ShopItem.GoodsReceived():
                free += event.pieces
            case ShopItem.StockAdjusted():
                free += event.difference_pieces
            case ShopItem.Reserved():
                asked[event.order_id] = event.pieces
                free -= event.pieces
            case ShopItem.RedemptionCancelled() | ShopItem.GoodsReturned():
                free += asked[event.order_id]
            case _:
                pass
    return free


@for_all(steps=STEPS)
def test_no_sequence_makes_or_loses_pieces_and_replay_equals_live(steps: list[Step]) -> None:
    item = list_item()
    for step in steps:
        with suppress(RuleViolated):
            step(item)
        assert item.free_pieces >= 0
    events: list[Event] = list(item.collect_events())  # type: ignore[arg-type]

    assert item.free_pieces == _free_pieces(events)
    assert state_of(replay(events)) == state_of(item)
    copy = ShopItem.__new__(ShopItem)
    copy.restore(orjson.loads(orjson.dumps(item.to_snapshot())))
    assert vars(copy) == {name: vars(item)[name] for name in vars(copy)}
