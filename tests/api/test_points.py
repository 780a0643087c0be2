"""Points over HTTP: from an activity to a bag of rice, and what is refused on the way."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.permissions import Role
from ledger.commands.organisations import EstablishOrganisation, establish_organisation
from ledger.organisations import Kind, organisation_id
from ledger.points import account_id_of, item_id_of
from ledger.storage.ledger import Ledger
from tests.api.conftest import Client, TokenFor, bearer, events_of, the_problem
from tests.commands.county import COMMUNITY, ESTATE, build_county, who

ACTIVITIES = "/v1/activities"
ACCOUNTS = "/v1/points-accounts"
ITEMS = "/v1/shop-items"
SHOP = organisation_id("shop-1")
VOLUNTEER = UUID(int=85)
ENDED_AT = datetime.now(UTC) - timedelta(hours=1)
STARTED_AT = ENDED_AT - timedelta(hours=2)


class Town:
    """People of different roles who use the API."""

    def __init__(self, client: Client, headers: dict[Role, dict[str, str]]) -> None:
        self.client = client
        self.headers = headers

    async def post(self, role: Role, path: str, **body: Any) -> dict[str, Any]:
        response = await self.client.post(path, json=body, headers=self.headers[role])
        answer: dict[str, Any] = await response.json(content_type=None)
        assert response.status == 201, answer
        return answer

    async def refused(self, role: Role, path: str, code: str, **body: Any) -> dict[str, Any]:
        response = await self.client.post(path, json=body, headers=self.headers[role])
        return await the_problem(response, 403 if code == "not-allowed" else 422, code)

    async def get(self, path: str, after: dict[str, Any], **query: str) -> Any:
        params = {"after_position": str(after["position"]), **query}
        response = await self.client.get(path, params=params, headers=self.headers[Role.AUDITOR])
        answer = await response.json(content_type=None)
        assert response.status == 200, answer
        return answer.get("rows", answer.get("row"))

    async def serve(self, volunteer_id: UUID, *, minutes: int = 120) -> str:
        """Return the id of an activity at which the volunteer's service is verified."""
        opened = await self.post(
            Role.ORGANISER,
            ACTIVITIES,
            organiser_id=str(UUID(int=84)),
            place_id=str(ESTATE),
            kind="cleaning",
            title="清扫楼道",
            starts_at=STARTED_AT.isoformat(),
            ends_at=ENDED_AT.isoformat(),
            capacity=20,
        )
        one, who = f"{ACTIVITIES}/{opened['id']}", str(volunteer_id)
        for path, at in (("check-ins", STARTED_AT), ("check-outs", ENDED_AT)):
            said = {"volunteer_id": who, "occurred_at": at.isoformat()}
            role = Role.VOLUNTEER if volunteer_id == VOLUNTEER else Role.ORGANISER
            await self.post(role, f"{one}/{path}", **said)
        verify = {"volunteer_id": who, "minutes": minutes}
        await self.post(Role.COMMUNITY, f"{one}/verifications", **verify)
        return str(opened["id"])

    async def earn(self, volunteer_id: UUID) -> str:
        """Return the id of an account with the 20 points of two hours."""
        who = {"volunteer_id": str(volunteer_id), "community_id": str(COMMUNITY)}
        account_id: str = (await self.post(Role.COMMUNITY, ACCOUNTS, **who))["id"]
        activity_id = await self.serve(volunteer_id)
        path = f"{ACCOUNTS}/{account_id}/awards"
        await self.post(Role.COMMUNITY, path, activity_id=activity_id)
        return account_id

    async def stock(self, pieces: int) -> str:
        """Return the id of an item of 20 points a piece."""
        said = {"shop_id": str(SHOP), "code": "rice-5kg", "name": "大米", "price_points": 20}
        item_id: str = (await self.post(Role.SHOP, ITEMS, **said))["id"]
        await self.post(Role.SHOP, f"{ITEMS}/{item_id}/receipts", pieces=pieces)
        return item_id


@pytest.fixture
async def town(client: Client, ledger: Ledger, token_for: TokenFor) -> Town:
    """A town in which every role has somebody."""
    await build_county(ledger)
    shop = EstablishOrganisation(
        code="shop-1",
        kind=Kind.GROUP,
        name_zh="爱心超市",
        parent_id=COMMUNITY,
        valid_from=date(2020, 1, 1),
    )
    await establish_organisation(shop, ledger, who())
    headers = {role: bearer(await token_for(role.value)) for role in Role}
    for role, given in (
        (Role.SHOP, {"organisation_id": SHOP}),
        (Role.VOLUNTEER, {"actor_id": VOLUNTEER}),
    ):
        headers[role] = bearer(await token_for(role.value, **given))
    return Town(client, headers)


