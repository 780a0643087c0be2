"""Standing in, one person with two posts, and declared interests, over HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from ledger.commands.access_tokens import user_of_actor
from ledger.commands.organisations import FillPost, VacatePost, fill_post, vacate_post
from ledger.commands.users import DisableUser, RevokeRole, disable_user, revoke_role
from ledger.storage.ledger import Ledger
from ledger.users import User
from tests.api.conftest import bearer, the_problem
from tests.api.money import Office, applied, approved, office
from tests.api.test_scopes import TODAY, of_today
from tests.commands.county import COMMUNITY, ESTATE, OTHER_COMMUNITY, STREET, who

__all__ = ["office"]

LEADER, DEPUTY, CHAIR = UUID(int=801), UUID(int=802), UUID(int=803)
LAST_DAY = TODAY + timedelta(days=14)


@pytest.fixture
async def street(office: Office, ledger: Ledger) -> Office:
    """The street has a leader, who holds a post, and a deputy, who is of another community."""
    fill = FillPost(
        organisation_id=STREET, person_id=LEADER, post="leader", from_on=date(2026, 1, 1)
    )
    await fill_post(fill, ledger, who())
    await office.person("leader", "street", actor_id=LEADER, post="leader")
    await office.person("deputy", "community", actor_id=DEPUTY, organisation_id=OTHER_COMMUNITY)
    return office


def terms(person_id: UUID = DEPUTY, **changed: str) -> dict[str, str]:
    said = {"from_on": TODAY.isoformat(), "until_on": LAST_DAY.isoformat()}
    return {"person_id": str(person_id)} | said | changed


async def stands_in(office: Office, name: str = "deputy") -> str:
    """Let the deputy stand in for the leader; return the delegation's id."""
    delegation_id: str = (await office.done("leader", "/delegations", **terms()))["id"]
    office.headers["acting"] = office.headers[name] | {"Acting-For": delegation_id}
    return delegation_id


async def test_somebody_stands_in_for_the_holder_of_a_post(street: Office, ledger: Ledger) -> None:
    path = await applied(street)
    await street.done("reviewer", path + "/reviews")
    response = await street.post("deputy", path + "/approvals")
    await the_problem(response, 403, "not-allowed")
    delegation_id = await stands_in(street)
    done = await street.done("acting", path + "/approvals")
    (event,) = [
        row
        for row in (await street.read("auditor", "/events?topic=expense.approved", after=done))[
            "rows"
        ]
    ]
    assert event["actor_id"] == str(DEPUTY)
    assert event["on_behalf_of"] == str(LEADER)
    assert (event["role"], event["organisation_id"], event["post"]) == (
        "street",
        str(STREET),
        "leader",
    )
    (listed,) = (await street.read("clerk", "/delegations", after=done))["rows"]
    assert (listed["delegation_id"], listed["person_id"]) == (delegation_id, str(DEPUTY))


async def test_whoever_stands_in_counts_as_both_persons(street: Office) -> None:
    """The leader applied as a member of the committee: the deputy's voice would be the leader's."""
    await street.person("member", "owners_committee", actor_id=LEADER)
    path = await applied(street, who="member")
    await street.done("reviewer", path + "/reviews")
    await stands_in(street)
    await the_problem(await street.post("acting", path + "/approvals"), 422, "same-person-twice")


async def test_two_posts_do_not_make_two_persons(street: Office) -> None:
    await street.person("twice", "community", actor_id=LEADER)
    path = await applied(street)
    await street.done("twice", path + "/reviews")
    await the_problem(await street.post("leader", path + "/approvals"), 422, "same-person-twice")


async def test_a_delegation_ends_when_it_is_ended(street: Office) -> None:
    path = await applied(street)
    await street.done("reviewer", path + "/reviews")
    delegation_id = await stands_in(street)
    await street.done("leader", f"/delegations/{delegation_id}/endings", reason="已返岗")
    response = await street.post("acting", path + "/approvals")
    await the_problem(response, 403, "delegation-not-in-force")


async def test_a_delegation_ends_with_the_post(street: Office, ledger: Ledger) -> None:
    path = await applied(street)
    await street.done("reviewer", path + "/reviews")
    await stands_in(street)
    leave = VacatePost(
        organisation_id=STREET,
        person_id=LEADER,
        post="leader",
        until_on=TODAY - timedelta(days=1),
    )
    await vacate_post(leave, ledger, of_today())
    response = await street.post("acting", path + "/approvals")
    await the_problem(response, 403, "delegation-not-in-force")


@pytest.mark.parametrize("given", ["", "nonsense", "0192f0c1-2345-7000-8000-000000000001"])
async def test_what_is_no_delegation_lets_nobody_in(street: Office, given: str) -> None:
    street.headers["acting"] = street.headers["deputy"] | {"Acting-For": given}
    response = await street.post("acting", "/petitions")
    await the_problem(response, 403, "delegation-not-in-force")


async def test_nobody_else_uses_a_delegation_and_overseers_use_none(street: Office) -> None:
    await stands_in(street, "clerk")
    await the_problem(await street.post("acting", "/petitions"), 403, "delegation-not-in-force")
    auditor_id = uuid4()
    given = terms(auditor_id)
    delegation_id = (await street.done("leader", "/delegations", **given))["id"]
    await street.person("overseer", "auditor", actor_id=auditor_id)
    street.headers["acting"] = street.headers["overseer"] | {"Acting-For": delegation_id}
    await the_problem(await street.post("acting", "/petitions"), 403, "delegation-not-in-force")


