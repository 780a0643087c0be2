"""One estate with a bit of everything on its public board: lease, rent, expenses, deposit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from ledger.commands import accounts, deposits, draws, expenses, leases
from ledger.core.aggregate import By
from ledger.deposits import CauseKind, ContestOutcome
from ledger.expenses import EvidenceKind
from ledger.leases import Instalment
from ledger.storage.ledger import Ledger
from tests.commands import money as m
from tests.commands.county import COMPANY, ESTATE, build_county, filed
from tests.examples import AT
from tests.examples import deposits as d
from tests.examples.expenses import INVOICE

FIRM = replace(m.CLERK, actor_id=UUID(int=21), role="company", organisation_id=COMPANY)
GATE = expenses.ApplyForExpense(
    account_id=m.ACCOUNT,
    amount_fen=6_000_00,
    category="repair",
    purpose="维修小区南门",
    payee="宏达维修公司",
)


@dataclass(frozen=True)
class Board:
    """What the story recorded."""

    gate_id: UUID
    lamps_id: UUID
    deposit_id: UUID
    draw_id: UUID
    petition_id: UUID


def on(day: int, by: By) -> By:
    """Return the same person, ``day`` days after the first day of the story."""
    return replace(by, at=AT + timedelta(days=day))


async def told(ledger: Ledger) -> Board:
    """Tell the story of one estate's money from January to May."""
    await build_county(ledger)
    await m.open_accounts(ledger)
    await _let_the_shop(ledger)
    gate_id = await _repair_the_gate(ledger)
    lamps_id = await _change_the_lamps(ledger)
    petition_id = await filed(ledger)
    deposit_id, draw_id = await _draw_on_the_deposit(ledger, petition_id)
    return Board(gate_id, lamps_id, deposit_id, draw_id, petition_id)


async def _let_the_shop(ledger: Ledger) -> None:
    quarters = [date(2026, month, 5) for month in (1, 4, 7, 10)]
    shop = leases.SignLease(
        account_id=m.ACCOUNT,
        premises="社区服务用房一层东侧",
        area_m2_hundredths=120_50,
        tenant="惠民便利店",
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 12, 31),
        schedule=tuple(Instalment(due_on=day, amount_fen=8_000_00) for day in quarters),
    )
    lease_id = (await leases.sign_lease(shop, ledger, m.REVIEWER)).id
    last_id = uuid4()
    for day, category, amount_fen in (
        (1, "rent", 8_000_00),
        (3, "parking", 2_600_00),
        (40, "rent", 5_000_00),
        (41, "advertising", 1_200_00),
    ):
        revenue = accounts.ReceiveRevenue(
            account_id=m.ACCOUNT,
            category=category,
            amount_fen=amount_fen,
            payer="惠民便利店" if category == "rent" else "城市停车公司",
            bank_reference=f"R-{day}",
            lease_id=lease_id if category == "rent" else None,
            receipt_id=last_id if category == "advertising" else uuid4(),
        )
        await accounts.receive_revenue(revenue, ledger, on(day, m.CLERK))
    reversal = accounts.ReverseRevenue(account_id=m.ACCOUNT, receipt_id=last_id)
    await accounts.reverse_revenue(reversal, ledger, on(42, m.CASHIER))


async def _repair_the_gate(ledger: Ledger) -> UUID:
    gate_id = (await expenses.apply_for_expense(GATE, ledger, on(4, m.CHAIR))).id
    review = expenses.PassExpenseReview(expense_id=gate_id)
    await expenses.pass_expense_review(review, ledger, on(5, m.REVIEWER))
    await expenses.approve_expense(
        expenses.ApproveExpense(expense_id=gate_id), ledger, on(6, m.HEAD)
    )
    pay = expenses.PayExpense(expense_id=gate_id, amount_fen=GATE.amount_fen, bank_reference="P-1")
    await expenses.pay_expense(pay, ledger, on(7, m.CASHIER))
    attach = expenses.AttachExpenseEvidence(expense_id=gate_id, kind=EvidenceKind.INVOICE)
    chair = replace(on(7, m.CHAIR), evidence=(INVOICE,))
    await expenses.attach_expense_evidence(attach, ledger, chair)
    publish = expenses.PublishExpense(
        expense_id=gate_id, where="小区公告栏", until_on=date(2026, 4, 10)
    )
    await expenses.publish_expense(publish, ledger, on(8, m.CHAIR))
    objection = expenses.RaiseObjection(expense_id=gate_id, statement="价格偏高，请公开比价")
    await expenses.raise_objection(objection, ledger, on(9, m.OWNER))
    answer = expenses.AnswerObjection(
        expense_id=gate_id, objection_id=objection.objection_id, answer="三家比价，取最低价"
    )
    await expenses.answer_objection(answer, ledger, on(10, m.CHAIR))
    return gate_id


