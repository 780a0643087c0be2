"""Attacks on states of accounts that are kept to save time: decisions rest on them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from ledger.accounts import PublicAccount, Receipt
from ledger.accounts.rules import HoldExceedsFree
from ledger.core.aggregate import Aggregate
from ledger.core.errors import RuleViolated
from ledger.points import PointsAccount, RedemptionExceedsBalance, RedemptionExceedsStock, ShopItem
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.service_key import ServiceKey
from ledger.storage.snapshots import wants_snapshots
from ledger.verification.check import Wanted, check_ledger
from tests.examples import by
from tests.examples import points as p
from tests.ledger.test_points_accounts import AWARD

LONG = 120
MUCH = 1_000_000
ORDER = UUID(int=77)


@dataclass(frozen=True)
class Case:
    """A record with a long past; how a poisoned state says more; what that would allow."""

    make: Callable[[], Aggregate]
    poison: Callable[[dict[str, Any]], None]
    overdraw: Callable[[Any], None]
    refused: type[RuleViolated]


def account() -> PublicAccount:
    made = PublicAccount.open(by(), estate_id=UUID(int=5), street_id=UUID(int=6))
    for number in range(LONG):
        receipt = Receipt(
            receipt_id=UUID(int=1_000 + number),
            category="rent",
            amount_fen=1,
            payer="惠民便利店",
            bank_reference=f"R-{number}",
        )
        made.receive(by(), receipt=receipt, categories=("rent",))
    return made


def points_account() -> PointsAccount:
    made = PointsAccount.open(by(), volunteer_id=p.VOLUNTEER, community_id=p.COMMUNITY)
    for number in range(LONG):
        award = replace(AWARD, service_id=UUID(int=1_000 + number), minutes=1, points=1)
        made.award(by(), award, minutes_a_day_max=480)
    return made


def item() -> ShopItem:
    made = ShopItem.list_item(by(), shop_id=p.SHOP, code="rice", name="大米", price_points=1)
    for _ in range(LONG):
        made.receive(by(), pieces=1, donor_id=None)
    return made


def more(field: str) -> Callable[[dict[str, Any]], None]:
    def poison(state: dict[str, Any]) -> None:
        state[field] += MUCH

    return poison


def more_points(state: dict[str, Any]) -> None:
    state["lots"][0][2] += MUCH


CASES: dict[type[Aggregate], Case] = {
    PublicAccount: Case(
        account,
        more("balance_fen"),
        lambda made: made.place_hold(by(), expense_id=ORDER, amount_fen=MUCH),
        HoldExceedsFree,
    ),
    PointsAccount: Case(
        points_account,
        more_points,
        lambda made: made.redeem(by(), order_id=ORDER, item_id=p.ITEM, pieces=1, points=MUCH),
        RedemptionExceedsBalance,
    ),
    ShopItem: Case(
        item,
        more("free_pieces"),
        lambda made: made.reserve(by(), order_id=ORDER, volunteer_id=p.VOLUNTEER, pieces=MUCH),
        RedemptionExceedsStock,
    ),
}


def kinds_below(kind: type[Aggregate]) -> Iterator[type[Aggregate]]:
    for one in kind.__subclasses__():
        yield from kinds_below(one)
        if wants_snapshots(one) and one.__module__.startswith("ledger."):
            yield one


def test_nothing_is_missing_of_what_is_attacked_here() -> None:
    """Attack 25: every kind of record that has snapshots is attacked."""
    assert set(kinds_below(Aggregate)) == set(CASES)


async def found(dsn: str, ledger: Ledger, key: ServiceKey | None = None) -> list[tuple[str, str]]:
    report = await check_ledger(
        Wanted(dsn=dsn, ledger_id=ledger.id, key=key or ledger.key, workers=0)
    )
    return [(one.rule, one.column) for one in report.findings.first]


async def kept(ledger: Ledger, kind: type[Aggregate]) -> Aggregate:
    """Save a long record and read it, so that its state is kept."""
    made = CASES[kind].make()
    await ledger.save(made)
    return await ledger.load(kind, made.id)


async def poison(db: asyncpg.Connection, ledger: Ledger, kind: type[Aggregate]) -> None:
    """Let the state say more, in the same place and with the same code."""
    raw = await db.fetchval("SELECT state FROM snapshots WHERE ledger_id = $1", ledger.id)
    state = orjson.loads(raw)
    CASES[kind].poison(state["state"])
    await db.execute(
        "UPDATE snapshots SET state = $2 WHERE ledger_id = $1", ledger.id, orjson.dumps(state)
    )


@pytest.mark.parametrize("kind", CASES, ids=lambda kind: kind.__name__)
async def test_a_poisoned_snapshot_lets_nobody_overdraw(
    kind: type[Aggregate],
    ledger: Ledger,
    store_dsn: str,
    superuser: asyncpg.Connection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Attack 25. The service ignores a state that it did not write, and says so once.

    ``minzhang verify`` names it as long as it lies there.
    """
    honest = await kept(ledger, kind)
    assert await found(store_dsn, ledger) == []
    await poison(superuser, ledger, kind)

    with caplog.at_level(logging.ERROR, "ledger.storage.snapshots"):
        for _ in range(2):
            read = await ledger.load(kind, honest.id)
            with pytest.raises(CASES[kind].refused):
                CASES[kind].overdraw(read)
    assert [str(honest.id) in one.getMessage() for one in caplog.records] == [True]
    assert await found(store_dsn, ledger) == [("snapshot-foreign", "mac")]


