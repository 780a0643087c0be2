"""Let in whom the table of permissions lets in, and record whom it does not.

A program shows a token, a browser a session's cookie. Both stand for what they stand for now: a
token that was revoked, a session that ended, a user who was disabled or lost a role is refused at
the next request.
"""

from __future__ import annotations

from aiohttp import web

from api.audit_reads import READINGS
from api.errors import NotAllowed, NotAuthenticated
from api.identity import Identity
from api.keys import BUCKETS, IDENTIFY, LEDGER, PERMISSIONS, TOKENS
from api.permissions import may_ask
from api.scopes import SCOPES
from api.sessions import guard_write, signed_in
from ledger.commands.access_tokens import acts
from ledger.commands.refusals import note_denial, note_failed_sign_in
from ledger.storage.tokens import Token
from ledger.users import SignInMethod

ACTING_FOR = "Acting-For"
"""The header that names the delegation by which somebody stands in for the holder of a post."""
BEARER = "bearer "
TOKEN_CHARACTERS_MAX = 200


async def identify(request: web.Request) -> Identity:
    """Tell who asks, by token or by session (refuses with ``NotAuthenticated``)."""
    if "Authorization" in request.headers:
        return await _by_token(request)
    found = await signed_in(request)
    if found is None:
        raise NotAuthenticated()
    guard_write(request, found)
    return found.identity()


async def _by_token(request: web.Request) -> Identity:
    given = request.headers.get("Authorization", "")
    token = given[len(BEARER) :].strip()
    if not given.lower().startswith(BEARER) or not 0 < len(token) <= TOKEN_CHARACTERS_MAX:
        raise NotAuthenticated()
    found = await valid_token(request, token)
    if found is None:
        ledger = request.app[LEDGER]
        await note_failed_sign_in(ledger, user_id=None, method=SignInMethod.TOKEN)
        raise NotAuthenticated()
    return Identity(
        actor_id=found.actor_id,
        role=found.role,
        organisation_id=found.organisation_id,
        post=found.post,
        token_id=found.token_id,
        operations=found.operations,
    )


async def valid_token(request: web.Request, token: str) -> Token | None:
    """Return what a token stands for, if its holder's account may act so now."""
    found = await request.app[TOKENS].find(token)
    return found if found is not None and await acts(request.app[LEDGER], found) else None


async def authorise(request: web.Request, operation: str) -> Identity:
    """Return who is asking, and for whom; or refuse: ``NotAuthenticated``, ``NotAllowed``.

    Who is refused is counted in the log first: what cannot be recorded is no plain refusal.
    """
    identity = await request.app[IDENTIFY](request)
    if (delegation := request.headers.get(ACTING_FOR)) is not None:
        identity = await request.app[SCOPES].standing_in(identity, delegation)
    return await authorise_identity(request, identity, operation)


async def authorise_identity(request: web.Request, identity: Identity, operation: str) -> Identity:
    """Return the identity if it may do this (``NotAllowed``, ``TooManyRequests``)."""
    request.app[BUCKETS].of_account.take(identity.actor_id)
    if not may_ask(identity, operation, request.app[PERMISSIONS]):
        await note_denial(
            request.app[LEDGER],
            actor_id=identity.actor_id,
            role=identity.role,
            operation=operation,
        )
        raise NotAllowed(role=identity.role, operation=operation)
    await request.app[SCOPES].guard_post(identity)
    await request.app[READINGS].note(identity, operation)
    return identity
