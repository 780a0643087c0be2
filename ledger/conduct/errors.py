"""Why the ledger refuses a step about a unit's conduct."""

from __future__ import annotations

from ledger.core.errors import RuleViolated


class EscalationAlreadyCounted(RuleViolated):
    """This escalation of the petition was counted already.

    该诉求的这次提级已经计入。
    """


class NoStreakToBreak(RuleViolated):
    """The unit has no streak of escalations that could be broken.

    该单位目前没有连续提级记录，无需中断。
    """


class StreakTooShort(RuleViolated):
    """The unit's streak has not reached the number that makes a transfer due.

    该单位的连续提级次数未达到应当移交的次数。
    """


class NothingToTransfer(RuleViolated):
    """No escalation of this unit waits for a transfer.

    该单位没有等待移交的提级事项。
    """


class TransferNotDue(RuleViolated):
    """No transfer of this unit to the efficiency office is due.

    该单位没有应当移交作风效能办公室的事项。
    """


class TransferToItself(RuleViolated):
    """A unit is handed over to another organisation, never to itself or to one below it.

    单位须移交其他机构，不得移交给本单位或者其下属机构。
    """


class TransferFinal(RuleViolated):
    """No provisional day for this transfer runs that could be counted again.

    没有需要重新计算的暂定移交期限。
    """


class TransferNotOverdue(RuleViolated):
    """The day until which the transfer had to be made has not passed, or its miss is recorded.

    移交期限尚未届满，或超期已经记录。
    """


class TalkWithoutFinding(RuleViolated):
    """A unit is called to a talk on the ground of an inspection finding.

    约谈单位须以监督检查发现的问题为依据。
    """
