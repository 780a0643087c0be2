"""What an expense refuses: one class a rule, its sentence in English and in Chinese."""

from __future__ import annotations

from ledger.core.errors import RuleViolated


class NotTheCommitteesStep(RuleViolated):
    """Only the owners' committee applies for an expense, changes it or withdraws it.

    只有业主委员会可以申请、更改或撤回支出。
    """


class NotTheCommunitysStep(RuleViolated):
    """Only the community's party organisation reviews an expense.

    只有社区党组织可以审核支出。
    """


class NotTheStreetsStep(RuleViolated):
    """Only the street approves, rejects or pays an expense.

    只有街道可以审批、否决或支付支出。
    """


class NotAnOwnersStep(RuleViolated):
    """Only an owner may object to an expense.

    只有业主可以对支出提出异议。
    """


class ExpenseCategoryUnknown(RuleViolated):
    """An expense must have one of the categories that the policy lists.

    支出类别必须在政策清单之内。
    """


class ExpenseStepOutOfOrder(RuleViolated):
    """An expense is applied for, then reviewed, then approved, then paid, in this order only.

    支出必须依次经过申请、审核、审批和支付，不得颠倒或越过。
    """


class ExpenseDecided(RuleViolated):
    """The expense is paid, rejected or withdrawn; it can no longer be changed.

    该项支出已经支付、被否决或已撤回，不能再作更改。
    """


class ExpenseUnchanged(RuleViolated):
    """The application says exactly this already, and no evidence was added.

    申请内容与现有的完全相同，也没有补充材料。
    """


class ExpenseAlreadyPaid(RuleViolated):
    """The expense has been paid already.

    该项支出已经支付。
    """


class ExpenseNotPaid(RuleViolated):
    """The expense has not been paid, so there is no payment to reverse.

    该项支出尚未支付，没有可冲正的付款。
    """


class PaymentDiffersFromApproval(RuleViolated):
    """Exactly the approved amount is paid, not more and not less.

    支付金额必须与审批金额一致。
    """


class NothingToPublish(RuleViolated):
    """An expense is published once it is approved or paid.

    支出经审批或支付后方可公示。
    """


class PublicationTooShort(RuleViolated):
    """A publication must stay up for at least the days that the policy sets.

    公示时间不得短于政策规定的天数。
    """


class PublicationTooLong(RuleViolated):
    """A publication ends within a year.

    公示期最长一年。
    """


class ObjectionExists(RuleViolated):
    """There is an objection with this id already.

    已有同一编号的异议。
    """


class ObjectionAlreadyAnswered(RuleViolated):
    """The objection has been answered already.

    该异议已经答复。
    """


class ExpenseNotOverdue(RuleViolated):
    """The due day has not passed, so nothing is overdue.

    期限尚未届满，不构成逾期。
    """


class ExpenseNothingOverdue(RuleViolated):
    """What was due has been done, or its delay is on record already.

    应办事项已经办结，或逾期已有记录。
    """
