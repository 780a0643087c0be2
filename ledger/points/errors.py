"""What the rules of volunteer points refuse, and the sentence people are told."""

from __future__ import annotations

from ledger.core.errors import RuleViolated

# Activities ---------------------------------------------------------------------------


class EndsBeforeItStarts(RuleViolated):
    """An activity must end after it starts.

    活动的结束时间必须晚于开始时间。
    """


class ActivityKindUnknown(RuleViolated):
    """The kind of activity is not on the list that the policy book keeps.

    该活动类别不在政策手册所列的范围之内。
    """


class ActivityEnded(RuleViolated):
    """The activity was cancelled or its attendance was closed, so nothing more can happen there.

    该活动已取消或已截止签到，不能再办理。
    """


class ActivityNotOver(RuleViolated):
    """Attendance can be closed only once the activity is over.

    活动结束之后才能截止签到。
    """


class ActivityFull(RuleViolated):
    """The activity has as many volunteers as it has places.

    该活动的名额已满。
    """


class ActivityHasVerifiedServices(RuleViolated):
    """An activity at which a service was verified did take place and cannot be cancelled.

    已有服务经过核实的活动确已举行，不得取消。
    """


class CheckInOutsideHours(RuleViolated):
    """Volunteers check in shortly before the activity starts or while it lasts.

    志愿者只能在活动开始前不久或活动进行期间签到。
    """


class CheckedInTwice(RuleViolated):
    """This volunteer has already checked in at this activity.

    该志愿者已在本次活动签到。
    """


class CheckedOutTwice(RuleViolated):
    """This volunteer has already checked out of this activity.

    该志愿者已在本次活动签退。
    """


class NotCheckedIn(RuleViolated):
    """This volunteer did not check in at this activity.

    该志愿者没有在本次活动签到。
    """


class CheckOutBeforeCheckIn(RuleViolated):
    """A volunteer cannot leave before arriving.

    签退时间不得早于签到时间。
    """


class ServiceNotFinished(RuleViolated):
    """A service can be judged only after the volunteer has checked out.

    志愿者签退之后，其服务才能核实。
    """


class ServiceAlreadyDecided(RuleViolated):
    """This service was already verified or rejected.

    该服务已经核实或已被否决。
    """


class ServiceNotVerified(RuleViolated):
    """Only a verified service earns points.

    只有经过核实的服务才能获得积分。
    """


class VerifiesOwnService(RuleViolated):
    """Nobody verifies their own service.

    任何人不得核实自己的服务。
    """


class CircularVerification(RuleViolated):
    """Two volunteers cannot verify each other's service at the same activity.

    同一活动中，两名志愿者不得互相核实服务。
    """


class MinutesExceedAttendance(RuleViolated):
    """No more minutes can be verified than the volunteer was there while the activity lasted.

    核实的分钟数不得超过志愿者在活动期间的实际在场时间。
    """


# Accounts -----------------------------------------------------------------------------


class PointsAccountExists(RuleViolated):
    """This volunteer already has a points account.

    该志愿者已有积分账户。
    """


class AwardsOneself(RuleViolated):
    """Nobody awards points to themselves.

    任何人不得给自己发放积分。
    """


class ServiceAwardedTwice(RuleViolated):
    """This service has already earned its points.

    该服务已经获得过积分。
    """


class ServiceTimeExceedsDay(RuleViolated):
    """Points are awarded for no more service in one day than the policy allows.

    同一天内计分的服务时长不得超过政策规定的上限。
    """


class ServiceNeverAwarded(RuleViolated):
    """No points that could be reversed were awarded for this service.

    该服务没有可以冲回的积分。
    """


class ReversalExceedsAward(RuleViolated):
    """No more points can be reversed than remain of this award.

    冲回的积分不得超过该次奖励尚存的积分。
    """


class ReversalExceedsBalance(RuleViolated):
    """The account holds fewer points than would be reversed.

    账户的积分少于要冲回的积分。
    """


class RedemptionExceedsBalance(RuleViolated):
    """The account holds fewer valid points than the goods cost.

    账户的有效积分不足以兑换该物品。
    """


class OrderPlacedTwice(RuleViolated):
    """An order with this number was already placed.

    该编号的兑换单已经存在。
    """


class OrderUnknown(RuleViolated):
    """There is no such order: it was never placed, was called off, or was settled long ago.

    没有这张兑换单：它从未提交、已经撤销，或早已了结。
    """


class NothingToExpire(RuleViolated):
    """No points of this account have run out by that day.

    截至该日，此账户没有到期的积分。
    """


# Shop ---------------------------------------------------------------------------------


class ShopItemExists(RuleViolated):
    """The shop already has an item with this code.

    该超市已有此编号的物品。
    """


class ShopItemWithdrawn(RuleViolated):
    """The item is no longer offered.

    该物品已不再提供兑换。
    """


class OrdersUnfinished(RuleViolated):
    """An item with unfinished orders cannot be withdrawn.

    尚有未了结兑换单的物品不得下架。
    """


class RedemptionExceedsStock(RuleViolated):
    """The shop has fewer pieces left than were asked for.

    超市剩余的件数少于要兑换的件数。
    """


class AdjustmentExceedsStock(RuleViolated):
    """No more pieces can be written off than are free on the shelf.

    核减的件数不得超过货架上可用的件数。
    """


class AdjustmentChangesNothing(RuleViolated):
    """An adjustment must add or remove at least one piece.

    库存调整至少要增加或减少一件。
    """


class GoodsAlreadyIssued(RuleViolated):
    """The goods of this order were already handed over.

    该兑换单的物品已经发放。
    """


class GoodsNotIssued(RuleViolated):
    """The goods of this order were not handed over yet, so they cannot come back.

    该兑换单的物品尚未发放，不能退回。
    """


class HandsOutToOneself(RuleViolated):
    """Nobody hands out goods to themselves.

    任何人不得给自己发放物品。
    """


class ReturnTooLate(RuleViolated):
    """The time in which goods can be brought back is over.

    退回物品的期限已过。
    """
