"""Volunteers of every community: activities each month, points, and a charity shop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from ledger.commands import activities, points, shop
from ledger.core.values import derived_id
from ledger.points import account_id_of, item_id_of
from scripts.demonstration import people
from scripts.demonstration.county import Community, County, Estate, dice
from scripts.demonstration.people import Person
from scripts.demonstration.steps import Run, Step, alias
from scripts.demonstration.working_time import at, months_later, working_day_after

VOLUNTEERS, MONTHS = 8, 24
HOURS = 2
KINDS = {
    "patrol": ("夜间平安巡逻", 10),
    "cleaning": ("清理楼道杂物", 10),
    "visiting": ("走访独居老人", 15),
    "teaching": ("假期课后托管", 15),
    "mediation": ("邻里议事调解", 15),
    "event": ("邻里节服务", 10),
}
"""What they do, and the points an hour that the standard policies give for it."""

STOCK_PIECES = 60
SPENDS_FROM_POINTS = 60
SATURDAY = 5


@dataclass(slots=True)
class Book:
    """What the plan remembers of one community, so that it asks for nothing it would be refused."""

    community: Community
    estates: Sequence[Estate]
    items: Sequence[dict[str, Any]]
    rng: Random
    steps: list[Step] = field(default_factory=list)
    points: dict[UUID, int] = field(default_factory=dict)
    stock: dict[str, int] = field(default_factory=dict)

    @property
    def organiser(self) -> Person:
        return organiser(self.community)

    @property
    def keeper(self) -> Person:
        return keeper(self.community)

    def do(  # noqa: PLR0913
        self,
        run: Run,
        command: Any,
        person: Person,
        moment: datetime,
        *,
        reason: str = "",
        names: UUID | None = None,
    ) -> None:
        """Take a step of this community's volunteers; they are all in one lane."""
        lane = f"volunteers {self.community.code}"
        by = person.by(moment, reason)
        self.steps.append(Step(lane=lane, run=run, command=command, by=by, names=names))


def organiser(community: Community) -> Person:
    """Return who opens a community's activities."""
    return people.of_body(community.volunteers, "organiser", "organiser")


def keeper(community: Community) -> Person:
    """Return who runs a community's shop."""
    return people.of_body(community.shop, "shop", "keeper")


def volunteer(community: Community, number: int) -> Person:
    """Return a community's ``number``-th volunteer."""
    return people.of_body(community.volunteers, "volunteer", "volunteer", number)


def volunteer_steps(
    county: County, community: Community, estates: Sequence[Estate], start: date
) -> list[Step]:
    """Write two years of one community's volunteers."""
    rng = dice(f"volunteers {community.code}")
    book = Book(community, estates, county.shop_items, rng)
    day = working_day_after(start, 1)
    for number in range(1, VOLUNTEERS + 1):
        person = volunteer(community, number)
        book.points[person.id] = 0
        command = points.OpenPointsAccount(volunteer_id=person.id, community_id=community.id)
        book.do(points.open_points_account, command, book.organiser, at(day, 9, number))
    _stock_shop(book, at(day, 10))
    for month in range(MONTHS):
        first = months_later(start, month)
        saturday = first + timedelta(days=(SATURDAY - first.weekday()) % 7 + 7 * rng.randint(1, 3))
        _activity(book, month, saturday)
        _spend(book, month, saturday + timedelta(days=2))
        if month % 6 == 5:
            _count(book, month, saturday + timedelta(days=3))
    return book.steps


def _stock_shop(book: Book, moment: datetime) -> None:
    for number, item in enumerate(book.items):
        code = item["code"]
        listed = shop.ListShopItem(
            shop_id=book.community.shop.id, code=code, name=item["zh"], price_points=item["points"]
        )
        book.do(shop.list_shop_item, listed, book.keeper, moment + timedelta(minutes=2 * number))
        received = shop.ReceiveGoods(
            item_id=_item_id(book, code),
            pieces=STOCK_PIECES,
            donor_id=derived_id("demo-donor", book.community.code) if number % 2 else None,
        )
        later = moment + timedelta(minutes=2 * number + 1)
        book.do(shop.receive_goods, received, book.keeper, later)
        book.stock[code] = STOCK_PIECES


def _item_id(book: Book, code: str) -> UUID:
    return item_id_of(book.community.shop.id, code)


