"""Every page of the site, in both languages, on a wide screen and on a phone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import pytest
from aiohttp import hdrs, web

from tests.browser.seed import NEIGHBOUR, USER, VOLUNTEER_ID, Seeded
from tests.browser.site import Language, Visitor
from tests.petition_world import (
    COMMUNITY,
    COMPANY,
    COUNTY,
    ESTATE,
    PETITIONER,
    STREET,
    UNIT,
)

Paths = Callable[[Seeded], tuple[str, ...]]

PAGES: Final[Mapping[str, Paths]] = {
    "/": lambda _: ("/",),
    "/docs": lambda _: ("/docs",),
    "/deposits/{deposit_id}": lambda seeded: (f"/deposits/{seeded.deposit_id}",),
    "/estates": lambda _: ("/estates",),
    "/estates/{estate_id}": lambda _: (f"/estates/{ESTATE}",),
    "/estates/{estate_id}/account": lambda _: (f"/estates/{ESTATE}/account",),
    "/expenses/{expense_id}": lambda seeded: (f"/expenses/{seeded.expense_id}",),
    "/events": lambda _: (
        "/events",
        "/events?kind=petition&role=street&reason=%E9%95%BF%E6%9C%9F&from=2026-03-01&breaches=1",
        f"/events?about={ESTATE}&known_at=2030-01-01&to=2030-01-01",
    ),
    "/access-trail": lambda _: (
        "/access-trail",
        f"/access-trail?kind=revealed&person={PETITIONER}&role=community&from=2026-03-01",
    ),
    "/erasures": lambda _: ("/erasures", "/erasures?all=1", "/erasures?stage=carried_out"),
    "/personal-data": lambda _: ("/personal-data",),
    "/persons/{person_id}": lambda _: (f"/persons/{PETITIONER}", f"/persons/{NEIGHBOUR}"),
    "/events/{event}": lambda _: ("/events/0", "/events/40", "/events/120"),
    "/log": lambda _: ("/log",),
    "/account": lambda _: ("/account",),
    "/login": lambda _: ("/login", "/login?next=/events"),
    "/login/code": lambda _: ("/login/code",),
    "/set-up": lambda _: ("/set-up", "/set-up?link=unknown"),
    "/organisations/{organisation_id}": lambda _: tuple(
        f"/organisations/{one}" for one in (COUNTY, STREET, COMMUNITY, ESTATE, COMPANY, UNIT)
    ),
    "/petitions": lambda _: (
        "/petitions",
        f"/petitions?community={COMMUNITY}",
        "/petitions?is_open=1",
    ),
    "/petitions/{petition_id}": lambda seeded: (
        f"/petitions/{seeded.petition_id}",
        f"/petitions/{seeded.missed_petition_id}",
        f"/petitions/{seeded.hostile_petition_id}",
    ),
    "/shop": lambda seeded: (
        "/shop",
        f"/shop?item={seeded.item_id}",
        f"/shop?item={seeded.item_id}&at=2026-03-05",
    ),
    "/units": lambda _: ("/units",),
    "/units/{unit_id}": lambda _: (f"/units/{UNIT}",),
    "/proposals": lambda _: ("/proposals",),
    "/delegations": lambda _: ("/delegations",),
    "/evidence": lambda _: ("/evidence",),
    "/users": lambda _: ("/users", f"/users?q={USER}&role=community&state=open"),
    "/users/{user_id}": lambda _: (f"/users/{USER}",),
    "/volunteers": lambda _: (
        "/volunteers",
        f"/volunteers?community={COMMUNITY}",
        "/volunteers?at=2026-03-05&known_at=2030-01-01",
    ),
    "/volunteers/{volunteer_id}": lambda _: (
        f"/volunteers/{VOLUNTEER_ID}",
        f"/volunteers/{VOLUNTEER_ID}?at=2026-03-05",
    ),
}
"""Every page, and paths at which to look at it."""

MACHINES: Final = (
    "/v1/",
    "/assets/",
    "/docs/",
    "/log/",
    "/openapi.json",
    "/healthz",
    "/readyz",
    "/metrics",
)
"""How the addresses begin that are not for people."""
BOTH_LANGUAGES_AT_ONCE: Final = ("/docs",)


OF_ADMINISTRATORS = {"/system-proposals"}
"""The same page as /proposals, about other proposals, and not for the auditor who looks here."""


def test_every_page_is_looked_at(app: web.Application) -> None:
    shown = {
        route.resource.canonical
        for route in app.router.routes()
        if route.method == hdrs.METH_GET and route.resource is not None
    }
    looked_at = set(PAGES) | OF_ADMINISTRATORS
    assert {path for path in shown if not path.startswith(MACHINES)} == looked_at


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("pattern", PAGES)
async def test_a_page_is_as_it_must_be(visitor: Visitor, pattern: str, language: Language) -> None:
    for path in PAGES[pattern](visitor.site.seeded):
        look = await visitor.look_at(path, language)
        assert look.status == 200, path
        assert look.heading and look.title, path
        assert look.problems == [], path
        if language == "en" and pattern not in BOTH_LANGUAGES_AT_ONCE:
            assert visitor.untranslated(look) == [], path
        assert await visitor.broken_links(look) == {}, path
