"""Link identities at an issuer of single sign-on to users, and let them in no more.

Who owns an identity proves it at the issuer and links it themselves; an administrator vouches for
somebody else's, by the exact issuer and subject. The log says that it happened; the subject, which
tells who somebody is, stays beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, ClassVar
from uuid import UUID

from annotated_types import MaxLen
from pydantic import StringConstraints

from ledger.commands.users import end_sessions_of, tell_of_machine
from ledger.core.aggregate import By
from ledger.core.times import decision
from ledger.storage.ledger import Ledger, Recorded
from ledger.storage.user_identities import find_identity, forget_identity, keep_identity
from ledger.users import SignInMethod, User
from ledger.users.attempts import NOBODY
from ledger.users.rules import IdentityNotLinked, IdentityTaken

Issuer = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$"), MaxLen(300)]
"""An issuer's address, exactly as its tokens say it."""
Subject = Annotated[str, StringConstraints(pattern=r"^[!-~]([ -~]*[!-~])?$"), MaxLen(255)]
"""What an issuer calls somebody (``sub``): 1 to 255 ASCII characters, exactly as tokens say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSingleSignOn:
    """Let an issuer's subject come in as a user; for somebody else only."""

    PERSONAL: ClassVar = frozenset({"subject"})

    user_id: UUID
    issuer: Issuer
    subject: Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkSingleSignOn:
    """Let an issuer's subject come in as a user no more; needs a reason."""

    PERSONAL: ClassVar = frozenset({"subject"})

    user_id: UUID
    issuer: Issuer
    subject: Subject


@decision(undo="unlink_single_sign_on")
async def link_single_sign_on(command: LinkSingleSignOn, ledger: Ledger, by: By) -> Recorded:
    """Link the identity for somebody else (refuses with ``IdentityTaken``)."""

    def decide(user: User) -> None:
        user.link_for_another(by, issuer=command.issuer)
        if user.takes_two(by.now):
            tell_of_machine(ledger, by, "link_single_sign_on", user)

    return await _link(ledger, command.user_id, (command.issuer, command.subject), decide)


async def link_own_identity(ledger: Ledger, user_id: UUID, issuer: str, subject: str) -> None:
    """Link the identity that its owner has just proved at the issuer."""
    by = By(actor_id=user_id, at=ledger.clock(), role=NOBODY)

    def decide(user: User) -> None:
        user.link_single_sign_on(by, issuer=issuer)

    await _link(ledger.for_request(), user_id, (issuer, subject), decide)


async def _link(
    ledger: Ledger, user_id: UUID, identity: tuple[str, str], decide: Callable[[User], None]
) -> Recorded:
    """Claim the identity, record, and only then let it count: of two who ask, one gets it."""
    user = await ledger.load(User, user_id)
    decide(user)
    async with ledger.pool.acquire() as db:
        claiming = db.transaction()
        await claiming.start()
        try:
            if not await keep_identity(db, ledger.id, user_id, *identity, ledger.clock()):
                raise IdentityTaken(issuer=identity[0])
            recorded = await ledger.save(user)
        except BaseException:
            await claiming.rollback()
            raise
        if recorded.position >= 0:
            await claiming.commit()
        else:  # only tried
            await claiming.rollback()
    return recorded


@decision(undo="link_single_sign_on")
async def unlink_single_sign_on(command: UnlinkSingleSignOn, ledger: Ledger, by: By) -> Recorded:
    """Unlink the identity and end the sessions that were opened through its issuer."""
    user = await ledger.load(User, command.user_id)
    identity = (command.issuer, command.subject)
    if await find_identity(ledger.pool, ledger.id, *identity) != user.id:
        raise IdentityNotLinked(issuer=command.issuer)
    user.unlink_single_sign_on(by, issuer=command.issuer)
    recorded = await ledger.save(user)
    if recorded.position >= 0:
        await forget_identity(ledger.pool, ledger.id, user.id, *identity)
        await end_sessions_of(ledger, user.id, method=SignInMethod.SINGLE_SIGN_ON)
    return recorded
