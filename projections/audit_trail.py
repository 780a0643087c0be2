"""The audit trail: every event, who, when, in which capacity, on what grounds, and what followed.

It is made from the headers alone, so it shows events of any kind, also of
applications that this project knows nothing about.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

import orjson
from annotated_types import Ge, Le

from ledger.core.errors import NotFound
from ledger.core.values import Moment
from ledger.storage.connect import Database
from ledger.storage.reading import read_entries
from projections.engine import AsOf, Entry, Page, Paging, Row, Rows, Select, Ties, View
from projections.engine.scoping import whole

CHAIN_MAX = 100

SUBJECTS = (
    "account_id",
    "community_id",
    "company_id",
    "estate_id",
    "expense_id",
    "petition_id",
    "street_id",
    "unit_id",
)
"""Fields of events that say what an event is about."""

view = View("audit_trail", version=2)
trail = view.lines("audit_trail_v2", ties=Ties(stream="stream_id", topic="topic"))
subjects = view.lines("audit_subjects_v2")

Position: TypeAlias = Annotated[int, Ge(0), Le(2**63 - 1)]


@dataclass(frozen=True, kw_only=True)
class AuditQuery(AsOf, Paging):
    """Which events: all conditions given must hold. Newest first unless ``oldest_first``.

    ``topic`` is how the topic begins (``deposit.`` or ``deposit.received.v1``), ``kind`` the
    kind of stream, ``about`` anything that the stream is about (an estate, a petition),
    ``reason`` a text within the reason, ``breach`` the code of a rule that was broken.
    """

    topic: str | None = None
    kind: str | None = None
    stream_id: str | None = None
    about: UUID | None = None
    actor_id: UUID | None = None
    organisation_id: UUID | None = None
    role: str | None = None
    correlation: UUID | None = None
    reason: str | None = None
    has_breaches: bool | None = None
    breach: str | None = None
    is_history: bool | None = None
    occurred_from: Moment | None = None
    occurred_to: Moment | None = None
    recorded_from: Moment | None = None
    recorded_to: Moment | None = None
    position_from: Position | None = None
    position_to: Position | None = None
    oldest_first: bool = False


@view.on_every
async def every(rows: Rows, entry: Entry) -> None:
    """Note the event's header and what the event names."""
    header = entry.header
    row: Row = {
        "event_id": header["id"],
        "stream_id": header["stream"],
        "kind": header["topic"].partition(".")[0],
        "version": header["version"],
        "topic": header["topic"],
    }
    for field, column in _FROM_HEADER:
        if field in header:
            row[column] = header[field]
    rows.add(trail, row)
    state = entry.state
    if b'_id":"' in state:
        _note_subjects(rows, header["stream"], state)


_FROM_HEADER = (
    ("actor", "actor_id"),
    ("role", "role"),
    ("organisation", "organisation_id"),
    ("post", "post"),
    ("on_behalf_of", "on_behalf_of"),
    ("cause", "cause"),
    ("correlation", "correlation"),
    ("reason", "reason"),
    ("policy", "policy_version"),
    ("history", "is_history"),
    ("breaches", "breaches"),
    ("evidence", "evidence"),
)


def _note_subjects(rows: Rows, stream_id: str, state: bytes) -> None:
    try:
        fields = orjson.loads(state)
    except orjson.JSONDecodeError:  # another application's bytes
        return
    if not isinstance(fields, dict):
        return
    for name in SUBJECTS:
        if name in fields and (subject_id := _uuid(fields[name])):
            subject = name.removesuffix("_id")
            rows.add(
                subjects, {"subject": subject, "subject_id": subject_id, "stream_id": stream_id}
            )


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


async def audit_trail(db: Database, ledger_id: str, query: AuditQuery) -> Page:
    """List events with who, when and why."""
    select = (
        Select(trail, ledger_id, query)
        .equal(
            kind=query.kind,
            stream_id=query.stream_id,
            actor_id=query.actor_id,
            organisation_id=query.organisation_id,
            role=query.role,
            correlation=query.correlation,
            is_history=query.is_history,
        )
        .starts_with(topic=query.topic)
        .contains(reason=query.reason)
        .has(breaches=query.breach)
        .at_least(
            occurred_at=query.occurred_from,
            recorded_at=query.recorded_from,
            position=query.position_from,
        )
        .at_most(
            occurred_at=query.occurred_to,
            recorded_at=query.recorded_to,
            position=query.position_to,
        )
    )
    if query.has_breaches is not None:
        select.where("breaches <> '{{}}'" if query.has_breaches else "breaches = '{{}}'")
    if query.about is not None:
        select.where(
            "stream_id IN (SELECT {} UNION SELECT about.stream_id FROM audit_subjects_v2 AS about"
            " WHERE about.ledger_id = {} AND about.subject_id = {})",
            str(query.about),
            ledger_id,
            query.about,
        )
    order = ("position",) if query.oldest_first else ("-position",)
    return await select.page(db, query, order=order)


