"""Propose a command, carry out what another person proposed, refuse it or withdraw it.

``propose`` is asked by whoever takes commands; what is carried out is decided like every
command of its kind, with ``by.proposed_by``, and saved together with the proposal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from ledger.belonging import Concern
from ledger.commands.telling import term_days
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import NotFound
from ledger.core.guards import persons
from ledger.core.times import NoUndo, decision
from ledger.core.values import derived_id
from ledger.proposals import Proposal
from ledger.storage.ledger import Ledger, Recorded
from ledger.users.roles import SYSTEM_OPERATIONS

KEEPS = "entry.proposal_days"
SECOND = derived_id("person", "second")
"""Stands for the second person when it is tried whether what is proposed could be carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryOutProposal:
    """Carry out what another person proposed; a reason or evidence adds to the first one's."""

    proposal_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseProposal:
    """Refuse what another person proposed, giving the reason."""

    proposal_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawProposal:
    """Withdraw what one proposed."""

    proposal_id: UUID


async def propose(
    ledger: Ledger, by: By, *, operation: str, told: Mapping[str, Any], concern: Concern
) -> Recorded:
    """Record what somebody proposes; it can be carried out for as long as the policy says."""
    days = await term_days(ledger, KEEPS, by.now)
    proposal = Proposal.make(
        replace(by, at=by.now),
        operation=operation,
        told=orjson.dumps(told, option=orjson.OPT_SORT_KEYS).decode(),
        until_on=local_day(by.now) + timedelta(days=days),
        place_ids=tuple(sorted(concern.places)),
        party_ids=tuple(sorted(concern.parties)),
    )
    return await ledger.save(proposal)


async def guard_system(ledger: Ledger, proposal_id: UUID) -> None:
    """Refuse (``NotFound``) a proposal that is not about users and their roles."""
    proposal = await ledger.load(Proposal, proposal_id)
    if proposal.operation not in SYSTEM_OPERATIONS:
        raise NotFound(kind=Proposal.TOPIC, id=str(proposal_id))


def proposed_by(by: By, proposal: Proposal) -> By:
    """Return who carries a proposal out: with its persons, and its grounds beside one's own."""
    return replace(
        by,
        proposed_by=tuple(sorted(proposal.made_by)),
        proposal_id=proposal.id,
        reason=by.reason or proposal.reason,
        evidence=tuple(dict.fromkeys((*proposal.evidence, *by.evidence))),
    )


def as_if_carried_out(by: By) -> By:
    """Return who would carry out what somebody proposes: that person, and somebody else."""
    return replace(by, proposed_by=(*sorted(persons(by)),), actor_id=SECOND, on_behalf_of=None)


@decision(undo=NoUndo("what was carried out has an undo of its own"))
async def carry_out_proposal(command: CarryOutProposal, ledger: Ledger, by: By) -> Recorded:
    """Note that it is carried out, together with the step itself."""
    proposal = await ledger.load(Proposal, command.proposal_id)
    proposal.carry_out(by)
    return await ledger.save(proposal)


@decision(undo=NoUndo("it is proposed anew"))
async def refuse_proposal(command: RefuseProposal, ledger: Ledger, by: By) -> Recorded:
    """Refuse it."""
    proposal = await ledger.load(Proposal, command.proposal_id)
    proposal.refuse(by)
    return await ledger.save(proposal)


@decision(undo=NoUndo("it is proposed anew"))
async def withdraw_proposal(command: WithdrawProposal, ledger: Ledger, by: By) -> Recorded:
    """Withdraw it."""
    proposal = await ledger.load(Proposal, command.proposal_id)
    proposal.withdraw(by)
    return await ledger.save(proposal)
