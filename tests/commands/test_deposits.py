"""Deposits through their commands, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from ledger.commands.deposits import (
    AssessDeposit,
    CloseDeposit,
    DemandTopUp,
    EndContract,
    ForfeitDeposit,
    ReassessDeposit,
    ReceiveDeposit,
    ReceiveTopUp,
    ReturnDeposit,
    SendDepositReminder,
    assess_deposit,
    close_deposit,
    demand_top_up,
    end_contract,
    forfeit_deposit,
    reassess_deposit,
    receive_deposit,
    receive_top_up,
    return_deposit,
    send_deposit_reminder,
)
from ledger.commands.draws import (
    ApproveDraw,
    CancelDraw,
    ContestDraw,
    DecideContest,
    OrderEmergencyWork,
    PayDraw,
    RefundDraw,
    RejectDraw,
    RequestDraw,
    VerifyWork,
    approve_draw,
    cancel_draw,
    contest_draw,
    decide_contest,
    order_emergency_work,
    pay_draw,
    refund_draw,
    reject_draw,
    request_draw,
    verify_work,
)
from ledger.commands.findings import (
    AppointSupervisor,
    RaiseFinding,
    appoint_supervisor,
    raise_finding,
)
from ledger.commands.petition_terms import OrganisationKindWrong
from ledger.commands.petitions import file_petition
from ledger.core.errors import LedgerError, NotFound, SamePersonTwice
from ledger.deposits import CauseKind, ContestOutcome, Deposit, DrawStatus, rules
from ledger.findings import FindingSource
from ledger.storage.ledger import Ledger, Recorded
from tests.commands import money as m
from tests.commands.county import (
    COMPANY,
    DAMP_GARAGE,
    ESTATE,
    OTHER_COMMUNITY,
    OTHER_ESTATE,
    STREET,
    build_county,
    who,
)
from tests.examples import by
from tests.examples import deposits as d

BASE_FEN = 400_000_00
REQUIRED_FEN = 20_000_00
PIPE_FEN = 5_000_00
ASSESS = AssessDeposit(
    estate_id=ESTATE,
    company_id=COMPANY,
    contract="YG-2025-01",
    base_fen=BASE_FEN,
    rate_bp=500,
    basis="街道与物业企业签订的履约保证金协议",
    ends_on=date(2027, 12, 31),
)
PROVING = d.proven(m.CLERK)
FIRM = replace(by(21, role="company"), organisation_id=COMPANY)


@pytest.fixture
async def estate(ledger: Ledger) -> Ledger:
    """A ledger with an estate and its property company."""
    await build_county(ledger)
    return ledger


async def held(ledger: Ledger) -> UUID:
    deposit_id = (await assess_deposit(ASSESS, ledger, m.CLERK)).id
    receive = ReceiveDeposit(deposit_id=deposit_id, amount_fen=REQUIRED_FEN)
    await receive_deposit(receive, ledger, m.CLERK)
    return deposit_id


def request(
    deposit_id: UUID,
    amount_fen: int = PIPE_FEN,
    *,
    kind: CauseKind = CauseKind.EMERGENCY,
    cause_id: UUID | None = None,
) -> RequestDraw:
    return RequestDraw(
        deposit_id=deposit_id,
        amount_fen=amount_fen,
        payee="供热维修公司",
        purpose="更换老化的供热管道",
        cause_kind=kind,
        cause_id=cause_id,
        cause_record="" if cause_id else "巡查记录：供热管道漏水",
    )


async def paid(ledger: Ledger) -> dict[str, Any]:
    """Draw the heating pipe's ¥5,000 down; return the ids of deposit and draw-down."""
    deposit_id = await held(ledger)
    asked = request(deposit_id)
    await request_draw(asked, ledger, PROVING)
    ids: dict[str, Any] = {"deposit_id": deposit_id, "draw_id": asked.draw_id}
    await approve_draw(ApproveDraw(**ids), ledger, m.HEAD)
    await pay_draw(PayDraw(**ids, amount_fen=PIPE_FEN), ledger, m.CASHIER)
    return ids


