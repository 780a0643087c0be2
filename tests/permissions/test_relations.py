"""Whose records each reach covers: one's own, below, beside, above, far away, another county's.

Two communities of one street, one of another: ``near`` asks. First each kind of reach about
petitions and findings at every distance, by a table written here by hand; then every operation
about the neighbour's records, by every role.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
import pytest

from api.concerning import OWN_POST
from api.permissions import MAY
from api.reach import Within
from api.roles import Role
from api.routing import CommandRoute, ReadRoute, Shape
from ledger.commands import petitions
from projections import VIEWS
from projections.engine import catch_up
from tests.permissions.conftest import County, served_county
from tests.permissions.test_matrix import (
    COMMANDS,
    NO_RECORDS,
    NOTHING_IN_REACH,
    READS,
    ask,
    asked,
    is_about,
    try_command,
)
from tests.permissions.test_tenants import new_stranger
from tests.permissions.world import RECORDED, Side, by

NEAR, NEXT, FAR = Side("near"), Side("next", street_of="near"), Side("far")
FILED = petitions.FilePetition(
    channel="reception_day",
    title="路灯不亮",
    summary="小区外路灯不亮",
    community_id=NEAR.organisation("community"),
    petitioner_id=FAR.person("somebody"),
)

PETITIONS: Mapping[Role, set[str]] = {
    Role.AUDITOR: {"estate", "community", "beside", "far", "own, far away"},
    Role.HOTLINE: {"estate", "community", "beside", "far", "own, far away"},
    Role.STREET: {"estate", "community", "beside"},
    Role.COMMUNITY: {"estate", "community"},
    Role.GRID_WORKER: {"estate", "community"},
    Role.SUPERVISOR: {"estate"},
    Role.OWNERS_COMMITTEE: {"estate"},
    Role.DEPARTMENT: {"estate"},
    Role.COMPANY: {"estate"},
    Role.RESIDENT: {"estate", "own, far away"},
}
"""Which petitions each of near's people reaches: what is at the community is above an estate."""
FINDINGS: Mapping[Role, set[str]] = {
    Role.AUDITOR: {"estate", "beside", "far"},
    Role.STREET: {"estate", "beside"},
    Role.DEPARTMENT: {"estate", "beside"},
    Role.COMMUNITY: {"estate"},
    Role.SUPERVISOR: {"estate"},
    Role.OWNERS_COMMITTEE: {"estate"},
    Role.COMPANY: {"estate"},
}
"""Which findings: a department serves the area of its street."""


@pytest.fixture(scope="session")
async def streets_with_neighbours(store_dsn: str) -> AsyncIterator[County]:
    """Near, its neighbour and another street, with petitions at other distances beside."""
    async with served_county(store_dsn, (NEAR, NEXT, FAR)) as county:
        far = replace(FILED, community_id=FAR.organisation("community"))
        own = replace(far, petitioner_id=NEAR.person(Role.RESIDENT))
        for name, side, filed in (("community", NEAR, FILED), ("own, far away", FAR, own)):
            recorded = await petitions.file_petition(filed, county.ledger, by(side, Role.COMMUNITY))
            RECORDED["near", name] = recorded.id
        await catch_up(county.ledger, VIEWS)
        yield county


def petition_ids() -> dict[str, UUID]:
    beside = {name: RECORDED["near", name] for name in ("community", "own, far away")}
    return beside | record_ids("petition")


def record_ids(kind: str) -> dict[str, UUID]:
    return {"estate": NEAR.record(kind), "beside": NEXT.record(kind), "far": FAR.record(kind)}


def test_every_kind_of_reach_is_in_the_tables() -> None:
    tables = (("petition_by_id", PETITIONS), ("finding_by_id", FINDINGS))
    reached = {MAY[name].reach[role] for name, table in tables for role in table}
    assert reached == set(Within)


@pytest.mark.parametrize("role", PETITIONS)
async def test_petitions_are_reached_at_the_right_distance(
    streets_with_neighbours: County, role: Role
) -> None:
    county = streets_with_neighbours
    reached, known = PETITIONS[role], petition_ids()
    await told_exactly(county, role, "petition", known, reached)
    status, text = await ask(county, role, "/v1/petition-counts", NEAR)
    assert (status, orjson.loads(text)["row"]["count"]) == (200, len(reached))
    for name, one in known.items():
        status, _ = await ask(county, role, f"/v1/petitions/{one}/timeline", NEAR)
        assert status == (200 if name in reached else 404), name


