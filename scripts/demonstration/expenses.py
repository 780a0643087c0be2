"""Expenses of every estate: applied for, reviewed, approved and paid by four persons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from ledger.accounts import account_id_of
from ledger.commands import expenses
from ledger.core.clock import local_day
from ledger.expenses import EvidenceKind
from scripts.demonstration import people
from scripts.demonstration.accounts import Income, lane_of
from scripts.demonstration.county import Estate, dice
from scripts.demonstration.documents import a_paper, yuan
from scripts.demonstration.life import DAY, HOUR
from scripts.demonstration.steps import Step, Story, alias
from scripts.demonstration.working_time import office_hours

PURPOSES = (
    ("repair", "维修单元门禁", "门禁维修部（演示）"),
    ("repair", "更换破损井盖", "市政维修部（演示）"),
    ("facilities", "增设电动车充电桩", "充电设备商（演示）"),
    ("greening", "补种绿化苗木", "园林绿化部（演示）"),
    ("cleaning", "清洗水箱和楼道", "保洁服务部（演示）"),
    ("security", "更换监控摄像头", "安防设备商（演示）"),
    ("activities", "邻里节物料", "文化用品店（演示）"),
    ("committee_costs", "业委会办公用品和公示牌", "文印店（演示）"),
)
FIRST_AFTER_DAYS, EVERY_DAYS, LAST_BEFORE_DAYS = 130, 95, 40
UNFINISHED_DAYS = (4, 34)
"""How long before the demo's end one begins that stays unfinished."""
LEAST_FEN, ROUND_FEN = 500_00, 100_00
BOARD = "小区公告栏和业主群"

TURNS = {
    "paid": 70,
    "changed": 7,
    "returned": 6,
    "rejected": 5,
    "withdrawn": 4,
    "objected": 5,
    "late": 3,
}
"""What becomes of an application, in percent; ``late`` is published after its term."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One expense on its way, with who takes its four steps."""

    estate: Estate
    id: UUID
    amount_fen: int
    category: str
    purpose: str
    payee: str
    rng: Random
    story: Story
    number: str

    @property
    def addressed(self) -> dict[str, Any]:
        return {"expense_id": self.id}

    def do(self, run: Any, command: Any, who: people.Person, hours: int, **more: Any) -> None:
        """Take a step some working hours later."""
        self.story.do(run, command, who, self.rng.randint(hours * 30, hours * 90), **more)

    def official(self, post: str) -> people.Person:
        return people.street_official(self.estate.community, post)


