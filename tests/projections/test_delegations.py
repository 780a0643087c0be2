"""Delegations and declared interests as views: what stands, what ended, rebuilt the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import uuid4

from ledger.commands.delegations import (
    EndDelegation,
    GrantDelegation,
    end_delegation,
    grant_delegation,
)
from ledger.commands.interests import (
    DeclareInterest,
    EndInterest,
    declare_interest,
    end_interest,
)
from ledger.commands.organisations import FillPost, fill_post
from ledger.interests import InterestKind
from ledger.storage.ledger import Ledger
from projections import delegations, interests
from projections.delegations import DelegationQuery, delegation_register
from projections.interests import InterestQuery, interest_register
from tests.commands.county import COMPANY, STREET, build_county
from tests.commands.county import who as somebody
from tests.examples.delegations import LEADER
from tests.projections.asking import ask, assert_rebuilds_the_same


async def test_delegations_stand_until_they_end(ledger: Ledger, store_dsn: str) -> None:
    await build_county(ledger)
    fill = FillPost(
        organisation_id=STREET,
        person_id=LEADER.actor_id,
        post="leader",
        from_on=date(2026, 1, 1),
    )
    await fill_post(fill, ledger, somebody())
    leader = replace(LEADER, organisation_id=STREET, reason="外出学习")
    deputy = uuid4()
    grant = GrantDelegation(person_id=deputy, from_on=date(2026, 3, 2), until_on=date(2026, 3, 15))
    delegation_id = (await grant_delegation(grant, ledger, leader)).id
    await end_delegation(EndDelegation(delegation_id=delegation_id), ledger, leader)

    async def seen(on: date | None = None) -> list[object]:
        asked = DelegationQuery(on=on)
        page = await ask(ledger, delegations.view, delegation_register, asked)
        return [row["delegation_id"] for row in page.rows]

    assert await seen() == [delegation_id]
    assert await seen(date(2026, 3, 2)) == [delegation_id]
    assert await seen(date(2026, 3, 3)) == []
    await assert_rebuilds_the_same(ledger, store_dsn, delegations.view)


async def test_interests_stand_until_somebody_else_ends_them(
    ledger: Ledger, store_dsn: str
) -> None:
    await build_county(ledger)
    person_id = uuid4()
    about = {"person_id": person_id, "about_id": COMPANY}
    declare = DeclareInterest(**about, kind=InterestKind.SHARES)
    await declare_interest(declare, ledger, somebody())

    async def standing(stands: bool) -> list[object]:
        asked = InterestQuery(stands=stands)
        page = await ask(ledger, interests.view, interest_register, asked)
        return [(row["person_id"], row["about_id"], row["kind"]) for row in page.rows]

    kept = [(person_id, COMPANY, "shares")]
    assert (await standing(True), await standing(False)) == (kept, [])
    await end_interest(EndInterest(**about), ledger, somebody(reason="股权已转让"))
    assert (await standing(True), await standing(False)) == ([], kept)
    await declare_interest(declare, ledger, somebody())
    assert (await standing(True), await standing(False)) == (kept, [])
    await assert_rebuilds_the_same(ledger, store_dsn, interests.view)
