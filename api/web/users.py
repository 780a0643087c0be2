"""/users: who may sign in, in which roles, and what administrators do about it.

Accounts only: nothing of the business is shown here. Login names and identities elsewhere are
for administrators; who oversees sees the same pages by pseudonym.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web

from api.access import authorise_identity
from api.account import InviteUser, LoginName, NoFields, by_identity
from api.errors import NotAuthenticated
from api.identity import Identity
from api.keys import SIGN_ON
from api.logins import ROWS_MAX, login_told
from api.roles import ROLE_NAMES_ZH
from api.validation import validator_for
from api.web import labels_users as names
from api.web.acting import Form, act, form_on, seen_by
from api.web.pickers import organisation_picked, organisations_offered
from api.web.places import names_of
from api.web.site import Pages, Visit, own_address, render, role_name
from ledger.commands.users import LINK_LIFETIME, create_user, invite_user
from ledger.core.clock import local_day
from ledger.core.errors import InvalidValue
from ledger.storage.user_logins import login_names, search_logins
from projections.engine import Row
from projections.users import GrantQuery, UserAt, UserQuery, user_by_id, user_register, view
from projections.users import grant_register as register_of_grants

PAGE_SIZE = 50
GRANTS_MAX = 1_000

pages = Pages()


@pages.page("/users", "users.jinja2")
async def user_list(visit: Visit) -> dict[str, Any]:
    """Show all users, the newest first, or those who were searched for."""
    state = visit.asked("state")
    if state not in names.STATES_ASKED:
        raise InvalidValue(field="state", rule=", ".join(names.STATES_ASKED))
    query = UserQuery(
        role=visit.asked("role") or None,
        is_disabled={"disabled": True, "open": False}.get(state),
        user_ids=await _searched(visit, visit.asked("q")),
        cursor=visit.asked("cursor") or None,
        page_size=PAGE_SIZE,
    )
    page = await visit.read(user_register, query)
    ids = tuple(row["user_id"] for row in page.rows)
    held = await visit.read(register_of_grants, GrantQuery(user_ids=ids, page_size=GRANTS_MAX))
    grants = [row for row in held.rows if _is_in_force(visit, row)]
    return {
        "here": "/users",
        "rows": page.rows,
        "next_cursor": page.next_cursor,
        "logins": await _logins(visit, ids),
        "grants": {one: [row for row in grants if row["user_id"] == one] for one in ids},
        "names": await names_of(visit, (row["organisation_id"] for row in grants)),
        **_words(visit),
    }


@pages.page("/users/{user_id}", "user.jinja2")
async def user_page(visit: Visit) -> dict[str, Any]:
    """Show one user: grants, ways in, and what may be done about them."""
    user_id = visit.id_in_path("user_id")
    user = await visit.read(user_by_id, UserAt(user_id=user_id))
    login = await login_told(visit.ledger, user_id) if visit.may("user_login") else None
    provider = visit.request.app[SIGN_ON]
    return {
        "here": f"/users/{user_id}",
        "user": user,
        "login": login,
        "is_self": visit.visitor is not None and visit.visitor.actor_id == user_id,
        "issuer": provider.provider.issuer if provider else "",
        "grants": sorted(user["grants"], key=lambda row: not _is_in_force(visit, row)),
        "is_in_force": lambda row: _is_in_force(visit, row),
        "names": await names_of(visit, (row["organisation_id"] for row in user["grants"])),
        "organisations": await organisations_offered(visit) if visit.may("grant_role") else (),
        **_words(visit),
    }


def _words(visit: Visit) -> dict[str, Any]:
    """Return how templates name what these pages show."""
    words = visit.words
    return {
        "may": visit.may,
        "roles": [(str(role), role_name(words, role)) for role in ROLE_NAMES_ZH],
        "states": [(code, words.say(name)) for code, name in names.STATES_ASKED.items() if code],
        "state_of": names.state_of,
        "method_name": lambda method: words.say(names.METHODS.get(method, method)),
        "today": local_day(visit.ledger.clock()),
    }


def _is_in_force(visit: Visit, grant: Row) -> bool:
    today = local_day(visit.ledger.clock())
    return grant["revoked_at"] is None and (grant["until_on"] or today) >= today


async def _searched(visit: Visit, asked: str) -> tuple[UUID, ...] | None:
    """Return whom a search means: by a part of the login name, or by the whole pseudonym."""
    if not asked:
        return None
    try:
        return (UUID(asked),)
    except ValueError:
        await _authorised(visit, "login_register")
        ledger = visit.ledger
        found = await search_logins(ledger.pool, ledger.id, asked, rows_max=ROWS_MAX)
        return tuple(found)


async def _logins(visit: Visit, ids: tuple[UUID, ...]) -> dict[UUID, str]:
    """Return login names, to who may know them."""
    if not visit.may("login_register"):
        return {}
    await _authorised(visit, "login_register")
    return await login_names(visit.ledger.pool, visit.ledger.id, ids)


async def _authorised(visit: Visit, operation: str) -> Identity:
    """Return who asks, if they may do this; it is counted in the log if not."""
    if visit.visitor is None:
        raise NotAuthenticated()
    return await authorise_identity(visit.request, visit.visitor, operation)


# Forms --------------------------------------------------------------------------------------


async def create(visit: Visit, form: Form) -> web.StreamResponse:
    """Open an account and show its one-time link, this once."""
    await _authorised(visit, "open_user")
    by = by_identity(await _authorised(visit, "invite_user"), visit.ledger)
    asked = _login_name(form, UUID(int=0))
    user_id, secret = await create_user(visit.ledger, by, login_name=asked)
    return _show_link(visit, user_id, asked, secret)


async def invite(visit: Visit, form: Form) -> web.StreamResponse:
    """Make a new one-time link and show it, this once; the earlier one ends."""
    by = by_identity(await _authorised(visit, "invite_user"), visit.ledger)
    user_id = visit.id_in_path("user_id")
    asked = _login_name(form, user_id)
    handle = visit.ledger.for_request()
    secret = await invite_user(handle, by, user_id=user_id, login_name=asked)
    return _show_link(visit, user_id, asked, secret)


def _login_name(form: Form, user_id: UUID) -> LoginName:
    given = {"user_id": str(user_id), "login_name": form.get("login_name", "")}
    asked, _ = validator_for(InviteUser, NoFields, is_strict=True).read(given, ("user_id",))
    name: str = asked.login_name
    return name


def _show_link(visit: Visit, user_id: UUID, login_name: str, secret: str) -> web.Response:
    shown = {
        "here": f"/users/{user_id}",
        "user_id": user_id,
        "login_name": login_name,
        "one_time": f"{own_address(visit.request)}/set-up?link={secret}",
        "expires_at": visit.ledger.clock() + LINK_LIFETIME,
    }
    return render(visit, "user_link.jinja2", shown)


async def grant(visit: Visit, form: Form) -> web.StreamResponse:
    """Grant a role."""
    organisation_id = await organisation_picked(
        visit, form.get("organisation", ""), field="organisation"
    )
    given: dict[str, Any] = {"role": form.get("role", ""), "post": form.get("post", "")}
    if organisation_id is not None:
        given["organisation_id"] = str(organisation_id)
    given |= {name: form[name] for name in ("from_on", "until_on") if form.get(name)}
    return await _done(visit, "grant_role", given)


async def revoke(visit: Visit, form: Form) -> web.StreamResponse:
    """End a grant."""
    return await _done(visit, "revoke_role", {"grant_id": form.get("grant_id", "")}, form)


def _step(operation: str, *fields: str) -> Any:
    """Return what a form does that sends a reason, and perhaps some more fields as they are."""

    async def take(visit: Visit, form: Form) -> web.StreamResponse:
        given = {name: form.get(name, "") for name in fields}
        return await _done(visit, operation, given, form)

    return take


async def _done(
    visit: Visit, operation: str, given: dict[str, Any], form: Form | None = None
) -> web.StreamResponse:
    """Carry out a command about the user of the page, and show them again."""
    user_id = visit.id_in_path("user_id")
    given = {**given, "user_id": str(user_id)}
    if form is not None:
        given["reason"] = form.get("reason", "")
    recorded = await act(visit, operation, given)
    await seen_by(visit, recorded, view)
    raise web.HTTPSeeOther(f"/users/{user_id}")


FORMS: tuple[tuple[str, Any], ...] = (
    ("/invitations", invite),
    ("/grants", grant),
    ("/revocations", revoke),
    ("/disablements", _step("disable_user")),
    ("/enablements", _step("enable_user")),
    ("/second-factor-removals", _step("remove_second_factor")),
    ("/session-endings", _step("end_user_sessions")),
    ("/identities", _step("link_single_sign_on", "issuer", "subject")),
    ("/identity-endings", _step("unlink_single_sign_on", "issuer", "subject")),
)


def add_user_forms(app: web.Application) -> None:
    """Add the addresses that forms of these pages are sent to."""
    app.router.add_post("/users", form_on(user_list, "users.jinja2", create))
    for path, action in FORMS:
        handler = form_on(user_page, "user.jinja2", action)
        app.router.add_post("/users/{user_id}" + path, handler)
