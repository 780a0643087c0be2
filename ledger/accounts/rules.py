"""What a public account refuses: one class a rule, its sentence in English and in Chinese."""

from __future__ import annotations

from ledger.core.errors import RuleViolated


class AccountNotKeptByStreet(RuleViolated):
    """Only the street keeps the public account.

    小区公共账户只能由街道记账。
    """


class AccountExists(RuleViolated):
    """The estate has a public account already.

    该小区已有公共账户。
    """


class RevenueCategoryUnknown(RuleViolated):
    """Revenue must have one of the categories that the policy lists.

    收益类别必须在政策清单之内。
    """


class LeaseOfAnotherAccount(RuleViolated):
    """The rent of this lease is due into another account.

    该租约的租金应存入另一个账户。
    """


class ReceiptExists(RuleViolated):
    """There is a receipt with this id already.

    已有同一编号的收款记录。
    """


class ReceiptAlreadyReversed(RuleViolated):
    """A receipt can be reversed only once.

    同一笔收款只能冲正一次。
    """


class ReversalExceedsFree(RuleViolated):
    """A reversal cannot take more than the account has and has not set aside.

    冲正金额不得超过账户未被占用的余额。
    """


class HoldExists(RuleViolated):
    """Money is set aside for this expense already.

    已为该项支出预留款项。
    """


class HoldMissing(RuleViolated):
    """No money is set aside for this expense.

    没有为该项支出预留款项。
    """


class HoldExceedsFree(RuleViolated):
    """No more can be set aside than the account has and has not set aside yet.

    预留金额不得超过账户未被占用的余额。
    """


class PaymentDiffersFromHold(RuleViolated):
    """Exactly what was set aside for an expense is paid, not more and not less.

    支付金额必须与预留金额一致。
    """


class AccountOverdrawn(RuleViolated):
    """No more can be paid than the account has.

    支付金额不得超过账户余额。
    """


class PaymentExists(RuleViolated):
    """This expense has been paid from the account already.

    该项支出已从账户中支付。
    """


class PaymentMissing(RuleViolated):
    """No payment for this expense stands in the account.

    账户中没有该项支出的付款记录。
    """


class PeriodNotClosed(RuleViolated):
    """The books of this month are not closed.

    该月份尚未结账。
    """


class PeriodNotOver(RuleViolated):
    """A month can be closed only when it is over.

    月份结束之后方可结账。
    """


class PeriodAlreadyClosed(RuleViolated):
    """This month is closed already.

    该月份已经结账。
    """
