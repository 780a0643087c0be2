"""Sealed data on pages: what is sealed, reading it for a purpose, who looked, erasures, trail."""

from __future__ import annotations

from base64 import b64decode
from typing import Any
from uuid import UUID

from aiohttp import web

from api.answers import to_json
from api.privacy_rows import FOR_OTHERS
from api.roles import ROLE_NAMES_ZH
from api.web import labels_privacy as names
from api.web.acting import Form, act, form_action
from api.web.figures import read_id
from api.web.places import names_of
from api.web.site import Pages, Visit, render
from ledger.commands.policies import policies_of
from ledger.commands.sealing import Disclosed
from ledger.core.clock import local_day
from ledger.core.errors import InvalidValue, NotFound
from ledger.erasures import Stage
from ledger.sealing import Field
from projections.access_trail import AccessQuery, LooksQuery, access_trail, looks_at_person
from projections.engine import Row
from projections.erasures import ErasureAsked, ErasureQuery, erasure_by_id, erasure_register
from projections.persons import (
    PersonAsked,
    SealedQuery,
    is_restricted,
    person_by_id,
    sealed_register,
)

PAGE_SIZE = 50
DECISIONS = {
    "approve": "approve_erasure",
    "refuse": "refuse_erasure",
    "restrict": "restrict_erasure",
    "withdraw": "withdraw_erasure",
}

pages = Pages()


def privacy_words(visit: Visit) -> dict[str, Any]:
    """Return how templates name the codes of this feature."""
    words = visit.words
    return {
        "fields_named": lambda fields: names.field_names(words, fields),
        "purpose_name": lambda code: names.name_in(words, names.PURPOSES, code),
        "ground_name": lambda code: names.name_in(words, names.GROUNDS, code),
        "hold_name": lambda code: names.name_in(words, names.HOLDS, code),
        "kind_name": lambda code: names.name_in(words, names.KINDS, code),
        "record_name": lambda code: names.name_in(words, names.RECORDS, code),
        "stages": names.STAGES,
        "may": visit.may,
    }


async def sealed_of_record(visit: Visit, record_id: UUID) -> dict[str, Any]:
    """Return what a record's page shows of sealed data, as far as the visitor may know."""
    shown: dict[str, Any] = {"sealed": [], "purposes": (), **privacy_words(visit)}
    if not visit.may("sealed_register"):
        return shown
    page = await visit.read(sealed_register, SealedQuery(record_id=record_id))
    shown["sealed"] = page.rows
    if page.rows and visit.may("reveal_sealed"):
        shown["purposes"] = await _listed(visit, "privacy.purposes")
    return shown


@pages.page("/personal-data", "erasures.jinja2")
async def personal_data(visit: Visit) -> dict[str, Any]:
    """Send who decides and who watches to their desk, everybody else to what is kept about them."""
    for operation, path in (("approve_erasure", "/erasures"), ("access_trail", "/access-trail")):
        if visit.may(operation):
            raise web.HTTPSeeOther(path)
    role = visit.visitor.role if visit.visitor else ""
    if role in FOR_OTHERS or visit.visitor is None:
        raise web.HTTPSeeOther("/erasures")
    raise web.HTTPSeeOther(f"/persons/{visit.visitor.actor_id}")


@pages.page("/persons/{person_id}", "person.jinja2")
async def person_page(visit: Visit) -> dict[str, Any]:
    """Show what is kept about one person, who looked at it, and what was asked to be erased."""
    person_id = visit.id_in_path("person_id")
    is_self = visit.visitor is not None and visit.visitor.actor_id == person_id
    try:
        person: Row | None = await visit.read(person_by_id, PersonAsked(person_id=person_id))
    except NotFound:
        if not is_self:
            raise
        person = None
    sealed = await visit.read(sealed_register, SealedQuery(person_id=person_id))
    for row in sealed.rows:
        row["is_restricted"] = person is not None and is_restricted(person, row["record_id"])
    looks, asked = [], []
    if visit.may("looks_at_person"):
        query = LooksQuery(person_id=person_id, page_size=PAGE_SIZE)
        looks = (await visit.read(looks_at_person, query)).rows
    if visit.may("erasure_register"):
        asked = (await visit.read(erasure_register, ErasureQuery(subject_id=person_id))).rows
    ids = [row["organisation_id"] for row in looks] + ([person["place_id"]] if person else [])
    return {
        "person_id": person_id,
        "person": person,
        "is_self": is_self,
        "sealed": sealed.rows,
        "looks": looks,
        "erasures": asked,
        "grounds": await _listed(visit, "privacy.erasure_grounds"),
        "names": await names_of(visit, ids),
        **privacy_words(visit),
    }


@pages.page("/erasures", "erasures.jinja2")
async def erasure_desk(visit: Visit) -> dict[str, Any]:
    """Show the requests to erase, those due first on top, with what may be decided."""
    stage = visit.asked("stage")
    if stage and stage not in set(Stage):
        raise InvalidValue(field="stage", rule=", ".join(Stage))
    query = ErasureQuery(
        stage=Stage(stage) if stage else None,
        is_open=None if stage or visit.asked("all") else True,
        cursor=visit.asked("cursor") or None,
        page_size=PAGE_SIZE,
    )
    page = await visit.read(erasure_register, query)
    return {
        "rows": page.rows,
        "next_cursor": page.next_cursor,
        "holds": await _listed(visit, "privacy.legal_holds"),
        "today": local_day(visit.ledger.clock()),
        "visitor_id": visit.visitor and visit.visitor.actor_id,
        **privacy_words(visit),
    }


