"""Petitions: the register, every step of each, and what came in.

``petitions_v2`` has a row a petition (and an image of it after each event);
``petition_steps_v2`` a line an event, from which ``projections.petition_timeline``
tells who held a petition when and which clocks were kept; ``petition_filings_v2``
counts what came in by month, channel, category, community and estate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from ledger.calendar import WorkCalendar
from ledger.core.aggregate import Event
from ledger.core.clock import local_day
from ledger.core.entry import Entry
from ledger.petitions import Level, Petition, Stage, events
from projections.engine import Row, Rows, Ties, View
from projections.petition_clocks import move_clocks

view = View("petitions", version=2)
OF_PETITION = Ties(record="petition_id")
petitions = view.table(
    "petitions_v2", key=("petition_id",), history="petition_states_v2", ties=OF_PETITION
)
steps = view.lines("petition_steps_v2", ties=OF_PETITION, record="petition_id")
filings = view.lines("petition_filings_v2", ties=OF_PETITION, sums=("filed",))
calendar = view.lines("petition_calendar_v2")

ENDED = frozenset({Stage.CLOSED, Stage.MERGED, Stage.WITHDRAWN})


@view.on(Petition.Filed)
async def filed(rows: Rows, event: events.Filed, entry: Entry) -> None:
    """Begin the petition's row; it counts as come in."""
    row: Row = {
        "petition_id": event.originator_id,
        "reference": event.reference,
        "channel": event.channel,
        "procedure": event.procedure,
        "category": event.category or "",
        "item": event.item or "",
        "title": event.title,
        "summary": event.summary,
        "place": event.place,
        "community_id": event.community_id,
        "estate_id": event.estate_id,
        "petitioner_id": event.petitioner_id,
        "received_by_id": event.received_by_id,
        "filed_at": entry.occurred_at,
        "filed_on": local_day(entry.occurred_at),
        "stage": str(Stage.FILED),
        "is_open": True,
        "round": 1,
        "level": str(Level.COMMUNITY),
        "levels_reached": [str(Level.COMMUNITY)],
        "holder_id": event.received_by_id,
        "unit_ids": [event.received_by_id],
        "missed_count": 0,
        "clocks": [],
        "breaches": list(entry.by.breaches),
    }
    moved = move_clocks(row, event, entry)
    rows.put(petitions, row)
    _add_step(rows, row, entry, moves=True, clocks=moved)
    _count(rows, row, filed=1)


async def stepped(rows: Rows, event: Event, entry: Entry) -> None:
    """Change the petition's row as the event says, and note the step."""
    row = await rows.get(petitions, event.originator_id)
    holder_id, was_open, category = row["holder_id"], row["is_open"], row["category"]
    moved = move_clocks(row, event, entry)
    row["missed_count"] += len(moved.get("missed", ()))
    if type(event) in CHANGES:
        CHANGES[type(event)](row, event)
    row["is_open"] = row["stage"] not in ENDED
    row["breaches"] += [code for code in entry.by.breaches if code not in row["breaches"]]
    if row["holder_id"] not in row["unit_ids"]:
        row["unit_ids"].append(row["holder_id"])
    rows.put(petitions, row)
    moves = (row["holder_id"], row["is_open"]) != (holder_id, was_open)
    _add_step(rows, row, entry, moves=moves, clocks=moved)
    if category != row["category"]:
        _count(rows, row | {"category": category}, filed=-1)
        _count(rows, row, filed=1)


@view.on(WorkCalendar.YearPublished)
async def year_published(rows: Rows, event: WorkCalendar.YearPublished, entry: Entry) -> None:
    """Keep the notice of a year."""
    rows.add(
        calendar,
        {
            "year": event.year,
            "holidays": list(event.holidays),
            "workdays": list(event.workdays),
            "notice": event.notice,
        },
    )


def _add_step(
    rows: Rows, row: Row, entry: Entry, *, moves: bool, clocks: dict[str, list[Any]]
) -> None:
    by = entry.by
    detail = orjson.loads(entry.state)
    detail.pop("deadlines", None)
    rows.add(
        steps,
        {
            "petition_id": row["petition_id"],
            "step": entry.topic.split(".")[1],
            "round": row["round"],
            "stage": row["stage"],
            "level": row["level"],
            "holder_id": row["holder_id"],
            "moves": moves,
            "actor_id": by.actor_id,
            "role": by.role,
            "organisation_id": by.organisation_id,
            "post": by.post,
            "reason": by.reason,
            "evidence": entry.header.get("evidence", []),
            "cause": by.cause,
            "policy_version": by.policy_version,
            "is_history": by.is_history,
            "breaches": list(by.breaches),
            "detail": detail,
            "clocks": clocks,
        },
    )


def _count(rows: Rows, row: Row, *, filed: int) -> None:
    rows.add(
        filings,
        {
            "petition_id": row["petition_id"],
            "month": f"{row['filed_on']:%Y-%m}",
            "channel": row["channel"],
            "category": row["category"],
            "community_id": row["community_id"],
            "estate_id": row["estate_id"],
            "filed": filed,
        },
    )


# What each event changes in the row ---------------------------------------------------------


