"""Delegations: somebody stands in for the holder of a post, from a first to a last day.

The post stays with its holder: whoever stands in acts in the holder's post and on the
holder's behalf, and rules that ask for different persons count both. A delegation always
ends: on its last day, when it is ended early, or with the post itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import RuleViolated
from ledger.core.guards import persons


class DelegationWithoutPost(RuleViolated):
    """Only the holder of a post can delegate it, for days on which the post is held.

    只有任职者本人可以委托其职务，且委托期限不得超出任期。
    """


class DelegationToOneself(RuleViolated):
    """A post is delegated to somebody else, not to oneself.

    职务只能委托他人代行，不得委托给自己。
    """


class DelegationPassedOn(RuleViolated):
    """Whoever stands in for somebody cannot pass the post on.

    代行职务的人不得转委托。
    """


class DelegationEndsTooSoon(RuleViolated):
    """A delegation ends today or later, and not before it begins.

    委托的结束日不得早于今天，也不得早于开始日。
    """


class DelegationTooLong(RuleViolated):
    """A delegation lasts no longer than the policy allows; for longer, the post is filled anew.

    委托期限不得超过政策规定的天数；更久的应当调整任职。
    """


class DelegationEnded(RuleViolated):
    """The delegation has ended already.

    该委托已经终止。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitution:
    """Who stands in for whom, in which post, from a first to a last day."""

    person_id: UUID
    organisation_id: UUID
    post: str
    role: str
    from_on: date
    until_on: date


class Delegation(core.Aggregate):
    """One delegation of one post to one person."""

    TOPIC = "delegation"

    # Events: what can happen to a delegation --------------------------------------------

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of a delegation."""

    @dataclass(frozen=True, kw_only=True)
    class Granted(Event, core.Created):
        """The holder of a post let somebody stand in, from a first to a last day."""

        TOPIC = "delegation.granted.v1"

        holder_id: UUID
        person_id: UUID
        organisation_id: UUID
        post: str
        role: str
        from_on: date
        until_on: date

    @dataclass(frozen=True, kw_only=True)
    class Ended(Event):
        """The delegation ended before its last day; the reason says why."""

        TOPIC = "delegation.ended.v1"

        def apply(self, delegation: Delegation) -> None:
            delegation.is_ended = True

    # State: what we remember of it ------------------------------------------------------

    def __init__(  # noqa: PLR0913
        self,
        *,
        holder_id: UUID,
        person_id: UUID,
        organisation_id: UUID,
        post: str,
        role: str,
        from_on: date,
        until_on: date,
    ) -> None:
        self.holder_id = holder_id
        self.person_id = person_id
        self.organisation_id = organisation_id
        self.post = post
        self.role = role
        self.from_on = from_on
        self.until_on = until_on
        self.is_ended = False

    def covers(self, day: date) -> bool:
        """Tell whether it lets somebody stand in on a day."""
        return not self.is_ended and self.from_on <= day <= self.until_on

    # Commands: what you may ask for -----------------------------------------------------

    @classmethod
    def grant(cls, by: By, terms: Substitution, *, is_held: bool, days_max: int) -> Delegation:
        """Let somebody stand in; ``is_held``: who asks holds the post on all of these days.

        ``days_max`` is for how many days, the first and the last counted.
        """
        if by.on_behalf_of is not None:
            by = by.refuse(DelegationPassedOn(on_behalf_of=str(by.on_behalf_of)))
        if not is_held:
            by = by.refuse(DelegationWithoutPost(post=terms.post))
        if terms.person_id in persons(by):
            by = by.refuse(DelegationToOneself())
        if terms.until_on < max(terms.from_on, local_day(by.at)):
            by = by.refuse(
                DelegationEndsTooSoon(
                    from_on=terms.from_on.isoformat(), until_on=terms.until_on.isoformat()
                )
            )
        days_count = (terms.until_on - terms.from_on).days + 1
        if days_count > days_max:
            by = by.refuse(DelegationTooLong(asked_days=days_count, days_max=days_max))
        return cls._begin(
            cls.Granted,
            by,
            holder_id=by.actor_id,
            person_id=terms.person_id,
            organisation_id=terms.organisation_id,
            post=terms.post,
            role=terms.role,
            from_on=terms.from_on,
            until_on=terms.until_on,
        )

    def end(self, by: By) -> None:
        """End it before its last day; needs a reason."""
        by = by.with_reason()
        if self.is_ended:
            raise DelegationEnded()
        self._record(self.Ended, by)
