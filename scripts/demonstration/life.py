"""The life of one petition, step by step; each method is a step that somebody takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from ledger.commands import petition_closing as closing
from ledger.commands import petition_handling as handling
from ledger.commands import petition_supervision as supervision
from ledger.commands import petitions as intake
from ledger.core.values import derived_id
from ledger.petitions import Cause, Level, MeetingOutcome, Outcome, Petition, Side
from scripts.demonstration import people
from scripts.demonstration.county import Body, Community, County, Estate, data
from scripts.demonstration.documents import Document
from scripts.demonstration.people import Person
from scripts.demonstration.steps import Run, Step
from scripts.demonstration.working_time import after

HOUR, DAY = 60, 540
"""In minutes of working time."""

FOUR_SIDES = (
    Side.COMMUNITY_PARTY_ORGANISATION,
    Side.RESIDENTS_COMMITTEE,
    Side.OWNERS_COMMITTEE,
    Side.PROPERTY_COMPANY,
)


def reference_of(number: int) -> str:
    """Return the reference of the demo's ``number``-th petition."""
    return f"{people.DEMO}-{number:05}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What a petition is about, where, and who is to handle it."""

    category: str
    item: str
    community: Community
    estate: Estate | None
    unit: Body
    accepter: Person
    handler: Person

    @property
    def place(self) -> str:
        return self.community.zh if self.estate is None else self.estate.zh

    @property
    def complaint(self) -> str:
        return str(data("matters")[self.category][self.item][0])

    @property
    def remedy(self) -> str:
        return str(data("matters")[self.category][self.item][1])