@pages.page("/access-trail", "access_trail.jinja2")
async def trail(visit: Visit) -> dict[str, Any]:
    """Show who read, searched, exported and failed to come in, the newest first."""
    query = AccessQuery(
        kind=visit.asked("kind") or None,
        role=visit.asked("role") or None,
        person_id=read_id(visit.asked("person"), field="person"),
        actor_id=read_id(visit.asked("actor"), field="actor"),
        occurred_from=visit.day_begins("from"),
        occurred_to=visit.moment_asked("to"),
        cursor=visit.asked("cursor") or None,
        page_size=PAGE_SIZE,
    )
    page = await visit.read(access_trail, query)
    return {
        "rows": page.rows,
        "next_cursor": page.next_cursor,
        "kinds": tuple(names.KINDS),
        "roles": ROLE_NAMES_ZH,
        "names": await names_of(visit, [row["organisation_id"] for row in page.rows]),
        **privacy_words(visit),
    }


# Forms --------------------------------------------------------------------------------------


async def reveal(visit: Visit, form: Form) -> web.StreamResponse:
    """Show sealed fields of a petition, once that they are read is in the log."""
    petition_id = str(visit.id_in_path("petition_id"))
    given = {
        "person_id": form.get("person_id", ""),
        "record_id": petition_id,
        "fields": [one for one in Field if form.get(f"field_{one}")],
        "purpose": form.get("purpose", ""),
        "reason": form.get("reason", ""),
    }
    recorded = await act(visit, "reveal_sealed", given)
    values = recorded.disclosed["fields"] if isinstance(recorded, Disclosed) else {}
    shown = {
        "petition_id": petition_id,
        "person_id": given["person_id"],
        "purpose": given["purpose"],
        "values": values,
        "position": recorded and recorded.position,
        **privacy_words(visit),
    }
    return render(visit, "revealed.jinja2", shown)


async def export(visit: Visit, form: Form) -> web.StreamResponse:
    """Hand out everything about a person as a file."""
    person_id = str(visit.id_in_path("person_id"))
    form_asked = form.get("format", "pdf")
    recorded = await act(visit, "export_person", {"person_id": person_id, "format": form_asked})
    if not isinstance(recorded, Disclosed):
        raise NotFound(kind="person", id=person_id)
    told = recorded.disclosed
    if "base64" in told:
        body, media_type, ending = b64decode(told["base64"]), str(told["media_type"]), "pdf"
    else:
        body, media_type, ending = to_json(told["document"]), "application/json", "json"
    name = f"minzhang-{person_id}.{ending}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return web.Response(body=body, content_type=media_type, headers=headers)


async def ask_erasure(visit: Visit, form: Form) -> web.StreamResponse:
    """Ask that a person's data be erased."""
    person_id = str(visit.id_in_path("person_id"))
    given: dict[str, Any] = {
        "subject_id": person_id,
        "ground": form.get("ground", ""),
        "reason": form.get("reason", ""),
    }
    if form.get("record_id"):
        given["record_ids"] = [form["record_id"]]
    await act(visit, "request_erasure", given)
    raise web.HTTPSeeOther(f"/persons/{person_id}")


async def decide(visit: Visit, form: Form) -> web.StreamResponse:
    """Decide a request to erase."""
    erasure_id = str(visit.id_in_path("erasure_id"))
    decision = form.get("decision", "")
    if decision not in DECISIONS:
        raise InvalidValue(field="decision", rule=", ".join(DECISIONS))
    given = {"erasure_id": erasure_id, "reason": form.get("reason", "")}
    if decision == "approve" and form.get("confirmed") != erasure_id:
        return await _ask_to_confirm(visit, UUID(erasure_id), given["reason"])
    if decision == "restrict":
        given["hold"] = form.get("hold", "")
    await act(visit, DECISIONS[decision], given)
    raise web.HTTPSeeOther("/erasures?all=1")


async def _ask_to_confirm(visit: Visit, erasure_id: UUID, reason: str) -> web.StreamResponse:
    """Show once more what would be destroyed; nothing is decided before that page is sent."""
    row = await visit.read(erasure_by_id, ErasureAsked(erasure_id=erasure_id))
    shown = {"row": row, "reason": reason, "here": "/erasures", **privacy_words(visit)}
    return render(visit, "erasure_confirm.jinja2", shown)


async def _listed(visit: Visit, name: str) -> tuple[str, ...]:
    book = await policies_of(visit.ledger.for_request())
    return book.items(name, on=local_day(visit.ledger.clock()))


def add_privacy_forms(app: web.Application) -> None:
    """Add the addresses that forms of these pages are sent to."""
    app.router.add_post("/petitions/{petition_id}/reveals", form_action(reveal))
    app.router.add_post("/persons/{person_id}/exports", form_action(export))
    app.router.add_post("/persons/{person_id}/erasures", form_action(ask_erasure))
    app.router.add_post("/erasures/{erasure_id}/decisions", form_action(decide))
