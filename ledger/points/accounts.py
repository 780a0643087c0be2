"""Points accounts: what one volunteer earned, spent, lost and still holds.

Points lie in lots, one an award, each with a last day. Spending takes the lot
that runs out first; goods brought back put the points where they came from.
What is remembered grows with the number of services and orders, not with the
movements, and is small enough for a snapshot.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import AmountNotPositive
from ledger.core.guards import persons
from ledger.core.values import derived_id
from ledger.points.errors import (
    AwardsOneself,
    NothingToExpire,
    OrderPlacedTwice,
    OrderUnknown,
    RedemptionExceedsBalance,
    ReversalExceedsAward,
    ReversalExceedsBalance,
    ServiceAwardedTwice,
    ServiceNeverAwarded,
    ServiceTimeExceedsDay,
)

MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAward:
    """What one service is worth under one rule; ``expires_on`` is the points' last day."""

    service_id: UUID
    activity_id: UUID | None
    served_on: date
    minutes: int
    rule: str
    points: int
    expires_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Points that are still there, of one award."""

    expires_on: date
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Awarded:
    """What is remembered of an award: ``points`` is what can still be reversed of it."""

    served_on: date
    minutes: int
    points: int


Taken: TypeAlias = tuple[tuple[UUID | None, date, int], ...]
"""Where an order's points came from: lot, its last day, points (no lot: overdrawn)."""


def points_for(minutes: int, *, points_per_hour: int) -> int:
    """Return the points that a service of some minutes earns, rounded down."""
    return minutes * points_per_hour // 60


def valid_until(day: date, *, months: int) -> date:
    """Return the last day on which points from ``day`` count, some months later."""
    years, month = divmod(day.month - 1 + months, MONTHS_A_YEAR)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def account_id_of(volunteer_id: UUID) -> UUID:
    """Return the id of the one account that a volunteer has."""
    return derived_id("points-account", str(volunteer_id))


