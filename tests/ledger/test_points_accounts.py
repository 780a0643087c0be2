"""The rules of points accounts, without a database."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import orjson
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from ledger.core.aggregate import By, Event
from ledger.core.errors import AmountNotPositive, ReasonMissing, RuleViolated
from ledger.points import (
    AwardsOneself,
    NothingToExpire,
    OrderPlacedTwice,
    OrderUnknown,
    PointsAccount,
    RedemptionExceedsBalance,
    ReversalExceedsAward,
    ReversalExceedsBalance,
    ServiceAward,
    ServiceAwardedTwice,
    ServiceNeverAwarded,
    ServiceTimeExceedsDay,
    points_for,
    valid_until,
)
from tests.examples import AT, by
from tests.examples.points import (
    ACCOUNT,
    ACTIVITY,
    COMMUNITY,
    DAY,
    EXPIRES_ON,
    ITEM,
    ORDER,
    SERVICE,
    VOLUNTEER,
    WITH_REASON,
    account_opened,
    as_history,
    at,
    points_awarded,
    points_expired,
    points_redeemed,
    points_returned,
    points_reversed,
)
from tests.given import given, replay, state_of

AWARD = ServiceAward(
    service_id=SERVICE,
    activity_id=ACTIVITY,
    served_on=DAY,
    minutes=120,
    rule="points.per_hour.cleaning",
    points=20,
    expires_on=EXPIRES_ON,
)
SECOND_SERVICE = UUID(int=131)
Step = Callable[[PointsAccount], None]


def award(what: ServiceAward = AWARD, who: By | None = None) -> Step:
    return lambda account: account.award(who or by(), what, minutes_a_day_max=480)


def reverse(points: int = 20, who: By = WITH_REASON, service_id: UUID = SERVICE) -> Step:
    return lambda account: account.reverse(who, service_id=service_id, points=points)


def expire(before: date, who: By | None = None) -> Step:
    return lambda account: account.expire(who or by(), before=before)


def redeem(points: int = 20, who: By | None = None, order_id: UUID = ORDER) -> Step:
    return lambda account: account.redeem(
        who or by(), order_id=order_id, item_id=ITEM, pieces=1, points=points
    )


def take_back(who: By = WITH_REASON, order_id: UUID = ORDER) -> Step:
    return lambda account: account.take_back(who, order_id=order_id)


HELD = (account_opened(), points_awarded())


def test_a_volunteer_has_one_account() -> None:
    account = PointsAccount.open(by(), volunteer_id=VOLUNTEER, community_id=COMMUNITY)
    assert account.id == ACCOUNT
    assert list(account.collect_events()) == [account_opened()]


def test_a_service_earns_points() -> None:
    given(account_opened()).when(award()).then(points_awarded())
    assert replay(HELD).balance_points == 20


def test_a_service_earns_points_once() -> None:
    given(*HELD).when(award()).then_refused(ServiceAwardedTwice)


def test_a_spent_or_expired_award_is_still_an_award() -> None:
    given(*HELD, points_redeemed()).when(award()).then_refused(ServiceAwardedTwice)
    given(*HELD, points_expired()).when(award()).then_refused(ServiceAwardedTwice)


def test_a_service_reversed_in_full_can_be_awarded_anew() -> None:
    given(*HELD, points_reversed()).when(award()).then(points_awarded(4))
    given(*HELD, points_reversed(points=19)).when(award()).then_refused(ServiceAwardedTwice)


def test_nobody_awards_points_to_themselves() -> None:
    own = replace(by(), actor_id=VOLUNTEER)
    given(account_opened()).when(award(who=own)).then_refused(AwardsOneself)


@pytest.mark.parametrize("points", [0, -1])
def test_an_award_must_be_positive(points: int) -> None:
    given(account_opened()).when(award(replace(AWARD, points=points))).then_refused(
        AmountNotPositive, points=points
    )


def test_a_day_counts_no_more_minutes_than_the_policy_allows() -> None:
    second = replace(AWARD, service_id=SECOND_SERVICE, minutes=360)
    given(*HELD).when(award(second)).then(points_awarded(3, service_id=SECOND_SERVICE, minutes=360))
    given(*HELD).when(award(replace(second, minutes=361))).then_refused(
        ServiceTimeExceedsDay, asked_minutes=361, served_minutes=120, minutes_a_day_max=480
    )


def test_points_are_reversed_for_a_reason() -> None:
    given(*HELD).when(reverse()).then(points_reversed())
    given(*HELD).when(reverse(1)).then(points_reversed(points=1))
    given(*HELD).when(reverse(who=by())).then_refused(ReasonMissing)


def test_no_more_is_reversed_than_was_awarded() -> None:
    given(*HELD).when(reverse(21)).then_refused(
        ReversalExceedsAward, asked_points=21, awarded_points=20
    )
    given(*HELD, points_reversed(points=5)).when(reverse(16)).then_refused(
        ReversalExceedsAward, asked_points=16, awarded_points=15
    )
    given(account_opened()).when(reverse()).then_refused(ServiceNeverAwarded)
    given(*HELD, points_reversed()).when(reverse()).then_refused(ServiceNeverAwarded)
    given(*HELD).when(reverse(0)).then_refused(AmountNotPositive, points=0)


def test_no_more_is_reversed_than_the_account_holds() -> None:
    given(*HELD, points_redeemed(points=5)).when(reverse(16)).then_refused(
        ReversalExceedsBalance, asked_points=16, held_points=15
    )


def test_points_expire_after_their_last_day() -> None:
    after = EXPIRES_ON + timedelta(days=1)
    given(*HELD).when(expire(after)).then(points_expired(before=after))
    given(*HELD).when(expire(EXPIRES_ON)).then_refused(
        NothingToExpire, before=EXPIRES_ON.isoformat()
    )
    given(*HELD, points_expired()).when(expire(after)).then_refused(
        NothingToExpire, before=after.isoformat()
    )


def test_only_what_was_not_spent_expires_oldest_points_first() -> None:
    sooner = points_awarded(
        3, service_id=SECOND_SERVICE, points=10, expires_on=EXPIRES_ON - timedelta(days=100)
    )
    given(*HELD, sooner, points_redeemed(4, points=7)).when(expire(EXPIRES_ON)).then(
        points_expired(5, points=3, before=EXPIRES_ON)
    )


def test_the_next_expiry_is_that_of_the_oldest_lot() -> None:
    assert replay(HELD).next_expiry_on == EXPIRES_ON
    assert replay([account_opened()]).next_expiry_on is None


def test_points_are_redeemed_to_the_last_one() -> None:
    given(*HELD).when(redeem()).then(points_redeemed())
    given(*HELD).when(redeem(21)).then_refused(
        RedemptionExceedsBalance, asked_points=21, held_points=20
    )
    given(*HELD).when(redeem(0)).then_refused(AmountNotPositive, points=0)


def test_points_past_their_last_day_buy_nothing_even_before_they_are_struck_off() -> None:
    last_day = at(AT.replace(year=2028, day=2))
    given(*HELD).when(redeem(who=last_day)).then(
        replace(points_redeemed(), timestamp=last_day.at, by=last_day)
    )
    given(*HELD).when(redeem(who=at(AT.replace(year=2028, day=3)))).then_refused(
        RedemptionExceedsBalance, asked_points=20, held_points=0
    )


def test_an_order_is_placed_once() -> None:
    given(*HELD, points_redeemed(points=1)).when(redeem(1)).then_refused(OrderPlacedTwice)


def test_an_order_called_off_gives_its_points_back_once() -> None:
    given(*HELD, points_redeemed()).when(take_back()).then(points_returned())
    given(*HELD, points_redeemed()).when(take_back(by())).then_refused(ReasonMissing)
    given(*HELD).when(take_back()).then_refused(OrderUnknown)
    given(*HELD, points_redeemed(), points_returned()).when(take_back()).then_refused(OrderUnknown)


def test_points_given_back_keep_their_last_day() -> None:
    account: PointsAccount = replay([*HELD, points_redeemed(points=5), points_returned(points=5)])
    assert account.next_expiry_on == EXPIRES_ON
    assert account.balance_points == 20


def test_points_of_a_reversed_award_that_come_back_can_still_expire() -> None:
    second = points_awarded(3, service_id=SECOND_SERVICE)
    history = (*HELD, second, points_redeemed(4), points_reversed(5), points_returned(6))
    after = EXPIRES_ON + timedelta(days=1)
    given(*history).when(expire(after)).then(points_expired(7, before=after))


def test_history_may_overspend_and_later_awards_make_it_good() -> None:
    told, marked = as_history(by()), as_history(by(), "redemption-exceeds-balance")
    overspent = replace(points_redeemed(points=25), by=marked)
    given(*HELD).when(redeem(25, who=told)).then(overspent)

    account: PointsAccount = replay([*HELD, overspent])
    assert account.balance_points == -5
    award(replace(AWARD, service_id=SECOND_SERVICE))(account)
    assert account.balance_points == account.spendable_points(on=DAY) == 15
    take_back()(account)
    assert account.balance_points == 40


@pytest.mark.parametrize(
    ("minutes", "points"), [(60, 10), (59, 9), (120, 20), (5, 0), (6, 1), (0, 0)]
)
def test_points_by_the_hour_are_rounded_down(minutes: int, points: int) -> None:
    assert points_for(minutes, points_per_hour=10) == points


@pytest.mark.parametrize(
    ("day", "months", "last_day"),
    [
        (date(2026, 3, 2), 24, date(2028, 3, 2)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
    ],
)
def test_validity_counts_in_calendar_months(day: date, months: int, last_day: date) -> None:
    assert valid_until(day, months=months) == last_day


# Any sequence -------------------------------------------------------------------------

SMALL = st.integers(min_value=0, max_value=5)
AMOUNT = st.integers(min_value=-1, max_value=30)
LATER = st.integers(min_value=0, max_value=40)


def _at(day: int, who: By) -> By:
    return replace(who, at=AT + timedelta(days=day))


STEPS = st.lists(
    st.one_of(
        st.builds(
            lambda n, points, day: award(
                replace(
                    AWARD,
                    service_id=UUID(int=n),
                    points=points,
                    expires_on=DAY + timedelta(days=day),
                )
            ),
            SMALL,
            AMOUNT,
            LATER,
        ),
        st.builds(
            lambda n, points, day: reverse(points, _at(day, WITH_REASON), UUID(int=n)),
            SMALL,
            AMOUNT,
            LATER,
        ),
        st.builds(lambda day: expire(DAY + timedelta(days=day)), LATER),
        st.builds(
            lambda n, points, day: redeem(points, _at(day, by()), UUID(int=n)),
            SMALL,
            AMOUNT,
            LATER,
        ),
        st.builds(lambda n: take_back(order_id=UUID(int=n)), SMALL),
    ),
    max_size=25,
)

SIGNS: dict[type[Event], int] = {
    PointsAccount.PointsAwarded: 1,
    PointsAccount.PointsReturned: 1,
    PointsAccount.PointsReversed: -1,
    PointsAccount.PointsExpired: -1,
    PointsAccount.PointsRedeemed: -1,
}


@for_all(steps=STEPS)
def test_no_sequence_makes_or_loses_points_and_replay_equals_live(steps: list[Step]) -> None:
    account = PointsAccount.open(by(), volunteer_id=VOLUNTEER, community_id=COMMUNITY)
    for step in steps:
        with suppress(RuleViolated):
            step(account)
        assert account.balance_points >= 0
    events: list[Event] = list(account.collect_events())  # type: ignore[arg-type]

    moved = sum(SIGNS.get(type(event), 0) * getattr(event, "points", 0) for event in events)
    assert account.balance_points == moved
    assert account.unlotted_points == 0
    assert state_of(replay(events)) == state_of(account)


@for_all(steps=STEPS)
def test_a_snapshot_gives_the_same_state_in_the_same_order(steps: list[Step]) -> None:
    account = PointsAccount.open(by(), volunteer_id=VOLUNTEER, community_id=COMMUNITY)
    for step in steps:
        with suppress(RuleViolated):
            step(account)
    copy = PointsAccount.__new__(PointsAccount)
    copy.restore(orjson.loads(orjson.dumps(account.to_snapshot())))

    assert copy.to_snapshot() == account.to_snapshot()
    restored = {name: value for name, value in vars(copy).items() if name != "_pending_events"}
    assert restored == {name: vars(account)[name] for name in restored}
    assert list(copy.lots) == list(account.lots)
