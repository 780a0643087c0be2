"""Whom records concern, as a view: places, parties, persons; also what is drawn in later."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from ledger.accounts import account_id_of
from ledger.commands.accounts import OpenPublicAccount, open_public_account
from ledger.commands.leases import SignLease, sign_lease
from ledger.commands.petition_handling import BlowWhistle, blow_whistle
from ledger.leases import Instalment
from ledger.policies import POLICY_BOOK_ID
from ledger.storage.ledger import Ledger
from projections.engine import Select, catch_up
from projections.records import ties, view
from tests.commands.county import (
    COMMUNITY,
    DEPARTMENT,
    ESTATE,
    OTHER_DEPARTMENT,
    PETITIONER,
    STREET,
    build_county,
    in_hand,
    who,
)
from tests.projections.asking import assert_rebuilds_the_same


async def members(ledger: Ledger, record_id: UUID) -> set[tuple[str, UUID | None]]:
    select = Select(ties, ledger.id).equal(record_id=record_id)
    found: list[dict[str, Any]] = await select.all(ledger.pool, order=("position", "line_no"))
    return {(row["tie"], row["member_id"]) for row in found}


async def test_ties_come_from_events_and_a_lease_is_where_its_account_is(
    ledger: Ledger, store_dsn: str
) -> None:
    await build_county(ledger)
    petition_id = await in_hand(ledger)
    whistle = BlowWhistle(petition_id=petition_id, department_ids=(OTHER_DEPARTMENT,))
    await blow_whistle(whistle, ledger, who())
    opening = OpenPublicAccount(estate_id=ESTATE, street_id=STREET)
    await open_public_account(opening, ledger, who())
    lease = SignLease(
        account_id=account_id_of(ESTATE),
        premises="社区服务用房",
        area_m2_hundredths=120_50,
        tenant="惠民便利店",
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 12, 31),
        schedule=(Instalment(due_on=date(2026, 1, 5), amount_fen=100),),
    )
    lease_id = (await sign_lease(lease, ledger, who())).id
    await catch_up(ledger, [view])

    assert await members(ledger, petition_id) == {
        ("place", ESTATE),
        ("party", COMMUNITY),
        ("party", DEPARTMENT),
        ("party", OTHER_DEPARTMENT),
        ("person", PETITIONER),
    }
    assert await members(ledger, lease_id) == {("place", ESTATE)}
    assert await members(ledger, STREET) == {("place", STREET)}
    assert await members(ledger, POLICY_BOOK_ID) == {("open", None)}
    await assert_rebuilds_the_same(ledger, store_dsn, view)
