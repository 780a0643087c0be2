"""A row about a petition: how it was filed and, as far as it went, what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from ledger.commands.petition_closing import (
    ClosePetition,
    VisitBack,
    WithdrawPetition,
    close_petition,
    visit_back,
    withdraw_petition,
)
from ledger.commands.petition_handling import AnswerPetition, answer_petition
from ledger.commands.petition_terms import UNITS
from ledger.commands.petitions import (
    AcceptPetition,
    AlreadyFiled,
    DispatchPetition,
    FilePetition,
    accept_petition,
    dispatch_petition,
    file_petition,
)
from ledger.core.references import same_reference_key
from ledger.core.values import Text
from ledger.organisations import Kind, Organisation, organisation_id
from ledger.petitions import Outcome, Petition
from ledger.petitions.labels import CATEGORIES, CHANNELS, ITEMS, OUTCOMES
from scripts.imports import cells, rules
from scripts.imports.cells import When
from scripts.imports.columns import Column, code, limit_of, person, reference, text, when
from scripts.imports.records import (
    At,
    Found,
    ImportRow,
    Need,
    Step,
    needed_with,
    person_id,
    together,
    unrecorded_person_id,
)

ITEM_LABELS = {code: label for items in ITEMS.values() for code, label in items.items()}
TITLE_CHARACTERS = 40
_SENTENCE_ENDS = re.compile(r"[。！？!?；;\n]")
ROLES = {Kind.PROPERTY_COMPANY: "company", Kind.STREET: "street", Kind.COMMUNITY: "community"}


@dataclass(frozen=True, kw_only=True)
class PetitionRow(ImportRow):
    """A petition and its steps; all after the filing are optional."""

    KIND = "petitions"
    TITLE = "诉求 / petitions"
    PROBE = "petition.channels"
    LATER = {
        "dispatch": ("dispatched_at", "dispatched_to", "dispatched_by"),
        "accept": ("accepted_at", "accepted_by"),
        "answer": ("answered_at", "answered_by", "outcome", "answer"),
        "visit-back": ("visited_at", "visited_by", "is_resolved", "is_satisfied"),
        "close": ("closed_at", "closed_by", "close_reason"),
        "withdraw": ("withdrawn_at", "withdrawn_by", "withdraw_reason"),
    }

    channel: Annotated[str, Column("渠道", cells.word(CHANNELS), ("受理渠道", "来源渠道"))]
    title: Annotated[str, text("标题", limit_of(FilePetition, "title"), "诉求标题", "工单标题")] = (
        ""
    )
    summary: Annotated[
        str,
        text(
            "内容",
            limit_of(FilePetition, "summary"),
            "诉求内容",
            "市民诉求",
            "诉求描述",
            "反映内容",
        ),
    ]
    filed_at: Annotated[
        When, when("受理时间", "登记时间", "受理日期", "来电时间", "诉求时间", "创建时间")
    ]
    community: Annotated[str, code("社区代码", "社区", "所属社区")] = ""
    estate: Annotated[str, code("小区代码", "小区", "所属小区")] = ""
    category: Annotated[str, Column("类别", cells.word(CATEGORIES), ("诉求类别",))] = ""
    item: Annotated[str, Column("事项", cells.word(ITEM_LABELS), ("诉求事项",))] = ""
    place: Annotated[str, text("地点", limit_of(FilePetition, "place"))] = ""
    reference: Annotated[
        str,
        reference("编号", limit_of(FilePetition, "reference"), "工单编号", "工单号", is_code=True),
    ] = ""
    petitioner: Annotated[str, person("诉求人代号")] = ""
    filed_by: Annotated[str, person("受理人工号")] = ""
    dispatched_at: Annotated[When | None, when("派单时间", "派单日期")] = None
    dispatched_to: Annotated[str, code("承办单位代码", "承办单位", "主办单位", "承办部门")] = ""
    dispatched_by: Annotated[str, person("派单人工号")] = ""
    accepted_at: Annotated[When | None, when("签收时间", "签收日期")] = None
    accepted_by: Annotated[str, person("签收人工号")] = ""
    answered_at: Annotated[When | None, when("答复时间", "答复日期")] = None
    answered_by: Annotated[str, person("办理人工号", "答复人工号")] = ""
    outcome: Annotated[str, Column("办理结果", cells.one_of(OUTCOMES))] = ""
    answer: Annotated[str, text("答复内容", Text)] = ""
    visited_at: Annotated[When | None, when("回访时间", "回访日期")] = None
    visited_by: Annotated[str, person("回访人工号")] = ""
    is_resolved: Annotated[
        bool | None, Column("是否解决", cells.truth, ("解决情况",), name="resolved")
    ] = None
    is_satisfied: Annotated[
        bool | None, Column("是否满意", cells.truth, ("满意度",), name="satisfied")
    ] = None
    closed_at: Annotated[When | None, when("办结时间", "办结日期")] = None
    closed_by: Annotated[str, person("办结人工号")] = ""
    close_reason: Annotated[str, text("办结说明", Text)] = ""
    withdrawn_at: Annotated[When | None, when("撤回时间", "撤回日期")] = None
    withdrawn_by: Annotated[str, person("撤回经办人工号")] = ""
    withdraw_reason: Annotated[str, text("撤回原因", Text)] = ""

    def needs(self) -> Iterator[Need]:
        for organisation in (self.community, self.estate, self.dispatched_to):
            if organisation:
                yield Organisation, organisation_id(organisation)
        for petition_id in self._spellings():
            yield Petition, petition_id

    def problems(self, found: Found) -> Iterator[At]:
        if self.community:
            yield from found.check("community", self.community, Kind.COMMUNITY)
        elif not self.estate:
            yield "community", rules.CellsBelongTogether(one_of="community, estate")
        if self.estate:
            yield from found.check("estate", self.estate, Kind.ESTATE)
        if self.dispatched_to:
            yield from found.check("dispatched_to", self.dispatched_to, *sorted(UNITS))
        yield from together(self, "category", "item")
        yield from together(self, "dispatched_at", "dispatched_to")
        yield from needed_with(self, "answered_at", "outcome", "answer")
        yield from together(self, "is_resolved", "is_satisfied")
        for names in self.LATER.values():
            for name in names[1:]:
                yield from needed_with(self, name, names[0])

    def begins(self) -> UUID | None:
        if not self.reference:
            return None
        return Petition.create_id(channel=self.channel, reference=self.reference)

    def stands_once(self) -> object:
        key = same_reference_key(self.reference)
        return (self.channel, key) if key else None

    def _spellings(self) -> Iterator[UUID]:
        """Yield the ids of petitions that have this reference, as it is or in another case."""
        key = same_reference_key(self.reference)
        for spelling in dict.fromkeys((self.reference, key, key.upper())):
            if spelling:
                yield Petition.create_id(channel=self.channel, reference=spelling)

    def recorded(self, found: Found) -> At | None:
        if found.aggregates.keys().isdisjoint(self._spellings()):
            return None
        return "reference", AlreadyFiled(channel=self.channel, reference=self.reference)

    def steps(self, found: Found, key: str) -> list[Step]:
        community_id = self._community_id(found)
        unit = found.organisation(self.dispatched_to)
        unit_id = unit.id if unit else community_id
        role = ROLES.get(unit.kind, "department") if unit else "community"
        steps = [
            Step(
                name="file",
                column="filed_at",
                when=self.filed_at,
                run=file_petition,
                command=lambda _: self._filing(community_id, key),
                role="community",
                actor=self.filed_by,
                organisation_id=community_id,
            )
        ]
        steps += self._handling(unit_id, community_id, role)
        return [*steps, *self._ending(community_id)]

    def _community_id(self, found: Found) -> UUID:
        """Return the community named, or the one that the estate stood in on that day."""
        if self.community:
            return organisation_id(self.community)
        estate = found.organisation(self.estate)
        parent_id = estate.parent_on(self.filed_at.day) if estate else None
        return parent_id or organisation_id(self.estate)

    def _filing(self, community_id: UUID, key: str) -> FilePetition:
        return FilePetition(
            channel=self.channel,
            title=self.title or _title_of(self.summary),
            summary=self.summary,
            community_id=community_id,
            petitioner_id=person_id(self.petitioner)
            if self.petitioner
            else unrecorded_person_id(key, "petitioner"),
            place=self.place,
            estate_id=organisation_id(self.estate) if self.estate else None,
            category=self.category or None,
            item=self.item or None,
            reference=self.reference,
        )

    def _handling(self, unit_id: UUID, community_id: UUID, role: str) -> Iterator[Step]:
        if self.dispatched_at is not None:
            yield Step(
                name="dispatch",
                column="dispatched_at",
                when=self.dispatched_at,
                run=dispatch_petition,
                command=lambda petition_id: DispatchPetition(
                    petition_id=petition_id, unit_id=unit_id
                ),
                role="community",
                actor=self.dispatched_by,
                organisation_id=community_id,
            )
        if self.accepted_at is not None:
            yield Step(
                name="accept",
                column="accepted_at",
                when=self.accepted_at,
                run=accept_petition,
                command=lambda petition_id: AcceptPetition(petition_id=petition_id),
                role=role,
                actor=self.accepted_by,
                organisation_id=unit_id,
            )
        if self.answered_at is not None:
            yield Step(
                name="answer",
                column="answered_at",
                when=self.answered_at,
                run=answer_petition,
                command=lambda petition_id: AnswerPetition(
                    petition_id=petition_id, outcome=Outcome(self.outcome), summary=self.answer
                ),
                role=role,
                actor=self.answered_by,
                organisation_id=unit_id,
            )

    def _ending(self, community_id: UUID) -> Iterator[Step]:
        if self.visited_at is not None:
            yield Step(
                name="visit-back",
                column="visited_at",
                when=self.visited_at,
                run=visit_back,
                command=lambda petition_id: VisitBack(
                    petition_id=petition_id,
                    is_resolved=self.is_resolved,
                    is_satisfied=self.is_satisfied,
                ),
                role="community",
                actor=self.visited_by,
                organisation_id=community_id,
            )
        if self.closed_at is not None:
            yield Step(
                name="close",
                column="closed_at",
                when=self.closed_at,
                run=close_petition,
                command=lambda petition_id: ClosePetition(petition_id=petition_id),
                role="community",
                actor=self.closed_by,
                organisation_id=community_id,
                note=self.close_reason,
            )
        if self.withdrawn_at is not None:
            yield Step(
                name="withdraw",
                column="withdrawn_at",
                when=self.withdrawn_at,
                run=withdraw_petition,
                command=lambda petition_id: WithdrawPetition(petition_id=petition_id),
                role="community",
                actor=self.withdrawn_by,
                organisation_id=community_id,
                note=self.withdraw_reason,
            )


def _title_of(summary: str) -> str:
    """Return the title of a petition that has none: how its content begins."""
    first = next((one for one in _SENTENCE_ENDS.split(summary) if one.strip()), summary).strip()
    return first if len(first) <= TITLE_CHARACTERS else f"{first[:TITLE_CHARACTERS]}…"
