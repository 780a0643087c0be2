"""One's own account: roles, password, second factor, sessions and tokens.

Every form carries the session's token; what gives new powers asks for the password again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web

from api.access import authorise_identity
from api.account import (
    IssueToken,
    NoFields,
    NotWithToken,
    account_of,
    end_other_sessions,
    end_own_token,
    end_session_of,
    id_in_path,
    token_for,
)
from api.bodies import read_form
from api.keys import DOOR, LEDGER, SIGN_ON
from api.problems import status_of
from api.routes import ROUTES
from api.sessions import CSRF_FIELD, SignedIn, give_cookie, guard_write, signed_in, visitor_of
from api.validation import validator_for
from api.web.labels_users import METHODS
from api.web.login import PasswordsDiffer
from api.web.places import names_of
from api.web.site import Visit, render, visit_of
from ledger.commands.sign_ins import change_password, open_for_user, sign_out
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import LedgerError, NotFound
from ledger.storage.user_identities import identities_of
from ledger.users import SignInMethod, SignOutReason, User
from ledger.users.attempts import NOBODY

LIMIT = "may_"
"""How the names of boxes begin that limit a token to an operation."""
Form: TypeAlias = "dict[str, str]"
Act: TypeAlias = Callable[[web.Request, SignedIn, Form], Awaitable[web.StreamResponse]]


async def show_account(request: web.Request) -> web.StreamResponse:
    """Show one's own account."""
    visit = await visit_of(request)
    if visit.signed is None or visit.signed.session.is_pending:
        return _to_login(visit)
    return await account_page(visit, visit.signed)


async def account_page(
    visit: Visit, found: SignedIn, *, refused: LedgerError | None = None, token: str = ""
) -> web.Response:
    """Return the page; with a token that was just made, or with what was refused."""
    shown: dict[str, Any] = await account_of(visit.ledger, found.session.user_id)
    ledger, user_id = visit.ledger, found.session.user_id
    shown |= {
        "here": "/account",
        "identities": await identities_of(ledger.pool, ledger.id, user_id),
        "names": await names_of(visit, (grant["organisation_id"] for grant in shown["grants"])),
        "method_name": lambda method: visit.words.say(METHODS.get(method, method)),
        "offered": _operations_offered(visit),
        "refused": refused,
        "new_token": token,
        "has_sign_on": visit.request.app[SIGN_ON] is not None,
        "present": found,
        "today": local_day(visit.ledger.clock()),
        "is_by_token": found.token is not None,
        "can_issue": visit.visitor is not None and visit.visitor.token_id is None,
    }
    status = 200 if refused is None else status_of(refused)
    return render(visit, "own_account.jinja2", shown, status=status)


def _operations_offered(visit: Visit) -> list[tuple[str, str]]:
    """Return what a token of one's own can be limited to, and what each is called."""
    called: dict[str, str] = {}
    for context in ROUTES:
        called |= {one.operation: one.zh for one in context.commands}
        called |= {one.operation: one.zh for one in context.reads}
    return [
        (name, visit.words.pick(called[name], name)) for name in sorted(called) if visit.may(name)
    ]


