"""Volunteers who serve, earn and spend, through the real commands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from ledger.commands.activities import (
    CheckInVolunteer,
    CheckOutVolunteer,
    OpenActivity,
    VerifyService,
    check_in_volunteer,
    check_out_volunteer,
    open_activity,
    verify_service,
)
from ledger.commands.points import AwardPoints, OpenPointsAccount, award_points, open_points_account
from ledger.commands.policies import AdoptStandardPolicies, adopt_standard_policies
from ledger.commands.shop import ListShopItem, ReceiveGoods, list_shop_item, receive_goods
from ledger.core.aggregate import By
from ledger.storage.ledger import Ledger
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
    at,
)

VERIFIER = UUID(int=2)
CLEANING = OpenActivity(
    organiser_id=ORGANISER,
    place_id=ESTATE,
    kind="cleaning",
    title="清扫楼道",
    starts_at=STARTS_AT,
    ends_at=ENDS_AT,
    capacity=20,
)
POINTS_OF_CLEANING = 20


def days_later(days: float, *, reason: str = "") -> By:
    """The verifier, some days after the activity."""
    return at(ENDS_AT + timedelta(days=days), number=VERIFIER.int, reason=reason)


async def attended(
    ledger: Ledger,
    volunteer_id: UUID = VOLUNTEER,
    *,
    days: float = 0,
    place_id: UUID = ESTATE,
) -> UUID:
    """Return the id of an activity, some days later, at which the volunteer was for two hours."""
    shift = timedelta(days=days)
    plan = replace(
        CLEANING, place_id=place_id, starts_at=STARTS_AT + shift, ends_at=ENDS_AT + shift
    )
    activity_id = (await open_activity(plan, ledger, by())).id
    attending = {"activity_id": activity_id, "volunteer_id": volunteer_id}
    await check_in_volunteer(CheckInVolunteer(**attending), ledger, at(STARTS_AT + shift))
    await check_out_volunteer(CheckOutVolunteer(**attending), ledger, at(ENDS_AT + shift))
    return activity_id


async def served(
    ledger: Ledger,
    volunteer_id: UUID = VOLUNTEER,
    *,
    days: float = 0,
    place_id: UUID = ESTATE,
) -> UUID:
    """Return the id of an activity at which the volunteer's two hours are verified."""
    activity_id = await attended(ledger, volunteer_id, days=days, place_id=place_id)
    verify = VerifyService(activity_id=activity_id, volunteer_id=volunteer_id, minutes=120)
    await verify_service(verify, ledger, days_later(days + 0.1))
    return activity_id


async def opened_account(
    ledger: Ledger, volunteer_id: UUID = VOLUNTEER, community_id: UUID = COMMUNITY
) -> UUID:
    """Return the id of an account with nothing on it."""
    opening = OpenPointsAccount(volunteer_id=volunteer_id, community_id=community_id)
    return (await open_points_account(opening, ledger, by())).id


async def earned(
    ledger: Ledger,
    account_id: UUID,
    volunteer_id: UUID = VOLUNTEER,
    *,
    days: float = 0,
    place_id: UUID = ESTATE,
) -> UUID:
    """Return the activity that brought the account the 20 points of two hours of cleaning."""
    activity_id = await served(ledger, volunteer_id, days=days, place_id=place_id)
    command = AwardPoints(account_id=account_id, activity_id=activity_id)
    await award_points(command, ledger, days_later(days + 0.2))
    return activity_id


async def stocked(ledger: Ledger, *, pieces: int = 5, price_points: int = 20) -> UUID:
    """Return the id of an item with pieces on the shelf."""
    listing = ListShopItem(shop_id=SHOP, code="rice-5kg", name="大米", price_points=price_points)
    item_id = (await list_shop_item(listing, ledger, by())).id
    receipt = ReceiveGoods(item_id=item_id, pieces=pieces, donor_id=DONOR)
    await receive_goods(receipt, ledger, by())
    return item_id


async def open_town(ledger: Ledger) -> None:
    """Adopt the standard policies."""
    await adopt_standard_policies(AdoptStandardPolicies(), ledger, by())
