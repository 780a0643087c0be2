"""A row about a performance deposit: one line of it, assessed, received or drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from ledger.commands.deposits import (
    AssessDeposit,
    ReceiveDeposit,
    assess_deposit,
    receive_deposit,
)
from ledger.commands.draws import (
    ApproveDraw,
    PayDraw,
    RequestDraw,
    approve_draw,
    pay_draw,
    request_draw,
)
from ledger.core.values import derived_id
from ledger.deposits import CauseKind, Deposit, DepositForm, deposit_id_of
from ledger.deposits.rules import DepositAlreadyAssessed
from ledger.deposits.values import COMMUNITY, STREET
from ledger.findings import Finding
from ledger.organisations import Kind, Organisation, organisation_id
from ledger.petitions import Petition
from ledger.petitions.labels import Label
from scripts.imports import cells, rules
from scripts.imports.cells import When
from scripts.imports.columns import Column, amount, code, limit_of, person, reference, text, when
from scripts.imports.records import At, Found, ImportRow, Need, Step, needed_with, together

LINES = {
    "assessed": Label("核定", "Assessed"),
    "received": Label("缴纳", "Received"),
    "drawn": Label("启用", "Drawn"),
}
FORMS = {"cash": Label("现金", "Cash"), "guarantee": Label("保函", "Guarantee")}
CAUSES = {
    "petition": Label("诉求", "Petition"),
    "finding": Label("监督发现", "Finding"),
    "inspection": Label("检查", "Inspection"),
    "emergency": Label("险情", "Emergency"),
}
NEEDED = {
    "assessed": ("base_fen", "rate_bp", "basis", "ends_on"),
    "received": ("amount_fen",),
    "drawn": ("amount_fen", "payee", "purpose", "cause_kind"),
}
ONLY = {
    "assessed": ("base_fen", "rate_bp", "basis", "ends_on", "form", "return_days"),
    "drawn": (
        "payee",
        "purpose",
        "cause_kind",
        "cause_id",
        "cause_record",
        "approved_at",
        "paid_at",
    ),
}


@dataclass(frozen=True, kw_only=True)
class DepositRow(ImportRow):
    """One line; estate, company and contract together name the deposit."""

    KIND = "deposits"
    TITLE = "履约保证金 / deposits"
    PROBE = "deposit.rate_min_bp"
    LATER = {
        "approve": ("approved_at", "approved_by"),
        "pay": ("paid_at", "paid_by", "bank_reference"),
    }

    line: Annotated[str, Column("业务", cells.one_of(LINES), ("业务类型",))]
    estate: Annotated[str, code("小区代码")]
    company: Annotated[str, code("物业企业代码")]
    contract: Annotated[str, reference("合同", limit_of(AssessDeposit, "contract"), "合同编号")]
    happened_at: Annotated[When, when("日期", "发生日期", name="at")]
    taken_by: Annotated[str, person("经办人工号", name="by")]
    base_fen: Annotated[
        int | None,
        amount("年度物业费", limit_of(AssessDeposit, "base_fen"), "基数", name="base_amount"),
    ] = None
    rate_bp: Annotated[
        int | None,
        Column("比例", cells.rate, ("收取比例",), limit_of(AssessDeposit, "rate_bp"), name="rate"),
    ] = None
    basis: Annotated[str, text("依据", limit_of(AssessDeposit, "basis"))] = ""
    ends_on: Annotated[date | None, Column("合同到期日", cells.day)] = None
    form: Annotated[str, Column("形式", cells.one_of(FORMS), ("缴纳形式",))] = ""
    return_days: Annotated[
        int | None,
        Column("退还天数", cells.whole_number, (), limit_of(AssessDeposit, "return_days")),
    ] = None
    amount_fen: Annotated[
        int | None, amount("金额", limit_of(ReceiveDeposit, "amount_fen"), name="amount")
    ] = None
    bank_reference: Annotated[
        str, reference("银行流水号", limit_of(ReceiveDeposit, "bank_reference"))
    ] = ""
    payee: Annotated[str, text("收款方", limit_of(RequestDraw, "payee"), "收款单位")] = ""
    purpose: Annotated[str, text("用途", limit_of(RequestDraw, "purpose"))] = ""
    cause_kind: Annotated[str, Column("启用事由", cells.one_of(CAUSES))] = ""
    cause_id: Annotated[UUID | None, Column("事由编号", cells.record_id)] = None
    cause_record: Annotated[str, text("事由记录", limit_of(RequestDraw, "cause_record"))] = ""
    approved_at: Annotated[When | None, when("审批日期", "审批时间")] = None
    approved_by: Annotated[str, person("审批人工号")] = ""
    paid_at: Annotated[When | None, when("支付日期", "支付时间")] = None
    paid_by: Annotated[str, person("支付人工号")] = ""

    def later(self) -> Mapping[str, tuple[str, ...]]:
        return self.LATER if self.line == "drawn" else {}

    def needs(self) -> Iterator[Need]:
        yield Organisation, organisation_id(self.estate)
        yield Organisation, organisation_id(self.company)
        yield Deposit, self.lane()
        if self.cause_id is not None:
            yield (Finding if self.cause_kind == "finding" else Petition), self.cause_id

    def problems(self, found: Found) -> Iterator[At]:
        yield from found.check("estate", self.estate, Kind.ESTATE)
        yield from found.check("company", self.company, Kind.PROPERTY_COMPANY)
        yield from needed_with(self, "line", *NEEDED[self.line])
        for line, names in ONLY.items():
            for name in names:
                if line != self.line and getattr(self, name) not in (None, ""):
                    yield name, rules.CellNotForLine(line=self.line, for_line=line)
        yield from together(self, "approved_at", "approved_by")
        yield from together(self, "paid_at", "paid_by")
        if self.cause_id is not None and self.cause_id not in found.aggregates:
            yield "cause_id", rules.RecordUnknown(kind=self.cause_kind, id=str(self.cause_id))
        if self.lane() not in found.aggregates and self.lane() not in found.begun:
            yield "contract", rules.DepositNotAssessed()

    def begins(self) -> UUID | None:
        return self.lane() if self.line == "assessed" else None

    def recorded(self, found: Found) -> At | None:
        if self.begins() not in found.aggregates:
            return None
        return "contract", DepositAlreadyAssessed(deposit_id=str(self.lane()))

    def lane(self) -> UUID:
        estate_id, company_id = organisation_id(self.estate), organisation_id(self.company)
        return deposit_id_of(estate_id, company_id, self.contract)

    def steps(self, found: Found, key: str) -> list[Step]:
        if self.line == "assessed":
            return [self._assessment()]
        if self.line == "received":
            return [self._receipt()]
        return list(self._draw(derived_id("import-draw", key)))

    def _assessment(self) -> Step:
        return Step(
            name="assess",
            column="happened_at",
            when=self.happened_at,
            run=assess_deposit,
            command=lambda _: AssessDeposit(
                estate_id=organisation_id(self.estate),
                company_id=organisation_id(self.company),
                contract=self.contract,
                base_fen=self.base_fen or 0,
                rate_bp=self.rate_bp or 0,
                basis=self.basis,
                ends_on=self.ends_on or self.happened_at.day,
                form=DepositForm(self.form or DepositForm.CASH),
                return_days=self.return_days,
            ),
            role=STREET,
            actor=self.taken_by,
            opens=True,
        )

    def _receipt(self) -> Step:
        return Step(
            name="receive",
            column="happened_at",
            when=self.happened_at,
            run=receive_deposit,
            command=lambda _: ReceiveDeposit(
                deposit_id=self.lane(),
                amount_fen=self.amount_fen or 0,
                bank_reference=self.bank_reference,
            ),
            role=STREET,
            actor=self.taken_by,
        )

    def _draw(self, draw_id: UUID) -> Iterator[Step]:
        deposit_id = self.lane()
        yield Step(
            name="request",
            column="happened_at",
            when=self.happened_at,
            run=request_draw,
            command=lambda _: self._request(draw_id),
            role=COMMUNITY,
            actor=self.taken_by,
        )
        if self.approved_at is not None:
            yield Step(
                name="approve",
                column="approved_at",
                when=self.approved_at,
                run=approve_draw,
                command=lambda _: ApproveDraw(deposit_id=deposit_id, draw_id=draw_id),
                role=STREET,
                actor=self.approved_by,
            )
        if self.paid_at is not None:
            yield Step(
                name="pay",
                column="paid_at",
                when=self.paid_at,
                run=pay_draw,
                command=lambda _: PayDraw(
                    deposit_id=deposit_id,
                    draw_id=draw_id,
                    amount_fen=self.amount_fen or 0,
                    bank_reference=self.bank_reference,
                ),
                role=STREET,
                actor=self.paid_by,
            )

    def _request(self, draw_id: UUID) -> RequestDraw:
        return RequestDraw(
            deposit_id=self.lane(),
            draw_id=draw_id,
            amount_fen=self.amount_fen or 0,
            payee=self.payee,
            purpose=self.purpose,
            cause_kind=CauseKind(self.cause_kind),
            cause_id=self.cause_id,
            cause_record=self.cause_record,
        )
