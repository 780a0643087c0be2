"""The access trail: who read which sealed field, searched for whom, exported and read what.

For the person it is "who looked at me"; for the discipline office and the auditor it is
everybody's. It tells of looks, never of what was seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ledger.core.entry import Entry
from ledger.core.values import Moment
from ledger.persons import Lookup, Person
from ledger.readings import Reading
from ledger.storage.connect import Database
from ledger.users import Denial, SignIn
from projections.engine import AsOf, Page, Paging, Row, Rows, Select, Ties, View

view = View("access_trail", version=1)
lines = view.lines("access_lines_v1", ties=Ties(person="person_id"))


@dataclass(frozen=True, kw_only=True)
class AccessQuery(AsOf, Paging):
    """Which looks, the newest first: all conditions given must hold."""

    kind: str | None = None
    person_id: UUID | None = None
    record_id: UUID | None = None
    actor_id: UUID | None = None
    role: str | None = None
    purpose: str | None = None
    occurred_from: Moment | None = None
    occurred_to: Moment | None = None


@dataclass(frozen=True, kw_only=True)
class LooksQuery(Paging):
    """Who looked at one person's data, the newest first."""

    person_id: UUID


@view.on(Person.Revealed)
async def revealed(rows: Rows, event: Person.Revealed, entry: Entry) -> None:
    """Somebody read sealed fields."""
    own = {
        "person_id": event.originator_id,
        "record_id": event.record_id,
        "fields": [str(one) for one in event.fields],
        "purpose": event.purpose,
    }
    _look(rows, entry, "revealed", own)


@view.on(Person.Exported)
async def exported(rows: Rows, event: Person.Exported, entry: Entry) -> None:
    """Somebody got everything about a person."""
    own = {"person_id": event.originator_id, "detail": {"format": event.format}}
    _look(rows, entry, "exported", own)


@view.on(Lookup.Made)
async def looked_up(rows: Rows, event: Lookup.Made, entry: Entry) -> None:
    """Somebody looked for a person by a number: a line for each who was found, or one for none."""
    own = {"fields": [str(event.field)], "purpose": event.purpose}
    detail = {"found_count": len(event.found_ids)}
    for person_id in event.found_ids or (None,):
        _look(rows, entry, "looked_up", own | {"person_id": person_id, "detail": detail})


@view.on(Reading.Begun)
async def reading_begun(rows: Rows, event: Reading.Begun, entry: Entry) -> None:
    """Somebody read audit data."""
    window = {"begins_at": event.begins_at.isoformat(), "ends_at": event.ends_at.isoformat()}
    _look(rows, entry, "read", {"operation": event.operation, "detail": window})


@view.on(SignIn.Failed)
async def sign_in_failed(rows: Rows, event: SignIn.Failed, entry: Entry) -> None:
    """Somebody tried to come in and did not."""
    _look(rows, entry, "sign_in_failed", {"detail": _attempts(event)})


@view.on(SignIn.Blocked)
async def sign_in_blocked(rows: Rows, event: SignIn.Blocked, entry: Entry) -> None:
    """Somebody tried so often that they were turned away unread."""
    _look(rows, entry, "sign_in_blocked", {"detail": _attempts(event)})


@view.on(Denial.Counted)
async def denied(rows: Rows, event: Denial.Counted, entry: Entry) -> None:
    """Somebody asked for what is not theirs to ask."""
    detail = {"attempts_count": event.attempts_count, "since": event.since.isoformat()}
    _look(rows, entry, "denied", {"operation": event.operation, "detail": detail})


def _attempts(event: SignIn.Failed | SignIn.Blocked) -> Row:
    return {
        "attempts_count": event.attempts_count,
        "since": event.since.isoformat(),
        "method": str(event.method),
        "user_id": event.user_id and str(event.user_id),
    }


def _look(rows: Rows, entry: Entry, kind: str, own: Row) -> None:
    by = entry.by
    rows.add(
        lines,
        {
            "kind": kind,
            "actor_id": by.actor_id,
            "role": by.role,
            "organisation_id": by.organisation_id,
            "reason": by.reason,
            **own,
        },
    )


# What can be asked --------------------------------------------------------------------------


async def access_trail(db: Database, ledger_id: str, query: AccessQuery) -> Page:
    """List who read, searched, exported and looked into audit data, when and for what."""
    select = (
        Select(lines, ledger_id, query)
        .equal(
            kind=query.kind,
            person_id=query.person_id,
            record_id=query.record_id,
            actor_id=query.actor_id,
            role=query.role,
            purpose=query.purpose,
        )
        .at_least(occurred_at=query.occurred_from)
        .at_most(occurred_at=query.occurred_to)
    )
    return await select.page(db, query, order=("-position", "-line_no"))


async def looks_at_person(db: Database, ledger_id: str, query: LooksQuery) -> Page:
    """List who looked at one person's data: when, in which role, which fields, for what."""
    select = Select(lines, ledger_id).equal(person_id=query.person_id)
    return await select.page(db, query, order=("-position", "-line_no"))
