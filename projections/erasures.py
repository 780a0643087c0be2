"""Requests to erase personal data: who asked, by when it is due, who decided what and why."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ledger.core.clock import local_day, utc_now
from ledger.core.entry import Entry
from ledger.core.errors import NotFound
from ledger.erasures import Erasure, Stage
from ledger.persons import Person
from ledger.storage.connect import Database
from projections.engine import Page, Paging, Row, Rows, Select, Ties, View
from projections.engine.reading import NOW

view = View("erasures", version=4)
erasures = view.table(
    "erasures_v4", key=("erasure_id",), is_per_stream=False, ties=Ties(record="erasure_id")
)

OPEN = frozenset({Stage.REQUESTED, Stage.RESTRICTED, Stage.APPROVED})


@dataclass(frozen=True, kw_only=True)
class ErasureQuery(Paging):
    """Which requests; ``is_overdue``: nobody has decided and the day is over.

    ``was_overdue``: the answer was not given in time, whether it was given since or not.
    """

    stage: Stage | None = None
    subject_id: UUID | None = None
    is_open: bool | None = None
    is_overdue: bool | None = None
    was_overdue: bool | None = None


@dataclass(frozen=True, kw_only=True)
class ErasureAsked:
    """One request."""

    erasure_id: UUID


@view.on(Erasure.Requested)
async def requested(rows: Rows, event: Erasure.Requested, entry: Entry) -> None:
    """Begin the request's row."""
    rows.put(
        erasures,
        {
            "erasure_id": event.originator_id,
            "subject_id": event.subject_id,
            "record_ids": list(event.record_ids),
            "ground": event.ground,
            "stage": str(Stage.REQUESTED),
            "is_open": True,
            "requested_at": entry.occurred_at,
            "requested_by": entry.by.actor_id,
            "requested_role": entry.by.role,
            "request_reason": entry.by.reason,
            "due_on": event.due_on,
            "is_provisional": event.is_provisional,
        },
    )


@view.on(Erasure.Approved)
async def approved(rows: Rows, event: Erasure.Approved, entry: Entry) -> None:
    """Note the order to destroy."""
    order = {"slots_count": len(event.slot_ids), "backups_expire_on": event.backups_expire_on}
    await _decided(rows, event, entry, Stage.APPROVED, order)


@view.on(Erasure.Restricted)
async def restricted(rows: Rows, event: Erasure.Restricted, entry: Entry) -> None:
    """Note the legal hold."""
    await _decided(rows, event, entry, Stage.RESTRICTED, {"hold": event.hold})


@view.on(Erasure.Refused)
async def refused(rows: Rows, event: Erasure.Refused, entry: Entry) -> None:
    """Note the refusal."""
    await _decided(rows, event, entry, Stage.REFUSED, {})


@view.on(Erasure.CarriedOut)
async def carried_out(rows: Rows, event: Erasure.CarriedOut, entry: Entry) -> None:
    """Note that everything approved is destroyed."""
    done = {"carried_out_at": entry.occurred_at, "slots_count": event.slots_count}
    await _at(rows, event, Stage.CARRIED_OUT, done)


@view.on(Erasure.AnswerOverdue)
async def answer_overdue(rows: Rows, event: Erasure.AnswerOverdue, entry: Entry) -> None:
    """Note that the answer was not given in time, whatever came after."""
    row = await rows.get(erasures, event.originator_id)
    row["overdue_at"] = entry.occurred_at
    rows.put(erasures, row)


@view.on(Person.Erased)
async def erased(rows: Rows, event: Person.Erased, entry: Entry) -> None:
    """Count the documents among what was destroyed: a document is a record of its own."""
    row = await rows.find(erasures, event.erasure_id)
    if row is not None:
        row["documents_count"] = len({*event.slot_ids} & {*event.record_ids})
        rows.put(erasures, row)


@view.on(Erasure.Withdrawn)
async def withdrawn(rows: Rows, event: Erasure.Withdrawn, entry: Entry) -> None:
    """Note that the request was taken back."""
    await _at(rows, event, Stage.WITHDRAWN, {})


async def _decided(rows: Rows, event: Erasure.Event, entry: Entry, stage: Stage, own: Row) -> None:
    decision = {
        "decided_at": entry.occurred_at,
        "decided_by": entry.by.actor_id,
        "decision_reason": entry.by.reason,
    }
    await _at(rows, event, stage, decision | own)


async def _at(rows: Rows, event: Erasure.Event, stage: Stage, own: Row) -> None:
    row = await rows.get(erasures, event.originator_id)
    row |= {"stage": str(stage), "is_open": stage in OPEN, **own}
    rows.put(erasures, row)


# What can be asked --------------------------------------------------------------------------


async def erasure_register(db: Database, ledger_id: str, query: ErasureQuery) -> Page:
    """List requests, the oldest first."""
    select = Select(erasures, ledger_id, NOW).equal(
        stage=None if query.stage is None else str(query.stage),
        subject_id=query.subject_id,
        is_open=query.is_open,
    )
    if query.is_overdue is not None:
        overdue = "(stage = 'requested' AND due_on < {})"
        select.where(overdue if query.is_overdue else f"NOT {overdue}", local_day(utc_now()))
    if query.was_overdue is not None:
        select.where("overdue_at IS NOT NULL" if query.was_overdue else "overdue_at IS NULL")
    return await select.page(db, query, order=("requested_at", "erasure_id"))


async def overdue_count(db: Database, ledger_id: str) -> int:
    """Return how many requests wait for an answer that is overdue."""
    select = Select(erasures, ledger_id, NOW).equal(stage=str(Stage.REQUESTED))
    select.where("overdue_at IS NOT NULL")
    return len(await select.all(db, order=("due_on", "erasure_id")))


async def erasure_by_id(db: Database, ledger_id: str, query: ErasureAsked) -> Row:
    """Show one request."""
    row = await Select(erasures, ledger_id, NOW).equal(erasure_id=query.erasure_id).one(db)
    if row is None:
        raise NotFound(kind="erasure", id=str(query.erasure_id))
    return row
