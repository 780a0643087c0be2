"""What a form on a page does: the same command, by the same rules, as the API's route.

    recorded = await act(visit, "reveal_sealed", {"person_id": …, "fields": […]})

Permission, scope, validation, the person's own session token: nothing that holds at
the API's door is left out at the page's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeAlias

from aiohttp import web

from api.access import authorise_identity
from api.bodies import read_form
from api.commands import Asked
from api.errors import NotAuthenticated
from api.handlers import HANDLERS
from api.problems import status_of
from api.reads import WAIT_SECONDS_MAX
from api.scopes import SCOPES
from api.sessions import CSRF_FIELD, guard_write
from api.web.forms import Refusal
from api.web.site import PageFunction, Visit, render, render_error, visit_of
from ledger.core.errors import LedgerError
from ledger.storage.ledger import Recorded
from projections.engine import View, ViewBehind, wait_for

Form: TypeAlias = "dict[str, str]"
Action: TypeAlias = Callable[[Visit, Form], Awaitable[web.StreamResponse]]

REFUSED_AT_THE_FORM = frozenset({400, 401, 409, 410, 413, 415, 422, 429})
ACTING_FIELD = "acting_for"


async def act(visit: Visit, operation: str, given: dict[str, Any]) -> Recorded | None:
    """Carry out a command for the visitor (refuses as the API does)."""
    identity, handler = visit.visitor, HANDLERS[operation]
    if identity is None:
        raise NotAuthenticated()
    await authorise_identity(visit.request, identity, operation)
    command, said = handler.read(given)
    asked = Asked(command=command, identity=identity, scopes=visit.request.app[SCOPES], said=said)
    return await handler.decide(visit.ledger, asked)


def form_on(
    page: PageFunction, template: str, action: Action
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return a handler for a form that stands on a page: what is refused is said there.

    The page is shown again, with what was typed; who may not do it at all, and what is not
    there, gets a page of its own.
    """

    async def take(request: web.Request) -> web.StreamResponse:
        visit, form = await _taken(request)
        try:
            return await action(visit, form)
        except LedgerError as error:
            if status_of(error) not in REFUSED_AT_THE_FORM:
                return render_error(visit, error)
            refusal = Refusal(form=form.get("form", ""), typed=form, error=error)
        try:
            shown = await page(visit)
        except LedgerError as error:
            return render_error(visit, error)
        return render(
            visit, template, {**shown, "refusal": refusal}, status=status_of(refusal.error)
        )

    return take


def form_action(action: Action) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return a handler for a form: only from this site, with the session's token."""

    async def take(request: web.Request) -> web.StreamResponse:
        visit, form = await _taken(request)
        try:
            return await action(visit, form)
        except LedgerError as error:
            return render_error(visit, error)

    return take


async def _taken(request: web.Request) -> tuple[Visit, Form]:
    """Return who sent a form of this site, and what is in it."""
    visit = await visit_of(request)
    if visit.signed is None or visit.visitor is None:
        raise web.HTTPSeeOther("/login")
    form = await read_form(request)
    guard_write(request, visit.signed, form.get(CSRF_FIELD, ""))
    return await as_shown(visit, form), form


async def as_shown(visit: Visit, form: Form) -> Visit:
    """Return the visit as the form's page was shown to act, whatever another window did since."""
    given = form.get(ACTING_FIELD, "")
    if visit.signed is None or given == str(visit.acting.id if visit.acting else ""):
        return visit
    own = visit.signed.identity()
    if given:
        own = await visit.request.app[SCOPES].standing_in(own, given)
    return replace(visit, visitor=own)


async def seen_by(visit: Visit, recorded: Recorded | None, *views: View) -> None:
    """Wait until views show what was recorded, so that who did it finds it; never for long."""
    if recorded is None:
        return
    for view in views:
        with suppress(ViewBehind):
            pool, ledger_id = visit.ledger.pool, visit.ledger.id
            await wait_for(pool, ledger_id, view, recorded.position, WAIT_SECONDS_MAX)
