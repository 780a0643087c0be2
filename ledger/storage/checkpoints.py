"""Signed checkpoints of a log, the cosignatures of witnesses, and time stamps, as they are kept.

    keep_signed ─► witnesses: keep_cosignatures ─► publish (published_at) ─► keep_time_stamp

What is published is never taken back; cosignatures and time stamps may still be added. The note
that is given out is the log's, with the newest lines of all witnesses that are there by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.core.errors import Conflict
from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.notes import Note, Signature, read_note, read_signature_lines
from ledger.storage.connect import Database

_SELECT = """
    SELECT c.size, c.root, c.note, c.signed_at, c.published_at,
        coalesce((
            SELECT string_agg(coalesce(r.line, s.line), '' ORDER BY s.cosigned_at, s.key_name)
            FROM cosignatures AS s
                LEFT JOIN cosignature_renewals AS r USING (ledger_id, size, key_name, key_id)
            WHERE s.ledger_id = c.ledger_id AND s.size = c.size
        ), '') AS cosignatures
    FROM checkpoints AS c
    WHERE c.ledger_id = $1
"""
_LATEST_SIGNED = _SELECT + " ORDER BY c.size DESC LIMIT 1"
_LATEST = _SELECT + " AND c.published_at IS NOT NULL ORDER BY c.size DESC LIMIT 1"
_COVERING = _SELECT + " AND c.published_at IS NOT NULL AND c.size > $2 ORDER BY c.size LIMIT 1"
_AT = _SELECT + " AND c.size = $2"
_ALL = _SELECT + " AND c.size > $2 ORDER BY c.size LIMIT $3"
_BEFORE = _SELECT + " AND ($2::bigint IS NULL OR c.size < $2) ORDER BY c.size DESC LIMIT $3"
_IS_PUBLISHED = """
    SELECT 1 FROM checkpoints WHERE ledger_id = $1 AND size = $2 AND published_at IS NOT NULL
"""
_WIDTHS = """
    SELECT DISTINCT (size >> $4) - $3 AS width FROM checkpoints
    WHERE ledger_id = $1 AND published_at IS NOT NULL AND size >= $3 << $4 AND size <= $2
    ORDER BY width
