"""Why the ledger refuses a step on a finding or on a supervisor."""

from __future__ import annotations

from ledger.core.errors import RuleViolated


class AlreadySupervised(RuleViolated):
    """The supervisor watches over this estate already.

    该监督员已负责这个小区。
    """


class EstateNotSupervised(RuleViolated):
    """The supervisor does not watch over this estate.

    该监督员不负责这个小区。
    """


class FindingSettled(RuleViolated):
    """The finding is settled; raise a new one if the matter came back.

    该问题已经办结；如再次出现，请另行登记。
    """


class FindingNotReminded(RuleViolated):
    """The company has to be reminded before it can be said to have done nothing.

    须先提醒物业企业，才能认定其未整改。
    """


class SolvedAfterReminder(RuleViolated):
    """The company was reminded already, so the finding was not solved on the spot.

    已经提醒过物业企业，不属于现场解决。
    """


class RectificationNotOverdue(RuleViolated):
    """The company's time to rectify has not passed, or its miss is recorded already.

    整改期限尚未届满，或超期已经记录。
    """


class ReminderFinal(RuleViolated):
    """No provisional day for the company runs that could be counted again.

    没有需要重新计算的暂定整改期限。
    """


class CheckerIsCompany(RuleViolated):
    """The company does not confirm its own rectification.

    整改情况不得由该物业企业自行确认。
    """


class ScoreIsZero(RuleViolated):
    """A score of zero says nothing about the company.

    计分不得为零。
    """
