"""Performance deposits: one for each estate, some of them drawn on, filled up, given back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from ledger.commands import deposits, draws
from ledger.core.clock import local_day
from ledger.deposits import CauseKind, ContestOutcome, deposit_id_of
from scripts.demonstration import people
from scripts.demonstration.county import Estate, dice
from scripts.demonstration.documents import a_paper, a_photo, yuan
from scripts.demonstration.life import DAY, HOUR
from scripts.demonstration.steps import Step, Story, alias
from scripts.demonstration.working_time import at, office_hours, working_day_after

CONTRACT = "物业服务合同（演示）"
BASIS = "物业服务合同关于履约保证金的约定（演示）"
FEE_A_HOUSEHOLD_FEN = 1_200_00
RATES_BP = (500, 500, 600, 700, 800, 1_000)
DRAWN_EVERY = 8
CONTRACTOR = "应急维修单位（演示）"
WORKS = (
    ("二次供水泵故障，物业企业未及时维修", "维修二次供水泵"),
    ("雨水管堵塞，地下车库进水", "疏通雨水管并抽排积水"),
    ("外墙保温层脱落，存在安全隐患", "清除并修补脱落的保温层"),
    ("垃圾多日未清运", "组织清运积存垃圾"),
)


def deposit_of(estate: Estate) -> UUID:
    """Return the id of the estate's deposit."""
    return deposit_id_of(estate.id, estate.company.id, CONTRACT)


def required_fen(estate: Estate) -> int:
    """Return what the company owes as deposit."""
    return estate.households * FEE_A_HOUSEHOLD_FEN * _rate_bp(estate) // 10_000


def deposit_steps(estate: Estate, start: date, end: date) -> Iterator[Step]:
    """Write the life of one estate's deposit."""
    rng = dice(f"deposit {estate.code}")
    day = working_day_after(start, 1 + estate.number % 15)
    story = Story(f"money {estate.code}", office_hours(rng, day))
    clerk, cashier = officials(estate)[::2]
    assess = deposits.AssessDeposit(
        estate_id=estate.id,
        company_id=estate.company.id,
        contract=CONTRACT,
        base_fen=estate.households * FEE_A_HOUSEHOLD_FEN,
        rate_bp=_rate_bp(estate),
        basis=BASIS,
        ends_on=end + timedelta(days=365),
    )
    story.do(deposits.assess_deposit, assess, clerk)
    receive = deposits.ReceiveDeposit(
        deposit_id=deposit_of(estate),
        amount_fen=required_fen(estate),
        bank_reference=f"demo-deposit-{estate.number:03}",
    )
    story.do(deposits.receive_deposit, receive, cashier, rng.randint(2, 8) * DAY)
    if estate.key == "feicui":
        _dismissed(story, estate, start)
    elif not estate.key and estate.number % DRAWN_EVERY == 0:
        _drawn(story, estate, rng, start + timedelta(days=rng.randint(60, 560)))
    elif not estate.key and estate.number % DRAWN_EVERY == DRAWN_EVERY // 2:
        paid_in_steps, turn = len(story.steps), estate.number // DRAWN_EVERY
        _drawn(story, estate, rng, end - timedelta(days=UNFINISHED_DAYS))
        del story.steps[paid_in_steps + 1 + turn % DRAW_STEPS :]  # still waits for the next one
    yield from story.steps


def _rate_bp(estate: Estate) -> int:
    return RATES_BP[estate.number % len(RATES_BP)]


def officials(estate: Estate) -> tuple[people.Person, people.Person, people.Person]:
    """Return the clerk, the leader and the cashier of an estate's street."""
    clerk, leader, cashier = (
        people.street_official(estate.community, post) for post in ("clerk", "leader", "cashier")
    )
    return clerk, leader, cashier


