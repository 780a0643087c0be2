"""Canaries, and every way in which a stranger's text can come to an address.

Five have a form of their own and must be found in whatever they are sent; a password has none, so
it is sent to wherever no free text is kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import quote

import orjson

from tests.everywhere.addresses import (
    UPLOAD,
    Address,
    body_of,
    filled,
    is_free_text,
    places_of,
    put,
    query_names,
)
from tests.everywhere.canaries import CARD, IDENTITY, PHONE, TOKEN
from tests.permissions.conftest import County
from tests.permissions.world import Side

HERE = Side("canary")
PASSWORD = "Canary lamp; 5d41 & Q!"  # noqa: S105 - of nobody
COOKIE = f"{secrets.token_urlsafe(32)}.{secrets.token_hex(16)}"
FOUND = (TOKEN, COOKIE, PHONE, IDENTITY, CARD)
"""The canaries that are known by their form."""
CANARIES = (PASSWORD, *FOUND)
TEXT = "请联系 " + " / ".join(FOUND)
JSON = {"Content-Type": "application/json"}

ASK_NOTHING = ("/assets/", "/docs", "/healthz", "/metrics", "/openapi.json", "/readyz")
"""Addresses that read nothing of a query."""

LOGINS = {
    "Authorization": (f"Bearer {TOKEN}x", f"Basic {PASSWORD}", f"Bearer {PASSWORD} {TOKEN}"),
    "Cookie": (f"minzhang_session={COOKIE}; minzhang_sso={PASSWORD}; minzhang_acting_for={TOKEN}",),
}
"""Logins that let nobody in."""
HEADERS_OF_COMMANDS = {"Idempotency-Key": TOKEN, "If-Match": PASSWORD}
OTHER_HEADERS = {
    "Accept": PASSWORD,
    "File-Name": quote(f"{TEXT}.pdf"),
    "Forwarded": f"for={PASSWORD}",
    "If-None-Match": f'"{PASSWORD}"',
    "Last-Event-ID": PASSWORD,
    "Range": f"bytes={PASSWORD}",
    "Referer": f"http://127.0.0.1/{quote(TEXT)}",
    "User-Agent": " ".join(FOUND),
    "X-CSRF-Token": PASSWORD,
    "X-Canary": PASSWORD,
    "X-Forwarded-For": PASSWORD,
    "X-Request-Id": PHONE,
}
NAME = orjson.dumps(PASSWORD)
BROKEN = (
    b"{%b: 1, %b: 2}" % (NAME, NAME),
    b'{"reason": %b' % NAME,
    b"{%b: " % NAME * 40 + b"1" + b"}" * 40,
    b'{"reason": NaN, %b: 1}' % NAME,
    b'{%b: "\\ud800"}' % NAME,
    b'{"reason": "\xff", %b: 1}' % NAME,
)
"""What is no JSON, or none that is read: one way for each address, as one function reads all."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request with canaries in it; ``as_nobody``: without a login."""

    address: Address
    path: str
    what: str
    given: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    as_nobody: bool = False


def attempts_at(county: County, address: Address, side: Side) -> Iterator[Attempt]:
    """Yield every attempt at an address but the one by form."""
    yield from in_paths(county, address, side)
    yield from in_queries(county, address, side)
    yield from in_headers(county, address, side)
    if address.command is not None or address.body is not None:
        yield from in_texts(county, address, side)
        yield from in_wrong_places(county, address, side)
    if address.path == UPLOAD and address.method == "POST":
        path = filled(county, address, side)
        name = {"File-Name": "a.pdf"}
        yield Attempt(address, path, "document", {"data": TEXT.encode()}, name)


def in_paths(county: County, address: Address, side: Side) -> Iterator[Attempt]:
    """Yield canaries in the place of each name of the path, and after the path."""
    for name in address.parameters:
        for canary in (PHONE, f"{PASSWORD} {TOKEN}"):
            path = filled(county, address, side, **{name: quote(canary)})
            yield Attempt(address, path, f"path {name}", _json(county, address, side))
    beyond = filled(county, address, side).rstrip("/") + "/" + quote(PASSWORD)
    yield Attempt(address, beyond, "path after")


def in_queries(county: County, address: Address, side: Side) -> Iterator[Attempt]:
    """Yield canaries as every parameter that is read here, as another one, and as a name."""
    path = filled(county, address, side)
    body = _json(county, address, side)
    question = address.question
    names = query_names(address.path)
    if question is not None:
        names = [one.name for one in fields(question.takes)] + ["after_position"]
    if address.method == "POST":
        names = ["dry_run"]
    if address.path.startswith(ASK_NOTHING):
        names = ["lang"]
    for name in names:
        given = {"params": {name: f"{PASSWORD} {TEXT}"}} | body
        yield Attempt(address, path, f"query {name}", given)
    given = {"params": {PASSWORD: PASSWORD, TOKEN: PHONE}} | body
    yield Attempt(address, path, "query's names", given)
    yield Attempt(address, path, "by nobody", given, OTHER_HEADERS, as_nobody=True)


def in_headers(county: County, address: Address, side: Side) -> Iterator[Attempt]:
    """Yield canaries in headers."""
    path, body = filled(county, address, side), _json(county, address, side)
    for name, values in LOGINS.items():
        for value in values:
            headers = OTHER_HEADERS | {name: value}
            yield Attempt(address, path, f"login {name}", body, headers, as_nobody=True)
    yield Attempt(address, path, "header Acting-For", body, {"Acting-For": PASSWORD})
    if address.method == "POST":
        for name, value in HEADERS_OF_COMMANDS.items():
            yield Attempt(address, path, f"header {name}", body, {name: value})
    yield Attempt(address, path, "headers", body, OTHER_HEADERS)


def in_texts(county: County, address: Address, side: Side) -> Iterator[Attempt]:
    """Yield canaries as each text of a body, for real."""
    path, body = filled(county, address, side), body_of(county, address, side)
    for place, schema in places_of(county, address).items():
        if schema.get("type") != "string" or {"format", "enum"} & schema.keys():
            continue
        canaries = (TEXT,) if is_free_text(schema) else (PHONE, TOKEN)
        for canary in canaries:
            changed = put(county, address, body, place, canary)
            yield Attempt(address, path, f"text {place}", {"json": changed})


def in_wrong_places(county: County, address: Address, side: Side) -> Iterator[Attempt]:
    """Yield canaries where no text belongs, under names nobody knows, and in what is no JSON."""
    path, body = filled(county, address, side), body_of(county, address, side)
    wrong = body
    for place, schema in places_of(county, address).items():
        if len(place) == 1 and not is_free_text(schema):
            wrong = put(county, address, wrong, place, PASSWORD)
    yield Attempt(address, path, "wrong kinds", {"json": wrong})
    yield Attempt(address, path, "list", {"json": [PASSWORD, *FOUND]})
    yield Attempt(address, path, "names", {"json": body | {PASSWORD: PHONE, TOKEN: 1, PHONE: 2}})
    spelled = BROKEN[len(address.path) % len(BROKEN)]
    yield Attempt(address, path, "broken", {"data": spelled}, JSON)
    other = {"Content-Type": f"text/{TOKEN}; charset={PHONE}"}
    yield Attempt(address, path, "media type", {"data": PASSWORD.encode()}, other)


def _json(county: County, address: Address, side: Side) -> dict[str, Any]:
    if address.command is None and address.body is None:
        return {}
    return {"json": body_of(county, address, side)}
