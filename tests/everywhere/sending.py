"""Sends what carries canaries, many at once, and hears what is answered."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

from aiohttp import ClientResponse, ClientSession, CookieJar, FormData

from api.roles import Role
from tests.everywhere.addresses import DOCUMENT_FORM, Address, filled
from tests.everywhere.attempts import CANARIES, HERE, PASSWORD, TEXT, Attempt
from tests.everywhere.canaries import TOKEN
from tests.permissions.conftest import County

AT_ONCE = 16
CSRF = re.compile(r'name="csrf" value="([0-9a-f]{32})"')
FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}
SPELLED = {one for text in CANARIES for one in (text, quote(text), quote_plus(text))}
SENDERS = {
    "/account/session-endings": Role.GRID_WORKER,  # it ends the tokens by which others come in
    "/erasures": Role.DATA_PROTECTION_OFFICER,
    "/system-proposals": Role.ADMINISTRATOR,
    "/users": Role.ADMINISTRATOR,
}
"""Who may send a page's form, where it is not for everybody."""


@dataclass
class Heard:
    """What was answered to whom."""

    asked: set[Address] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    hits: list[str] = field(default_factory=list)

    async def take(self, attempt: Attempt, response: ClientResponse) -> None:
        """Take note of an answer; a page that is shown may repeat what its visitor looked for."""
        self.asked.add(attempt.address)
        self.statuses[response.status] += 1
        is_stream = response.content_type == "text/event-stream"
        told = "" if is_stream else (await response.read()).decode("latin-1")
        told += str(response.headers)
        is_page = response.status == 200 and response.content_type == "text/html"
        if is_page and not attempt.as_nobody:
            return
        if found := [one for one in SPELLED if one in told]:
            where = f"{attempt.address.method} {attempt.address.path} {attempt.what}"
            self.hits.append(f"{where}: {response.status} {found}")


async def send(county: County, heard: Heard, attempts: Iterable[Attempt]) -> None:
    """Make attempts, some at once."""
    waiting = iter(attempts)

    async def work() -> None:
        for attempt in waiting:
            who = {} if attempt.as_nobody else county.of(attempt.address.role, HERE)
            asked = county.client.request(
                attempt.address.method,
                attempt.path,
                headers=who | attempt.headers,
                allow_redirects=False,
                **attempt.given,
            )
            async with asked as response:
                await heard.take(attempt, response)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def send_forms(county: County, heard: Heard, addresses: Iterable[Address]) -> None:
    """Send the forms of pages, each from a session of its own, some at once."""
    waiting = iter(addresses)

    async def work() -> None:
        for address in waiting:
            await _send_form(county, heard, address)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def _send_form(county: County, heard: Heard, address: Address) -> None:
    """Send a form with canaries in each field, in all of them, and in what is no form."""
    path = filled(county, address, HERE)
    names = (*(address.form or ()), "acting_for", PASSWORD)
    async with _signed_in(county, address) as (browser, csrf):
        forms: list[tuple[str, Any, dict[str, str]]] = []
        for value in (PASSWORD, TEXT):
            forms += [(name, {"csrf": csrf, name: value}, {}) for name in names]
            forms.append(("every field", dict.fromkeys(names, value) | {"csrf": csrf}, {}))
        broken = f"csrf={csrf}&{names[0]}={PASSWORD}&{names[0]}=%zz\xff".encode("latin-1")
        forms.append(("broken", broken, FORM_TYPE))
        forms.append(("no session's", dict.fromkeys((*names, "csrf"), PASSWORD), {}))
        if address.path == DOCUMENT_FORM:
            forms += [(name, _document(csrf, name), {}) for name in (f"{TEXT}.txt", "a.pdf")]
        for what, data, headers in forms:
            asked = browser.post(path, data=data, headers=headers, allow_redirects=False)
            async with asked as response:
                await heard.take(Attempt(address, path, f"form, {what}"), response)


def _document(csrf: str, name: str) -> FormData:
    form = FormData(default_to_multipart=True)
    form.add_field("csrf", csrf)
    form.add_field("document", TEXT.encode(), filename=name)
    return form


@asynccontextmanager
async def _signed_in(county: County, address: Address) -> AsyncIterator[tuple[ClientSession, str]]:
    """A browser in which somebody is signed in who may send a form, and its form token."""
    base = county.client._base_url
    usual = SENDERS.get("/" + address.path.split("/")[1], Role.COMMUNITY)
    role = SENDERS.get(address.path, usual)
    async with ClientSession(base, cookie_jar=CookieJar(unsafe=True)) as browser:
        token = county.of(role, HERE)["Authorization"].removeprefix("Bearer ")
        await browser.post("/login", data={"token": token}, allow_redirects=False)
        page = await (await browser.get("/account")).text()
        found = CSRF.search(page)
        assert found, page
        yield browser, found[1]


async def send_malformed(county: County, heard: Heard) -> None:
    """Send what is no HTTP, a body that is too large and one that never ends."""
    parts = urlsplit(str(county.client._base_url))
    secret = county.of(Role.COMMUNITY, HERE)["Authorization"]
    head = f"POST /v1/petitions HTTP/1.1\r\nHost: x\r\nAuthorization: {secret}\r\n"
    json = "Content-Type: application/json\r\n"
    raws = (
        f"{PASSWORD}\r\n\r\n",
        f"GET /{PASSWORD} HTTP/9.9\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: x\r\nX: {PASSWORD}\x00{TOKEN}\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: x\r\nX-Long: {PASSWORD * 1_000}\r\n\r\n",
        f"{head}{json}Content-Length: 2000000\r\n\r\n{PASSWORD}",
        f'{head}{json}Content-Length: 500\r\n\r\n{{"title": "{PASSWORD}"',
        f"{head}{json}Transfer-Encoding: chunked\r\n\r\n{PASSWORD}\r\n",
    )

    async def one(raw: str) -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(raw.encode())
        await writer.drain()
        told = (await reader.read(100_000)).decode()
        heard.statuses[int(told.split()[1])] += 1
        heard.hits += [f"{raw[:20]!r}: {found}" for found in SPELLED if found in told]
        writer.close()

    await asyncio.gather(*map(one, raws))
