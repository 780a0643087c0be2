"""How far each view has read: the row that changes together with the view's rows.

``position`` is the last entry that was applied, -1 before the first.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.storage.connect import Connection, Database
from projections.engine.view import View

NOWHERE = -1

_BEGIN = """
    INSERT INTO view_checkpoints (ledger_id, view, version) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING
"""
# A view can be made again from the log, so its transactions need not wait for the disk: after a
# crash rows and checkpoint are both as they were a moment earlier.
_LOCK = """
    WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    SELECT position, failed_position, failure FROM view_checkpoints, quick
    WHERE ledger_id = $1 AND view = $2 AND version = $3 FOR UPDATE OF view_checkpoints
"""
_MOVE = """
    UPDATE view_checkpoints SET position = $4, failed_position = NULL, failure = NULL
    WHERE ledger_id = $1 AND view = $2 AND version = $3
"""
_MOVE_OVER = """
    WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    UPDATE view_checkpoints SET position = $5 FROM quick
    WHERE ledger_id = $1 AND view = $2 AND version = $3 AND position = $4
        AND failed_position IS NULL
"""
_FAIL = """
    INSERT INTO view_checkpoints (ledger_id, view, version, position, failed_position, failure)
    VALUES ($1, $2, $3, $4 - 1, $4, $5)
    ON CONFLICT (ledger_id, view, version)
        DO UPDATE SET failed_position = excluded.failed_position, failure = excluded.failure
        WHERE view_checkpoints.position = excluded.position
"""
_READ = """
    SELECT asked.view, asked.version, coalesce(position, -1) AS position, failed_position, failure
    FROM unnest($2::text[], $3::integer[]) AS asked (view, version)
    LEFT JOIN view_checkpoints AS found
        ON found.ledger_id = $1 AND found.view = asked.view AND found.version = asked.version
"""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a view stands, and where and why it stopped, if it did."""

    position: int = NOWHERE
    failed_position: int | None = None
    failure: str | None = None


async def lock_checkpoint(db: Connection, ledger_id: str, view: View) -> Checkpoint:
    """Wait for the view's row and lock it until the transaction ends."""
    row = await db.fetchrow(_LOCK, ledger_id, view.name, view.version)
    if row is None:
        await db.execute(_BEGIN, ledger_id, view.name, view.version)
        row = await db.fetchrow(_LOCK, ledger_id, view.name, view.version)
    return Checkpoint(*row)


async def move_checkpoint(db: Connection, ledger_id: str, view: View, position: int) -> None:
    """Note, under the lock, that everything up to ``position`` is applied."""
    await db.execute(_MOVE, ledger_id, view.name, view.version, position)


async def pass_over(
    db: Database, ledger_id: str, view: View, *, position: int, to_position: int
) -> bool:
    """Move on over entries that do not concern the view; False if it was not at ``position``."""
    status: str = await db.execute(
        _MOVE_OVER, ledger_id, view.name, view.version, position, to_position
    )
    return status.endswith(" 1")


async def note_failure(
    db: Database, ledger_id: str, view: View, *, position: int, failure: str
) -> None:
    """Note that the view cannot apply the entry at ``position``, the next one for it."""
    await db.execute(_FAIL, ledger_id, view.name, view.version, position, failure)


async def read_checkpoints(
    db: Database, ledger_id: str, views: tuple[View, ...]
) -> dict[str, Checkpoint]:
    """Return where each view stands, by its name."""
    names, versions = [v.name for v in views], [v.version for v in views]
    rows = await db.fetch(_READ, ledger_id, names, versions)
    return {
        row["view"]: Checkpoint(row["position"], row["failed_position"], row["failure"])
        for row in rows
    }
