"""Whatever anybody of one street tries, nothing of the other one is read or changed.

Random people take random steps, for real, naming records of either street as they like; and
people of another county's ledger knock as well. After each step, the log and the answer are
asked whether anything crossed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from api.permissions import MAY
from api.reach import Within
from api.roles import Role
from api.routing import CommandRoute, ReadRoute
from ledger.commands.standing import Standing
from ledger.storage.ledger import create_ledger, open_ledger
from ledger.storage.reading import read_entries, read_head
from projections import VIEWS
from projections.engine import Projector
from tests.permissions.conftest import ORIGIN, County, served_county
from tests.permissions.test_matrix import (
    COMMANDS,
    ORGANISATIONS,
    READS,
    asked,
    ids_of,
    parameter,
)
from tests.permissions.world import EAST, TREE, WEST, Side
from tests.tokens import issued

SIDES = (EAST, WEST)
SCOPED = [
    role
    for role in Role
    if any(role in row and row.reach[role] is not Within.COUNTY for row in MAY.values())
]
OFFERED = ("activity.", "shop_item.")
"""Volunteers come to any activity and choose from any shop: that is no crossing."""
SAID = ("denial.", "sign_in.")
"""The service's own notes that somebody was refused."""

ROUTES: dict[str, CommandRoute | ReadRoute] = {
    **{route.operation: route for route in COMMANDS},
    **{route.operation: route for route in READS},
}
BY_NAME = {side.name: side for side in SIDES}
NAMES = st.sampled_from(sorted(BY_NAME))
Step = tuple[str, str, str, tuple[str, ...]]
"""Whose person of which role does or asks what, naming things of which sides."""
STEPS = st.tuples(
    NAMES,
    st.sampled_from([str(role) for role in SCOPED]),
    st.sampled_from(sorted(ROUTES)),
    st.tuples(NAMES, NAMES, NAMES),
)


@pytest.fixture(scope="session")
async def streets(store_dsn: str) -> AsyncIterator[County]:
    """East and west, with views that follow."""
    async with (
        served_county(store_dsn, SIDES) as county,
        Projector(store_dsn, county.ledger.id, VIEWS),
    ):
        yield county


@pytest.fixture(scope="session")
async def stranger(store_dsn: str, streets: County) -> dict[str, str]:
    """Somebody with every right, in another county's ledger of the same database."""
    return await new_stranger(store_dsn, streets, Role.COUNTY)


async def new_stranger(store_dsn: str, county: County, role: Role) -> dict[str, str]:
    """Make a ledger beside a county's, and a token of it; return the headers that carry it."""
    pool, other = county.ledger.pool, f"o{uuid4().hex[:12]}"
    async with pool.acquire() as db:
        await create_ledger(db, other, origin=ORIGIN)
    async with open_ledger(store_dsn, other, key=county.ledger.key) as ledger:
        token = await issued(ledger, role)
    return {"Authorization": f"Bearer {token}"}


def other_than(side: Side) -> Side:
    return WEST if side is EAST else EAST


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@for_all(steps=st.lists(STEPS, min_size=4, max_size=12))
async def test_nothing_crosses_from_one_street_to_the_other(
    streets: County, steps: list[Step]
) -> None:
    for name, called, operation, named in steps:
        actor, role, route = BY_NAME[name], Role(called), ROUTES[operation]
        sides = [BY_NAME[one] for one in named]
        if isinstance(route, CommandRoute):
            await act(streets, actor, role, route, sides)
        else:
            await read(streets, actor, role, route, sides[0])


