"""Every cell of the table of permissions, on a real server: role × operation × scope.

Each operation is asked by a person of each role, about the own side of the county, about
the other side, and about what does not exist. What the table denies is 403; what it
allows reaches the own side; the other side looks, word for word, like what does not exist.
Commands are only tried (``dry_run``), so that every cell finds the same ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from aiohttp import ClientResponse

from api.concerning import OWN_POST, OfKnown, OfOrganisation, OfParty, OfPerson, OfRecord
from api.examples import UUID_EXAMPLE
from api.permissions import AUDIT, MAY, SYSTEM
from api.reach import Within
from api.roles import Role
from api.routes import ROUTES
from api.routing import CommandRoute, ReadRoute, Shape
from tests.permissions.conftest import County
from tests.permissions.world import ACTS_FOR, OFFICES, A, B, Side
from tests.tokens import issued

COMMANDS = [command for context in ROUTES for command in context.commands]
READS = [read for context in ROUTES for read in context.reads]
ORGANISATIONS = {
    "community_id": "community",
    "company_id": "company",
    "department_id": "department",
    "estate_id": "estate",
    "estate_ids": "estate",
    "organisation_id": "community",
    "parent_id": "street",
    "payer_id": "company",
    "place_id": "estate",
    "shop_id": "shop",
    "street_id": "street",
    "unit_id": "department",
}
"""Which organisation of a side a field names."""
KNOWN: Mapping[str, Callable[[Side], UUID]] = {
    "person": lambda side: side.record("person"),
    "points_account": lambda side: side.person(Role.VOLUNTEER),
    "supervisor": lambda side: side.person(Role.SUPERVISOR),
}
"""What is known of each side under an id that a command may also name for the first time."""
PERSONS = {"petitioner_id": Role.RESIDENT, "volunteer_id": Role.VOLUNTEER}
OTHER_ADDRESSES: Mapping[str, str] = {
    "event_entry": "/v1/events/{event_id}/entry",
    "event_proof": "/v1/events/{event_id}/proof",
    "event_interval": "/v1/events/{event_id}/interval",
    "log_checkpoint": "/v1/log/checkpoint",
    "log_consistency": "/v1/log/consistency?from=1",
    "overview": "/",
    "read_checkpoint": "/log/checkpoint",
    "read_entry_bundle": "/log/tile/entries/000",
    "read_metrics": "/metrics",
    "read_tile": "/log/tile/0/000",
}
"""Operations that are no declared routes, and where they are; the stream has its own test."""
ACCOUNT: Mapping[str, tuple[str, str]] = {
    "end_other_sessions": ("POST", "/v1/account/session-endings"),
    "end_own_session": ("POST", f"/v1/account/sessions/{UUID_EXAMPLE}/endings"),
    "invite_user": ("POST", f"/v1/users/{UUID_EXAMPLE}/invitations"),
    "own_evidence": ("GET", "/v1/evidence"),
    "own_colleagues": ("GET", "/v1/account/colleagues"),
    "login_register": ("GET", "/v1/logins"),
    "user_login": ("GET", f"/v1/users/{UUID_EXAMPLE}/login"),
    "issue_own_token": ("POST", "/v1/account/tokens"),
    "own_account": ("GET", "/v1/account"),
    "read_evidence": ("GET", f"/v1/evidence/{'0' * 64}"),
    "revoke_own_token": ("POST", f"/v1/account/tokens/{UUID_EXAMPLE}/revocations"),
    "upload_evidence": ("POST", "/v1/evidence"),
}
"""What people do with their own accounts: never anybody else's, so there is no scope to check."""
NO_RECORDS = {"grant_register", "user_by_id", "user_register"}
"""Accounts are not of a side: their own tests look at them."""
OWN, ADMIN = (Within.SELF,), Role.ADMINISTRATOR
STREAM = "stream_events"
NOTHING_IN_REACH = {
    ("company_findings", Role.DEPARTMENT),
    ("unit_conduct_steps", Role.COMMUNITY),
    ("unit_streak", Role.COMMUNITY),
    ("unit_streaks", Role.COMMUNITY),
}
"""Allowed to ask, but here nothing of the kind stands below: the company is the county's, the unit
the street's."""


class Nobody(Side):
    """A side that does not exist: every id is new."""

    def organisation(self, what: str) -> UUID:
        return uuid4()

    def person(self, role: str) -> UUID:
        return uuid4()

    def record(self, kind: str) -> UUID:
        return uuid4()


NOBODY = Nobody("nobody")