async def test_from_an_activity_to_a_bag_of_rice(town: Town) -> None:
    volunteer_id = VOLUNTEER
    account_id, item_id = await town.earn(volunteer_id), await town.stock(3)
    assert account_id == str(account_id_of(volunteer_id))
    assert item_id == str(item_id_of(SHOP, "rice-5kg"))
    order_id = str(uuid4())
    order = {"item_id": item_id, "pieces": 1, "order_id": order_id}
    await town.post(Role.VOLUNTEER, f"{ACCOUNTS}/{account_id}/redemptions", **order)
    issued = await town.post(Role.SHOP, f"{ITEMS}/{item_id}/orders/{order_id}/issues")

    account = await town.get(f"{ACCOUNTS}/{account_id}", issued)
    assert (account["awarded_points"], account["balance_points"]) == (20, 0)
    lines = await town.get(f"{ACCOUNTS}/{account_id}/lines", issued, oldest_first="true")
    assert [(line["kind"], line["balance_points"]) for line in lines] == [
        ("opened", 0),
        ("awarded", 20),
        ("redeemed", 0),
    ]
    item = await town.get(f"{ITEMS}/{item_id}", issued)
    assert (item["received_pieces"], item["issued_pieces"], item["free_pieces"]) == (3, 1, 2)
    ((redemption),) = await town.get("/v1/redemptions", issued, volunteer_id=str(volunteer_id))
    assert (redemption["order_id"], redemption["state"]) == (order_id, "issued")
    ((service),) = await town.get("/v1/services", issued, volunteer_id=str(volunteer_id))
    assert (service["state"], service["minutes"], service["decided_as"]) == (
        "verified",
        120,
        "community",
    )
    rows = await town.get(ACCOUNTS, issued, community_id=str(COMMUNITY))
    assert [row["account_id"] for row in rows] == [account_id]
    yesterday = (STARTED_AT - timedelta(days=1)).isoformat()
    assert await town.get(ITEMS, issued, at=yesterday) == []


async def test_what_was_given_can_be_taken_back(town: Town) -> None:
    volunteer_id = VOLUNTEER
    account_id, item_id = await town.earn(volunteer_id), await town.stock(3)
    path, ended = f"{ACCOUNTS}/{account_id}", {}
    for ending, role, first in (
        ("cancellations", Role.VOLUNTEER, False),
        ("returns", Role.SHOP, True),
    ):
        order = f"{ITEMS}/{item_id}/orders/{(order_id := str(uuid4()))}"
        asked = {"item_id": item_id, "pieces": 1, "order_id": order_id}
        await town.post(Role.VOLUNTEER, path + "/redemptions", **asked)
        if first:
            await town.post(Role.SHOP, order + "/issues")
        ended = await town.post(role, f"{order}/{ending}", reason="不需要了")
    account = await town.get(path, ended)
    assert (account["returned_points"], account["balance_points"]) == (40, 20)
    (lot,) = account["lots"]
    reversal = {"service_id": lot["service_id"], "points": 5, "reason": "时长有误"}
    await town.refused(
        Role.COMMUNITY, path + "/reversals", "reason-missing", **(reversal | {"reason": ""})
    )
    reversed_ = await town.post(Role.COMMUNITY, path + "/reversals", **reversal)
    assert (await town.get(path, reversed_))["balance_points"] == 15
    await town.refused(Role.COMMUNITY, path + "/expirations", "nothing-to-expire")


async def test_the_shop_keeps_its_books(town: Town) -> None:
    item_id = await town.stock(5)
    one = f"{ITEMS}/{item_id}"
    await town.post(Role.SHOP, one + "/prices", price_points=25)
    await town.post(Role.SHOP, one + "/counts", counted_pieces=4)
    await town.post(Role.SHOP, one + "/adjustments", difference_pieces=-1, reason="破损")
    last = await town.post(Role.SHOP, one + "/withdrawals", reason="换季")
    item = await town.get(one, last)
    assert (item["price_points"], item["counted_pieces"], item["free_pieces"]) == (25, 4, 4)
    assert item["is_withdrawn"]
    lines = await town.get(one + "/lines", last)
    assert [line["kind"] for line in lines] == [
        "withdrawn",
        "adjusted",
        "counted",
        "priced",
        "received",
        "listed",
    ]
    await town.refused(Role.SHOP, one + "/receipts", "shop-item-withdrawn", pieces=1)


