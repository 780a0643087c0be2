"""Acting within one's scope: what lies outside is refused like what does not exist."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from ledger.commands.organisations import (
    EstablishOrganisation,
    FillPost,
    ReparentOrganisation,
    VacatePost,
    establish_organisation,
    fill_post,
    reparent_organisation,
    vacate_post,
)
from ledger.commands.petitions import FilePetition, file_petition
from ledger.commands.standing import Standing
from ledger.core.clock import local_day, utc_now
from ledger.organisations import Kind, organisation_id
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.reading import read_entries
from ledger.users import Denial
from tests.api.conftest import Client, TokenFor, bearer, the_problem
from tests.api.money import Office, applied, office
from tests.commands.county import (
    COMMUNITY,
    COMPANY,
    COUNTY,
    ESTATE,
    OTHER_COMMUNITY,
    OTHER_ESTATE,
    PETITIONER,
    REASON,
    STREET,
    build_county,
    filed,
    who,
)

__all__ = ["office"]

OTHER_STREET = organisation_id("371329002")
TODAY = local_day(utc_now())


def of_today(reason: str = REASON) -> Any:
    return who(on=TODAY.isoformat(), reason=reason)


async def other_street(ledger: Ledger) -> None:
    """Let there be a second street."""
    command = EstablishOrganisation(
        code="371329002",
        kind=Kind.STREET,
        name_zh="另一街道",
        parent_id=COUNTY,
        valid_from=date(2020, 1, 1),
    )
    await establish_organisation(command, ledger, who())


async def move_community(ledger: Ledger, parent_id: UUID = OTHER_STREET) -> None:
    """Put the community below another street from today on."""
    command = ReparentOrganisation(organisation_id=COMMUNITY, parent_id=parent_id, valid_from=TODAY)
    await reparent_organisation(command, ledger, of_today())


async def same_as_missing(
    client: Client, headers: dict[str, str], path: str, record_id: Any, body: dict[str, Any]
) -> None:
    """Check that a record out of reach is refused with the very words for one that is not there."""
    bodies = []
    for one in (str(record_id), str(uuid4())):
        response = await client.post(path.format(one), json=body, headers=headers)
        problem = await the_problem(response, 404, "not-found")
        told = str(problem).replace(one, "ID").replace(problem["instance"], "")
        bodies.append(told)
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize(
    ("role", "organisation_id"),
    [("community", OTHER_COMMUNITY), ("community", None), ("street", uuid4())],
)
async def test_a_record_of_another_place_looks_like_none(
    client: Client,
    ledger: Ledger,
    token_for: TokenFor,
    role: str,
    organisation_id: UUID | None,
) -> None:
    await build_county(ledger)
    petition_id = await filed(ledger)
    headers = bearer(await token_for(role, organisation_id=organisation_id))
    body = {"reason": REASON}
    await same_as_missing(client, headers, "/v1/petitions/{}/withdrawals", petition_id, body)
    own = bearer(await token_for("community"))
    path = f"/v1/petitions/{petition_id}/withdrawals"
    assert (await client.post(path, json=body, headers=own)).status == 201


async def test_what_somebody_tries_out_of_reach_is_in_the_log(
    client: Client, ledger: Ledger, token_for: TokenFor
) -> None:
    """Of what exists and of what does not alike: the log must not tell which it was."""
    await build_county(ledger)
    petition_id = await filed(ledger)
    for number, record_id in enumerate((petition_id, uuid4())):
        actor_id = uuid4()
        given = {"organisation_id": OTHER_COMMUNITY, "actor_id": actor_id}
        headers = bearer(await token_for("community", **given))
        path = f"/v1/petitions/{record_id}"
        await the_problem(await client.get(path, headers=headers), 404, "not-found")
        response = await client.post(path + "/closings", json={}, headers=headers)
        await the_problem(response, 404, "not-found")
        counted = [
            entry.event
            for entry in await read_entries(ledger.pool, ledger.id, start=0, limit=1_000)
            if entry.topic == Denial.Counted.TOPIC and entry.by.actor_id == actor_id
        ]
        assert {event.operation for event in counted if isinstance(event, Denial.Counted)} == {
            "petition_by_id",
            "close_petition",
        }, number


async def test_nothing_is_created_at_another_place(office: Office) -> None:
    await office.person("neighbour", "community", organisation_id=OTHER_COMMUNITY)
    body = {
        "channel": "hotline",
        "title": "路灯不亮",
        "summary": "小区北门路灯不亮",
        "petitioner_id": str(uuid4()),
        "category": "facilities",
        "item": "damp_garage",
    }
    here = {"community_id": str(COMMUNITY), "estate_id": str(ESTATE)}
    there = {"community_id": str(OTHER_COMMUNITY), "estate_id": str(OTHER_ESTATE)}
    response = await office.post("neighbour", "/petitions", **body, **here)
    problem = await the_problem(response, 404, "not-found")
    assert problem["facts"] == {"kind": "organisation", "id": str(ESTATE)}
    await office.done("neighbour", "/petitions", **body, **there)


async def test_whoever_acts_for_itself_acts_for_nobody_else(
    client: Client, ledger: Ledger, token_for: TokenFor
) -> None:
    await build_county(ledger)
    petition_id = await filed(ledger)
    path = f"/v1/petitions/{petition_id}/withdrawals"
    for person, status in ((uuid4(), 404), (PETITIONER, 201)):
        headers = bearer(await token_for("resident", actor_id=person))
        response = await client.post(path, json={"reason": REASON}, headers=headers)
        assert response.status == status, await response.text()


async def test_a_party_reaches_only_what_it_takes_part_in(
    client: Client, ledger: Ledger, token_for: TokenFor
) -> None:
    await build_county(ledger)
    petition_id = await filed(ledger)
    department = bearer(await token_for("department"))
    body = {"reason": REASON}
    await same_as_missing(client, department, "/v1/petitions/{}/disputes", petition_id, body)
    own = bearer(await token_for("community"))
    sent = {"unit_id": str(organisation_id("housing"))}
    path = f"/v1/petitions/{petition_id}"
    assert (await client.post(path + "/dispatches", json=sent, headers=own)).status == 201
    assert (await client.post(path + "/disputes", json=body, headers=department)).status == 201


async def test_a_move_ends_the_old_scope_at_once(
    client: Client, ledger: Ledger, token_for: TokenFor
) -> None:
    await build_county(ledger)
    await other_street(ledger)
    petition_id = await filed(ledger)
    path = f"/v1/petitions/{petition_id}/withdrawals?dry_run=true"
    body = {"reason": REASON}
    old = bearer(await token_for("street"))
    new = bearer(await token_for("street", organisation_id=OTHER_STREET))
    assert (await client.post(path, json=body, headers=old)).status == 200
    await the_problem(await client.post(path, json=body, headers=new), 404, "not-found")
    await move_community(ledger)
    await the_problem(await client.post(path, json=body, headers=old), 404, "not-found")
    assert (await client.post(path, json=body, headers=new)).status == 200


async def test_many_who_ask_first_all_wait_for_the_tree(ledger: Ledger) -> None:
    await build_county(ledger)
    standing = Standing(ledger, lambda: 0)
    charts = await asyncio.gather(*(standing.chart() for _ in range(20)))
    assert all(chart.lives(ESTATE, TODAY) for chart in charts)


async def test_a_move_in_another_process_is_noticed_by_the_append(
    client: Client, ledger: Ledger, store_dsn: str, token_for: TokenFor
) -> None:
    """Whatever this process has heard by then: the append checks the tree that was relied on."""
    await build_county(ledger)
    await other_street(ledger)
    petition_id = await filed(ledger)
    old = bearer(await token_for("street"))
    path, body = f"/v1/petitions/{petition_id}/withdrawals", {"reason": REASON}
    assert (await client.post(path + "?dry_run=1", json=body, headers=old)).status == 200
    async with open_ledger(store_dsn, ledger.id, pool_size_max=1) as elsewhere:
        await move_community(elsewhere)
    await the_problem(await client.post(path, json=body, headers=old), 404, "not-found")


async def test_a_post_counts_only_within_its_term(
    client: Client, ledger: Ledger, token_for: TokenFor
) -> None:
    await build_county(ledger)
    person = uuid4()
    path, body = f"/v1/petitions/{await filed(ledger)}/withdrawals?dry_run=1", {"reason": REASON}
    headers = bearer(await token_for("street", actor_id=person, post="leader"))
    response = await client.post(path, json=body, headers=headers)
    problem = await the_problem(response, 403, "post-not-in-term")
    assert problem["facts"] == {"post": "leader", "on": TODAY.isoformat()}
    fill = FillPost(
        organisation_id=STREET, person_id=person, post="leader", from_on=date(2026, 1, 1)
    )
    await fill_post(fill, ledger, who())
    assert (await client.post(path, json=body, headers=headers)).status == 200
    yesterday = date.fromordinal(TODAY.toordinal() - 1)
    leave = VacatePost(organisation_id=STREET, person_id=person, post="leader", until_on=yesterday)
    await vacate_post(leave, ledger, of_today())
    response = await client.post(path, json=body, headers=headers)
    await the_problem(response, 403, "post-not-in-term")


async def test_a_committee_has_no_say_in_another_estates_money(office: Office) -> None:
    path = await applied(office)
    await office.person("neighbour", "owners_committee", organisation_id=OTHER_ESTATE)
    response = await office.post("neighbour", path + "/withdrawals", reason=REASON)
    await the_problem(response, 404, "not-found")


async def test_a_cause_at_another_place_looks_like_none(office: Office, ledger: Ledger) -> None:
    """The refusal must not tell that there is such a petition elsewhere."""
    elsewhere = FilePetition(
        channel="hotline",
        title="路灯不亮",
        summary="小区北门路灯不亮",
        community_id=OTHER_COMMUNITY,
        estate_id=OTHER_ESTATE,
        petitioner_id=PETITIONER,
    )
    petition_id = (await file_petition(elsewhere, ledger, who())).id
    body: dict[str, Any] = {
        "amount_fen": 100_00,
        "payee": "宏达维修公司",
        "purpose": "修路灯",
        "cause_kind": "petition",
    }
    assess = {"estate_id": str(ESTATE), "company_id": str(COMPANY), "contract": "YG-1"}
    terms = {"base_fen": 100_000_00, "rate_bp": 500, "basis": "协议", "ends_on": "2030-12-31"}
    deposit_id = (await office.done("clerk", "/deposits", **assess, **terms))["id"]
    path = f"/deposits/{deposit_id}/draw-downs"
    for cause_id in (str(petition_id), str(uuid4())):
        response = await office.post("reviewer", path, **body, cause_id=cause_id)
        problem = await the_problem(response, 404, "not-found")
        assert problem["facts"] == {"kind": "petition", "id": cause_id}
