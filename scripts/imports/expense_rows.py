"""A row about an expense: who applied, reviewed, approved and paid it, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from mimetypes import guess_type
from typing import Annotated, Any
from uuid import UUID

from api.envelope import EvidenceGiven
from ledger.accounts import PublicAccount, account_id_of
from ledger.commands.expenses import (
    ApplyForExpense,
    ApproveExpense,
    PassExpenseReview,
    PayExpense,
    PublishExpense,
    RejectExpense,
    apply_for_expense,
    approve_expense,
    pass_expense_review,
    pay_expense,
    publish_expense,
    reject_expense,
)
from ledger.core.aggregate import Evidence
from ledger.core.values import Text
from ledger.expenses.values import COMMITTEE, COMMUNITY, STREET
from ledger.organisations import Kind, Organisation, organisation_id
from ledger.petitions.labels import Label
from scripts.imports import cells, rules
from scripts.imports.cells import When
from scripts.imports.columns import Column, amount, code, limit_of, person, reference, text, when
from scripts.imports.directions import AMOUNTS, OUT
from scripts.imports.records import (
    At,
    Found,
    ImportRow,
    Need,
    Run,
    Step,
    needed_with,
    together,
)

CATEGORIES = {
    "repair": Label("维修", "Repair"),
    "facilities": Label("设施设备", "Facilities"),
    "greening": Label("绿化", "Greening"),
    "cleaning": Label("保洁", "Cleaning"),
    "security": Label("安保", "Security"),
    "activities": Label("社区活动", "Activities"),
    "committee_costs": Label("业委会经费", "Committee costs"),
    "repair_fund": Label("补充维修资金", "Repair fund"),
    "distribution": Label("业主分配", "Distribution to owners"),
    "other": Label("其他", "Other"),
}
UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, kw_only=True)
class ExpenseRow(ImportRow):
    """An expense and its steps; whoever took a step that has a day must be named."""

    KIND = "expenses"
    TITLE = "公共收益支出 / expenses"
    PROBE = "expense.categories"
    DIRECTION = OUT
    LATER = {
        "review": ("reviewed_at", "reviewed_by"),
        "approve": ("approved_at", "approved_by"),
        "reject": ("rejected_at", "rejected_by", "reject_reason"),
        "pay": ("paid_at", "paid_by", "paid_fen", "bank_reference"),
        "publish": ("published_at", "published_by", "published_where", "published_until"),
    }

    estate: Annotated[str, code("小区代码")]
    amount_fen: Annotated[
        int,
        amount(
            "金额",
            limit_of(ApplyForExpense, "amount_fen"),
            "申请金额",
            *AMOUNTS[OUT],
            name="amount",
        ),
    ]
    category: Annotated[str, Column("支出类别", cells.word(CATEGORIES), ("类别",))]
    purpose: Annotated[str, text("用途", limit_of(ApplyForExpense, "purpose"), "支出事由")]
    payee: Annotated[str, text("收款方", limit_of(ApplyForExpense, "payee"), "收款单位")]
    applied_at: Annotated[When, when("申请日期", "申请时间")]
    applied_by: Annotated[str, person("申请人工号")]
    evidence_sha256: Annotated[
        str, Column("凭证摘要", cells.code, ("凭证SHA256",), limit_of(EvidenceGiven, "sha256"))
    ] = ""
    evidence_name: Annotated[str, text("凭证名称", limit_of(EvidenceGiven, "name"))] = ""
    evidence_bytes: Annotated[
        int | None,
        Column("凭证字节数", cells.whole_number, (), limit_of(EvidenceGiven, "size_bytes")),
    ] = None
    reviewed_at: Annotated[When | None, when("审核日期", "审核时间")] = None
    reviewed_by: Annotated[str, person("审核人工号")] = ""
    approved_at: Annotated[When | None, when("审批日期", "审批时间")] = None
    approved_by: Annotated[str, person("审批人工号")] = ""
    rejected_at: Annotated[When | None, when("驳回日期", "驳回时间")] = None
    rejected_by: Annotated[str, person("驳回人工号")] = ""
    reject_reason: Annotated[str, text("驳回原因", Text)] = ""
    paid_at: Annotated[When | None, when("支付日期", "支付时间")] = None
    paid_by: Annotated[str, person("支付人工号")] = ""
    paid_fen: Annotated[
        int | None, amount("支付金额", limit_of(PayExpense, "amount_fen"), name="paid_amount")
    ] = None
    bank_reference: Annotated[
        str, reference("银行流水号", limit_of(PayExpense, "bank_reference"))
    ] = ""
    published_at: Annotated[When | None, when("公示日期", "公示时间")] = None
    published_by: Annotated[str, person("公示人工号")] = ""
    published_where: Annotated[str, text("公示地点", limit_of(PublishExpense, "where"))] = ""
    published_until: Annotated[date | None, Column("公示截止日", cells.day)] = None

    def needs(self) -> Iterator[Need]:
        yield Organisation, organisation_id(self.estate)
        yield PublicAccount, self.lane()

    def problems(self, found: Found) -> Iterator[At]:
        unknown = list(found.check("estate", self.estate, Kind.ESTATE))
        yield from unknown
        if not unknown and self.lane() not in found.aggregates:
            yield "estate", rules.AccountNotOpen(estate=self.estate)
        yield from together(self, "evidence_sha256", "evidence_name", "evidence_bytes")
        for names in self.LATER.values():
            yield from together(self, *names[:2])
            for name in names[2:]:
                yield from needed_with(self, name, names[0])
        yield from needed_with(self, "published_at", "published_where", "published_until")

    def lane(self) -> UUID:
        return account_id_of(organisation_id(self.estate))

    def steps(self, found: Found, key: str) -> list[Step]:
        account = found.aggregates[self.lane()]
        street_id = getattr(account, "street_id", None)
        estate = found.organisation(self.estate)
        community_id = estate.parent_on(self.applied_at.day) if estate else None
        return [
            Step(
                name="apply",
                column="applied_at",
                when=self.applied_at,
                run=apply_for_expense,
                command=lambda _: ApplyForExpense(
                    account_id=account.id,
                    amount_fen=self.amount_fen,
                    category=self.category,
                    purpose=self.purpose,
                    payee=self.payee,
                ),
                role=COMMITTEE,
                actor=self.applied_by,
                evidence=self._evidence(),
            ),
            *self._later("review", COMMUNITY, community_id, pass_expense_review, self._review),
            *self._later("approve", STREET, street_id, approve_expense, self._approve),
            *self._later(
                "reject", STREET, street_id, reject_expense, self._reject, self.reject_reason
            ),
            *self._later("pay", STREET, street_id, pay_expense, self._pay),
            *self._later("publish", STREET, street_id, publish_expense, self._publish),
        ]

    def _later(  # noqa: PLR0913, PLR0917
        self,
        name: str,
        role: str,
        organisation_id: UUID | None,
        run: Run,
        command: Callable[[UUID], Any],
        note: str = "",
    ) -> Iterator[Step]:
        column, actor = self.LATER[name][:2]
        happened: When | None = getattr(self, column)
        if happened is not None:
            yield Step(
                name=name,
                column=column,
                when=happened,
                run=run,
                command=command,
                role=role,
                actor=getattr(self, actor),
                organisation_id=organisation_id,
                note=note,
            )

    def _evidence(self) -> tuple[Evidence, ...]:
        if not self.evidence_sha256:
            return ()
        return (
            Evidence(
                sha256=self.evidence_sha256,
                name=self.evidence_name,
                media_type=guess_type(self.evidence_name)[0] or UNKNOWN_TYPE,
                size_bytes=self.evidence_bytes or 0,
            ),
        )

    def _review(self, expense_id: UUID) -> PassExpenseReview:
        return PassExpenseReview(expense_id=expense_id)

    def _approve(self, expense_id: UUID) -> ApproveExpense:
        return ApproveExpense(expense_id=expense_id)

    def _reject(self, expense_id: UUID) -> RejectExpense:
        return RejectExpense(expense_id=expense_id)

    def _pay(self, expense_id: UUID) -> PayExpense:
        return PayExpense(
            expense_id=expense_id,
            amount_fen=self.paid_fen or self.amount_fen,
            bank_reference=self.bank_reference,
        )

    def _publish(self, expense_id: UUID) -> PublishExpense:
        until_on = self.published_until or self.applied_at.day
        return PublishExpense(expense_id=expense_id, where=self.published_where, until_on=until_on)
