"""What a declared interest keeps its person from, step by step, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias
from uuid import UUID

import pytest

from ledger.commands import activities, findings
from ledger.commands import petition_handling as handling
from ledger.commands import petition_supervision as supervision
from ledger.commands.interests import DeclareInterest, declare_interest
from ledger.core.aggregate import By
from ledger.core.errors import Conflict, LedgerError
from ledger.interests import ConflictOfInterest, InterestKind
from ledger.storage.ledger import Ledger
from tests.commands.county import (
    COMPANY,
    DEPARTMENT,
    ESTATE,
    OTHER_DEPARTMENT,
    PETITIONER,
    REASON,
    build_county,
    in_hand,
    who,
)
from tests.commands.test_findings import BLOCKED_LANE, PERSON
from tests.commands.test_points import OPEN
from tests.examples.points import VOLUNTEER

Step: TypeAlias = Callable[[Ledger, By, UUID], Awaitable[object]]

OF_A_PETITION: dict[str, Step] = {
    "approve extension": lambda ledger, by, of: handling.approve_extension(
        handling.ApproveExtension(petition_id=of), ledger, by
    ),
    "reject extension": lambda ledger, by, of: handling.reject_extension(
        handling.RejectExtension(petition_id=of), ledger, by
    ),
    "assess department": lambda ledger, by, of: handling.assess_department(
        handling.AssessDepartment(
            petition_id=of, department_id=OTHER_DEPARTMENT, is_prompt=True, is_effective=True
        ),
        ledger,
        by,
    ),
    "issue supervision order": lambda ledger, by, of: supervision.issue_supervision_order(
        supervision.IssueSupervisionOrder(petition_id=of, unit_id=DEPARTMENT, demand="限期办结"),
        ledger,
        by,
    ),
    "meet supervision order": lambda ledger, by, of: supervision.meet_supervision_order(
        supervision.MeetSupervisionOrder(petition_id=of), ledger, by
    ),
}
OF_A_FINDING: dict[str, Step] = {
    "solve on the spot": lambda ledger, by, of: findings.solve_finding_on_the_spot(
        findings.SolveFindingOnTheSpot(finding_id=of, summary="当场清走"), ledger, by
    ),
    "rectify": lambda ledger, by, of: findings.rectify_finding(
        findings.RectifyFinding(finding_id=of, summary="通道已清空"), ledger, by
    ),
    "report unrectified": lambda ledger, by, of: findings.report_unrectified(
        findings.ReportUnrectified(finding_id=of, summary="仍未清空"), ledger, by
    ),
    "note score": lambda ledger, by, of: findings.note_assessment_score(
        findings.NoteAssessmentScore(finding_id=of, points=2), ledger, by
    ),
    "withdraw": lambda ledger, by, of: findings.withdraw_finding(
        findings.WithdrawFinding(finding_id=of), ledger, by
    ),
}
OF_A_SERVICE: dict[str, Step] = {
    "verify": lambda ledger, by, of: activities.verify_service(
        activities.VerifyService(activity_id=of, volunteer_id=VOLUNTEER, minutes=60), ledger, by
    ),
    "reject": lambda ledger, by, of: activities.reject_service(
        activities.RejectService(activity_id=of, volunteer_id=VOLUNTEER), ledger, by
    ),
    "withdraw verification": lambda ledger, by, of: activities.withdraw_verification(
        activities.WithdrawVerification(activity_id=of, volunteer_id=VOLUNTEER), ledger, by
    ),
}


@pytest.fixture(autouse=True)
async def county(ledger: Ledger) -> None:
    await build_county(ledger)


@pytest.mark.parametrize("about_id", [PETITIONER, ESTATE, DEPARTMENT])
async def test_of_a_petition(ledger: Ledger, about_id: UUID) -> None:
    await _keeps_from(ledger, OF_A_PETITION, await in_hand(ledger), about_id)


async def test_the_department_that_is_assessed_counts_too(ledger: Ledger) -> None:
    petition_id = await in_hand(ledger)
    assess = {"assess": OF_A_PETITION["assess department"]}
    await _keeps_from(ledger, assess, petition_id, OTHER_DEPARTMENT)


@pytest.mark.parametrize("about_id", [COMPANY, ESTATE])
async def test_of_a_finding(ledger: Ledger, about_id: UUID) -> None:
    appoint = findings.AppointSupervisor(person_id=PERSON, estate_ids=(ESTATE,))
    await findings.appoint_supervisor(appoint, ledger, who())
    finding_id = (await findings.raise_finding(BLOCKED_LANE, ledger, who())).id
    await _keeps_from(ledger, OF_A_FINDING, finding_id, about_id)


@pytest.mark.parametrize("about_id", [VOLUNTEER, OPEN.place_id])
async def test_of_a_volunteers_service(ledger: Ledger, about_id: UUID) -> None:
    activity_id = (await activities.open_activity(OPEN, ledger, who())).id
    await _keeps_from(ledger, OF_A_SERVICE, activity_id, about_id)


async def _keeps_from(
    ledger: Ledger, steps: dict[str, Step], record_id: UUID, about_id: UUID
) -> None:
    """Only whoever declared the interest is refused for it, whatever the record's state is."""
    tied, free = who(700, reason=REASON), who(701, reason=REASON)
    declared = DeclareInterest(person_id=tied.actor_id, about_id=about_id, kind=InterestKind.FAMILY)
    await declare_interest(declared, ledger, tied)
    for name, step in steps.items():
        with pytest.raises(ConflictOfInterest):
            await step(ledger, tied, record_id)
        try:
            await step(ledger, free, record_id)
        except (ConflictOfInterest, Conflict) as refused:
            raise AssertionError(name) from refused
        except LedgerError:
            continue  # this record is not in the state for it; that rule has tests of its own