async def _change_the_lamps(ledger: Ledger) -> UUID:
    """Applied for, reviewed, approved, then changed: both are void; reviewed and approved anew."""
    lamps = replace(GATE, amount_fen=3_000_00, purpose="更换楼道灯", category="facilities")
    lamps_id = (await expenses.apply_for_expense(lamps, ledger, on(20, m.CHAIR))).id
    review = expenses.PassExpenseReview(expense_id=lamps_id)
    approve = expenses.ApproveExpense(expense_id=lamps_id)
    await expenses.pass_expense_review(review, ledger, on(21, m.REVIEWER))
    await expenses.approve_expense(approve, ledger, on(22, m.HEAD))
    cheaper = expenses.ChangeExpense(
        expense_id=lamps_id,
        amount_fen=2_400_00,
        category="facilities",
        purpose="更换楼道灯四十盏",
        payee=lamps.payee,
    )
    await expenses.change_expense(cheaper, ledger, on(23, m.CHAIR))
    await expenses.pass_expense_review(review, ledger, on(24, m.REVIEWER))
    await expenses.approve_expense(approve, ledger, on(25, m.HEAD))
    return lamps_id


async def _draw_on_the_deposit(ledger: Ledger, petition_id: UUID) -> tuple[UUID, UUID]:
    """¥5,000 for the heating pipe, contested in vain; then a second one because of a petition."""
    assess = deposits.AssessDeposit(
        estate_id=ESTATE,
        company_id=COMPANY,
        contract="YG-2025-01",
        base_fen=400_000_00,
        rate_bp=500,
        basis="街道与物业企业签订的履约保证金协议",
        ends_on=date(2027, 12, 31),
    )
    deposit_id = (await deposits.assess_deposit(assess, ledger, m.CLERK)).id
    receive = deposits.ReceiveDeposit(deposit_id=deposit_id, amount_fen=20_000_00)
    await deposits.receive_deposit(receive, ledger, on(1, m.CLERK))
    remind = deposits.SendDepositReminder(deposit_id=deposit_id, matter="供热管道漏水")
    await deposits.send_deposit_reminder(remind, ledger, on(2, m.REVIEWER))
    pipe = draws.RequestDraw(
        deposit_id=deposit_id,
        amount_fen=5_000_00,
        payee="供热维修公司",
        purpose="更换老化的供热管道",
        cause_kind=CauseKind.EMERGENCY,
        cause_record="巡查记录：供热管道老化漏水，须在供暖前修好",
        reminder_id=remind.reminder_id,
    )
    await draws.request_draw(pipe, ledger, on(6, d.proven(m.CLERK)))
    await _mend_the_pipe(ledger, deposit_id, pipe.draw_id)
    damp = replace(
        pipe,
        amount_fen=2_000_00,
        purpose="地下车库防潮",
        payee="宏达维修公司",
        cause_kind=CauseKind.PETITION,
        cause_id=petition_id,
        cause_record="",
        draw_id=uuid4(),
    )
    await draws.request_draw(damp, ledger, on(31, m.REVIEWER))
    return deposit_id, pipe.draw_id


async def _mend_the_pipe(ledger: Ledger, deposit_id: UUID, draw_id: UUID) -> None:
    ids: dict[str, Any] = {"deposit_id": deposit_id, "draw_id": draw_id}
    order = draws.OrderEmergencyWork(**ids, contractor="供热维修公司", work="更换管道三十米")
    await draws.order_emergency_work(order, ledger, on(6, m.CLERK))
    await draws.approve_draw(draws.ApproveDraw(**ids), ledger, on(7, m.HEAD))
    pay = draws.PayDraw(**ids, amount_fen=5_000_00, bank_reference="B-7")
    await draws.pay_draw(pay, ledger, on(8, m.CASHIER))
    await draws.verify_work(draws.VerifyWork(**ids, is_accepted=True), ledger, on(9, m.REVIEWER))
    contest = draws.ContestDraw(**ids, statement="管道属供热单位维护范围")
    await draws.contest_draw(contest, ledger, on(10, FIRM))
    decide = draws.DecideContest(**ids, outcome=ContestOutcome.DISMISSED)
    await draws.decide_contest(decide, ledger, on(12, m.CASHIER))
    demand = deposits.DemandTopUp(deposit_id=deposit_id)
    await deposits.demand_top_up(demand, ledger, on(13, m.CLERK))
    top_up = deposits.ReceiveTopUp(
        deposit_id=deposit_id, demand_id=demand.demand_id, amount_fen=3_000_00
    )
    await deposits.receive_top_up(top_up, ledger, on(30, m.CLERK))
