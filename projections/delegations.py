"""Delegations: who stands in for whom, in which post, until when, and what ended early."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ledger.core.values import Day
from ledger.delegations import Delegation
from ledger.storage.connect import Database
from projections.engine import AsOf, Entry, Page, Paging, Rows, Select, Ties, View

view = View("delegations", version=2)
delegations = view.table(
    "delegations_v2",
    key=("delegation_id",),
    history="delegation_states_v2",
    ties=Ties(record="delegation_id"),
)


@dataclass(frozen=True, kw_only=True)
class DelegationQuery(AsOf, Paging):
    """Which delegations, the latest first; ``on``: those that stood on a day."""

    organisation_id: UUID | None = None
    holder_id: UUID | None = None
    person_id: UUID | None = None
    on: Day | None = None


@view.on(Delegation.Granted)
async def granted(rows: Rows, event: Delegation.Granted, entry: Entry) -> None:
    """Enter the delegation."""
    rows.put(
        delegations,
        {
            "delegation_id": event.originator_id,
            "holder_id": event.holder_id,
            "person_id": event.person_id,
            "organisation_id": event.organisation_id,
            "post": event.post,
            "role": event.role,
            "from_on": event.from_on,
            "until_on": event.until_on,
            "reason": event.by.reason,
        },
    )


@view.on(Delegation.Ended)
async def ended(rows: Rows, event: Delegation.Ended, entry: Entry) -> None:
    """Note that it ended early, and why."""
    row = await rows.get(delegations, event.originator_id)
    row["ended_at"], row["reason"] = event.timestamp, event.by.reason
    rows.put(delegations, row)


async def delegation_register(db: Database, ledger_id: str, query: DelegationQuery) -> Page:
    """List delegations."""
    select = Select(delegations, ledger_id, query).equal(
        organisation_id=query.organisation_id,
        holder_id=query.holder_id,
        person_id=query.person_id,
    )
    if query.on is not None:
        select.where("from_on <= {} AND until_on >= {}", query.on, query.on)
        select.where(
            "(ended_at IS NULL OR (ended_at AT TIME ZONE 'Asia/Shanghai')::date >= {})", query.on
        )
    return await select.page(db, query, order=("-from_on", "-delegation_id"))
