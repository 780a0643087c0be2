"""Volunteer points: an activity, the account of who served there, a bag of rice in the shop."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from ledger.core.aggregate import By, Event
from ledger.points import Activity, PointsAccount, ShopItem, account_id_of, item_id_of
from tests.examples import AT, by

ACTIVITY = UUID(int=100)
ORGANISER = UUID(int=101)
ESTATE = UUID(int=102)
COMMUNITY = UUID(int=103)
SHOP = UUID(int=104)
DONOR = UUID(int=105)
VOLUNTEER = UUID(int=110)
OTHER_VOLUNTEER = UUID(int=111)
ORDER = UUID(int=120)
SERVICE = UUID(int=130)
ACCOUNT = account_id_of(VOLUNTEER)
ITEM = item_id_of(SHOP, "rice-5kg")

STARTS_AT = AT
ENDS_AT = AT + timedelta(hours=2)
DAY = date(2026, 3, 2)
EXPIRES_ON = date(2028, 3, 2)

WITH_REASON = by(reason="记录有误")


def at(moment: datetime, *, number: int = 1, reason: str = "") -> By:
    return by(number, at=moment, reason=reason)


def _fields(stream_id: UUID, version: int, who: By) -> dict[str, Any]:
    return {
        "originator_id": stream_id,
        "originator_version": version,
        "timestamp": who.at,
        "by": who,
    }


# Activity -----------------------------------------------------------------------------


def opened(*, capacity: int = 20, kind: str = "cleaning") -> Activity.Opened:
    return Activity.Opened(
        **_fields(ACTIVITY, 1, by()),
        originator_topic=Activity.TOPIC,
        organiser_id=ORGANISER,
        place_id=ESTATE,
        kind=kind,
        title="清扫楼道",
        starts_at=STARTS_AT,
        ends_at=ENDS_AT,
        capacity=capacity,
    )


def checked_in(
    version: int = 2, *, volunteer_id: UUID = VOLUNTEER, who: By | None = None
) -> Activity.CheckedIn:
    return Activity.CheckedIn(
        **_fields(ACTIVITY, version, who or at(STARTS_AT)), volunteer_id=volunteer_id
    )


def checked_out(
    version: int = 3, *, volunteer_id: UUID = VOLUNTEER, who: By | None = None
) -> Activity.CheckedOut:
    return Activity.CheckedOut(
        **_fields(ACTIVITY, version, who or at(ENDS_AT)), volunteer_id=volunteer_id
    )


def service_verified(
    version: int = 4,
    *,
    volunteer_id: UUID = VOLUNTEER,
    minutes: int = 120,
    who: By | None = None,
) -> Activity.ServiceVerified:
    return Activity.ServiceVerified(
        **_fields(ACTIVITY, version, who or by()), volunteer_id=volunteer_id, minutes=minutes
    )


def service_rejected(version: int = 4) -> Activity.ServiceRejected:
    return Activity.ServiceRejected(
        **_fields(ACTIVITY, version, WITH_REASON), volunteer_id=VOLUNTEER
    )


def verification_withdrawn(version: int = 5) -> Activity.VerificationWithdrawn:
    return Activity.VerificationWithdrawn(
        **_fields(ACTIVITY, version, WITH_REASON), volunteer_id=VOLUNTEER
    )


def cancelled(version: int = 2) -> Activity.Cancelled:
    return Activity.Cancelled(**_fields(ACTIVITY, version, WITH_REASON))


def closed(version: int = 2) -> Activity.Closed:
    return Activity.Closed(**_fields(ACTIVITY, version, at(ENDS_AT)))


# Account ------------------------------------------------------------------------------


def account_opened() -> PointsAccount.Opened:
    return PointsAccount.Opened(
        **_fields(ACCOUNT, 1, by()),
        originator_topic=PointsAccount.TOPIC,
        volunteer_id=VOLUNTEER,
        community_id=COMMUNITY,
    )


def points_awarded(
    version: int = 2,
    *,
    service_id: UUID = SERVICE,
    points: int = 20,
    minutes: int = 120,
    expires_on: date = EXPIRES_ON,
) -> PointsAccount.PointsAwarded:
    return PointsAccount.PointsAwarded(
        **_fields(ACCOUNT, version, by()),
        service_id=service_id,
        activity_id=ACTIVITY,
        served_on=DAY,
        minutes=minutes,
        rule="points.per_hour.cleaning",
        points=points,
        expires_on=expires_on,
    )


def points_reversed(version: int = 3, *, points: int = 20) -> PointsAccount.PointsReversed:
    return PointsAccount.PointsReversed(
        **_fields(ACCOUNT, version, WITH_REASON), service_id=SERVICE, points=points
    )


def points_expired(
    version: int = 3, *, points: int = 20, before: date = date(2028, 3, 3)
) -> PointsAccount.PointsExpired:
    return PointsAccount.PointsExpired(
        **_fields(ACCOUNT, version, by()), before=before, points=points
    )


def points_redeemed(
    version: int = 3, *, order_id: UUID = ORDER, points: int = 20, pieces: int = 1
) -> PointsAccount.PointsRedeemed:
    return PointsAccount.PointsRedeemed(
        **_fields(ACCOUNT, version, by()),
        order_id=order_id,
        item_id=ITEM,
        pieces=pieces,
        points=points,
    )


def points_returned(version: int = 4, *, points: int = 20) -> PointsAccount.PointsReturned:
    return PointsAccount.PointsReturned(
        **_fields(ACCOUNT, version, WITH_REASON), order_id=ORDER, points=points
    )


# Shop ---------------------------------------------------------------------------------


def listed(*, price_points: int = 20) -> ShopItem.Listed:
    return ShopItem.Listed(
        **_fields(ITEM, 1, by()),
        originator_topic=ShopItem.TOPIC,
        shop_id=SHOP,
        code="rice-5kg",
        name="大米5公斤",
        price_points=price_points,
    )


def goods_received(version: int = 2, *, pieces: int = 10) -> ShopItem.GoodsReceived:
    return ShopItem.GoodsReceived(**_fields(ITEM, version, by()), pieces=pieces, donor_id=DONOR)


def priced(version: int = 3, *, price_points: int = 30) -> ShopItem.Priced:
    return ShopItem.Priced(**_fields(ITEM, version, by()), price_points=price_points)


def reserved(
    version: int = 3, *, order_id: UUID = ORDER, pieces: int = 1, points: int = 20
) -> ShopItem.Reserved:
    return ShopItem.Reserved(
        **_fields(ITEM, version, by()),
        order_id=order_id,
        volunteer_id=VOLUNTEER,
        pieces=pieces,
        points=points,
    )


def issued(version: int = 4, *, order_id: UUID = ORDER) -> ShopItem.Issued:
    return ShopItem.Issued(
        **_fields(ITEM, version, by()),
        order_id=order_id,
        returnable_until=DAY + timedelta(days=7),
    )


def redemption_cancelled(version: int = 4) -> ShopItem.RedemptionCancelled:
    return ShopItem.RedemptionCancelled(**_fields(ITEM, version, WITH_REASON), order_id=ORDER)


def goods_returned(version: int = 5, *, who: By = WITH_REASON) -> ShopItem.GoodsReturned:
    return ShopItem.GoodsReturned(**_fields(ITEM, version, who), order_id=ORDER)


def stock_counted(version: int = 3, *, counted_pieces: int = 9) -> ShopItem.StockCounted:
    return ShopItem.StockCounted(**_fields(ITEM, version, by()), counted_pieces=counted_pieces)


def stock_adjusted(version: int = 3, *, difference_pieces: int = -1) -> ShopItem.StockAdjusted:
    return ShopItem.StockAdjusted(
        **_fields(ITEM, version, WITH_REASON), difference_pieces=difference_pieces
    )


def withdrawn(version: int = 3) -> ShopItem.Withdrawn:
    return ShopItem.Withdrawn(**_fields(ITEM, version, WITH_REASON))


def as_history(who: By, *breaches: str) -> By:
    """The same person telling of what happened before the ledger knew."""
    return replace(who, is_history=True, breaches=breaches)


EXAMPLES: tuple[Event, ...] = (
    opened(),
    checked_in(),
    checked_out(),
    service_verified(),
    service_rejected(),
    verification_withdrawn(),
    cancelled(),
    closed(),
    account_opened(),
    points_awarded(),
    points_reversed(),
    points_expired(),
    points_redeemed(),
    points_returned(),
    listed(),
    goods_received(),
    priced(),
    reserved(),
    issued(),
    redemption_cancelled(),
    goods_returned(),
    stock_counted(),
    stock_adjusted(),
    withdrawn(),
)
