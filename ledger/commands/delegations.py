"""Let somebody stand in for the holder of a post, for a time; end it early."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ledger.commands.organisations import organisation_of
from ledger.commands.policies import policies_of
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.times import NoUndo, decision
from ledger.core.values import Day
from ledger.delegations import Delegation, DelegationWithoutPost, Substitution
from ledger.organisations import Organisation
from ledger.storage.ledger import Ledger, Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantDelegation:
    """Let a person (by pseudonymous id) stand in for you in your post, until a last day."""

    person_id: UUID
    from_on: Day
    until_on: Day


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDelegation:
    """End a delegation before its last day; needs a reason."""

    delegation_id: UUID


@decision(undo="end_delegation")
async def grant_delegation(command: GrantDelegation, ledger: Ledger, by: By) -> Recorded:
    """Delegate the post in which the holder acts, with the holder's role there."""
    if by.organisation_id is None or not by.post:
        raise DelegationWithoutPost(post=by.post)
    terms = Substitution(
        person_id=command.person_id,
        organisation_id=by.organisation_id,
        post=by.post,
        role=by.role,
        from_on=command.from_on,
        until_on=command.until_on,
    )
    office = await organisation_of(ledger, terms.organisation_id)
    book = await policies_of(ledger)
    days_max = book.number("organisation.delegation_days_max", on=local_day(by.at))
    is_held = _is_held(office, by, terms)
    delegation = Delegation.grant(by.under(book.version), terms, is_held=is_held, days_max=days_max)
    return await ledger.save(delegation)


@decision(undo=NoUndo("it is granted anew"))
async def end_delegation(command: EndDelegation, ledger: Ledger, by: By) -> Recorded:
    """End the delegation."""
    delegation = await ledger.load(Delegation, command.delegation_id)
    delegation.end(by)
    return await ledger.save(delegation)


def _is_held(office: Organisation, by: By, terms: Substitution) -> bool:
    """Tell whether one term of office of the holder covers all of these days."""
    return any(
        (tenure.person_id, tenure.post) == (by.actor_id, terms.post)
        and tenure.covers(terms.from_on)
        and tenure.covers(terms.until_on)
        for tenure in office.tenures
    )
