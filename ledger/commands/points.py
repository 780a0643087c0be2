"""Open points accounts, award what verified services earned, take it back, let it run out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.commands.activities import Minutes
from ledger.commands.policies import policies_of
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import NotFound
from ledger.core.times import NoUndo, decision, fact, reaction
from ledger.core.values import Code, Day, Points, derived_id
from ledger.points import (
    Activity,
    PointsAccount,
    PointsAccountExists,
    ServiceAward,
    ServiceNotVerified,
    account_id_of,
    points_for,
    valid_until,
)
from ledger.policies import PolicyBook
from ledger.storage.ledger import Ledger, Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPointsAccount:
    """Open the one points account of a volunteer, known here by a pseudonymous id only."""

    volunteer_id: UUID
    community_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardPoints:
    """Give the points that a volunteer's verified service at an activity earned."""

    account_id: UUID
    activity_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPastAward:
    """Take over an award from older books; ``reference`` is what it is known by there.

    Only as imported history: the entry is marked, because nobody verified the service here.
    """

    account_id: UUID
    reference: Code
    kind: Code
    served_on: Day
    minutes: Minutes
    points: Points


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversePoints:
    """Take back points that were awarded for a service; needs a reason."""

    account_id: UUID
    service_id: UUID
    points: Points


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpirePoints:
    """Let the points run out whose last day was before the day on which this happens."""

    account_id: UUID


@decision(undo=NoUndo("an account without points stays empty"))
async def open_points_account(command: OpenPointsAccount, ledger: Ledger, by: By) -> Recorded:
    """Open the account; its id follows from the volunteer's."""
    if await ledger.find(PointsAccount, account_id_of(command.volunteer_id)):
        raise PointsAccountExists()
    account = PointsAccount.open(
        by, volunteer_id=command.volunteer_id, community_id=command.community_id
    )
    return await ledger.save(account)


@decision(undo="reverse_points")
async def award_points(command: AwardPoints, ledger: Ledger, by: By) -> Recorded:
    """Award by the rule that held on the day of the service.

    The activity is consulted, so a verification withdrawn meanwhile is a conflict.
    """
    book = await policies_of(ledger)
    account = await ledger.load(PointsAccount, command.account_id)
    activity = await ledger.consult(Activity, command.activity_id)
    if activity is None:
        raise NotFound(kind=Activity.TOPIC, id=str(command.activity_id))
    served_on, minutes = activity.verified_service(account.volunteer_id)
    rule = f"points.per_hour.{activity.plan.kind}"
    points_per_hour = book.number(rule, on=served_on)
    award = ServiceAward(
        service_id=service_id_of(command.activity_id, account.volunteer_id),
        activity_id=command.activity_id,
        served_on=served_on,
        minutes=minutes,
        rule=rule,
        points=points_for(minutes, points_per_hour=points_per_hour),
        expires_on=_last_day(book, served_on),
    )
    account.award(by.under(book.version), award, minutes_a_day_max=_day_limit(book, served_on))
    return await ledger.save(account)


@fact(undo="reverse_points")
async def record_past_award(command: RecordPastAward, ledger: Ledger, by: By) -> Recorded:
    """Record the award as the older books have it."""
    book = await policies_of(ledger)
    account = await ledger.load(PointsAccount, command.account_id)
    by = by.refuse(ServiceNotVerified()).under(book.version)
    award = ServiceAward(
        service_id=derived_id("service", command.reference),
        activity_id=None,
        served_on=command.served_on,
        minutes=command.minutes,
        rule=f"points.per_hour.{command.kind}",
        points=command.points,
        expires_on=_last_day(book, command.served_on),
    )
    account.award(by, award, minutes_a_day_max=_day_limit(book, command.served_on))
    return await ledger.save(account)


@decision(undo=NoUndo("it is itself a taking back; the points are awarded anew"))
async def reverse_points(command: ReversePoints, ledger: Ledger, by: By) -> Recorded:
    """Reverse points of one award."""
    account = await ledger.load(PointsAccount, command.account_id)
    account.reverse(by, service_id=command.service_id, points=command.points)
    return await ledger.save(account)


@reaction()
async def expire_points(command: ExpirePoints, ledger: Ledger, by: By) -> Recorded:
    """Expire what ran out before today."""
    account = await ledger.load(PointsAccount, command.account_id)
    account.expire(by, before=local_day(by.at))
    return await ledger.save(account)


def service_id_of(activity_id: UUID, volunteer_id: UUID) -> UUID:
    """Return the id of the one service that a volunteer has at an activity."""
    return derived_id("service", f"{activity_id}:{volunteer_id}")


def _last_day(book: PolicyBook, served_on: date) -> date:
    return valid_until(served_on, months=book.number("points.validity_months", on=served_on))


def _day_limit(book: PolicyBook, served_on: date) -> int:
    return book.number("points.service_minutes_a_day_max", on=served_on)
