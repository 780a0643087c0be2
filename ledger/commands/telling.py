"""When something happened, as each kind of command lets its teller say it.

    decision    now, by the service's clock; no other moment is taken
    fact        when it happened: told on a later day it is marked late and needs a reason; told
                later than the policy's term it takes two persons, and is booked at the term's
                beginning, with its true day
    statement   now, for a party that speaks for itself; a paper counts from its receipt, and
                is recorded, with its scan, by somebody who is not of that party

Some decisions and facts of a party are taken on paper too (``by_paper``): the paper is recorded
in the same way, the moment as its kind says.

Every entrance asks here: the API, pages, and whoever stands in for somebody.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from ledger.core.aggregate import By
from ledger.core.clock import LOCAL, local_day
from ledger.core.errors import InvalidValue, RuleViolated
from ledger.core.guards import by_two
from ledger.core.times import Kind, Timing
from ledger.policies import POLICY_BOOK_ID, PolicyBook, PolicyMissing
from ledger.policy_values import entries
from ledger.storage.ledger import Ledger

CLOCK_SKEW = timedelta(minutes=5)
BEYOND_TERM = "told-after-its-term"
"""The mark of what was told later than its term, by two persons."""


class DecisionHappensNow(InvalidValue):
    """A decision happens when it is recorded: leave ``occurred_at`` out.

    决定以入账时间为准：请不要填写 ``occurred_at``。
    """


class OccurredInFuture(InvalidValue):
    """What has not happened yet cannot be recorded.

    尚未发生的事项不能入账。
    """


class LateWithoutReason(RuleViolated):
    """What is told on a later day than it happened needs a reason.

    事后补录的事项（非当日入账）必须说明理由。
    """


class LateTakesTwo(RuleViolated):
    """What is told later than its term takes two persons: propose it, let another carry it out.

    超过补录期限的事项须由两人办理：一人提出，另一人核准入账。
    """


class PaperNotScanned(RuleViolated):
    """A statement on paper is recorded with its scan in ``evidence``.

    书面陈述须随附扫描件（``evidence``）方可登记。
    """


class PaperOfOnesOwn(RuleViolated):
    """A party's paper is recorded by somebody who is not of that party.

    书面陈述须由非该当事方的人员登记。
    """


class SaysForItself(InvalidValue):
    """Who speaks for themself says it now: ``occurred_at`` is for a paper, with ``said_by``.

    本人当场陈述以入账时间为准；``occurred_at`` 仅用于书面陈述，并须填写 ``said_by``。
    """


class NotAStatement(InvalidValue):
    """Nobody else's statement is recorded by this step: leave ``said_by`` out.

    此步骤不登记他人的陈述：请不要填写 ``said_by``。
    """


async def told(
    by: By, timing: Timing, ledger: Ledger, *, occurred_at: datetime | None, said_by: UUID | None
) -> By:
    """Return who decides, at the moment that counts; ``by.at`` is the service's clock.

    Refuses with the errors above.
    """
    by = replace(by, told_at=by.at)
    if said_by is not None:
        by = _on_paper(by, timing, said_by)
    elif occurred_at is not None and timing.kind is Kind.STATEMENT:
        raise SaysForItself(field="occurred_at")
    if occurred_at is None:
        return by
    if not timing.may_be_told_late:
        raise DecisionHappensNow(field="occurred_at", kind=timing.kind)
    if occurred_at > by.at + CLOCK_SKEW:
        raise OccurredInFuture(
            field="occurred_at", occurred_at=occurred_at.isoformat(), now=by.at.isoformat()
        )
    return await _dated(by, timing, ledger, occurred_at)


def _on_paper(by: By, timing: Timing, said_by: UUID) -> By:
    if not timing.takes_paper:
        raise NotAStatement(field="said_by")
    if said_by in (by.actor_id, by.on_behalf_of, by.organisation_id):
        by = by.refuse(PaperOfOnesOwn(said_by=str(said_by)))
    if not by.evidence:
        by = by.refuse(PaperNotScanned(field="evidence"))
    return replace(by, said_by=said_by)


async def _dated(by: By, timing: Timing, ledger: Ledger, occurred_at: datetime) -> By:
    today, day = local_day(by.at), local_day(occurred_at)
    if day >= today:
        return replace(by, at=min(occurred_at, by.at))
    if not by.reason.strip():
        raise LateWithoutReason(field="reason", day=day.isoformat(), today=today.isoformat())
    by = replace(by, at=occurred_at, is_late=True)
    days_max = await term_days(ledger, timing.term, by.now)
    if (today - day).days <= days_max:
        return by
    if not by.proposed_by:
        by = by.refuse(LateTakesTwo(field="occurred_at", day=day.isoformat(), days_max=days_max))
    first = datetime.combine(today - timedelta(days=days_max), time.min, LOCAL).astimezone(UTC)
    return by_two(by).booked_from(first, BEYOND_TERM)


async def term_days(ledger: Ledger, name: str, now: datetime) -> int:
    """Return within how many days something may be told late: the policy's, or the standard's."""
    book = await ledger.for_request().consult(PolicyBook, POLICY_BOOK_ID)
    standard = next(one.value for one in entries.VALUES if one.name == name)
    if book is None:
        return int(standard)
    try:
        return book.number(name, on=local_day(now))
    except PolicyMissing:  # a ledger from before this number was a policy
        return int(standard)
