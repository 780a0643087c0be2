"""What a deposit refuses: one class a rule, its sentence in English and in Chinese."""

from __future__ import annotations

from ledger.core.errors import RuleViolated


class DepositNotHandledByStreet(RuleViolated):
    """Only the street may take this step with a deposit.

    履约保证金的这一步骤只能由街道办理。
    """


class DrawNotAskedByStreetOrCommunity(RuleViolated):
    """Only the street or the community may ask for a draw-down, give it up or verify its work.

    只有街道或社区可以申请、撤销启用履约保证金，或验收相关施工。
    """


class ReminderNotByOverseer(RuleViolated):
    """Only the street, the community or a supervisor may remind the company.

    只有街道、社区或小区监督员可以提醒物业企业。
    """


class NotTheCompanysContest(RuleViolated):
    """Only the company that paid the deposit may contest a draw-down.

    只有缴纳履约保证金的物业企业可以提出异议。
    """


class DepositAlreadyAssessed(RuleViolated):
    """There is a deposit for this estate, company and contract already.

    该小区、该物业企业的这份合同已有履约保证金记录。
    """


class RateOutsidePolicy(RuleViolated):
    """The rate must lie within the limits that the policy sets.

    收取比例必须在政策规定的幅度之内。
    """


class AssessmentUnchanged(RuleViolated):
    """The deposit is assessed at exactly this base and rate already.

    核定的基数和比例与现有的完全相同。
    """


class DepositClosed(RuleViolated):
    """The deposit is closed; nothing more can happen to it.

    该履约保证金已经结清，不能再办理任何事项。
    """


class ContractAlreadyEnded(RuleViolated):
    """The service contract has ended, so nothing more is due into the deposit.

    物业服务合同已经终止，不再收取履约保证金。
    """


class ContractStillRuns(RuleViolated):
    """The deposit secures a contract that still runs; it goes back or is kept only at its end.

    物业服务合同尚未终止，保证金须待终止后才能退还或扣没。
    """


class CauseIncomplete(RuleViolated):
    """A draw-down needs a cause: which petition or finding, or what inspection or emergency found.

    启用保证金必须有事由：写明是哪件诉求、哪条监督发现，或检查、险情的记录。
    """


class CauseOfAnotherEstate(RuleViolated):
    """The cause of a draw-down must concern the estate that the deposit secures.

    启用事由必须与该保证金所属的小区有关。
    """


class CauseSettled(RuleViolated):
    """The cause of a draw-down must still be open: not closed, withdrawn, merged or rectified.

    启用事由须仍未办结：不得是已办结、已撤回、已合并或已整改的事项。
    """


class CauseOfAnotherCompany(RuleViolated):
    """The cause of a draw-down must concern the company that paid the deposit.

    启用事由必须涉及缴纳该保证金的物业企业。
    """


class CauseRecordTooShort(RuleViolated):
    """The record that a draw-down rests on is named so that others find it: at least 6 characters.

    作为启用事由的记录须写明，便于他人查到：至少六个字。
    """


class PayeeIsCompany(RuleViolated):
    """The company that paid the deposit is not paid out of it; its money goes back at the end.

    启用款项不得付给缴纳保证金的物业企业；余款在合同终止后退还。
    """


class PayeeIsNobody(RuleViolated):
    """The payee is named: a business's registered name or a pseudonym.

    必须写明收款单位：企业登记名称或化名。
    """


class PayeeDecides(RuleViolated):
    """Who would be paid neither asks for a draw-down, decides on it, nor caused it.

    收款方不得申请、决定启用，也不得是启用事由的提出者。
    """


class DrawExceedsFree(RuleViolated):
    """A draw-down cannot be larger than what the deposit holds and is not promised yet.

    启用金额不得超过保证金余额减去已占用的部分。
    """


class DrawExists(RuleViolated):
    """There is a draw-down with this id already.

    已有同一编号的启用申请。
    """


class DrawNotWaiting(RuleViolated):
    """Only a draw-down that waits for a decision can be approved or rejected.

    只有待批的启用申请才能批准或驳回。
    """


class DrawNotOpen(RuleViolated):
    """The draw-down has been rejected or cancelled.

    该启用申请已被驳回或撤销。
    """


