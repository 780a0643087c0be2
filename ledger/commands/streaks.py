"""What counts in a unit's streak, so that nobody makes or breaks one alone: others must act.

Each question is answered from the petition's steps as they were when the event was recorded,
so that the answer is the same whenever it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from ledger.commands.organisations import lies_within
from ledger.core.aggregate import By, Event
from ledger.core.clock import local_day
from ledger.core.guards import SOMEBODY, persons
from ledger.core.reversing import StepReversed
from ledger.petitions import Petition
from ledger.petitions.closing import Closed, VisitedBack
from ledger.petitions.supervision import Escalated
from ledger.petitions.words import Deadline
from ledger.storage.ledger import Ledger

SENT = (Petition.Filed, Petition.Dispatched, Petition.DispatchReturned, Petition.Reopened)
"""Steps by which a petition comes to a unit that has not taken it on yet."""
TAKEN_ON = (Petition.Accepted, Petition.DispatchUpheld, Petition.HandlingResumed)
"""Steps after which the petition is the unit's own matter."""


def was_held(petition: Petition, event: Escalated) -> bool:
    """Tell whether the unit had taken the petition on, or let its day for that pass.

    A petition that was only sent to a unit, or only filed with it, says nothing about it.
    """
    has_taken_on, waits = False, list[Deadline]()
    for step in _before(petition, event):
        if isinstance(step, SENT):
            has_taken_on, waits = False, []
        if isinstance(step, TAKEN_ON) or _is_claim(step, event.unit_id):
            has_taken_on = True
        if isinstance(step, Petition.DeadlineRecounted):
            waits = []
        waits += getattr(step, "deadlines", ())
    day = local_day(event.timestamp)
    return has_taken_on or any(
        wait.holder_id == event.unit_id and wait.due_on < day for wait in waits
    )


async def took_up_itself(ledger: Ledger, petition: Petition, event: Escalated) -> bool:
    """Tell whether the unit's own people took the petition up."""
    own = await _own_persons(ledger, petition, event, event.unit_id)
    return await _is_of(ledger, event.by, event.unit_id, own)


async def is_confirmed(ledger: Ledger, petition: Petition, event: Closed) -> bool:
    """Tell whether others than the unit filed the petition, and others say that it is solved."""
    steps = list(_before(petition, event))
    visit = next((step for step in reversed(steps) if isinstance(step, VisitedBack)), None)
    if visit is None or not visit.is_resolved:
        return False
    own = await _own_persons(ledger, petition, event, event.unit_id)
    if await _is_of(ledger, steps[0].by, event.unit_id, own):
        return False
    if visit.by.said_by in petition.petitioner_ids and visit.by.evidence:
        return True
    is_known = visit.by.organisation_id is not None
    return is_known and not await _is_of(ledger, visit.by, event.unit_id, own)


def _before(petition: Petition, event: Event) -> Iterator[Event]:
    """Yield the steps that counted when an event was recorded, without it, in order."""
    earlier = [s for s in petition.steps if s.originator_version < event.originator_version]
    gone = {v for s in earlier if isinstance(s, StepReversed) for v in s.versions_reversed}
    for step in earlier:
        if step.originator_version not in gone and not isinstance(step, StepReversed):
            yield step


def _is_claim(step: Event, unit_id: UUID) -> bool:
    return isinstance(step, Petition.ResponsibilityClaimed) and step.company_id == unit_id


async def _own_persons(
    ledger: Ledger, petition: Petition, event: Event, unit_id: UUID
) -> frozenset[UUID]:
    """Return who took a step for the unit: standing in for another does not make them others."""
    own: set[UUID] = set()
    for step in _before(petition, event):
        if await lies_within(ledger, step.by.organisation_id, unit_id, local_day(step.timestamp)):
            own |= persons(step.by)
    return frozenset(own - {SOMEBODY})


async def _is_of(ledger: Ledger, by: By, unit_id: UUID, own: frozenset[UUID]) -> bool:
    """Tell whether somebody acted for the unit, or is one of its people in another's name."""
    is_own = await lies_within(ledger, by.organisation_id, unit_id, local_day(by.at))
    return is_own or not persons(by).isdisjoint(own)
