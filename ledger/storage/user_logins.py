"""Login names, password hashes, second factors and one-time links: what is kept beside the log."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from unicodedata import normalize
from uuid import UUID

import asyncpg

from ledger.core.errors import RuleViolated
from ledger.storage.connect import Database

LINK_BYTES = 32


class LoginNameTaken(RuleViolated):
    """Somebody else has this login name.

    该登录名已被使用。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What is kept of a user's way in."""

    user_id: UUID
    login_name: str
    password_hash: str | None
    password_set_at: datetime | None
    second_factor: bytes | None
    enrolled_at: datetime | None
    last_step: int


_COLUMNS = """
    user_id, login_name, password_hash, password_set_at, second_factor, enrolled_at, last_step
"""
_BY_NAME = f"SELECT {_COLUMNS} FROM user_logins WHERE ledger_id = $1 AND login_name = $2"  # noqa: S608 - a list of columns is put in
_BY_USER = f"SELECT {_COLUMNS} FROM user_logins WHERE ledger_id = $1 AND user_id = $2"  # noqa: S608 - a list of columns is put in


def folded(login_name: str) -> str:
    """Return a login name in the one form in which it is kept and compared."""
    return normalize("NFKC", login_name).strip().casefold()


async def find_login(db: Database, ledger_id: str, login_name: str) -> Login | None:
    """Return the login of this name."""
    return _read(await db.fetchrow(_BY_NAME, ledger_id, folded(login_name)))


async def login_of(db: Database, ledger_id: str, user_id: UUID) -> Login | None:
    """Return a user's login."""
    return _read(await db.fetchrow(_BY_USER, ledger_id, user_id))