async def event_by_id(db: Database, ledger_id: str, event_id: UUID) -> Row:
    """Return one event with its own ``fields`` (refuses with ``NotFound``)."""
    row = await Select(trail, ledger_id).equal(event_id=event_id).one(db)
    if row is None:
        raise NotFound(kind="event", id=str(event_id))
    return await _with_fields(db, ledger_id, row)


async def event_by_position(db: Database, ledger_id: str, position: int) -> Row:
    """Return the event at a position with its own ``fields`` (refuses with ``NotFound``)."""
    row = await Select(trail, ledger_id).equal(position=position).one(db)
    if row is None:
        raise NotFound(kind="event", position=position)
    return await _with_fields(db, ledger_id, row)


async def position_of_event(db: Database, ledger_id: str, event_id: UUID) -> int | None:
    """Return where an event is in the log; ``None`` if this view has not met it."""
    row = await Select(trail, ledger_id).equal(event_id=event_id).one(db)
    return None if row is None else row["position"]


_NAMES = "evidence <> '[]' AND evidence @> {}::text::jsonb"
_NAMERS = f"""
    SELECT actor_id, role, organisation_id, post FROM {trail.name}
    WHERE ledger_id = $1 AND evidence <> '[]' AND evidence @> $2::text::jsonb
        AND actor_id IS NOT NULL
    GROUP BY actor_id, role, organisation_id, post ORDER BY min(position) LIMIT $3
"""  # noqa: S608 - the table's name is put in, so that it follows the view's version
NAMERS_MAX = 50


async def evidence_named(
    db: Database, ledger_id: str, digest: str, actors: Collection[UUID] | None = None
) -> Row | None:
    """Return what the first event that names a document says of it, and who; ``None`` if none.

    With ``actors`` only events of theirs count.
    """
    select = Select(trail, ledger_id).where(_NAMES, _names(digest))
    if actors is not None:
        select.where("actor_id = ANY({})", list(actors))
    page = await select.page(db, Paging(page_size=1), order=("position",))
    if not page.rows:
        return None
    said: list[Row] = page.rows[0]["evidence"]
    told = next(one for one in said if one["sha256"] == digest)
    return {**told, "actor_id": page.rows[0]["actor_id"]}


async def evidence_namers(db: Database, ledger_id: str, digest: str) -> list[Row]:
    """Return who named a document, each in which capacity: the first few."""
    rows = await db.fetch(_NAMERS, ledger_id, _names(digest), NAMERS_MAX)
    plain = ("actor_id", "organisation_id")
    return [
        {**row, **{n: None if row[n] is None else UUID(int=row[n].int) for n in plain}}
        for row in rows
    ]


def _names(digest: str) -> str:
    return orjson.dumps([{"sha256": digest}]).decode()


async def events_at(db: Database, ledger_id: str, positions: list[int]) -> list[Row]:
    """Return the events at these positions: what a view's row was made from."""
    if not positions:
        return []
    return await Select(trail, ledger_id).one_of(position=positions).all(db, order=("position",))


@dataclass(frozen=True, kw_only=True)
class ConsequencesQuery(AsOf, Paging):
    """The events that one event led to."""

    event_id: UUID


async def consequences(db: Database, ledger_id: str, query: ConsequencesQuery) -> Page:
    """List the events whose cause is this event, oldest first."""
    select = Select(trail, ledger_id, query).equal(cause=query.event_id)
    return await select.page(db, query, order=("position",))


async def causes(db: Database, ledger_id: str, event_id: UUID) -> list[Row]:
    """Return the chain of events that led to this one, the first cause first."""
    chain: list[Row] = []
    next_id: UUID | None = event_id
    while next_id is not None and len(chain) <= CHAIN_MAX:
        row = await Select(trail, ledger_id).equal(event_id=next_id).one(db)
        if row is None:
            break
        chain.append(row)
        next_id = row["cause"]
    return chain[:0:-1]


async def stream_history(
    db: Database, ledger_id: str, stream_id: str, *, known_at: datetime | None = None
) -> list[Row]:
    """Return all events of one stream, in order."""
    known = replace(AsOf(), known_at=known_at)
    select = Select(trail, ledger_id, known).equal(stream_id=stream_id)
    return await select.all(db, order=("position",))


async def _with_fields(db: Database, ledger_id: str, row: Row) -> Row:
    (entry,) = await read_entries(whole(db), ledger_id, start=row["position"], limit=1)
    try:
        fields = orjson.loads(entry.state)
    except orjson.JSONDecodeError:  # another application's bytes
        fields = None
    return {**row, "fields": fields}
