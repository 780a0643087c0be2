"""A service of its own for journeys of people: empty but for its organisations, views that follow.

Everybody who visits notes what the browser complains about: reports of the content security
policy, errors of scripts and of the console.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from uuid import UUID

from playwright.async_api import Browser, ConsoleMessage, Page

from api.app import create_app
from api.keys import DOOR
from api.options import EvidenceOptions, Options
from api.serving import serving
from api.single_sign_on import Provider
from ledger.commands.organisations import EstablishOrganisation, establish_organisation
from ledger.commands.policies import AdoptStandardPolicies, adopt_standard_policies
from ledger.commands.sign_ins import Door, set_up_password
from ledger.commands.users import GrantRole, create_user, grant_role
from ledger.core.aggregate import By
from ledger.core.clock import utc_now
from ledger.organisations import Kind, organisation_id
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.news import News
from projections import VIEWS
from projections.engine import Projector
from tests.api.house import CHEAP, PASSWORD
from tests.api.issuer import CLIENT, SECRET
from tests.browser.conftest import SCREENSHOTS_VARIABLE
from tests.storage_fixtures import KEYS

COMMITTEE = organisation_id("committee-1")
TREE = (
    ("county-1", Kind.COUNTY, "临沭县", "Linshu County", ""),
    ("street-1", Kind.STREET, "临沭街道", "Linshu Street", "county-1"),
    ("community-1", Kind.COMMUNITY, "红石湖社区", "Hongshihu Community", "street-1"),
    ("estate-1", Kind.ESTATE, "阳光花园", "Sunshine Garden", "community-1"),
    ("committee-1", Kind.OWNERS_COMMITTEE, "阳光花园业委会", "Owners' Committee", "estate-1"),
)
WIDTHS = (1280, 360)
REPORTS = """
    addEventListener('securitypolicyviolation', (event) =>
        console.error(`csp ${event.violatedDirective} ${event.blockedURI}`));
"""


def installer(reason: str = "") -> By:
    """Whoever sets the service up."""
    return By(actor_id=UUID(int=1), at=utc_now(), role="system", reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """The service and a browser to visit it with."""

    ledger: Ledger
    door: Door
    address: str
    browser: Browser
    screenshots: str | None

    async def person(self, name: str, *grants: GrantRole) -> UUID:
        """Return somebody who has an account, the usual password, and these grants."""
        user_id, link = await create_user(self.ledger, installer(), login_name=name)
        await set_up_password(self.ledger, self.door, link=link, password=PASSWORD)
        for one in grants:
            granting = GrantRole(
                user_id=user_id, role=one.role, organisation_id=one.organisation_id, post=one.post
            )
            await grant_role(granting, self.ledger.for_request(), installer())
        return user_id


@dataclass(kw_only=True)
class Guest:
    """Somebody in a browser window of their own; all complaints of the browser are kept."""

    town: Town
    page: Page
    complaints: list[str] = field(default_factory=list)

    async def go(self, path: str) -> None:
        """Open a page of the site."""
        await self.page.goto(self.town.address + path)

    async def come_in(self, name: str) -> None:
        """Give name and password."""
        await self.go("/login")
        await self.page.fill("input[name=name]", name)
        await self.page.fill("input[name=password]", PASSWORD)
        await self.page.click("#by-name button")

    async def text(self) -> str:
        """Return what the page says."""
        return await self.page.locator("main").inner_text()

    async def picture(self, name: str) -> None:
        """Keep pictures of the page, wide and as on a small phone; nothing may be too wide."""
        for width in WIDTHS:
            await self.page.set_viewport_size({"width": width, "height": 800})
            too_wide = await self.page.evaluate(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            )
            assert not too_wide, (name, width)
            if self.town.screenshots is not None:
                path = Path(self.town.screenshots) / f"people-{name}.{width}.png"
                await self.page.screenshot(path=path, full_page=True)
        await self.page.set_viewport_size({"width": WIDTHS[0], "height": 800})

    def hear(self, message: ConsoleMessage) -> None:
        """Keep what the console says is wrong; a refused form's status is none of it."""
        is_status = "the server responded with a status of 4" in message.text
        if message.type in {"error", "warning"} and not is_status:
            self.complaints.append(message.text)


@asynccontextmanager
async def visiting(town: Town) -> AsyncIterator[Guest]:
    """Open a browser window for somebody; in the end the browser has complained of nothing."""
    async with await town.browser.new_context() as context:
        await context.add_init_script(REPORTS)
        guest = Guest(town=town, page=await context.new_page())
        guest.page.on("console", guest.hear)
        guest.page.on("pageerror", lambda error: guest.complaints.append(str(error)))
        yield guest
        assert guest.complaints == []


@asynccontextmanager
async def a_town(
    dsn: str, ledger_id: str, browser: Browser, issuer: str, documents: Path
) -> AsyncIterator[Town]:
    """Found the organisations and serve them, with single sign-on and a place for documents."""
    async with AsyncExitStack() as stack:
        ledger = await stack.enter_async_context(
            open_ledger(dsn, ledger_id, pool_size_max=6, keys=replace(KEYS, documents=documents))
        )
        await adopt_standard_policies(AdoptStandardPolicies(), ledger, installer())
        for code, kind, zh, en, above in TREE:
            command = EstablishOrganisation(
                code=code,
                kind=kind,
                name_zh=zh,
                name_en=en,
                parent_id=organisation_id(above) if above else None,
                valid_from=date(2020, 1, 1),
            )
            await establish_organisation(command, ledger, installer())
        news = await stack.enter_async_context(News(dsn, ledger_id))
        await stack.enter_async_context(Projector(dsn, ledger_id, VIEWS))
        options = Options(
            hash_cost=CHEAP,
            provider=Provider(issuer=issuer, client_id=CLIENT, client_secret=SECRET),
            evidence=EvidenceOptions(),
        )
        app = create_app(ledger, news=news, options=options)
        address = await stack.enter_async_context(serving(app, "127.0.0.1", 0))
        yield Town(
            ledger=ledger,
            door=app[DOOR],
            address=address,
            browser=browser,
            screenshots=os.environ.get(SCREENSHOTS_VARIABLE),
        )
