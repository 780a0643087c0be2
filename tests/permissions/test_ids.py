"""Every id of every command is covered by a scope, also one that may be left out.

Whoever names one record of the other side, among others of the own side, is refused like whoever
names what does not exist; and a command with an id that nobody thought of cannot be declared.
"""

from __future__ import annotations

from dataclasses import dataclass
from inspect import getsource
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.concerning import OWN_POST, Source, of_record
from api.free_ids import FREE, ids_in
from api.permissions import MAY
from api.reach import Within
from api.roles import Role
from api.routing import CommandRoute, DeclarationWrong, Routes
from ledger.commands.accounts import close_period
from tests.permissions.conftest import County
from tests.permissions.test_matrix import COMMANDS, ids_of, try_with
from tests.permissions.world import A, B

TELLS_NOTHING_KEPT = {"approve_erasure"}
"""Whose answer tells more than the entry, but only whether what was ordered is done already."""
SEVERAL = [route for route in COMMANDS if len(route.about) > 1 and OWN_POST not in route.about]


# By declaration ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    account_id: UUID
    amount_fen: int


@dataclass(frozen=True)
class Nested:
    petition_id: UUID
    lines: tuple[Line, ...] = ()
    also: list[UUID] | None = None


def test_ids_are_seen_wherever_they_lie() -> None:
    assert ids_in(Nested) == ("petition_id", "lines/account_id", "also")


def test_a_command_with_an_id_that_nothing_covers_is_not_declared() -> None:
    routes = Routes("x", zh="x", en="x")
    with pytest.raises(DeclarationWrong, match="lines/account_id"):
        routes.command(
            "/v1/x/{petition_id}",
            Nested,
            close_period,
            about=of_record("petition_id", "petition"),
        )
    assert routes.commands == []


def test_every_id_is_covered_or_free_for_a_reason_and_no_reason_is_left_over() -> None:
    """What is declared free is a field of a command, and no source reads it."""
    named = {f"{c.takes.__name__}.{path}": c for c in COMMANDS for path in ids_in(c.takes)}
    free = {field for fields in FREE.values() for field in fields}
    assert free <= named.keys()
    assert sum(map(len, FREE.values())) == len(free), "each has one reason"
    for field, route in named.items():
        covered = {name for source in route.about for name in source.names}
        is_covered = field.partition(".")[2].partition("/")[0] in covered
        assert is_covered != (field in free) or not route.about, field


# By trying -----------------------------------------------------------------------------------


def foreign(route: CommandRoute, source: Source, role: Role) -> dict[str, Any]:
    """The own side's ids, and for one source those of the other side."""
    theirs = ids_of(route, B, role)
    return ids_of(route, A, role) | {n: theirs[n] for n in source.names if n in theirs}


@pytest.mark.parametrize("route", SEVERAL, ids=lambda route: route.operation)
async def test_one_id_of_the_other_side_is_refused_like_one_of_nobody(
    county: County, route: CommandRoute
) -> None:
    for role, within in MAY[route.operation].reach.items():
        if within is Within.COUNTY:
            continue
        for source in route.about:
            ids = foreign(route, source, role)
            asked = SimpleNamespace(**{"cause_kind": "petition", **ids})
            if not source.matters(within, asked):
                continue
            response, told = await try_with(county, route, role, ids)
            cell = (role, route.operation, source, told)
            assert (response.status, told["code"]) == (404, "not-found"), cell
            named = {str(one) for name in source.names for one in _listed(ids.get(name))}
            assert told["facts"]["id"] in named, cell
            assert "version" not in told["facts"], cell


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


async def test_nobody_seals_over_what_another_community_knows(county: County) -> None:
    """Not to try it only: nothing is recorded, and what they know stays as it is."""
    person_id = str(B.record("person"))
    size = await county.ledger.pool.fetchval(
        "SELECT count(*) FROM events WHERE ledger_id = $1 AND stream_id = $2",
        county.ledger.id,
        person_id,
    )
    body = {
        "person_id": person_id,
        "place_id": str(A.organisation("community")),
        "person": {"phone": "13705398642"},
    }
    for query in ("", "?dry_run=1"):
        for header in ({}, {"If-Match": '"1"'}):
            headers = county.of(Role.COMMUNITY, A) | header
            async with county.client.post(
                "/v1/persons" + query, json=body, headers=headers
            ) as answer:
                told = await answer.json(content_type=None)
                assert (answer.status, told["facts"]) == (404, {"kind": "person", "id": person_id})
    again = await county.ledger.pool.fetchval(
        "SELECT count(*) FROM events WHERE ledger_id = $1 AND stream_id = $2",
        county.ledger.id,
        person_id,
    )
    assert again == size


async def test_what_is_told_because_it_is_recorded_cannot_be_tried(county: County) -> None:
    disclosing = [route for route in COMMANDS if route.discloses]
    telling = {one.operation for one in COMMANDS if "disclose(" in getsource(one.function)}
    assert {one.operation for one in disclosing} == telling - TELLS_NOTHING_KEPT
    for route in disclosing:
        role = next(role for role, within in MAY[route.operation].reach.items() if role != "shop")
        response, told = await try_with(county, route, role, ids_of(route, A, role))
        assert (response.status, told["code"]) == (422, "not-tried"), (role, told)
        assert "found_ids" not in str(told)


async def test_reading_sealed_data_does_not_tell_who_exists(county: County) -> None:
    """Of a record within reach: somebody known elsewhere and somebody unknown look alike."""
    answers = []
    for person_id in (B.record("person"), uuid4()):
        async with county.client.post(
            f"/v1/persons/{person_id}/reveals",
            json={
                "record_id": str(A.record("petition")),
                "fields": ["phone"],
                "purpose": "identity_check",
                "reason": "核对",
            },
            headers=county.of(Role.COMMUNITY, A),
        ) as answer:
            told = await answer.json(content_type=None)
            told.pop("instance")
            answers.append((answer.status, told))
    assert answers[0] == answers[1]
    assert answers[0][1]["code"] == "nothing-sealed"
