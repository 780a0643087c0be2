"""Coming in, with name and password or with a token, and going out.

Each form carries nothing but what somebody typed; only pages of this site may send it. Whoever has
a second factor is asked for a code before anything opens.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from api.access import valid_token
from api.bodies import read_form
from api.keys import DOOR, LEDGER, SIGN_ON
from api.problems import status_of
from api.sessions import (
    CSRF_FIELD,
    give_cookie,
    guard_origin,
    guard_write,
    signed_in,
    take_cookie,
    visitor_of,
)
from api.web.site import Visit, render, visit_of
from ledger.commands.refusals import note_failed_sign_in
from ledger.commands.sign_ins import (
    CredentialsWrong,
    Opened,
    open_for_token,
    set_up_password,
    sign_in,
    sign_out,
)
from ledger.core.aggregate import By
from ledger.core.errors import InvalidValue, LedgerError
from ledger.users import SignInMethod, SignOutReason
from ledger.users.attempts import NOBODY

_LINK = re.compile(r"[0-9A-Za-z_-]{43}")
LEFT_BEHIND = '"cache", "storage"'
"""What a browser throws away when somebody goes out; the cookie is taken by name."""


async def show_login(request: web.Request) -> web.StreamResponse:
    """Ask for name and password, or for a token."""
    return login_form(await visit_of(request), next_path(request.query.get("next")))


async def log_in(request: web.Request) -> web.StreamResponse:
    """Let in whoever gives what is right; send them on."""
    guard_origin(request)
    form = await read_form(request)
    where = next_path(form.get("next"))
    try:
        opened = await _open(request, form)
    except LedgerError as refused:
        return login_form(await visit_of(request), where, refused)
    await end_present(request)
    if opened.is_pending:
        where = "/login/code?" + urlencode({"next": where})
    response = web.Response(status=303, headers={"Location": where})
    give_cookie(request, response, opened)
    return response


async def _open(request: web.Request, form: dict[str, str]) -> Opened:
    ledger, visitor = request.app[LEDGER], visitor_of(request)
    token = form.get("token", "").strip()
    if not token:
        return await sign_in(
            ledger,
            request.app[DOOR],
            visitor,
            login_name=form.get("name", ""),
            password=form.get("password", ""),
        )
    found = await valid_token(request, token)
    if found is None:
        await note_failed_sign_in(ledger, user_id=None, method=SignInMethod.TOKEN)
        raise CredentialsWrong()
    return await open_for_token(ledger, visitor, found)


def login_form(visit: Visit, where: str, refused: LedgerError | None = None) -> web.Response:
    """Return the page that asks for name and password, perhaps with what was refused."""
    status = 200 if refused is None else status_of(refused)
    response = render(
        visit,
        "login.jinja2",
        {
            "next": where,
            "refused": refused,
            "has_sign_on": visit.request.app[SIGN_ON] is not None,
        },
        status=status,
    )
    if refused is not None and "retry_after_seconds" in refused.facts:
        response.headers["Retry-After"] = str(refused.facts["retry_after_seconds"])
    return response


async def log_out(request: web.Request) -> web.StreamResponse:
    """End the visitor's session."""
    guard_origin(request)
    found = await signed_in(request)
    if found is not None:
        guard_write(request, found, (await read_form(request)).get(CSRF_FIELD, ""))
        await end_present(request)
    response = web.Response(status=303, headers={"Location": "/", "Clear-Site-Data": LEFT_BEHIND})
    take_cookie(request, response)
    return response


async def end_present(request: web.Request, why: SignOutReason = SignOutReason.SIGNED_OUT) -> None:
    """End the session that the browser has: a new one is never beside an old one."""
    found = await signed_in(request)
    if found is None:
        return
    ledger, session = request.app[LEDGER], found.session
    role = found.grant.role if found.grant else found.token.role if found.token else NOBODY
    by = By(actor_id=session.user_id, at=ledger.clock(), role=role)
    await sign_out(ledger, session, by, why=why)


async def show_set_up(request: web.Request) -> web.StreamResponse:
    """Ask for the first password of whoever holds a one-time link."""
    link = _link_in(request.query.get("link", ""))
    return render(await visit_of(request), "set_up.jinja2", {"one_time": link, "refused": None})


def _link_in(given: str) -> str:
    """Return what the form sends again: only what can be a link's secret."""
    return given if _LINK.fullmatch(given) else ""


async def set_up(request: web.Request) -> web.StreamResponse:
    """Take the password that was chosen; the link is spent."""
    guard_origin(request)
    form = await read_form(request)
    try:
        if form.get("password") != form.get("again"):
            raise PasswordsDiffer()
        await set_up_password(
            request.app[LEDGER],
            request.app[DOOR],
            link=form.get("link", ""),
            password=form.get("password", ""),
        )
    except LedgerError as refused:
        shown = {"one_time": _link_in(form.get("link", "")), "refused": refused}
        status = status_of(refused)
        return render(await visit_of(request), "set_up.jinja2", shown, status=status)
    return web.Response(status=303, headers={"Location": "/login"})


class PasswordsDiffer(InvalidValue):
    """The two passwords that were typed differ.

    两次输入的口令不一致。
    """


def add_login(app: web.Application) -> None:
    """Add the login page, the way out, and where a one-time link leads."""
    app.router.add_get("/login", show_login)
    app.router.add_post("/login", log_in)
    app.router.add_post("/logout", log_out)
    app.router.add_get("/set-up", show_set_up)
    app.router.add_post("/set-up", set_up)


def next_path(asked: str | None) -> str:
    """Return where to go on: only ever a path of this site."""
    path = asked or "/"
    try:
        parts = urlsplit(path)
    except ValueError:  # no address at all
        return "/"
    is_ours = not parts.scheme and not parts.netloc and path.startswith("/")
    is_plain = path.isprintable() and "\\" not in path and not path.startswith("//")
    return path if is_ours and is_plain else "/"
