"""What every change of a policy must keep to: two persons, a coming day, its hard limits.

A change from a day that has passed changes what was decided since: it needs a legal basis (an
article that was read, with the document as evidence), and its entry is marked.
"""

from __future__ import annotations

from datetime import date

from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import RuleViolated
from ledger.core.guards import by_two, marked
from ledger.policies import PolicyBook, PolicyMissing, UnitUnknown
from ledger.policy_values.limits import CHOICES, NOT_ABOVE, OF_UNIT, limits_of

LEGAL = "verified"
FROM_THE_PAST = "policy-from-a-past-day"
"""The mark of a change that holds from a day before it was made."""


class PolicyOutsideLimits(RuleViolated):
    """A policy's number stays within hard limits, whoever sets it.

    政策数值不得超出规定的上下限。
    """


class PolicyTextUnknown(RuleViolated):
    """This policy's text is one of a few; the facts name some.

    该政策的文字只能取规定的几种之一。
    """


class PolicyListEmpty(RuleViolated):
    """A list that rules ask cannot be empty.

    规则所用的清单不得为空。
    """


class PolicyLeastAboveGreatest(RuleViolated):
    """The least of two policies that belong together cannot be above the greatest, on any day.

    相关联的下限政策值在任何一天都不得高于上限政策值。
    """


class PolicyFromPastDay(RuleViolated):
    """A policy changes from a coming day; an earlier one needs a legal basis with its document.

    政策变更自将来日期起生效；自今日或以前生效的，须有经核实的法律依据并附文件。
    """


def guard_change(by: By, *, valid_from: date, certainty: str) -> By:
    """Refuse a change by one person alone, or from a day that has begun, without a legal basis."""
    by = by_two(by)
    if valid_from > local_day(by.now):
        return by
    if certainty != LEGAL or not by.evidence:
        by = by.refuse(
            PolicyFromPastDay(
                valid_from=valid_from.isoformat(), today=local_day(by.now).isoformat()
            )
        )
    return marked(by.with_reason(), FROM_THE_PAST)


def guard_number(  # noqa: PLR0913 - what is set, each by name
    by: By, book: PolicyBook, *, name: str, value: int, unit: str, on: date
) -> By:
    """Refuse a number outside its limits, or on the wrong side of one that it belongs to."""
    if unit not in OF_UNIT:
        return by.refuse(UnitUnknown(name=name))
    limits = limits_of(name, unit)
    if not limits.least <= value <= limits.most:
        by = by.refuse(
            PolicyOutsideLimits(name=name, value=value, least=limits.least, most=limits.most)
        )
    for least, greatest in NOT_ABOVE:
        if name == least:
            by = _in_order(by, book, value, greatest, on, is_least=True)
        elif name == greatest:
            by = _in_order(by, book, value, least, on, is_least=False)
    return by


def guard_text(by: By, *, name: str, value: str) -> By:
    """Refuse a text that nothing would understand."""
    choices = CHOICES.get(name)
    if choices is None or value in choices:
        return by
    return by.refuse(PolicyTextUnknown(name=name, some=", ".join(sorted(choices)[:8])))


def guard_items(by: By, *, name: str, items: tuple[str, ...]) -> By:
    """Refuse a list without items."""
    return by if items else by.refuse(PolicyListEmpty(name=name))


def _in_order(  # noqa: PLR0913
    by: By, book: PolicyBook, value: int, other: str, on: date, *, is_least: bool
) -> By:
    """Refuse a number that is out of order with another one, from its day on."""
    later = [e.valid_from for e in book.entries(other) if e.valid_from > on]
    for day in (on, *later):
        try:
            beside = book.number(other, on=day)
        except PolicyMissing:
            continue
        if (value > beside) if is_least else (value < beside):
            by = by.refuse(
                PolicyLeastAboveGreatest(value=value, other=other, other_value=beside, on=str(day))
            )
    return by
