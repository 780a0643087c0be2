"""/v1/findings, /v1/supervisors: what estate supervisors find, and what companies do about it."""

from __future__ import annotations

from uuid import UUID

from api.concerning import of_known, of_organisation, of_record
from api.routing import Routes
from ledger.commands import findings as commands
from ledger.findings import Supervisor
from projections import findings as register
from projections.findings import view

routes = Routes("findings", zh="小区监督", en="Findings of estate supervisors")

SUPERVISORS = "/v1/supervisors"
ALL = "/v1/findings"
ONE = "/v1/findings/{finding_id}"
FINDING = of_record("finding_id", "finding")
ESTATE = of_organisation("estate_id")


def _supervisor_of(person_id: UUID) -> UUID:
    return Supervisor.create_id(person_id=person_id)


SUPERVISOR = of_known("person_id", "supervisor", _supervisor_of)

routes.command(
    SUPERVISORS,
    commands.AppointSupervisor,
    commands.appoint_supervisor,
    about=(of_organisation("estate_ids"), SUPERVISOR),
    zh="聘任小区监督员",
    location=SUPERVISORS,
)
routes.command(
    SUPERVISORS + "/{person_id}/estates",
    commands.AssignSupervisor,
    commands.assign_supervisor,
    about=(ESTATE, SUPERVISOR),
    zh="增加监督小区",
    location=SUPERVISORS,
)
routes.command(
    SUPERVISORS + "/{person_id}/releases",
    commands.ReleaseSupervisor,
    commands.release_supervisor,
    about=(ESTATE, SUPERVISOR),
    zh="不再监督某小区",
    location=SUPERVISORS,
)
routes.command(
    ALL, commands.RaiseFinding, commands.raise_finding, about=ESTATE, zh="登记发现的问题"
)
routes.command(
    ONE + "/reminders",
    commands.RemindCompany,
    commands.remind_company,
    about=FINDING,
    zh="提醒企业",
)
routes.command(
    ONE + "/solutions",
    commands.SolveFindingOnTheSpot,
    commands.solve_finding_on_the_spot,
    about=FINDING,
    zh="现场解决",
)
routes.command(
    ONE + "/rectifications",
    commands.RectifyFinding,
    commands.rectify_finding,
    about=FINDING,
    zh="确认已整改",
)
routes.command(
    ONE + "/failures",
    commands.ReportUnrectified,
    commands.report_unrectified,
    about=FINDING,
    zh="认定未整改",
)
routes.command(
    ONE + "/talks",
    commands.HoldCompanyTalk,
    commands.hold_company_talk,
    about=FINDING,
    zh="约谈企业",
)
routes.command(
    ONE + "/scores",
    commands.NoteAssessmentScore,
    commands.note_assessment_score,
    about=FINDING,
    zh="考核计分",
)
routes.command(
    ONE + "/withdrawals",
    commands.WithdrawFinding,
    commands.withdraw_finding,
    about=FINDING,
    zh="撤回",
)

routes.command(
    ONE + "/steps/{version_reversed}/reversals",
    commands.ReverseFindingStep,
    commands.reverse_finding_step,
    about=FINDING,
    zh="撤回问题的一个步骤",
    location=ONE,
)

routes.read(ALL, register.FindingQuery, register.finding_register, view=view, zh="问题台账")
routes.read_one(ONE, register.FindingAt, register.finding_by_id, view=view, zh="查看问题")
routes.read(
    SUPERVISORS, register.SupervisorQuery, register.supervisor_register, view=view, zh="监督员名册"
)
routes.read(
    "/v1/company-findings",
    register.CompanyFindingsQuery,
    register.company_findings,
    view=view,
    zh="物业企业被监督情况",
)
