"""Errors a caller of the ledger can be told about.

A class says in one English and one Chinese docstring sentence which rule it
keeps (people read them) and carries the facts as keyword arguments (programs
read them). None knows about HTTP: the api maps the families below to status
codes, in one table.

    LedgerError
    ├── InvalidValue      a value has the wrong shape, whatever the state
    ├── NotFound          there is no such thing
    ├── Conflict          someone else changed it first: load again and retry
    └── RuleViolated      the rules refuse it, however often you ask
"""

from __future__ import annotations

import re
from typing import TypeAlias

Fact: TypeAlias = "str | int | bool | None"


class LedgerError(Exception):
    """The ledger refused a request.

    账本拒绝了这一请求。
    """

    def __init__(self, **facts: Fact) -> None:
        super().__init__(f"{self.title_en()} {facts}" if facts else self.title_en())
        self.facts = facts

    @classmethod
    def title_en(cls) -> str:
        """One English sentence: the first paragraph of the class's docstring."""
        return _paragraph(cls, 0)

    @classmethod
    def title_zh(cls) -> str:
        """One Chinese sentence: the second paragraph of the class's docstring."""
        return _paragraph(cls, 1)

    @classmethod
    def code(cls) -> str:
        """A stable name for programs: ``DrawExceedsBalance`` gives ``draw-exceeds-balance``."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()


def _paragraph(error: type[LedgerError], number: int) -> str:
    paragraphs = (error.__doc__ or "").split("\n\n")
    if number >= len(paragraphs):
        return ""
    return " ".join(paragraphs[number].split())


class InvalidValue(LedgerError):
    """A value does not have the form that its field asks for.

    字段的值不符合该字段要求的格式。
    """


class NotFound(LedgerError):
    """There is no such record.

    没有这条记录。
    """


class Conflict(LedgerError):
    """The record changed since it was read; read it again and retry.

    该记录在读取之后已被他人更改，请重新读取后再试。
    """


class RuleViolated(LedgerError):
    """The rules do not allow this.

    规则不允许这样做。
    """


class AmountNotPositive(RuleViolated):
    """An amount must be greater than zero.

    数额必须大于零。
    """


class ReasonMissing(RuleViolated):
    """This step needs a reason, so that whoever reads the history later can follow it.

    此步骤必须写明理由，以便日后查阅的人看得明白。
    """


class SamePersonTwice(RuleViolated):
    """One person cannot take two of the steps that must be taken by different persons.

    必须由不同人员办理的步骤，同一人不得办理其中两步。
    """


class SecondPersonNeeded(RuleViolated):
    """This step takes two persons: propose it first (``?propose=true``), let another carry it out.

    此步骤须由两人办理：请先提出（``?propose=true``），再由另一人核准执行。
    """


class EvidenceMissing(RuleViolated):
    """This step needs its evidence: send at least one document along in ``evidence``.

    此步骤须附材料：请在 ``evidence`` 中至少附上一份。
    """


class StepUnknown(NotFound):
    """The record has no step of this number.

    该记录中没有这一步骤。
    """


class StepAlreadyReversed(RuleViolated):
    """This step was taken back before; record it anew if it is right after all.

    该步骤已被撤回；若其实无误，请重新办理。
    """


class StepOfOthers(RuleViolated):
    """A step is taken back by the role that took it, for the same organisation.

    只有原经办的角色和组织可以冲回自己的步骤。
    """


class StepStands(RuleViolated):
    """A step of this kind is not taken back; the facts say what puts it right.

    此类步骤不能撤回；如何更正见提示。
    """


class StepsRestOnIt(RuleViolated):
    """Later steps rest on this one: take those back first.

    后续步骤以此步骤为依据：请先撤回后续步骤。
    """
