"""What a draw-down rests on, looked at; who declared an interest takes no step with a deposit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from ledger.commands import deposits, draws
from ledger.commands.findings import (
    AppointSupervisor,
    RaiseFinding,
    WithdrawFinding,
    appoint_supervisor,
    raise_finding,
    withdraw_finding,
)
from ledger.commands.interests import DeclareInterest, declare_interest
from ledger.commands.petition_closing import WithdrawPetition, withdraw_petition
from ledger.commands.petitions import file_petition
from ledger.core.errors import LedgerError
from ledger.deposits import CauseKind, ContestOutcome, rules
from ledger.findings import FindingSource
from ledger.interests import ConflictOfInterest, InterestKind
from ledger.storage.ledger import Ledger
from tests.commands import money as m
from tests.commands.county import (
    COMPANY,
    DAMP_GARAGE,
    DEPARTMENT,
    ESTATE,
    OTHER_COMMUNITY,
    PETITIONER,
    who,
)
from tests.commands.test_deposits import ASSESS, PIPE_FEN, PROVING, estate, held, paid, request
from tests.examples import by
from tests.examples import deposits as d

__all__ = ["estate"]

SUPERVISOR = UUID(int=31)


async def found(ledger: Ledger, company_id: UUID = COMPANY) -> UUID:
    appoint = AppointSupervisor(person_id=SUPERVISOR, estate_ids=(ESTATE,))
    await appoint_supervisor(appoint, ledger, who())
    finding = RaiseFinding(
        supervisor_id=SUPERVISOR,
        estate_id=ESTATE,
        company_id=company_id,
        source=FindingSource.OPEN_VISIT,
        category="facilities",
        item="damp_garage",
        summary="地下车库积水",
    )
    return (await raise_finding(finding, ledger, who(31))).id


async def refused(ledger: Ledger, asked: draws.RequestDraw, error: type[LedgerError]) -> None:
    with pytest.raises(error):
        await draws.request_draw(asked, ledger, PROVING)


async def test_a_withdrawn_petition_is_no_cause(estate: Ledger) -> None:
    deposit_id = await held(estate)
    petition_id = (await file_petition(DAMP_GARAGE, estate, who())).id
    asked = request(deposit_id, kind=CauseKind.PETITION, cause_id=petition_id)
    await draws.request_draw(asked, estate, PROVING)
    petitioner = replace(
        by(PETITIONER.int, role="petitioner", reason="已解决"), actor_id=PETITIONER
    )
    await withdraw_petition(WithdrawPetition(petition_id=petition_id), estate, petitioner)
    await refused(estate, replace(asked, draw_id=uuid4()), rules.CauseSettled)
    approve = draws.ApproveDraw(deposit_id=deposit_id, draw_id=asked.draw_id)
    with pytest.raises(rules.CauseSettled):  # nor when it was settled in between
        await draws.approve_draw(approve, estate, m.HEAD)


async def test_a_petition_of_another_community_is_no_cause(estate: Ledger) -> None:
    deposit_id = await held(estate)
    elsewhere = replace(DAMP_GARAGE, community_id=OTHER_COMMUNITY, estate_id=None)
    petition_id = (await file_petition(elsewhere, estate, who())).id
    asked = request(deposit_id, kind=CauseKind.PETITION, cause_id=petition_id)
    await refused(estate, asked, rules.CauseOfAnotherEstate)


async def test_a_withdrawn_finding_is_no_cause(estate: Ledger) -> None:
    deposit_id = await held(estate)
    finding_id = await found(estate)
    asked = request(deposit_id, kind=CauseKind.FINDING, cause_id=finding_id)
    theirs = replace(asked, payee_id=SUPERVISOR)
    await refused(estate, theirs, rules.PayeeDecides)
    withdraw = WithdrawFinding(finding_id=finding_id)
    await withdraw_finding(withdraw, estate, who(31, reason="误报"))
    await refused(estate, asked, rules.CauseSettled)


async def test_a_record_says_what_it_is(estate: Ledger) -> None:
    deposit_id = await held(estate)
    for record in (".", "见记录", "——————"):
        asked = replace(request(deposit_id), cause_record=record)
        await refused(estate, asked, rules.CauseRecordTooShort)


async def test_the_petitioner_is_not_paid(estate: Ledger) -> None:
    deposit_id = await held(estate)
    petition_id = (await file_petition(DAMP_GARAGE, estate, who())).id
    asked = request(deposit_id, kind=CauseKind.PETITION, cause_id=petition_id)
    await refused(estate, replace(asked, payee_id=PETITIONER), rules.PayeeDecides)


async def test_terms_of_an_agreement_have_bounds(estate: Ledger) -> None:
    for changed, error in (
        ({"ends_on": date(2026, 3, 1)}, rules.DayIsOver),
        ({"ends_on": date(2099, 1, 1)}, rules.DayTooFar),
        ({"return_days": 3_000_000}, rules.ReturnTermTooLong),
    ):
        with pytest.raises(error):
            command = replace(ASSESS, **changed)
            await deposits.assess_deposit(command, estate, m.CLERK)


OF_DEPOSIT: tuple[tuple[Any, Any, dict[str, Any]], ...] = (
    (deposits.ReassessDeposit, deposits.reassess_deposit, {"base_fen": 1, "rate_bp": 500}),
    (deposits.ReceiveDeposit, deposits.receive_deposit, {"amount_fen": 1}),
    (deposits.SendDepositReminder, deposits.send_deposit_reminder, {"matter": "漏水"}),
    (deposits.DemandTopUp, deposits.demand_top_up, {}),
    (deposits.ReceiveTopUp, deposits.receive_top_up, {"demand_id": uuid4(), "amount_fen": 1}),
    (deposits.EndContract, deposits.end_contract, {"ended_on": date(2026, 3, 2)}),
    (deposits.ReturnDeposit, deposits.return_deposit, {"amount_fen": 1}),
    (deposits.ForfeitDeposit, deposits.forfeit_deposit, {"amount_fen": 1}),
    (deposits.CloseDeposit, deposits.close_deposit, {}),
    (deposits.ReverseDepositStep, deposits.reverse_deposit_step, {"version_reversed": 2}),
)
OF_DRAW: tuple[tuple[Any, Any, dict[str, Any]], ...] = (
    (draws.ApproveDraw, draws.approve_draw, {}),
    (draws.RejectDraw, draws.reject_draw, {}),
    (draws.CancelDraw, draws.cancel_draw, {}),
    (draws.OrderEmergencyWork, draws.order_emergency_work, {"contractor": "甲", "work": "修"}),
    (draws.PayDraw, draws.pay_draw, {"amount_fen": PIPE_FEN}),
    (draws.VerifyWork, draws.verify_work, {"is_accepted": True}),
    (draws.DecideContest, draws.decide_contest, {"outcome": ContestOutcome.DISMISSED}),
    (draws.RefundDraw, draws.refund_draw, {"amount_fen": 1}),
)


@pytest.mark.parametrize("about_id", [ESTATE, COMPANY])
async def test_an_interest_keeps_from_every_step_with_a_deposit(
    estate: Ledger, about_id: UUID
) -> None:
    ids = await paid(estate)
    biased = d.second(by(77))
    declare = DeclareInterest(
        person_id=biased.actor_id, about_id=about_id, kind=InterestKind.SHARES
    )
    await declare_interest(declare, estate, biased)
    stand_in = replace(biased, actor_id=UUID(int=78), on_behalf_of=biased.actor_id)
    of_one = [(t, f, {"deposit_id": ids["deposit_id"], **given}) for t, f, given in OF_DEPOSIT]
    of_draw = [(t, f, {**ids, **given}) for t, f, given in OF_DRAW]
    for person in (biased, stand_in):
        for takes, function, given in (*of_one, *of_draw):
            with pytest.raises(ConflictOfInterest):
                await function(takes(**given), estate, person)
        asked = request(ids["deposit_id"])
        with pytest.raises(ConflictOfInterest):
            await draws.request_draw(asked, estate, person)
    for person in (replace(biased, actor_id=UUID(int=79), proposed_by=(biased.actor_id,)),):
        with pytest.raises(ConflictOfInterest):
            back = deposits.ReturnDeposit(deposit_id=ids["deposit_id"], amount_fen=1)
            await deposits.return_deposit(back, estate, person)


async def test_an_interest_in_the_payee_keeps_from_steps_with_the_draw(estate: Ledger) -> None:
    deposit_id = await held(estate)
    asked = replace(request(deposit_id), payee_id=DEPARTMENT)
    await draws.request_draw(asked, estate, PROVING)
    biased = by(77, reason="经研究")
    declare = DeclareInterest(
        person_id=biased.actor_id, about_id=DEPARTMENT, kind=InterestKind.FAMILY
    )
    await declare_interest(declare, estate, biased)
    for takes, function, given in OF_DRAW:
        with pytest.raises(ConflictOfInterest):
            command = takes(deposit_id=deposit_id, draw_id=asked.draw_id, **given)
            await function(command, estate, biased)
