"""The description says what is served, and is valid OpenAPI 3.1."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.app import create_app
from api.commands import CommandHandler
from api.openapi import describe
from api.permissions import MAY
from api.routes import ROUTES
from api.routing import CommandRoute
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from tests.api.conftest import Client

COMMANDS = [route for context in ROUTES for route in context.commands]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return describe(ROUTES, MAY)


def test_the_description_is_valid(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()


async def test_every_address_is_described_and_nothing_else(
    ledger: Ledger, news: News, document: dict[str, Any]
) -> None:
    app = create_app(ledger, news=news)
    served = {
        (route.resource.canonical, route.method.lower())
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    described = {
        (path, method) for path, methods in document["paths"].items() for method in methods
    }
    assert described <= served
    assert {one for one in served - described if one[0].startswith("/v1")} == set()


def test_every_operation_has_one_name_a_summary_and_roles(document: dict[str, Any]) -> None:
    operations = [
        operation for methods in document["paths"].values() for operation in methods.values()
    ]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    for operation in operations:
        assert " · " in operation["summary"], f"{operation['operationId']} has no Chinese summary"
        assert operation.get("x-roles", ["public"]), operation["operationId"]


@pytest.mark.parametrize("route", COMMANDS, ids=lambda route: route.operation)
def test_every_example_is_accepted(route: CommandRoute, document: dict[str, Any]) -> None:
    operation = document["paths"][route.path]["post"]
    example = dict(operation["requestBody"]["content"]["application/json"]["example"])
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            schema = parameter["schema"]
            is_uuid = schema.get("format") == "uuid"
            example[parameter["name"]] = (
                "0192f0c1-2345-7000-8000-000000000001"
                if is_uuid
                else 2026
                if schema["type"] == "integer"
                else "deposit.rate_min_bp"
            )
    CommandHandler(route).validator.read(example)


async def test_the_description_and_its_page_are_served(client: Client) -> None:
    described = await client.get("/openapi.json")
    assert (await described.json())["openapi"] == "3.1.0"
    page = await client.get("/docs")
    assert page.content_type == "text/html"
    text = await page.text()
    assert "https://" not in text and "http://" not in text
    for asset in ("/docs/docs.js", "/docs/docs.css"):
        assert asset in text
        assert (await client.get(asset)).status == 200
