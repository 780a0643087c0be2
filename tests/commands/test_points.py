"""Volunteer points through their commands, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from ledger.commands.activities import (
    CancelActivity,
    CheckInVolunteer,
    CheckOutVolunteer,
    CloseActivity,
    OpenActivity,
    RejectService,
    VerifyService,
    WithdrawVerification,
    cancel_activity,
    check_in_volunteer,
    check_out_volunteer,
    close_activity,
    open_activity,
    reject_service,
    verify_service,
    withdraw_verification,
)
from ledger.commands.points import (
    AwardPoints,
    ExpirePoints,
    OpenPointsAccount,
    RecordPastAward,
    ReversePoints,
    award_points,
    expire_points,
    open_points_account,
    record_past_award,
    reverse_points,
    service_id_of,
)
from ledger.commands.policies import AdoptStandardPolicies, adopt_standard_policies
from ledger.commands.shop import (
    AdjustStock,
    CancelRedemption,
    CountStock,
    IssueGoods,
    ListShopItem,
    PriceShopItem,
    ReceiveGoods,
    RedeemPoints,
    ReturnGoods,
    WithdrawShopItem,
    adjust_stock,
    cancel_redemption,
    count_stock,
    issue_goods,
    list_shop_item,
    price_shop_item,
    receive_goods,
    redeem_points,
    return_goods,
    withdraw_shop_item,
)
from ledger.core.errors import Conflict, NotFound
from ledger.points import (
    Activity,
    ActivityKindUnknown,
    PointsAccount,
    PointsAccountExists,
    RedemptionExceedsBalance,
    RedemptionExceedsStock,
    ServiceAwardedTwice,
    ServiceNotVerified,
    ShopItem,
    ShopItemExists,
)
from ledger.storage.ledger import Ledger, Recorded
from tests.examples import by
from tests.examples.points import (
    COMMUNITY,
    DONOR,
    ENDS_AT,
    ESTATE,
    ORGANISER,
    SHOP,
    STARTS_AT,
    VOLUNTEER,
    WITH_REASON,
    at,
)

OPEN = OpenActivity(
    organiser_id=ORGANISER,
    place_id=ESTATE,
    kind="cleaning",
    title="清扫楼道",
    starts_at=STARTS_AT,
    ends_at=ENDS_AT,
    capacity=20,
)
LATER = at(ENDS_AT + timedelta(hours=1), number=2)


@pytest.fixture
async def shop(ledger: Ledger) -> Ledger:
    """A ledger with the standard policies."""
    await adopt_standard_policies(AdoptStandardPolicies(), ledger, by())
    return ledger


async def served(ledger: Ledger, volunteer_id: UUID = VOLUNTEER, *, minutes: int = 120) -> UUID:
    activity_id = (await open_activity(OPEN, ledger, by())).id
    attending = {"activity_id": activity_id, "volunteer_id": volunteer_id}
    await check_in_volunteer(CheckInVolunteer(**attending), ledger, at(STARTS_AT))
    await check_out_volunteer(CheckOutVolunteer(**attending), ledger, at(ENDS_AT))
    verify = VerifyService(activity_id=activity_id, volunteer_id=volunteer_id, minutes=minutes)
    await verify_service(verify, ledger, LATER)
    return activity_id


async def account_with_points(ledger: Ledger, volunteer_id: UUID = VOLUNTEER) -> UUID:
    """Open an account with the 20 points of two hours of cleaning."""
    opening = OpenPointsAccount(volunteer_id=volunteer_id, community_id=COMMUNITY)
    account_id = (await open_points_account(opening, ledger, by())).id
    activity_id = await served(ledger, volunteer_id)
    await award_points(AwardPoints(account_id=account_id, activity_id=activity_id), ledger, LATER)
    return account_id


async def item_with_stock(ledger: Ledger, pieces: int = 5, price_points: int = 20) -> UUID:
    listing = ListShopItem(shop_id=SHOP, code="rice-5kg", name="大米", price_points=price_points)
    item_id = (await list_shop_item(listing, ledger, by())).id
    await receive_goods(ReceiveGoods(item_id=item_id, pieces=pieces, donor_id=DONOR), ledger, by())
    return item_id


async def until_settled(attempt: Callable[[], Awaitable[Recorded]]) -> Recorded:
    """Ask again after each conflict, as every entrance does."""
    for _ in range(50):
        try:
            return await attempt()
        except Conflict:
            continue
    raise AssertionError("fifty conflicts in a row")


async def test_a_verified_service_earns_points_by_the_rule_of_its_kind(shop: Ledger) -> None:
    account_id = await account_with_points(shop)
    account = await shop.load(PointsAccount, account_id)

    assert account.balance_points == 20
    assert account.volunteer_id == VOLUNTEER


async def test_the_award_names_the_rule_and_the_policy_version(shop: Ledger) -> None:
    account_id = await account_with_points(shop)
    activity_id = await served(shop)
    recorded = await award_points(
        AwardPoints(account_id=account_id, activity_id=activity_id), shop, LATER
    )

    (event,) = recorded.events
    assert isinstance(event, PointsAccount.PointsAwarded)
    assert event.rule == "points.per_hour.cleaning"
    assert event.service_id == service_id_of(activity_id, VOLUNTEER)
    assert event.by.policy_version > 0


async def test_a_service_is_not_awarded_twice_also_by_two_at_once(shop: Ledger) -> None:
    opening = OpenPointsAccount(volunteer_id=VOLUNTEER, community_id=COMMUNITY)
    account_id = (await open_points_account(opening, shop, by())).id
    command = AwardPoints(account_id=account_id, activity_id=await served(shop))

    outcomes = await asyncio.gather(
        *(until_settled(lambda: award_points(command, shop, LATER)) for _ in range(4)),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, Recorded) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, ServiceAwardedTwice) for outcome in outcomes) == 3
    assert (await shop.load(PointsAccount, account_id)).balance_points == 20


async def test_only_a_verified_service_earns_points(shop: Ledger) -> None:
    account_id = await account_with_points(shop)
    activity_id = (await open_activity(OPEN, shop, by())).id
    with pytest.raises(ServiceNotVerified):
        await award_points(AwardPoints(account_id=account_id, activity_id=activity_id), shop, LATER)
    with pytest.raises(NotFound):
        await award_points(AwardPoints(account_id=account_id, activity_id=uuid4()), shop, LATER)


async def test_an_award_does_not_slip_past_a_verification_being_withdrawn(shop: Ledger) -> None:
    account_id = await account_with_points(shop)
    activity_id = await served(shop)
    awarding, withdrawing = shop.for_request(), shop.for_request()
    await awarding.consult(Activity, activity_id)  # reads the verification, as an award does
    withdrawal = WithdrawVerification(activity_id=activity_id, volunteer_id=VOLUNTEER)
    await withdraw_verification(withdrawal, withdrawing, WITH_REASON)

    account = await awarding.load(PointsAccount, account_id)
    account.reverse(WITH_REASON, service_id=next(iter(account.awards)), points=1)
    with pytest.raises(Conflict):
        await awarding.save(account)


async def test_an_activity_needs_a_listed_kind(shop: Ledger) -> None:
    with pytest.raises(ActivityKindUnknown):
        await open_activity(replace(OPEN, kind="dancing"), shop, by())


async def test_a_service_is_rejected_and_a_verification_withdrawn(shop: Ledger) -> None:
    activity_id = await served(shop)
    of_service = {"activity_id": activity_id, "volunteer_id": VOLUNTEER}
    await withdraw_verification(WithdrawVerification(**of_service), shop, WITH_REASON)
    await reject_service(RejectService(**of_service), shop, WITH_REASON)
    activity = await shop.load(Activity, activity_id)
    assert activity.services[VOLUNTEER].is_rejected


async def test_an_activity_is_cancelled_or_closed(shop: Ledger) -> None:
    cancelled_id = (await open_activity(OPEN, shop, by())).id
    await cancel_activity(CancelActivity(activity_id=cancelled_id), shop, WITH_REASON)
    closed_id = await served(shop)
    await close_activity(CloseActivity(activity_id=closed_id), shop, LATER)
    assert (await shop.load(Activity, cancelled_id)).is_cancelled
    assert (await shop.load(Activity, closed_id)).is_closed


async def test_a_volunteer_has_one_account_and_a_shop_one_item_a_code(shop: Ledger) -> None:
    await account_with_points(shop)
    with pytest.raises(PointsAccountExists):
        await account_with_points(shop)
    await item_with_stock(shop)
    with pytest.raises(ShopItemExists):
        await item_with_stock(shop)


async def test_an_award_from_older_books_is_marked_and_only_history(shop: Ledger) -> None:
    account_id = await account_with_points(shop)
    command = RecordPastAward(
        account_id=account_id,
        reference="2024-0017",
        kind="patrol",
        served_on=STARTS_AT.date(),
        minutes=60,
        points=12,
    )
    with pytest.raises(ServiceNotVerified):
        await record_past_award(command, shop, by())
    recorded = await record_past_award(command, shop, replace(by(), is_history=True))
    assert recorded.events[0].by.breaches == ("service-not-verified",)
    with pytest.raises(ServiceAwardedTwice):
        await record_past_award(command, shop, replace(by(), is_history=True))


async def test_points_are_reversed_and_expire(shop: Ledger) -> None:
    account_id = await account_with_points(shop)
    account = await shop.load(PointsAccount, account_id)
    (service_id,) = account.awards
    reversing = ReversePoints(account_id=account_id, service_id=service_id, points=5)
    await reverse_points(reversing, shop, WITH_REASON)
    last_day = next(iter(account.lots.values())).expires_on
    after = datetime.combine(last_day + timedelta(days=1), STARTS_AT.timetz())
    await expire_points(ExpirePoints(account_id=account_id), shop, at(after))
    assert (await shop.load(PointsAccount, account_id)).balance_points == 0


async def test_an_order_takes_points_and_pieces_together_and_gives_both_back(
    shop: Ledger,
) -> None:
    account_id, item_id = await account_with_points(shop), await item_with_stock(shop)
    order = {"item_id": item_id, "order_id": uuid4()}
    await redeem_points(RedeemPoints(account_id=account_id, pieces=1, **order), shop, LATER)
    assert await _held(shop, account_id, item_id) == Held(0, 4, 1)
    await cancel_redemption(CancelRedemption(**order), shop, WITH_REASON)
    assert await _held(shop, account_id, item_id) == Held(20, 5, 0)

    order = {"item_id": item_id, "order_id": uuid4()}
    await redeem_points(RedeemPoints(account_id=account_id, pieces=1, **order), shop, LATER)
    await issue_goods(IssueGoods(**order), shop, LATER)
    assert await _held(shop, account_id, item_id) == Held(0, 4, 0)
    await return_goods(ReturnGoods(**order), shop, replace(LATER, reason="包装破损"))
    assert await _held(shop, account_id, item_id) == Held(20, 5, 0)


async def test_a_refused_redemption_leaves_points_and_pieces_alone(shop: Ledger) -> None:
    account_id, item_id = await account_with_points(shop), await item_with_stock(shop)
    asked = RedeemPoints(account_id=account_id, item_id=item_id, pieces=2)
    with pytest.raises(RedemptionExceedsBalance):
        await redeem_points(asked, shop, LATER)
    with pytest.raises(RedemptionExceedsStock):
        await redeem_points(replace(asked, pieces=6), shop, LATER)
    assert await _held(shop, account_id, item_id) == Held(20, 5, 0)


async def test_of_many_who_want_the_last_piece_at_once_exactly_one_gets_it(shop: Ledger) -> None:
    accounts = [await account_with_points(shop, uuid4()) for _ in range(5)]
    item_id = await item_with_stock(shop, pieces=1)

    outcomes = await asyncio.gather(
        *(
            until_settled(
                lambda account_id=account_id: redeem_points(  # type: ignore[misc]
                    RedeemPoints(account_id=account_id, item_id=item_id, pieces=1), shop, LATER
                )
            )
            for account_id in accounts
        ),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, Recorded) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, RedemptionExceedsStock) for outcome in outcomes) == 4
    balances = [(await shop.load(PointsAccount, one)).balance_points for one in accounts]
    assert sorted(balances) == [0, 20, 20, 20, 20]
    assert (await shop.load(ShopItem, item_id)).free_pieces == 0


async def test_one_balance_is_not_spent_twice_at_once(shop: Ledger) -> None:
    account_id, item_id = await account_with_points(shop), await item_with_stock(shop)
    asked = RedeemPoints(account_id=account_id, item_id=item_id, pieces=1)

    outcomes = await asyncio.gather(
        *(until_settled(lambda: redeem_points(asked, shop, LATER)) for _ in range(4)),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, Recorded) for outcome in outcomes) == 1
    assert await _held(shop, account_id, item_id) == Held(0, 4, 1)


async def test_stock_is_priced_counted_adjusted_and_withdrawn(shop: Ledger) -> None:
    item_id = await item_with_stock(shop)
    await price_shop_item(PriceShopItem(item_id=item_id, price_points=25), shop, by())
    await count_stock(CountStock(item_id=item_id, counted_pieces=4), shop, by())
    await adjust_stock(AdjustStock(item_id=item_id, difference_pieces=-1), shop, WITH_REASON)
    await withdraw_shop_item(WithdrawShopItem(item_id=item_id), shop, WITH_REASON)
    item = await shop.load(ShopItem, item_id)
    assert (item.price_points, item.counted_pieces, item.free_pieces) == (25, 4, 4)
    assert item.is_withdrawn


async def test_a_long_account_loads_from_its_snapshot_as_from_its_events(shop: Ledger) -> None:
    account_id, item_id = await account_with_points(shop), await item_with_stock(shop)
    for _ in range(60):
        order = {"item_id": item_id, "order_id": uuid4()}
        await redeem_points(RedeemPoints(account_id=account_id, pieces=1, **order), shop, LATER)
        await cancel_redemption(CancelRedemption(**order), shop, WITH_REASON)
    read = await shop.load(PointsAccount, account_id)  # writes the snapshot
    from_snapshot = await shop.load(PointsAccount, account_id)
    assert from_snapshot.version == read.version == 122
    assert from_snapshot.to_snapshot() == read.to_snapshot()
    assert from_snapshot.balance_points == 20


@dataclass(frozen=True)
class Held:
    points: int
    free_pieces: int
    reserved_pieces: int


async def _held(ledger: Ledger, account_id: UUID, item_id: UUID) -> Held:
    account, item = (
        await ledger.load(PointsAccount, account_id),
        await ledger.load(ShopItem, item_id),
    )
    return Held(account.balance_points, item.free_pieces, item.reserved_pieces)
