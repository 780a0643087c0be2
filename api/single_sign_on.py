"""Single sign-on with one configured issuer (OpenID Connect, authorization code with PKCE).

Whom the issuer vouches for is known by its ``sub`` alone, and only if it was linked to a user
before: nobody gets an account by signing in elsewhere. The issuer's word is taken only with its
exact name, for this client, with the nonce of this very browser, signed by a key of its own key
set with a public-key algorithm.

Nothing is fetched from elsewhere: hosts are those of the issuer and a configured list, their
addresses are resolved by us and must be public (loopback only for an issuer that is configured
there), no redirect is followed, and time and size are bounded.
"""

from __future__ import annotations

import secrets
import socket
from base64 import b64encode
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote_plus, urlsplit

import aiohttp
import orjson
from aiohttp.abc import AbstractResolver, ResolveResult
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ledger.core.clock import Clock
from ledger.core.errors import LedgerError

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
SECONDS_MAX = 10
BYTES_MAX = 256 * 1024
LEEWAY_SECONDS = 60
MOMENT_MAX = 10**11
SUBJECT_CHARACTERS_MAX = 255
ODD = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What the library meets in tokens and keys that are none."""
METADATA_PATH = "/.well-known/openid-configuration"


class SingleSignOnFailed(LedgerError):
    """Signing in through the other service did not succeed.

    通过单点登录服务登录未成功。
    """


class NotLinked(LedgerError):
    """This identity is linked to no account here: sign in with a password and link it first.

    该身份尚未关联本系统账号：请先用口令登录，在账号页面完成关联。
    """


@dataclass(frozen=True, kw_only=True)
class Provider:
    """The issuer, what we are to it, and which other hosts it may send us to."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    hosts: frozenset[str] = frozenset()

    @property
    def is_on_loopback(self) -> bool:
        """Tell whether the issuer itself is configured on this machine, as in tests."""
        host = urlsplit(self.issuer).hostname or ""
        return host == "localhost" or _is_loopback(host)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What must come back with the browser: kept sealed in its cookie meanwhile."""

    state: str
    nonce: str
    verifier: str


class SingleSignOn:
    """Speaks with the issuer."""

    def __init__(self, provider: Provider, clock: Clock) -> None:
        self.provider = provider
        self._clock = clock
        self._metadata: dict[str, Any] | None = None
        self._keys: KeySet | None = None

    async def begin(self, redirect_uri: str) -> tuple[str, Begun]:
        """Return where to send the browser, and what must come back with it."""
        begun = Begun(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
        )
        address: str = prepare_grant_uri(
            await self._endpoint("authorization_endpoint"),
            self.provider.client_id,
            "code",
            redirect_uri=redirect_uri,
            scope="openid",
            state=begun.state,
            nonce=begun.nonce,
            code_challenge=create_s256_code_challenge(begun.verifier),
            code_challenge_method="S256",
        )
        return address, begun

    async def finish(self, begun: Begun, code: str, redirect_uri: str) -> str:
        """Return the ``sub`` of whoever came back (refuses with ``SingleSignOnFailed``)."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": begun.verifier,
        }
        answer = await self._fetch(await self._endpoint("token_endpoint"), form)
        claims = await self._claims(str(answer.get("id_token", "")))
        self._check(claims, begun.nonce)
        return str(claims["sub"])

    async def _claims(self, token: str) -> dict[str, Any]:
        """Return what a token says that one of the issuer's own keys signed."""
        for is_anew in (False, True):
            keys = await self._key_set(is_anew=is_anew)
            try:
                return dict(jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims)
            except (JoseError, *ODD) as error:
                if is_anew:
                    raise SingleSignOnFailed(why="signature") from error
        raise SingleSignOnFailed(why="signature")

    def _check(self, claims: dict[str, Any], nonce: str) -> None:
        now = self._clock().timestamp()
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        client = self.provider.client_id
        rules = {
            "iss": claims.get("iss") == self.provider.issuer,
            "aud": audiences == [client],
            "azp": claims.get("azp", client) == client,
            "nonce": _is_nonce(claims.get("nonce"), nonce),
            "exp": _is_moment(claims.get("exp")) and now < claims["exp"] + LEEWAY_SECONDS,
            "iat": _is_moment(claims.get("iat")) and claims["iat"] < now + LEEWAY_SECONDS,
            "nbf": "nbf" not in claims
            or (_is_moment(claims["nbf"]) and claims["nbf"] < now + LEEWAY_SECONDS),
            "sub": _is_subject(claims.get("sub")),
        }
        broken = [name for name, is_kept in rules.items() if not is_kept]
        if broken:
            raise SingleSignOnFailed(why=broken[0])

    async def _endpoint(self, name: str) -> str:
        if self._metadata is None:
            found = await self._fetch(self.provider.issuer.rstrip("/") + METADATA_PATH)
            if found.get("issuer") != self.provider.issuer:
                raise SingleSignOnFailed(why="issuer")
            self._metadata = found
        address = self._metadata.get(name)
        if not isinstance(address, str):
            raise SingleSignOnFailed(why=name)
        self._guard_address(address)
        return address

    async def _key_set(self, *, is_anew: bool) -> KeySet:
        if self._keys is None or is_anew:
            found = await self._fetch(await self._endpoint("jwks_uri"))
            try:
                self._keys = KeySet.import_key_set(found)  # type: ignore[arg-type]
            except (JoseError, *ODD) as error:
                raise SingleSignOnFailed(why="jwks_uri") from error
        return self._keys

    async def _fetch(self, address: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        """Ask the issuer; a form is posted with our name and secret."""
        self._guard_address(address)
        provider = self.provider
        connector = aiohttp.TCPConnector(resolver=GuardedResolver(provider.is_on_loopback))
        timeout = aiohttp.ClientTimeout(total=SECONDS_MAX)
        try:
            async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
                auth = {"Authorization": _basic(provider)}
                asked = (
                    session.get(address, allow_redirects=False)
                    if form is None
                    else session.post(address, data=form, headers=auth, allow_redirects=False)
                )
                async with asked as answer:
                    if answer.status != 200:
                        raise SingleSignOnFailed(why="answer", status=answer.status)
                    body = await answer.content.read(BYTES_MAX + 1)
                    while len(body) <= BYTES_MAX and (more := await answer.content.read(BYTES_MAX)):
                        body += more
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise SingleSignOnFailed(why="unreachable") from error
        return _object(body)

    def _guard_address(self, address: str) -> None:
        """Refuse hosts that were not configured, and what is not TLS."""
        try:
            parts, own = urlsplit(address), urlsplit(self.provider.issuer)
        except ValueError as error:
            raise SingleSignOnFailed(why="host") from error
        host = parts.hostname or ""
        is_plain_allowed = self.provider.is_on_loopback and parts.scheme == own.scheme
        if host not in self.provider.hosts | {own.hostname} or parts.username:
            raise SingleSignOnFailed(why="host")
        if parts.scheme != "https" and not is_plain_allowed:
            raise SingleSignOnFailed(why="scheme")
        if _is_address(host) and not _may_ask(host, self.provider.is_on_loopback):
            raise SingleSignOnFailed(why="address")


class GuardedResolver(AbstractResolver):
    """Resolves a name once, and gives only addresses that may be asked: the ones connected to."""

    def __init__(self, allows_loopback: bool) -> None:
        self._allows_loopback = allows_loopback
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return a host's addresses that are public (or loopback where that is configured)."""
        found = await self._resolver.resolve(host, port, family)
        allowed = [one for one in found if _may_ask(one["host"], self._allows_loopback)]
        if not allowed:
            raise OSError("no address that may be asked")
        return allowed

    async def close(self) -> None:
        """Give back what resolving needed."""
        await self._resolver.close()


def _basic(provider: Provider) -> str:
    """Return our name and secret as RFC 6749 wants them in a header."""
    pair = f"{quote_plus(provider.client_id)}:{quote_plus(provider.client_secret)}"
    return "Basic " + b64encode(pair.encode()).decode()


def _may_ask(address: str, allows_loopback: bool) -> bool:
    parsed = ip_address(address)
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return parsed.is_loopback if allows_loopback else parsed.is_global


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return _is_address(host) and ip_address(host).is_loopback


def _is_moment(value: object) -> bool:
    """Tell whether a claim is seconds since 1970, within the years that a calendar has."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value < MOMENT_MAX  # type: ignore[operator]


def _is_nonce(value: object, nonce: str) -> bool:
    return isinstance(value, str) and value.isascii() and secrets.compare_digest(value, nonce)


def _is_subject(value: object) -> bool:
    """Tell whether a claim can name somebody: characters that are seen, as OpenID has it ASCII."""
    is_text = isinstance(value, str) and 0 < len(value) <= SUBJECT_CHARACTERS_MAX
    return is_text and value.isascii() and value.isprintable()  # type: ignore[attr-defined]


def _object(body: bytes) -> dict[str, Any]:
    if len(body) > BYTES_MAX:
        raise SingleSignOnFailed(why="size")
    try:
        found = orjson.loads(body)
    except ValueError as error:
        raise SingleSignOnFailed(why="json") from error
    if not isinstance(found, dict):
        raise SingleSignOnFailed(why="json")
    return found