def ids_of(route: CommandRoute, side: Side, role: Role) -> dict[str, Any]:
    """Return, for every field that tells whom a command concerns, the side's own."""
    ids: dict[str, Any] = {}
    for source in route.about:
        if isinstance(source, OfRecord):
            ids |= record_ids(route, source, side, role)
        elif isinstance(source, OfKnown):
            ids.setdefault(source.field, str(KNOWN[source.kind](side)))
        elif isinstance(source, OfPerson):
            ids[source.field] = str(side.person(PERSONS.get(source.field, role)))
        elif isinstance(source, OfOrganisation | OfParty):
            for name in source.names:
                one = str(side.organisation(ORGANISATIONS[name]))
                ids[name] = [one] if name.endswith("_ids") else one
    return ids


def record_ids(route: CommandRoute, source: OfRecord, side: Side, role: Role) -> dict[str, Any]:
    """Return the id of the side's record that a source means, and of the part of it."""
    kind = kind_for("petition" if source.kind_of else source.kind, route.operation, role)
    if kind == "delegation":
        kind += f" of {role if role in OFFICES else Role.STREET}"
    ids = {source.field: str(side.record(kind))}
    return ids | ({source.part[1]: str(side.record("order"))} if source.part else {})


def kind_for(kind: str, operation: str, role: Role) -> str:
    """Return which record of a kind is meant: who reaches only what is about oneself, their own."""
    is_own = MAY[operation].reach.get(role) is Within.SELF
    return f"{kind} of {role}" if is_own and kind in {"person", "erasure"} else kind


async def try_command(
    county: County, route: CommandRoute, role: Role, side: Side, actor: Side = A
) -> tuple[ClientResponse, Any, dict[str, Any]]:
    """Try a command of a side's person, A's for the most part, about a side's records."""
    ids = ids_of(route, side, role)
    response, told = await try_with(county, route, role, ids, actor)
    return response, told, ids


async def try_with(
    county: County, route: CommandRoute, role: Role, given: Mapping[str, Any], actor: Side = A
) -> tuple[ClientResponse, Any]:
    """Try a command with these ids in the place of the example's."""
    operation = county.document["paths"][route.path]["post"]
    body = dict(operation["requestBody"]["content"]["application/json"]["example"])
    ids = dict(given)
    if "cause_kind" in body:
        body["cause_kind"] = "petition"
    path = route.path
    for name in route.parameters:
        path = path.replace(f"{{{name}}}", str(ids.pop(name, None) or parameter(name)))
    body |= ids
    url = path + "?dry_run=1"
    headers = county.of(role, actor)
    async with county.client.post(url, json=body, headers=headers) as response:
        return response, await response.json(content_type=None)


def parameter(name: str) -> str:
    return {"year": "2026", "name": "deposit.rate_min_bp", "version_reversed": "3"}.get(
        name, UUID_EXAMPLE
    )


def is_about(problem: Any, ids: Mapping[str, Any]) -> bool:
    """Tell whether a refusal says that one of these does not exist."""
    named = {str(value) for value in orjson.loads(orjson.dumps(list(ids.values())))}
    flat = {one.strip("[]'") for one in named}
    return problem.get("code") == "not-found" and problem["facts"].get("id") in flat


def without_ids(problem: Any, ids: Mapping[str, Any]) -> str:
    told = dict(problem)
    told.pop("instance")
    text = orjson.dumps(told, option=orjson.OPT_SORT_KEYS).decode()
    for value in ids.values():
        for one in value if isinstance(value, list) else [value]:
            text = text.replace(one, "ID")
    return text


@pytest.mark.parametrize("route", COMMANDS, ids=lambda route: route.operation)
async def test_every_role_acts_exactly_within_its_scope(
    county: County, route: CommandRoute
) -> None:
    await asyncio.gather(*(acts_within(county, route, role) for role in Role))


async def acts_within(county: County, route: CommandRoute, role: Role) -> None:
    row, cell = MAY[route.operation], f"{role} × {route.operation}"
    response, told, ids = await try_command(county, route, role, A)
    if role not in row:
        assert (response.status, told["code"]) == (403, "not-allowed"), cell
        return
    assert response.status not in (401, 403), (cell, told)
    assert not is_about(told, ids), (cell, told)
    if OWN_POST in route.about:
        return  # the post is one's own: there is no other side to ask about
    response, told, ids = await try_command(county, route, role, B)
    if row.reach[role] is Within.COUNTY:
        assert response.status not in (401, 403), (cell, told)
        assert not is_about(told, ids), (cell, told)
        return
    assert response.status == 404, (cell, told)
    missing, said, _ = await try_command(county, route, role, NOBODY)
    assert missing.status == 404, (cell, said)
    assert is_about(told, ids), (cell, told)
    assert told["facts"]["kind"] == said["facts"]["kind"], cell
    text, other = without_ids(told, ids), without_ids(said, {"id": said["facts"]["id"]})
    assert text == other, cell


