"""A row about points that a volunteer was awarded for a service in older books."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated
from uuid import UUID

from ledger.commands.points import (
    OpenPointsAccount,
    RecordPastAward,
    open_points_account,
    record_past_award,
)
from ledger.core.aggregate import By
from ledger.core.clock import LOCAL
from ledger.core.values import derived_id
from ledger.organisations import Kind, Organisation, organisation_id
from ledger.petitions.labels import Label
from ledger.points import PointsAccount, PointsAccountExists, account_id_of
from ledger.points.errors import ServiceAwardedTwice
from ledger.policy_values.points import KINDS
from ledger.storage.ledger import Ledger, Recorded
from scripts.imports import cells, rules
from scripts.imports.cells import When
from scripts.imports.columns import Column, code, limit_of, person, reference, when
from scripts.imports.records import At, Found, ImportRow, Need, Step, person_id

SERVICES = {kind: Label(zh, en) for kind, zh, en, _ in KINDS}
REFERENCE_DIGITS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAward:
    """An award, and whose account to open for it if there is none yet."""

    opening: OpenPointsAccount
    award: RecordPastAward


async def record_with_account(command: PastAward, ledger: Ledger, by: By) -> Recorded:
    """Open the volunteer's account if that was not done, then record the award."""
    if await ledger.find(PointsAccount, command.award.account_id) is None:
        with suppress(PointsAccountExists):  # another process was first
            await open_points_account(command.opening, ledger.for_request(), by)
    return await record_past_award(command.award, ledger, by)


@dataclass(frozen=True, kw_only=True)
class AwardRow(ImportRow):
    """One award; a volunteer without an account gets one in the community."""

    KIND = "point-awards"
    TITLE = "志愿积分 / point awards"
    PROBE = "points.validity_months"

    volunteer: Annotated[str, person("志愿者代号", "志愿者编号")]
    community: Annotated[str, code("社区代码")]
    service: Annotated[str, Column("服务类别", cells.word(SERVICES), ("服务类型",), name="kind")]
    served_on: Annotated[date, Column("服务日期", cells.day)]
    points: Annotated[
        int, Column("积分", cells.whole_number, (), limit_of(RecordPastAward, "points"))
    ]
    minutes: Annotated[
        int | None,
        Column(
            "服务分钟",
            cells.whole_number,
            ("服务时长(分钟)",),
            limit_of(RecordPastAward, "minutes"),
        ),
    ] = None
    hours: Annotated[
        int | None,
        Column("服务小时", cells.hours, ("服务时长(小时)",), limit_of(RecordPastAward, "minutes")),
    ] = None
    reference: Annotated[
        str, reference("编号", limit_of(RecordPastAward, "reference"), "记录编号", is_code=True)
    ] = ""
    awarded_at: Annotated[When | None, when("发放日期", "发放时间")] = None
    awarded_by: Annotated[str, person("发放人工号")] = ""

    def needs(self) -> Iterator[Need]:
        yield Organisation, organisation_id(self.community)
        yield PointsAccount, self.lane()

    def problems(self, found: Found) -> Iterator[At]:
        yield from found.check("community", self.community, Kind.COMMUNITY)
        if (self.minutes is None) == (self.hours is None):
            yield "minutes", rules.OneOfCellsNeeded(columns="minutes, hours")
        if self.awarded_at is not None and self.awarded_at.day < self.served_on:
            yield "awarded_at", rules.DaysOutOfOrder(earlier="served_on")

    def begins(self) -> UUID | None:
        return derived_id("service", self.reference) if self.reference else None

    def recorded(self, found: Found) -> At | None:
        account = found.aggregates.get(self.lane())
        service_id = self.begins()
        if isinstance(account, PointsAccount) and service_id in account.awards:
            return "reference", ServiceAwardedTwice()
        return None

    def lane(self) -> UUID:
        return account_id_of(person_id(self.volunteer))

    def steps(self, found: Found, key: str) -> list[Step]:
        served_at = datetime.combine(self.served_on, time(), LOCAL)
        opening = OpenPointsAccount(
            volunteer_id=person_id(self.volunteer), community_id=organisation_id(self.community)
        )
        award = RecordPastAward(
            account_id=self.lane(),
            reference=self.reference or f"import.{key[:REFERENCE_DIGITS]}",
            kind=self.service,
            served_on=self.served_on,
            minutes=self.minutes or self.hours or 0,
            points=self.points,
        )
        return [
            Step(
                name="award",
                column="awarded_at" if self.awarded_at else "served_on",
                when=self.awarded_at or When(served_at, is_day=True),
                run=record_with_account,
                command=lambda _: PastAward(opening=opening, award=award),
                role="community",
                actor=self.awarded_by,
                organisation_id=organisation_id(self.community),
            )
        ]
