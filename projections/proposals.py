"""Proposals: what waits for a second person, who proposed it, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ledger.core.errors import NotFound
from ledger.proposals import Proposal, ProposalStage
from ledger.storage.connect import Database
from ledger.users.roles import SYSTEM_OPERATIONS
from projections.engine import AsOf, Entry, Page, Paging, Row, Rows, Select, Ties, View

view = View("proposals", version=1)
proposals = view.table(
    "proposals_v1",
    key=("proposal_id",),
    history="proposal_states_v1",
    ties=Ties(record="proposal_id"),
)

ENDS: dict[type[Proposal.Event], ProposalStage] = {
    Proposal.CarriedOut: ProposalStage.CARRIED_OUT,
    Proposal.Refused: ProposalStage.REFUSED,
    Proposal.Withdrawn: ProposalStage.WITHDRAWN,
}


@dataclass(frozen=True, kw_only=True)
class ProposalQuery(AsOf, Paging):
    """Which proposals, the latest first."""

    stage: ProposalStage | None = None
    operation: str | None = None
    made_by: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class ProposalAt(AsOf):
    """One proposal."""

    proposal_id: UUID


@view.on(Proposal.Made)
async def made(rows: Rows, event: Proposal.Made, entry: Entry) -> None:
    """Enter what was proposed."""
    by = entry.by
    rows.put(
        proposals,
        {
            "proposal_id": event.originator_id,
            "operation": event.operation,
            "told": event.told,
            "until_on": event.until_on,
            "stage": ProposalStage.OPEN,
            "made_at": entry.occurred_at,
            "made_by": by.actor_id,
            "made_for": by.on_behalf_of,
            "role": by.role,
            "organisation_id": by.organisation_id,
            "reason": by.reason,
            "evidence": entry.header.get("evidence", []),
        },
    )


@view.on(*ENDS)
async def ended(rows: Rows, event: Proposal.Event, entry: Entry) -> None:
    """Note what became of it, and by whom."""
    row = await rows.get(proposals, event.originator_id)
    row |= {
        "stage": ENDS[type(event)],
        "ended_at": entry.occurred_at,
        "ended_by": entry.by.actor_id,
        "ended_reason": entry.by.reason,
    }
    rows.put(proposals, row)


async def proposal_register(db: Database, ledger_id: str, query: ProposalQuery) -> Page:
    """List proposals."""
    select = Select(proposals, ledger_id, query).equal(
        stage=query.stage, operation=query.operation, made_by=query.made_by
    )
    return await select.page(db, query, order=("-made_at", "proposal_id"))


async def system_proposals(db: Database, ledger_id: str, query: ProposalQuery) -> Page:
    """List proposals about users and their roles, for those who administer or oversee them."""
    select = (
        Select(proposals, ledger_id, query)
        .equal(stage=query.stage, operation=query.operation, made_by=query.made_by)
        .one_of(operation=sorted(SYSTEM_OPERATIONS))
    )
    return await select.page(db, query, order=("-made_at", "proposal_id"))


async def proposal_by_id(db: Database, ledger_id: str, query: ProposalAt) -> Row:
    """Return one proposal (refuses with ``NotFound``)."""
    row = await Select(proposals, ledger_id, query).within(proposal_id=query.proposal_id).one(db)
    if row is None:
        raise NotFound(kind="proposal", id=str(query.proposal_id))
    return row
