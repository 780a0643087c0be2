"""Who came in, who tried, and who asked for what they may not do.

What succeeded is an entry each. What failed is counted by account in windows of time, and an
entry is made when the count has doubled (1, 2, 4, 8, …) and once more when the window is over:
nothing goes unrecorded, and a flood of guesses makes a handful of entries. ``attempts_count`` is
how many there were since ``since``, all told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.values import derived_id
from ledger.users import rules

UNKNOWN_ACTOR = derived_id("actor", "unknown visitor")
"""Stands for everybody who tried with a name or a token that nobody has."""
NOBODY = "nobody"
"""The role of who has not come in."""


class SignInMethod(StrEnum):
    """How somebody came in, or tried."""

    PASSWORD = "password"  # noqa: S105 - the name of a way
    SECOND_FACTOR = "second_factor"
    SINGLE_SIGN_ON = "single_sign_on"
    TOKEN = "token"  # noqa: S105
    SET_UP_LINK = "set_up_link"


class SignOutReason(StrEnum):
    """Why a session ended before its time."""

    SIGNED_OUT = "signed_out"
    ROLE_CHANGED = "role_changed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    REVOKED = "revoked"


class SignIn(core.Aggregate):
    """One session from its beginning to its end; or a count of attempts that did not succeed."""

    TOPIC = "sign_in"

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of a sign-in."""

    @dataclass(frozen=True, kw_only=True)
    class Succeeded(Event, core.Created):
        """Somebody came in; the stream is the session."""

        TOPIC = "sign_in.succeeded.v1"

        user_id: UUID
        method: SignInMethod
        has_second_factor: bool
        grant_id: UUID | None

    @dataclass(frozen=True, kw_only=True)
    class Ended(Event):
        """A session ended before its time."""

        TOPIC = "sign_in.ended.v1"

        why: SignOutReason

        def apply(self, sign_in: SignIn) -> None:
            sign_in.has_ended = True

    @dataclass(frozen=True, kw_only=True)
    class Failed(Event, core.Created):
        """So many attempts failed since a moment; ``user_id`` is missing if nobody has the name."""

        TOPIC = "sign_in.failed.v1"

        user_id: UUID | None
        method: SignInMethod
        attempts_count: int
        since: datetime

    @dataclass(frozen=True, kw_only=True)
    class Blocked(Event, core.Created):
        """So many attempts were turned away unread, because too many had failed before."""

        TOPIC = "sign_in.blocked.v1"

        user_id: UUID | None
        method: SignInMethod
        attempts_count: int
        since: datetime

    def __init__(self, **_: object) -> None:
        self.has_ended = False

    @staticmethod
    def create_id(*_: object, **__: object) -> UUID:
        """A new id."""
        return uuid4()

    @classmethod
    def succeed(
        cls,
        by: By,
        *,
        user_id: UUID,
        method: SignInMethod,
        has_second_factor: bool,
        grant_id: UUID | None,
    ) -> SignIn:
        """Note that somebody came in."""
        return cls._begin(
            cls.Succeeded,
            by,
            user_id=user_id,
            method=method,
            has_second_factor=has_second_factor,
            grant_id=grant_id,
        )

    @classmethod
    def fail(  # noqa: PLR0913
        cls,
        by: By,
        *,
        user_id: UUID | None,
        method: SignInMethod,
        attempts_count: int,
        since: datetime,
        is_blocked: bool,
    ) -> SignIn:
        """Note how many attempts failed, or were turned away unread."""
        return cls._begin(
            cls.Blocked if is_blocked else cls.Failed,
            by,
            user_id=user_id,
            method=method,
            attempts_count=attempts_count,
            since=since,
        )

    def end(self, by: By, *, why: SignOutReason) -> None:
        """End the session."""
        if self.has_ended:
            raise rules.SignInEnded(session_id=str(self.id))
        self._record(self.Ended, by, why=why)


class Denial(core.Aggregate):
    """Requests for what somebody's role may not do."""

    TOPIC = "denial"

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of a denial."""

    @dataclass(frozen=True, kw_only=True)
    class Counted(Event, core.Created):
        """The actor asked so many times since a moment for an operation that is not theirs."""

        TOPIC = "denial.counted.v1"

        operation: str
        attempts_count: int
        since: datetime

    def __init__(self, **_: object) -> None:
        pass

    @staticmethod
    def create_id(*_: object, **__: object) -> UUID:
        """A new id."""
        return uuid4()

    @classmethod
    def count(cls, by: By, *, operation: str, attempts_count: int, since: datetime) -> Denial:
        """Note how often it was asked for."""
        return cls._begin(
            cls.Counted, by, operation=operation, attempts_count=attempts_count, since=since
        )
