"""Escalation, supervision and the conduct of units through commands, on a real PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from ledger.commands.calendar import PublishCalendarYear, publish_calendar_year
from ledger.commands.conduct import (
    AnalysePerformance,
    HoldUnitTalk,
    RecordInspectionFinding,
    TransferUnit,
    analyse_performance,
    conduct_of,
    hold_unit_talk,
    record_inspection_finding,
    transfer_unit,
)
from ledger.commands.petition_supervision import (
    EscalatePetition,
    HoldJointMeeting,
    IssueSupervisionOrder,
    MeetSupervisionOrder,
    NothingToRecount,
    RecountDeadlines,
    SupervisionTooLong,
    escalate_petition,
    hold_joint_meeting,
    issue_supervision_order,
    meet_supervision_order,
    recount_deadlines,
)
from ledger.conduct import FindingKind, TalkWithoutFinding, TransferNotDue, UnitConduct
from ledger.core.errors import NotFound
from ledger.petitions import Cause, Level, Petition, events
from ledger.storage.ledger import Ledger
from tests.commands.county import (
    COUNTY,
    DEPARTMENT,
    EFFICIENCY_OFFICE,
    OTHER_DEPARTMENT,
    REASON,
    SUPERVISOR,
    build_county,
    in_hand,
    who,
)


@pytest.fixture(autouse=True)
async def county(ledger: Ledger) -> None:
    await build_county(ledger)


async def at_county(ledger: Ledger) -> UUID:
    petition_id = await in_hand(ledger)
    for level in (Level.STREET, Level.COUNTY):
        escalate = EscalatePetition(petition_id=petition_id, level=level, cause=Cause.UNRESOLVED)
        await escalate_petition(escalate, ledger, who(SUPERVISOR, reason=REASON))
    return petition_id


async def test_an_escalation_names_who_held_the_petition(ledger: Ledger) -> None:
    petition_id = await in_hand(ledger)
    escalate = EscalatePetition(petition_id=petition_id, level=Level.STREET, cause=Cause.OVERDUE)
    recorded = await escalate_petition(escalate, ledger, who(SUPERVISOR, reason=REASON))

    (event,) = recorded.events
    assert isinstance(event, events.Escalated)
    assert (event.unit_id, event.petition_round) == (DEPARTMENT, 1)


async def test_the_county_meets_orders_and_is_obeyed(ledger: Ledger) -> None:
    petition_id = await at_county(ledger)
    meeting = HoldJointMeeting(
        petition_id=petition_id,
        convener_id=COUNTY,
        unit_ids=(DEPARTMENT, OTHER_DEPARTMENT),
        conclusion="由住建部门牵头整改",
    )
    await hold_joint_meeting(meeting, ledger, who(SUPERVISOR))
    order = IssueSupervisionOrder(
        petition_id=petition_id, unit_id=DEPARTMENT, demand="限期修复车库防水"
    )
    with pytest.raises(SupervisionTooLong):
        await issue_supervision_order(replace(order, days=31), ledger, who(SUPERVISOR))
    await issue_supervision_order(order, ledger, who(SUPERVISOR))

    petition = await ledger.load(Petition, petition_id)
    assert petition.clocks[-1].due_on == date(2026, 3, 16)
    met = MeetSupervisionOrder(petition_id=petition_id)
    await meet_supervision_order(met, ledger, who(SUPERVISOR, on="2026-03-16"))
    assert (await ledger.load(Petition, petition_id)).supervised_unit_id is None


async def test_an_announced_year_moves_provisional_deadlines(ledger: Ledger) -> None:
    petition_id = await in_hand(ledger, on="2026-12-30")
    recount = RecountDeadlines(petition_id=petition_id)
    with pytest.raises(NothingToRecount):
        await recount_deadlines(recount, ledger, who(on="2026-12-31"))

    notice = PublishCalendarYear(
        year=2027,
        holidays=(date(2027, 1, 1), date(2027, 1, 4)),
        workdays=(),
        notice="测试用放假安排",
    )
    before = (await ledger.load(Petition, petition_id)).clocks
    await publish_calendar_year(notice, ledger, who(on="2026-12-31"))
    await recount_deadlines(recount, ledger, who(on="2026-12-31"))

    (clock,) = (await ledger.load(Petition, petition_id)).clocks
    assert before[0].is_provisional
    assert not clock.is_provisional
    assert clock.due_on > before[0].due_on
    with pytest.raises(NothingToRecount):
        await recount_deadlines(recount, ledger, who(on="2026-12-31"))


async def fall_due(ledger: Ledger) -> UnitConduct:
    """Let three escalations of the department make a transfer due, as the reaction does."""
    conduct = await conduct_of(ledger, DEPARTMENT, who())
    for number in range(3):
        conduct.note_escalation(who(), petition_id=UUID(int=number), petition_round=1)
    conduct.fall_due_for_transfer(
        who(), escalations_min=3, due_on=date(2026, 3, 9), is_provisional=False
    )
    await ledger.save(conduct)
    return conduct


async def test_a_unit_is_transferred_analysed_inspected_and_talked_to(ledger: Ledger) -> None:
    await fall_due(ledger)
    transfer = TransferUnit(unit_id=DEPARTMENT, office_id=EFFICIENCY_OFFICE)
    recorded = await transfer_unit(transfer, ledger, who(on="2026-03-05"))
    assert recorded.id == UnitConduct.create_id(unit_id=DEPARTMENT)
    with pytest.raises(TransferNotDue):
        await transfer_unit(transfer, ledger, who(on="2026-03-05"))

    analyse = AnalysePerformance(unit_id=DEPARTMENT, conclusion="职责不清，响应迟缓")
    await analyse_performance(analyse, ledger, who())
    talk = HoldUnitTalk(unit_id=DEPARTMENT, convener_id=COUNTY, conclusion="一个月内整改到位")
    with pytest.raises(TalkWithoutFinding):
        await hold_unit_talk(talk, ledger, who())
    finding = RecordInspectionFinding(
        unit_id=DEPARTMENT, kind=FindingKind.SLOWNESS, summary="三件工单均超期后才到场"
    )
    await record_inspection_finding(finding, ledger, who())
    await hold_unit_talk(talk, ledger, who())

    conduct = await ledger.load(UnitConduct, recorded.id)
    assert (conduct.transfers_count, conduct.talks_count) == (1, 1)


async def test_conduct_is_of_a_known_unit(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        analyse = AnalysePerformance(unit_id=UUID(int=1), conclusion="情况说明")
        await analyse_performance(analyse, ledger, who())
