"""Coming in and going out: password, one-time code, token, one-time link; sessions.

Whoever cannot come in is told the same in the same time, whether the name exists or not. Each
success is an entry before it is a session; failures are counted (``refusals``).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID

from ledger.commands.access_tokens import end_tokens_of, user_of_actor
from ledger.commands.refusals import note_denial, note_failed_sign_in
from ledger.commands.users import end_sessions_of
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import LedgerError, NotFound
from ledger.storage.ledger import Ledger
from ledger.storage.password_hashes import Passwords
from ledger.storage.service_key import ServiceKey
from ledger.storage.sessions import NewSession, Session, end_sessions, open_session
from ledger.storage.sign_in_counters import (
    Counters,
    TooManyAttempts,
    admit,
    counters_of,
    take_back,
)
from ledger.storage.tokens import Token
from ledger.storage.user_logins import (
    Login,
    find_link,
    find_login,
    folded,
    keep_password,
    login_of,
    use_link,
)
from ledger.users import Grant, PasswordSource, SignIn, SignInMethod, SignOutReason, User
from ledger.users.attempts import NOBODY
from ledger.users.passwords import CHARACTERS_MAX, check_password, normalised

NAME_CHARACTERS_MAX = 100
SESSION_OPENED = "open_session"
"""What a limited token is denied, as the log counts it."""


class CredentialsWrong(LedgerError):
    """Login name, password or code is not right.

    登录名、口令或验证码不正确。
    """


class LinkSpent(LedgerError):
    """This one-time link was used before, has expired, or never existed.

    该一次性链接已被使用、已过期或者不存在。
    """


class TokenLimited(LedgerError):
    """A token that is limited to some operations opens no session: send it as Authorization.

    只限于部分操作的令牌不能用于登录，请在 Authorization 头中使用。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What signing in needs beside the ledger."""

    key: ServiceKey
    passwords: Passwords


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """From where somebody comes: the address to count by, the browser to know a session by."""

    address: str
    browser: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session and its secret, which goes into the visitor's cookie."""

    session_id: UUID
    secret: str
    is_pending: bool


async def sign_in(
    ledger: Ledger, door: Door, visitor: Visitor, *, login_name: str, password: str
) -> Opened:
    """Come in with name and password.

    The session is pending, and opens nothing, while a one-time code is awaited.
    Refuses with ``CredentialsWrong`` and ``TooManyAttempts``.
    """
    asked_at = asyncio.get_running_loop().time()
    name = folded(login_name)[:NAME_CHARACTERS_MAX]
    login = await find_login(ledger.pool, ledger.id, name)
    counters = counters_of(door.key.for_purpose("counters"), name, visitor.address)
    user_id = login.user_id if login else None
    await admit_attempt(ledger, counters, user_id, SignInMethod.PASSWORD)
    user = await _check(ledger, door, login, password)
    if user is None:
        await note_failed_sign_in(ledger, user_id=user_id, method=SignInMethod.PASSWORD)
        await _until(asked_at + door.passwords.refused_after_seconds)
        raise CredentialsWrong()
    await take_back(ledger.pool, ledger.id, counters, now=ledger.clock())
    if user.has_second_factor:
        return await open_pending(ledger, visitor, user.id)
    return await open_for_user(ledger, visitor, user, method=SignInMethod.PASSWORD)


async def _until(moment: float) -> None:
    """Wait for a moment of the event loop's clock, if it is still to come."""
    await asyncio.sleep(max(0.0, moment - asyncio.get_running_loop().time()))


async def _check(ledger: Ledger, door: Door, login: Login | None, password: str) -> User | None:
    """Return the user whose password it is; as much is done when nobody's it is."""
    given = normalised(password[: CHARACTERS_MAX * 4])
    fits = await door.passwords.check(login.password_hash if login else None, given)
    if not fits or login is None or login.password_hash is None:
        return None
    user = await ledger.find(User, login.user_id)
    if user is None or user.is_disabled:
        return None
    if door.passwords.is_outdated(login.password_hash):
        renewed = await door.passwords.hash(given)
        await keep_password(ledger.pool, ledger.id, user.id, renewed, now=ledger.clock())
    return user


async def admit_attempt(
    ledger: Ledger, counters: Counters, user_id: UUID | None, method: SignInMethod
) -> None:
    """Count an attempt, or turn it away and note that (``TooManyAttempts``)."""
    try:
        await admit(ledger.pool, ledger.id, counters, now=ledger.clock())
    except TooManyAttempts:
        await note_failed_sign_in(ledger, user_id=user_id, method=method, is_blocked=True)
        raise


async def open_for_user(  # noqa: PLR0913
    ledger: Ledger,
    visitor: Visitor,
    user: User,
    *,
    method: SignInMethod,
    has_second_factor: bool = False,
    grant: Grant | None = None,
) -> Opened:
    """Record that a user came in and open a session under a grant in force, the first if any."""
    now = ledger.clock()
    grants = user.grants_on(local_day(now))
    acting = grant or (grants[0] if grants else None)
    by = By(
        actor_id=user.person_id,
        at=now,
        role=acting.role if acting else NOBODY,
        organisation_id=acting.organisation_id if acting else None,
        post=acting.post if acting else "",
    )
    grant_id = acting.grant_id if acting else None
    came = SignIn.succeed(
        by,
        user_id=user.id,
        method=method,
        has_second_factor=has_second_factor,
        grant_id=grant_id,
    )
    await ledger.for_request().save(came)
    new = NewSession(
        session_id=came.id,
        user_id=user.id,
        grant_id=grant_id,
        method=str(method),
        has_second_factor=has_second_factor,
        browser=visitor.browser,
    )
    secret = await open_session(ledger.pool, ledger.id, new, now=now)
    return Opened(session_id=came.id, secret=secret, is_pending=False)


