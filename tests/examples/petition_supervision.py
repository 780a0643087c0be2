"""The damp garage goes up to the county, which gives an order; days pass."""

from __future__ import annotations

from uuid import UUID

from ledger.core.aggregate import By, Event
from ledger.petitions import Cause, Deadline, Level, events
from tests.examples.petitions import (
    COUNTY_OFFICE,
    DEPARTMENT,
    IN_HAND,
    REASON,
    ROUTING,
    SUPERVISION_DUE,
    SUPERVISOR,
    UNIT,
    fields,
    who,
)


def escalated(
    version: int = 5,
    decided: By | None = None,
    *,
    level: Level = Level.STREET,
    unit_id: UUID = UNIT,
    petition_round: int = 1,
) -> events.Escalated:
    return events.Escalated(
        **fields(version, decided or who(SUPERVISOR, reason=REASON)),
        level=level,
        cause=Cause.UNRESOLVED,
        unit_id=unit_id,
        petition_round=petition_round,
    )


def joint_meeting_held(version: int = 7, decided: By | None = None) -> events.JointMeetingHeld:
    return events.JointMeetingHeld(
        **fields(version, decided or who(SUPERVISOR)),
        convener_id=COUNTY_OFFICE,
        unit_ids=(UNIT, DEPARTMENT),
        conclusion="由住建部门牵头整改",
    )


def supervision_order_issued(
    version: int = 7, decided: By | None = None
) -> events.SupervisionOrderIssued:
    return events.SupervisionOrderIssued(
        **fields(version, decided or who(SUPERVISOR)),
        unit_id=UNIT,
        demand="限期修复车库防水",
        deadlines=(SUPERVISION_DUE,),
    )


def supervision_order_met(
    version: int = 8, decided: By | None = None
) -> events.SupervisionOrderMet:
    return events.SupervisionOrderMet(**fields(version, decided or who(SUPERVISOR)), unit_id=UNIT)


def supervision_order_missed(
    version: int = 8, decided: By | None = None
) -> events.SupervisionOrderMissed:
    return events.SupervisionOrderMissed(
        **fields(version, decided or who(SUPERVISOR, on=11)),
        unit_id=UNIT,
        due_on=SUPERVISION_DUE.due_on,
        is_provisional=False,
    )


def deadline_missed(
    version: int = 2, decided: By | None = None, clock: Deadline = ROUTING
) -> events.DeadlineMissed:
    return events.DeadlineMissed(
        **fields(version, decided or who(on=3)),
        clock=clock.clock,
        holder_id=clock.holder_id,
        due_on=clock.due_on,
        is_provisional=clock.is_provisional,
    )


def deadline_recounted(
    version: int = 3, decided: By | None = None, *, old: Deadline = ROUTING, new: Deadline = ROUTING
) -> events.DeadlineRecounted:
    return events.DeadlineRecounted(
        **fields(version, decided or who()), old_due_on=old.due_on, deadlines=(new,)
    )


def step_reversed(
    version: int = 3, decided: By | None = None, versions_reversed: tuple[int, ...] = (2,)
) -> events.StepReversed:
    return events.StepReversed(
        **fields(version, decided or who(reason="派错单位")),
        versions_reversed=versions_reversed,
        step="petition.dispatched.v1",
    )


AT_COUNTY = (*IN_HAND, escalated(), escalated(6, level=Level.COUNTY))
"""A petition that was taken up to the county."""

EXAMPLES: tuple[Event, ...] = (
    escalated(),
    joint_meeting_held(),
    supervision_order_issued(),
    supervision_order_met(),
    supervision_order_missed(),
    deadline_missed(),
    deadline_recounted(),
    step_reversed(),
)