async def test_only_a_held_post_is_delegated_once_and_not_passed_on(street: Office) -> None:
    for name, code, given in (
        ("clerk", "delegation-without-post", terms()),
        ("leader", "delegation-to-oneself", terms(LEADER)),
    ):
        response = await street.post(name, "/delegations", **given)
        await the_problem(response, 422, code)
    await stands_in(street)
    response = await street.post("acting", "/delegations", **terms(uuid4()))
    await the_problem(response, 422, "delegation-passed-on")
    path = await applied(street)
    response = await street.post("acting", path + "/rejections", on_behalf_of=str(uuid4()))
    await the_problem(response, 400, "request-invalid")


async def test_nobody_puts_themselves_into_a_post(street: Office) -> None:
    path = f"/organisations/{COMMUNITY}/post-terms"
    body: dict[str, Any] = {"post": "secretary", "from_on": TODAY.isoformat()}
    response = await street.post("leader", path, person_id=str(LEADER), **body)
    await the_problem(response, 422, "fills-own-post")
    await street.done("leader", path, person_id=str(DEPUTY), **body)


@pytest.mark.parametrize("about", ["estate", "person", "payee"])
async def test_a_declared_interest_keeps_its_person_from_deciding(
    street: Office, about: str
) -> None:
    payee_id = uuid4()
    await street.person("member", "owners_committee", actor_id=CHAIR)
    path = await applied(street, who="member")
    if about == "payee":
        change = {"amount_fen": 5_000_00, "category": "repair", "purpose": "维修小区南门"}
        payee = {"payee": "某维修公司", "payee_id": str(payee_id), "reason": "更换施工单位"}
        await street.done("member", path + "/changes", **change, **payee)
    about_id = {"estate": ESTATE, "person": CHAIR, "payee": payee_id}[about]
    person_id = uuid4()
    await street.person("reviewing", "community", actor_id=person_id)
    declared = {"person_id": str(person_id), "about_id": str(about_id), "kind": "family"}
    await street.done("reviewing", "/interests", **declared)
    problem = await the_problem(
        await street.post("reviewing", path + "/reviews"), 422, "conflict-of-interest"
    )
    assert problem["facts"] == {"about_id": str(about_id), "kind": "family"}
    await street.done("reviewer", path + "/reviews")


async def test_an_interest_binds_whoever_stands_in_too(street: Office) -> None:
    path = await applied(street)
    await street.done("reviewer", path + "/reviews")
    declared = {"person_id": str(LEADER), "about_id": str(ESTATE), "kind": "shares"}
    await street.done("leader", "/interests", **declared)
    await stands_in(street)
    response = await street.post("acting", path + "/approvals")
    await the_problem(response, 422, "conflict-of-interest")


async def test_an_interest_keeps_from_paying_until_somebody_else_ends_it(street: Office) -> None:
    path = await approved(street)
    cashier = uuid4()
    await street.person("payer", "street", actor_id=cashier)
    await street.person("inspector", "discipline")
    declared = {"person_id": str(cashier), "about_id": str(ESTATE), "kind": "employment"}
    await street.done("inspector", "/interests", **declared)
    pay = {"amount_fen": 6_000_00}
    response = await street.post("payer", path + "/payments", **pay)
    await the_problem(response, 422, "conflict-of-interest")
    about = {"person_id": str(cashier), "about_id": str(ESTATE), "reason": "已核实"}
    response = await street.post("payer", "/interests/endings", **about)
    await the_problem(response, 403, "not-allowed")
    ended = await street.done("inspector", "/interests/endings", **about)
    await street.done("payer", path + "/payments", **pay)
    (kept,) = (await street.read("auditor", "/interests?stands=false", after=ended))["rows"]
    assert (kept["person_id"], kept["reason"]) == (str(cashier), "已核实")


async def test_nobody_declares_for_others_but_the_discipline_office(street: Office) -> None:
    declared = {"person_id": str(uuid4()), "about_id": str(ESTATE), "kind": "family"}
    await the_problem(await street.post("clerk", "/interests", **declared), 404, "not-found")
    own = bearer(await street.token_for("community", actor_id=DEPUTY))
    street.headers["own"] = own
    await street.done("own", "/interests", **(declared | {"person_id": str(DEPUTY)}))
    assert len((await street.read("own", "/interests"))["rows"]) <= 1


async def user_id_of_holder(ledger: Ledger) -> UUID:
    holder = await user_of_actor(ledger, LEADER)
    assert holder is not None
    return holder.id


async def test_a_delegation_ends_with_the_holders_account(street: Office, ledger: Ledger) -> None:
    await stands_in(street)
    path = await applied(street)
    await street.done("reviewer", path + "/reviews")
    admin = replace(who(reason="停职"), role="administrator")
    command = DisableUser(user_id=await user_id_of_holder(ledger))
    await disable_user(command, ledger.for_request(), admin)
    response = await street.post("acting", path + "/approvals")
    await the_problem(response, 403, "delegation-not-in-force")


async def test_a_delegation_ends_with_the_holders_role(street: Office, ledger: Ledger) -> None:
    await stands_in(street)
    path = await applied(street)
    await street.done("reviewer", path + "/reviews")
    user_id = await user_id_of_holder(ledger)
    admin = replace(who(reason="调离"), role="administrator")
    for grant_id in (await ledger.load(User, user_id)).grants:
        revoke = RevokeRole(user_id=user_id, grant_id=grant_id)
        await revoke_role(revoke, ledger.for_request(), admin)
    response = await street.post("acting", path + "/approvals")
    await the_problem(response, 403, "delegation-not-in-force")


async def test_a_token_without_the_factor_stands_in_for_no_role_that_needs_it(
    street: Office,
) -> None:
    """A grid worker signs in by password alone; so does the token that stands for it."""
    await street.person("worker", "grid_worker", actor_id=DEPUTY)
    await stands_in(street, "worker")
    response = await street.post("acting", "/petitions")
    await the_problem(response, 403, "second-factor-needed")
