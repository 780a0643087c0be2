"""Tokens of people who have an account with the role in which the token acts."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from ledger.commands.access_tokens import (
    has_capacity,
    issue_token,
    issue_with_account,
    user_of_actor,
)
from ledger.commands.users import GrantRole, grant_role
from ledger.core.aggregate import By
from ledger.storage.ledger import Ledger
from ledger.storage.tokens import NewToken
from ledger.users import MACHINE

ADMINISTRATOR = UUID(int=7)


async def issued(ledger: Ledger, role: str, actor_id: UUID | None = None, **given: Any) -> str:
    """A token that acts in a role, for somebody who gets account and role if they lack them."""
    new = NewToken(name="test", role=role, actor_id=actor_id or uuid4(), **given)
    by = By(actor_id=ADMINISTRATOR, at=ledger.clock(), role=MACHINE)
    holder = await user_of_actor(ledger, new.actor_id)
    if holder is None:
        return await issue_with_account(ledger.for_request(), by, new)
    if not has_capacity(holder, new, ledger.clock()):
        grant = GrantRole(
            user_id=holder.id, role=role, organisation_id=new.organisation_id, post=new.post
        )
        await grant_role(grant, ledger.for_request(), by)
    return await issue_token(ledger.for_request(), by, new)
