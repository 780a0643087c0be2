"""/log: what proves that nothing was changed, for people; and an entry's exact bytes."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from api.answers import to_json
from api.errors import NotAuthenticated
from api.keys import LOG
from api.log.desk import NothingPublished
from api.log.files import CHECKPOINT
from api.log.proofs import answer_entry
from api.web.proofs import ENTRY, in_base64, keys_said
from api.web.site import Pages, Visit, visit_of

pages = Pages()


@pages.page("/log", "log.jinja2", is_public=True)
async def log_page(visit: Visit) -> dict[str, Any]:
    """Show the latest checkpoint, who vouches for it, and how to check it oneself."""
    desk = visit.request.app[LOG]
    try:
        standing = await desk.standing()
    except NothingPublished:
        return {"standing": None, "origin": await desk.origin(), "address": _address(visit)}
    checkpoint = standing.kept.checkpoint
    return {
        "standing": standing,
        "origin": checkpoint.origin,
        "address": _address(visit),
        "root": in_base64(checkpoint.root),
        "keys": [str(key) for key in standing.trust.keys],
        "said": to_json({"checkpoint": CHECKPOINT, **keys_said(standing.trust)}).decode(),
    }


def _address(visit: Visit) -> str:
    return str(visit.request.url.origin())


async def log_folder(_: web.Request) -> web.Response:
    """The folder itself is the page."""
    raise web.HTTPPermanentRedirect("/log")


async def entry_of_page(request: web.Request) -> web.Response:
    """Give a visitor the exact bytes of an entry, as ``/v1/events/…/entry`` gives programs."""
    visit = await visit_of(request)
    if visit.visitor is None:
        raise NotAuthenticated()
    return await answer_entry(request, request.match_info["position"], visit.visitor)


def add_log_pages(app: web.Application) -> None:
    """Add the addresses that are no pages."""
    app.router.add_get("/log/", log_folder)
    app.router.add_get(ENTRY, entry_of_page)
