"""After any commands, the views say what the aggregates hold, and a rebuild says the same."""

from __future__ import annotations

import random
from contextlib import suppress
from uuid import UUID

import pytest

from ledger.commands.points import ExpirePoints, ReversePoints, expire_points, reverse_points
from ledger.commands.shop import (
    CancelRedemption,
    IssueGoods,
    RedeemPoints,
    cancel_redemption,
    issue_goods,
    redeem_points,
)
from ledger.core.errors import LedgerError
from ledger.points import PointsAccount, ShopItem
from ledger.storage.ledger import Ledger
from projections.engine import catch_up, rebuild, verify
from projections.engine.following import Following
from tests.points_world import days_later, earned, open_town, opened_account, stocked
from tests.projections.points_asking import VIEWS, account_row, item_row, statement

STEPS = 120
DAYS_A_STEP = 9


class Town:
    """Four volunteers and one shop item; each step is one random command, perhaps refused."""

    def __init__(self, ledger: Ledger, seed: int) -> None:
        self.ledger = ledger
        self.dice = random.Random(seed)  # noqa: S311  dice, not secrets
        self.accounts: dict[UUID, UUID] = {}
        self.item_id = UUID(int=0)
        self.placed: list[UUID] = [UUID(int=1)]

    async def found(self) -> None:
        await open_town(self.ledger)
        for number in range(600, 604):
            self.accounts[UUID(int=number)] = await opened_account(self.ledger, UUID(int=number))
        self.item_id = await stocked(self.ledger, pieces=60, price_points=7)

    async def step(self, number: int) -> None:
        volunteer_id = self.dice.choice(list(self.accounts))
        steps = (self.earn, self.earn, self.redeem, self.redeem, self.settle, self.reverse)
        await self.dice.choice(steps)(volunteer_id, number * DAYS_A_STEP)

    async def earn(self, volunteer_id: UUID, days: int) -> None:
        await earned(self.ledger, self.accounts[volunteer_id], volunteer_id, days=days)

    async def redeem(self, volunteer_id: UUID, days: int) -> None:
        command = RedeemPoints(
            account_id=self.accounts[volunteer_id],
            item_id=self.item_id,
            pieces=1,
            order_id=UUID(int=self.dice.getrandbits(128)),
        )
        await redeem_points(command, self.ledger, days_later(days))
        self.placed.append(command.order_id or UUID(int=0))

    async def settle(self, _: UUID, days: int) -> None:
        order = {"item_id": self.item_id, "order_id": self.dice.choice(self.placed)}
        who = days_later(days, reason="核对")
        if self.dice.random() < 0.5:
            await issue_goods(IssueGoods(**order), self.ledger, who)
        else:
            await cancel_redemption(CancelRedemption(**order), self.ledger, who)

    async def reverse(self, volunteer_id: UUID, days: int) -> None:
        account = await self.ledger.load(PointsAccount, self.accounts[volunteer_id])
        command = ReversePoints(
            account_id=account.id,
            service_id=self.dice.choice([*account.awards, UUID(int=0)]),
            points=self.dice.randint(1, 9),
        )
        await reverse_points(command, self.ledger, days_later(days, reason="核对"))


@pytest.fixture
async def town(ledger: Ledger) -> Town:
    """A town after many steps, its views made in small batches."""
    town = Town(ledger, seed=20260302)
    await town.found()
    await catch_up(ledger, VIEWS)
    following = Following(ledger.pool, ledger.id, VIEWS, batch_entries=3)
    for number in range(STEPS):
        with suppress(LedgerError):
            await town.step(number)
        if number % 10 == 0:
            await following.catch_up()
    for account_id in town.accounts.values():
        with suppress(LedgerError):
            expire = ExpirePoints(account_id=account_id)
            await expire_points(expire, ledger, days_later(STEPS * DAYS_A_STEP - 300))
    await following.catch_up()
    return town


async def test_views_say_what_the_aggregates_hold(town: Town, store_dsn: str) -> None:
    ledger = town.ledger
    for account_id in town.accounts.values():
        await assert_account(ledger, account_id)
    item = await ledger.load(ShopItem, town.item_id)
    row = await item_row(ledger, town.item_id)
    assert row["free_pieces"] == item.free_pieces
    assert row["reserved_pieces"] == item.reserved_pieces
    assert row == await item_row(ledger, town.item_id, known_at=ledger.clock())
    for view in VIEWS:
        verified = await verify(store_dsn, ledger.id, view)
        assert verified.is_right, verified.difference
        assert (await rebuild(store_dsn, ledger.id, view)).row_count > 0


async def assert_account(ledger: Ledger, account_id: UUID) -> None:
    account = await ledger.load(PointsAccount, account_id)
    row = await account_row(ledger, account_id)
    past = await account_row(ledger, account_id, known_at=ledger.clock())
    lines = await statement(ledger, account_id)
    lots = [(UUID(lot["service_id"]), lot["points"]) for lot in row["lots"]]

    assert len(lines) > 10, "too little happened to mean anything"
    assert row["balance_points"] == account.balance_points == lines[-1]["balance_points"]
    assert sum(line["points"] for line in lines) == account.balance_points
    assert row["next_expiry_on"] == account.next_expiry_on
    assert lots == [(service_id, lot.points) for service_id, lot in account.lots.items()]
    assert {(lot["service_id"], lot["points"]) for lot in past["lots"]} == set(lots)
    assert past | {"lots": row["lots"]} == row
