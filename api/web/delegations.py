"""/delegations: who stands in for whom, standing in oneself, and what keeps one from deciding."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web

from api.access import authorise_identity
from api.colleagues import OPERATION as COLLEAGUES
from api.colleagues import colleagues_of
from api.peers import came_by_tls
from api.scopes import SCOPES
from api.web import labels_delegations as labels
from api.web.acting import Form, act, form_on, seen_by
from api.web.pickers import organisation_picked, organisations_offered
from api.web.places import names_of
from api.web.site import ACTING_COOKIE, Pages, Visit
from ledger.core.clock import local_day
from ledger.core.errors import InvalidValue
from projections import delegations as delegated
from projections import interests as declared
from projections.delegations import DelegationQuery, delegation_register
from projections.engine import Row, View
from projections.interests import InterestQuery, interest_register

ROWS_MAX = 200
HERE = "/delegations"

pages = Pages()


class PersonNotPicked(InvalidValue):
    """Pick somebody from the list, or give a person's whole pseudonym.

    请从列表中选择人员，或者填写完整的人员代号。
    """


class InterestAboutNothing(InvalidValue):
    """Say in whom or what the interest is: one organisation or one person.

    请填写利益关系的对象：一个组织机构或者一个人。
    """


@pages.page(HERE, "delegations.jinja2")
async def delegation_page(visit: Visit) -> dict[str, Any]:
    """Show delegations given, received and within reach, and declared interests."""
    visitor = visit.visitor
    own = visitor.actor_id if visitor else None
    query = DelegationQuery(page_size=ROWS_MAX)
    rows = (await visit.read(delegation_register, query)).rows
    colleagues = await _colleagues(visit)
    shown: dict[str, Any] = {"given": [], "received": [], "others": []}
    for row in rows:
        sides = {row["holder_id"]: "given", row["person_id"]: "received"}
        shown[sides.get(own, "others")].append(row)
    interests = await _interests(visit)
    can_grant = visit.may("grant_delegation") and bool(visitor and visitor.post)
    can_declare = visit.may("declare_interest")
    return {
        **shown,
        "here": HERE,
        "own_id": own,
        "interests": interests,
        "colleagues": [(str(one["person_id"]), called) for one, called in colleagues],
        "person_named": _naming(colleagues),
        "names": await names_of(visit, _places(rows, interests)),
        "organisations": await organisations_offered(visit) if can_declare else (),
        "kinds": [(code, visit.words.say(name)) for code, name in labels.INTERESTS.items()],
        "kind_name": lambda code: visit.words.say(labels.INTERESTS.get(code, code)),
        "can_grant": can_grant and visit.acting is None,
        "can_declare": can_declare,
        "may": visit.may,
        "today": local_day(visit.ledger.clock()),
    }


async def _colleagues(visit: Visit) -> list[tuple[dict[str, Any], str]]:
    """Return colleagues with what they are called, to who may know them."""
    if visit.visitor is None or not visit.may(COLLEAGUES):
        return []
    await authorise_identity(visit.request, visit.visitor, COLLEAGUES)
    rows = await colleagues_of(visit.ledger, visit.visitor)
    return [(row, _called(row)) for row in rows]


def _called(row: dict[str, Any]) -> str:
    return " · ".join([row["login_name"] or str(row["person_id"])[:8], *row["posts"]])


def _naming(colleagues: list[tuple[dict[str, Any], str]]) -> Any:
    known = {row["person_id"]: called for row, called in colleagues}
    return lambda person_id: known.get(person_id) or str(person_id)[:8]


async def _interests(visit: Visit) -> list[Row]:
    if not visit.may("interest_register"):
        return []
    query = InterestQuery(stands=True, page_size=ROWS_MAX)
    return (await visit.read(interest_register, query)).rows


def _places(rows: list[Row], interests: list[Row]) -> list[UUID]:
    return [row["organisation_id"] for row in rows] + [row["about_id"] for row in interests]


# Forms --------------------------------------------------------------------------------------


async def grant(visit: Visit, form: Form) -> web.StreamResponse:
    """Let somebody stand in."""
    given = {
        "person_id": _person(form, "person"),
        "from_on": form.get("from_on", ""),
        "until_on": form.get("until_on", ""),
        "reason": form.get("reason", ""),
    }
    return await _done(visit, "grant_delegation", given, delegated.view)


async def end(visit: Visit, form: Form) -> web.StreamResponse:
    """End a delegation."""
    given = {name: form.get(name, "") for name in ("delegation_id", "reason")}
    return await _done(visit, "end_delegation", given, delegated.view)


async def declare(visit: Visit, form: Form) -> web.StreamResponse:
    """Declare an interest of one's own."""
    about = await organisation_picked(visit, form.get("about", ""), field="about")
    if (about is None) is (not form.get("about_person")):
        raise InterestAboutNothing(field="about")
    given = {
        "person_id": str(visit.visitor.actor_id) if visit.visitor else "",
        "about_id": str(about or form["about_person"]),
        "kind": form.get("kind", ""),
        "reason": form.get("reason", ""),
    }
    return await _done(visit, "declare_interest", given, declared.view)


async def end_interest(visit: Visit, form: Form) -> web.StreamResponse:
    """Confirm that somebody else's interest has passed."""
    given = {name: form.get(name, "") for name in ("person_id", "about_id", "reason")}
    return await _done(visit, "end_interest", given, declared.view)


async def _done(
    visit: Visit, operation: str, given: dict[str, str], view: View
) -> web.StreamResponse:
    """Carry a command out, and show the page once its view knows of it."""
    await seen_by(visit, await act(visit, operation, given), view)
    raise web.HTTPSeeOther(HERE)


async def stand_in(visit: Visit, form: Form) -> web.StreamResponse:
    """Act in the holder's post from now on, on the pages of this browser."""
    delegation_id = form.get("delegation_id", "")
    if visit.signed is not None:
        await visit.request.app[SCOPES].standing_in(visit.signed.identity(), delegation_id)
    response = web.Response(status=303, headers={"Location": "/"})
    response.set_cookie(
        ACTING_COOKIE,
        delegation_id,
        path="/",
        httponly=True,
        secure=came_by_tls(visit.request),
        samesite="Lax",
    )
    return response


async def stand_back(visit: Visit, _: Form) -> web.StreamResponse:
    """Act as oneself again."""
    response = web.Response(status=303, headers={"Location": HERE})
    response.del_cookie(ACTING_COOKIE, path="/")
    return response


def _person(form: Form, field: str) -> str:
    """Return the person who was picked, or whose pseudonym was typed."""
    given = form.get(field) or form.get(field + "_other", "").strip()
    try:
        return str(UUID(given))
    except ValueError as error:
        raise PersonNotPicked(field=field) from error


FORMS = (
    (HERE, grant),
    (HERE + "/endings", end),
    (HERE + "/standing-in", stand_in),
    (HERE + "/standing-in/endings", stand_back),
    (HERE + "/interests", declare),
    (HERE + "/interests/endings", end_interest),
)


def add_delegation_forms(app: web.Application) -> None:
    """Add the addresses that forms of this page are sent to."""
    for path, action in FORMS:
        app.router.add_post(path, form_on(delegation_page, "delegations.jinja2", action))
