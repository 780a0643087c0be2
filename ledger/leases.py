"""Leases 出租合同: premises of an estate that are let, and what the tenant owes when.

A lease brings nothing by itself: its schedule says what is due, the public
account says what came in. Terms may change for the days to come; what fell due
already stays as it was, so that arrears cannot be amended away.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import AmountNotPositive, RuleViolated
from ledger.core.values import AmountFen

# Rules: what a lease refuses -------------------------------------------------------------


class AreaNotPositive(RuleViolated):
    """The let area must be greater than zero.

    出租面积必须大于零。
    """


class LeaseEndsBeforeStart(RuleViolated):
    """A lease cannot end before it starts.

    租期的结束日不能早于开始日。
    """


class ScheduleEmpty(RuleViolated):
    """A lease needs at least one instalment.

    租金计划至少要有一期。
    """


class ScheduleNotInOrder(RuleViolated):
    """The instalments must be listed by due day, one a day.

    租金各期必须按应缴日先后排列，同一日不得有两期。
    """


class PastInstalmentChanged(RuleViolated):
    """What has fallen due by today cannot be changed; only later instalments can.

    已到期的租金不得更改，只能更改以后各期。
    """


class LeaseUnchanged(RuleViolated):
    """The lease says exactly this already.

    租约内容与现有的完全相同。
    """


class LeaseOver(RuleViolated):
    """The lease has ended.

    该租约已经终止。
    """


# Values: the words of a lease ------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    """One payment that the tenant owes: ``amount_fen`` on ``due_on`` at the latest."""

    due_on: date
    amount_fen: AmountFen


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTerms:
    """What was agreed: which premises, how large, who rents them, how long, what is due when.

    ``area_m2_hundredths`` is the area in hundredths of a square metre (12.5 m² is 1,250).
    ``tenant`` is a business's registered name (a natural person stands under a pseudonym),
    ``tenant_id`` its organisation where the ledger knows it. ``ends_on`` is the last day.
    """

    premises: str
    area_m2_hundredths: int
    tenant: str
    starts_on: date
    ends_on: date
    schedule: tuple[Instalment, ...]
    tenant_id: UUID | None = None

    def due_until(self, day: date) -> tuple[Instalment, ...]:
        """Return the instalments that have fallen due by a day, that day included."""
        return tuple(instalment for instalment in self.schedule if instalment.due_on <= day)


class Lease(core.Aggregate):
    """One contract about one estate's premises; its rent goes to the estate's public account."""

    TOPIC = "lease"

    # Events: what can happen to a lease -------------------------------------------------

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of a lease."""

    @dataclass(frozen=True, kw_only=True)
    class Signed(Event, core.Created):
        """The lease was signed; its rent is due into this public account."""

        TOPIC = "lease.signed.v1"

        account_id: UUID
        terms: LeaseTerms

    @dataclass(frozen=True, kw_only=True)
    class Amended(Event):
        """The parties agreed on other terms, for the reason given."""

        TOPIC = "lease.amended.v1"

        terms: LeaseTerms

        def apply(self, lease: Lease) -> None:
            lease.terms = self.terms

    @dataclass(frozen=True, kw_only=True)
    class Ended(Event):
        """The lease ended; instalments that would fall due after that day are no longer owed."""

        TOPIC = "lease.ended.v1"

        ended_on: date

        def apply(self, lease: Lease) -> None:
            lease.ended_on = self.ended_on

    # State: what we remember of it, starting from ``Signed`` ----------------------------

    def __init__(self, *, account_id: UUID, terms: LeaseTerms) -> None:
        self.account_id = account_id
        self.terms = terms
        self.ended_on: date | None = None

    # Commands: what you may ask for -----------------------------------------------------

    @classmethod
    def sign(cls, by: By, *, account_id: UUID, terms: LeaseTerms) -> Lease:
        """Record a signed lease."""
        by = _sound(by, terms)
        return cls._begin(cls.Signed, by, account_id=account_id, terms=terms)

    def amend(self, by: By, *, terms: LeaseTerms) -> None:
        """Change the terms for the days to come, giving the reason."""
        by = _sound(self._running(by).with_reason(), terms)
        if terms == self.terms:
            raise LeaseUnchanged()
        today = local_day(by.at)
        if terms.due_until(today) != self.terms.due_until(today):
            by = by.refuse(PastInstalmentChanged(until_on=today.isoformat()))
        self._record(self.Amended, by, terms=terms)

    def end(self, by: By, *, ended_on: date) -> None:
        """Record the lease's last day; ending early needs a reason."""
        by = self._running(by)
        if ended_on < self.terms.starts_on:
            by = by.refuse(
                LeaseEndsBeforeStart(
                    starts_on=self.terms.starts_on.isoformat(), ends_on=ended_on.isoformat()
                )
            )
        if ended_on < self.terms.ends_on:
            by = by.with_reason()
        self._record(self.Ended, by, ended_on=ended_on)

    def _running(self, by: By) -> By:
        if self.ended_on is None:
            return by
        return by.refuse(LeaseOver(ended_on=self.ended_on.isoformat()))


def _sound(by: By, terms: LeaseTerms) -> By:
    if terms.area_m2_hundredths <= 0:
        raise AreaNotPositive(area_m2_hundredths=terms.area_m2_hundredths)
    for instalment in terms.schedule:
        if instalment.amount_fen <= 0:
            raise AmountNotPositive(amount_fen=instalment.amount_fen)
    if terms.ends_on < terms.starts_on:
        by = by.refuse(
            LeaseEndsBeforeStart(
                starts_on=terms.starts_on.isoformat(), ends_on=terms.ends_on.isoformat()
            )
        )
    if not terms.schedule:
        by = by.refuse(ScheduleEmpty())
    for earlier, later in pairwise(terms.schedule):
        if later.due_on <= earlier.due_on:
            by = by.refuse(ScheduleNotInOrder(due_on=later.due_on.isoformat()))
    return by