async def test_an_activity_is_judged_called_off_and_closed(town: Town) -> None:
    volunteer_id = str(VOLUNTEER)
    one = f"{ACTIVITIES}/{await town.serve(UUID(volunteer_id))}"
    who = {"volunteer_id": volunteer_id, "reason": "核对签到表"}
    more = {"volunteer_id": volunteer_id, "minutes": 60}
    await town.refused(Role.ORGANISER, one + "/verifications", "service-already-decided", **more)
    await town.post(Role.ORGANISER, one + "/verification-withdrawals", **who)
    await town.post(Role.ORGANISER, one + "/rejections", **who)
    closed = await town.post(Role.ORGANISER, one + "/closings")
    activity = await town.get(one, closed)
    assert (activity["state"], activity["rejected_count"]) == ("closed", 1)
    await town.refused(Role.ORGANISER, one + "/cancellations", "activity-ended", reason="下雨")
    listed = await town.get(ACTIVITIES, closed, state="closed")
    assert [row["activity_id"] for row in listed] == [activity["activity_id"]]


async def test_nobody_vouches_for_themselves(town: Town, token_for: TokenFor) -> None:
    volunteer_id = VOLUNTEER
    one = f"{ACTIVITIES}/{await town.serve(volunteer_id)}"
    who = {"volunteer_id": str(volunteer_id)}
    await town.post(Role.COMMUNITY, one + "/verification-withdrawals", **who, reason="时长有误")
    town.headers[Role.ORGANISER] = bearer(await token_for("organiser", actor_id=volunteer_id))
    path = one + "/verifications"
    await town.refused(Role.ORGANISER, path, "verifies-own-service", **who, minutes=60)
    facts = (
        await town.refused(Role.COMMUNITY, path, "minutes-exceed-attendance", **who, minutes=121)
    )["facts"]
    assert facts == {"asked_minutes": 121, "attended_minutes": 120}


async def test_two_who_want_the_last_piece_at_once(town: Town, ledger: Ledger) -> None:
    accounts = [await town.earn(uuid4()) for _ in range(2)]
    item_id = await town.stock(1)

    async def redeem(account_id: str) -> Any:
        response = await town.client.post(
            f"{ACCOUNTS}/{account_id}/redemptions",
            json={"item_id": item_id, "pieces": 1},
            headers=town.headers[Role.SHOP],
        )
        return response.status, await response.json(content_type=None)

    outcomes = await asyncio.gather(*(redeem(account_id) for account_id in accounts * 4))
    (won,) = (body for status, body in outcomes if status == 201)
    lost = [body for status, body in outcomes if status != 201]
    assert len(lost) == 7
    assert {body["code"] for body in lost} <= {
        "redemption-exceeds-stock",
        "redemption-exceeds-balance",
        "conflict",
    }
    assert await events_of(ledger, item_id) == 3, "listed, received, reserved once"
    held = [
        (await town.get(f"{ACCOUNTS}/{account_id}", won))["balance_points"]
        for account_id in accounts
    ]
    assert sorted(held) == [0, 20]
    item = await town.get(f"{ITEMS}/{item_id}", won)
    assert (item["reserved_pieces"], item["free_pieces"]) == (1, 0)


@pytest.mark.parametrize(
    ("role", "path"),
    [
        (Role.VOLUNTEER, ACTIVITIES),
        (Role.VOLUNTEER, ACCOUNTS),
        (Role.VOLUNTEER, f"{ACCOUNTS}/{UUID(int=7)}/awards"),
        (Role.SHOP, f"{ACCOUNTS}/{UUID(int=7)}/reversals"),
        (Role.COMMUNITY, f"{ACCOUNTS}/{UUID(int=7)}/redemptions"),
        (Role.VOLUNTEER, f"{ITEMS}/{UUID(int=7)}/receipts"),
        (Role.COMMUNITY, f"{ITEMS}/{UUID(int=7)}/orders/{UUID(int=7)}/issues"),
        (Role.AUDITOR, ITEMS),
    ],
)
async def test_everybody_does_what_is_theirs(town: Town, role: Role, path: str) -> None:
    await town.refused(role, path, "not-allowed")


async def test_what_is_wrong_is_said_all_at_once(town: Town) -> None:
    said = {"organiser_id": "x", "kind": "cleaning", "title": "", "capacity": 0, "more": 1}
    response = await town.client.post(ACTIVITIES, json=said, headers=town.headers[Role.ORGANISER])
    problem = await the_problem(response, 400, "request-invalid")
    pointers = {error["pointer"] for error in problem["errors"]}
    assert pointers >= {"/organiser_id", "/place_id", "/title", "/capacity", "/more", "/starts_at"}
    missing = await town.client.get(f"{ACCOUNTS}/{uuid4()}", headers=town.headers[Role.VOLUNTEER])
    await the_problem(missing, 404, "not-found")
