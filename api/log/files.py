"""/log/: the log as files, in the layout that other people's software reads (C2SP tlog-tiles).

    GET /log/checkpoint              the latest published checkpoint
    GET /log/tile/0/x001/x234/067    256 hashes
    GET /log/tile/1/000.p/17         the 17 that there are yet
    GET /log/tile/entries/000        256 entries, for whoever may read all of them

Nothing beyond the latest published checkpoint is served. Below it any width is: so whoever
holds an older checkpoint finds every file that it needs.
"""

from __future__ import annotations

import gzip

from aiohttp import web

from api.access import authorise
from api.errors import AddressUnknown, NotAllowed
from api.keys import LOG
from api.log.answers import A_DAY, ASK_AGAIN, FOREVER, OCTETS, TEXT, answer_file, open_to_all
from api.scopes import SCOPES
from ledger.merkle.tiles import TILE_WIDTH, Tile, TilePathWrong, parse_tile_path

PREFIX = "/log/"
CHECKPOINT = PREFIX + "checkpoint"
TILES = PREFIX + "tile/{path:.+}"
ENTRIES = "read_entry_bundle"

GZIP_LEVEL = 3


async def serve_checkpoint(request: web.Request) -> web.Response:
    """Give the latest published checkpoint: the signed note with all cosignatures so far."""
    published = await request.app[LOG].published_or_last()
    return answer_file(
        request,
        str(published.note).encode(),
        cache=ASK_AGAIN,
        headers={"Content-Type": f"{TEXT}; charset=utf-8"},
    )


async def serve_tile(request: web.Request) -> web.StreamResponse:
    """Give a tile of hashes to anybody, or a bundle of entries to whoever may read all."""
    tile = _asked_tile(request)
    if tile.level is None:
        return await _serve_bundle(request, tile)
    return await _serve_hashes(request)


async def _serve_hashes_of(request: web.Request) -> web.Response:
    tile = _asked_tile(request)
    data = await request.app[LOG].tile(tile)
    cache = f"public, {_keeps(tile)}"
    return answer_file(request, data, cache=cache, headers={"Content-Type": OCTETS})


_serve_hashes = open_to_all(_serve_hashes_of)


async def _serve_bundle(request: web.Request, tile: Tile) -> web.Response:
    """A bundle holds entries about everybody: whose reach is limited gets none of it."""
    identity = await authorise(request, ENTRIES)
    scope = await request.app[SCOPES].reading(identity, ENTRIES, None)
    if not scope.is_whole:
        raise NotAllowed(role=identity.role, operation=ENTRIES)
    data = await request.app[LOG].bundle(tile)
    headers = {"Content-Type": OCTETS, "Vary": "Authorization, Accept-Encoding"}
    variant = ""
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        data = gzip.compress(data, GZIP_LEVEL, mtime=0)
        headers["Content-Encoding"] = "gzip"
        variant = "-gzip"
    cache = f"private, {_keeps(tile)}"
    return answer_file(request, data, cache=cache, headers=headers, variant=variant)


def _keeps(tile: Tile) -> str:
    return FOREVER if tile.width == TILE_WIDTH else A_DAY


def _asked_tile(request: web.Request) -> Tile:
    """Read the address as it was sent: a tile has one, without escapes or detours."""
    path = request.raw_path.partition("?")[0].removeprefix(PREFIX)
    try:
        return parse_tile_path(path)
    except TilePathWrong as wrong:
        raise AddressUnknown(**wrong.facts) from wrong


def add_files(app: web.Application) -> None:
    """Add the addresses."""
    app.router.add_get(CHECKPOINT, open_to_all(serve_checkpoint))
    app.router.add_get(TILES, serve_tile)
