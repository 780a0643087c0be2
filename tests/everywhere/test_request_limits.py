"""What no request may be, at every address: in JSON bodies, queries, paths and forms alike.

Too large, too deep, a character that no text holds, a number that no column holds, one name twice:
refused before anything is asked of the ledger, and never a fault of ours.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar
from yarl import URL

from api.bodies import BODY_BYTES_MAX, DEPTH_MAX, FORM_BYTES_MAX, FORM_FIELDS_MAX
from api.roles import Role
from scripts.benchmarks import worst_bodies
from tests.api.house import CSRF
from tests.everywhere.addresses import FORMS, Address, addresses_of, filled, query_names
from tests.everywhere.conftest import HERE
from tests.permissions.conftest import County

ANSWER_BYTES_MAX = 32 * 1024
"""How long an answer to the worst of bodies may be."""
FORM_ANSWER_BYTES_MAX = 128 * 1024
"""The same for a page, which shows its own content beside the refusal."""
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BODIES: dict[str, tuple[bytes, int]] = {
    "too large": (b'{"reason": "' + b"x" * BODY_BYTES_MAX + b'"}', 413),
    "too deep": (b'{"a":' * (DEPTH_MAX + 1) + b"1" + b"}" * (DEPTH_MAX + 1), 400),
    "far too deep": (b"[" * 50_000, 400),
    "NUL": (b'{"reason": "a\\u0000b"}', 400),
    "NUL in a name": (b'{"a\\u0000b": 1}', 400),
    "half a pair": (b'{"reason": "\\ud800"}', 400),
    "half a pair, deep": (b'{"evidence": [{"name": "\\udc00x"}]}', 400),
    "no UTF-8": (b'{"reason": "\xed\xa0\x80"}', 400),
    "too large a number": (b'{"version_set": 9223372036854775808}', 400),
    "too small a number": (b'{"version_set": -9223372036854775809}', 400),
    "an endless number": (b'{"version_set": 1' + b"0" * 5_000 + b"}", 400),
    "a number beyond numbers": (b'{"version_set": 1e999}', 400),
    "twice": (b'{"reason": "a", "reason": "b"}', 400),
    "twice, spelled otherwise": (b'{"reason": "a", "re\\u0061son": "b"}', 400),
    "twice, deep": (b'{"evidence": [{"name": "a", "name": "b"}]}', 400),
    **{what: (raw, 400) for what, raw in worst_bodies.BODIES.items()},
}
QUERIES = {
    "NUL": "a%00b",
    "half a pair": "%ED%A0%80",
    "no UTF-8": "%FF%FE",
    "a number too large": "9223372036854775808",
    "a number too small": "-9223372036854775809",
    "an endless number": "1" + "0" * 5_000,
}
CHARACTERS = {"NUL": b"a%00b", "half a pair": b"%ED%A0%80", "no UTF-8": b"%FF", "8 bit": b"\xe4"}


async def test_no_address_takes_a_body_that_no_body_may_be(site: County) -> None:
    for address in addresses_of(site.app):
        if address.command is None and not address.body:
            continue
        path = filled(site, address, HERE)
        headers = site.of(address.role, HERE) | JSON
        for what, (raw, status) in BODIES.items():
            async with site.client.post(path, data=BytesIO(raw), headers=headers) as response:
                answer = await response.text()
                assert response.status == status, (address, what, answer)
                assert len(answer.encode()) <= ANSWER_BYTES_MAX, (address, what)


async def test_no_question_takes_what_no_text_holds(site: County) -> None:
    failed = []
    for address in addresses_of(site.app):
        if address.method != "GET" or address.path.endswith("/stream"):
            continue
        question = address.question
        names = (
            query_names(address.path)
            if question is None
            else [f.name for f in fields(question.takes)]
        )
        for number, name in enumerate(one for one in names if one not in address.parameters):
            for what, value in list(QUERIES.items())[number % 2 :: 2 if question is None else 1]:
                url = f"{filled(site, address, HERE)}?{name}={value}"
                status = await asked(site, address, url)
                is_text = what in ("NUL", "half a pair", "no UTF-8")
                if status >= 500 or (question and is_text and status != 400):
                    failed.append((address.path, name, what, status))
            if question is not None:
                status = await asked(
                    site, address, f"{filled(site, address, HERE)}?{name}=1&{name}=2"
                )
                assert status in (200, 400, 404), (address, name)
    assert failed == [], failed


async def asked(county: County, address: Address, url: str) -> int:
    where = URL(str(county.client._base_url).rstrip("/") + url, encoded=True)
    headers = county.of(address.role, HERE)
    async with county.client.get(where, headers=headers, allow_redirects=False) as response:
        return response.status


@pytest.mark.parametrize("what", ["%00", "%ED%A0%80", "%FF", "a%0d%0ab", "%2e%2e%2f", "9" * 400])
async def test_no_path_takes_what_names_nothing(site: County, what: str) -> None:
    failed = []
    for address in addresses_of(site.app):
        if address.method != "GET":
            continue
        for name in address.parameters:
            status = await asked(site, address, filled(site, address, HERE, **{name: what}))
            if not 300 <= status < 500:
                failed.append((address.path, name, status))
    assert failed == [], failed


@asynccontextmanager
async def browser_of(county: County) -> AsyncIterator[tuple[ClientSession, str]]:
    """A browser in which somebody of the community is signed in, and its form token."""
    base = county.client._base_url
    async with ClientSession(base, cookie_jar=CookieJar(unsafe=True)) as browser:
        token = county.of(Role.COMMUNITY, HERE)["Authorization"].removeprefix("Bearer ")
        await browser.post("/login", data={"token": token}, allow_redirects=False)
        found = CSRF.search(await (await browser.get("/account")).text())
        assert found
        yield browser, found[1]


@pytest.mark.parametrize("path", FORMS)
async def test_no_form_takes_what_no_form_may_be(site: County, path: str) -> None:
    address = Address("POST", path)
    where, names = filled(site, address, HERE), FORMS[path] or ("nothing",)
    async with browser_of(site) as (browser, csrf):

        async def send(raw: bytes, **headers: str) -> ClientResponse:
            given: Any = FORM | headers
            return await browser.post(where, data=raw, headers=given, allow_redirects=False)

        begin = f"csrf={csrf}".encode()
        if path == "/login/code":  # only for whoever has a second factor and gave the password
            return
        for name in names:
            for what, value in CHARACTERS.items():
                response = await send(begin + f"&{name}=".encode() + value)
                assert response.status == 400, (name, what)
            response = await send(begin + f"&{name}=a&{name}=b".encode())
            assert response.status == 400, (name, "twice")
        many = b"".join(b"&f%d=1" % number for number in range(FORM_FIELDS_MAX))
        assert (await send(begin + many)).status == 400
        for what, slow in worst_bodies.FORMS.items():
            response = await send(begin + b"&" + slow)
            assert response.status in (303, 400, 401, 403, 413, 422), (what, response.status)
            assert len(await response.read()) <= FORM_ANSWER_BYTES_MAX, what
        assert (await send(begin + b"&a=" + b"x" * FORM_BYTES_MAX)).status == 413
        assert (await send(b"{}", **JSON)).status == 415


def test_every_form_that_is_served_is_known_here(site: County) -> None:
    forms = {one.path for one in addresses_of(site.app) if one.form is not None}
    assert forms == FORMS.keys()


async def test_a_query_is_kept_in_one_normal_form(site: County) -> None:
    """Two ways to type a name are one: the register finds what was recorded as either."""
    found = []
    for name in ("deposit.", "de\u0301posit.", "d\u00e9posit."):
        url = URL(f"{site.client._base_url}/v1/policies?name={quote(name)}", encoded=True)
        async with site.client.get(url, headers=site.of(Role.AUDITOR, HERE)) as response:
            found.append(len((await response.json())["rows"]))
    assert found[0] > 0 and found[1] == found[2] == 0