def form_of(
    act: Act, operation: str = ""
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return a handler for a form on the account's pages; what is refused is said there.

    A session that acts as a token does no more here than the token at the API's door: the
    ``operation``, if it may ask for it. Without one it is for people who came in themselves.
    """

    async def take(request: web.Request) -> web.StreamResponse:
        found = await signed_in(request)
        if found is None or found.session.is_pending:
            return _to_login(await visit_of(request))
        form = await read_form(request)
        guard_write(request, found, form.get(CSRF_FIELD, ""))
        try:
            if found.token is not None:
                await _guard_token(request, found, operation)
            return await act(request, found, form)
        except LedgerError as refused:
            return await account_page(await visit_of(request), found, refused=refused)

    return take


async def _guard_token(request: web.Request, found: SignedIn, operation: str) -> None:
    """Refuse what a token's session may not do (``NotWithToken``, ``NotAllowed``)."""
    if not operation:
        raise NotWithToken()
    await authorise_identity(request, found.identity(), operation)


async def take_password(request: web.Request, found: SignedIn, form: Form) -> web.StreamResponse:
    """Change the password: every session ends, this one begins anew."""
    if form.get("new") != form.get("again"):
        raise PasswordsDiffer()
    ledger, visitor = request.app[LEDGER], visitor_of(request)
    await change_password(
        ledger,
        request.app[DOOR],
        visitor,
        user_id=found.session.user_id,
        old=form.get("old", ""),
        new=form.get("new", ""),
    )
    return await _anew(request, found, SignOutReason.PASSWORD_CHANGED)


async def take_role(request: web.Request, found: SignedIn, form: Form) -> web.StreamResponse:
    """Act under another grant: a new session begins, the old one is dead."""
    return await _anew(request, found, SignOutReason.ROLE_CHANGED, form.get("grant_id", ""))


async def _anew(
    request: web.Request, found: SignedIn, why: SignOutReason, grant_id: str | None = None
) -> web.StreamResponse:
    """Begin a new session in place of the present one, in the same role or another."""
    ledger = request.app[LEDGER]
    user = await ledger.find(User, found.session.user_id)
    if user is None:
        raise NotFound(kind=User.TOPIC, id=str(found.session.user_id))
    wanted = str(found.session.grant_id) if grant_id is None else grant_id
    in_force = user.grants_on(local_day(ledger.clock()))
    grant = next((one for one in in_force if str(one.grant_id) == wanted), None)
    if grant is None and grant_id is not None:
        raise NotFound(kind="grant", id="")
    opened = await open_for_user(
        ledger,
        visitor_of(request),
        user,
        method=SignInMethod(found.session.method),
        has_second_factor=found.session.has_second_factor,
        grant=grant,
    )
    role = found.grant.role if found.grant else NOBODY
    by = By(actor_id=user.id, at=ledger.clock(), role=role)
    await sign_out(ledger, found.session, by, why=why)
    response = to_account()
    give_cookie(request, response, opened)
    return response


async def take_session(request: web.Request, found: SignedIn, _: Form) -> web.StreamResponse:
    """End one of one's sessions."""
    session_id = id_in_path(request, "session_id")
    await end_session_of(request.app[LEDGER], found.session.user_id, session_id)
    return to_account()


async def take_other_sessions(request: web.Request, found: SignedIn, _: Form) -> web.StreamResponse:
    """End all of one's sessions but this one."""
    session = found.session
    await end_other_sessions(request.app[LEDGER], session.user_id, present=session.session_id)
    return to_account()


async def take_new_token(request: web.Request, found: SignedIn, form: Form) -> web.StreamResponse:
    """Make a token and show it, this once."""
    identity = await authorise_identity(request, found.identity(), "issue_own_token")
    days = form.get("days", "")
    given = {
        "name": form.get("name", ""),
        "days": int(days) if days.isdecimal() and len(days) <= 4 else 0,
        "operations": sorted(name.removeprefix(LIMIT) for name in form if name.startswith(LIMIT)),
    }
    asked, _ = validator_for(IssueToken, NoFields, is_strict=True).read(given)
    token = await token_for(request, identity, asked)
    return await account_page(await visit_of(request), found, token=token)


async def take_token(request: web.Request, found: SignedIn, _: Form) -> web.StreamResponse:
    """End one of one's tokens."""
    token_id: UUID = id_in_path(request, "token_id")
    await end_own_token(request.app[LEDGER], found.actor_id, token_id)
    return to_account()


def to_account(path: str = "/account") -> web.Response:
    """Send the browser to the account's page, or to another one."""
    return web.Response(status=303, headers={"Location": path})


def _to_login(visit: Visit) -> web.Response:
    if visit.signed is not None:
        return to_account("/login/code")
    return to_account("/login?" + urlencode({"next": "/account"}))


def add_account_pages(app: web.Application) -> None:
    """Add the page and its forms."""
    app.router.add_get("/account", show_account)
    for path, act, operation in (
        ("/account/password", take_password, ""),
        ("/account/role", take_role, ""),
        ("/account/tokens", take_new_token, ""),
        ("/account/tokens/{token_id}/revocations", take_token, "revoke_own_token"),
        ("/account/sessions/{session_id}/endings", take_session, "end_own_session"),
        ("/account/session-endings", take_other_sessions, "end_other_sessions"),
    ):
        app.router.add_post(path, form_of(act, operation))
