"""The description of the API, made from the same declarations that serve it: OpenAPI 3.1.

Nothing is written twice: paths, parameters, bodies and limits come from the routes
and the dataclasses they take, roles from the table of permissions, sentences from
the docstrings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from datetime import date
from enum import Enum
from typing import Any, TypeAlias

from pydantic import TypeAdapter

from api.commands import CommandHandler
from api.described import ADDITIONAL_PATHS, COMMAND_HEADERS, COMPONENTS, DRY_RUN, INFO, PROPOSE
from api.described_account import ACCOUNT_PATHS
from api.described_evidence import EVIDENCE_PATHS
from api.examples import example_of
from api.log.described import TAG as LOG_TAG
from api.reach import Row
from api.reads import ReadHandler
from api.routing import CommandRoute, ReadRoute, Routes, Shape

Schema: TypeAlias = "dict[str, Any]"
Permissions: TypeAlias = Mapping[str, Row]

REFERENCE = "#/components/schemas/{model}"
REFUSED: Schema = {"$ref": "#/components/responses/Problem"}
REFUSALS: Schema = {"4XX": REFUSED, "5XX": REFUSED}
ANSWERS = {Shape.PAGE: "Page", Shape.ONE: "One", Shape.CONSULTED: "Consulted"}


def describe(contexts: Iterable[Routes], may: Permissions) -> Schema:
    """Return the whole document."""
    contexts = tuple(contexts)
    described = _Described(contexts)
    paths: Schema = {}
    for context in contexts:
        for command in context.commands:
            paths.setdefault(command.path, {})["post"] = described.command(command, may)
        for read in context.reads:
            paths.setdefault(read.path, {})["get"] = described.read(read, may)
    return {
        "openapi": "3.1.0",
        "info": INFO,
        "servers": [{"url": "/"}],
        "tags": [
            *({"name": c.tag, "description": f"{c.zh} · {c.en}"} for c in contexts),
            LOG_TAG,
        ],
        "security": [{"token": []}],
        "paths": paths | ADDITIONAL_PATHS | ACCOUNT_PATHS | EVIDENCE_PATHS,
        "components": COMPONENTS | {"schemas": COMPONENTS["schemas"] | described.shared},
    }


class _Described:
    """The JSON schemas of everything that routes take, made together so that parts are shared."""

    def __init__(self, contexts: tuple[Routes, ...]) -> None:
        adapters: dict[str, TypeAdapter[Any]] = {}
        for context in contexts:
            for command in context.commands:
                adapters[command.operation] = CommandHandler(command).validator.adapter
            for read in context.reads:
                adapters[read.operation] = ReadHandler(read).validator.adapter
        given, shared = TypeAdapter.json_schemas(
            [(name, "validation", adapter) for name, adapter in adapters.items()],
            ref_template=REFERENCE,
        )
        definitions: Schema = shared.get("$defs", {})
        self._of = {name: _resolved(schema, definitions) for (name, _), schema in given.items()}
        taken = {schema["$ref"].rpartition("/")[2] for schema in given.values() if "$ref" in schema}
        self.shared = {name: d for name, d in definitions.items() if name not in taken}

    def command(self, route: CommandRoute, may: Permissions) -> Schema:
        """Describe a POST."""
        schema = self._of[route.operation]
        body = _without(schema, route.parameters)
        _add_defaults(body, route.takes)
        content = {
            "schema": body,
            "example": example_of(body, self.shared),
        }
        return {
            **_about(route, may),
            "parameters": [
                *_in_path(route.parameters, schema),
                *COMMAND_HEADERS,
                DRY_RUN,
                PROPOSE,
            ],
            "requestBody": {
                "required": bool(body.get("required")),
                "content": {"application/json": content},
            },
            "responses": {
                "200": {"$ref": "#/components/responses/NothingRecorded"},
                "201": {"$ref": "#/components/responses/Recorded"},
                **REFUSALS,
            },
        }

    def read(self, route: ReadRoute, may: Permissions) -> Schema:
        """Describe a GET."""
        schema = self._of[route.operation]
        query = _without(schema, route.parameters)
        _add_defaults(query, route.takes)
        required = query.get("required", ())
        return {
            **_about(route, may),
            "parameters": [
                *_in_path(route.parameters, schema),
                *(
                    {"name": name, "in": "query", "required": name in required, "schema": one}
                    for name, one in query["properties"].items()
                ),
            ],
            "responses": {
                "200": {"$ref": f"#/components/responses/{ANSWERS[route.shape]}"},
                **REFUSALS,
            },
        }


def _about(route: CommandRoute | ReadRoute, may: Permissions) -> Schema:
    text = " ".join((route.function.__doc__ or route.operation).split("\n\n")[0].split())
    about = " ".join((route.takes.__doc__ or "").split())
    return {
        "operationId": route.operation,
        "tags": [route.tag],
        "summary": f"{route.zh} · {text}" if route.zh else text,
        "description": about,
        "x-roles": sorted(may.get(route.operation, ())),
    }


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    found: Schema = definitions[schema["$ref"].rpartition("/")[2]]
    return found


def _without(schema: Schema, names: tuple[str, ...]) -> Schema:
    """Return the schema without the fields that stand in the path."""
    properties = {n: s for n, s in schema.get("properties", {}).items() if n not in names}
    required = [name for name in schema.get("required", ()) if name not in names]
    kept = {n: s for n, s in schema.items() if n not in ("properties", "required", "title")}
    return kept | {"properties": properties} | ({"required": required} if required else {})


def _add_defaults(schema: Schema, takes: type) -> None:
    for field in fields(takes):
        if field.name not in schema["properties"] or field.default in (MISSING, None, ()):
            continue
        default = field.default.value if isinstance(field.default, Enum) else field.default
        default = default.isoformat() if isinstance(default, date) else default
        one = schema["properties"][field.name]
        schema["properties"][field.name] = one | {"default": default}


def _in_path(names: tuple[str, ...], schema: Schema) -> list[Schema]:
    return [
        {"name": name, "in": "path", "required": True, "schema": schema["properties"][name]}
        for name in names
    ]
