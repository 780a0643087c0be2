"""What administrators do: open accounts, grant and revoke roles, let in and out.

Whatever takes something away ends the sessions that rest on it. Should that fail after the event
was recorded, nothing is open all the same: each request asks the user's record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from ledger.commands.access_tokens import end_tokens_of, user_of_actor
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import NotFound, RuleViolated
from ledger.core.times import NoUndo, decision
from ledger.core.values import Code, Day, Post
from ledger.organisations import Organisation
from ledger.storage.ledger import Ledger, Recorded
from ledger.storage.sessions import Session, end_sessions, sessions_of
from ledger.storage.user_logins import (
    LoginNameTaken,
    find_login,
    keep_second_factor,
    make_link,
    name_user,
)
from ledger.users import BY_TWO, MACHINE, Grant, MachineSide, SignIn, SignOutReason, User
from ledger.users.rules import NotToOneself

LINK_LIFETIME = timedelta(days=3)


class UserExists(RuleViolated):
    """There is an account for this user already.

    该用户已有账号。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenUser:
    """Open an account; ``user_id`` is the pseudonym of a person whom the log knows already.

    Left out, it acts under a new one.
    """

    user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRole:
    """Let a user act in a role, for an organisation and a post, from a day (today) to a day."""

    user_id: UUID
    role: Code
    organisation_id: UUID | None = None
    post: Post = ""
    from_on: Day | None = None
    until_on: Day | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeRole:
    """End a grant at once; needs a reason."""

    user_id: UUID
    grant_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowEntry:
    """Allow one new way in for who oversees or administers: a link, or an identity; for a day."""

    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DisableUser:
    """Let a user in no more; needs a reason."""

    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class EnableUser:
    """Let a user in again; needs a reason."""

    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveSecondFactor:
    """Let a user set up another device after a loss; needs a reason."""

    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSessions:
    """End all of a user's sessions at once; needs a reason."""

    user_id: UUID


@decision(undo="disable_user")
async def open_user(command: OpenUser, ledger: Ledger, by: By) -> Recorded:
    """Open the account."""
    if command.user_id is not None and await user_of_actor(ledger, command.user_id) is not None:
        raise UserExists(user_id=str(command.user_id))
    return await ledger.save(User.open(by, person_id=command.user_id))


@decision(undo="revoke_role")
async def grant_role(command: GrantRole, ledger: Ledger, by: By) -> Recorded:
    """Grant the role; the organisation must exist."""
    user = await ledger.load(User, command.user_id)
    if (
        command.organisation_id is not None
        and await ledger.consult(Organisation, command.organisation_id) is None
    ):
        raise NotFound(kind=Organisation.TOPIC, id=str(command.organisation_id))
    grant = Grant(
        grant_id=uuid4(),
        role=command.role,
        organisation_id=command.organisation_id,
        post=command.post,
        from_on=command.from_on or local_day(by.at),
        until_on=command.until_on,
    )
    user.grant_role(by, grant)
    if grant.role in BY_TWO:
        tell_of_machine(ledger, by, "grant_role", user, grant.role)
    return await ledger.save(user)


def tell_of_machine(ledger: Ledger, by: By, operation: str, user: User, role: str = "") -> None:
    """Tell everybody, with the next save, that whoever runs the service did it alone."""
    if by.role == MACHINE:
        ledger.accompany(MachineSide.act(by, operation=operation, user_id=user.id, role=role))


@decision(undo="grant_role")
async def revoke_role(command: RevokeRole, ledger: Ledger, by: By) -> Recorded:
    """Revoke the grant and end the sessions that act under it."""
    user = await ledger.load(User, command.user_id)
    user.revoke_role(by, grant_id=command.grant_id)
    recorded = await ledger.save(user)
    if recorded.position >= 0:
        await end_sessions_of(ledger, user.id, grant_id=command.grant_id)
    return recorded


@decision(undo=NoUndo("it lapses after a day, or the user is disabled"), by_two=True)
async def allow_entry(command: AllowEntry, ledger: Ledger, by: By) -> Recorded:
    """Allow it."""
    user = await ledger.load(User, command.user_id)
    user.allow_entry(by)
    return await ledger.save(user)