async def test_the_heating_pipe_of_sunshine_estate(estate: Ledger) -> None:
    """¥5,000 for the pipe, asked before anybody complained, then filled up again."""
    deposit_id = await held(estate)
    asked = request(deposit_id)
    ids: dict[str, Any] = {"deposit_id": deposit_id, "draw_id": asked.draw_id}
    await request_draw(asked, estate, PROVING)
    order = OrderEmergencyWork(**ids, contractor="供热维修公司", work="更换管道三十米")
    await order_emergency_work(order, estate, m.CLERK)
    await approve_draw(ApproveDraw(**ids), estate, m.HEAD)
    await pay_draw(PayDraw(**ids, amount_fen=PIPE_FEN), estate, m.CASHIER)
    await verify_work(VerifyWork(**ids, is_accepted=True), estate, m.REVIEWER)
    demand = DemandTopUp(deposit_id=deposit_id)
    await demand_top_up(demand, estate, m.CLERK)
    top_up = ReceiveTopUp(deposit_id=deposit_id, demand_id=demand.demand_id, amount_fen=PIPE_FEN)
    await receive_top_up(top_up, estate, m.CLERK)

    deposit = await estate.load(Deposit, deposit_id)
    draw = deposit.draws[asked.draw_id]
    assert (deposit.held_fen, deposit.shortfall_fen) == (REQUIRED_FEN, 0)
    assert (draw.status, draw.is_work_accepted) == (DrawStatus.PAID, True)
    assert draw.contest_until is not None
    assert draw.contest_until.on == date(2026, 3, 16)
    assert deposit.demands[demand.demand_id].due.on == date(2026, 3, 23)


async def test_a_deposit_is_assessed_once(estate: Ledger) -> None:
    recorded = await assess_deposit(ASSESS, estate, m.CLERK)

    assert recorded.events[0].by.policy_version > 1
    assert (await estate.load(Deposit, recorded.id)).agreement.return_days == 30
    with pytest.raises(rules.DepositAlreadyAssessed):
        await assess_deposit(ASSESS, estate, m.CLERK)


async def test_the_rate_must_lie_within_the_policy(estate: Ledger) -> None:
    with pytest.raises(rules.RateOutsidePolicy):
        await assess_deposit(replace(ASSESS, rate_bp=1_001), estate, m.CLERK)
    deposit_id = await held(estate)
    with pytest.raises(rules.RateOutsidePolicy):
        lower = ReassessDeposit(deposit_id=deposit_id, base_fen=BASE_FEN, rate_bp=499)
        await reassess_deposit(lower, estate, d.second(m.CLERK))


async def test_a_deposit_needs_an_estate_and_a_property_company(estate: Ledger) -> None:
    with pytest.raises(OrganisationKindWrong):
        await assess_deposit(replace(ASSESS, company_id=STREET), estate, m.CLERK)
    with pytest.raises(NotFound):
        await assess_deposit(replace(ASSESS, estate_id=uuid4()), estate, m.CLERK)


async def test_a_reminder_is_due_after_the_policys_working_days(estate: Ledger) -> None:
    deposit_id = await held(estate)
    reminder = SendDepositReminder(deposit_id=deposit_id, matter="供热管道漏水")
    recorded = await send_deposit_reminder(reminder, estate, m.CLERK)

    (event,) = recorded.events
    assert isinstance(event, Deposit.CompanyReminded)
    assert event.due_at.isoformat() == "2026-03-05T15:59:59.999999+00:00"
    late = replace(request(deposit_id), reminder_id=reminder.reminder_id)
    await request_draw(late, estate, PROVING)


async def test_a_cause_that_does_not_exist_is_refused(estate: Ledger) -> None:
    deposit_id = await held(estate)
    for kind in (CauseKind.PETITION, CauseKind.FINDING):
        with pytest.raises(NotFound):
            await request_draw(request(deposit_id, kind=kind, cause_id=uuid4()), estate, m.CLERK)
    with pytest.raises(rules.CauseIncomplete):
        await request_draw(
            replace(request(deposit_id), cause_kind=CauseKind.PETITION), estate, PROVING
        )


async def test_a_petition_of_the_estate_may_be_the_cause(estate: Ledger) -> None:
    deposit_id = await held(estate)
    petition_id = (await file_petition(DAMP_GARAGE, estate, who())).id
    asked = request(deposit_id, kind=CauseKind.PETITION, cause_id=petition_id)
    await request_draw(asked, estate, PROVING)

    deposit = await estate.load(Deposit, deposit_id)
    assert deposit.draws[asked.draw_id].terms.cause.id == petition_id


async def test_a_petition_of_another_estate_is_no_cause(estate: Ledger) -> None:
    deposit_id = await held(estate)
    elsewhere = replace(DAMP_GARAGE, community_id=OTHER_COMMUNITY, estate_id=OTHER_ESTATE)
    petition_id = (await file_petition(elsewhere, estate, who())).id

    with pytest.raises(rules.CauseOfAnotherEstate):
        asked = request(deposit_id, kind=CauseKind.PETITION, cause_id=petition_id)
        await request_draw(asked, estate, PROVING)


