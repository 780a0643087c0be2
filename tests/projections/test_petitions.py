"""A petition and its timeline: commands in, rows out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from ledger.commands.calendar import PublishCalendarYear, publish_calendar_year
from ledger.commands.petition_closing import (
    ReopenPetition,
    ResumeHandling,
    VisitBack,
    reopen_petition,
    resume_handling,
    visit_back,
)
from ledger.commands.petition_handling import (
    AnswerPetition,
    ApproveExtension,
    BlowWhistle,
    ClaimResponsibility,
    ReportDepartmentIn,
    ReportObligorSpend,
    RequestExtension,
    ReverseObligorSpend,
    answer_petition,
    approve_extension,
    blow_whistle,
    claim_responsibility,
    report_department_in,
    report_obligor_spend,
    request_extension,
    reverse_obligor_spend,
)
from ledger.commands.petition_supervision import (
    IssueSupervisionOrder,
    MeetSupervisionOrder,
    RecountDeadlines,
    issue_supervision_order,
    meet_supervision_order,
    recount_deadlines,
)
from ledger.commands.petitions import (
    DispatchPetition,
    DisputeDispatch,
    MergePetition,
    ReturnDispatch,
    dispatch_petition,
    dispute_dispatch,
    merge_petition,
    return_dispatch,
)
from ledger.petitions import Level, Outcome
from ledger.reactions import petitions as petition_reaction
from ledger.reactions.engine import Reactions
from ledger.storage.ledger import Ledger
from projections.engine import catch_up, rebuild, verify
from projections.petition_register import (
    PetitionAt,
    PetitionQuery,
    petition_by_id,
)
from projections.petitions import view
from tests.petition_world import (
    APPROVER,
    COMMUNITY,
    COMPANY,
    DEPARTMENT,
    DISPATCHER,
    HANDLER,
    OTHER_UNIT,
    UNIT,
    VISITOR,
    day,
    done,
    escalated,
    filed,
    found_county,
    in_hand,
    solved,
    who,
)
from tests.projections.petition_asking import ids, timeline


@pytest.fixture
async def county(ledger: Ledger) -> Ledger:
    await found_county(ledger)
    return ledger


async def disputed_and_solved(ledger: Ledger) -> UUID:
    """Filed Monday, sent Tuesday, disputed Wednesday, sent elsewhere Thursday, solved Monday."""
    petition_id = await filed(ledger)
    send = DispatchPetition(petition_id=petition_id, unit_id=UNIT)
    dispute = DisputeDispatch(petition_id=petition_id)
    take_back = ReturnDispatch(petition_id=petition_id)
    await done(dispatch_petition, send, ledger, who(DISPATCHER, on=1))
    await done(dispute_dispatch, dispute, ledger, who(HANDLER, on=2, reason="应由市政中心办理"))
    await done(return_dispatch, take_back, ledger, who(DISPATCHER, on=3, reason="情况属实"))
    claim = ClaimResponsibility(petition_id=petition_id, company_id=COMPANY)
    await done(claim_responsibility, claim, ledger, who(on=3, organisation_id=COMPANY))
    await solved(ledger, petition_id, on=7)
    return petition_id


async def test_a_petition_is_listed_as_it_stands(county: Ledger) -> None:
    petition_id = await disputed_and_solved(county)
    await catch_up(county, [view])
    row = await petition_by_id(county.pool, county.id, PetitionAt(petition_id=petition_id))

    assert (row["stage"], row["is_open"], row["holder_id"]) == ("closed", False, COMPANY)
    assert row["unit_ids"] == [COMMUNITY, UNIT, COMPANY]
    assert (row["is_resolved"], row["is_satisfied"], row["outcome"]) == (True, True, "resolved")
    assert (row["filed_on"], row["ended_at"]) == (date(2026, 3, 2), day(7))
    assert (row["due_on"], row["clocks"], row["is_overdue"]) == (None, [], False)
    first = row["positions"][0]
    assert row["positions"] == list(range(first, first + 8))


async def test_the_timeline_tells_who_held_it_and_for_how_long(county: Ledger) -> None:
    told = await timeline(county, await disputed_and_solved(county), until=30)

    held = [(h["holder_id"], h["from_at"], h["until_at"]) for h in told["holdings"]]
    assert held == [
        (COMMUNITY, day(0), day(1)),
        (UNIT, day(1), day(3)),
        (COMMUNITY, day(3), day(3)),
        (COMPANY, day(3), day(7)),
    ]
    last = told["holdings"][-1]
    assert last["elapsed_minutes"] == 4 * 24 * 60
    assert last["working_minutes"] == 2 * 24 * 60  # Saturday and Sunday lie between
    assert last["working_days"] == 2
    assert len(last["positions"]) == 2
    assert [step["step"] for step in told["steps"]] == [
        "filed",
        "dispatched",
        "dispatch_disputed",
        "dispatch_returned",
        "responsibility_claimed",
        "answered",
        "visited_back",
        "closed",
    ]


async def test_the_timeline_tells_which_clock_ran_and_whether_it_was_kept(county: Ledger) -> None:
    told = await timeline(county, await disputed_and_solved(county), until=30)

    clocks = [(c["clock"], c["holder_id"], c["state"], c["ended_by"]) for c in told["clocks"]]
    assert clocks == [
        ("routing", COMMUNITY, "kept", "dispatched"),
        ("acceptance", UNIT, "kept", "dispatch_disputed"),
        ("handling", UNIT, "lapsed", "dispatch_returned"),
        ("routing", COMMUNITY, "kept", "responsibility_claimed"),
        ("handling", COMPANY, "kept", "answered"),
        ("visit_back", COMMUNITY, "kept", "visited_back"),
    ]


async def test_whoever_still_holds_it_is_counted_up_to_the_moment_asked_for(
    county: Ledger,
) -> None:
    told = await timeline(county, await in_hand(county), until=2.5)

    (_, held) = told["holdings"]
    assert (held["holder_id"], held["until_at"]) == (UNIT, None)
    assert held["elapsed_minutes"] == 60 * 60
    assert told["clocks"][-1]["state"] == "running"


async def test_a_missed_deadline_is_a_step_and_the_petition_stays_overdue(county: Ledger) -> None:
    petition_id = await in_hand(county)
    reactions = Reactions(county, [petition_reaction.reaction])
    before = await timeline(county, petition_id, until=10)
    await reactions.catch_up(now=day(10))
    after = await timeline(county, petition_id, until=30)

    assert before["clocks"][-1]["state"] == "overdue"
    assert after["steps"][-1]["step"] == "deadline_missed"
    assert after["steps"][-1]["detail"]["clock"] == "handling"
    assert after["steps"][-1]["role"] == "reaction"
    assert after["petition"]["missed_count"] == 1
    assert (after["clocks"][-1]["state"], after["clocks"][-1]["ended_at"]) == ("missed", None)
    assert after["petition"]["due_on"] == date(2026, 3, 11)
    overdue = PetitionQuery(is_overdue=True, at=day(20))
    assert await ids(county, overdue) == {petition_id}


async def test_what_was_done_late_counts_as_missed_once(county: Ledger) -> None:
    petition_id = await in_hand(county)
    await solved(county, petition_id, on=14)
    await Reactions(county, [petition_reaction.reaction]).catch_up(now=day(15))
    told = await timeline(county, petition_id, until=30)

    (handling,) = (c for c in told["clocks"] if c["clock"] == "handling")
    assert (handling["state"], handling["ended_by"], handling["ended_at"]) == (
        "missed",
        "answered",
        day(14),
    )
    assert len(handling["positions"]) == 3
    assert told["petition"]["missed_count"] == 1
    assert not told["petition"]["is_overdue"]


async def test_an_extension_replaces_the_clock(county: Ledger) -> None:
    petition_id = await in_hand(county)
    ask = RequestExtension(petition_id=petition_id, days=5)
    await done(request_extension, ask, county, who(HANDLER, on=3, reason="配件到货晚"))
    grant = ApproveExtension(petition_id=petition_id)
    await done(approve_extension, grant, county, who(APPROVER, on=4))
    told = await timeline(county, petition_id, until=5)

    states = [(c["clock"], c["state"]) for c in told["clocks"][-2:]]
    assert states == [("handling", "lapsed"), ("extension", "running")]
    assert told["petition"]["due_on"] == date(2026, 3, 18)
    assert told["petition"]["extensions_count"] == 1


async def test_a_whistle_has_a_clock_for_each_department(county: Ledger) -> None:
    petition_id = await in_hand(county)
    call = BlowWhistle(petition_id=petition_id, department_ids=(DEPARTMENT, OTHER_UNIT))
    await done(blow_whistle, call, county, who(HANDLER))
    come = ReportDepartmentIn(petition_id=petition_id, department_id=DEPARTMENT)
    await done(report_department_in, come, county, who(on=1, organisation_id=DEPARTMENT))
    told = await timeline(county, petition_id, until=5)

    states = {c["holder_id"]: c["state"] for c in told["clocks"] if c["clock"] == "whistle"}
    assert states == {DEPARTMENT: "kept", OTHER_UNIT: "overdue"}


async def test_supervision_is_followed_to_its_end(county: Ledger) -> None:
    petition_id = await in_hand(county)
    await escalated(county, petition_id, Level.STREET, Level.COUNTY, on=1)
    order = IssueSupervisionOrder(petition_id=petition_id, unit_id=UNIT, demand="限期修复", days=3)
    await done(issue_supervision_order, order, county, who(APPROVER, on=1))
    supervised = await timeline(county, petition_id, until=2)
    met = MeetSupervisionOrder(petition_id=petition_id)
    await done(meet_supervision_order, met, county, who(VISITOR, on=3))
    told = await timeline(county, petition_id, until=4)

    assert supervised["petition"]["supervised_unit_id"] == UNIT
    assert told["petition"]["supervised_unit_id"] is None
    assert told["petition"]["levels_reached"] == ["community", "street", "county"]
    assert told["clocks"][-1]["state"] == "kept"


async def test_a_reopened_petition_begins_another_round(county: Ledger) -> None:
    petition_id = await in_hand(county)
    await solved(county, petition_id, on=1)
    again = ReopenPetition(petition_id=petition_id)
    await done(reopen_petition, again, county, who(on=4, reason="再次积水"))
    told = await timeline(county, petition_id, until=5)

    assert (told["petition"]["stage"], told["petition"]["round"]) == ("filed", 2)
    assert told["petition"]["is_resolved"] is None
    last, before = told["holdings"][-1], told["holdings"][-2]
    assert (before["until_at"], last["from_at"]) == (day(1), day(4))
    assert last["holder_id"] == COMMUNITY


async def test_a_visit_that_finds_it_unsolved_lets_the_unit_go_on(county: Ledger) -> None:
    petition_id = await in_hand(county)
    answer = AnswerPetition(petition_id=petition_id, outcome=Outcome.EXPLAINED, summary="已说明")
    await done(answer_petition, answer, county, who(HANDLER, on=1))
    visit = VisitBack(petition_id=petition_id, is_resolved=False, is_satisfied=False)
    await done(visit_back, visit, county, who(VISITOR, on=2))
    await done(resume_handling, ResumeHandling(petition_id=petition_id), county, who(on=2))
    told = await timeline(county, petition_id, until=3)

    assert (told["petition"]["stage"], told["petition"]["is_satisfied"]) == ("accepted", False)
    assert [h["holder_id"] for h in told["holdings"]] == [COMMUNITY, UNIT]


async def test_what_a_company_spent_itself_is_added_up(county: Ledger) -> None:
    petition_id = await filed(county)
    claim = ClaimResponsibility(petition_id=petition_id, company_id=COMPANY)
    await done(claim_responsibility, claim, county, who(organisation_id=COMPANY))
    spend = ReportObligorSpend(
        petition_id=petition_id, payer_id=COMPANY, amount_fen=40_000_00, purpose="除湿机"
    )
    await done(report_obligor_spend, spend, county, who(organisation_id=COMPANY))
    twice = replace(spend, amount_fen=1_00)
    recorded = await done(report_obligor_spend, twice, county, who(organisation_id=COMPANY))
    back = ReverseObligorSpend(petition_id=petition_id, version_reversed=recorded.version)
    company = who(reason="误报", organisation_id=COMPANY)
    await done(reverse_obligor_spend, back, county, company)
    told = await timeline(county, petition_id, until=1)

    assert told["petition"]["obligor_spent_fen"] == 40_000_00
    assert told["petition"]["obligor_ids"] == [COMPANY]


async def test_a_recounted_deadline_shows_its_new_day(county: Ledger) -> None:
    petition_id = await in_hand(county, on=300)  # 27 December 2026: 2027 is not announced
    before = await timeline(county, petition_id, until=301)
    assert before["petition"]["is_provisional"]
    notice = PublishCalendarYear(
        year=2027,
        holidays=(date(2027, 1, 1), date(2027, 1, 4)),
        workdays=(),
        notice="国办发明电〔2026〕7号",
    )
    await done(publish_calendar_year, notice, county, who(on=301))
    recount = RecountDeadlines(petition_id=petition_id)
    await done(recount_deadlines, recount, county, who(on=301))
    told = await timeline(county, petition_id, until=302)

    handling = told["clocks"][-1]
    assert handling["due_on"] > before["clocks"][-1]["due_on"]
    assert not handling["is_provisional"]
    assert told["petition"]["due_on"] == handling["due_on"]
    assert len(handling["positions"]) == 2


async def test_merged_petitions_point_at_each_other(county: Ledger) -> None:
    first, second = await filed(county), await filed(county, on=1)
    merge = MergePetition(petition_id=second, into_petition_id=first)
    await done(merge_petition, merge, county, who(on=1))
    told = await timeline(county, second, until=2)
    into = await timeline(county, first, until=2)

    assert (told["petition"]["stage"], told["petition"]["merged_into_id"]) == ("merged", first)
    assert into["petition"]["absorbed_ids"] == [second]
    assert told["holdings"][-1]["until_at"] == day(1)
    assert told["clocks"][0]["state"] == "lapsed"


async def test_rebuild_equals_incremental(county: Ledger, store_dsn: str) -> None:
    await disputed_and_solved(county)
    await catch_up(county, [view])
    petition_id = await in_hand(county, on=1)
    await catch_up(county, [view])
    await Reactions(county, [petition_reaction.reaction]).catch_up(now=day(30))
    await catch_up(county, [view])
    await solved(county, petition_id, on=31)
    await catch_up(county, [view])

    assert (await verify(store_dsn, county.id, view)).is_right
    rebuilt = await rebuild(store_dsn, county.id, view)
    assert rebuilt.row_count > 30
