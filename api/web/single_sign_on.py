"""Coming in through the configured issuer, and linking one's identity there to one's account."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from aiohttp import web

from api.keys import LEDGER, SIGN_ON
from api.peers import came_by_tls
from api.problems import status_of
from api.sessions import give_cookie, signed_in, visitor_of
from api.single_sign_on import Begun, NotLinked, SingleSignOn, SingleSignOnFailed
from api.web.account import account_page
from api.web.login import end_present, login_form, next_path
from api.web.site import own_address, visit_of
from ledger.commands.identities import link_own_identity
from ledger.commands.refusals import note_failed_sign_in
from ledger.commands.sign_ins import open_for_user, open_pending
from ledger.core.errors import LedgerError
from ledger.storage.user_identities import find_identity
from ledger.users import SignInMethod, User
from ledger.users.rules import IdentityTaken

COOKIE = "minzhang_sso"
COOKIE_SECONDS = 600
PATH, BACK = "/login/sso", "/login/sso/callback"
PURPOSE = "single sign-on"


def _sign_on(request: web.Request) -> SingleSignOn:
    found = request.app[SIGN_ON]
    if found is None:
        raise web.HTTPNotFound
    return found


async def leave(request: web.Request) -> web.StreamResponse:
    """Send the browser to the issuer; with the session's token, to link what comes back."""
    sign_on = _sign_on(request)
    asked_link = request.query.get("link", "")
    found = await signed_in(request)
    links = ""
    if asked_link:
        key = request.app[LEDGER].key
        if found is None or found.user is None or found.session.is_pending:
            raise web.HTTPSeeOther("/login")
        if not key.is_signed("csrf", found.secret, asked_link):
            raise SingleSignOnFailed(why="link")
        links = str(found.session.session_id)
    address, begun = await sign_on.begin(own_address(request) + BACK)
    kept = {**asdict(begun), "next": next_path(request.query.get("next")), "links": links}
    sealed = request.app[LEDGER].key.seal(PURPOSE, b"", orjson.dumps(kept))
    response = web.Response(status=303, headers={"Location": address})
    response.set_cookie(
        COOKIE,
        sealed.hex(),
        max_age=COOKIE_SECONDS,
        path=PATH,
        httponly=True,
        secure=came_by_tls(request),
        samesite="Lax",
    )
    return response


async def come_back(request: web.Request) -> web.StreamResponse:
    """Take what the issuer says of whoever comes back with what was begun in this browser."""
    sign_on = _sign_on(request)
    try:
        kept = _kept(request)
        query = request.query
        if not kept or query.get("state") != kept["state"] or "code" not in query:
            raise SingleSignOnFailed(why="state")
        if query.get("iss", sign_on.provider.issuer) != sign_on.provider.issuer:
            raise SingleSignOnFailed(why="iss")
        begun = Begun(state=kept["state"], nonce=kept["nonce"], verifier=kept["verifier"])
        subject = await sign_on.finish(begun, query["code"], own_address(request) + BACK)
        response = await _let_in(request, subject, kept)
    except IdentityTaken as refused:
        found = await signed_in(request)
        visit = await visit_of(request)
        response = (
            login_form(visit, "/", refused)
            if found is None
            else await account_page(visit, found, refused=refused)
        )
    except LedgerError as refused:
        ledger = request.app[LEDGER]
        if status_of(refused) < 500:
            await note_failed_sign_in(ledger, user_id=None, method=SignInMethod.SINGLE_SIGN_ON)
        response = login_form(await visit_of(request), "/", refused)
    response.del_cookie(COOKIE, path=PATH)
    return response


async def _let_in(request: web.Request, subject: str, kept: dict[str, Any]) -> web.Response:
    ledger, issuer = request.app[LEDGER], _sign_on(request).provider.issuer
    user_id = await find_identity(ledger.pool, ledger.id, issuer, subject)
    if kept["links"]:
        if user_id is None or user_id != (await _present_user(request)):
            await _link(request, issuer, subject, kept["links"])
        return web.Response(status=303, headers={"Location": "/account"})
    user = None if user_id is None else await ledger.find(User, user_id)
    if user is None or user.is_disabled:
        raise NotLinked()
    visitor, method, where = visitor_of(request), SignInMethod.SINGLE_SIGN_ON, kept["next"]
    if user.has_second_factor:
        opened = await open_pending(ledger, visitor, user.id, method=method)
        where = "/login/code?" + urlencode({"next": where})
    else:
        opened = await open_for_user(ledger, visitor, user, method=method)
    await end_present(request)
    response = web.Response(status=303, headers={"Location": where})
    give_cookie(request, response, opened)
    return response


async def _present_user(request: web.Request) -> UUID | None:
    found = await signed_in(request)
    return None if found is None else found.session.user_id


async def _link(request: web.Request, issuer: str, subject: str, session_id: str) -> None:
    """Link an identity to the user whose session asked for it, and who is still here."""
    found = await signed_in(request)
    if found is None or str(found.session.session_id) != session_id:
        raise SingleSignOnFailed(why="session")
    await link_own_identity(request.app[LEDGER], found.session.user_id, issuer, subject)


def _kept(request: web.Request) -> dict[str, Any]:
    try:
        sealed = bytes.fromhex(request.cookies.get(COOKIE, ""))
    except ValueError:
        return {}
    text = request.app[LEDGER].key.unseal(PURPOSE, b"", sealed) if len(sealed) > 28 else None
    return {} if text is None else dict(orjson.loads(text))


def add_single_sign_on(app: web.Application) -> None:
    """Add the way there and back, if an issuer is configured."""
    if app[SIGN_ON] is not None:
        app.router.add_get(PATH, leave)
        app.router.add_get(BACK, come_back)
