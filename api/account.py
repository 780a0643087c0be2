"""/v1/account: one's own sessions and tokens; and the one-time links that administrators make.

What gives a secret away, or takes one, does not go the way of commands: nothing of it may be kept
with receipts. The answer to a secret's making is the only place where it is ever shown.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from aiohttp import web
from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import AfterValidator, StringConstraints

from api.access import authorise
from api.answers import answer
from api.bodies import clean_text, read_object
from api.errors import NotAllowed
from api.identity import Identity
from api.keys import LEDGER, PERMISSIONS
from api.sentences import shown_name
from api.validation import validator_for
from ledger.commands.access_tokens import (
    RevokeToken,
    end_tokens_of,
    issue_token,
    revoke_access_token,
    user_of_actor,
)
from ledger.commands.plain_texts import guard_texts
from ledger.commands.sign_ins import sign_out
from ledger.commands.users import LINK_LIFETIME, invite_user
from ledger.core.aggregate import By
from ledger.core.errors import InvalidValue, NotFound
from ledger.core.texts import label
from ledger.core.values import Name
from ledger.storage.ledger import Ledger
from ledger.storage.sessions import sessions_of
from ledger.storage.tokens import NewToken, Token, tokens_of
from ledger.users import SignOutReason, User
from ledger.users.attempts import NOBODY

TOKEN_DAYS_MAX = 366

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.Response]]
LoginName = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[^\s@/\\<>]+(@[^\s@/\\<>]+)?$"),
    MinLen(2), MaxLen(100), AfterValidator(label),
]  # fmt: skip
"""What somebody types at the door: 2 to 100 characters without spaces; may be a mail address."""
Operations = Annotated[tuple[Name, ...], MaxLen(100)]
"""Names of operations."""
TokenDays = Annotated[int, Ge(1), Le(TOKEN_DAYS_MAX)]
"""How many days a token lives, up to a year and a day."""


class OperationUnknown(InvalidValue):
    """There is no operation with this name.

    没有这个操作。
    """


class NotWithToken(NotAllowed):
    """A token cannot do this: come in with name and password, or by single sign-on.

    不能凭令牌进行此操作，请用登录名和口令或者单点登录进入后再试。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteUser:
    """Name a user, and make a one-time link with which a password is chosen."""

    user_id: UUID
    login_name: LoginName


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueToken:
    """Make a token that acts as oneself, for a time; ``operations`` are all that it may ask for."""

    name: Name
    days: TokenDays = 90
    operations: Operations = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoFields:
    """Nothing stands beside the fields."""


_INVITE = validator_for(InviteUser, NoFields, is_strict=True)
_ISSUE = validator_for(IssueToken, NoFields, is_strict=True)


def by_identity(identity: Identity, ledger: Ledger, reason: str = "") -> By:
    """Return an identity as who decides now."""
    return By(
        actor_id=identity.actor_id,
        at=ledger.clock(),
        role=identity.role,
        organisation_id=identity.organisation_id,
        post=identity.post,
        reason=reason,
    )


def by_owner(user_id: UUID, ledger: Ledger) -> By:
    """Return somebody who decides about their own account, in no role."""
    return By(actor_id=user_id, at=ledger.clock(), role=NOBODY)


async def invite(request: web.Request) -> web.Response:
    """Make a one-time link for a user."""
    identity = await authorise(request, "invite_user")
    ledger = request.app[LEDGER]
    given = await read_object(request)
    given |= {"user_id": clean_text(request.match_info["user_id"])}
    asked, _ = _INVITE.read(given, ("user_id",))
    secret = await invite_user(
        ledger.for_request(),
        by_identity(identity, ledger),
        user_id=asked.user_id,
        login_name=asked.login_name,
    )
    body = {"link": f"/set-up?link={secret}", "expires_at": ledger.clock() + LINK_LIFETIME}
    return answer(body, status=201)


async def own_account(request: web.Request) -> web.Response:
    """Show one's own roles, sessions and tokens."""
    identity = await authorise(request, "own_account")
    ledger = request.app[LEDGER]
    user_id = await own_user_id(ledger, identity.actor_id)
    return answer(await account_of(ledger, user_id))


async def own_user_id(ledger: Ledger, actor_id: UUID) -> UUID:
    """Return the id of the account of who acts; without one, that of the actor."""
    user = await user_of_actor(ledger, actor_id)
    return actor_id if user is None else user.id


async def account_of(ledger: Ledger, user_id: UUID) -> dict[str, Any]:
    """Return a user's grants, living sessions and tokens, never what they are."""
    user = await ledger.for_request().consult(User, user_id)
    person_id = user_id if user is None else user.person_id
    now = ledger.clock()
    sessions = await sessions_of(ledger.pool, ledger.id, user_id, now=now)
    tokens = await tokens_of(ledger.pool, ledger.id, person_id, key=ledger.key)
    return {
        "user_id": user_id,
        "person_id": person_id,
        "has_account": user is not None,
        "has_second_factor": user is not None and user.has_second_factor,
        "grants": [] if user is None else [_grant(grant) for grant in user.grants.values()],
        "sessions": [
            {
                "session_id": session.session_id,
                "method": session.method,
                "created_at": session.created_at,
                "seen_at": session.seen_at,
                "browser": session.browser,
            }
            for session in sessions
        ],
        "tokens": [_token(token) for token in tokens if token.is_ours and not token.revoked_at],
    }


