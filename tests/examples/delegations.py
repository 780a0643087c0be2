"""Delegations: a street's leader lets somebody stand in for two weeks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from ledger.core.aggregate import By, Event
from ledger.delegations import Delegation, Substitution
from tests.examples import by

DELEGATION = UUID(int=701)
OFFICE = UUID(int=702)
DEPUTY = UUID(int=703)
LEADER = replace(by(1), organisation_id=OFFICE, post="leader")
TERMS = Substitution(
    person_id=DEPUTY,
    organisation_id=OFFICE,
    post="leader",
    role="street",
    from_on=date(2026, 3, 2),
    until_on=date(2026, 3, 15),
)


def _fields(who: By) -> dict[str, Any]:
    return {"originator_id": DELEGATION, "timestamp": who.at, "by": who}


def granted(terms: Substitution = TERMS, who: By = LEADER) -> Delegation.Granted:
    return Delegation.Granted(
        **_fields(who),
        originator_version=1,
        originator_topic=Delegation.TOPIC,
        holder_id=who.actor_id,
        person_id=terms.person_id,
        organisation_id=terms.organisation_id,
        post=terms.post,
        role=terms.role,
        from_on=terms.from_on,
        until_on=terms.until_on,
    )


def ended(reason: str = "已返岗") -> Delegation.Ended:
    return Delegation.Ended(**_fields(replace(LEADER, reason=reason)), originator_version=2)


EXAMPLES: tuple[Event, ...] = (granted(), ended())
