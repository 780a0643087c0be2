"""A user: roles with their days, and what happened to password and second factor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.guards import by_two
from ledger.core.values import derived_id
from ledger.users import rules
from ledger.users.machine_side import MACHINE
from ledger.users.roles import BY_TWO, ROLES, stands_against

ENTRY_KEEPS = timedelta(days=1)
"""How long two persons' word lets a new way in be made."""


class PasswordSource(StrEnum):
    """How a password came to be."""

    SET_UP = "set_up"  # by the one-time link
    CHANGED = "changed"  # by its owner, who knew the old one


def user_id_of(person_id: UUID) -> UUID:
    """Return the id of the account of a person: what is kept about them lies under their own."""
    return derived_id("account", str(person_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role that a user holds, from a first to a last day, for an organisation and a post."""

    grant_id: UUID
    role: str
    organisation_id: UUID | None
    post: str
    from_on: date
    until_on: date | None

    def covers(self, day: date) -> bool:
        """Tell whether the grant is in force on a day."""
        return self.from_on <= day and (self.until_on is None or day <= self.until_on)

    def overlaps(self, other: Grant) -> bool:
        """Tell whether two grants have a day in common."""
        return self.from_on <= (other.until_on or date.max) and other.from_on <= (
            self.until_on or date.max
        )

    @property
    def capacity(self) -> tuple[str, UUID | None, str]:
        """In which capacity it lets its holder act."""
        return self.role, self.organisation_id, self.post


class User(core.Aggregate):
    """One person who may sign in, known by a pseudonym."""

    TOPIC = "user"

    # Events: what can happen to a user --------------------------------------------------

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of a user."""

    @dataclass(frozen=True, kw_only=True)
    class Opened(Event, core.Created):
        """An account was opened; it can do nothing yet. Who it is for is not in the log."""

        TOPIC = "user.opened.v1"

    @dataclass(frozen=True, kw_only=True)
    class OpenedForPerson(Event, core.Created):
        """An account was opened for a person whom the log knows; it acts as that pseudonym."""

        TOPIC = "user.opened_for_person.v1"

        person_id: UUID

    @dataclass(frozen=True, kw_only=True)
    class RoleGranted(Event):
        """The user holds a role from a first to a last day, for an organisation and a post."""

        TOPIC = "user.role_granted.v1"

        grant_id: UUID
        role: str
        organisation_id: UUID | None
        post: str
        from_on: date
        until_on: date | None

        def apply(self, user: User) -> None:
            user.grants[self.grant_id] = Grant(
                grant_id=self.grant_id,
                role=self.role,
                organisation_id=self.organisation_id,
                post=self.post,
                from_on=self.from_on,
                until_on=self.until_on,
            )

    @dataclass(frozen=True, kw_only=True)
    class RoleRevoked(Event):
        """A grant ended at once."""

        TOPIC = "user.role_revoked.v1"

        grant_id: UUID
        role: str

        def apply(self, user: User) -> None:
            user.grants.pop(self.grant_id, None)

    @dataclass(frozen=True, kw_only=True)
    class Invited(Event):
        """A one-time link was made with which the user sets a password."""

        TOPIC = "user.invited.v1"

        def apply(self, user: User) -> None:
            user.entry_allowed_at = None

    @dataclass(frozen=True, kw_only=True)
    class EntryAllowed(Event):
        """Two persons allowed one new way in: a one-time link, or an identity at an issuer."""

        TOPIC = "user.entry_allowed.v1"

        def apply(self, user: User) -> None:
            user.entry_allowed_at = self.timestamp

    @dataclass(frozen=True, kw_only=True)
    class PasswordSet(Event):
        """The user chose a password; all sessions ended."""

        TOPIC = "user.password_set.v1"

        source: PasswordSource

        def apply(self, user: User) -> None:
            user.has_password = True

    @dataclass(frozen=True, kw_only=True)
    class SecondFactorEnrolled(Event):
        """The user proved to have a device that shows one-time codes."""

        TOPIC = "user.second_factor_enrolled.v1"

        def apply(self, user: User) -> None:
            user.has_second_factor = True

    @dataclass(frozen=True, kw_only=True)
    class SecondFactorRemoved(Event):
        """The device no longer counts: by its owner, or by an administrator after a loss."""

        TOPIC = "user.second_factor_removed.v1"

        def apply(self, user: User) -> None:
            user.has_second_factor = False

    @dataclass(frozen=True, kw_only=True)
    class RecoveryCodeUsed(Event):
        """The user signed in with a recovery code in place of the device."""

        TOPIC = "user.recovery_code_used.v1"

        left_count: int

    @dataclass(frozen=True, kw_only=True)
    class SingleSignOnLinked(Event):
        """The user may also sign in through this issuer; under which name is not in the log."""

        TOPIC = "user.single_sign_on_linked.v1"

        issuer: str

        def apply(self, user: User) -> None:
            user.issuers.append(self.issuer)
            user.entry_allowed_at = None

    @dataclass(frozen=True, kw_only=True)
    class SingleSignOnUnlinked(Event):
        """An identity at this issuer lets the user in no more; the sessions it opened ended."""

        TOPIC = "user.single_sign_on_unlinked.v1"

        issuer: str

        def apply(self, user: User) -> None:
            user.issuers.remove(self.issuer)

    @dataclass(frozen=True, kw_only=True)
    class Disabled(Event):
        """The user can no longer sign in; all sessions ended."""

        TOPIC = "user.disabled.v1"

        def apply(self, user: User) -> None:
            user.is_disabled = True

    @dataclass(frozen=True, kw_only=True)
    class Enabled(Event):
        """The user can sign in again."""

        TOPIC = "user.enabled.v1"

        def apply(self, user: User) -> None:
            user.is_disabled = False

    # State: what we remember of it ------------------------------------------------------

    def __init__(self, *, person_id: UUID | None = None) -> None:
        self._person_id = person_id
        self.grants: dict[UUID, Grant] = {}
        self.has_password = False
        self.has_second_factor = False
        self.is_disabled = False
        self.entry_allowed_at: datetime | None = None
        self.issuers: list[str] = []

    @staticmethod
    def create_id(*_: object, **__: object) -> UUID:
        """A new pseudonym."""
        return uuid4()

    @property
    def person_id(self) -> UUID:
        """As whom the account acts: the pseudonym that events name."""
        return self._person_id or self.id

    def is_of(self, actor_id: UUID) -> bool:
        """Tell whether it is the account of who acts."""
        return actor_id in {self.id, self.person_id}

    def grants_on(self, day: date) -> tuple[Grant, ...]:
        """Return the grants in force on a day, in the order in which they were made."""
        return tuple(grant for grant in self.grants.values() if grant.covers(day))

    def takes_two(self, now: datetime) -> bool:
        """Tell whether a new way in takes two persons: for who oversees or administers."""
        return any(grant.role in BY_TWO for grant in self.grants_on(local_day(now)))

    # Commands: what you may ask for -----------------------------------------------------

    @classmethod
    def open(cls, by: By, *, person_id: UUID | None = None) -> User:
        """Open an account for a person's pseudonym, or under a new one."""
        if person_id is None:
            return cls._begin(cls.Opened, by)
        own = user_id_of(person_id)
        return cls._create(cls.OpenedForPerson, by=by, timestamp=by.at, id=own, person_id=person_id)

    def grant_role(self, by: By, grant: Grant) -> None:
        """Grant a role; nobody grants one to themselves, and some roles stay apart."""
        if grant.role not in ROLES:
            raise rules.RoleUnknown(role=grant.role)
        self._guard_other(by)
        if grant.until_on is not None and grant.until_on <= grant.from_on:
            raise rules.GrantEndsTooSoon(
                from_on=grant.from_on.isoformat(), until_on=grant.until_on.isoformat()
            )
        together = [held for held in self.grants.values() if held.overlaps(grant)]
        if any(held.capacity == grant.capacity for held in together):
            raise rules.GrantHeldAlready(role=grant.role, post=grant.post)
        if other := stands_against(grant.role, (held.role for held in together)):
            raise rules.RolesApart(role=grant.role, held=other)
        if grant.role in BY_TWO and by.role != MACHINE:
            by = by_two(by)
        self._record(
            self.RoleGranted,
            by,
            grant_id=grant.grant_id,
            role=grant.role,
            organisation_id=grant.organisation_id,
            post=grant.post,
            from_on=grant.from_on,
            until_on=grant.until_on,
        )

    def revoke_role(self, by: By, *, grant_id: UUID) -> None:
        """End a grant at once; needs a reason."""
        by = by.with_reason()
        self._guard_other(by)
        if grant_id not in self.grants:
            raise rules.GrantUnknown(grant_id=str(grant_id))
        self._record(self.RoleRevoked, by, grant_id=grant_id, role=self.grants[grant_id].role)

    def allow_entry(self, by: By) -> None:
        """Allow one new way in, by two persons, for a day; needs a reason."""
        by = by_two(by.with_reason())
        self._guard_other(by)
        self._guard_enabled()
        self._record(self.EntryAllowed, by)

    def invite(self, by: By) -> None:
        """Note that a one-time link was made: its holder chooses a password without the old one."""
        self._guard_other(by)
        self._guard_enabled()
        self._record(self.Invited, self._allowed_in(by))

    def set_password(self, by: By, *, source: PasswordSource) -> None:
        """Note that the user chose a password."""
        self._guard_enabled()
        self._record(self.PasswordSet, by, source=source)

    def enrol_second_factor(self, by: By) -> None:
        """Note that the user proved to have a device."""
        self._guard_enabled()
        if self.has_second_factor:
            raise rules.SecondFactorEnrolledAlready()
        self._record(self.SecondFactorEnrolled, by)

    def remove_second_factor(self, by: By) -> None:
        """Note that the device no longer counts; an administrator needs a reason."""
        if not self.is_of(by.actor_id):
            by = by.with_reason()
            if self.takes_two(by.now) and by.role != MACHINE:
                by = by_two(by)
        if not self.has_second_factor:
            raise rules.SecondFactorMissing()
        self._record(self.SecondFactorRemoved, by)

    def use_recovery_code(self, by: By, *, left_count: int) -> None:
        """Note that a recovery code stood in for the device."""
        self._record(self.RecoveryCodeUsed, by, left_count=left_count)

    def link_single_sign_on(self, by: By, *, issuer: str) -> None:
        """Let the user come in through an issuer."""
        self._guard_enabled()
        self._record(self.SingleSignOnLinked, by, issuer=issuer)

    def link_for_another(self, by: By, *, issuer: str) -> None:
        """Link an identity that somebody else vouches for: nobody does so for themselves."""
        self._guard_other(by)
        self.link_single_sign_on(self._allowed_in(by), issuer=issuer)

    def unlink_single_sign_on(self, by: By, *, issuer: str) -> None:
        """Let an identity at an issuer in no more; needs a reason."""
        by = by.with_reason()
        if issuer not in self.issuers:
            raise rules.IdentityNotLinked(issuer=issuer)
        self._record(self.SingleSignOnUnlinked, by, issuer=issuer)

    def disable(self, by: By) -> None:
        """Let the user in no more; needs a reason."""
        by = by.with_reason()
        self._guard_enabled()
        self._record(self.Disabled, by)

    def enable(self, by: By) -> None:
        """Let the user in again; needs a reason."""
        by = by.with_reason()
        self._guard_other(by)
        if not self.is_disabled:
            raise rules.UserNotDisabled()
        self._record(self.Enabled, by)

    def _allowed_in(self, by: By) -> By:
        """Refuse a new way in for who oversees or administers, unless two persons allowed it."""
        if by.role == MACHINE or not self.takes_two(by.now):
            return by
        allowed_at = self.entry_allowed_at
        if allowed_at is None or by.now - allowed_at > ENTRY_KEEPS:
            by = by.refuse(rules.EntryNotAllowed())
        return by

    def _guard_other(self, by: By) -> None:
        if self.is_of(by.actor_id):
            raise rules.NotToOneself(user_id=str(self.id))

    def _guard_enabled(self) -> None:
        if self.is_disabled:
            raise rules.UserDisabled(user_id=str(self.id))
