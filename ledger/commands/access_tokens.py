"""Tokens that act in somebody's name: made, ended, and asked at each request as whom they act.

A token rests on three things, and opens nothing when one of them is gone: its row, which only this
service can have written; the log, which says that it was issued and not revoked; and an account
that is not disabled and has the role in which it acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import RuleViolated
from ledger.core.times import NoUndo, decision
from ledger.storage.ledger import Ledger, Recorded
from ledger.storage.tokens import NewToken, Token, create_token, revoke_token, tokens_of
from ledger.users import BY_TWO, MACHINE, AccessToken, Grant, MachineSide, User, user_id_of


class TokenNotGranted(RuleViolated):
    """A token can act only in a role that its holder has now, and only an account holds roles.

    令牌只能以持有人目前具有的角色行事；没有账号的人不具有任何角色。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeToken:
    """End a token at once."""

    token_id: UUID


@decision(undo=NoUndo("a new token is issued"))
async def revoke_access_token(command: RevokeToken, ledger: Ledger, by: By) -> Recorded:
    """Revoke the token: its next request is refused."""
    token = await ledger.load(AccessToken, command.token_id)
    token.revoke(by)
    recorded = await ledger.save(token)
    if recorded.position >= 0:
        await revoke_token(ledger.pool, ledger.id, token.id, now=ledger.clock())
    return recorded


async def end_tokens_of(
    ledger: Ledger, user: User, by: By, *, present: UUID | None = None
) -> list[UUID]:
    """Revoke every token that acts as a user, but the one that asks; return which."""
    own = await tokens_of(ledger.pool, ledger.id, user.person_id, key=ledger.key)
    ended = [one.token_id for one in own if one.is_ours and not one.revoked_at]
    ended = [token_id for token_id in ended if token_id != present]
    for token_id in ended:
        await revoke_access_token(RevokeToken(token_id=token_id), ledger.for_request(), by)
    return ended


# What gives a secret away goes by no idempotency key: nothing of it is kept with receipts ------


async def issue_token(ledger: Ledger, by: By, new: NewToken) -> str:
    """Make a token and return it; it acts in a role that its holder's account has."""
    holder = await user_of_actor(ledger, new.actor_id)
    if holder is None or not has_capacity(holder, new, ledger.clock()):
        raise TokenNotGranted(role=new.role)
    return await _make(ledger, by, new)


async def issue_with_account(ledger: Ledger, by: By, new: NewToken) -> str:
    """Make a token for a person; who has no account yet gets one with just this role.

    Only for whoever runs the service: it grants what the token then needs.
    """
    if await user_of_actor(ledger, new.actor_id) is not None:
        return await issue_token(ledger, by, new)
    holder = User.open(by, person_id=new.actor_id)
    grant = Grant(
        grant_id=uuid4(),
        role=new.role,
        organisation_id=new.organisation_id,
        post=new.post,
        from_on=local_day(by.at),
        until_on=None,
    )
    holder.grant_role(by, grant)
    if grant.role in BY_TWO and by.role == MACHINE:
        told = MachineSide.act(by, operation="grant_role", user_id=holder.id, role=grant.role)
        ledger.accompany(told)
    return await _make(ledger, by, new, holder)


async def _make(ledger: Ledger, by: By, new: NewToken, *also: User) -> str:
    token = AccessToken.issue(
        by,
        holder_id=new.actor_id,
        role=new.role,
        organisation_id=new.organisation_id,
        post=new.post,
        operations=new.operations,
        expires_at=new.expires_at,
    )
    await ledger.save(*also, token)
    return await create_token(
        ledger.pool, ledger.id, new, key=ledger.key, now=ledger.clock(), token_id=token.id
    )


async def user_of_actor(ledger: Ledger, actor_id: UUID) -> User | None:
    """Return the account of who acts: under the pseudonym itself, or beside a person's record."""
    found = await ledger.find(User, user_id_of(actor_id))
    return found or await ledger.find(User, actor_id)


async def consulted_user(ledger: Ledger, actor_id: UUID) -> User | None:
    """The same, as it was a moment ago: for every request with a token."""
    handle = ledger.for_request()
    found = await handle.consult(User, user_id_of(actor_id))
    return found or await handle.consult(User, actor_id)


async def acts(ledger: Ledger, token: Token) -> bool:
    """Tell whether a token acts now: issued and not revoked in the log, for an account that may."""
    issued = await ledger.for_request().consult(AccessToken, token.token_id)
    holder = await consulted_user(ledger, token.actor_id)
    is_issued = issued is not None and not issued.is_revoked and issued.holder_id == token.actor_id
    return is_issued and holder is not None and has_capacity(holder, token, ledger.clock())


def has_capacity(user: User, asked: NewToken | Token, now: datetime) -> bool:
    """Tell whether a user can act now as a token would."""
    wanted = (asked.role, asked.organisation_id, asked.post)
    return not user.is_disabled and any(
        grant.capacity == wanted for grant in user.grants_on(local_day(now))
    )
