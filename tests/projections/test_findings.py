"""Supervisors and findings: commands in, rows out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from ledger.commands.findings import (
    AssignSupervisor,
    HoldCompanyTalk,
    NoteAssessmentScore,
    RectifyFinding,
    ReleaseSupervisor,
    RemindCompany,
    ReportUnrectified,
    SolveFindingOnTheSpot,
    WithdrawFinding,
    assign_supervisor,
    hold_company_talk,
    note_assessment_score,
    rectify_finding,
    release_supervisor,
    remind_company,
    report_unrectified,
    solve_finding_on_the_spot,
    withdraw_finding,
)
from ledger.commands.organisations import EstablishOrganisation, establish_organisation
from ledger.core.errors import NotFound
from ledger.findings import FindingStage
from ledger.organisations import Kind, organisation_id
from ledger.reactions import findings as finding_reaction
from ledger.reactions.engine import Reactions
from ledger.storage.ledger import Ledger
from projections.engine import Row, catch_up, rebuild, verify
from projections.findings import (
    CompanyFindingsQuery,
    FindingAt,
    FindingQuery,
    SupervisorQuery,
    company_findings,
    finding_by_id,
    finding_register,
    supervisor_register,
    view,
)
from tests.petition_world import (
    COMMUNITY,
    COMPANY,
    ESTATE,
    OFFICE,
    SINCE,
    SUPERVISOR,
    day,
    done,
    found_county,
    raised_finding,
    who,
)


@pytest.fixture
async def county(ledger: Ledger) -> Ledger:
    await found_county(ledger)
    return ledger


async def company(ledger: Ledger, **as_of: Any) -> Row:
    await catch_up(ledger, [view])
    page = await company_findings(ledger.pool, ledger.id, CompanyFindingsQuery(**as_of))
    (row,) = page.rows
    return row


async def finding(ledger: Ledger, finding_id: UUID, **as_of: Any) -> Row:
    await catch_up(ledger, [view])
    query = FindingAt(finding_id=finding_id, **as_of)
    return await finding_by_id(ledger.pool, ledger.id, query)


async def ids(ledger: Ledger, query: FindingQuery) -> set[UUID]:
    await catch_up(ledger, [view])
    page = await finding_register(ledger.pool, ledger.id, query)
    return {row["finding_id"] for row in page.rows}


async def reminded(ledger: Ledger, *, on: float = 0, appoint: bool = True) -> UUID:
    finding_id = await raised_finding(ledger, on=on, appoint=appoint)
    await done(remind_company, RemindCompany(finding_id=finding_id), ledger, who(on=on))
    return finding_id


async def test_a_finding_is_followed_from_reminder_to_rectification(county: Ledger) -> None:
    finding_id = await reminded(county)
    seen = RectifyFinding(finding_id=finding_id, summary="已清扫")
    await done(rectify_finding, seen, county, who(on=1))
    row = await finding(county, finding_id)

    assert (row["stage"], row["is_settled"], row["result"]) == ("rectified", True, "已清扫")
    assert (row["due_on"], row["settled_at"]) == (None, day(1))
    assert [step["step"] for step in row["steps"]] == ["raised", "company_reminded", "rectified"]
    assert row["positions"] == [step["position"] for step in row["steps"]]
    counts = await company(county)
    assert (counts["raised"], counts["reminded"], counts["rectified"]) == (1, 1, 1)
    assert (counts["unsettled"], counts["missed"]) == (0, 0)


async def test_a_missed_rectification_counts_against_the_company(county: Ledger) -> None:
    finding_id = await reminded(county)
    reactions = Reactions(county, [finding_reaction.reaction])
    await reactions.catch_up(now=day(5))
    await reactions.catch_up(now=day(6))
    row = await finding(county, finding_id)
    counts = await company(county)

    assert (row["stage"], row["missed_count"], row["steps"][-1]["role"]) == (
        "unrectified",
        1,
        "reaction",
    )
    assert (counts["missed"], counts["unrectified"], counts["unsettled"]) == (1, 1, 1)
    assert await ids(county, FindingQuery(is_overdue=True)) == {finding_id}

    seen = RectifyFinding(finding_id=finding_id, summary="已清扫")
    await done(rectify_finding, seen, county, who(on=7))
    counts = await company(county)
    assert (counts["missed"], counts["unrectified"], counts["unsettled"]) == (1, 0, 0)


async def test_talks_and_scores_add_up(county: Ledger) -> None:
    finding_id = await reminded(county)
    again = RemindCompany(finding_id=finding_id, days=1)
    await done(remind_company, again, county, who(on=1))
    bad = ReportUnrectified(finding_id=finding_id, summary="仍未清扫")
    await done(report_unrectified, bad, county, who(on=2))
    talk = HoldCompanyTalk(finding_id=finding_id, convener_id=OFFICE, conclusion="限期整改")
    await done(hold_company_talk, talk, county, who(on=3))
    for points in (-5, -2):
        score = NoteAssessmentScore(finding_id=finding_id, points=points)
        await done(note_assessment_score, score, county, who(on=3))
    counts = await company(county)

    assert (counts["reminded"], counts["reminders"], counts["talks"]) == (1, 2, 1)
    assert (counts["assessment_points"], counts["unrectified"]) == (-7, 1)
    assert counts["first_position"] < counts["last_position"]
    assert (await finding(county, finding_id))["talks_count"] == 1


async def test_a_supervisor_has_estates_and_what_was_found_there(county: Ledger) -> None:
    solved_id = await raised_finding(county)
    at_once = SolveFindingOnTheSpot(finding_id=solved_id, summary="当场清扫")
    await done(solve_finding_on_the_spot, at_once, county, who())
    mistake_id = await raised_finding(county, on=1, appoint=False)
    mistake = WithdrawFinding(finding_id=mistake_id)
    await done(withdraw_finding, mistake, county, who(on=1, reason="地点有误"))
    second = EstablishOrganisation(
        code="second", kind=Kind.ESTATE, name_zh="二期", valid_from=SINCE, parent_id=COMMUNITY
    )
    await done(establish_organisation, second, county, who())
    second_id = organisation_id("second")
    more = AssignSupervisor(person_id=SUPERVISOR, estate_id=second_id)
    await done(assign_supervisor, more, county, who(on=2))
    less = ReleaseSupervisor(person_id=SUPERVISOR, estate_id=ESTATE)
    await done(release_supervisor, less, county, who(on=3, reason="调整分工"))
    await catch_up(county, [view])

    async def of_estate(estate_id: UUID, **as_of: Any) -> list[Row]:
        query = SupervisorQuery(estate_id=estate_id, **as_of)
        return (await supervisor_register(county.pool, county.id, query)).rows

    (row,) = await of_estate(second_id)
    assert (row["person_id"], row["findings_count"], row["settled_count"]) == (SUPERVISOR, 2, 1)
    assert await of_estate(ESTATE) == []
    (before,) = await of_estate(ESTATE, at=day(2.5))
    assert before["estate_ids"] == [ESTATE, second_id]
    counts = await company(county)
    assert (counts["solved_on_the_spot"], counts["withdrawn"], counts["unsettled"]) == (1, 1, 0)


async def test_every_filter_narrows_the_findings(county: Ledger) -> None:
    first = await reminded(county)
    second = await raised_finding(county, on=3, appoint=False)
    for query, found in (
        (FindingQuery(), {first, second}),
        (FindingQuery(company_id=COMPANY, estate_id=ESTATE), {first, second}),
        (FindingQuery(supervisor_id=UUID(int=1)), set()),
        (FindingQuery(stage=FindingStage.REMINDED), {first}),
        (FindingQuery(is_settled=True), set()),
        (FindingQuery(is_overdue=True, at=day(1)), set()),
        (FindingQuery(is_overdue=True, at=day(4)), {first}),
        (FindingQuery(is_overdue=False, at=day(4)), {second}),
        (FindingQuery(raised_from=day(3).date()), {second}),
        (FindingQuery(raised_to=day(2).date()), {first}),
    ):
        assert await ids(county, query) == found, query


async def test_findings_can_be_read_as_they_were(county: Ledger) -> None:
    finding_id = await reminded(county)
    known = county.clock()
    seen = RectifyFinding(finding_id=finding_id, summary="已清扫")
    await done(rectify_finding, seen, county, who(on=1))

    assert (await finding(county, finding_id, at=day(0.5)))["stage"] == "reminded"
    assert len((await finding(county, finding_id, known_at=known))["steps"]) == 2
    assert (await company(county, at=day(0.5)))["unsettled"] == 1
    assert (await company(county, known_at=known))["rectified"] == 0
    with pytest.raises(NotFound):
        await finding(county, finding_id, at=day(-1))


async def test_rebuild_equals_incremental(county: Ledger, store_dsn: str) -> None:
    finding_id = await reminded(county)
    for number in range(2):
        await reminded(county, on=number, appoint=False)
        await catch_up(county, [view])
    await Reactions(county, [finding_reaction.reaction]).catch_up(now=day(9))
    await catch_up(county, [view])
    seen = RectifyFinding(finding_id=finding_id, summary="已清扫")
    await done(rectify_finding, seen, county, who(on=10))
    await catch_up(county, [view])

    assert (await verify(store_dsn, county.id, view)).is_right
    assert (await rebuild(store_dsn, county.id, view)).row_count > 20