class DrawNotApproved(RuleViolated):
    """A draw-down is paid only after it was approved.

    启用申请未经批准不得支付。
    """


class DrawAlreadyPaid(RuleViolated):
    """The draw-down has been paid already.

    该笔启用款项已经支付。
    """


class DrawPaidDiffers(RuleViolated):
    """A draw-down is paid at exactly the amount that was approved.

    支付金额必须与批准金额一致。
    """


class DepositShort(RuleViolated):
    """A receipt was taken back, and money is missing: nothing is paid until it has come in.

    收款已冲正，保证金存在缺口；补足之前不得支付。
    """


class WorkNotReleased(RuleViolated):
    """Work is ordered once its draw-down is approved; before that, only in an emergency.

    启用申请批准后方可安排施工；紧急情况除外。
    """


class WorkNotOrdered(RuleViolated):
    """There is no work to verify: none was ordered and nothing was paid.

    没有可验收的施工：既未安排施工，也未支付款项。
    """


class WorkAlreadyAccepted(RuleViolated):
    """The work has been accepted already.

    该项施工已经验收合格。
    """


class ContestTooLate(RuleViolated):
    """The time to contest this draw-down has passed.

    对该笔启用提出异议的期限已过。
    """


class DrawAlreadyContested(RuleViolated):
    """This draw-down has been contested already.

    该笔启用已经提出过异议。
    """


class DrawContestNotOpen(RuleViolated):
    """No contest of this draw-down waits for a decision.

    该笔启用没有待决定的异议。
    """


class ContestStillOpen(RuleViolated):
    """Nothing is closed while a contest of the company waits for its decision.

    物业企业的异议尚未处理，不得结清。
    """


class RefundStillDue(RuleViolated):
    """A contest was upheld, and its money has not come back into the deposit.

    异议已获支持，款项尚未退回保证金。
    """


class RefundExceedsPaid(RuleViolated):
    """No more can come back into the deposit than was paid for this draw-down.

    退回金额不得超过该笔启用已支付的金额。
    """


class NothingMissing(RuleViolated):
    """Nothing is missing from the assessed amount that is not demanded already.

    保证金余额与已要求补足的金额之和已达核定额，无须再要求补足。
    """


class EndedBeforeAssessment(RuleViolated):
    """A contract that a deposit secures did not end before the deposit was assessed.

    合同终止日不得早于保证金核定之日。
    """


class DayIsOver(RuleViolated):
    """The day must not be over yet.

    该日期不得早于今天。
    """


class ReturnTermTooLong(RuleViolated):
    """The deposit is due back within the days that the policy allows after the contract's end.

    合同终止后的退还期限不得超过政策规定的天数。
    """


class DayTooFar(RuleViolated):
    """The day lies further ahead than the policy allows.

    该日期超出政策允许的期限。
    """


class TopUpExceedsShortfall(RuleViolated):
    """No more can be demanded than is missing from the assessed amount and not demanded yet.

    要求补足的金额不得超过核定额与余额的差额。
    """


class TopUpExceedsDemand(RuleViolated):
    """More was paid than is still open of this demand.

    补缴金额超过该笔补足要求的未缴部分。
    """


class TopUpDemandExists(RuleViolated):
    """There is a demand with this id already.

    已有同一编号的补足要求。
    """


class DepositNotOverdue(RuleViolated):
    """The due day has not passed, so nothing is overdue.

    期限尚未届满，不构成逾期。
    """


class DepositNothingOverdue(RuleViolated):
    """What was due has been settled, or its delay is on record already.

    应办事项已经办结，或逾期已有记录。
    """


class DepositReminderExists(RuleViolated):
    """There is a reminder with this id already.

    已有同一编号的提醒。
    """


class ReturnExceedsFree(RuleViolated):
    """No more can be returned or kept than the deposit holds and has not promised.

    退还或扣没的金额不得超过保证金未被占用的余额。
    """


class DepositNotEmpty(RuleViolated):
    """A deposit can be closed only when nothing is held in it and no draw-down is open.

    保证金余额为零且没有未了结的启用申请时方可结清。
    """
