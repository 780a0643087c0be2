"""A row about revenue: money that came into an estate's public account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from ledger.accounts import PublicAccount, account_id_of
from ledger.commands.accounts import ReceiveRevenue, receive_revenue
from ledger.core.values import derived_id
from ledger.leases import Lease
from ledger.organisations import Kind, Organisation, organisation_id
from ledger.petitions.labels import Label
from scripts.imports import cells, rules
from scripts.imports.cells import When
from scripts.imports.columns import Column, amount, code, limit_of, person, reference, text, when
from scripts.imports.directions import AMOUNTS, IN
from scripts.imports.records import At, Found, ImportRow, Need, Step

CATEGORIES = {
    "rent": Label("租金", "Rent"),
    "parking": Label("停车费", "Parking"),
    "advertising": Label("广告费", "Advertising"),
    "venture": Label("合办经营", "Joint venture"),
    "brought_forward": Label("上期结转", "Brought forward"),
    "interest": Label("利息", "Interest"),
    "other": Label("其他", "Other"),
}


@dataclass(frozen=True, kw_only=True)
class RevenueRow(ImportRow):
    """One receipt."""

    KIND = "revenue"
    TITLE = "公共收益 / revenue"
    PROBE = "account.revenue_categories"
    DIRECTION = IN

    estate: Annotated[str, code("小区代码")]
    category: Annotated[str, Column("收入类别", cells.word(CATEGORIES), ("类别",))]
    amount_fen: Annotated[
        int,
        amount(
            "金额", limit_of(ReceiveRevenue, "amount_fen"), "到账金额", *AMOUNTS[IN], name="amount"
        ),
    ]
    received_at: Annotated[When, when("到账日期", "到账时间", "received_on")]
    payer: Annotated[str, text("缴款方", limit_of(ReceiveRevenue, "payer"), "付款方")]
    bank_reference: Annotated[
        str, reference("银行流水号", limit_of(ReceiveRevenue, "bank_reference"))
    ] = ""
    lease: Annotated[UUID | None, Column("租约编号", cells.record_id)] = None
    received_by: Annotated[str, person("经办人工号")] = ""

    def needs(self) -> Iterator[Need]:
        yield Organisation, organisation_id(self.estate)
        yield PublicAccount, self.lane()
        if self.lease is not None:
            yield Lease, self.lease

    def problems(self, found: Found) -> Iterator[At]:
        unknown = list(found.check("estate", self.estate, Kind.ESTATE))
        yield from unknown
        if not unknown and self.lane() not in found.aggregates:
            yield "estate", rules.AccountNotOpen(estate=self.estate)
        if self.lease is not None and self.lease not in found.aggregates:
            yield "lease", rules.RecordUnknown(kind="lease", id=str(self.lease))

    def lane(self) -> UUID:
        return account_id_of(organisation_id(self.estate))

    def steps(self, found: Found, key: str) -> list[Step]:
        account = found.aggregates[self.lane()]
        command = ReceiveRevenue(
            account_id=account.id,
            category=self.category,
            amount_fen=self.amount_fen,
            payer=self.payer,
            bank_reference=self.bank_reference,
            lease_id=self.lease,
            receipt_id=derived_id("import-receipt", key),
        )
        return [
            Step(
                name="receive",
                column="received_at",
                when=self.received_at,
                run=receive_revenue,
                command=lambda _: command,
                role="street",
                actor=self.received_by,
                organisation_id=getattr(account, "street_id", None),
            )
        ]
