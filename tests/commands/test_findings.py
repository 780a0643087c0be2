"""Estate supervisors and their findings through commands, on a real PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from ledger.commands.findings import (
    AlreadyAppointed,
    AppointSupervisor,
    AssignSupervisor,
    HoldCompanyTalk,
    NoteAssessmentScore,
    RaiseFinding,
    RectifyFinding,
    ReleaseSupervisor,
    RemindCompany,
    ReminderTooLong,
    ReportUnrectified,
    SolveFindingOnTheSpot,
    WithdrawFinding,
    appoint_supervisor,
    assign_supervisor,
    hold_company_talk,
    note_assessment_score,
    raise_finding,
    rectify_finding,
    release_supervisor,
    remind_company,
    report_unrectified,
    solve_finding_on_the_spot,
    withdraw_finding,
)
from ledger.commands.petition_terms import NotListed, OrganisationKindWrong
from ledger.commands.plain_texts import PersonalDataInText
from ledger.core.errors import NotFound
from ledger.findings import Finding, FindingSource, FindingStage, Supervisor
from ledger.findings.errors import EstateNotSupervised
from ledger.storage.ledger import Ledger
from tests.commands.county import (
    COMMUNITY,
    COMPANY,
    ESTATE,
    OTHER_ESTATE,
    REASON,
    STREET,
    build_county,
    who,
)

PERSON = UUID(int=950)

BLOCKED_LANE = RaiseFinding(
    supervisor_id=PERSON,
    estate_id=ESTATE,
    company_id=COMPANY,
    source=FindingSource.UNANNOUNCED_VISIT,
    category="safety",
    item="fire_lane",
    summary="三号楼前消防通道被车辆占用",
)


@pytest.fixture(autouse=True)
async def county(ledger: Ledger) -> None:
    await build_county(ledger)
    appoint = AppointSupervisor(person_id=PERSON, estate_ids=(ESTATE,))
    await appoint_supervisor(appoint, ledger, who())


async def raised(ledger: Ledger) -> UUID:
    return (await raise_finding(BLOCKED_LANE, ledger, who())).id


async def stage(ledger: Ledger, finding_id: UUID) -> FindingStage:
    return (await ledger.load(Finding, finding_id)).stage


async def test_a_person_is_appointed_once_and_gets_estates(ledger: Ledger) -> None:
    with pytest.raises(AlreadyAppointed):
        again = AppointSupervisor(person_id=PERSON, estate_ids=(OTHER_ESTATE,))
        await appoint_supervisor(again, ledger, who())

    assign = AssignSupervisor(person_id=PERSON, estate_id=OTHER_ESTATE)
    await assign_supervisor(assign, ledger, who())
    release = ReleaseSupervisor(person_id=PERSON, estate_id=ESTATE)
    recorded = await release_supervisor(release, ledger, who(reason=REASON))
    assert (await ledger.load(Supervisor, recorded.id)).estate_ids == {OTHER_ESTATE}


async def test_only_supervisors_are_assigned_and_only_to_estates(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        nobody = AssignSupervisor(person_id=UUID(int=1), estate_id=ESTATE)
        await assign_supervisor(nobody, ledger, who())
    with pytest.raises(OrganisationKindWrong):
        community = AssignSupervisor(person_id=PERSON, estate_id=COMMUNITY)
        await assign_supervisor(community, ledger, who())


async def test_a_finding_is_raised_on_a_supervised_estate(ledger: Ledger) -> None:
    assert await stage(ledger, await raised(ledger)) == FindingStage.RAISED
    with pytest.raises(EstateNotSupervised):
        await raise_finding(replace(BLOCKED_LANE, estate_id=OTHER_ESTATE), ledger, who())
    with pytest.raises(EstateNotSupervised):
        await raise_finding(replace(BLOCKED_LANE, supervisor_id=UUID(int=1)), ledger, who())
    with pytest.raises(NotListed):
        await raise_finding(replace(BLOCKED_LANE, item="lift"), ledger, who())
    with pytest.raises(OrganisationKindWrong):
        await raise_finding(replace(BLOCKED_LANE, company_id=STREET), ledger, who())
    with pytest.raises(PersonalDataInText):
        await raise_finding(replace(BLOCKED_LANE, summary="车主13800138000"), ledger, who())


async def test_a_company_is_reminded_and_puts_it_right(ledger: Ledger) -> None:
    finding_id = await raised(ledger)
    with pytest.raises(ReminderTooLong):
        await remind_company(RemindCompany(finding_id=finding_id, days=16), ledger, who())
    await remind_company(RemindCompany(finding_id=finding_id), ledger, who())
    assert (await ledger.load(Finding, finding_id)).due_on == date(2026, 3, 4)

    rectify = RectifyFinding(finding_id=finding_id, summary="通道已清空")
    await rectify_finding(rectify, ledger, who(on="2026-03-03"))
    assert await stage(ledger, finding_id) == FindingStage.RECTIFIED


async def test_a_company_that_does_nothing_is_talked_to_and_scored(ledger: Ledger) -> None:
    finding_id = await raised(ledger)
    await remind_company(RemindCompany(finding_id=finding_id, days=1), ledger, who())
    report = ReportUnrectified(finding_id=finding_id, summary="仍有车辆占用")
    await report_unrectified(report, ledger, who(on="2026-03-04"))
    talk = HoldCompanyTalk(finding_id=finding_id, convener_id=STREET, conclusion="三日内整改")
    await hold_company_talk(talk, ledger, who(on="2026-03-05"))
    score = NoteAssessmentScore(finding_id=finding_id, points=-2)
    await note_assessment_score(score, ledger, who(on="2026-03-05"))

    finding = await ledger.load(Finding, finding_id)
    assert finding.is_unrectified
    assert (finding.talks_count, finding.assessment_points) == (1, -2)


async def test_a_finding_is_solved_on_the_spot_or_withdrawn(ledger: Ledger) -> None:
    first, second = await raised(ledger), await raised(ledger)
    solve = SolveFindingOnTheSpot(finding_id=first, summary="当场移车")
    await solve_finding_on_the_spot(solve, ledger, who())
    await withdraw_finding(WithdrawFinding(finding_id=second), ledger, who(reason=REASON))

    assert await stage(ledger, first) == FindingStage.SOLVED_ON_THE_SPOT
    assert await stage(ledger, second) == FindingStage.WITHDRAWN
