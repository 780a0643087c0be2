"""The pages of the second factor: giving a code at the door, setting a device up, dropping it."""

from __future__ import annotations

from typing import Any

import segno
from aiohttp import web
from markupsafe import Markup

from api.bodies import read_form
from api.keys import DOOR, LEDGER
from api.problems import status_of
from api.sessions import (
    CSRF_FIELD,
    SignedIn,
    give_cookie,
    guard_write,
    signed_in,
    visitor_of,
)
from api.web.account import Form, form_of, to_account
from api.web.login import end_present, next_path
from api.web.site import render, visit_of
from ledger.commands.second_factor import (
    begin_second_factor,
    drop_second_factor,
    finish_second_factor,
    give_code,
)
from ledger.commands.sign_ins import confirm_password, open_for_user
from ledger.core.errors import LedgerError, NotFound
from ledger.storage.user_logins import login_of
from ledger.users import SignInMethod, SignOutReason, User


async def show_code(request: web.Request) -> web.StreamResponse:
    """Ask for the code of whoever gave the right password."""
    found = await signed_in(request)
    if found is None or not found.session.is_pending:
        return web.Response(status=303, headers={"Location": "/login"})
    where = next_path(request.query.get("next"))
    return await _code_page(request, {"next": where, "refused": None})


async def take_code(request: web.Request) -> web.StreamResponse:
    """Take the code: a new session begins."""
    found = await signed_in(request)
    if found is None or not found.session.is_pending:
        return web.Response(status=303, headers={"Location": "/login"})
    form = await read_form(request)
    guard_write(request, found, form.get(CSRF_FIELD, ""))
    where = next_path(form.get("next"))
    try:
        opened = await give_code(
            request.app[LEDGER],
            request.app[DOOR],
            visitor_of(request),
            session=found.session,
            code=form.get("code", ""),
        )
    except LedgerError as refused:
        status = status_of(refused)
        return await _code_page(request, {"next": where, "refused": refused}, status)
    response = web.Response(status=303, headers={"Location": where})
    give_cookie(request, response, opened)
    return response


async def _code_page(
    request: web.Request, shown: dict[str, Any], status: int = 200
) -> web.Response:
    return render(await visit_of(request), "code.jinja2", shown, status=status)


async def begin(request: web.Request, found: SignedIn, form: Form) -> web.StreamResponse:
    """Show a new device's picture to whoever gives the password again."""
    ledger, user_id = request.app[LEDGER], found.session.user_id
    login = await login_of(ledger.pool, ledger.id, user_id)
    if login is None:
        raise NotFound(kind=User.TOPIC, id=str(user_id))
    if login.password_hash is not None:
        door, visitor = request.app[DOOR], visitor_of(request)
        password = form.get("password", "")
        await confirm_password(ledger, door, visitor, login=login, password=password)
    uri = await begin_second_factor(ledger, request.app[DOOR], user_id)
    shown = {"uri": uri, "picture": picture_of(uri), "codes": ()}
    return render(await visit_of(request), "second_factor.jinja2", shown)


async def finish(request: web.Request, found: SignedIn, form: Form) -> web.StreamResponse:
    """Take the first code; show the recovery codes, this once. A new session begins."""
    ledger = request.app[LEDGER]
    codes = await finish_second_factor(
        ledger,
        request.app[DOOR],
        visitor_of(request),
        user_id=found.session.user_id,
        code=form.get("code", ""),
    )
    user = await ledger.load(User, found.session.user_id)
    opened = await open_for_user(
        ledger,
        visitor_of(request),
        user,
        method=SignInMethod(found.session.method),
        has_second_factor=True,
        grant=found.grant,
    )
    await end_present(request, SignOutReason.ROLE_CHANGED)
    shown = {"uri": "", "picture": "", "codes": codes}
    response = render(await visit_of(request), "second_factor.jinja2", shown)
    give_cookie(request, response, opened)
    return response


async def drop(request: web.Request, found: SignedIn, form: Form) -> web.StreamResponse:
    """Drop the device; all sessions end."""
    await drop_second_factor(
        request.app[LEDGER],
        request.app[DOOR],
        visitor_of(request),
        user_id=found.session.user_id,
        code=form.get("code", ""),
    )
    return to_account()


def picture_of(uri: str) -> Markup:
    """Return an address as a picture that a device reads, drawn without styles or scripts."""
    drawn = segno.make(uri, error="m", micro=False)
    return Markup(drawn.svg_inline(scale=5, border=4, dark="#000", light="#fff", svgclass="qr"))  # noqa: S704 - drawn here, of squares alone


def add_second_factor(app: web.Application) -> None:
    """Add the pages."""
    app.router.add_get("/login/code", show_code)
    app.router.add_post("/login/code", take_code)
    app.router.add_post("/account/second-factor", form_of(begin))
    app.router.add_post("/account/second-factor/confirmations", form_of(finish))
    app.router.add_post("/account/second-factor/removals", form_of(drop))