def asked(
    county: County, route: ReadRoute, side: Side, role: Role = Role.RESIDENT
) -> tuple[str, str]:
    """Return the address of a question about a side, and the id that it names."""
    path, named = route.path, ""
    for name in route.parameters:
        named = str(named_by(county, route, name, side, role))
        path = path.replace(f"{{{name}}}", named)
    if route.operation == "due_date":
        path += "?day=2026-03-02&working_days=5"
    return path, named


def named_by(county: County, route: ReadRoute, name: str, side: Side, role: Role) -> Any:
    if name == "event_id":
        return county.events.get(side.name, uuid4())
    if name == "account_id":
        return side.record("points_account" if "points" in route.path else "public_account")
    if route.operation in NO_RECORDS:
        return uuid4()
    if name == "name":
        return "deposit.rate_min_bp"
    if name in ORGANISATIONS:
        return side.organisation(ORGANISATIONS[name])
    kind = {"item_id": "shop_item"}.get(name, name.removesuffix("_id"))
    return side.record(kind_for(kind, route.operation, role))


async def ask(county: County, role: Role, path: str, actor: Side = A) -> tuple[int, str]:
    async with county.client.get(path, headers=county.of(role, actor)) as response:
        text = await response.text()
        if response.status >= 400:
            problem = orjson.loads(text)
            problem.pop("instance")
            text = orjson.dumps(problem, option=orjson.OPT_SORT_KEYS).decode()
        return response.status, text


@pytest.mark.parametrize("route", READS, ids=lambda route: route.operation)
async def test_every_role_reads_exactly_within_its_scope(county: County, route: ReadRoute) -> None:
    await asyncio.gather(*(reads_within(county, route, role) for role in Role))


async def reads_within(county: County, route: ReadRoute, role: Role) -> None:
    row, cell = MAY[route.operation], f"{role} × {route.operation}"
    path, _ = asked(county, route, A, role)
    status, text = await ask(county, role, path)
    if role not in row:
        assert (status, orjson.loads(text)["code"]) == (403, "not-allowed"), cell
        return
    is_empty = (route.operation, role) in NOTHING_IN_REACH
    if route.operation in NO_RECORDS:
        assert status in (200, 404), (cell, text)
        return
    assert status == (404 if is_empty and route.shape is Shape.ONE else 200), (cell, text)
    there, named = asked(county, route, B, role)
    if row.is_public or row.reach[role] is Within.COUNTY:
        assert (await ask(county, role, there))[0] == 200, cell
        return
    assert not strangers_in(text), (cell, text)
    if route.operation == "petition_counts":
        assert orjson.loads(text)["row"]["count"] == 1, cell
    elif route.shape is Shape.PAGE and not is_empty:
        assert orjson.loads(text)["rows"] or route.operation == "consequences", cell
    if named:
        nowhere, missing = asked(county, route, NOBODY, role)
        found, unknown = await ask(county, role, there), await ask(county, role, nowhere)
        assert found == (unknown[0], unknown[1].replace(missing, named)), cell
        assert unknown[0] == 404 or not orjson.loads(unknown[1])["rows"], cell


def strangers_in(text: str) -> list[str]:
    """Return what of the other side a text tells."""
    known = [*B.ids(), B.organisation("estate"), B.organisation("community")]
    return [str(one) for one in known if str(one) in text]


@pytest.mark.parametrize("operation", sorted(OTHER_ADDRESSES))
async def test_other_addresses_keep_to_the_table(county: County, operation: str) -> None:
    row = MAY[operation]
    for role in Role:
        here = OTHER_ADDRESSES[operation].replace("{event_id}", str(county.events["a"]))
        far = {"X-Forwarded-For": "203.0.113.9"}
        async with county.client.get(here, headers=county.of(role) | far) as response:
            assert (response.status == 403) is (role not in row), (role, operation)
        if operation == "event_entry" and role in row:
            there = OTHER_ADDRESSES[operation].replace("{event_id}", str(county.events["b"]))
            async with county.client.get(there, headers=county.of(role)) as response:
                is_whole = row.reach[role] is Within.COUNTY
                assert (response.status == 404) is not is_whole, (role, operation)