class Life:
    """Writes the steps of one petition; each begins some working minutes after the one before."""

    def __init__(  # noqa: PLR0913, PLR0917
        self, county: County, number: int, matter: Matter, channel: str, at: datetime, rng: Random
    ) -> None:
        self.steps: list[Step] = []
        self.county = county
        self.matter = matter
        self.channel = channel
        self.rng = rng
        self.at = self.filed_at = at
        self.is_plain = False
        self.number = number
        self.reference = reference_of(number)
        self.id: UUID = Petition.create_id(channel=channel, reference=self.reference)
        self.lane = str(self.id)
        self.unit = matter.unit
        self.accepter, self.handler = matter.accepter, matter.handler
        self.router, self.visitor, self.received_by_id = self._desk()

    def _desk(self) -> tuple[Person, Person, UUID | None]:
        """Who sends it to a unit, who asks back, and where it came in (none: the community)."""
        community = self.matter.community
        if self.channel == "hotline":
            body = self.county.bodies["demo-hotline"]
            router, visitor = (people.of_body(body, "hotline", "operator", n) for n in (1, 2))
            return router, visitor, body.id
        if self.channel == "letters_visits":
            clerk = people.street_official(community, "clerk")
            return clerk, people.street_official(community, "visitor"), community.street_id
        return people.community_worker(community), people.community_worker(community, 2), None

    def do(  # noqa: PLR0913
        self,
        run: Run,
        command: Any,
        person: Person,
        minutes: int,
        *,
        reason: str = "",
        documents: Sequence[Document] = (),
        awaits_reactions: bool = False,
    ) -> Life:
        """Take a step so many working minutes from now."""
        if minutes:
            self.at = after(self.at, minutes)
        by = person.by(self.at, reason, [document.evidence for document in documents])
        step = Step(
            lane=self.lane,
            run=run,
            command=command,
            by=by,
            awaits_reactions=awaits_reactions,
            documents=tuple(documents),
        )
        self.steps.append(step)
        return self

    def some(self, least: int, most: int) -> int:
        """Return some number of minutes."""
        return self.rng.randint(least, most)

    # Intake -----------------------------------------------------------------------------

    def file(self, *, is_classified: bool = True, title: str = "", summary: str = "") -> Life:
        """Register it, with its category unless that is left for later."""
        matter = self.matter
        command = intake.FilePetition(
            channel=self.channel,
            title=title or f"{matter.place}：{matter.complaint}"[:100],
            summary=summary or f"{matter.complaint}，希望尽快处理。",
            community_id=matter.community.id,
            petitioner_id=derived_id("demo-resident", f"{matter.place} {self.number % 997}"),
            place=matter.place,
            estate_id=matter.estate.id if matter.estate else None,
            received_by_id=self.received_by_id,
            category=matter.category if is_classified else None,
            item=matter.item if is_classified else None,
            reference=self.reference,
        )
        self.do(intake.file_petition, command, self.router, 0)
        if not is_classified:
            classify = intake.ClassifyPetition(
                petition_id=self.id, category=matter.category, item=matter.item
            )
            self.do(intake.classify_petition, classify, self.router, self.some(5, 60))
        return self

    def dispatch(self, minutes: int | None = None) -> Life:
        """Send it to the unit."""
        command = intake.DispatchPetition(petition_id=self.id, unit_id=self.unit.id)
        wait = self.some(5, 180) if minutes is None else minutes
        return self.do(intake.dispatch_petition, command, self.router, wait)

    def accept(self, minutes: int | None = None) -> Life:
        """Let the unit take it on."""
        command = intake.AcceptPetition(petition_id=self.id)
        wait = self.some(10, 240) if minutes is None else minutes
        return self.do(intake.accept_petition, command, self.accepter, wait)

    def assign(self, *co_units: Body) -> Life:
        """Name the handler and who helps."""
        command = intake.AssignHandler(
            petition_id=self.id,
            handler_id=self.handler.id,
            co_unit_ids=tuple(unit.id for unit in co_units),
        )
        return self.do(intake.assign_handler, command, self.accepter, self.some(5, 60))

    def dispute(self, *, is_right: bool, to: tuple[Body, Person, Person]) -> Life:
        """Let the unit dispute it: it goes to another one, or stays."""
        dispute = intake.DisputeDispatch(petition_id=self.id)
        self.do(
            intake.dispute_dispatch, dispute, self.accepter, self.some(60, 300),
            reason="经核实，该事项不属于本单位职责范围",
        )  # fmt: skip
        if is_right:
            command: Any = intake.ReturnDispatch(petition_id=self.id)
            reason = "异议成立，改派责任单位"
            self.do(intake.return_dispatch, command, self.router, self.some(30, 200), reason=reason)
            self.unit, self.accepter, self.handler = to
            return self.dispatch().accept()
        command = intake.UpholdDispatch(petition_id=self.id)
        reason = "依据物业服务合同，仍由原单位办理"
        self.do(intake.uphold_dispatch, command, self.router, self.some(30, 200), reason=reason)
        return self.accept()

    def merge_into(self, other: Life) -> Life:
        """Let it go on as part of another petition; both are in one lane from its filing on."""
        command = intake.MergePetition(petition_id=self.id, into_petition_id=other.id)
        return self.do(intake.merge_petition, command, self.router, self.some(5, 30))

    # Handling ---------------------------------------------------------------------------

    def act(self, minutes: int, summary: str = "") -> Life:
        """Do something about it."""
        command = handling.TakeAction(petition_id=self.id, summary=summary or self.matter.remedy)
        return self.do(handling.take_action, command, self.handler, minutes)

    def answer(self, minutes: int, outcome: Outcome = Outcome.RESOLVED, summary: str = "") -> Life:
        """Tell the petitioner."""
        command = handling.AnswerPetition(
            petition_id=self.id,
            outcome=outcome,
            summary=summary or f"{self.matter.remedy}，已向诉求人反馈。",
        )
        return self.do(handling.answer_petition, command, self.handler, minutes)

    def extend(self, days: int, *, is_granted: bool) -> Life:
        """Ask for more time; somebody else decides."""
        ask = handling.RequestExtension(petition_id=self.id, days=days)
        reason = "需采购配件并安排专业队伍施工"
        self.do(handling.request_extension, ask, self.accepter, self.some(30, 300), reason=reason)
        if is_granted:
            command: Any = handling.ApproveExtension(petition_id=self.id)
            return self.do(handling.approve_extension, command, self.router, self.some(20, 120))
        command = handling.RejectExtension(petition_id=self.id)
        reason = "事项不复杂，应按原期限办理"
        wait = self.some(20, 120)
        return self.do(handling.reject_extension, command, self.router, wait, reason=reason)

    def whistle(self, department: Body, officer: Person, minutes: int) -> Life:
        """Call a department, which comes, answers and is judged."""
        worker = people.secretary(self.matter.community)
        called = {"petition_id": self.id, "department_id": department.id}
        blow = handling.BlowWhistle(petition_id=self.id, department_ids=(department.id,))
        self.do(handling.blow_whistle, blow, worker, self.some(30, 200))
        report = handling.ReportDepartmentIn(**called)
        self.do(handling.report_department_in, report, officer, minutes)
        answer = handling.AnswerForDepartment(**called, summary="已现场查看，按职责配合处理")
        self.do(handling.answer_for_department, answer, officer, self.some(60, 400))
        is_prompt = minutes < DAY
        assess = handling.AssessDepartment(**called, is_prompt=is_prompt, is_effective=True)
        return self.do(handling.assess_department, assess, worker, self.some(60, 400))

    def meet(self, outcome: MeetingOutcome) -> Life:
        """Bring it to the four-party meeting."""
        command = handling.HoldFourPartyMeeting(
            petition_id=self.id,
            sides=FOUR_SIDES,
            led_by=Side.COMMUNITY_PARTY_ORGANISATION,
            outcome=outcome,
            meeting_id=derived_id("demo-meeting", f"{self.matter.community.code} {self.at:%Y-%m}"),
        )
        leader = people.secretary(self.matter.community)
        return self.do(handling.hold_four_party_meeting, command, leader, self.some(60, 600))

    # The end ----------------------------------------------------------------------------

    def visit(self, *, is_resolved: bool | None = True, is_satisfied: bool | None = True) -> Life:
        """Ask the petitioner."""
        command = closing.VisitBack(
            petition_id=self.id, is_resolved=is_resolved, is_satisfied=is_satisfied
        )
        return self.do(closing.visit_back, command, self.visitor, self.some(60, 1_000))

    def resume(self) -> Life:
        """Go on, because the petitioner is not content."""
        command = closing.ResumeHandling(petition_id=self.id)
        return self.do(closing.resume_handling, command, self.router, self.some(20, 200))

    def close(self, reason: str = "") -> Life:
        """Close it."""
        command = closing.ClosePetition(petition_id=self.id)
        return self.do(
            closing.close_petition, command, self.router, self.some(10, 120), reason=reason
        )

    def reopen(self, days: int) -> Life:
        """Take it up again some working days after it was closed."""
        command = closing.ReopenPetition(petition_id=self.id)
        reason = "诉求人反映问题再次出现"
        return self.do(closing.reopen_petition, command, self.router, days * DAY, reason=reason)

    def withdraw(self) -> Life:
        """Take it back for the petitioner."""
        command = closing.WithdrawPetition(petition_id=self.id)
        reason = "诉求人表示问题已自行解决，不再要求办理"
        wait = self.some(60, DAY)
        return self.do(closing.withdraw_petition, command, self.router, wait, reason=reason)

    # Supervision ------------------------------------------------------------------------

    def escalate(self, level: Level, cause: Cause, reason: str, minutes: int) -> Life:
        """Take it up a level: the community to the street, the street to the county."""
        community = self.matter.community
        leader = people.street_official(community, "leader")
        person = people.secretary(community) if level is Level.STREET else leader
        command = supervision.EscalatePetition(petition_id=self.id, level=level, cause=cause)
        return self.do(supervision.escalate_petition, command, person, minutes, reason=reason)

    def supervise(self, units: Sequence[Body], conclusion: str, demand: str) -> Life:
        """Hold the county's joint meeting on it and order the unit to act."""
        office = self.county.bodies["demo-governance"]
        officer = people.county_official(self.county, office.code)
        meeting = supervision.HoldJointMeeting(
            petition_id=self.id,
            convener_id=office.id,
            unit_ids=tuple(unit.id for unit in units),
            conclusion=conclusion,
        )
        self.do(supervision.hold_joint_meeting, meeting, officer, self.some(DAY, 3 * DAY))
        order = supervision.IssueSupervisionOrder(
            petition_id=self.id, unit_id=self.unit.id, demand=demand
        )
        return self.do(supervision.issue_supervision_order, order, officer, self.some(30, 200))

    def meet_order(self) -> Life:
        """Confirm that the order was carried out."""
        officer = people.county_official(self.county, "demo-governance", "checker")
        command = supervision.MeetSupervisionOrder(petition_id=self.id)
        return self.do(
            supervision.meet_supervision_order, command, officer, self.some(100, 2 * DAY)
        )
