"""Declared conflicts of interest: who, in what, since when, and who confirmed that one passed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ledger.interests import InterestKind, Interests
from ledger.storage.connect import Database
from projections.engine import AsOf, Entry, Page, Paging, Rows, Select, Ties, View, pinned

view = View("interests", version=2)
persons = view.table("interest_persons_v2", key=("interests_id",))
interests = view.table(
    "interests_v2",
    key=("interests_id", "about_id"),
    history="interest_states_v2",
    stream="interests_id",
    ties=Ties(person="person_id"),
)


@dataclass(frozen=True, kw_only=True)
class InterestQuery(AsOf, Paging):
    """Which declarations, the latest first; ``stands``: those that were not ended."""

    person_id: UUID | None = None
    about_id: UUID | None = None
    kind: InterestKind | None = None
    stands: bool | None = None


@view.on(Interests.Opened)
async def opened(rows: Rows, event: Interests.Opened, entry: Entry) -> None:
    """Note whose declarations they are."""
    rows.put(persons, {"interests_id": event.originator_id, "person_id": event.person_id})


@view.on(Interests.Declared)
async def declared(rows: Rows, event: Interests.Declared, entry: Entry) -> None:
    """Enter the declaration; one that was ended may be declared anew."""
    person = await rows.get(persons, event.originator_id)
    row = await rows.find(interests, event.originator_id, event.about_id) or {
        "interests_id": event.originator_id,
        "person_id": person["person_id"],
        "about_id": event.about_id,
    }
    row |= {
        "kind": event.kind,
        "declared_at": event.timestamp,
        "declared_by": event.by.actor_id,
        "ended_at": None,
        "ended_by": None,
        "reason": event.by.reason,
    }
    rows.put(interests, row)


@view.on(Interests.Ended)
async def ended(rows: Rows, event: Interests.Ended, entry: Entry) -> None:
    """Note who confirmed that it has passed, and why."""
    row = await rows.get(interests, event.originator_id, event.about_id)
    row |= {
        "ended_at": event.timestamp,
        "ended_by": event.by.actor_id,
        "reason": event.by.reason,
    }
    rows.put(interests, row)


async def interest_register(db: Database, ledger_id: str, query: InterestQuery) -> Page:
    """List declarations."""
    query, known_at = await pinned(db, ledger_id, view, query)
    select = Select(interests, ledger_id, query).equal(
        person_id=query.person_id, about_id=query.about_id, kind=query.kind
    )
    if query.stands is not None:
        select.where("ended_at IS NULL" if query.stands else "ended_at IS NOT NULL")
    order = ("-declared_at", "interests_id", "about_id")
    return await select.page(db, query, order=order, known_at=known_at)
