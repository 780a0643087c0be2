"""/v1/petitions: file, send, handle, answer, visit back, close, take up; register and timelines."""

from __future__ import annotations

from api.concerning import Source, of_known, of_organisation, of_party, of_person, of_record
from api.routing import CommandFunction, Routes
from ledger.commands import petition_closing as closing
from ledger.commands import petition_handling as handling
from ledger.commands import petition_supervision as supervision
from ledger.commands import petitioners
from ledger.commands import petitions as intake
from projections import petition_register as register
from projections.petitions import view

routes = Routes("petitions", zh="居民诉求", en="Petitions")

ALL = "/v1/petitions"
ONE = "/v1/petitions/{petition_id}"
WHISTLE = ONE + "/whistles/{department_id}"
PETITION = of_record("petition_id", "petition")
DEPARTMENT = of_party("department_id")
PETITIONER = of_known("petitioner_id", "person")


def _step(path: str, command_type: type, function: CommandFunction, zh: str, *more: Source) -> None:
    """Declare a step of one petition: it can be read at the petition's own address."""
    routes.command(path, command_type, function, about=(PETITION, *more), zh=zh, location=ONE)


routes.command(
    ALL,
    intake.FilePetition,
    intake.file_petition,
    about=(
        of_organisation("estate_id", "community_id"),
        of_person("petitioner_id"),
        PETITIONER,
    ),
    zh="登记诉求",
)
_step(
    ONE + "/petitioners",
    petitioners.JoinPetition,
    petitioners.join_petition,
    "加入联名诉求",
    PETITIONER,
)
_step(
    ONE + "/petitioners/{petitioner_id}/sealings",
    petitioners.SealPetitioner,
    petitioners.seal_petitioner,
    "密封诉求人信息",
)
_step(ONE + "/classifications", intake.ClassifyPetition, intake.classify_petition, "归类")
_step(ONE + "/reclassifications", intake.ReclassifyPetition, intake.reclassify_petition, "改类")
_step(
    ONE + "/mergers",
    intake.MergePetition,
    intake.merge_petition,
    "并案",
    of_record("into_petition_id", "petition"),
)
_step(ONE + "/dispatches", intake.DispatchPetition, intake.dispatch_petition, "派单")
_step(ONE + "/disputes", intake.DisputeDispatch, intake.dispute_dispatch, "对派单提出异议")
_step(ONE + "/returns", intake.ReturnDispatch, intake.return_dispatch, "异议成立，退回重派")
_step(ONE + "/upholdings", intake.UpholdDispatch, intake.uphold_dispatch, "异议不成立，维持派单")
_step(ONE + "/acceptances", intake.AcceptPetition, intake.accept_petition, "签收")
_step(ONE + "/handlers", intake.AssignHandler, intake.assign_handler, "指定承办人和协办单位")

_step(ONE + "/whistles", handling.BlowWhistle, handling.blow_whistle, "社区吹哨")
_step(
    WHISTLE + "/arrivals",
    handling.ReportDepartmentIn,
    handling.report_department_in,
    "部门报到",
    DEPARTMENT,
)
_step(
    WHISTLE + "/answers",
    handling.AnswerForDepartment,
    handling.answer_for_department,
    "部门答题",
    DEPARTMENT,
)
_step(WHISTLE + "/assessments", handling.AssessDepartment, handling.assess_department, "评价部门")
_step(
    ONE + "/four-party-meetings",
    handling.HoldFourPartyMeeting,
    handling.hold_four_party_meeting,
    "召开“四位一体”联席会议",
)
_step(
    ONE + "/claims",
    handling.ClaimResponsibility,
    handling.claim_responsibility,
    "当场认领",
    of_party("company_id"),
)
_step(
    ONE + "/obligor-spends",
    handling.ReportObligorSpend,
    handling.report_obligor_spend,
    "上报责任方自有资金支出",
    of_party("payer_id"),
)
_step(
    ONE + "/obligor-spends/{version_reversed}/reversals",
    handling.ReverseObligorSpend,
    handling.reverse_obligor_spend,
    "冲正责任方支出",
)
_step(ONE + "/actions", handling.TakeAction, handling.take_action, "记录办理措施")
_step(ONE + "/answers", handling.AnswerPetition, handling.answer_petition, "答复")
_step(ONE + "/extensions", handling.RequestExtension, handling.request_extension, "申请延期")
_step(
    ONE + "/extension-approvals", handling.ApproveExtension, handling.approve_extension, "批准延期"
)
_step(
    ONE + "/extension-rejections", handling.RejectExtension, handling.reject_extension, "不批准延期"
)

_step(ONE + "/visits", closing.VisitBack, closing.visit_back, "回访")
_step(ONE + "/resumptions", closing.ResumeHandling, closing.resume_handling, "继续办理")
_step(ONE + "/closings", closing.ClosePetition, closing.close_petition, "办结")
_step(ONE + "/reopenings", closing.ReopenPetition, closing.reopen_petition, "重新办理")
_step(ONE + "/withdrawals", closing.WithdrawPetition, closing.withdraw_petition, "撤回诉求")

_step(ONE + "/escalations", supervision.EscalatePetition, supervision.escalate_petition, "提级办理")
_step(
    ONE + "/joint-meetings",
    supervision.HoldJointMeeting,
    supervision.hold_joint_meeting,
    "召开部门联席会议",
)
_step(
    ONE + "/supervision-orders",
    supervision.IssueSupervisionOrder,
    supervision.issue_supervision_order,
    "下达督办单",
)
_step(
    ONE + "/supervision-completions",
    supervision.MeetSupervisionOrder,
    supervision.meet_supervision_order,
    "确认督办完成",
)
_step(
    ONE + "/deadline-recounts",
    supervision.RecountDeadlines,
    supervision.recount_deadlines,
    "重新计算期限",
)

_step(
    ONE + "/steps/{version_reversed}/reversals",
    supervision.ReversePetitionStep,
    supervision.reverse_petition_step,
    "撤回诉求的一个步骤",
)

routes.read(ALL, register.PetitionQuery, register.petition_register, view=view, zh="诉求台账")
routes.read_one(
    "/v1/petition-counts",
    register.PetitionQuery,
    register.petition_counts,
    view=view,
    zh="诉求计数",
)
routes.read_one(ONE, register.PetitionAt, register.petition_by_id, view=view, zh="查看诉求")
routes.read_one(
    ONE + "/timeline", register.PetitionAt, register.petition_timeline, view=view, zh="办理过程"
)
routes.read(
    "/v1/petition-intake",
    register.IntakeQuery,
    register.petition_intake,
    view=view,
    zh="诉求来源统计",
)