@decision(undo="enable_user")
async def disable_user(command: DisableUser, ledger: Ledger, by: By) -> Recorded:
    """Disable the account and end its sessions."""
    user = await ledger.load(User, command.user_id)
    user.disable(by)
    recorded = await ledger.save(user)
    if recorded.position >= 0:
        await end_sessions_of(ledger, user.id)
    return recorded


@decision(undo="disable_user")
async def enable_user(command: EnableUser, ledger: Ledger, by: By) -> Recorded:
    """Enable the account; sessions stay ended."""
    user = await ledger.load(User, command.user_id)
    user.enable(by)
    return await ledger.save(user)


@decision(undo=NoUndo("a new factor is set up"))
async def remove_second_factor(command: RemoveSecondFactor, ledger: Ledger, by: By) -> Recorded:
    """Forget another user's device; sessions that rest on it end. One's own needs its code."""
    user = await ledger.load(User, command.user_id)
    if user.is_of(by.actor_id):
        raise NotToOneself(user_id=str(command.user_id))
    user.remove_second_factor(by)
    if user.takes_two(by.now):
        tell_of_machine(ledger, by, "remove_second_factor", user)
    recorded = await ledger.save(user)
    if recorded.position >= 0:
        await keep_second_factor(ledger.pool, ledger.id, user.id, None)
        await end_sessions_of(ledger, user.id)
    return recorded


@decision(undo=NoUndo("the user comes in again"))
async def end_user_sessions(command: EndSessions, ledger: Ledger, by: By) -> Recorded | None:
    """End the user's sessions and tokens, each told of; without any there is nothing to record."""
    by = by.with_reason()
    user = await ledger.load(User, command.user_id)
    now = ledger.clock()
    found = await sessions_of(ledger.pool, ledger.id, user.id, now=now)
    ending = [came for one in found if (came := await _to_end(ledger, one)) is not None]
    for came in ending:
        came.end(by, why=SignOutReason.REVOKED)
    recorded = await ledger.save(*ending) if ending else None
    if not ledger.is_dry_run:
        await end_sessions(ledger.pool, ledger.id, [one.session_id for one in found], now=now)
        await end_tokens_of(ledger, user, by)
    return recorded


async def _to_end(ledger: Ledger, session: Session) -> SignIn | None:
    """Return what the log has of a session; nothing of one that awaits its code."""
    came = await ledger.find(SignIn, session.session_id)
    return None if came is None or came.has_ended else came


# What gives a secret away goes by no idempotency key: nothing of it is kept with receipts ------


async def create_user(ledger: Ledger, by: By, *, login_name: str) -> tuple[UUID, str]:
    """Open an account under a login name; return its id and the secret of a one-time link."""
    if await find_login(ledger.pool, ledger.id, login_name) is not None:
        raise LoginNameTaken()
    user_id = (await open_user(OpenUser(), ledger.for_request(), by)).id
    link = await invite_user(ledger.for_request(), by, user_id=user_id, login_name=login_name)
    return user_id, link


async def invite_user(ledger: Ledger, by: By, *, user_id: UUID, login_name: str) -> str:
    """Name a user and return the secret of a one-time link with which a password is chosen."""
    user = await ledger.load(User, user_id)
    holder = await find_login(ledger.pool, ledger.id, login_name)
    if holder is not None and holder.user_id != user_id:
        raise LoginNameTaken()
    user.invite(by)
    if user.takes_two(by.now):
        tell_of_machine(ledger, by, "invite_user", user)
    await ledger.save(user)
    await name_user(ledger.pool, ledger.id, user_id, login_name)
    expires_at = ledger.clock() + LINK_LIFETIME
    return await make_link(ledger.pool, ledger.id, user_id, expires_at=expires_at)


async def end_sessions_of(
    ledger: Ledger,
    user_id: UUID,
    *,
    grant_id: UUID | None = None,
    method: str | None = None,
) -> list[Session]:
    """End a user's sessions, or those under one grant or of one way in; return which."""
    now = ledger.clock()
    ended = [
        session
        for session in await sessions_of(ledger.pool, ledger.id, user_id, now=now)
        if grant_id in {None, session.grant_id} and method in {None, session.method}
    ]
    await end_sessions(ledger.pool, ledger.id, [one.session_id for one in ended], now=now)
    return ended