async def open_for_token(ledger: Ledger, visitor: Visitor, token: Token) -> Opened:
    """Record that somebody came in with a token and open a session that acts as the token.

    Refuses with ``TokenLimited``: what a token may not do, no session of it does.
    """
    if token.operations:
        await note_denial(
            ledger, actor_id=token.actor_id, role=token.role, operation=SESSION_OPENED
        )
        raise TokenLimited()
    now = ledger.clock()
    by = By(
        actor_id=token.actor_id,
        at=now,
        role=token.role,
        organisation_id=token.organisation_id,
        post=token.post,
    )
    holder = await user_of_actor(ledger, token.actor_id)
    user_id = token.actor_id if holder is None else holder.id
    came = SignIn.succeed(
        by, user_id=user_id, method=SignInMethod.TOKEN, has_second_factor=False, grant_id=None
    )
    await ledger.for_request().save(came)
    new = NewSession(
        session_id=came.id,
        user_id=user_id,
        token_id=token.token_id,
        method=str(SignInMethod.TOKEN),
        browser=visitor.browser,
    )
    secret = await open_session(ledger.pool, ledger.id, new, now=now)
    return Opened(session_id=came.id, secret=secret, is_pending=False)


async def open_pending(
    ledger: Ledger,
    visitor: Visitor,
    user_id: UUID,
    *,
    method: SignInMethod = SignInMethod.PASSWORD,
) -> Opened:
    """Open a session that opens nothing until the one-time code is right: no entry yet."""
    session = SignIn.create_id()
    new = NewSession(
        session_id=session,
        user_id=user_id,
        method=str(method),
        is_pending=True,
        browser=visitor.browser,
    )
    secret = await open_session(ledger.pool, ledger.id, new, now=ledger.clock())
    return Opened(session_id=session, secret=secret, is_pending=True)


async def sign_out(
    ledger: Ledger, session: Session, by: By, *, why: SignOutReason = SignOutReason.SIGNED_OUT
) -> None:
    """End a session, and record that it ended; the session ends even if that fails."""
    await end_sessions(ledger.pool, ledger.id, [session.session_id], now=ledger.clock())
    if session.is_pending:
        return
    came = await ledger.find(SignIn, session.session_id)
    if came is None or came.has_ended:
        return
    came.end(by, why=why)
    await ledger.for_request().save(came)


async def set_up_password(ledger: Ledger, door: Door, *, link: str, password: str) -> None:
    """Choose a password with a one-time link (refuses with ``LinkSpent`` and what is too weak)."""
    now = ledger.clock()
    user_id = await find_link(ledger.pool, ledger.id, link, now=now)
    login = None if user_id is None else await login_of(ledger.pool, ledger.id, user_id)
    if user_id is None or login is None:
        await note_failed_sign_in(ledger, user_id=None, method=SignInMethod.SET_UP_LINK)
        raise LinkSpent()
    chosen = check_password(password, context=(login.login_name,))
    if not await use_link(ledger.pool, ledger.id, link, now=now):
        raise LinkSpent()
    await _keep(ledger, door, user_id, chosen, PasswordSource.SET_UP)


async def change_password(  # noqa: PLR0913
    ledger: Ledger,
    door: Door,
    visitor: Visitor,
    *,
    user_id: UUID,
    old: str,
    new: str,
) -> None:
    """Choose another password, knowing the old one; all sessions end, the present one too."""
    login = await login_of(ledger.pool, ledger.id, user_id)
    if login is None:
        raise NotFound(kind=User.TOPIC, id=str(user_id))
    chosen = check_password(new, context=(login.login_name,))
    await confirm_password(ledger, door, visitor, login=login, password=old)
    await _keep(ledger, door, user_id, chosen, PasswordSource.CHANGED)


async def confirm_password(
    ledger: Ledger, door: Door, visitor: Visitor, *, login: Login, password: str
) -> None:
    """Make sure that it is still the user who asks (refuses like ``sign_in``)."""
    key = door.key.for_purpose("counters")
    counters = counters_of(key, login.login_name, visitor.address)
    await admit_attempt(ledger, counters, login.user_id, SignInMethod.PASSWORD)
    if await _check(ledger, door, login, password) is None:
        await note_failed_sign_in(ledger, user_id=login.user_id, method=SignInMethod.PASSWORD)
        raise CredentialsWrong()
    await take_back(ledger.pool, ledger.id, counters, now=ledger.clock())


async def _keep(
    ledger: Ledger, door: Door, user_id: UUID, chosen: str, source: PasswordSource
) -> None:
    password_hash = await door.passwords.hash(chosen)
    user = await ledger.load(User, user_id)
    by = By(actor_id=user_id, at=ledger.clock(), role=NOBODY)
    user.set_password(by, source=source)
    await ledger.for_request().save(user)
    await keep_password(ledger.pool, ledger.id, user_id, password_hash, now=ledger.clock())
    await end_sessions_of(ledger, user_id)
    await end_tokens_of(ledger, user, by)