async def login_names(db: Database, ledger_id: str, user_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of these users, as far as they have one."""
    rows = await db.fetch(
        "SELECT user_id, login_name FROM user_logins WHERE ledger_id = $1 AND user_id = ANY($2)",
        ledger_id,
        list(user_ids),
    )
    return {UUID(int=row["user_id"].int): row["login_name"] for row in rows}


async def search_logins(
    db: Database, ledger_id: str, part: str, *, after: str = "", rows_max: int
) -> dict[UUID, str]:
    """Return users whose login name has this part, by name, from after a name on."""
    rows = await db.fetch(
        "SELECT user_id, login_name FROM user_logins WHERE ledger_id = $1"
        " AND strpos(login_name, $2) > 0 AND login_name > $3 ORDER BY login_name LIMIT $4",
        ledger_id,
        folded(part),
        folded(after),
        rows_max,
    )
    return {UUID(int=row["user_id"].int): row["login_name"] for row in rows}


async def list_logins(db: Database, ledger_id: str) -> dict[UUID, str]:
    """Return the name of every user that has one, by name."""
    rows = await db.fetch(
        "SELECT user_id, login_name FROM user_logins WHERE ledger_id = $1 ORDER BY login_name",
        ledger_id,
    )
    return {UUID(int=row["user_id"].int): row["login_name"] for row in rows}


async def name_user(db: Database, ledger_id: str, user_id: UUID, login_name: str) -> None:
    """Give a user a login name, or another one (refuses with ``LoginNameTaken``)."""
    try:
        await db.execute(
            "INSERT INTO user_logins (ledger_id, user_id, login_name) VALUES ($1, $2, $3)"
            " ON CONFLICT (ledger_id, user_id) DO UPDATE SET login_name = excluded.login_name",
            ledger_id,
            user_id,
            folded(login_name),
        )
    except asyncpg.UniqueViolationError as taken:
        raise LoginNameTaken() from taken


async def keep_password(
    db: Database, ledger_id: str, user_id: UUID, password_hash: str, *, now: datetime
) -> None:
    """Let a password's hash count from now on."""
    await db.execute(
        "UPDATE user_logins SET password_hash = $3, password_set_at = $4"
        " WHERE ledger_id = $1 AND user_id = $2",
        ledger_id,
        user_id,
        password_hash,
        now,
    )


async def keep_second_factor(
    db: Database, ledger_id: str, user_id: UUID, sealed: bytes | None
) -> None:
    """Keep a sealed seed whose first code is awaited, or none; recovery codes end with it."""
    await db.execute(
        "WITH gone AS (DELETE FROM user_recovery_codes WHERE ledger_id = $1 AND user_id = $2)"
        " UPDATE user_logins SET second_factor = $3, enrolled_at = NULL, last_step = -1"
        " WHERE ledger_id = $1 AND user_id = $2",
        ledger_id,
        user_id,
        sealed,
    )


async def use_step(db: Database, ledger_id: str, user_id: UUID, step: int) -> bool:
    """Take the code of a step; ``False`` if it, or a later one, was used before."""
    status: str = await db.execute(
        "UPDATE user_logins SET last_step = $3"
        " WHERE ledger_id = $1 AND user_id = $2 AND last_step < $3",
        ledger_id,
        user_id,
        step,
    )
    return status.endswith(" 1")


async def confirm_second_factor(
    db: Database, ledger_id: str, user_id: UUID, code_hashes: Collection[bytes], *, now: datetime
) -> None:
    """Let the second factor count, and keep the digests of its recovery codes."""
    await db.execute(
        "WITH enrolled AS (UPDATE user_logins SET enrolled_at = $3"
        " WHERE ledger_id = $1 AND user_id = $2)"
        " INSERT INTO user_recovery_codes (ledger_id, user_id, code_hash)"
        " SELECT $1, $2, code_hash FROM unnest($4::bytea[]) AS codes (code_hash)",
        ledger_id,
        user_id,
        now,
        list(code_hashes),
    )


async def use_recovery_code(
    db: Database, ledger_id: str, user_id: UUID, code_hash: bytes, *, now: datetime
) -> int | None:
    """Use a recovery code; return how many are left, ``None`` if there is no such unused one."""
    used: UUID | None = await db.fetchval(
        "UPDATE user_recovery_codes SET used_at = $4 WHERE ledger_id = $1 AND user_id = $2"
        " AND code_hash = $3 AND used_at IS NULL RETURNING user_id",
        ledger_id,
        user_id,
        code_hash,
        now,
    )
    if used is None:
        return None
    left: int = await db.fetchval(
        "SELECT count(*) FROM user_recovery_codes"
        " WHERE ledger_id = $1 AND user_id = $2 AND used_at IS NULL",
        ledger_id,
        user_id,
    )
    return left


async def make_link(db: Database, ledger_id: str, user_id: UUID, *, expires_at: datetime) -> str:
    """Keep the digest of a new one-time link and return its secret; earlier links end."""
    secret = secrets.token_urlsafe(LINK_BYTES)
    await db.execute(
        "WITH gone AS (DELETE FROM user_invitations WHERE ledger_id = $1 AND user_id = $3)"
        " INSERT INTO user_invitations (ledger_id, link_hash, user_id, expires_at)"
        " VALUES ($1, $2, $3, $4)",
        ledger_id,
        _digest(secret),
        user_id,
        expires_at,
    )
    return secret


async def find_link(db: Database, ledger_id: str, secret: str, *, now: datetime) -> UUID | None:
    """Return for whom a one-time link is that was not used and has not expired."""
    found = await db.fetchval(
        "SELECT user_id FROM user_invitations WHERE ledger_id = $1 AND link_hash = $2"
        " AND used_at IS NULL AND expires_at > $3",
        ledger_id,
        _digest(secret),
        now,
    )
    return None if found is None else UUID(int=found.int)


async def use_link(db: Database, ledger_id: str, secret: str, *, now: datetime) -> bool:
    """Use a one-time link up; ``False`` if somebody was quicker."""
    status: str = await db.execute(
        "UPDATE user_invitations SET used_at = $3 WHERE ledger_id = $1 AND link_hash = $2"
        " AND used_at IS NULL AND expires_at > $3",
        ledger_id,
        _digest(secret),
        now,
    )
    return status.endswith(" 1")


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def _read(row: asyncpg.Record | None) -> Login | None:
    if row is None:
        return None
    fields = dict(row)
    fields["user_id"] = UUID(int=fields["user_id"].int)
    return Login(**fields)
