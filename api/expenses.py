"""/v1/expenses: apply, review, approve, pay, publish, object; register and approval trail."""

from __future__ import annotations

from api.concerning import of_record
from api.routing import CommandFunction, Routes
from ledger.commands import expenses
from projections import expenses as shown

routes = Routes("expenses", zh="公共收益支出", en="Expenses from public revenue")

ALL = "/v1/expenses"
ONE = ALL + "/{expense_id}"
OBJECTIONS = ONE + "/objections"
EXPENSE = of_record("expense_id", "expense")


def _step(path: str, command_type: type, function: CommandFunction, zh: str) -> None:
    """Declare a step of one expense: it can be read at the expense's own address."""
    routes.command(path, command_type, function, about=EXPENSE, zh=zh, location=ONE)


routes.command(
    ALL,
    expenses.ApplyForExpense,
    expenses.apply_for_expense,
    about=of_record("account_id", "public_account"),
    zh="申请支出",
)
_step(ONE + "/changes", expenses.ChangeExpense, expenses.change_expense, "更改申请")
_step(ONE + "/reviews", expenses.PassExpenseReview, expenses.pass_expense_review, "社区审核通过")
_step(ONE + "/returns", expenses.ReturnExpense, expenses.return_expense, "社区退回申请")
_step(ONE + "/approvals", expenses.ApproveExpense, expenses.approve_expense, "街道审批通过")
_step(ONE + "/rejections", expenses.RejectExpense, expenses.reject_expense, "街道否决")
_step(ONE + "/payments", expenses.PayExpense, expenses.pay_expense, "支付")
_step(ONE + "/withdrawals", expenses.WithdrawExpense, expenses.withdraw_expense, "撤回申请")
_step(
    ONE + "/payment-reversals",
    expenses.ReverseExpensePayment,
    expenses.reverse_expense_payment,
    "冲正付款",
)
_step(
    ONE + "/evidence", expenses.AttachExpenseEvidence, expenses.attach_expense_evidence, "补充材料"
)
_step(ONE + "/publications", expenses.PublishExpense, expenses.publish_expense, "公示")
_step(OBJECTIONS, expenses.RaiseObjection, expenses.raise_objection, "业主提出异议")
_step(
    OBJECTIONS + "/{objection_id}/answers",
    expenses.AnswerObjection,
    expenses.answer_objection,
    "答复异议",
)

view = shown.view
routes.read(ALL, shown.ExpenseQuery, shown.expense_register, view=view, zh="支出台账")
routes.read_one(ONE, shown.ExpenseAt, shown.expense_by_id, view=view, zh="查看支出")
routes.read(ONE + "/trail", shown.TrailQuery, shown.expense_trail, view=view, zh="审批过程")
routes.read(
    "/v1/objections", shown.ObjectionQuery, shown.objection_register, view=view, zh="异议台账"
)
