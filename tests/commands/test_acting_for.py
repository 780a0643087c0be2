"""Each step of a petition belongs to who takes it, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from ledger.commands import petition_handling as handling
from ledger.commands import petitions as intake
from ledger.commands.acting_for import (
    ActsForOthers,
    CompanyWithoutTie,
    SettlesOwnDuty,
    SpeaksForOthers,
)
from ledger.commands.organisations import EstablishOrganisation, establish_organisation
from ledger.core.aggregate import By
from ledger.organisations import Kind, organisation_id
from ledger.petitions import Outcome, Petition, Stage
from ledger.petitions.errors import ObligorSpendTooLarge
from ledger.storage.ledger import Ledger
from tests.commands.county import (
    COMMUNITY,
    COMPANY,
    COUNTY,
    DEPARTMENT,
    DISPATCHER,
    HANDLER,
    OTHER_DEPARTMENT,
    REASON,
    STREET,
    build_county,
    filed,
    in_hand,
    who,
)

BUREAU = organisation_id("housing-bureau")
"""An office of the department."""
STRANGER = organisation_id("company-2")
"""A company of another county."""
OTHER_COUNTY = organisation_id("371330")

Step = tuple[Callable[..., Any], Callable[..., Any], dict[str, Any]]

OF_THE_HOLDER: dict[str, Step] = {
    "act": (handling.take_action, handling.TakeAction, {"summary": "已清理"}),
    "answer": (
        handling.answer_petition,
        handling.AnswerPetition,
        {"outcome": Outcome.RESOLVED, "summary": "已修复"},
    ),
    "assign": (intake.assign_handler, intake.AssignHandler, {"handler_id": UUID(int=HANDLER)}),
    "extend": (handling.request_extension, handling.RequestExtension, {"days": 2}),
}
BEFORE_ACCEPTANCE: dict[str, Step] = {
    "accept": (intake.accept_petition, intake.AcceptPetition, {}),
    "dispute": (intake.dispute_dispatch, intake.DisputeDispatch, {}),
}
OTHERS = (None, COUNTY, STREET, COMMUNITY, OTHER_DEPARTMENT, COMPANY)


@pytest.fixture(autouse=True)
async def county(ledger: Ledger) -> None:
    await build_county(ledger)
    for code, kind, parent_id in (
        ("housing-bureau", Kind.OTHER, DEPARTMENT),
        ("371330", Kind.COUNTY, None),
        ("company-2", Kind.PROPERTY_COMPANY, OTHER_COUNTY),
    ):
        command = EstablishOrganisation(
            code=code, kind=kind, name_zh=code, parent_id=parent_id, valid_from=who().at.date()
        )
        await establish_organisation(command, ledger, who())


def acting(unit_id: UUID | None) -> By:
    return replace(who(HANDLER, reason=REASON), organisation_id=unit_id)


async def sent(ledger: Ledger) -> UUID:
    petition_id = await filed(ledger)
    dispatch = intake.DispatchPetition(petition_id=petition_id, unit_id=DEPARTMENT)
    await intake.dispatch_petition(dispatch, ledger, who(DISPATCHER))
    return petition_id


@pytest.mark.parametrize("name", [*OF_THE_HOLDER, *BEFORE_ACCEPTANCE])
async def test_only_the_holding_unit_takes_its_steps(ledger: Ledger, name: str) -> None:
    begin = in_hand if name in OF_THE_HOLDER else sent
    function, command_type, fields = (OF_THE_HOLDER | BEFORE_ACCEPTANCE)[name]
    command = command_type(petition_id=await begin(ledger), **fields)
    for other in OTHERS:
        with pytest.raises(ActsForOthers):
            await function(command, ledger.for_request(), acting(other))
    assert await function(command, ledger.for_request(), acting(BUREAU))


async def test_history_is_recorded_whoever_it_names(ledger: Ledger) -> None:
    petition_id = await in_hand(ledger)
    action = handling.TakeAction(petition_id=petition_id, summary="已清理")
    past = replace(acting(COUNTY), is_history=True)
    recorded = await handling.take_action(action, ledger, past)
    assert recorded.events[0].by.breaches == ()


async def test_who_helps_or_was_called_acts_too(ledger: Ledger) -> None:
    petition_id = await in_hand(ledger)
    assign = intake.AssignHandler(
        petition_id=petition_id, handler_id=UUID(int=HANDLER), co_unit_ids=(COMPANY,)
    )
    await intake.assign_handler(assign, ledger, acting(DEPARTMENT))
    await called(ledger, petition_id)
    action = handling.TakeAction(petition_id=petition_id, summary="已清理")
    for unit_id in (COMPANY, OTHER_DEPARTMENT):
        assert await handling.take_action(action, ledger.for_request(), acting(unit_id))
    with pytest.raises(ActsForOthers):
        await handling.take_action(action, ledger.for_request(), acting(STREET))


async def called(ledger: Ledger, petition_id: UUID) -> None:
    whistle = handling.BlowWhistle(petition_id=petition_id, department_ids=(OTHER_DEPARTMENT,))
    await handling.blow_whistle(whistle, ledger, who(of=COMMUNITY))


async def test_a_called_department_comes_and_answers_itself_or_on_paper(ledger: Ledger) -> None:
    petition_id = await in_hand(ledger)
    await called(ledger, petition_id)
    of = {"petition_id": petition_id, "department_id": OTHER_DEPARTMENT}
    report = handling.ReportDepartmentIn(**of)
    answer = handling.AnswerForDepartment(**of, summary="已检修")
    for other in (None, COUNTY, STREET, COMMUNITY, DEPARTMENT, COMPANY):
        steps: tuple[tuple[Callable[..., Any], object], ...] = (
            (handling.report_department_in, report),
            (handling.answer_for_department, answer),
        )
        for function, command in steps:
            with pytest.raises(SpeaksForOthers):
                await function(command, ledger.for_request(), acting(other))
            of_another = replace(acting(other), said_by=COMPANY)
            with pytest.raises(SpeaksForOthers):
                await function(command, ledger.for_request(), of_another)

    on_paper = replace(acting(STREET), said_by=OTHER_DEPARTMENT)
    recorded = await handling.report_department_in(report, ledger.for_request(), on_paper)
    assert recorded.events[0].by.said_by == OTHER_DEPARTMENT
    assert await handling.answer_for_department(answer, ledger, acting(OTHER_DEPARTMENT))


async def test_a_company_claims_itself_or_on_a_paper_that_frees_nobody(ledger: Ledger) -> None:
    petition_id = await filed(ledger)
    claim = handling.ClaimResponsibility(petition_id=petition_id, company_id=COMPANY)
    for other in (None, COUNTY, STREET, COMMUNITY, DEPARTMENT):
        with pytest.raises(SpeaksForOthers):
            await handling.claim_responsibility(claim, ledger.for_request(), acting(other))
    with pytest.raises(SettlesOwnDuty):
        mine = replace(acting(COMMUNITY), said_by=COMPANY)
        await handling.claim_responsibility(claim, ledger.for_request(), mine)

    on_paper = replace(acting(STREET), said_by=COMPANY)
    await handling.claim_responsibility(claim, ledger.for_request(), on_paper)
    petition = await ledger.load(Petition, petition_id)
    assert (petition.stage, petition.holder_id) == (Stage.ACCEPTED, COMPANY)


async def test_a_company_registered_elsewhere_has_nothing_to_claim(ledger: Ledger) -> None:
    petition_id = await filed(ledger)
    claim = handling.ClaimResponsibility(petition_id=petition_id, company_id=STRANGER)
    with pytest.raises(CompanyWithoutTie):
        await handling.claim_responsibility(claim, ledger.for_request(), acting(STRANGER))

    dispatch = intake.DispatchPetition(petition_id=petition_id, unit_id=STRANGER)
    await intake.dispatch_petition(dispatch, ledger, who(DISPATCHER))
    assert await handling.claim_responsibility(claim, ledger.for_request(), acting(STRANGER))


async def test_a_company_reports_its_own_spending_within_the_policy(ledger: Ledger) -> None:
    petition_id = await filed(ledger)
    claim = handling.ClaimResponsibility(petition_id=petition_id, company_id=COMPANY)
    await handling.claim_responsibility(claim, ledger, acting(COMPANY))
    spend = handling.ReportObligorSpend(
        petition_id=petition_id, payer_id=COMPANY, amount_fen=500_000_000, purpose="更换电梯"
    )
    with pytest.raises(SpeaksForOthers):
        await handling.report_obligor_spend(spend, ledger.for_request(), acting(COMMUNITY))
    with pytest.raises(ObligorSpendTooLarge) as caught:
        more = replace(spend, amount_fen=500_000_001)
        await handling.report_obligor_spend(more, ledger.for_request(), acting(COMPANY))
    assert caught.value.facts == {"amount_fen": 500_000_001, "max_fen": 500_000_000}
    assert await handling.report_obligor_spend(spend, ledger, acting(COMPANY))
