"""Style sheet, scripts and pictures: served by ourselves, named by what is in them.

An address holds the first digits of the file's SHA-256, so it can be cached for
ever: another content is another address.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files

from aiohttp import web

PREFIX = "/assets"
MEDIA_TYPES = {
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}


@cache
def asset(name: str) -> bytes:
    """Return the bytes of an asset."""
    return files("api.web").joinpath("static", name).read_bytes()


@cache
def static_path(name: str) -> str:
    """Return the address of an asset as it is now."""
    return f"{PREFIX}/{sha256(asset(name)).hexdigest()[:12]}/{name}"


@cache
def _names() -> frozenset[str]:
    folder = files("api.web").joinpath("static")
    return frozenset(path.name for path in folder.iterdir() if path.is_file())


async def serve_asset(request: web.Request) -> web.Response:
    """GET an asset; only the address of its present content exists."""
    name = request.match_info["name"]
    if name not in _names() or static_path(name) != request.path:
        raise web.HTTPNotFound
    return web.Response(
        body=asset(name),
        content_type=MEDIA_TYPES[name.rpartition(".")[2]],
        charset="utf-8",
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


def add_assets(app: web.Application) -> None:
    """Serve the assets."""
    app.router.add_get(PREFIX + "/{digest}/{name}", serve_asset)
