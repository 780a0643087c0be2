"""Why the ledger refuses a step on a petition."""

from __future__ import annotations

from ledger.core.errors import RuleViolated


class PetitionNotOpen(RuleViolated):
    """The petition is closed, merged or withdrawn; nothing more can be done on it.

    该诉求已办结、并案或撤回，不能再办理。
    """


class StepOutOfOrder(RuleViolated):
    """The petition is not at the stage that this step belongs to.

    该诉求目前所处的阶段不能办理这一步骤。
    """


class NotClassified(RuleViolated):
    """A petition must be classified before it is sent to a unit.

    诉求须先分类，才能派单。
    """


class AlreadyPetitioner(RuleViolated):
    """This person stands behind the petition already.

    此人已经是该诉求的诉求人。
    """


class NotAPetitioner(RuleViolated):
    """This person does not stand behind the petition.

    此人不是该诉求的诉求人。
    """


class PetitionerNotNamed(RuleViolated):
    """One petitioner withdraws for themself: say whose paper it is with ``said_by``, their id.

    诉求人只能为自己撤回：请在 ``said_by`` 中填写提出书面撤回的诉求人编号。
    """


class AlreadyClassified(RuleViolated):
    """The petition is classified; to change that, reclassify it with a reason.

    该诉求已经分类；如需更改，请说明理由后重新分类。
    """


class ClassificationUnchanged(RuleViolated):
    """The petition has this category and item already.

    该诉求已经是这一类别和事项。
    """


class MergedIntoItself(RuleViolated):
    """A petition cannot be merged into itself.

    诉求不能并入自身。
    """


class MergeTargetNotOpen(RuleViolated):
    """A petition can only be merged into one that is still open.

    只能并入仍在办理中的诉求。
    """


class EscalatedCannotBeMerged(RuleViolated):
    """A petition that was taken up to the county keeps its own number and cannot be merged away.

    已提级到县级督办的诉求应保留自己的编号，不得并案。
    """


class DisputeTooLate(RuleViolated):
    """A unit may dispute a dispatch only within the days that the policy gives.

    承办单位只能在规定期限内对派单提出异议。
    """


class DepartmentsMissing(RuleViolated):
    """The step must name at least one department or unit.

    此步骤至少要写明一个部门或单位。
    """


class DepartmentAlreadyCalled(RuleViolated):
    """This department was called on this petition already.

    该部门已就这一诉求被吹哨召集。
    """


class DepartmentNotCalled(RuleViolated):
    """This department was not called on this petition.

    该部门没有因这一诉求被吹哨召集。
    """


class DepartmentAlreadyReportedIn(RuleViolated):
    """The department has reported in already.

    该部门已经报到。
    """


class DepartmentNotReportedIn(RuleViolated):
    """A department answers only after it has reported in.

    部门报到之后才能答题。
    """


class DepartmentNotAnswered(RuleViolated):
    """A department is assessed only after it has answered.

    部门答题之后才能接受评价。
    """


class AssessorIsAssessed(RuleViolated):
    """A department's answer is not assessed by a person of that department.

    部门的答复不能由本部门人员评价。
    """


class QuorumMissing(RuleViolated):
    """Too few of the sides that belong to the meeting were present.

    到会的固定成员方不足规定数。
    """


class WrongLeader(RuleViolated):
    """The meeting must be led by the community's party organisation.

    联席会议须由社区党组织牵头召开。
    """


class AlreadyClaimed(RuleViolated):
    """This company has claimed the matter already.

    该企业已经认领此事项。
    """


class ObligorHasNotClaimed(RuleViolated):
    """Spending is reported only for a company that has claimed the matter as its own duty.

    只有已认领该事项的企业才能报告自行支出。
    """


class ObligorSpendTooLarge(RuleViolated):
    """One report of own spending is no greater than the policy's maximum.

    每次报告的自行支出不得超过规定的上限。
    """


class SpendUnknown(RuleViolated):
    """There is no such report of spending, or it was reversed already.

    没有这笔支出报告，或该报告已被冲销。
    """


class NothingToExtend(RuleViolated):
    """There is no running time for the answer that could be extended.

    目前没有正在计算的办理期限可以延长。
    """


class DeadlineAlreadyPassed(RuleViolated):
    """An extension must be asked for before the deadline has passed.

    延期须在期限届满之前提出。
    """


class ExtensionTooLong(RuleViolated):
    """The extension is longer than the policy allows.

    延长的期限超过规定的上限。
    """


class ExtensionsUsedUp(RuleViolated):
    """The petition was extended as often as the policy allows.

    该诉求的延期次数已达上限。
    """


class ExtensionAlreadyRequested(RuleViolated):
    """An extension was asked for already and waits for its decision.

    已有一项延期申请等待审批。
    """


class NoExtensionRequested(RuleViolated):
    """Nobody has asked for an extension that could be decided.

    没有待审批的延期申请。
    """


class VisitIncomplete(RuleViolated):
    """A visit-back says both whether it is resolved and whether the petitioner is satisfied.

    回访须同时写明是否解决和是否满意；未能联系到诉求人的，两项均不填写。
    """


class NotVisitedBack(RuleViolated):
    """A petition is closed only after the petitioner was asked.

    诉求须经回访才能办结。
    """


class ReopenTooLate(RuleViolated):
    """The time for reopening has passed; file a new petition instead.

    重新办理的期限已过，请另行提出诉求。
    """


class LevelNotHigher(RuleViolated):
    """A petition can only be taken up to a higher level than it has.

    只能向更高一级提级。
    """


class LevelSkipped(RuleViolated):
    """A petition is taken up one level at a time.

    提级应逐级进行，不得越级。
    """


class NotEscalatedToCounty(RuleViolated):
    """Joint meetings and supervision orders are for petitions that were taken up to the county.

    只有已提级到县级的诉求才能召开提级督办联席会议或下达督办单。
    """


class SupervisionOrderOpen(RuleViolated):
    """A supervision order on this petition has not been met yet.

    该诉求还有未办结的督办单。
    """


class NoSupervisionOrder(RuleViolated):
    """There is no open supervision order on this petition.

    该诉求没有未办结的督办单。
    """


class ClockNotRunning(RuleViolated):
    """No such clock of this petition runs or ran out unrecorded.

    该诉求没有正在计算的这一期限，也没有尚未记录的超期。
    """


class DeadlineNotReached(RuleViolated):
    """The deadline has not passed yet.

    期限尚未届满。
    """


class DeadlineFinal(RuleViolated):
    """Only a provisional deadline is counted again when working days are announced.

    只有暂定期限才在工作日安排公布后重新计算。
    """
