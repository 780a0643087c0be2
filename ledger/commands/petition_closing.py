"""End petitions: visit back, resume, close, reopen, withdraw."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ledger.commands.interests import in_office
from ledger.commands.petition_terms import guard_kind, terms_of
from ledger.commands.petitions import handling_deadline, routing_deadline
from ledger.core.aggregate import By
from ledger.core.times import decision, fact, statement
from ledger.petitions import Petition
from ledger.storage.ledger import Ledger, Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitBack:
    """Record what the petitioner says; leave both out when nobody could be reached."""

    petition_id: UUID
    is_resolved: bool | None = None
    is_satisfied: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeHandling:
    """Let the same unit go on with a petition whose petitioner was not content."""

    petition_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePetition:
    """Close a petition that was visited back; with a reason if it was not resolved."""

    petition_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenPetition:
    """Take a closed petition up again in time, to be sent to a unit anew; needs a reason.

    ``to_unit_id`` holds it until then (who received it first, if left out).
    """

    petition_id: UUID
    to_unit_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawPetition:
    """Let the petitioner who speaks, or whose paper it is, withdraw; needs a reason."""

    petition_id: UUID


@fact(after="the answer", undo="reverse_petition_step")
async def visit_back(command: VisitBack, ledger: Ledger, by: By) -> Recorded:
    """Record the visit."""
    petition, by = await in_office(ledger, by, command.petition_id)
    petition.visit_back(by, is_resolved=command.is_resolved, is_satisfied=command.is_satisfied)
    return await ledger.save(petition)


@decision(undo="reverse_petition_step")
async def resume_handling(command: ResumeHandling, ledger: Ledger, by: By) -> Recorded:
    """Resume; a new clock for the answer starts."""
    terms, by = await terms_of(ledger, by)
    petition, by = await in_office(ledger, by, command.petition_id)
    deadline = handling_deadline(terms, petition, petition.holder_id)
    petition.resume_handling(by, deadlines=(deadline,))
    return await ledger.save(petition)


@decision(undo="reopen_petition")
async def close_petition(command: ClosePetition, ledger: Ledger, by: By) -> Recorded:
    """Close the petition; all its clocks stop."""
    petition, by = await in_office(ledger, by, command.petition_id)
    petition.close(by)
    return await ledger.save(petition)


@decision(undo="reverse_petition_step")
async def reopen_petition(command: ReopenPetition, ledger: Ledger, by: By) -> Recorded:
    """Reopen the petition within the policy's days of its closing."""
    terms, by = await terms_of(ledger, by)
    petition, by = await in_office(ledger, by, command.petition_id)
    to_unit_id = command.to_unit_id or petition.received_by_id
    by = await guard_kind(ledger, by, to_unit_id)
    last = terms.due("petition.reopen_term", starts_on=petition.closed_on)
    deadline = routing_deadline(terms, petition.procedure, to_unit_id)
    petition.reopen(by, last_day=last.on, to_unit_id=to_unit_id, deadlines=(deadline,))
    return await ledger.save(petition)


@statement(undo="reverse_petition_step")
async def withdraw_petition(command: WithdrawPetition, ledger: Ledger, by: By) -> Recorded:
    """Let a petitioner withdraw; with the last one it ends, and gives back what it absorbed."""
    petition = await ledger.load(Petition, command.petition_id)
    petition.withdraw(by)
    absorbed_ids = () if petition.is_open else petition.absorbed_ids
    absorbed = [await ledger.load(Petition, one) for one in absorbed_ids]
    for other in absorbed:
        other.stand_alone(by)
        petition.give_back(by, other.id)
    return await ledger.save(petition, *absorbed)
