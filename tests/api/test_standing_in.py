"""Standing in by session: whom one may pick, and what a password alone does not open."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from ledger.commands.delegations import GrantDelegation, grant_delegation
from ledger.commands.organisations import (
    EstablishOrganisation,
    FillPost,
    establish_organisation,
    fill_post,
)
from ledger.commands.policies import AdoptStandardPolicies, adopt_standard_policies
from ledger.commands.users import GrantRole, grant_role
from ledger.core.clock import local_day
from ledger.organisations import Kind, organisation_id
from ledger.users import User
from projections import VIEWS
from projections.engine import catch_up
from tests.api.house import House, clock, house, new_user

__all__ = ["clock", "house"]

STREET, OTHER, LEADER = organisation_id("s"), organisation_id("o"), UUID(int=7)


async def grant(house: House, user_id: UUID, role: str, place: UUID, post: str = "") -> None:
    command = GrantRole(user_id=user_id, role=role, organisation_id=place, post=post)
    await grant_role(command, house.ledger.for_request(), house.by)


@pytest.fixture
async def offices(house: House) -> House:
    """Two offices; one has a leader."""
    ledger, today = house.ledger, local_day(house.clock())
    await adopt_standard_policies(AdoptStandardPolicies(), ledger, house.by)
    for code in ("s", "o"):
        establish = EstablishOrganisation(
            code=code, kind=Kind.COUNTY, name_zh=code, valid_from=today - timedelta(days=9)
        )
        await establish_organisation(establish, ledger, house.by)
    fill = FillPost(organisation_id=STREET, person_id=LEADER, post="leader", from_on=today)
    await fill_post(fill, ledger, house.by)
    return house


async def test_colleagues_are_of_the_own_organisation_and_decide(offices: House) -> None:
    by = replace(offices.by, reason="")
    deputy = await new_user(offices.ledger, offices.door, "deputy", by)
    stranger = await new_user(offices.ledger, offices.door, "stranger", by)
    neighbour = await new_user(offices.ledger, offices.door, "neighbour", by)
    await grant(offices, deputy, "street", STREET, "deputy")
    await grant(offices, stranger, "street", OTHER)
    await grant(offices, neighbour, "owner", STREET)
    await grant(offices, offices.user_id, "department", STREET)
    (first, second) = (await offices.ledger.load(User, offices.user_id)).grants
    await catch_up(offices.ledger, VIEWS)
    await offices.knock()
    form = {"csrf": await offices.csrf(), "grant_id": str(second)}
    await offices.client.post("/account/role", data=form)
    rows = (await (await offices.client.get("/v1/account/colleagues")).json())["rows"]
    assert [(row["login_name"], row["posts"]) for row in rows] == [
        ("deputy", ["deputy"]),
        (None, ["leader"]),
    ]
    assert {row["person_id"] for row in rows} == {str(deputy), str(LEADER)}
    form = {"csrf": await offices.csrf(), "grant_id": str(first)}
    await offices.client.post("/account/role", data=form)
    alone = await (await offices.client.get("/v1/account/colleagues")).json()
    assert alone["rows"] == [], "who acts for no organisation has no colleagues"


async def test_a_password_alone_opens_no_post_that_needs_a_second_factor(offices: House) -> None:
    today = local_day(offices.clock())
    terms = GrantDelegation(
        person_id=offices.user_id, from_on=today, until_on=today + timedelta(days=3)
    )
    leader = replace(
        offices.by, actor_id=LEADER, role="street", organisation_id=STREET, post="leader"
    )
    delegation_id = (await grant_delegation(terms, offices.ledger, leader)).id
    await offices.knock()
    headers = {"Acting-For": str(delegation_id)}
    async with offices.client.get("/v1/account/colleagues", headers=headers) as response:
        told = await response.json(content_type=None)
        assert (response.status, told["code"]) == (403, "second-factor-needed")


async def test_a_form_acts_as_its_page_was_shown_and_for_nobody_else(offices: House) -> None:
    today = local_day(offices.clock())
    terms = GrantDelegation(
        person_id=offices.user_id, from_on=today, until_on=today + timedelta(days=3)
    )
    leader = replace(
        offices.by, actor_id=LEADER, role="department", organisation_id=STREET, post="leader"
    )
    delegation_id = (await grant_delegation(terms, offices.ledger, leader)).id
    others = replace(terms, person_id=UUID(int=8))
    stolen_id = (await grant_delegation(others, offices.ledger, leader)).id
    await catch_up(offices.ledger, VIEWS)
    await offices.knock()
    form = {"csrf": await offices.csrf("/delegations"), "about": "o", "kind": "family"}

    async def declare(acting_for: str) -> int:
        sent = form | {"acting_for": acting_for}
        path = "/delegations/interests"
        async with offices.client.post(path, data=sent, allow_redirects=False) as response:
            return response.status

    assert await declare(str(stolen_id)) == 403
    assert await declare("nonsense") == 403
    assert await offices.told("interests.declared.v1") == []
    entering = {"csrf": form["csrf"], "delegation_id": str(stolen_id)}
    entered = offices.client.post("/delegations/standing-in", data=entering)
    async with entered as response:
        assert response.status == 403 and "minzhang_acting_for" not in response.cookies
    assert await declare(str(delegation_id)) == 303, "though the browser stands in for nobody"
    (told,) = await offices.told("interests.declared.v1")
    assert (told["by"].on_behalf_of, told["by"].post) == (LEADER, "leader")