"""
_KEEP = """
    INSERT INTO checkpoints (ledger_id, size, root, note, signed_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (ledger_id, size) DO UPDATE SET note = excluded.note
        WHERE checkpoints.root = excluded.root
    RETURNING size
"""
_COSIGN = """
    INSERT INTO cosignatures (ledger_id, size, key_name, key_id, line, cosigned_at)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""
_RENEW = """
    INSERT INTO cosignature_renewals (ledger_id, size, key_name, key_id, line, cosigned_at)
    SELECT ledger_id, size, key_name, key_id, $5, $6 FROM cosignatures
    WHERE ledger_id = $1 AND size = $2 AND key_name = $3 AND key_id = $4 AND cosigned_at < $6
    ON CONFLICT (ledger_id, size, key_name, key_id) DO UPDATE
        SET line = excluded.line, cosigned_at = excluded.cosigned_at
        WHERE cosignature_renewals.cosigned_at < excluded.cosigned_at
"""
_PUBLISH = """
    UPDATE checkpoints SET published_at = coalesce(published_at, $3)
    WHERE ledger_id = $1 AND size = $2
"""
_STAMP = """
    INSERT INTO time_stamps (ledger_id, size, authority, stamped, token, stamped_at)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""
_STAMPS = """
    SELECT size, authority, stamped, token, stamped_at FROM time_stamps
    WHERE ledger_id = $1 AND size = $2 ORDER BY stamped_at, authority
"""


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """A checkpoint as it was signed, with the cosignatures so far (not checked again here)."""

    checkpoint: Checkpoint
    note: Note
    signed_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeptTimeStamp:
    """A token (RFC 3161) of an authority over ``stamped``, a note of this size."""

    size: int
    authority: str
    stamped: str
    token: bytes
    stamped_at: datetime


async def latest_signed(db: Database, ledger_id: str) -> KeptCheckpoint | None:
    """Return the largest checkpoint that was signed, published or not."""
    return await _one(db, _LATEST_SIGNED, ledger_id)


async def latest_published(db: Database, ledger_id: str) -> KeptCheckpoint | None:
    """Return the largest published checkpoint."""
    return await _one(db, _LATEST, ledger_id)


async def first_covering(db: Database, ledger_id: str, position: int) -> KeptCheckpoint | None:
    """Return the first published checkpoint that covers a position; ``None``: not yet."""
    return await _one(db, _COVERING, ledger_id, position)


async def checkpoint_at(db: Database, ledger_id: str, size: int) -> KeptCheckpoint | None:
    """Return the checkpoint of exactly this size, published or not."""
    return await _one(db, _AT, ledger_id, size)


async def checkpoints_after(
    db: Database, ledger_id: str, size: int, *, limit: int
) -> list[KeptCheckpoint]:
    """Return up to ``limit`` checkpoints larger than ``size``, in order."""
    return [_kept(*row) for row in await db.fetch(_ALL, ledger_id, size, limit)]


async def checkpoints_before(
    db: Database, ledger_id: str, size: int | None, *, limit: int
) -> list[KeptCheckpoint]:
    """Return up to ``limit`` checkpoints below ``size`` (``None``: of all), the largest first."""
    return [_kept(*row) for row in await db.fetch(_BEFORE, ledger_id, size, limit)]


async def is_published(db: Database, ledger_id: str, size: int) -> bool:
    """Tell whether a checkpoint of exactly this size was published."""
    return await db.fetchval(_IS_PUBLISHED, ledger_id, size) is not None


async def published_widths(
    db: Database, ledger_id: str, size: int, *, shift: int, start: int
) -> list[int]:
    """Return the widths that a tile had under the published checkpoints up to ``size``.

    Its hashes are each over ``1 << shift`` entries, the first is hash number ``start``.
    """
    rows = await db.fetch(_WIDTHS, ledger_id, size, start, shift)
    return [width for (width,) in rows]


async def keep_signed(
    db: Database, ledger_id: str, checkpoint: Checkpoint, note: Note, *, signed_at: datetime
) -> None:
    """Keep a checkpoint that the log signed; ``Conflict`` if another root was signed at its size.

    Signing the same checkpoint again, as after a change of keys, replaces the note.
    """
    kept = await db.fetchval(
        _KEEP, ledger_id, checkpoint.size, checkpoint.root, str(note), signed_at
    )
    if kept is None:
        raise Conflict(size=checkpoint.size)


async def keep_cosignatures(
    db: Database, ledger_id: str, size: int, signatures: Sequence[Signature]
) -> None:
    """Keep witnesses' lines that were checked: of each key the first and the newest a size."""
    for signature in signatures:
        key, line = signature.key, signature.line
        row = (ledger_id, size, key.name, key.id, str(line), signature.at)
        await db.execute(_COSIGN, *row)
        await db.execute(_RENEW, *row)


async def publish(db: Database, ledger_id: str, size: int, *, at: datetime) -> None:
    """Make a signed checkpoint public; the moment of the first time stays."""
    await db.execute(_PUBLISH, ledger_id, size, at)


async def keep_time_stamp(db: Database, ledger_id: str, stamp: KeptTimeStamp) -> None:
    """Keep an authority's token beside its checkpoint."""
    await db.execute(
        _STAMP,
        ledger_id,
        stamp.size,
        stamp.authority,
        stamp.stamped,
        stamp.token,
        stamp.stamped_at,
    )


async def time_stamps_of(db: Database, ledger_id: str, size: int) -> list[KeptTimeStamp]:
    """Return the tokens over one checkpoint, the earliest first."""
    return [KeptTimeStamp(*row) for row in await db.fetch(_STAMPS, ledger_id, size)]


async def _one(db: Database, query: str, *arguments: object) -> KeptCheckpoint | None:
    row = await db.fetchrow(query, *arguments)
    return None if row is None else _kept(*row)


def _kept(  # noqa: PLR0913, PLR0917 - the columns, in order
    size: int,
    root: bytes,
    note: str,
    signed_at: datetime,
    published_at: datetime | None,
    cosignatures: str,
) -> KeptCheckpoint:
    read = read_note(note.encode())
    if cosignatures:
        read = read.with_lines(*read_signature_lines(cosignatures))
    origin = read.text.partition("\n")[0]  # the log may have gone on under another one since
    return KeptCheckpoint(Checkpoint(origin, size, root), read, signed_at, published_at)
