"""Coming in with a token, for pages that are not public. Full identity stands behind the same seam.

The token is kept in a cookie that scripts cannot read and other sites cannot
send. Only the two forms here change anything, and only from this site.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from api.access import identity_of
from api.web.site import TOKEN_COOKIE, render, visit_of

COOKIE_SECONDS = 12 * 3600


async def show_login(request: web.Request) -> web.StreamResponse:
    """Ask for a token."""
    visit = await visit_of(request)
    return render(visit, "login.jinja2", {"next": _next(request.query.get("next")), "wrong": False})


async def log_in(request: web.Request) -> web.StreamResponse:
    """Take a token that is valid; send the visitor on."""
    _only_from_here(request)
    form = await request.post()
    token = str(form.get("token", "")).strip()
    visit = await visit_of(request)
    where = _next(str(form.get("next", "")))
    if await identity_of(request, token) is None:
        return render(visit, "login.jinja2", {"next": where, "wrong": True}, status=401)
    response = web.Response(status=303, headers={"Location": where})
    response.set_cookie(
        TOKEN_COOKIE,
        token,
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="Strict",
        secure=request.secure,
    )
    return response


async def log_out(request: web.Request) -> web.StreamResponse:
    """Forget the visitor's token."""
    _only_from_here(request)
    response = web.Response(status=303, headers={"Location": "/"})
    response.del_cookie(TOKEN_COOKIE)
    return response


def add_login(app: web.Application) -> None:
    """Add the login page and the way out."""
    app.router.add_get("/login", show_login)
    app.router.add_post("/login", log_in)
    app.router.add_post("/logout", log_out)


def _next(asked: str | None) -> str:
    """Return where to go on: only ever a path of this site."""
    path = asked or "/"
    parts = urlsplit(path)
    is_ours = not parts.scheme and not parts.netloc and path.startswith("/")
    return path if is_ours and "\\" not in path and not path.startswith("//") else "/"


def _only_from_here(request: web.Request) -> None:
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise web.HTTPForbidden
