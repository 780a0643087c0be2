"""Who users are to issuers of single sign-on: kept beside the log, as it tells who they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.storage.connect import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedIdentity:
    """An issuer's subject that comes in as a user."""

    issuer: str
    subject: str
    linked_at: datetime


async def keep_identity(  # noqa: PLR0913, PLR0917
    db: Database, ledger_id: str, user_id: UUID, issuer: str, subject: str, now: datetime
) -> bool:
    """Let an issuer's subject come in as a user; ``False`` if it is somebody's already."""
    status: str = await db.execute(
        "INSERT INTO user_identities (ledger_id, issuer, subject, user_id, linked_at)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        ledger_id,
        issuer,
        subject,
        user_id,
        now,
    )
    return status.endswith(" 1")


async def find_identity(db: Database, ledger_id: str, issuer: str, subject: str) -> UUID | None:
    """Return who an issuer's subject is here."""
    found = await db.fetchval(
        "SELECT user_id FROM user_identities WHERE ledger_id = $1 AND issuer = $2 AND subject = $3",
        ledger_id,
        issuer,
        subject,
    )
    return None if found is None else UUID(int=found.int)


async def forget_identity(
    db: Database, ledger_id: str, user_id: UUID, issuer: str, subject: str
) -> None:
    """Let an issuer's subject in no more."""
    await db.execute(
        "DELETE FROM user_identities"
        " WHERE ledger_id = $1 AND user_id = $2 AND issuer = $3 AND subject = $4",
        ledger_id,
        user_id,
        issuer,
        subject,
    )


async def identities_of(db: Database, ledger_id: str, user_id: UUID) -> list[LinkedIdentity]:
    """Return who a user is elsewhere, the oldest link first."""
    rows = await db.fetch(
        "SELECT issuer, subject, linked_at FROM user_identities"
        " WHERE ledger_id = $1 AND user_id = $2 ORDER BY linked_at, issuer, subject",
        ledger_id,
        user_id,
    )
    return [LinkedIdentity(**row) for row in rows]
