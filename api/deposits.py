"""/v1/deposits: assess, receive, draw down, contest, top up, return; register and roll-forward."""

from __future__ import annotations

from api.concerning import OfRecord, Source, of_organisation, of_record
from api.routing import CommandFunction, Routes
from ledger.commands import deposits, draws
from projections import deposits as shown

routes = Routes("deposits", zh="履约保证金", en="Performance deposits")

ALL = "/v1/deposits"
ONE = ALL + "/{deposit_id}"
DRAWS = ONE + "/draw-downs"
DRAW = DRAWS + "/{draw_id}"
DEPOSIT = of_record("deposit_id", "deposit")
CAUSE = OfRecord(
    field="cause_id", kind="", kind_of="cause_kind", kinds=frozenset({"petition", "finding"})
)
"""A petition or finding that a draw-down rests on."""


def _step(path: str, command_type: type, function: CommandFunction, zh: str, *more: Source) -> None:
    """Declare a step of one deposit: it can be read at the deposit's own address."""
    routes.command(path, command_type, function, about=(DEPOSIT, *more), zh=zh, location=ONE)


def _draw(path: str, command_type: type, function: CommandFunction, zh: str) -> None:
    """Declare a step of one draw-down: it can be read at its own address."""
    routes.command(DRAW + path, command_type, function, about=DEPOSIT, zh=zh)


routes.command(
    ALL,
    deposits.AssessDeposit,
    deposits.assess_deposit,
    about=of_organisation("estate_id"),
    zh="核定保证金",
)
_step(ONE + "/reassessments", deposits.ReassessDeposit, deposits.reassess_deposit, "重新核定保证金")
_step(ONE + "/receipts", deposits.ReceiveDeposit, deposits.receive_deposit, "登记保证金到账")
_step(
    ONE + "/reminders", deposits.SendDepositReminder, deposits.send_deposit_reminder, "提醒物业企业"
)
_step(ONE + "/top-up-demands", deposits.DemandTopUp, deposits.demand_top_up, "要求补足保证金")
_step(
    ONE + "/top-up-demands/{demand_id}/receipts",
    deposits.ReceiveTopUp,
    deposits.receive_top_up,
    "登记补足款到账",
)
_step(ONE + "/contract-endings", deposits.EndContract, deposits.end_contract, "登记合同终止")
_step(ONE + "/returns", deposits.ReturnDeposit, deposits.return_deposit, "退还保证金")
_step(ONE + "/forfeitures", deposits.ForfeitDeposit, deposits.forfeit_deposit, "不予退还")
_step(ONE + "/closings", deposits.CloseDeposit, deposits.close_deposit, "销户")

_step(
    ONE + "/steps/{version_reversed}/reversals",
    deposits.ReverseDepositStep,
    deposits.reverse_deposit_step,
    "冲回保证金的一个步骤",
)

_step(DRAWS, draws.RequestDraw, draws.request_draw, "申请动用保证金", CAUSE)
_draw("/approvals", draws.ApproveDraw, draws.approve_draw, "批准动用")
_draw("/rejections", draws.RejectDraw, draws.reject_draw, "不批准动用")
_draw("/cancellations", draws.CancelDraw, draws.cancel_draw, "放弃动用")
_draw("/work-orders", draws.OrderEmergencyWork, draws.order_emergency_work, "通知施工单位应急处置")
_draw("/payments", draws.PayDraw, draws.pay_draw, "支付动用款")
_draw("/verifications", draws.VerifyWork, draws.verify_work, "验收")
_draw("/contests", draws.ContestDraw, draws.contest_draw, "物业企业提出异议")
_draw("/contest-decisions", draws.DecideContest, draws.decide_contest, "处理物业企业异议")
_draw("/refunds", draws.RefundDraw, draws.refund_draw, "登记动用款退回")

view = shown.view
routes.read(ALL, shown.DepositQuery, shown.deposit_register, view=view, zh="保证金台账")
routes.read_one(ONE, shown.DepositAt, shown.deposit_by_id, view=view, zh="查看保证金")
routes.read(
    ONE + "/lines", shown.DepositLinesQuery, shown.deposit_lines, view=view, zh="保证金明细"
)
routes.read(
    ONE + "/periods",
    shown.RollForwardQuery,
    shown.deposit_roll_forward,
    view=view,
    zh="保证金期初、增减与期末",
)
routes.read_one(DRAW, shown.DrawAt, shown.draw_by_id, view=view, zh="查看一次动用")
routes.read("/v1/draw-downs", shown.DrawQuery, shown.draw_register, view=view, zh="动用台账")
routes.read("/v1/top-ups", shown.DemandQuery, shown.deposit_top_ups, view=view, zh="补足台账")
routes.read(
    "/v1/deposit-reminders",
    shown.ReminderQuery,
    shown.deposit_reminders,
    view=view,
    zh="对物业企业的提醒",
)
