"""Let in whom the table of permissions lets in."""

from __future__ import annotations

from aiohttp import web

from api.errors import NotAllowed, NotAuthenticated
from api.identity import Identity
from api.keys import IDENTIFY, PERMISSIONS, TOKENS
from api.permissions import is_allowed
from api.scopes import SCOPES

BEARER = "bearer "
TOKEN_CHARACTERS_MAX = 200


async def identify_by_token(request: web.Request) -> Identity:
    """Look the bearer token up: revoking it takes effect on the next request."""
    given = request.headers.get("Authorization", "")
    token = given[len(BEARER) :].strip()
    if not given.lower().startswith(BEARER) or not 0 < len(token) <= TOKEN_CHARACTERS_MAX:
        raise NotAuthenticated()
    identity = await identity_of(request, token)
    if identity is None:
        raise NotAuthenticated()
    return identity


async def identity_of(request: web.Request, token: str) -> Identity | None:
    """Return whom a token stands for, if it is valid now; the API and the pages both ask here."""
    found = await request.app[TOKENS].find(token)
    if found is None:
        return None
    return Identity(
        actor_id=found.actor_id,
        role=found.role,
        organisation_id=found.organisation_id,
        post=found.post,
        token_id=found.token_id,
    )


async def authorise(request: web.Request, operation: str) -> Identity:
    """Return who is asking, or refuse: ``NotAuthenticated``, ``NotAllowed``."""
    identity = await request.app[IDENTIFY](request)
    if not is_allowed(identity.role, operation, request.app[PERMISSIONS]):
        raise NotAllowed(role=identity.role, operation=operation)
    await request.app[SCOPES].guard_post(identity)
    return identity
