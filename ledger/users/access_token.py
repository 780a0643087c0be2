"""A token with which a program asks in somebody's name; what it reads is kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.users import rules


class AccessToken(core.Aggregate):
    """One token."""

    TOPIC = "access_token"

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of a token."""

    @dataclass(frozen=True, kw_only=True)
    class Issued(Event, core.Created):
        """A token was made that acts as ``holder_id`` in a role, for an organisation and a post.

        ``operations`` are all that it may ask for; none named means all that the role may.
        """

        TOPIC = "access_token.issued.v1"

        holder_id: UUID
        role: str
        organisation_id: UUID | None
        post: str
        operations: tuple[str, ...]
        expires_at: datetime | None

    @dataclass(frozen=True, kw_only=True)
    class Revoked(Event):
        """The token opens nothing any more."""

        TOPIC = "access_token.revoked.v1"

        def apply(self, token: AccessToken) -> None:
            token.is_revoked = True

    def __init__(  # noqa: PLR0913
        self,
        *,
        holder_id: UUID,
        role: str,
        organisation_id: UUID | None,
        post: str,
        operations: tuple[str, ...],
        expires_at: datetime | None,
    ) -> None:
        self.holder_id = holder_id
        self.is_revoked = False

    @staticmethod
    def create_id(*_: object, **__: object) -> UUID:
        """A new id; it says nothing of what the token reads."""
        return uuid4()

    @classmethod
    def issue(  # noqa: PLR0913
        cls,
        by: By,
        *,
        holder_id: UUID,
        role: str,
        organisation_id: UUID | None = None,
        post: str = "",
        operations: tuple[str, ...] = (),
        expires_at: datetime | None = None,
    ) -> AccessToken:
        """Make a token."""
        return cls._begin(
            cls.Issued,
            by,
            holder_id=holder_id,
            role=role,
            organisation_id=organisation_id,
            post=post,
            operations=operations,
            expires_at=expires_at,
        )

    def revoke(self, by: By) -> None:
        """End the token."""
        if self.is_revoked:
            raise rules.TokenRevokedAlready(token_id=str(self.id))
        self._record(self.Revoked, by)
