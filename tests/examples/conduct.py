"""A unit whose matters go up to the county three times in a row."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from ledger.conduct import FindingKind, UnitConduct
from ledger.core.aggregate import By, Event
from tests.examples import by

UNIT = UUID(int=300)
OFFICE = UUID(int=301)
COMMITTEE = UUID(int=302)
MATTERS = tuple(UUID(int=number) for number in range(310, 320))
CONDUCT = UnitConduct.create_id(unit_id=UNIT)
DUE_ON = date(2026, 3, 9)


def _fields(version: int, decided: By | None) -> dict[str, Any]:
    decided = decided or by()
    return {
        "originator_id": CONDUCT,
        "originator_version": version,
        "timestamp": decided.at,
        "by": decided,
    }


def opened() -> UnitConduct.Opened:
    return UnitConduct.Opened(**_fields(1, None), originator_topic=UnitConduct.TOPIC, unit_id=UNIT)


def escalation_counted(
    version: int = 2, matter: int = 0, petition_round: int = 1
) -> UnitConduct.EscalationCounted:
    return UnitConduct.EscalationCounted(
        **_fields(version, None), petition_id=MATTERS[matter], petition_round=petition_round
    )


def self_escalation_counted(version: int = 2) -> UnitConduct.SelfEscalationCounted:
    return UnitConduct.SelfEscalationCounted(
        **_fields(version, None), petition_id=MATTERS[0], petition_round=1
    )


def streak_broken(version: int = 3) -> UnitConduct.StreakBroken:
    return UnitConduct.StreakBroken(**_fields(version, None), petition_id=MATTERS[9])


def transfer_fell_due(
    version: int = 5, petition_ids: tuple[UUID, ...] = MATTERS[:3]
) -> UnitConduct.TransferFellDue:
    return UnitConduct.TransferFellDue(
        **_fields(version, None), petition_ids=petition_ids, due_on=DUE_ON, is_provisional=False
    )


def transfer_missed(version: int = 6, decided: By | None = None) -> UnitConduct.TransferMissed:
    return UnitConduct.TransferMissed(
        **_fields(version, decided), due_on=DUE_ON, is_provisional=False
    )


def transfer_recounted(version: int = 6) -> UnitConduct.TransferRecounted:
    return UnitConduct.TransferRecounted(
        **_fields(version, None),
        petition_ids=MATTERS[:3],
        old_due_on=DUE_ON,
        due_on=date(2026, 3, 10),
        is_provisional=False,
    )


def transferred(
    version: int = 6, decided: By | None = None, petition_ids: tuple[UUID, ...] = MATTERS[:3]
) -> UnitConduct.TransferredToEfficiencyOffice:
    return UnitConduct.TransferredToEfficiencyOffice(
        **_fields(version, decided), office_id=OFFICE, petition_ids=petition_ids
    )


def performance_analysis_done(version: int = 2) -> UnitConduct.PerformanceAnalysisDone:
    return UnitConduct.PerformanceAnalysisDone(
        **_fields(version, None), conclusion="职责不清，响应迟缓"
    )


def inspection_finding_recorded(version: int = 2) -> UnitConduct.InspectionFindingRecorded:
    return UnitConduct.InspectionFindingRecorded(
        **_fields(version, None),
        kind=FindingKind.SLOWNESS,
        person_id=None,
        summary="三件工单均超期后才派人到场",
    )


def talk_held(version: int = 3) -> UnitConduct.TalkHeld:
    return UnitConduct.TalkHeld(
        **_fields(version, None), convener_id=COMMITTEE, conclusion="一个月内整改到位"
    )


def step_reversed(
    version: int = 3, versions_reversed: tuple[int, ...] = (2,)
) -> UnitConduct.StepReversed:
    return UnitConduct.StepReversed(
        **_fields(version, by(reason="误记")),
        versions_reversed=versions_reversed,
        step="unit_conduct.escalation_counted.v1",
    )


THREE_IN_A_ROW = (
    opened(),
    escalation_counted(2, 0),
    escalation_counted(3, 1),
    escalation_counted(4, 2),
)

EXAMPLES: tuple[Event, ...] = (
    opened(),
    escalation_counted(),
    self_escalation_counted(),
    streak_broken(),
    transfer_fell_due(),
    transfer_missed(),
    transfer_recounted(),
    transferred(),
    performance_analysis_done(),
    inspection_finding_recorded(),
    talk_held(),
    step_reversed(),
)
