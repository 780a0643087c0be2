"""/events: the audit trail with filters, and a page for any event."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from api.event_names import event_names
from api.evidence import readable
from api.permissions import ROLE_NAMES_ZH
from api.web.fact_words import LABELS
from api.web.figures import read_id
from api.web.places import names_of
from api.web.proofs import panel_of
from api.web.site import Pages, Visit
from ledger.core.errors import NotFound
from projections.audit_trail import (
    AuditQuery,
    ConsequencesQuery,
    audit_trail,
    causes,
    consequences,
    event_by_id,
    event_by_position,
)
from projections.engine import Row

PAGE_SIZE = 50
POSITION_DIGITS_MAX = 18
UUID_LENGTH = 36

pages = Pages()


@pages.page("/events", "events.jinja2")
async def event_list(visit: Visit) -> dict[str, Any]:
    """Show what happened, newest first, narrowed by what the visitor asks."""
    query = AuditQuery(
        topic=visit.asked("topic") or None,
        kind=visit.asked("kind") or None,
        role=visit.asked("role") or None,
        reason=visit.asked("reason") or None,
        stream_id=visit.asked("stream") or None,
        about=read_id(visit.asked("about"), field="about"),
        actor_id=read_id(visit.asked("actor"), field="actor"),
        has_breaches=True if visit.asked("breaches") else None,
        occurred_from=visit.day_begins("from"),
        occurred_to=visit.moment_asked("to"),
        known_at=visit.moment_asked("known_at"),
        cursor=visit.asked("cursor") or None,
        page_size=PAGE_SIZE,
    )
    page = await visit.read(audit_trail, query)
    kinds = sorted({topic.partition(".")[0] for topic in event_names()})
    return {
        "rows": page.rows,
        "next_cursor": page.next_cursor,
        "kinds": kinds,
        "roles": ROLE_NAMES_ZH,
    }


@pages.page("/events/{event}", "event.jinja2")
async def event_page(visit: Visit) -> dict[str, Any]:
    """Show one event, found by its position or its id: who, when, why, and what followed."""
    given = visit.request.match_info["event"]
    event = await _find(visit, given)
    led_here = await visit.read(causes, event["event_id"])
    followed = await visit.read(consequences, ConsequencesQuery(event_id=event["event_id"]))
    fields = _readable(event["fields"])
    ids = {value: found for _, value in fields if (found := _as_id(value))}
    names = await names_of(visit, [event["organisation_id"], *ids.values()])
    return {
        "event": event,
        "causes": led_here,
        "consequences": followed.rows,
        "fields": fields,
        "named": names,
        "labels": LABELS,
        "ids": ids,
        "panel": await panel_of(visit, event),
        "downloads": await readable(
            visit.request, visit.visitor, {one["sha256"] for one in event["evidence"]}
        ),
    }


def _as_id(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) and len(value) == UUID_LENGTH else None
    except ValueError:
        return None


async def _find(visit: Visit, given: str) -> Row:
    if given.isdecimal() and len(given) <= POSITION_DIGITS_MAX:
        return await visit.read(event_by_position, int(given))
    try:
        event_id = UUID(given)
    except ValueError as error:
        raise NotFound(kind="event") from error
    return await visit.read(event_by_id, event_id)


def _readable(fields: dict[str, Any] | None) -> list[tuple[str, Any]]:
    """Return an event's own fields for a table, nested ones by their path."""
    return [] if fields is None else list(_flat("", fields))


def _flat(prefix: str, fields: dict[str, Any]) -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for name, value in fields.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict):
            rows += _flat(f"{path}.", value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for number, item in enumerate(value, 1):
                rows += _flat(f"{path}[{number}].", item)
        elif value not in (None, "", []):
            rows.append((path, ", ".join(map(str, value)) if isinstance(value, list) else value))
    return rows
