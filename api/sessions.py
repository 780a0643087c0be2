"""Sessions of browsers: the cookie, whom it stands for, and that a write comes from our own page.

The cookie holds the session's secret and our signature over it, so that invented ones cost no
query. Over TLS it is called ``__Host-minzhang``, which browsers only take with Secure, for this
host alone; over plain HTTP, on this machine, they would not take that name at all.

    Set-Cookie: __Host-minzhang=SECRET.SIGNATURE; Path=/; Secure; HttpOnly; SameSite=Lax
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from aiohttp import web

from api.errors import CrossSite, RoleMissing, SecondFactorNeeded
from api.identity import Identity
from api.keys import LEDGER, SESSIONS
from api.peers import came_by_tls, client_address
from ledger.commands.access_tokens import acts
from ledger.commands.sign_ins import Opened, Visitor
from ledger.core.clock import local_day
from ledger.sealing import mask_secrets
from ledger.storage.ledger import Ledger
from ledger.storage.sessions import LIFETIME, Session
from ledger.storage.tokens import Token, tokens_by_id
from ledger.users import Grant, User, needs_second_factor

COOKIE = "minzhang_session"
COOKIE_OVER_TLS = "__Host-minzhang"
CSRF_FIELD = "csrf"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
COOKIE_CHARACTERS_MAX = 200
BROWSER_CHARACTERS_MAX = 120

_REMEMBERED = web.RequestKey("signed_in", object)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session that lives, and what its user, or its token, may now."""

    session: Session
    secret: str
    user: User | None = None
    grant: Grant | None = None
    token: Token | None = None

    @property
    def awaits_second_factor(self) -> bool:
        """Tell whether the role it would act in needs a factor that was not given."""
        role = self.grant.role if self.grant else ""
        return needs_second_factor(role) and not self.session.has_second_factor

    @property
    def actor_id(self) -> UUID:
        """As whom it acts."""
        if self.token is not None:
            return self.token.actor_id
        return self.session.user_id if self.user is None else self.user.person_id

    def identity(self) -> Identity:
        """Return in which capacity it acts (``SecondFactorNeeded``, ``RoleMissing``)."""
        session = self.session
        if self.token is not None:
            return _of_token(self.token, session)
        if self.grant is None or session.is_pending:
            raise RoleMissing()
        if self.awaits_second_factor:
            raise SecondFactorNeeded(role=self.grant.role)
        return Identity(
            actor_id=self.actor_id,
            role=self.grant.role,
            organisation_id=self.grant.organisation_id,
            post=self.grant.post,
            session_id=session.session_id,
            has_second_factor=session.has_second_factor,
        )


def _of_token(token: Token, session: Session) -> Identity:
    return Identity(
        actor_id=token.actor_id,
        role=token.role,
        organisation_id=token.organisation_id,
        post=token.post,
        token_id=token.token_id,
        session_id=session.session_id,
        operations=token.operations,
    )


async def signed_in(request: web.Request) -> SignedIn | None:
    """Return the session that the request's cookie stands for, asked once a request."""
    if _REMEMBERED not in request:
        request[_REMEMBERED] = await _look_up(request)
    found = request[_REMEMBERED]
    return found if isinstance(found, SignedIn) else None


def forget_signed_in(request: web.Request) -> None:
    """Ask anew, the next time, for whom a request speaks that goes on for long."""
    request.pop(_REMEMBERED, None)


async def _look_up(request: web.Request) -> SignedIn | None:
    secret = _secret_in(request)
    session = None if secret is None else await request.app[SESSIONS].find(secret)
    if secret is None or session is None:
        return None
    ledger = request.app[LEDGER]
    if session.token_id is not None:
        token = await _token_of(ledger, session.token_id)
        return None if token is None else SignedIn(session=session, secret=secret, token=token)
    user = await ledger.for_request().consult(User, session.user_id)
    if user is None or user.is_disabled:
        return None
    in_force = user.grants_on(local_day(ledger.clock()))
    grant = next((one for one in in_force if one.grant_id == session.grant_id), None)
    return SignedIn(session=session, secret=secret, user=user, grant=grant)


async def _token_of(ledger: Ledger, token_id: UUID) -> Token | None:
    """Return the token that a session acts as, if it acts now and may open sessions at all."""
    pool, key, now = ledger.pool, ledger.key, ledger.clock()
    token = (await tokens_by_id(pool, ledger.id, [token_id], key=key, now=now)).get(token_id)
    if token is None or token.operations or not await acts(ledger, token):
        return None
    return token


def _secret_in(request: web.Request) -> str | None:
    """Return the secret in the cookie, if we signed it."""
    cookie = request.cookies.get(cookie_name(request), "")
    secret, _, signature = cookie.partition(".")
    if not secret or not signature or len(cookie) > COOKIE_CHARACTERS_MAX or not cookie.isascii():
        return None
    return secret if request.app[LEDGER].key.is_signed("session", secret, signature) else None


def cookie_name(request: web.Request) -> str:
    """Return what the session's cookie is called over this connection."""
    return COOKIE_OVER_TLS if came_by_tls(request) else COOKIE


def give_cookie(request: web.Request, response: web.StreamResponse, opened: Opened) -> None:
    """Send a session's cookie: for this site alone, never to scripts."""
    signature = request.app[LEDGER].key.sign("session", opened.secret)
    response.set_cookie(
        cookie_name(request),
        f"{opened.secret}.{signature}",
        max_age=int(LIFETIME.total_seconds()),
        path="/",
        secure=came_by_tls(request),
        httponly=True,
        samesite="Lax",
    )


def take_cookie(request: web.Request, response: web.StreamResponse) -> None:
    """Let the browser forget its session."""
    response.del_cookie(
        cookie_name(request),
        path="/",
        secure=came_by_tls(request),
        httponly=True,
        samesite="Lax",
    )


def visitor_of(request: web.Request) -> Visitor:
    """Return from where somebody comes."""
    browser = request.headers.get("User-Agent", "")[:BROWSER_CHARACTERS_MAX]
    shown = "".join(c for c in browser if c.isascii() and c.isprintable())
    return Visitor(address=client_address(request), browser=mask_secrets(shown))


# Writes come from our own pages --------------------------------------------------------------


def csrf_token(request: web.Request, secret: str) -> str:
    """Return what a form of this session must carry; another session's is another."""
    return request.app[LEDGER].key.sign("csrf", secret)


def guard_origin(request: web.Request) -> None:
    """Refuse what another site's page sends (``CrossSite``); browsers say where a page is from."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise CrossSite()
    origin = request.headers.get("Origin")
    if origin is not None and _host_of(origin) != request.host:
        raise CrossSite()


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # no address at all
        return None


def guard_write(request: web.Request, found: SignedIn, given: str | None = None) -> None:
    """Refuse a write by cookie that does not carry the session's token (``CrossSite``)."""
    if request.method in SAFE_METHODS:
        return
    guard_origin(request)
    told = request.headers.get(CSRF_HEADER, "") if given is None else given
    if not request.app[LEDGER].key.is_signed("csrf", found.secret, told):
        raise CrossSite()