@pytest.mark.parametrize("role", FINDINGS)
async def test_findings_are_reached_at_the_right_distance(
    streets_with_neighbours: County, role: Role
) -> None:
    known = record_ids("finding")
    await told_exactly(streets_with_neighbours, role, "finding", known, FINDINGS[role])


async def told_exactly(
    county: County, role: Role, kind: str, known: Mapping[str, UUID], reached: set[str]
) -> None:
    """Check a list and each single record: what is reached is told, nothing else."""
    status, text = await ask(county, role, f"/v1/{kind}s?page_size=100", NEAR)
    assert status == 200, text
    rows = orjson.loads(text)["rows"]
    assert {row[f"{kind}_id"] for row in rows} == {str(known[name]) for name in reached}
    for name, one in known.items():
        status, text = await ask(county, role, f"/v1/{kind}s/{one}", NEAR)
        assert status == (200 if name in reached else 404), (name, text)


async def test_another_countys_ledger_opens_nothing_here(
    store_dsn: str, streets_with_neighbours: County
) -> None:
    county = streets_with_neighbours
    for role in PETITIONS:
        stranger = await new_stranger(store_dsn, county, role)
        for one in petition_ids().values():
            async with county.client.get(f"/v1/petitions/{one}", headers=stranger) as response:
                assert response.status == 401, role


# Every operation, about the neighbour ----------------------------------------------------------


def reaches_neighbour(operation: str, role: Role) -> bool:
    """Tell whether a role of near reaches its neighbour's records, by the table's row."""
    within = MAY[operation].reach[role]
    is_above = within is Within.OWN and role is Role.STREET
    return within in (Within.COUNTY, Within.AREA) or is_above


@pytest.mark.parametrize("route", COMMANDS, ids=lambda route: route.operation)
async def test_every_role_acts_on_a_neighbour_as_the_table_says(
    streets_with_neighbours: County, route: CommandRoute
) -> None:
    await asyncio.gather(
        *(acts(streets_with_neighbours, route, role) for role in MAY[route.operation])
    )


async def acts(county: County, route: CommandRoute, role: Role) -> None:
    cell = f"{role} × {route.operation}"
    response, told, ids = await try_command(county, route, role, NEXT, NEAR)
    if OWN_POST in route.about:
        return  # the post is one's own: there is no neighbour to ask about
    if reaches_neighbour(route.operation, role):
        assert response.status not in (401, 403), (cell, told)
        assert not is_about(told, ids), (cell, told)
    else:
        assert response.status == 404 and is_about(told, ids), (cell, told)


@pytest.mark.parametrize("route", READS, ids=lambda route: route.operation)
async def test_every_role_reads_a_neighbour_as_the_table_says(
    streets_with_neighbours: County, route: ReadRoute
) -> None:
    await asyncio.gather(
        *(reads(streets_with_neighbours, route, role) for role in MAY[route.operation])
    )


async def reads(county: County, route: ReadRoute, role: Role) -> None:
    row, cell = MAY[route.operation], f"{role} × {route.operation}"
    if row.is_public or route.operation in NO_RECORDS:
        return
    path, named = asked(county, route, NEXT)
    status, text = await ask(county, role, path, NEAR)
    is_reached = reaches_neighbour(route.operation, role)
    is_reached = is_reached and (route.operation, role) not in NOTHING_IN_REACH
    if is_reached or not named:
        assert status == 200, (cell, text)
    elif route.shape is Shape.ONE:
        assert status == 404, (cell, text)
    if not is_reached:
        assert told_of_neighbour(text, named) == [], (cell, text)


def told_of_neighbour(text: str, named: str) -> list[Any]:
    """Return what of the neighbour's a text tells, beside the id that was asked for."""
    places = [NEXT.organisation(what) for what in ("community", "estate", "shop", "committee")]
    return [one for one in (*NEXT.ids(), *places) if str(one) in text and str(one) != named]
