"""Handling petitions through commands, on a real PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from ledger.commands.petition_closing import (
    ClosePetition,
    ReopenPetition,
    ResumeHandling,
    VisitBack,
    WithdrawPetition,
    close_petition,
    reopen_petition,
    resume_handling,
    visit_back,
    withdraw_petition,
)
from ledger.commands.petition_handling import (
    AnswerForDepartment,
    AnswerPetition,
    ApproveExtension,
    AssessDepartment,
    BlowWhistle,
    ClaimResponsibility,
    HoldFourPartyMeeting,
    RejectExtension,
    ReportDepartmentIn,
    ReportObligorSpend,
    RequestExtension,
    ReverseObligorSpend,
    TakeAction,
    answer_for_department,
    answer_petition,
    approve_extension,
    assess_department,
    blow_whistle,
    claim_responsibility,
    hold_four_party_meeting,
    reject_extension,
    report_department_in,
    report_obligor_spend,
    request_extension,
    reverse_obligor_spend,
    take_action,
)
from ledger.commands.petition_terms import OrganisationKindWrong
from ledger.commands.plain_texts import PersonalDataInText
from ledger.petitions import MeetingOutcome, Outcome, Petition, Side, Stage, events
from ledger.petitions.errors import (
    ExtensionsUsedUp,
    ExtensionTooLong,
    NothingToExtend,
    QuorumMissing,
    ReopenTooLate,
)
from ledger.storage.ledger import Ledger
from tests.commands.county import (
    APPROVER,
    COMMUNITY,
    COMPANY,
    DEPARTMENT,
    ESTATE,
    HANDLER,
    OTHER_DEPARTMENT,
    REASON,
    VISITOR,
    build_county,
    filed,
    in_hand,
    who,
)

FOUR_SIDES = (
    Side.COMMUNITY_PARTY_ORGANISATION,
    Side.RESIDENTS_COMMITTEE,
    Side.OWNERS_COMMITTEE,
    Side.PROPERTY_COMPANY,
)


@pytest.fixture(autouse=True)
async def county(ledger: Ledger) -> None:
    await build_county(ledger)


async def dues(ledger: Ledger, petition_id: UUID) -> dict[str, str]:
    petition = await ledger.load(Petition, petition_id)
    return {clock.clock: clock.due_on.isoformat() for clock in petition.clocks}


async def answered(ledger: Ledger, *, on: str = "2026-03-03") -> UUID:
    petition_id = await in_hand(ledger)
    action = TakeAction(petition_id=petition_id, summary="已安排保洁人员清理")
    await take_action(action, ledger, who(HANDLER, on=on))
    answer = AnswerPetition(
        petition_id=petition_id, outcome=Outcome.RESOLVED, summary="通风系统已修复"
    )
    await answer_petition(answer, ledger, who(HANDLER, on=on))
    return petition_id


async def test_a_called_department_comes_answers_and_is_assessed(ledger: Ledger) -> None:
    petition_id = await in_hand(ledger)
    whistle = BlowWhistle(
        petition_id=petition_id, department_ids=(OTHER_DEPARTMENT, OTHER_DEPARTMENT)
    )
    await blow_whistle(whistle, ledger, who(HANDLER))
    assert (await dues(ledger, petition_id))["whistle"] == "2026-03-03"

    of = {"petition_id": petition_id, "department_id": OTHER_DEPARTMENT}
    officer = who(on="2026-03-03", of=OTHER_DEPARTMENT)
    await report_department_in(ReportDepartmentIn(**of), ledger, officer)
    assert "whistle" not in await dues(ledger, petition_id)
    answer = AnswerForDepartment(**of, summary="已检修排水泵")
    await answer_for_department(answer, ledger, officer)
    assess = AssessDepartment(**of, is_prompt=True, is_effective=True)
    recorded = await assess_department(assess, ledger, who(on="2026-03-04"))
    assert isinstance(recorded.events[0], events.DepartmentAssessed)


async def test_an_estate_is_not_called(ledger: Ledger) -> None:
    petition_id = await in_hand(ledger)

    with pytest.raises(OrganisationKindWrong):
        whistle = BlowWhistle(petition_id=petition_id, department_ids=(ESTATE,))
        await blow_whistle(whistle, ledger, who(HANDLER))


async def test_the_policies_say_who_makes_up_the_four_party_meeting(ledger: Ledger) -> None:
    petition_id = await in_hand(ledger)
    meeting = HoldFourPartyMeeting(
        petition_id=petition_id,
        sides=(*FOUR_SIDES, Side.DEPARTMENT),
        led_by=Side.COMMUNITY_PARTY_ORGANISATION,
        outcome=MeetingOutcome.CARRIED_ON,
    )
    recorded = await hold_four_party_meeting(meeting, ledger, who())
    assert isinstance(recorded.events[0], events.FourPartyMeetingHeld)

    with pytest.raises(QuorumMissing):
        few = replace(meeting, sides=FOUR_SIDES[:3])
        await hold_four_party_meeting(few, ledger, who())


async def test_a_company_claims_on_the_spot_and_spends_its_own_money(ledger: Ledger) -> None:
    """The damp garage of the source document: eight cleaners and 40,000 yuan."""
    petition_id = await filed(ledger, channel="reception_day")
    claim = ClaimResponsibility(petition_id=petition_id, company_id=COMPANY)
    await claim_responsibility(claim, ledger, who(of=COMPANY))
    assert await dues(ledger, petition_id) == {"handling": "2026-03-11"}

    spend = ReportObligorSpend(
        petition_id=petition_id,
        payer_id=COMPANY,
        amount_fen=40_000_00,
        purpose="购买除湿机，维修通风系统",
    )
    recorded = await report_obligor_spend(spend, ledger, who(of=COMPANY))
    petition = await ledger.load(Petition, petition_id)
    assert (petition.holder_id, petition.obligor_spent_fen) == (COMPANY, 40_000_00)

    reverse = ReverseObligorSpend(petition_id=petition_id, version_reversed=recorded.version)
    await reverse_obligor_spend(reverse, ledger, who(reason=REASON, of=COMPANY))
    assert (await ledger.load(Petition, petition_id)).obligor_spent_fen == 0


async def test_only_a_property_company_claims(ledger: Ledger) -> None:
    petition_id = await filed(ledger)

    with pytest.raises(OrganisationKindWrong):
        claim = ClaimResponsibility(petition_id=petition_id, company_id=DEPARTMENT)
        await claim_responsibility(claim, ledger, who())


async def test_a_hotline_answer_is_extended_by_ten_working_days_at_most(ledger: Ledger) -> None:
    petition_id = await in_hand(ledger)
    ask = RequestExtension(petition_id=petition_id, days=11)
    with pytest.raises(ExtensionTooLong) as caught:
        await request_extension(ask, ledger, who(HANDLER, on="2026-03-09", reason=REASON))
    assert caught.value.facts == {"asked_days": 11, "days_max": 10}

    ask = replace(ask, days=10)
    await request_extension(ask, ledger, who(HANDLER, on="2026-03-09", reason=REASON))
    assert await dues(ledger, petition_id) == {"handling": "2026-03-09"}
    approve = ApproveExtension(petition_id=petition_id)
    await approve_extension(approve, ledger, who(APPROVER, on="2026-03-09"))
    assert await dues(ledger, petition_id) == {"extension": "2026-03-23"}

    with pytest.raises(ExtensionsUsedUp):
        await request_extension(ask, ledger, who(HANDLER, on="2026-03-10", reason=REASON))


async def test_letters_and_visits_are_extended_in_days(ledger: Ledger) -> None:
    petition_id = await in_hand(ledger, channel="letters_visits")
    ask = RequestExtension(petition_id=petition_id, days=30)
    await request_extension(ask, ledger, who(HANDLER, reason=REASON))
    await approve_extension(ApproveExtension(petition_id=petition_id), ledger, who(APPROVER))

    assert await dues(ledger, petition_id) == {"extension": "2026-05-31"}


async def test_a_rejected_extension_leaves_the_clock(ledger: Ledger) -> None:
    petition_id = await in_hand(ledger)
    ask = RequestExtension(petition_id=petition_id, days=3)
    await request_extension(ask, ledger, who(HANDLER, reason=REASON))
    reject = RejectExtension(petition_id=petition_id)
    await reject_extension(reject, ledger, who(APPROVER, reason=REASON))

    assert await dues(ledger, petition_id) == {"handling": "2026-03-09"}


async def test_where_no_clock_runs_nothing_is_extended(ledger: Ledger) -> None:
    petition_id = await filed(ledger)

    with pytest.raises(NothingToExtend):
        ask = RequestExtension(petition_id=petition_id, days=3)
        await request_extension(ask, ledger, who(HANDLER, reason=REASON, of=COMMUNITY))


async def test_texts_of_answers_carry_no_personal_numbers(ledger: Ledger) -> None:
    petition_id = await in_hand(ledger)

    with pytest.raises(PersonalDataInText):
        action = TakeAction(petition_id=petition_id, summary="已电话告知13800138000")
        await take_action(action, ledger, who(HANDLER))


async def test_a_petition_is_visited_back_closed_and_reopened_in_time(ledger: Ledger) -> None:
    petition_id = await answered(ledger)
    assert await dues(ledger, petition_id) == {"visit_back": "2026-03-06"}

    visit = VisitBack(petition_id=petition_id, is_resolved=True, is_satisfied=True)
    await visit_back(visit, ledger, who(VISITOR, on="2026-03-04"))
    await close_petition(ClosePetition(petition_id=petition_id), ledger, who(on="2026-03-04"))

    reopen = ReopenPetition(petition_id=petition_id)
    with pytest.raises(ReopenTooLate) as caught:
        await reopen_petition(reopen, ledger, who(on="2026-04-04", reason=REASON))
    assert caught.value.facts == {"last_day": "2026-04-03"}
    await reopen_petition(reopen, ledger, who(on="2026-04-03", reason=REASON))
    petition = await ledger.load(Petition, petition_id)
    assert (petition.stage, petition.round) == (Stage.FILED, 2)
    assert await dues(ledger, petition_id) == {"routing": "2026-04-07"}


async def test_a_unit_goes_on_with_a_new_deadline(ledger: Ledger) -> None:
    petition_id = await answered(ledger)
    visit = VisitBack(petition_id=petition_id, is_resolved=False, is_satisfied=False)
    await visit_back(visit, ledger, who(VISITOR, on="2026-03-04"))
    resume = ResumeHandling(petition_id=petition_id)
    await resume_handling(resume, ledger, who(on="2026-03-04"))

    assert await dues(ledger, petition_id) == {"handling": "2026-03-11"}


async def test_a_petition_is_withdrawn(ledger: Ledger) -> None:
    petition_id = await filed(ledger)
    withdraw = WithdrawPetition(petition_id=petition_id)
    await withdraw_petition(withdraw, ledger, who(reason=REASON))

    assert (await ledger.load(Petition, petition_id)).stage == Stage.WITHDRAWN