def expense_steps(
    estate: Estate, incomes: Sequence[Income], start: date, end: date
) -> Iterator[Step]:
    """Write the estate's expenses; none asks for more than the account has by then."""
    rng = dice(f"expenses {estate.code}")
    spent_fen, number = 0, 0
    day = start + timedelta(days=FIRST_AFTER_DAYS + estate.number % 40)
    while day < end - timedelta(days=LAST_BEFORE_DAYS):
        free_fen = sum(income.amount_fen for income in incomes if income.on < day) - spent_fen
        amount_fen = int(free_fen * rng.uniform(0.25, 0.55)) // ROUND_FEN * ROUND_FEN
        turn = rng.choices(tuple(TURNS), tuple(TURNS.values()))[0]
        if amount_fen >= LEAST_FEN:
            number += 1
            yield from _expense(estate, number, amount_fen, turn, rng, day)
            if turn not in ("returned", "rejected", "withdrawn"):
                spent_fen += amount_fen
        day += timedelta(days=EVERY_DAYS + rng.randrange(20))
    free_fen = sum(income.amount_fen for income in incomes if income.on < day) - spent_fen
    if free_fen // 4 >= LEAST_FEN:
        yield from _unfinished(estate, number + 1, free_fen // 4 // ROUND_FEN * ROUND_FEN, end)


def _unfinished(estate: Estate, number: int, amount_fen: int, end: date) -> list[Step]:
    """Begin one that waits when the demo ends: for the next of its steps, or overdue for it."""
    rng = dice(f"unfinished expense {estate.code}")
    day = end - timedelta(days=rng.randint(*UNFINISHED_DAYS))
    steps = _expense(estate, number, amount_fen, "objected", rng, day)
    return steps[: 1 + estate.number % (len(steps) - 1)]


def _expense(  # noqa: PLR0913, PLR0917
    estate: Estate, number: int, amount_fen: int, turn: str, rng: Random, day: date
) -> list[Step]:
    category, purpose, payee = rng.choice(PURPOSES)
    story = Story(lane_of(estate), office_hours(rng, day))
    case = Case(
        estate=estate,
        id=alias("expense", f"{estate.code} {number}"),
        amount_fen=amount_fen,
        category=category,
        purpose=purpose,
        payee=payee,
        rng=rng,
        story=story,
        number=f"{estate.number:03}-{number}",
    )
    _apply(case)
    ways = {"returned": _returned, "rejected": _rejected, "withdrawn": _withdrawn}
    if turn in ways:
        ways[turn](case)
        return story.steps
    if turn == "changed":
        _change(case)
    _approve(case)
    _pay_and_publish(case, is_late=turn == "late")
    if turn == "objected":
        _object(case)
    return story.steps


def _apply(case: Case) -> None:
    terms = {name: getattr(case, name) for name in ("amount_fen", "category", "purpose", "payee")}
    apply = expenses.ApplyForExpense(account_id=account_id_of(case.estate.id), **terms)
    lines = (f"供应商：{case.payee}", f"项目：{case.purpose}", f"报价：{yuan(case.amount_fen)}")
    quotation = a_paper(f"报价单{case.number}（演示）", lines)
    story = case.story
    story.do(
        expenses.apply_for_expense,
        apply,
        people.chair(case.estate),
        documents=(quotation,),
        names=case.id,
    )


def _review(case: Case) -> None:
    review = expenses.PassExpenseReview(**case.addressed)
    case.do(expenses.pass_expense_review, review, people.secretary(case.estate.community), 10)


def _change(case: Case) -> None:
    """Reviewed, then changed by the committee, so that review and approval start anew."""
    _review(case)
    terms: dict[str, Any] = {name: getattr(case, name) for name in ("category", "purpose", "payee")}
    change = expenses.ChangeExpense(
        **case.addressed, **terms, amount_fen=case.amount_fen - ROUND_FEN
    )
    reason = "重新询价后价格下降"
    case.do(expenses.change_expense, change, people.chair(case.estate), 8, reason=reason)


def _returned(case: Case) -> None:
    send_back = expenses.ReturnExpense(**case.addressed)
    reason = "缺少三家比价材料，请补充后重新申请"
    secretary = people.secretary(case.estate.community)
    case.do(expenses.return_expense, send_back, secretary, 10, reason=reason)


def _rejected(case: Case) -> None:
    _review(case)
    reject = expenses.RejectExpense(**case.addressed)
    reason = "该项目应由物业企业按合同承担，不得使用公共收益"
    case.do(expenses.reject_expense, reject, case.official("leader"), 10, reason=reason)


def _withdrawn(case: Case) -> None:
    _review(case)
    approve = expenses.ApproveExpense(**case.addressed)
    case.do(expenses.approve_expense, approve, case.official("leader"), 8)
    withdraw = expenses.WithdrawExpense(**case.addressed)
    reason = "供应商无法供货，业委会决定暂缓"
    case.do(expenses.withdraw_expense, withdraw, people.chair(case.estate), 8, reason=reason)


def _approve(case: Case) -> None:
    _review(case)
    approve = expenses.ApproveExpense(**case.addressed)
    case.do(expenses.approve_expense, approve, case.official("leader"), 10)


def _pay_and_publish(case: Case, *, is_late: bool) -> None:
    paid_fen = case.amount_fen
    if any(isinstance(step.command, expenses.ChangeExpense) for step in case.story.steps):
        paid_fen -= ROUND_FEN
    reference = f"demo-expense-{case.id.hex[:8]}"
    pay = expenses.PayExpense(**case.addressed, amount_fen=paid_fen, bank_reference=reference)
    case.do(expenses.pay_expense, pay, case.official("cashier"), 12)
    attach = expenses.AttachExpenseEvidence(**case.addressed, kind=EvidenceKind.INVOICE)
    lines = (f"销售方：{case.payee}", f"项目：{case.purpose}", f"价税合计：{yuan(paid_fen)}")
    invoice = a_paper(f"发票{case.number}（演示）", lines)
    chair = people.chair(case.estate)
    case.do(expenses.attach_expense_evidence, attach, chair, 6, documents=(invoice,))
    wait = (18 if is_late else case.rng.randint(2, 8)) * DAY
    published_on = local_day(case.story.at)
    publish = expenses.PublishExpense(
        **case.addressed, where=BOARD, until_on=published_on + timedelta(days=wait // DAY * 2 + 30)
    )
    case.story.do(expenses.publish_expense, publish, chair, wait)


def _object(case: Case) -> None:
    objection_id = alias("objection", str(case.id))
    objection = expenses.RaiseObjection(
        **case.addressed, statement="请说明单价高于上次的原因", objection_id=objection_id
    )
    owner = people.owner(case.estate, case.rng.randint(1, 40))
    case.do(expenses.raise_objection, objection, owner, 20)
    answer = expenses.AnswerObjection(
        **case.addressed, objection_id=objection_id, answer="材料价格上涨，比价记录已一并公示"
    )
    wait = 14 if case.rng.random() < LATE_ANSWERS else case.rng.randint(2, 7)
    case.story.do(expenses.answer_objection, answer, people.chair(case.estate), wait * DAY + HOUR)


LATE_ANSWERS = 0.2
