"""Sessions: opened at sign-in, known by the digest of their secret, ended at once when told so.

A session lives 30 minutes after it was last seen and 12 hours in all. Who may do what in it is not
kept here: it follows from the user's record in the log, at each request.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from ledger.storage.connect import Database

SECRET_BYTES = 32
IDLE = timedelta(minutes=30)
LIFETIME = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
"""How often it is noted that a session is in use: writing it at each request would cost more."""

_COLUMNS = """
    session_id, user_id, grant_id, token_id, method, has_second_factor, is_pending,
    created_at, seen_at, browser
"""
_LIVES = "ended_at IS NULL AND seen_at > $3 AND created_at > $4"
_INSERT = """
    INSERT INTO sessions (
        ledger_id, session_id, secret_hash, user_id, grant_id, token_id, method,
        has_second_factor, is_pending, created_at, seen_at, browser
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)
"""
_FIND = f"""
    SELECT secret_hash, {_COLUMNS} FROM sessions
    WHERE ledger_id = $1 AND secret_hash = ANY($2) AND {_LIVES}
"""  # noqa: S608 - only lists of columns and conditions are put in
_LIST = f"""
    SELECT {_COLUMNS} FROM sessions WHERE ledger_id = $1 AND user_id = $2 AND {_LIVES}
    ORDER BY created_at, session_id
"""  # noqa: S608 - a list of columns is put in
_SEEN = """
    UPDATE sessions SET seen_at = $3
    WHERE ledger_id = $1 AND session_id = ANY($2) AND ended_at IS NULL
"""
_END = """
    UPDATE sessions SET ended_at = $3
    WHERE ledger_id = $1 AND session_id = ANY($2) AND ended_at IS NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """What a session will be of."""

    session_id: UUID
    user_id: UUID
    grant_id: UUID | None = None
    token_id: UUID | None = None
    method: str
    has_second_factor: bool = False
    is_pending: bool = False
    browser: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that lives."""

    session_id: UUID
    user_id: UUID
    grant_id: UUID | None
    token_id: UUID | None
    method: str
    has_second_factor: bool
    is_pending: bool
    created_at: datetime
    seen_at: datetime
    browser: str


async def open_session(db: Database, ledger_id: str, new: NewSession, *, now: datetime) -> str:
    """Keep a new session and return its secret: only its digest is kept."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    await db.execute(
        _INSERT,
        ledger_id,
        new.session_id,
        _digest(secret),
        new.user_id,
        new.grant_id,
        new.token_id,
        new.method,
        new.has_second_factor,
        new.is_pending,
        now,
        new.browser,
    )
    return secret


async def find_sessions(
    db: Database, ledger_id: str, session_secrets: Collection[str], *, now: datetime
) -> dict[str, Session]:
    """Return the session of each of these secrets that lives; note now and then that it does."""
    digests = {_digest(secret): secret for secret in session_secrets}
    rows = await db.fetch(_FIND, ledger_id, list(digests), now - IDLE, now - LIFETIME)
    found = {digests[row["secret_hash"]]: _read(row) for row in rows}
    seen = [one.session_id for one in found.values() if now - one.seen_at >= SEEN_EVERY]
    if seen:
        await db.execute(_SEEN, ledger_id, seen, now)
    return found


async def sessions_of(
    db: Database, ledger_id: str, user_id: UUID, *, now: datetime
) -> list[Session]:
    """Return a user's sessions that live, the oldest first."""
    rows = await db.fetch(_LIST, ledger_id, user_id, now - IDLE, now - LIFETIME)
    return [_read(row) for row in rows]


async def end_sessions(
    db: Database, ledger_id: str, session_ids: Collection[UUID], *, now: datetime
) -> None:
    """End these sessions: their next request is refused."""
    await db.execute(_END, ledger_id, list(session_ids), now)


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def _read(row: Any) -> Session:
    fields = dict(row)
    fields.pop("secret_hash", None)
    for name in ("session_id", "user_id", "grant_id", "token_id"):
        if fields[name] is not None:  # the driver's own kind of UUID is not for events
            fields[name] = UUID(int=fields[name].int)
    return Session(**fields)