def _classify(row: Row, event: events.Classified | events.Reclassified) -> None:
    row["category"], row["item"] = event.category, event.item


def _merge(row: Row, event: events.Merged) -> None:
    row["merged_into_id"] = event.into_petition_id
    _end(row, event, Stage.MERGED)


def _absorb(row: Row, event: events.Absorbed) -> None:
    row["absorbed_ids"].append(event.petition_id)


def _dispatch(row: Row, event: events.Dispatched) -> None:
    row["stage"], row["holder_id"] = str(Stage.DISPATCHED), event.unit_id


def _dispute(row: Row, _: events.DispatchDisputed) -> None:
    row["stage"] = str(Stage.DISPUTED)


def _return(row: Row, event: events.DispatchReturned) -> None:
    row["stage"], row["holder_id"] = str(Stage.FILED), event.to_unit_id


def _uphold(row: Row, _: events.DispatchUpheld) -> None:
    row["stage"] = str(Stage.DISPATCHED)


def _accept(row: Row, event: events.Accepted) -> None:
    row["stage"], row["accepted_at"] = str(Stage.ACCEPTED), event.timestamp


def _assign(row: Row, event: events.HandlerAssigned) -> None:
    row["handler_id"], row["co_unit_ids"] = event.handler_id, list(event.co_unit_ids)


def _claim(row: Row, event: events.ResponsibilityClaimed) -> None:
    if event.company_id not in row["obligor_ids"]:
        row["obligor_ids"].append(event.company_id)
    if row["stage"] == Stage.FILED:
        row["stage"], row["holder_id"] = str(Stage.ACCEPTED), event.company_id
        row["accepted_at"] = event.timestamp


def _spend(row: Row, event: events.ObligorSpendReported) -> None:
    row["obligor_spent_fen"] += event.amount_fen


def _take_spend_back(row: Row, event: events.ObligorSpendReversed) -> None:
    row["obligor_spent_fen"] -= event.amount_fen


def _answer(row: Row, event: events.Answered) -> None:
    row["stage"], row["outcome"] = str(Stage.ANSWERED), str(event.outcome)
    row["answered_at"] = event.timestamp


def _extend(row: Row, _: events.ExtensionApproved) -> None:
    row["extensions_count"] += 1


def _visit(row: Row, event: events.VisitedBack) -> None:
    row["stage"] = str(Stage.VISITED)
    row["is_resolved"], row["is_satisfied"] = event.is_resolved, event.is_satisfied


def _resume(row: Row, _: events.HandlingResumed) -> None:
    row["stage"] = str(Stage.ACCEPTED)


def _close(row: Row, event: events.Closed) -> None:
    _end(row, event, Stage.CLOSED)


def _withdraw(row: Row, event: events.Withdrawn) -> None:
    _end(row, event, Stage.WITHDRAWN)


def _end(row: Row, event: Event, stage: Stage) -> None:
    row["stage"], row["ended_at"] = str(stage), event.timestamp


def _reopen(row: Row, event: events.Reopened) -> None:
    row["stage"], row["holder_id"] = str(Stage.FILED), event.to_unit_id
    row["round"] += 1
    row["level"] = str(Level.COMMUNITY)
    row["outcome"], row["is_resolved"], row["is_satisfied"] = "", None, None
    row["accepted_at"] = row["answered_at"] = row["ended_at"] = None


def _escalate(row: Row, event: events.Escalated) -> None:
    row["level"] = str(event.level)
    if row["level"] not in row["levels_reached"]:
        row["levels_reached"].append(row["level"])


def _supervise(row: Row, event: events.SupervisionOrderIssued) -> None:
    row["supervised_unit_id"] = event.unit_id


def _meet_order(row: Row, _: events.SupervisionOrderMet) -> None:
    row["supervised_unit_id"] = None


CHANGES: dict[type[Event], Callable[[Row, Any], None]] = {
    Petition.Classified: _classify,
    Petition.Reclassified: _classify,
    Petition.Merged: _merge,
    Petition.Absorbed: _absorb,
    Petition.Dispatched: _dispatch,
    Petition.DispatchDisputed: _dispute,
    Petition.DispatchReturned: _return,
    Petition.DispatchUpheld: _uphold,
    Petition.Accepted: _accept,
    Petition.HandlerAssigned: _assign,
    Petition.ResponsibilityClaimed: _claim,
    Petition.ObligorSpendReported: _spend,
    Petition.ObligorSpendReversed: _take_spend_back,
    Petition.Answered: _answer,
    Petition.ExtensionApproved: _extend,
    Petition.VisitedBack: _visit,
    Petition.HandlingResumed: _resume,
    Petition.Closed: _close,
    Petition.Withdrawn: _withdraw,
    Petition.Reopened: _reopen,
    Petition.Escalated: _escalate,
    Petition.SupervisionOrderIssued: _supervise,
    Petition.SupervisionOrderMet: _meet_order,
}

AFTER_FILING: tuple[type[Event], ...] = tuple(
    event_type
    for name in events.__all__
    if name not in {"Filed", "PetitionEvent"}
    for event_type in (getattr(events, name),)
)
"""Every type of event of a petition but its first: each is a step."""

view.on(*AFTER_FILING)(stepped)