def _drawn(story: Story, estate: Estate, rng: Random, day: date) -> None:
    """Remind the company, draw on the deposit, and let the company fill it up again."""
    clerk, leader, cashier = officials(estate)
    turn = estate.number // DRAWN_EVERY
    record, work = WORKS[turn % len(WORKS)]
    story.at = office_hours(rng, day)
    deposit_id, draw_id = deposit_of(estate), alias("draw", estate.code)
    reminder_id = alias("reminder", estate.code)
    remind = deposits.SendDepositReminder(
        deposit_id=deposit_id, matter=f"{record}，请限期处理", reminder_id=reminder_id
    )
    worker = people.community_worker(estate.community)
    story.do(deposits.send_deposit_reminder, remind, worker)
    amount_fen = min(rng.randrange(2_000_00, 9_000_00, 500_00), required_fen(estate) // 2)
    request = draws.RequestDraw(
        deposit_id=deposit_id,
        draw_id=draw_id,
        amount_fen=amount_fen,
        payee=CONTRACTOR,
        purpose=work,
        cause_kind=CauseKind.EMERGENCY if turn % 2 else CauseKind.INSPECTION,
        cause_record=record,
        reminder_id=reminder_id,
    )
    proof = a_photo(f"{record}现场照片 {estate.code}（演示）")
    story.do(draws.request_draw, request, worker, 4 * DAY, documents=(proof,))
    draw: dict[str, Any] = {"deposit_id": deposit_id, "draw_id": draw_id}
    if turn == REJECTED_TURN:
        reason = "物业企业已在申请后完成维修，无需动用保证金"
        reject = draws.RejectDraw(**draw)
        story.do(draws.reject_draw, reject, leader, 3 * HOUR, reason=reason)
        return
    story.do(draws.approve_draw, draws.ApproveDraw(**draw), leader, 3 * HOUR)
    order = draws.OrderEmergencyWork(**draw, contractor=CONTRACTOR, work=work)
    story.do(draws.order_emergency_work, order, clerk, HOUR)
    story.do(draws.verify_work, draws.VerifyWork(**draw, is_accepted=True), worker, 2 * DAY)
    pay = draws.PayDraw(
        **draw, amount_fen=amount_fen, bank_reference=f"demo-draw-{estate.number:03}"
    )
    story.do(draws.pay_draw, pay, cashier, DAY)
    if turn in CONTESTED_TURNS:
        _contested(story, estate, amount_fen, is_upheld=turn == UPHELD_TURN)
    if turn != UPHELD_TURN:
        _topped_up(story, estate, amount_fen, rng, is_late=turn == LATE_TURN)


def _contested(story: Story, estate: Estate, amount_fen: int, *, is_upheld: bool) -> None:
    clerk, leader, cashier = officials(estate)
    draw: dict[str, Any] = {"deposit_id": deposit_of(estate), "draw_id": alias("draw", estate.code)}
    contest = draws.ContestDraw(**draw, statement="我方已安排维修，对动用保证金有异议")
    story.do(draws.contest_draw, contest, people.manager(estate), 3 * DAY)
    outcome = ContestOutcome.UPHELD if is_upheld else ContestOutcome.DISMISSED
    reason = (
        "维修合同表明物业企业已先行委托" if is_upheld else "提醒期限内未见维修，动用保证金符合约定"
    )
    decide = draws.DecideContest(**draw, outcome=outcome)
    story.do(draws.decide_contest, decide, clerk, 4 * DAY, reason=reason)
    if is_upheld:
        refund = draws.RefundDraw(
            **draw, amount_fen=amount_fen, bank_reference=f"demo-refund-{estate.number:03}"
        )
        reason = "异议成立，维修单位退回款项"
        proof = a_paper(f"退款回单 {estate.code}（演示）", [yuan(amount_fen)])
        story.do(
            draws.refund_draw,
            refund,
            cashier,
            5 * DAY,
            reason=reason,
            documents=(proof,),
            second=leader,
        )


def _topped_up(
    story: Story, estate: Estate, amount_fen: int, rng: Random, *, is_late: bool
) -> None:
    clerk, _, cashier = officials(estate)
    demand: dict[str, Any] = {
        "deposit_id": deposit_of(estate),
        "demand_id": alias("demand", estate.code),
    }
    story.do(deposits.demand_top_up, deposits.DemandTopUp(**demand), clerk, DAY)
    days = 20 if is_late else rng.randint(3, 12)
    receive = deposits.ReceiveTopUp(
        **demand, amount_fen=amount_fen, bank_reference=f"demo-top-up-{estate.number:03}"
    )
    story.do(deposits.receive_top_up, receive, cashier, days * DAY)


def _dismissed(story: Story, estate: Estate, start: date) -> None:
    """The owners dismissed the company: part of its deposit is kept, the rest goes back."""
    clerk, leader, cashier = officials(estate)
    deposit: dict[str, Any] = {"deposit_id": deposit_of(estate)}
    story.at = at(working_day_after(start + timedelta(days=400), 0), 10)
    end = deposits.EndContract(**deposit, ended_on=local_day(story.at))
    reason = "业主大会依法解聘物业企业（演示）"
    decision = a_paper("业主大会解聘决议（演示）", [reason])
    two: dict[str, Any] = {"documents": (decision,), "second": leader}
    story.do(deposits.end_contract, end, clerk, reason=reason, **two)
    kept_fen = 3_000_00
    forfeit = deposits.ForfeitDeposit(**deposit, amount_fen=kept_fen)
    reason = "未移交共用设施档案，按约定扣除"
    two["documents"] = (a_paper("交接清单（演示）", [reason]),)
    story.do(deposits.forfeit_deposit, forfeit, clerk, 10 * DAY, reason=reason, **two)
    back = deposits.ReturnDeposit(
        **deposit, amount_fen=required_fen(estate) - kept_fen, bank_reference="demo-return-001"
    )
    receipt = a_paper("保证金退还回单（演示）", [yuan(back.amount_fen)])
    two["documents"] = (receipt,)
    story.do(deposits.return_deposit, back, cashier, 2 * DAY, **two)
    story.do(deposits.close_deposit, deposits.CloseDeposit(**deposit), clerk, DAY)


UNFINISHED_DAYS, DRAW_STEPS = 14, 6
"""How long before the demo's end draws begin that stay unfinished, and how many steps one has."""
REJECTED_TURN, UPHELD_TURN, LATE_TURN = 3, 5, 7
CONTESTED_TURNS = frozenset({UPHELD_TURN, 9})