def _activity(book: Book, month: int, day: date) -> None:
    rng, community = book.rng, book.community
    kind = rng.choice(tuple(KINDS))
    title, points_per_hour = KINDS[kind]
    starts_at = at(day, rng.choice((9, 14, 19)))
    ends_at = starts_at + timedelta(hours=HOURS)
    activity_id = alias("activity", f"{community.code} {month}")
    opened = activities.OpenActivity(
        organiser_id=community.volunteers.id,
        place_id=book.estates[month % len(book.estates)].id,
        kind=kind,
        title=f"{title}（演示）",
        starts_at=starts_at,
        ends_at=ends_at,
        capacity=20,
    )
    when = starts_at - timedelta(days=2)
    book.do(activities.open_activity, opened, book.organiser, when, names=activity_id)
    if month == CANCELLED_MONTH and rng.random() < CANCELLED:
        reason = "当日有大风预警，活动取消"
        cancel = activities.CancelActivity(activity_id=activity_id)
        when = starts_at - timedelta(hours=3)
        book.do(activities.cancel_activity, cancel, book.organiser, when, reason=reason)
        return
    numbers = sorted(rng.sample(range(1, VOLUNTEERS + 1), rng.choice((2, 3, 3, 4, 4))))
    came = [volunteer(community, number) for number in numbers]
    _attend(book, activity_id, came, (starts_at, ends_at))
    _verify(book, activity_id, came, ends_at, points_per_hour * HOURS)


def _attend(
    book: Book, activity_id: UUID, came: Sequence[Person], hours: tuple[datetime, datetime]
) -> None:
    starts_at, ends_at = hours
    for number, person in enumerate(came):
        check_in = activities.CheckInVolunteer(activity_id=activity_id, volunteer_id=person.id)
        when = starts_at - timedelta(minutes=10 - number)
        book.do(activities.check_in_volunteer, check_in, person, when)
    for number, person in enumerate(came):
        check_out = activities.CheckOutVolunteer(activity_id=activity_id, volunteer_id=person.id)
        when = ends_at + timedelta(minutes=number)
        book.do(activities.check_out_volunteer, check_out, person, when)
    close = activities.CloseActivity(activity_id=activity_id)
    when = ends_at + timedelta(minutes=20)
    book.do(activities.close_activity, close, book.organiser, when)


def _verify(
    book: Book, activity_id: UUID, came: Sequence[Person], ends_at: datetime, earned: int
) -> None:
    """Somebody of the community verifies each service; the points follow from the policy."""
    worker = people.community_worker(book.community)
    when = ends_at + timedelta(minutes=30)
    served = []
    for person in came:
        service = {"activity_id": activity_id, "volunteer_id": person.id}
        if book.rng.random() < REJECTED:
            reason = "签到后未参加服务，经核实不予认定"
            reject = activities.RejectService(**service)
            book.do(activities.reject_service, reject, worker, when, reason=reason)
            continue
        verify = activities.VerifyService(**service, minutes=HOURS * 60)
        book.do(activities.verify_service, verify, worker, when)
        served.append(person)
    for person in served:
        award = points.AwardPoints(account_id=account_id_of(person.id), activity_id=activity_id)
        book.do(points.award_points, award, worker, when + timedelta(minutes=5))
        book.points[person.id] += earned


def _spend(book: Book, month: int, day: date) -> None:
    """Let one volunteer who has saved enough take something home."""
    rich = [person_id for person_id, held in book.points.items() if held >= SPENDS_FROM_POINTS]
    if not rich:
        return
    person_id = book.rng.choice(rich)
    affordable = [
        item
        for item in book.items
        if item["points"] <= book.points[person_id] and book.stock[item["code"]] > 0
    ]
    item = book.rng.choice(affordable)
    order_id = alias("order", f"{book.community.code} {month}")
    redeem = shop.RedeemPoints(
        account_id=account_id_of(person_id),
        item_id=_item_id(book, item["code"]),
        pieces=1,
        order_id=order_id,
    )
    moment = at(day, 10, book.rng.randrange(50))
    person = next(
        one
        for number in range(1, VOLUNTEERS + 1)
        if (one := volunteer(book.community, number)).id == person_id
    )
    book.do(shop.redeem_points, redeem, person, moment)
    order = {"item_id": redeem.item_id, "order_id": order_id}
    later = moment + timedelta(minutes=5)
    if book.rng.random() < CALLED_OFF:
        reason = "选错物品，取消兑换"
        book.do(
            shop.cancel_redemption, shop.CancelRedemption(**order), person, later, reason=reason
        )
        return
    book.do(shop.issue_goods, shop.IssueGoods(**order), book.keeper, later)
    book.points[person_id] -= item["points"]
    book.stock[item["code"]] -= 1


def _count(book: Book, month: int, day: date) -> None:
    """Count the stock; a piece may be missing, and the books are corrected."""
    code = book.rng.choice(book.items)["code"]
    missing = int(book.rng.random() < MISSING)
    counted = shop.CountStock(
        item_id=_item_id(book, code), counted_pieces=book.stock[code] - missing
    )
    moment = at(day, 16, month)
    book.do(shop.count_stock, counted, book.keeper, moment)
    if missing:
        adjust = shop.AdjustStock(item_id=_item_id(book, code), difference_pieces=-1)
        reason = "盘点发现破损一件，予以核减"
        later = moment + timedelta(minutes=10)
        book.do(shop.adjust_stock, adjust, book.keeper, later, reason=reason)
        book.stock[code] -= 1


CANCELLED_MONTH, CANCELLED = 9, 0.4
REJECTED, CALLED_OFF, MISSING = 0.03, 0.08, 0.25
