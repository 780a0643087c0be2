"""An OpenID Connect issuer as a program of its own: ``python -m tests.api.issuer``.

It prints its address. Everybody who comes is ``sub`` = somebody; ``/lie?how=…`` makes its next
answers wrong in one way, to see that it is noticed.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote_plus, urlencode

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "minzhang", "the client's secret"


@asynccontextmanager
async def running_issuer() -> AsyncIterator[str]:
    """Give the address of a running issuer, a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.api.issuer", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        address = (await process.stdout.readline()).decode().strip()
    yield address
    process.terminate()
    await process.wait()


class Issuer:
    def __init__(self) -> None:
        self.address = ""
        self.key = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
        self.foreign = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
        self.codes: dict[str, dict[str, str]] = {}
        self.how = ""

    async def lie(self, request: web.Request) -> web.Response:
        self.how = request.query.get("how", "")
        return web.Response()

    async def metadata(self, _: web.Request) -> web.StreamResponse:
        if self.how == "redirect":
            raise web.HTTPFound(self.address + "/jwks")
        if self.how == "large":
            return web.Response(body=b'{"x":"' + b"x" * 300_000 + b'"}')
        token = "http://127.0.0.2:9/token" if self.how == "host" else self.address + "/token"
        issuer = self.address + "/other" if self.how == "issuer" else self.address
        return web.json_response(
            {
                "issuer": issuer,
                "authorization_endpoint": self.address + "/authorize",
                "token_endpoint": token,
                "jwks_uri": self.address + "/jwks",
            }
        )

    async def jwks(self, _: web.Request) -> web.Response:
        return web.json_response({"keys": [self.key.as_dict(private=False)]})

    async def authorize(self, request: web.Request) -> web.Response:
        query = request.query
        if query["code_challenge_method"] != "S256" or query["response_type"] != "code":
            return web.Response(status=400)
        code = secrets.token_urlsafe(16)
        self.codes[code] = dict(query)
        state = "another" if self.how == "state" else query["state"]
        back = urlencode({"code": code, "state": state, "iss": self.address})
        return web.Response(status=302, headers={"Location": f"{query['redirect_uri']}?{back}"})

    async def token(self, request: web.Request) -> web.Response:
        form: Any = await request.post()
        asked = self.codes.pop(str(form["code"]), None)
        header = request.headers.get("Authorization", "").removeprefix("Basic ")
        given = [unquote_plus(part) for part in base64.b64decode(header).decode().split(":")]
        digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or given != [CLIENT, SECRET]
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != form["redirect_uri"]
        ):
            return web.Response(status=400)
        return web.json_response({"id_token": self.id_token(asked), "token_type": "Bearer"})

    def id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.address,
            "aud": CLIENT,
            "sub": "somebody",
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
        }
        wrong = {
            "iss": self.address + "/",
            "aud": "another",
            "auds": [CLIENT, "another"],
            "nonce": "another",
            "exp": now - 3_600,
            "iat": now + 3_600,
            "sub": "",
        }
        if self.how in ODD:
            claims |= ODD[self.how](now)
        if self.how in wrong:
            claims["aud" if self.how == "auds" else self.how] = wrong[self.how]
        if self.how == "none":
            head, body = (
                base64.urlsafe_b64encode(part).rstrip(b"=").decode()
                for part in (b'{"alg":"none"}', _json(claims))
            )
            return f"{head}.{body}."
        if self.how == "hmac":
            public = OctKey.import_key(self.key.as_pem(private=False))
            return jwt.encode({"alg": "HS256", "kid": "one"}, claims, public)
        key = self.foreign if self.how == "foreign" else self.key
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)


ODD: Mapping[str, Callable[[int], dict[str, Any]]] = {
    "nbf to come": lambda now: {"nbf": now + 3_600},
    "nbf as text": lambda now: {"nbf": str(now)},
    "exp beyond numbers": lambda _: {"exp": 10**400},
    "exp without end": lambda _: {"exp": float("inf")},
    "exp as text": lambda now: {"exp": str(now + 300)},
    "exp true": lambda _: {"exp": True},
    "iat beyond numbers": lambda _: {"iat": -(10**400)},
    "nonce of other letters": lambda _: {"nonce": "\u00e9" * 43},
    "nonce as number": lambda _: {"nonce": 5},
    "nonce as list": lambda _: {"nonce": []},
    "nonce as half a pair": lambda _: {"nonce": "\ud800"},
    "sub as number": lambda _: {"sub": 5},
    "sub with NUL": lambda _: {"sub": "some\0body"},
    "sub as half a pair": lambda _: {"sub": "\ud800"},
    "sub as object": lambda _: {"sub": {"a": 1}},
    "aud as object": lambda _: {"aud": {"a": 1}},
    "iss as list": lambda _: {"iss": []},
}
"""Claims of a kind that no issuer should send."""


def _json(claims: dict[str, Any]) -> bytes:
    return json.dumps(claims).encode()


async def main() -> None:
    issuer, app = Issuer(), web.Application()
    app.router.add_get("/.well-known/openid-configuration", issuer.metadata)
    app.router.add_get("/jwks", issuer.jwks)
    app.router.add_get("/authorize", issuer.authorize)
    app.router.add_get("/lie", issuer.lie)
    app.router.add_post("/token", issuer.token)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    issuer.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    sys.stdout.write(issuer.address + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