async def act(
    county: County, actor: Side, role: Role, route: CommandRoute, sides: list[Side]
) -> None:
    """Take a step that names records of this and that side; look at what was recorded."""
    ledger, row = county.ledger, MAY[route.operation]
    if role in row and row.reach[role] is Within.COUNTY:
        return  # in this step the whole county is within reach
    before = (await read_head(ledger.pool, ledger.id)).size
    path, body = request_of(county, actor, role, route, sides)
    async with county.client.post(path, json=body, headers=county.of(role, actor)) as response:
        told = await response.text()
        assert response.status < 500, (route.operation, told)
    if role not in row:
        assert response.status == 403
    for entry in await read_entries(ledger.pool, ledger.id, start=before, limit=1_000):
        if entry.topic.startswith(SAID):
            continue
        touched = await Standing(ledger, lambda: 0).concern_of(entry.stream_id)
        crossed = touched.places & places_in(other_than(actor))
        is_offered = role is Role.VOLUNTEER and entry.topic.startswith(OFFERED)
        is_own = role is Role.RESIDENT and entry.topic.startswith("petition.")
        assert not crossed or is_offered or is_own, (role, route.operation, entry.topic)


def request_of(
    county: County, actor: Side, role: Role, route: CommandRoute, sides: list[Side]
) -> tuple[str, dict[str, Any]]:
    """Return an address and a body; each field that tells whom it concerns names some side."""
    operation = county.document["paths"][route.path]["post"]
    body = dict(operation["requestBody"]["content"]["application/json"]["example"])
    for name in body.keys() & ORGANISATIONS.keys():
        one = str(actor.organisation(ORGANISATIONS[name]))
        body[name] = [one] if isinstance(body[name], list) else one
    by_side = {side.name: ids_of(route, side, role) for side in SIDES}
    for number, name in enumerate(by_side[actor.name]):
        body[name] = by_side[sides[number % len(sides)].name][name]
    path = route.path
    for name in route.parameters:
        path = path.replace(f"{{{name}}}", str(body.pop(name, None) or parameter(name)))
    return path, body


def places_in(side: Side) -> set[UUID]:
    return {side.organisation(what) for what, _, _ in TREE}


async def read(county: County, actor: Side, role: Role, route: ReadRoute, about: Side) -> None:
    """Ask about some side; the answer must not tell of the other one."""
    row = MAY[route.operation]
    path, named = asked(county, route, about)
    async with county.client.get(path, headers=county.of(role, actor)) as response:
        told = await response.text()
        assert response.status < 500, (route.operation, told)
    if role not in row:
        assert response.status == 403, (role, route.operation)
        return
    if row.is_public or row.reach[role] is Within.COUNTY:
        return
    secret = {str(one) for one in other_than(actor).ids()} - {named}
    if role in (Role.VOLUNTEER, Role.RESIDENT):
        secret -= {str(other_than(actor).record(kind)) for kind in ("activity", "shop_item")}
    assert [one for one in secret if one in told] == [], (role, route.operation)


async def test_another_countys_people_are_nobody_here(
    streets: County, stranger: dict[str, str]
) -> None:
    ledger = streets.ledger
    before = (await read_head(ledger.pool, ledger.id)).size
    for route in READS:
        path, _ = asked(streets, route, EAST)
        async with streets.client.get(path, headers=stranger) as response:
            assert response.status == 401, route.operation
    for command in COMMANDS:
        path, body = request_of(streets, EAST, Role.COUNTY, command, [EAST])
        async with streets.client.post(path, json=body, headers=stranger) as response:
            assert response.status == 401, command.operation
    new = await read_entries(ledger.pool, ledger.id, start=before, limit=1_000)
    assert [entry.topic for entry in new if not entry.topic.startswith(SAID)] == []


async def test_the_own_side_is_really_acted_on(streets: County) -> None:
    """A property over people who can do nothing would hold too easily."""
    for role, operation in (
        (Role.COMMUNITY, "escalate_petition"),
        (Role.STREET, "assess_deposit"),
        (Role.SUPERVISOR, "remind_company"),
        (Role.OWNERS_COMMITTEE, "apply_for_expense"),
    ):
        route = ROUTES[operation]
        assert isinstance(route, CommandRoute)
        path, body = request_of(streets, EAST, role, route, [EAST])
        headers = streets.of(role, EAST)
        async with streets.client.post(path, json=body, headers=headers) as response:
            assert response.status in (201, 409, 422), (operation, await response.text())
