"""What is answered is what is described: status, kind of content and schema, at every address."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from copy import copy, deepcopy
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientResponse
from openapi_schema_validator import OAS31Validator, oas31_format_checker

from api.examples import example_of
from api.routes import ROUTES
from tests.everywhere.addresses import Address, body_of, filled
from tests.permissions.conftest import County, served_county
from tests.permissions.world import Side

THERE = Side("there")
ENDLESS = "/stream"
UNANSWERED = {
    "/log/checkpoint": 404,
    "/log/tile/{path}": 404,
    "/v1/account/colleagues": 403,
    "/v1/events/{event_id}/interval": 409,
    "/v1/events/{event_id}/proof": 409,
    "/v1/evidence/{sha256}": 404,
    "/v1/log/checkpoint": 404,
    "/v1/log/consistency": 404,
    "/v1/logins": 403,
    "/v1/users/{user_id}": 404,
    "/v1/users/{user_id}/login": 404,
}
"""Nothing is published here, there is no document and nobody signs in: still as described."""
RECORDED_MIN = 38
"""So many are recorded or proposed as their examples stand; the rules refuse the others."""


@pytest.fixture(scope="module")
async def own(store_dsn: str) -> AsyncIterator[County]:
    """A street of this module's own: commands change what others only look at."""
    async with served_county(store_dsn, (THERE,)) as county:
        yield county


def addresses(county: County, method: str) -> list[Address]:
    """Return every described address of a method that answers once."""
    paths = county.document["paths"]
    return [
        Address(method, path)
        for path, methods in paths.items()
        if method.lower() in methods and not path.endswith(ENDLESS)
    ]


def operation_of(county: County, address: Address) -> dict[str, Any]:
    """Return how an address is described."""
    found: dict[str, Any] = county.document["paths"][address.path][address.method.lower()]
    return found


def query_of(county: County, address: Address) -> dict[str, str]:
    """Return what the description requires in the query, as in its examples."""
    shared = county.document["components"]["schemas"]
    return {
        one["name"]: str(example_of(one["schema"], shared))
        for one in operation_of(county, address).get("parameters", ())
        if one["in"] == "query" and one.get("required")
    }


def described(county: County, address: Address, status: int) -> Mapping[str, Any]:
    """Return what the description says about an answer of a status."""
    answers = operation_of(county, address)["responses"]
    kind = next((k for k in (str(status), f"{status // 100}XX", "default") if k in answers), None)
    assert kind is not None, (address, status, "is not described")
    answer: Mapping[str, Any] = answers[kind]
    if "$ref" in answer:
        answer = county.document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    return answer


async def conforms(county: County, address: Address, response: ClientResponse) -> int:
    """Compare an answer with its description; return its status."""
    content = described(county, address, response.status).get("content", {})
    raw = await response.read()
    assert response.content_type in content or not (raw or content), (address, response.status)
    if response.content_type.endswith("json"):
        schema = {
            **content[response.content_type]["schema"],
            "components": county.document["components"],
        }
        validator = OAS31Validator(schema, format_checker=oas31_format_checker)
        wrong = [
            f"{error.json_path}: {error.message}"
            for error in validator.iter_errors(await response.json(content_type=None))
        ]
        assert not wrong, (address, response.status, wrong)
    assert response.status < 500, (address, raw)
    return response.status


async def test_every_question_is_answered_as_described(own: County) -> None:
    statuses: dict[str, int] = {}
    for address in addresses(own, "GET"):
        path, headers = filled(own, address, THERE), own.of(address.role, THERE)
        async with own.client.get(
            path, params=query_of(own, address), headers=headers, allow_redirects=False
        ) as response:
            statuses[address.path] = await conforms(own, address, response)
    assert {path: status for path, status in statuses.items() if status != 200} == UNANSWERED


async def test_every_refusal_is_as_described(own: County) -> None:
    statuses = Counter[int]()
    for address in [*addresses(own, "GET"), *addresses(own, "POST")]:
        headers = own.of(address.role, THERE)
        unknown = {name: str(uuid4()) for name in address.parameters}
        asked: list[tuple[str, dict[str, Any]]] = [
            (filled(own, address, THERE), {}),
            (filled(own, address, THERE, **unknown), {"headers": headers}),
            (filled(own, address, THERE), {"headers": headers, "params": {"size": "x", "at": "x"}}),
        ]
        for path, given in asked:
            body = {"no_such_field": 1} if address.method == "POST" else None
            async with own.client.request(address.method, path, json=body, **given) as response:
                statuses[await conforms(own, address, response)] += 1
    assert {400, 401, 404} <= statuses.keys()


async def test_every_command_is_answered_as_described(own: County) -> None:
    statuses: dict[str, tuple[int, int]] = {}
    proposed = Counter[int]()
    for address in addresses(own, "POST"):
        if address.command is None:
            continue
        path, headers = filled(own, address, THERE), own.of(address.role, THERE)
        body = body_of(own, address, THERE)
        told, needs_another = [], False
        for params in ({"dry_run": "true"}, {}):
            async with own.client.post(path, params=params, json=body, headers=headers) as response:
                told.append(await conforms(own, address, response))
                needs_another = b'"second-person-needed"' in await response.read()
        statuses[address.command.operation] = (told[0], told[1])
        if needs_another:
            params = {"propose": "true"}
            async with own.client.post(path, params=params, json=body, headers=headers) as response:
                proposed[await conforms(own, address, response)] += 1
    untried = {c.operation for context in ROUTES for c in context.commands if c.discloses}
    assert {one: told for one, told in statuses.items() if one in untried and told[0] != 422} == {}
    tried = {one: told for one, told in statuses.items() if one not in untried}
    assert all(dry == real or (dry, real) == (200, 201) for dry, real in tried.values())
    counted = Counter(real for _, real in statuses.values())
    assert counted[201] + proposed[201] >= RECORDED_MIN, proposed


async def test_an_answer_that_is_not_as_described_is_noticed(own: County) -> None:
    other = copy(own)
    other.document = deepcopy(own.document)
    other.document["components"]["schemas"]["Page"]["required"].append("no_such_field")
    address = Address("GET", "/v1/events")
    async with own.client.get(address.path, headers=own.of(address.role, THERE)) as response:
        assert await conforms(own, address, response) == 200
        with pytest.raises(AssertionError, match="no_such_field"):
            await conforms(other, address, response)