@pytest.mark.parametrize("change", ["version = version + 1", "version = version - 1"])
async def test_a_snapshot_is_of_its_version_and_no_other(
    change: str, ledger: Ledger, store_dsn: str, superuser: asyncpg.Connection
) -> None:
    """Attack 25, with an honest state at another version. The service ignores it."""
    honest = await kept(ledger, PublicAccount)
    await superuser.execute(f"UPDATE snapshots SET {change} WHERE ledger_id = $1", ledger.id)  # noqa: S608 - from above
    assert await found(store_dsn, ledger) == [("snapshot-foreign", "mac")]
    read = await ledger.load(PublicAccount, honest.id)
    assert (read.version, read.balance_fen) == (LONG + 1, LONG)


async def test_a_poisoned_snapshot_without_a_code_is_ignored_and_made_again(
    ledger: Ledger, store_dsn: str, superuser: asyncpg.Connection
) -> None:
    """Attack 25, with the code taken away. The service folds the events; ``minzhang verify``."""
    honest = await kept(ledger, PublicAccount)
    await poison(superuser, ledger, PublicAccount)
    await superuser.execute("UPDATE snapshots SET mac = NULL WHERE ledger_id = $1", ledger.id)
    assert await found(store_dsn, ledger) == [("snapshot-differs", "state")]
    assert (await ledger.load(PublicAccount, honest.id)).balance_fen == LONG
    assert await found(store_dsn, ledger) == []


async def test_a_thief_of_the_service_s_key_writes_a_snapshot(
    ledger: Ledger, store_dsn: str, superuser: asyncpg.Connection
) -> None:
    """Attack 25, with a code that is good. ``minzhang verify`` folds the events and sees it."""
    await kept(ledger, PublicAccount)
    await poison(superuser, ledger, PublicAccount)
    row = await superuser.fetchrow("SELECT * FROM snapshots WHERE ledger_id = $1", ledger.id)
    texts = (row["ledger_id"], row["stream_id"], str(row["version"]), row["shape"])
    mac = ledger.key.mac("snapshot", *(text.encode() for text in texts), row["state"])
    await superuser.execute("UPDATE snapshots SET mac = $2 WHERE ledger_id = $1", ledger.id, mac)
    assert await found(store_dsn, ledger) == [("snapshot-differs", "state")]


async def test_a_snapshot_by_a_former_key_of_the_service_is_believed(
    ledger: Ledger, store_dsn: str
) -> None:
    """Attack 25 is none: the service's key was changed. Nothing is found, the state is used."""
    honest = await kept(ledger, PublicAccount)
    secret = bytes(range(32))
    key = ServiceKey(secret, (ledger.key._secret,))
    async with open_ledger(store_dsn, ledger.id, pool_size_max=2, key=key) as after:
        read = await after.load(PublicAccount, honest.id)
    assert (read.version, read.balance_fen) == (LONG + 1, LONG)
    assert await found(store_dsn, ledger, key) == []
