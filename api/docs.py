"""/openapi.json and /docs: the description, for programs and to read. All assets are our own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from importlib.resources import files

from aiohttp import web

from api.answers import MEDIA_TYPE, to_json
from api.openapi import Permissions, describe
from api.routing import Routes

ASSETS = {
    "/docs": ("index.html", "text/html"),
    "/docs/docs.css": ("docs.css", "text/css"),
    "/docs/docs.js": ("docs.js", "text/javascript"),
}


def add_docs(app: web.Application, contexts: tuple[Routes, ...], may: Permissions) -> None:
    """Add the addresses. The description is made when it is first asked for."""

    @cache
    def document() -> bytes:
        return to_json(describe(contexts, may))

    async def openapi(_: web.Request) -> web.Response:
        return web.Response(body=document(), content_type=MEDIA_TYPE)

    app.router.add_get("/openapi.json", openapi)
    for path, (name, content_type) in ASSETS.items():
        app.router.add_get(path, _asset(name, content_type))


def _asset(name: str, content_type: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    text = files("api").joinpath("docs_page", name).read_text("utf-8")

    async def show(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type=content_type)

    return show
