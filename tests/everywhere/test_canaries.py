"""Canaries through every address and every kind of error: none is anywhere it does not belong.

A service of its own with a server of its own: what it answers, what it logs, its figures, every
table, and every file of its data directory are searched.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from io import StringIO
from itertools import islice
from pathlib import Path
from urllib.parse import quote, quote_plus, urlsplit

import asyncpg
from aiohttp import ClientResponse, ClientSession, CookieJar

from api.roles import Role
from scripts.logs import JsonLines
from scripts.service import open_service
from tests.everywhere.addresses import Address, addresses_of, filled
from tests.everywhere.attempts import (
    CANARIES,
    CARD,
    IDENTITY,
    PASSWORD,
    PHONE,
    TEXT,
    TOKEN,
    Attempt,
    attempts_at,
    in_paths,
    in_queries,
    in_texts,
)
from tests.permissions.conftest import County, founded
from tests.permissions.world import Side
from tests.platform.test_erased_everywhere import files_of, settings_for
from tests.storage.sealed import leaks, whole_database

HERE = Side("canary")
AT_ONCE = 24
CSRF = re.compile(r'name="csrf" value="([0-9a-f]{32})"')
SPELLED = {one for text in CANARIES for one in (text, quote(text), quote_plus(text))}
SEALED = {"phone": PHONE, "identity_number": IDENTITY, "bank_card": CARD, "statement": PASSWORD}
VIEWS_BROKEN = (
    "DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables"
    r" WHERE schemaname = 'public' AND tablename LIKE '%\_v_' LOOP"
    " EXECUTE format('ALTER TABLE %I RENAME TO %I', t, t || '_away'); END LOOP; END $$"
)


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
        is_disclosed = response.status == 201 and '"disclosed":' in told
        if is_disclosed and not attempt.as_nobody:  # what was sealed, given out for a purpose
            return
        if found := [one for one in SPELLED if one in told]:
            where = f"{attempt.address.method} {attempt.address.path} {attempt.what}"
            self.hits.append(f"{where}: {response.status} {found}")


async def send(county: County, heard: Heard, attempts: Iterator[Attempt]) -> None:
    """Make attempts, some at once."""

    async def work() -> None:
        for attempt in attempts:
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


async def send_forms(county: County, heard: Heard, address: Address) -> None:
    """Send a form with canaries in each field, each time from a session of its own."""
    path = filled(county, address, HERE)
    for name in address.form or ("nothing",):
        async with signed_in(county) as (browser, csrf):
            for value in (PASSWORD, TEXT):
                form = {"csrf": csrf, name: value, PASSWORD: value}
                async with browser.post(path, data=form, allow_redirects=False) as response:
                    await heard.take(Attempt(address, path, f"form {name}"), response)
            broken = f"csrf={csrf}&{name}={PASSWORD}&{name}=%zz\xff".encode("latin-1")
            form_type = {"Content-Type": "application/x-www-form-urlencoded"}
            asked = browser.post(path, data=broken, headers=form_type, allow_redirects=False)
            async with asked as response:
                await heard.take(Attempt(address, path, f"broken form {name}"), response)


@asynccontextmanager
async def signed_in(county: County) -> AsyncIterator[tuple[ClientSession, str]]:
    """A browser in which somebody of the community is signed in, and its form token."""
    base = county.client._base_url
    async with ClientSession(base, cookie_jar=CookieJar(unsafe=True)) as browser:
        token = county.of(Role.COMMUNITY, HERE)["Authorization"].removeprefix("Bearer ")
        await browser.post("/login", data={"token": token}, allow_redirects=False)
        page = await (await browser.get("/account")).text()
        found = CSRF.search(page)
        assert found, page
        yield browser, found[1]


async def send_malformed(county: County, heard: Heard) -> None:
    """Send what is no HTTP, a body that is too large and one that never ends."""
    address = Address("POST", "/v1/petitions")
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

    heard.asked.add(address)
    await asyncio.gather(*map(one, raws))


async def seal_and_reveal(county: County) -> None:
    """Seal the canaries as somebody's own data: only who says for what gets them back."""
    headers = county.of(Role.COMMUNITY, HERE)
    given = {"place_id": str(HERE.organisation("community")), "person": SEALED}
    sealed = await county.client.post("/v1/persons", json=given, headers=headers)
    told = await sealed.json()
    assert sealed.status == 201, told
    reveal = {"record_id": told["id"], "fields": list(SEALED), "purpose": "visit_back"}
    path = f"/v1/persons/{told['id']}/reveals"
    shown = await (await county.client.post(path, json=reveal, headers=headers)).json()
    assert shown["disclosed"]["fields"] == SEALED
    without = await county.client.post(path, json=reveal | {"purpose": "gossip"}, headers=headers)
    assert without.status == 422 and leaks(await without.read(), CANARIES) == []


