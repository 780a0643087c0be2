"""Tokens for programs: made here, shown once, kept only as SHA-256, looked up at each request.

A token is 32 random bytes, so a plain digest is enough: there is nothing to guess. Each row has a
code over all that it says, made with the service's own key: whoever can write into the table, but
has not the key, makes no token and widens none.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from ledger.core.errors import NotFound
from ledger.storage.connect import Database
from ledger.storage.service_key import ServiceKey

PREFIX = "mz_"  # lets programs that search for leaked secrets know one
TOKEN_BYTES = 32
NOTED_EVERY = timedelta(minutes=1)
PURPOSE = "token"

log = logging.getLogger(__name__)

_INSERT = """
    INSERT INTO tokens (
        ledger_id, token_id, token_hash, name, role, organisation_id, post, actor_id,
        created_at, expires_at, operations, code
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
_COLUMNS = """
    token_id, token_hash, name, role, organisation_id, post, actor_id, created_at, expires_at,
    revoked_at, operations, last_used_at, code
"""
_FIND = f"""
    SELECT {_COLUMNS} FROM tokens
    WHERE ledger_id = $1 AND token_hash = ANY($2) AND revoked_at IS NULL
        AND (expires_at IS NULL OR expires_at > $3)
"""  # noqa: S608 - the only thing put in is a list of columns
_BY_ID = f"""
    SELECT {_COLUMNS} FROM tokens
    WHERE ledger_id = $1 AND token_id = ANY($2) AND revoked_at IS NULL
        AND (expires_at IS NULL OR expires_at > $3)
"""  # noqa: S608 - a list of columns is put in
_OF_ACTOR = f"""
    SELECT {_COLUMNS} FROM tokens WHERE ledger_id = $1 AND actor_id = $2
    ORDER BY created_at, token_id
"""  # noqa: S608 - a list of columns is put in
_USED = "UPDATE tokens SET last_used_at = $3 WHERE ledger_id = $1 AND token_id = ANY($2)"
_LIST = f"SELECT {_COLUMNS} FROM tokens WHERE ledger_id = $1 ORDER BY created_at, token_id"  # noqa: S608 - a list of columns is put in
_REVOKE = """
    UPDATE tokens SET revoked_at = COALESCE(revoked_at, $3) WHERE ledger_id = $1 AND token_id = $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """What a token will stand for; ``expires_at`` ``None`` means until it is revoked.

    ``operations`` are all that it may ask for; none named means all that the role may.
    """

    name: str
    role: str
    actor_id: UUID
    organisation_id: UUID | None = None
    post: str = ""
    expires_at: datetime | None = None
    operations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as it is kept: everything but the token itself.

    ``is_ours``: its row says what this service wrote, as the row's code proves.
    """

    token_id: UUID
    name: str
    role: str
    organisation_id: UUID | None
    post: str
    actor_id: UUID
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    operations: tuple[str, ...] = ()
    last_used_at: datetime | None = None
    is_ours: bool


async def create_token(  # noqa: PLR0913 - what it is made of, each by name
    db: Database,
    ledger_id: str,
    new: NewToken,
    *,
    key: ServiceKey,
    now: datetime,
    token_id: UUID | None = None,
) -> str:
    """Keep a new token's digest and return the token: it cannot be shown again."""
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    row: dict[str, Any] = {
        "token_id": token_id or uuid4(),
        "token_hash": _digest(token),
        "name": new.name,
        "role": new.role,
        "organisation_id": new.organisation_id,
        "post": new.post,
        "actor_id": new.actor_id,
        "created_at": now,
        "expires_at": new.expires_at,
        "operations": list(new.operations),
    }
    code = key.mac(PURPOSE, *_said(ledger_id, row))
    await db.execute(_INSERT, ledger_id, *row.values(), code)
    return token


async def find_token(
    db: Database, ledger_id: str, token: str, *, key: ServiceKey, now: datetime
) -> Token | None:
    """Return what a token stands for; ``None`` if it is unknown, expired, revoked or not ours."""
    return (await find_tokens(db, ledger_id, [token], key=key, now=now)).get(token)


async def find_tokens(
    db: Database, ledger_id: str, tokens: Collection[str], *, key: ServiceKey, now: datetime
) -> dict[str, Token]:
    """Return what each of these tokens stands for; those that are no longer valid are left out.

    That they were used is noted once a minute: writing it at each request would cost more.
    """
    digests = {_digest(token): token for token in tokens}
    rows = await db.fetch(_FIND, ledger_id, list(digests), now)
    found = {digests[row["token_hash"]]: _read(row, ledger_id, key) for row in rows}
    return await _usable(db, ledger_id, found, now)


async def tokens_by_id(
    db: Database, ledger_id: str, token_ids: Collection[UUID], *, key: ServiceKey, now: datetime
) -> dict[UUID, Token]:
    """Return the tokens with these ids that are valid."""
    rows = await db.fetch(_BY_ID, ledger_id, list(token_ids), now)
    found = {token.token_id: token for token in (_read(row, ledger_id, key) for row in rows)}
    return await _usable(db, ledger_id, found, now)


async def tokens_of(
    db: Database, ledger_id: str, actor_id: UUID, *, key: ServiceKey
) -> list[Token]:
    """Return the tokens that act as somebody, the oldest first, revoked ones included."""
    rows = await db.fetch(_OF_ACTOR, ledger_id, actor_id)
    return [_read(row, ledger_id, key) for row in rows]


async def _usable(
    db: Database, ledger_id: str, found: Mapping[Any, Token], now: datetime
) -> dict[Any, Token]:
    """Leave out rows that this service did not write, and note that the others were used."""
    ours = {asked: token for asked, token in found.items() if token.is_ours}
    for token in found.values():
        if not token.is_ours:
            log.error(
                "令牌 %s 的数据行不是本服务写入的，不予接受。"
                " / the row of token %s was not written by this service: it opens nothing",
                token.token_id,
                token.token_id,
            )
    await _note_used(db, ledger_id, ours.values(), now)
    return ours


async def _note_used(db: Database, ledger_id: str, found: Iterable[Token], now: datetime) -> None:
    used = [
        token.token_id
        for token in found
        if token.last_used_at is None or now - token.last_used_at >= NOTED_EVERY
    ]
    if used:
        await db.execute(_USED, ledger_id, used, now)


async def list_tokens(db: Database, ledger_id: str, *, key: ServiceKey) -> list[Token]:
    """Return all tokens of a ledger, the oldest first, revoked ones included."""
    return [_read(row, ledger_id, key) for row in await db.fetch(_LIST, ledger_id)]


async def revoke_token(db: Database, ledger_id: str, token_id: UUID, *, now: datetime) -> None:
    """End a token at once; again does nothing (refuses with ``NotFound``)."""
    status: str = await db.execute(_REVOKE, ledger_id, token_id, now)
    if status.endswith(" 0"):
        raise NotFound(kind="token", id=str(token_id))


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _said(ledger_id: str, row: Mapping[str, Any]) -> list[bytes]:
    """Return what a row's code is over: all that is said when a token is made."""
    moments = [row[name] for name in ("created_at", "expires_at")]
    told = [
        ledger_id,
        *(row[name] for name in ("token_id", "name", "role", "organisation_id", "post")),
        row["actor_id"],
        *(None if one is None else one.astimezone(UTC).isoformat() for one in moments),
        *row["operations"],
    ]
    return [row["token_hash"], *(b"" if one is None else str(one).encode() for one in told)]


def _read(row: Any, ledger_id: str, key: ServiceKey) -> Token:
    fields = dict(row)
    code = fields.pop("code") or b""
    is_ours = key.is_mac(PURPOSE, code, *_said(ledger_id, fields))
    fields.pop("token_hash")
    for name in ("token_id", "organisation_id", "actor_id"):
        if fields[name] is not None:  # the driver's own kind of UUID is not for events
            fields[name] = UUID(int=fields[name].int)
    fields["operations"] = tuple(fields["operations"])
    return Token(**fields, is_ours=is_ours)