@pytest.mark.parametrize("role", list(Role))
async def test_accounts_keep_to_the_table(county: County, role: Role) -> None:
    for operation, (method, path) in ACCOUNT.items():
        ask = county.client.request(method, path, json={}, headers=county.of(role))
        async with ask as response:
            told = await response.json(content_type=None)
            denied = (response.status, told.get("code")) == (403, "not-allowed")
            assert denied is (role not in MAY[operation]), (role, operation, told)


@pytest.mark.parametrize("role", list(Role))
async def test_the_stream_keeps_to_the_table(county: County, role: Role) -> None:
    headers = county.of(role)
    async with county.client.get("/v1/events/stream?from=0", headers=headers) as response:
        if role not in MAY[STREAM]:
            assert response.status == 403
            return
        assert response.status == 200
        own, heard = str(A.record("petition")), b""
        async with asyncio.timeout(20):
            while own.encode() not in heard:
                heard += await response.content.readany()
        if MAY[STREAM].reach[role] is not Within.COUNTY:
            assert str(B.record("petition")).encode() not in heard


async def test_nobody_without_a_token_reaches_anything(county: County) -> None:
    for route in READS:
        async with county.client.get(asked(county, route, A)[0]) as response:
            assert response.status == 401, route.operation
    for command in COMMANDS:
        path = command.path
        for name in command.parameters:
            path = path.replace(f"{{{name}}}", parameter(name))
        async with county.client.post(path, json={}) as response:
            assert response.status == 401, command.operation


def test_every_row_of_the_table_is_asked_for_here() -> None:
    tested = {one.operation for one in COMMANDS} | {one.operation for one in READS}
    assert set(MAY) == tested | set(OTHER_ADDRESSES) | set(ACCOUNT) | {STREAM}


def test_administration_audit_and_business_are_apart() -> None:
    """三员分立: whoever administers the service audits nothing and decides nothing."""
    holders = {
        duty: {role for one in duty for role, within in MAY[one].reach.items() if within not in OWN}
        for duty in (SYSTEM, AUDIT)
    }
    assert holders[SYSTEM].isdisjoint(holders[AUDIT])
    reached = {name: row.reach[Role.ADMINISTRATOR] for name, row in MAY.items() if ADMIN in row}
    of_others = {name for name, within in reached.items() if within not in OWN}
    of_others -= {name for name in of_others if MAY[name].is_public}
    assert of_others <= SYSTEM | NO_RECORDS
    assert not of_others & {one.operation for one in COMMANDS if one.about}


@pytest.mark.parametrize("role", list(Role))
async def test_what_is_kept_about_oneself_is_shown_in_every_role_and_of_others_no_more(
    county: County, role: Role
) -> None:
    """Somebody acts for side A in each role, and what is kept about them is kept on side B."""
    own, acts_for = B.person(role), ACTS_FOR.get(role)
    organisation_id = None if acts_for is None else A.organisation(acts_for)
    token = await issued(county.ledger, role, own, organisation_id=organisation_id)
    headers = {"Authorization": f"Bearer {token}"}

    async def rows(path: str) -> list[dict[str, Any]]:
        async with county.client.get(path, headers=headers) as response:
            assert response.status == 200, (path, await response.text())
            return list((await response.json())["rows"])

    assert await rows(f"/v1/persons/{own}/looks")
    assert {row["person_id"] for row in await rows(f"/v1/sealed?person_id={own}")} == {str(own)}
    asked_for = await rows(f"/v1/erasures?subject_id={own}")
    assert {row["subject_id"] for row in asked_for} == {str(own)}
    for path, body in (
        (f"/v1/persons/{own}/exports", {}),
        ("/v1/erasures", {"subject_id": str(own), "ground": "purpose_ended"}),
    ):
        trying = county.client.post(path + "?dry_run=1", json=body, headers=headers)
        async with trying as response:
            assert response.status in (200, 409, 422), await response.text()
    other = B.person(Role.SHOP if role is not Role.SHOP else Role.OWNER)
    if MAY["person_by_id"].reach[role] is not Within.COUNTY:
        async with county.client.get(f"/v1/persons/{other}", headers=headers) as response:
            assert response.status == 404
        async with county.client.post(
            f"/v1/persons/{other}/exports?dry_run=1", json={}, headers=headers
        ) as response:
            assert response.status == 404
    if MAY["sealed_register"].reach[role] is not Within.COUNTY:
        assert str(other) not in {row["person_id"] for row in await rows("/v1/sealed")}


def test_rules_of_the_whole_ledger_are_set_by_whoever_reaches_all_of_it() -> None:
    for route in COMMANDS:
        if not route.about:
            assert set(MAY[route.operation].reach.values()) == {Within.COUNTY}, route.operation
