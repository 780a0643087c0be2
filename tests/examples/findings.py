"""A supervisor sees a blocked fire lane; the company is reminded."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from ledger.core.aggregate import By, Event
from ledger.findings import Finding, FindingSource, Supervisor
from tests.examples import by

FINDING = UUID(int=400)
PERSON = UUID(int=401)
ESTATE = UUID(int=402)
OTHER_ESTATE = UUID(int=403)
COMPANY = UUID(int=404)
STREET = UUID(int=405)
SUPERVISOR = Supervisor.create_id(person_id=PERSON)
DUE_ON = date(2026, 3, 4)
REASON = "情况需要说明"


def _fields(stream_id: UUID, version: int, decided: By | None) -> dict[str, Any]:
    decided = decided or by()
    return {
        "originator_id": stream_id,
        "originator_version": version,
        "timestamp": decided.at,
        "by": decided,
    }


def appointed() -> Supervisor.Appointed:
    return Supervisor.Appointed(
        **_fields(SUPERVISOR, 1, None),
        originator_topic=Supervisor.TOPIC,
        person_id=PERSON,
        estate_ids=(ESTATE,),
    )


def assigned_to_estate(version: int = 2, decided: By | None = None) -> Supervisor.AssignedToEstate:
    return Supervisor.AssignedToEstate(
        **_fields(SUPERVISOR, version, decided), estate_id=OTHER_ESTATE
    )


def released_from_estate(
    version: int = 2, decided: By | None = None
) -> Supervisor.ReleasedFromEstate:
    return Supervisor.ReleasedFromEstate(
        **_fields(SUPERVISOR, version, decided or by(reason=REASON)), estate_id=ESTATE
    )


def raised(decided: By | None = None) -> Finding.Raised:
    return Finding.Raised(
        **_fields(FINDING, 1, decided),
        originator_topic=Finding.TOPIC,
        supervisor_id=PERSON,
        estate_id=ESTATE,
        company_id=COMPANY,
        source=FindingSource.UNANNOUNCED_VISIT,
        category="safety",
        item="fire_lane",
        summary="三号楼前消防通道被车辆占用",
        place="三号楼",
    )


def company_reminded(
    version: int = 2, decided: By | None = None, due_on: date = DUE_ON
) -> Finding.CompanyReminded:
    return Finding.CompanyReminded(
        **_fields(FINDING, version, decided),
        company_id=COMPANY,
        due_on=due_on,
        is_provisional=False,
    )


def solved_on_the_spot(version: int = 2, decided: By | None = None) -> Finding.SolvedOnTheSpot:
    return Finding.SolvedOnTheSpot(**_fields(FINDING, version, decided), summary="当场移车")


def rectified(version: int = 3, decided: By | None = None) -> Finding.Rectified:
    return Finding.Rectified(**_fields(FINDING, version, decided), summary="通道已清空")


def found_unrectified(version: int = 3, decided: By | None = None) -> Finding.FoundUnrectified:
    return Finding.FoundUnrectified(**_fields(FINDING, version, decided), summary="仍有车辆占用")


def deadline_recounted(version: int = 3) -> Finding.DeadlineRecounted:
    return Finding.DeadlineRecounted(
        **_fields(FINDING, version, None),
        old_due_on=DUE_ON,
        due_on=date(2026, 3, 5),
        is_provisional=False,
    )


def rectification_missed(
    version: int = 3, decided: By | None = None
) -> Finding.RectificationMissed:
    return Finding.RectificationMissed(
        **_fields(FINDING, version, decided),
        company_id=COMPANY,
        due_on=DUE_ON,
        is_provisional=False,
    )


def company_talk_held(version: int = 3, decided: By | None = None) -> Finding.CompanyTalkHeld:
    return Finding.CompanyTalkHeld(
        **_fields(FINDING, version, decided),
        company_id=COMPANY,
        convener_id=STREET,
        conclusion="三日内划线并派人值守",
    )


def assessment_score_noted(
    version: int = 2, decided: By | None = None, points: int = -2
) -> Finding.AssessmentScoreNoted:
    return Finding.AssessmentScoreNoted(
        **_fields(FINDING, version, decided), company_id=COMPANY, points=points
    )


def withdrawn(version: int = 2, decided: By | None = None) -> Finding.Withdrawn:
    return Finding.Withdrawn(**_fields(FINDING, version, decided or by(reason=REASON)))


def step_reversed() -> Finding.StepReversed:
    return Finding.StepReversed(
        **_fields(FINDING, 3, by(reason=REASON)),
        versions_reversed=(2,),
        step="finding.company_reminded.v1",
    )


EXAMPLES: tuple[Event, ...] = (
    appointed(),
    assigned_to_estate(),
    released_from_estate(),
    raised(),
    company_reminded(),
    solved_on_the_spot(),
    rectified(),
    found_unrectified(),
    deadline_recounted(),
    rectification_missed(),
    company_talk_held(),
    assessment_score_noted(),
    withdrawn(),
    step_reversed(),
)
