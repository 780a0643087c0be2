"""What petition commands look up before they decide: terms, lists and organisations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from ledger.calendar import Due, WorkingDays
from ledger.commands.calendar import calendar_of
from ledger.commands.organisations import organisation_of
from ledger.commands.policies import STANDARD, policies_of
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import RuleViolated
from ledger.organisations import Kind, Organisation
from ledger.petitions import ClockName, Deadline
from ledger.policies import PolicyBook
from ledger.policy_values import StandardValue
from ledger.storage.ledger import Ledger

WORKING_DAYS = "working-days"

UNITS = frozenset(Kind) - {Kind.ESTATE}
"""Whoever can hold a petition: any organisation that acts, an estate does not."""


class NotListed(RuleViolated):
    """The code is not in the policy's list.

    代码不在政策清单之内。
    """


class OrganisationKindWrong(RuleViolated):
    """This step needs an organisation of another kind.

    此步骤需要另一类组织。
    """


class OrganisationNotThere(RuleViolated):
    """The organisation does not exist on this day.

    该组织在这一天并不存在。
    """


class EstateElsewhere(RuleViolated):
    """The estate does not belong to this community.

    该小区不属于这个社区。
    """


@dataclass(frozen=True, slots=True)
class Terms:
    """The policy book and the calendar on the day of a decision."""

    book: PolicyBook
    calendar: WorkingDays
    day: date

    def number(self, name: str) -> int:
        """Return a number; in a ledger from before it was a policy, the standard's."""
        standard = self._standard(name)
        return self.book.number(name, on=self.day) if standard is None else int(standard.value)

    def due(self, name: str, *, starts_on: date | None = None) -> Due:
        """Return when the term that this policy gives is over, counted from ``day``."""
        standard = self._standard(name)
        unit = self.book.value(name, on=self.day).unit if standard is None else standard.unit
        return self.due_after(self.number(name), unit=unit, starts_on=starts_on)

    def _standard(self, name: str) -> StandardValue | None:
        """Return the standard value of a name that the book has never heard of."""
        if name in self.book.names():
            return None
        return next((v for v in STANDARD if v.name == name and isinstance(v, StandardValue)), None)

    def due_after(self, days: int, *, unit: str, starts_on: date | None = None) -> Due:
        """Return when a number of days is over; working days if the unit says so."""
        start = starts_on or self.day
        if unit == WORKING_DAYS:
            return self.calendar.add_working_days(start, days)
        return Due(start + timedelta(days=days), is_provisional=False)

    def deadline(self, clock: ClockName, name: str, holder_id: UUID) -> Deadline:
        """Return the deadline that a policy sets for a holder, counted from ``day``."""
        unit = self.book.value(name, on=self.day).unit
        days = self.book.number(name, on=self.day)
        return self.deadline_after(clock, days, unit=unit, holder_id=holder_id)

    def deadline_after(
        self,
        clock: ClockName,
        days: int,
        *,
        unit: str,
        holder_id: UUID,
        starts_on: date | None = None,
    ) -> Deadline:
        """Return a deadline of so many days, counted from ``day`` unless another is given."""
        due = self.due_after(days, unit=unit, starts_on=starts_on)
        return Deadline(
            clock=clock,
            holder_id=holder_id,
            starts_on=starts_on or self.day,
            days=days,
            in_working_days=unit == WORKING_DAYS,
            due_on=due.on,
            is_provisional=due.is_provisional,
        )

    def handling_term(self, procedure: str, category: str | None) -> str:
        """Return the policy that says how long handling takes: the category's own, if any."""
        general = f"petition.{procedure}.handling_term"
        own = f"{general}.{category}"
        return own if own in self.book.names() else general

    def procedure_of(self, channel: str) -> str:
        """Return which procedure's deadlines hold for a channel; the last one listed by default."""
        procedures = self.book.items("petition.procedures", on=self.day)
        for procedure in procedures:
            name = f"petition.procedure_channels.{procedure}"
            if channel in self.book.items(name, on=self.day):
                return procedure
        return procedures[-1]

    def guard_listed(self, by: By, name: str, code: str) -> By:
        """Refuse a code that is not in the list of this name."""
        if code in self.book.items(name, on=self.day):
            return by
        return by.refuse(NotListed(list=name, code=code))

    def guard_classification(self, by: By, category: str, item: str) -> By:
        """Refuse a category, or an item of it, that the policies do not list."""
        if category not in self.book.items("petition.categories", on=self.day):
            return by.refuse(NotListed(list="petition.categories", code=category))
        return self.guard_listed(by, f"petition.items.{category}", item)


async def terms_of(ledger: Ledger, by: By) -> tuple[Terms, By]:
    """Return the terms on the day of the decision, and the decision under their version."""
    book = await policies_of(ledger)
    terms = Terms(book, await calendar_of(ledger), local_day(by.at))
    return terms, by.under(book.version)


async def terms_from_now(ledger: Ledger, by: By) -> tuple[Terms, By]:
    """Return the terms of the day on which a fact is told, and the same who told it.

    A term that others must keep runs from there: it cannot be over when they learn of it.
    """
    terms, now = await terms_of(ledger, replace(by, at=by.now))
    return terms, by.under(now.policy_version)


async def guard_kind(ledger: Ledger, by: By, organisation_id: UUID, *kinds: Kind) -> By:
    """Refuse an organisation that is not of these kinds (any that acts, if none is given).

    Raises ``NotFound`` when there is none of this id.
    """
    organisation = await organisation_of(ledger, organisation_id)
    return _guard_organisation(by, organisation, frozenset(kinds) or UNITS)


async def guard_estate(ledger: Ledger, by: By, estate_id: UUID, community_id: UUID) -> By:
    """Refuse an estate that is none, or not of this community on the day of the decision."""
    estate = await organisation_of(ledger, estate_id)
    by = _guard_organisation(by, estate, frozenset({Kind.ESTATE}))
    if estate.parent_on(local_day(by.at)) != community_id:
        by = by.refuse(EstateElsewhere(estate_id=str(estate_id), community_id=str(community_id)))
    return by


def _guard_organisation(by: By, organisation: Organisation, kinds: frozenset[Kind]) -> By:
    if organisation.kind not in kinds:
        by = by.refuse(OrganisationKindWrong(id=str(organisation.id), kind=organisation.kind))
    day = local_day(by.at)
    if not organisation.lives_on(day):
        by = by.refuse(OrganisationNotThere(id=str(organisation.id), day=day.isoformat()))
    return by
