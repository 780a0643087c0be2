"""What the store itself can answer, beyond the errors of the domain."""

from __future__ import annotations

from ledger.core.errors import Conflict, LedgerError


class IdempotencyMismatch(LedgerError):
    """This idempotency key was already used for a request with other content.

    该幂等键已用于另一份内容不同的请求。
    """


class VersionMismatch(LedgerError):
    """The record is at another version than the one you asked to change.

    该记录的当前版本与您要求更改的版本不一致。
    """


class Unavailable(LedgerError):
    """The ledger cannot take this now; nothing was stored, try again shortly.

    账本暂时无法受理，内容未被保存，请稍后重试。
    """


class QueueFull(Unavailable):
    """Too many commands are waiting; nothing was stored, try again shortly.

    等待处理的请求过多，内容未被保存，请稍后重试。
    """


class SpaceLow(Unavailable):
    """The disk has too little free space to accept new events; reading goes on.

    磁盘剩余空间不足，暂停接收新事件；查询不受影响。
    """


class LogStopped(Unavailable):
    """Nothing is recorded: the log does not fit what was signed; ``minzhang recover`` leads on.

    账本日志与已签名的内容不符，已停止记录；须由运维人员查明后运行 minzhang recover。
    """


class ServiceKeyOther(Unavailable):
    """Nothing is recorded here: this process has another service key than the log names.

    本进程的服务密钥与日志所载的不是同一把，故不予记录。
    """


class SealingNotConfigured(Unavailable):
    """No sealing keys are configured here, so personal data can be neither sealed nor read.

    未配置密封密钥，无法密封或读取个人信息。
    """


class OutcomeUnknown(Unavailable):
    """The database did not say whether this was stored: ask again with the same idempotency key.

    数据库未确认是否已保存，请使用同一幂等键再次提交以确认结果。
    """


class DecisionTooOld(Conflict):
    """Too much time passed between the decision and its record; decide again.

    从作出决定到入账间隔过久，请重新办理。
    """


class NotInitialised(LedgerError):
    """This ledger does not exist in the database yet; run ``minzhang init`` first.

    数据库中尚无此账本，请先运行 minzhang init。
    """