async def write_statements_down(db: asyncpg.Connection) -> None:
    """Let the server log the text of each statement, without what goes to its places."""
    for setting in ("log_statement = 'all'", "log_parameter_max_length = 0"):
        await db.execute(f"ALTER SYSTEM SET {setting}")
    await db.execute("SELECT pg_reload_conf()")


async def cut_off(county: County, heard: Heard, db: asyncpg.Connection) -> None:
    """Let the database give up a statement that waits too long."""
    address = Address("GET", "/v1/policies")
    attempt = Attempt(address, "/v1/policies", "time-out", {"params": {"name": TEXT}})
    async with db.transaction():
        await db.execute("LOCK TABLE policy_entries_v1 IN ACCESS EXCLUSIVE MODE")
        asking = asyncio.create_task(send(county, heard, iter([attempt])))
        cancel = (
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND query LIKE '%policy_entries_v1%'"
        )
        while not asking.done():
            await db.execute(cancel)
            await asyncio.sleep(0)
    await asking


async def break_and_ask(county: County, heard: Heard, db: asyncpg.Connection) -> None:
    """Take the views' tables away, then the log's: every statement fails."""
    addresses = addresses_of(county.app)
    await db.execute(VIEWS_BROKEN)
    await send(county, heard, _few(county, [a for a in addresses if a.method == "GET"]))
    await db.execute("ALTER TABLE events RENAME TO events_away")
    await send(county, heard, _few(county, [a for a in addresses if a.command]))
    await db.execute("ALTER TABLE events_away RENAME TO events")


def _few(county: County, addresses: list[Address]) -> Iterator[Attempt]:
    """Yield a few attempts at each address, that go as far as the database."""
    for address in addresses:
        attempts = in_queries(county, address, HERE) if address.method == "GET" else ()
        yield from islice(attempts or in_texts(county, address, HERE), 4)
        yield from islice(in_paths(county, address, HERE), 2)


@contextmanager
def product_log() -> Iterator[StringIO]:
    """Everything that anybody logs, from DEBUG on, as the service writes it."""
    written, root = StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(written), root.level
    handler.setFormatter(JsonLines())
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield written
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


async def test_no_canary_is_where_it_does_not_belong(data_dir: Path) -> None:
    heard = Heard()
    settings = settings_for(data_dir, rate_per_address="100000", rate_per_account="100000")
    with product_log() as log:
        async with (
            open_service(settings) as service,
            founded(service.ledger, service.app, [HERE]) as county,
        ):
            db = await asyncpg.connect(service.database.dsn)
            await write_statements_down(db)
            malformed = asyncio.create_task(send_malformed(county, heard))
            addresses = addresses_of(county.app)
            attempts = (one for a in addresses for one in attempts_at(county, a, HERE))
            await send(county, heard, attempts)
            for address in addresses:
                if address.form is not None:
                    await send_forms(county, heard, address)
            await seal_and_reveal(county)
            await malformed
            await cut_off(county, heard, db)
            database = await whole_database(service.database.dsn)
            figures = await (await county.client.get("/metrics")).read()
            before = heard.statuses[500]
            await break_and_ask(county, heard, db)
            await db.close()
    assert set(addresses) == heard.asked
    assert heard.hits == [], "\n".join(heard.hits)
    assert before == 0, "whatever was sent, nothing was our fault before we broke it"
    assert heard.statuses[500] > 100, heard.statuses
    assert {400, 401, 403, 404, 405, 408, 413, 415, 422, 503} <= heard.statuses.keys()
    assert str(HERE.person(Role.RESIDENT)).encode() in database, "it looked everywhere"
    assert leaks(database, CANARIES) == []
    assert leaks(figures, CANARIES) == []
    assert leaks(log.getvalue().encode(), CANARIES) == [] and log.getvalue().count("\n") > 300
    files = files_of(data_dir)
    assert any("pg_wal" in str(path) for path in files), "the server's own log was looked through"
    statements = next(data for path, data in files.items() if path.name == "server.log")
    assert statements.count(b"execute ") > 5_000, "each statement was written down"
    assert {path: found for path, data in files.items() if (found := leaks(data, CANARIES))} == {}