class PointsAccount(core.Aggregate):
    """One volunteer's points. The volunteer is a pseudonymous id; no name is kept here."""

    TOPIC = "points_account"
    SNAPSHOT_VERSION = 1

    # Events: what can happen to a points account --------------------------------------

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of a points account."""

    @dataclass(frozen=True, kw_only=True)
    class Opened(Event, core.Created):
        """A volunteer of a community got an account."""

        TOPIC = "points_account.opened.v1"

        volunteer_id: UUID
        community_id: UUID

    @dataclass(frozen=True, kw_only=True)
    class PointsAwarded(Event):
        """A service earned points by a rule of the policy book."""

        TOPIC = "points_account.points_awarded.v1"

        service_id: UUID
        activity_id: UUID | None
        served_on: date
        minutes: int
        rule: str
        points: int
        expires_on: date

        def apply(self, account: PointsAccount) -> None:
            account.awards[self.service_id] = Awarded(
                served_on=self.served_on, minutes=self.minutes, points=self.points
            )
            account._put(self.service_id, self.expires_on, self.points)

    @dataclass(frozen=True, kw_only=True)
    class PointsReversed(Event):
        """Points awarded for a service were taken back; the reason says why."""

        TOPIC = "points_account.points_reversed.v1"

        service_id: UUID
        points: int

        def apply(self, account: PointsAccount) -> None:
            account._take(self.points, on=local_day(self.timestamp), first=self.service_id)
            account._shrink_award(self.service_id, self.points, is_forgotten=True)

    @dataclass(frozen=True, kw_only=True)
    class PointsExpired(Event):
        """The points whose last day was before ``before`` ran out."""

        TOPIC = "points_account.points_expired.v1"

        before: date
        points: int

        def apply(self, account: PointsAccount) -> None:
            for lot_id, lot in list(account.lots.items()):
                if lot.expires_on < self.before:
                    del account.lots[lot_id]
                    account._shrink_award(lot_id, lot.points, is_forgotten=False)

    @dataclass(frozen=True, kw_only=True)
    class PointsRedeemed(Event):
        """The volunteer spent points on pieces of a shop item."""

        TOPIC = "points_account.points_redeemed.v1"

        order_id: UUID
        item_id: UUID
        pieces: int
        points: int

        def apply(self, account: PointsAccount) -> None:
            account.orders[self.order_id] = account._take(self.points, on=local_day(self.timestamp))

    @dataclass(frozen=True, kw_only=True)
    class PointsReturned(Event):
        """An order was called off or its goods came back, and its points with it."""

        TOPIC = "points_account.points_returned.v1"

        order_id: UUID
        points: int

        def apply(self, account: PointsAccount) -> None:
            for lot_id, expires_on, points in account.orders.pop(self.order_id):
                if lot_id is None:
                    account.unlotted_points += points
                else:
                    account._put(lot_id, expires_on, points)

    # State: what we remember of it, starting from ``Opened`` ---------------------------

    def __init__(self, *, volunteer_id: UUID, community_id: UUID) -> None:
        self.volunteer_id = volunteer_id
        self.community_id = community_id
        self.lots: dict[UUID, Lot] = {}
        self.awards: dict[UUID, Awarded] = {}
        self.orders: dict[UUID, Taken] = {}
        # Below zero only after imported history spent more than there was.
        self.unlotted_points = 0

    @property
    def balance_points(self) -> int:
        """All points the account holds, run out or not."""
        return self.unlotted_points + sum(lot.points for lot in self.lots.values())

    @property
    def next_expiry_on(self) -> date | None:
        """The last day of the lot that runs out first."""
        return min((lot.expires_on for lot in self.lots.values()), default=None)

    def spendable_points(self, *, on: date) -> int:
        """Return the points that still count on a day."""
        valid = sum(lot.points for lot in self.lots.values() if lot.expires_on >= on)
        return self.unlotted_points + valid

    def served_minutes(self, *, on: date) -> int:
        """Return the minutes of one day for which points were awarded."""
        return sum(award.minutes for award in self.awards.values() if award.served_on == on)

    def _put(self, lot_id: UUID, expires_on: date, points: int) -> None:
        owed = min(points, max(0, -self.unlotted_points))
        self.unlotted_points += owed
        if points > owed:
            held = self.lots.get(lot_id)
            total = points - owed + (held.points if held else 0)
            self.lots[lot_id] = Lot(expires_on=expires_on, points=total)

    def _take(self, points: int, *, on: date, first: UUID | None = None) -> Taken:
        """Take points from ``first``, then from valid lots in the order in which they run out."""

        def turn(lot_id: UUID) -> tuple[bool, bool, date]:
            expires_on = self.lots[lot_id].expires_on
            return (lot_id != first, expires_on < on, expires_on)

        taken: list[tuple[UUID | None, date, int]] = []
        for lot_id in sorted(self.lots, key=turn):
            if points == 0:
                break
            lot = self.lots[lot_id]
            part = min(points, lot.points)
            points -= part
            taken.append((lot_id, lot.expires_on, part))
            if part == lot.points:
                del self.lots[lot_id]
            else:
                self.lots[lot_id] = replace(lot, points=lot.points - part)
        if points:
            self.unlotted_points -= points
            taken.append((None, on, points))
        return tuple(taken)

    def _shrink_award(self, service_id: UUID, points: int, *, is_forgotten: bool) -> None:
        award = self.awards.get(service_id)
        if award is None:  # reversed while its points were spent, and then the goods came back
            return
        self.awards[service_id] = replace(award, points=award.points - points)
        if is_forgotten and award.points <= points:
            del self.awards[service_id]

    # Commands: what you may ask for ----------------------------------------------------

    @classmethod
    def open(cls, by: By, *, volunteer_id: UUID, community_id: UUID) -> PointsAccount:
        """Open the account of a volunteer."""
        return cls._begin(
            cls.Opened,
            by,
            id=account_id_of(volunteer_id),
            volunteer_id=volunteer_id,
            community_id=community_id,
        )

    def award(self, by: By, award: ServiceAward, *, minutes_a_day_max: int) -> None:
        """Give the points of one service, once; a service reversed in full can be awarded anew."""
        if award.points <= 0:
            raise AmountNotPositive(points=award.points)
        if award.service_id in self.awards:
            raise ServiceAwardedTwice()
        if self.volunteer_id in persons(by):
            by = by.refuse(AwardsOneself())
        served_minutes = self.served_minutes(on=award.served_on)
        if served_minutes + award.minutes > minutes_a_day_max:
            by = by.refuse(
                ServiceTimeExceedsDay(
                    asked_minutes=award.minutes,
                    served_minutes=served_minutes,
                    minutes_a_day_max=minutes_a_day_max,
                )
            )
        self._record(self.PointsAwarded, by, **asdict(award))

    def reverse(self, by: By, *, service_id: UUID, points: int) -> None:
        """Take back points awarded for a service; needs a reason."""
        if points <= 0:
            raise AmountNotPositive(points=points)
        award = self.awards.get(service_id)
        if award is None:
            raise ServiceNeverAwarded()
        by = by.with_reason()
        if points > award.points:
            by = by.refuse(ReversalExceedsAward(asked_points=points, awarded_points=award.points))
        held_points = self.spendable_points(on=local_day(by.at))
        if points > held_points:
            by = by.refuse(ReversalExceedsBalance(asked_points=points, held_points=held_points))
        self._record(self.PointsReversed, by, service_id=service_id, points=points)

    def expire(self, by: By, *, before: date) -> None:
        """Let the points run out whose last day was before a day."""
        points = sum(lot.points for lot in self.lots.values() if lot.expires_on < before)
        if points == 0:
            raise NothingToExpire(before=before.isoformat())
        self._record(self.PointsExpired, by, before=before, points=points)

    def redeem(self, by: By, *, order_id: UUID, item_id: UUID, pieces: int, points: int) -> None:
        """Spend points on goods; the shop item reserves the pieces in the same save."""
        if points <= 0:
            raise AmountNotPositive(points=points)
        if order_id in self.orders:
            raise OrderPlacedTwice()
        held_points = self.spendable_points(on=local_day(by.at))
        if points > held_points:
            by = by.refuse(RedemptionExceedsBalance(asked_points=points, held_points=held_points))
        self._record(
            self.PointsRedeemed,
            by,
            order_id=order_id,
            item_id=item_id,
            pieces=pieces,
            points=points,
        )

    def take_back(self, by: By, *, order_id: UUID) -> None:
        """Get the points of an order back; needs a reason. Lots keep their last day."""
        taken = self.orders.get(order_id)
        if taken is None:
            raise OrderUnknown()
        points = sum(points for _, _, points in taken)
        self._record(self.PointsReturned, by.with_reason(), order_id=order_id, points=points)

    # Snapshot: the state as plain JSON values ------------------------------------------

    def to_snapshot(self) -> dict[str, Any]:
        """Return the state, for ``restore``."""
        return {
            "volunteer_id": str(self.volunteer_id),
            "community_id": str(self.community_id),
            "lots": [[str(k), v.expires_on.isoformat(), v.points] for k, v in self.lots.items()],
            "awards": [
                [str(k), v.served_on.isoformat(), v.minutes, v.points]
                for k, v in self.awards.items()
            ],
            "orders": [
                [str(k), [[lot_id and str(lot_id), on.isoformat(), n] for lot_id, on, n in taken]]
                for k, taken in self.orders.items()
            ],
            "unlotted_points": self.unlotted_points,
        }

    def restore(self, data: dict[str, Any]) -> None:
        """Take the state over from what ``to_snapshot`` returned."""
        day = date.fromisoformat
        self.volunteer_id = UUID(data["volunteer_id"])
        self.community_id = UUID(data["community_id"])
        self.lots = {UUID(k): Lot(expires_on=day(on), points=n) for k, on, n in data["lots"]}
        self.awards = {
            UUID(k): Awarded(served_on=day(on), minutes=minutes, points=n)
            for k, on, minutes, n in data["awards"]
        }
        self.orders = {
            UUID(k): tuple((lot_id and UUID(lot_id), day(on), n) for lot_id, on, n in taken)
            for k, taken in data["orders"]
        }
        self.unlotted_points = data["unlotted_points"]