async def test_a_supervisors_finding_may_be_the_cause(estate: Ledger) -> None:
    deposit_id = await held(estate)
    supervisor_id = UUID(int=31)
    appoint = AppointSupervisor(person_id=supervisor_id, estate_ids=(ESTATE,))
    await appoint_supervisor(appoint, estate, who())
    found = RaiseFinding(
        supervisor_id=supervisor_id,
        estate_id=ESTATE,
        company_id=COMPANY,
        source=FindingSource.OPEN_VISIT,
        category="facilities",
        item="damp_garage",
        summary="地下车库积水",
    )
    finding_id = (await raise_finding(found, estate, who(31))).id
    asked = request(deposit_id, kind=CauseKind.FINDING, cause_id=finding_id)
    await request_draw(asked, estate, PROVING)

    assert asked.draw_id in (await estate.load(Deposit, deposit_id)).draws


async def test_the_approver_is_another_person(estate: Ledger) -> None:
    deposit_id = await held(estate)
    asked = request(deposit_id)
    await request_draw(asked, estate, PROVING)

    with pytest.raises(SamePersonTwice):
        approve = ApproveDraw(deposit_id=deposit_id, draw_id=asked.draw_id)
        await approve_draw(approve, estate, m.CLERK)


async def test_a_rejected_or_cancelled_draw_down_frees_its_amount(estate: Ledger) -> None:
    deposit_id = await held(estate)
    first, second = request(deposit_id, REQUIRED_FEN), request(deposit_id, REQUIRED_FEN)
    await request_draw(first, estate, PROVING)
    await reject_draw(RejectDraw(deposit_id=deposit_id, draw_id=first.draw_id), estate, m.HEAD)
    await request_draw(second, estate, PROVING)
    await cancel_draw(CancelDraw(deposit_id=deposit_id, draw_id=second.draw_id), estate, m.HEAD)

    assert (await estate.load(Deposit, deposit_id)).free_fen == REQUIRED_FEN


async def test_a_contest_that_is_upheld_brings_the_money_back(estate: Ledger) -> None:
    ids = await paid(estate)
    await contest_draw(ContestDraw(**ids, statement="管道属供热单位维护范围"), estate, FIRM)
    decide = DecideContest(**ids, outcome=ContestOutcome.UPHELD)
    with pytest.raises(SamePersonTwice):
        await decide_contest(decide, estate, m.HEAD)
    await decide_contest(decide, estate, m.CASHIER)
    await refund_draw(RefundDraw(**ids, amount_fen=PIPE_FEN), estate, d.second(m.CASHIER))

    assert (await estate.load(Deposit, ids["deposit_id"])).held_fen == REQUIRED_FEN


async def test_the_time_to_contest_runs_on_working_days(estate: Ledger) -> None:
    ids = await paid(estate)
    late = replace(FIRM, at=FIRM.at + timedelta(days=15))

    with pytest.raises(rules.ContestTooLate):
        await contest_draw(ContestDraw(**ids, statement="管道属供热单位维护范围"), estate, late)


async def test_at_the_end_the_rest_is_returned_or_kept(estate: Ledger) -> None:
    deposit_id = await held(estate)
    later = d.second(replace(m.CASHIER, at=m.CASHIER.at + timedelta(days=1)))
    back = ReturnDeposit(deposit_id=deposit_id, amount_fen=REQUIRED_FEN - 1)
    with pytest.raises(rules.ContractStillRuns):
        await return_deposit(back, estate, later)
    await end_contract(
        EndContract(deposit_id=deposit_id, ended_on=date(2026, 3, 2)), estate, d.second(m.HEAD)
    )
    await return_deposit(back, estate, later)
    await forfeit_deposit(ForfeitDeposit(deposit_id=deposit_id, amount_fen=1), estate, later)
    await close_deposit(CloseDeposit(deposit_id=deposit_id), estate, m.HEAD)

    deposit = await estate.load(Deposit, deposit_id)
    assert (deposit.held_fen, deposit.is_closed) == (0, True)


async def test_two_requests_for_the_last_money_one_wins(estate: Ledger) -> None:
    deposit_id = await held(estate)

    async def ask() -> Recorded | LedgerError:
        command = request(deposit_id, REQUIRED_FEN)
        try:
            return await m.until_settled(lambda: request_draw(command, estate, PROVING))
        except LedgerError as error:
            return error

    outcomes = await asyncio.gather(ask(), ask())

    refused = [each for each in outcomes if isinstance(each, LedgerError)]
    assert [type(each) for each in refused] == [rules.DrawExceedsFree]
    assert (await estate.load(Deposit, deposit_id)).free_fen == 0