def _grant(grant: Any) -> dict[str, Any]:
    names = ("grant_id", "role", "organisation_id", "post", "from_on", "until_on")
    return {name: getattr(grant, name) for name in names}


def _token(token: Token) -> dict[str, Any]:
    names = ("token_id", "name", "role", "organisation_id", "post", "operations")
    times = ("created_at", "expires_at", "last_used_at")
    return {name: getattr(token, name) for name in (*names, *times)}


async def issue_own(request: web.Request) -> web.Response:
    """Make a token for oneself, in the role in which one is signed in."""
    identity = await authorise(request, "issue_own_token")
    asked, _ = _ISSUE.read(await read_object(request), ())
    token = await token_for(request, identity, asked)
    return answer({"token": token}, status=201)


async def token_for(request: web.Request, identity: Identity, asked: IssueToken) -> str:
    """Make a token that acts as somebody who is signed in (refuses with ``NotWithToken``)."""
    if identity.token_id is not None or identity.session_id is None:
        raise NotWithToken(role=identity.role)
    if unknown := set(asked.operations) - request.app[PERMISSIONS].keys():
        raise OperationUnknown(field="operations", operation=shown_name(min(unknown)))
    guard_texts([("name", asked.name)])
    ledger = request.app[LEDGER]
    new = NewToken(
        name=asked.name,
        role=identity.role,
        actor_id=identity.actor_id,
        organisation_id=identity.organisation_id,
        post=identity.post,
        operations=asked.operations,
        expires_at=ledger.clock() + timedelta(days=asked.days),
    )
    return await issue_token(ledger.for_request(), by_identity(identity, ledger), new)


async def revoke_own(request: web.Request) -> web.Response:
    """End a token of one's own at once."""
    identity = await authorise(request, "revoke_own_token")
    token_id = id_in_path(request, "token_id")
    await end_own_token(request.app[LEDGER], identity.actor_id, token_id)
    return answer({"revoked": token_id})


async def end_own_token(ledger: Ledger, actor_id: UUID, token_id: UUID) -> None:
    """End a token that acts as this pseudonym (refuses with ``NotFound``)."""
    own = await tokens_of(ledger.pool, ledger.id, actor_id, key=ledger.key)
    if token_id not in {token.token_id for token in own if token.is_ours and not token.revoked_at}:
        raise NotFound(kind="token", id=str(token_id))
    command = RevokeToken(token_id=token_id)
    await revoke_access_token(command, ledger.for_request(), by_owner(actor_id, ledger))


async def end_own_session(request: web.Request) -> web.Response:
    """End a session of one's own at once."""
    identity = await authorise(request, "end_own_session")
    session_id = id_in_path(request, "session_id")
    ledger = request.app[LEDGER]
    await end_session_of(ledger, await own_user_id(ledger, identity.actor_id), session_id)
    return answer({"ended": session_id})


async def end_session_of(ledger: Ledger, user_id: UUID, session_id: UUID) -> None:
    """End one of somebody's own sessions (refuses with ``NotFound``)."""
    own = await sessions_of(ledger.pool, ledger.id, user_id, now=ledger.clock())
    found = next((one for one in own if one.session_id == session_id), None)
    if found is None:
        raise NotFound(kind="session", id=str(session_id))
    await sign_out(ledger, found, by_owner(user_id, ledger), why=SignOutReason.REVOKED)


async def end_other_own_sessions(request: web.Request) -> web.Response:
    """End all sessions of one's own but the present one."""
    identity = await authorise(request, "end_other_sessions")
    ledger = request.app[LEDGER]
    user_id = await own_user_id(ledger, identity.actor_id)
    present = identity.session_id or identity.token_id
    ended = await end_other_sessions(ledger, user_id, present=present)
    return answer({"ended": ended})


async def end_other_sessions(ledger: Ledger, user_id: UUID, *, present: UUID | None) -> list[UUID]:
    """End all of somebody's own sessions and tokens but one; return which sessions."""
    own = await sessions_of(ledger.pool, ledger.id, user_id, now=ledger.clock())
    ended = [one for one in own if one.session_id != present]
    for one in ended:
        await sign_out(ledger, one, by_owner(user_id, ledger), why=SignOutReason.REVOKED)
    user = await ledger.load(User, user_id)
    await end_tokens_of(ledger, user, by_owner(user_id, ledger), present=present)
    return [one.session_id for one in ended]


def id_in_path(request: web.Request, name: str) -> UUID:
    """Return an id from the path; what is no id names nothing."""
    try:
        return UUID(request.match_info[name])
    except ValueError as error:
        raise NotFound(kind=name.removesuffix("_id"), id="") from error


ADDRESSES: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/v1/users/{user_id}/invitations", invite),
    ("GET", "/v1/account", own_account),
    ("POST", "/v1/account/tokens", issue_own),
    ("POST", "/v1/account/tokens/{token_id}/revocations", revoke_own),
    ("POST", "/v1/account/sessions/{session_id}/endings", end_own_session),
    ("POST", "/v1/account/session-endings", end_other_own_sessions),
)
OPERATIONS = frozenset(
    {
        "invite_user",
        "own_account",
        "issue_own_token",
        "revoke_own_token",
        "end_own_session",
        "end_other_sessions",
    }
)


def add_account(app: web.Application) -> None:
    """Add the addresses."""
    for method, path, handler in ADDRESSES:
        app.router.add_route(method, path, handler)
