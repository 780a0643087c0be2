"""Every address of an application, and how to ask it: nothing served is left out.

The list is the router's own. Whatever needs to be known beside it (the fields of a form, who may
ask) is looked up by address, so that a new route without an answer fails here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web

from api.examples import UUID_EXAMPLE, example_of
from api.permissions import MAY
from api.roles import Role
from api.routes import ROUTES
from api.routing import CommandRoute, ReadRoute
from tests.permissions.test_matrix import ids_of, named_by, parameter
from tests.permissions.world import Side

Body = dict[str, Any]
Place = tuple[str | int, ...]
"""The way to a value in a body: names of fields, and 0 for a list's first item."""

COMMANDS = {command.path: command for context in ROUTES for command in context.commands}
READS = {read.path: read for context in ROUTES for read in context.reads}

FORMS: Mapping[str, tuple[str, ...]] = {
    "/account/password": ("old", "new", "again"),
    "/account/role": ("grant_id",),
    "/account/second-factor": ("password",),
    "/account/second-factor/confirmations": ("code",),
    "/account/second-factor/removals": ("password", "code"),
    "/account/sessions/{session_id}/endings": (),
    "/account/session-endings": (),
    "/account/tokens": ("name", "days", "operations"),
    "/account/tokens/{token_id}/revocations": (),
    "/delegations": ("from_on", "until_on", "reason", "person", "person_other"),
    "/delegations/endings": ("delegation_id", "reason"),
    "/delegations/interests": ("about", "about_person", "kind", "reason"),
    "/delegations/interests/endings": ("person_id", "about_id", "reason"),
    "/delegations/standing-in": ("delegation_id",),
    "/delegations/standing-in/endings": (),
    "/erasures/{erasure_id}/decisions": ("decision", "reason", "hold"),
    "/login": ("name", "password", "token", "next"),
    "/login/code": ("code", "next"),
    "/logout": (),
    "/persons/{person_id}/erasures": ("ground", "reason", "record_id"),
    "/persons/{person_id}/exports": ("format",),
    "/petitions/{petition_id}/reveals": ("person_id", "purpose", "reason", "field_phone"),
    **{
        f"{here}/{step}": ("proposal_id", "reason")
        for here in ("/proposals", "/system-proposals")
        for step in ("approvals", "refusals", "withdrawals")
    },
    "/set-up": ("link", "password", "again"),
    "/users": ("login_name", "reason"),
    "/users/{user_id}/disablements": ("reason",),
    "/users/{user_id}/enablements": ("reason",),
    "/users/{user_id}/grants": ("role", "post", "organisation", "from_on", "until_on"),
    "/users/{user_id}/identities": ("issuer", "subject", "reason"),
    "/users/{user_id}/identity-endings": ("issuer", "subject", "reason"),
    "/users/{user_id}/invitations": ("login_name",),
    "/users/{user_id}/revocations": ("grant_id", "reason"),
    "/users/{user_id}/second-factor-removals": ("reason",),
    "/users/{user_id}/session-endings": ("reason",),
    "/proposals/approvals": ("proposal_id", "reason"),
    "/proposals/refusals": ("proposal_id", "reason"),
    "/proposals/withdrawals": ("proposal_id", "reason"),
    "/system-proposals/approvals": ("proposal_id", "reason"),
    "/system-proposals/refusals": ("proposal_id", "reason"),
    "/system-proposals/withdrawals": ("proposal_id", "reason"),
}
"""The forms of pages and their fields; each carries the session's token beside them."""
BODIES: Mapping[str, Body] = {
    "/v1/account/session-endings": {},
    "/v1/account/tokens": {"name": "收件程序", "days": 30, "operations": ["event"]},
    "/v1/account/tokens/{token_id}/revocations": {},
    "/v1/account/sessions/{session_id}/endings": {},
    "/v1/users/{user_id}/invitations": {"login_name": "zhang.san"},
}
"""What is sent as JSON and is no command."""
UPLOAD = "/v1/evidence"
DOCUMENT_FORM = "/evidence"
"""Takes a document in parts; its own tests look at it."""

_QUERY_NAMES = re.compile(
    r'(?:asked|day_begins|query\.get|query\.getall)\(\s*"(\w+)"|_size\(query, "(\w+)"'
)
_IN_BRACES = re.compile(r"\{(\w+)\}")
_API = Path(__file__).parent.parent.parent / "api"


@cache
def query_names(path: str) -> list[str]:
    """Return every name that the file with an address reads from a query, and what many read."""
    where = [one for one in sorted(_API.rglob("*.py")) if f'"{path}"' in one.read_text("utf-8")]
    texts = [one.read_text("utf-8") for one in where]
    found = {one or other for text in texts for one, other in _QUERY_NAMES.findall(text)}
    return sorted(found | {"at", "cursor", "from", "known_at", "lang", "size", "no_such_name"})


