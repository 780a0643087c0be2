"""The real site in the system's own Chromium: one ledger, one server, one browser a worker.

Set MINZHANG_TEST_SCREENSHOTS to a directory to keep a picture of every page, and
MINZHANG_TEST_CHROMIUM where Chromium goes by another name.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from aiohttp import web
from playwright.async_api import Browser, async_playwright

from api.app import create_app
from api.serving import serving
from ledger.storage.ledger import Ledger, create_ledger, open_ledger
from ledger.storage.news import News
from projections import VIEWS
from projections.engine import catch_up
from tests.browser.seed import Seeded, seed
from tests.browser.site import Site, Visitor, data_texts
from tests.published_log import WITNESSES, key_of, publish_now, trust_in
from tests.storage_fixtures import KEYS
from tests.tokens import issued

ORIGIN = "ledger.example.org/browser"
LOG_KEY = key_of(ORIGIN)
CHROMIUM_VARIABLE = "MINZHANG_TEST_CHROMIUM"
SCREENSHOTS_VARIABLE = "MINZHANG_TEST_SCREENSHOTS"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
async def county(store_dsn: str) -> AsyncIterator[tuple[Ledger, Seeded]]:
    """A ledger with one of everything, and its views up to date."""
    ledger_id = f"b{uuid4().hex[:12]}"
    db = await asyncpg.connect(store_dsn)
    await create_ledger(db, ledger_id, origin=ORIGIN)
    await db.close()
    async with open_ledger(store_dsn, ledger_id, pool_size_max=4, keys=KEYS) as ledger:
        seeded = await seed(ledger)
        await publish_now(ledger, witnesses=WITNESSES, key=LOG_KEY)
        await catch_up(ledger, VIEWS)
        yield ledger, seeded


@pytest.fixture(scope="session")
async def app(store_dsn: str, county: tuple[Ledger, Seeded]) -> AsyncIterator[web.Application]:
    """The whole application around that ledger."""
    ledger, _ = county
    async with News(store_dsn, ledger.id) as news:
        yield create_app(ledger, news=news, trust=lambda: trust_in(LOG_KEY))


@pytest.fixture(scope="session")
async def site(app: web.Application, county: tuple[Ledger, Seeded]) -> AsyncIterator[Site]:
    """The application, served; with a token of somebody who may read everything."""
    ledger, seeded = county
    token = await issued(ledger, "auditor")
    async with serving(app, "127.0.0.1", 0) as address:
        yield Site(
            address=address,
            token=token,
            seeded=seeded,
            data=await data_texts(ledger),
            screenshots=os.environ.get(SCREENSHOTS_VARIABLE),
        )


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The system's Chromium, with a profile of its own that is thrown away."""
    path = os.environ.get(CHROMIUM_VARIABLE) or shutil.which("chromium")
    assert path, f"no Chromium found: install it, or name it in {CHROMIUM_VARIABLE}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
async def visitor(site: Site, browser: Browser) -> AsyncIterator[Visitor]:
    """Somebody who has come in by the form, with a client that carries the same cookie."""
    async with Visitor(site, browser) as visitor:
        yield visitor