@dataclass(frozen=True, slots=True)
class Address:
    """One method and path of the router."""

    method: str
    path: str

    @property
    def command(self) -> CommandRoute | None:
        return COMMANDS.get(self.path) if self.method == "POST" else None

    @property
    def question(self) -> ReadRoute | None:
        return READS.get(self.path) if self.method == "GET" else None

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(_IN_BRACES.findall(self.path))

    @property
    def form(self) -> tuple[str, ...] | None:
        """The fields of the form that is taken here; ``None`` where none is."""
        takes_form = self.method == "POST" and not self.path.startswith(("/v1/", DOCUMENT_FORM))
        return FORMS[self.path] if takes_form else None

    @property
    def body(self) -> Body | None:
        """What is sent as JSON here, where it is no command."""
        is_other = self.method == "POST" and self.path.startswith("/v1/") and not self.command
        return BODIES[self.path] if is_other and self.path != UPLOAD else None

    @property
    def role(self) -> Role:
        """Somebody who may ask: of those who reach all for a question, else of a side's own."""
        if (command := self.command) is not None:
            return next(iter(MAY[command.operation]))
        if (question := self.question) is not None:
            row = MAY[question.operation]
            return next(iter(sorted(row, key=(Role.AUDITOR, Role.DISCIPLINE, *Role).index)))
        if self.path.startswith("/v1/users/") or self.path == "/metrics":
            return Role.ADMINISTRATOR
        return Role.COMMUNITY if self.method == "POST" else Role.AUDITOR


def addresses_of(app: web.Application) -> list[Address]:
    """Return every address that is served, each once."""
    found = {
        Address(route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    return sorted(found, key=lambda one: (one.path, one.method))


def filled(county: Any, address: Address, side: Side, **given: str) -> str:
    """Return the address's path about a side's records; ``given`` fills names otherwise."""
    path = address.path
    for name in address.parameters:
        value = given.get(name) or known(county, address, name, side)
        path = path.replace(f"{{{name}}}", value)
    return path


def known(county: Any, address: Address, name: str, side: Side) -> str:
    """Return what stands in a path where something is to be found."""
    if (command := address.command) is not None:
        return str(ids_of(command, side, address.role).get(name) or parameter(name))
    if (question := address.question) is not None:
        return str(named_by(county, question, name, side, address.role))
    return str(_OTHER[name](county, side)) if name in _OTHER else UUID_EXAMPLE


_ORGANISATIONS = {"organisation_id": "community", "estate_id": "estate", "unit_id": "department"}
_RECORDS = ("deposit", "erasure", "expense", "petition")
_OTHER: Mapping[str, Any] = {
    **{name: lambda _, s, of=of: s.organisation(of) for name, of in _ORGANISATIONS.items()},
    **{f"{kind}_id": lambda _, s, of=kind: s.record(of) for kind in _RECORDS},
    "digest": lambda *_: "0" * 16,
    "event": lambda county, s: county.events[s.name],
    "event_id": lambda county, s: county.events[s.name],
    "name": lambda *_: "minzhang.css",
    "path": lambda *_: "0/000",
    "person_id": lambda _, s: s.person(Role.RESIDENT),
    "position": lambda *_: "1",
    "sha256": lambda *_: "0" * 64,
    "volunteer_id": lambda _, s: s.person(Role.VOLUNTEER),
}


def body_of(county: Any, address: Address, side: Side) -> Body:
    """Return a body as good as can be: the description's example about a side's own records."""
    command = address.command
    if command is None:
        return dict(address.body or {})
    described = county.document["paths"][address.path]["post"]
    body = dict(described["requestBody"]["content"]["application/json"]["example"])
    ids = ids_of(command, side, address.role)
    return body | {name: ids[name] for name in ids if name not in command.parameters}


_PLACES: dict[str, dict[Place, Body]] = {}


def places_of(county: Any, address: Address) -> Mapping[Place, Body]:
    """Return every place of a body where a value may stand, with its schema."""
    if address.command is None:
        return {(name,): {"type": "string"} for name in address.body or {}}
    if address.path not in _PLACES:
        described = county.document["paths"][address.path]["post"]
        schema = described["requestBody"]["content"]["application/json"]["schema"]
        shared = county.document["components"]["schemas"]
        _PLACES[address.path] = dict(_places(schema, shared, ()))
    return _PLACES[address.path]


def _places(schema: Body, shared: Body, here: Place) -> Iterator[tuple[Place, Body]]:
    if "$ref" in schema:
        schema = shared[schema["$ref"].rpartition("/")[2]]
    for choice in schema.get("anyOf", ()):
        if choice.get("type") != "null":
            yield from _places(choice, shared, here)
            return
    if here:
        yield here, schema
    for name, one in schema.get("properties", {}).items():
        yield from _places(one, shared, (*here, name))
    if "items" in schema:
        yield from _places(schema["items"], shared, (*here, 0))


def put(county: Any, address: Address, body: Body, place: Place, value: Any) -> Body:
    """Return the body with a value at a place; what is around it is made where it is missing."""
    shared: Body = county.document["components"]["schemas"]
    inner = places_of(county, address)

    def put_at(holder: Any, depth: int) -> Any:
        if depth == len(place):
            return value
        if holder is None:
            holder = example_of(inner[place[:depth]], shared)
        step = place[depth]
        if isinstance(step, int):
            return [put_at(holder[0] if holder else None, depth + 1), *list(holder)[1:]]
        return {**holder, step: put_at(holder.get(step), depth + 1)}

    changed: Body = put_at(body, 0)
    return changed


def is_free_text(schema: Body) -> bool:
    """Tell whether a schema takes any text."""
    return schema.get("type") == "string" and not {"pattern", "format", "enum"} & schema.keys()
