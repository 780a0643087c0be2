"""What is checked beside the pass over the entries: versions, receipts, witnesses, time stamps."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from ledger.core.errors import LedgerError
from ledger.merkle.keys import VerifyingKey
from ledger.merkle.notes import read_note, read_signature_lines
from ledger.storage import verifying
from ledger.storage.connect import Connection
from ledger.storage.verifying import Row
from ledger.verification.findings import Finding, Findings

_STORED_EPOCH_SECONDS = 946_684_800  # 2000-01-01 in the seconds that cosignatures count


async def check_beside(db: Connection, ledger_id: str, *, are_gaps_allowed: bool) -> Findings:
    """Check streams, receipts and tripwires in the snapshot of ``db``."""
    found = Findings()
    for table, what in await verifying.tripwires_gone(db):
        found.add(Finding(rule="tripwire-missing", table=table or "schema", detail=what))
    broken = await verifying.broken_versions(db, ledger_id, are_gaps_allowed=are_gaps_allowed)
    for position, stream_id, version in broken:
        found.add(
            Finding(
                rule="version-broken",
                table="events",
                position=position,
                column="version",
                detail=f"{stream_id} {version}",
            )
        )
    for row in await verifying.broken_receipts(db, ledger_id):
        wrong = {"stream_id": "is_stream", "version": "is_version", "event_count": "is_count"}
        columns = ", ".join(column for column, name in wrong.items() if not row[name])
        found.add(
            Finding(
                rule="receipt-differs",
                table="receipts",
                position=row["first_position"],
                column=columns,
                detail=f"{row['caller']} {row['key']}"[:200],
            )
        )
    for position in await verifying.overlapping_receipts(db, ledger_id):
        found.add(
            Finding(
                rule="receipts-overlap",
                table="receipts",
                position=position,
                column="first_position, event_count",
            )
        )
    return found


async def check_cosignatures(
    db: Connection, ledger_id: str, keys: Sequence[VerifyingKey], found: Findings
) -> None:
    """Check that each line is by who it says, at the time it says, below its checkpoint."""
    async for row in verifying.cosignatures(db, ledger_id):
        problem = _cosignature_problem(row, keys)
        if problem:
            column, detail = problem
            found.add(
                Finding(
                    rule="cosignature-wrong",
                    table="cosignatures",
                    position=row["size"],
                    column=column,
                    detail=f"{row['key_name']} {detail}"[:200],
                )
            )


def _cosignature_problem(row: Row, keys: Sequence[VerifyingKey]) -> tuple[str, str] | None:
    try:
        (line,) = read_signature_lines(row["line"])
        note = read_note((row["note"] or "").encode())
        known = [key for key in keys if (key.name, key.id) == (line.name, line.key_id)]
        note.with_lines(line).signatures_by(known)
    except (LedgerError, ValueError) as wrong:
        return "line", str(wrong)
    said = int.from_bytes(line.signature[:8], "big") - _STORED_EPOCH_SECONDS
    columns = {
        "key_name": (row["key_name"], line.name),
        "key_id": (row["key_id"], line.key_id),
        "cosigned_at": (row["cosigned_at"], said * 1_000_000),
    }
    for column, (stored, expected) in columns.items():
        if stored != expected:
            return column, f"{stored} / {expected}"
    return None


async def check_time_stamps(
    db: Connection, ledger_id: str, log_keys: Sequence[VerifyingKey], found: Findings
) -> None:
    """Check that a token is over a note of its checkpoint that the log signed."""
    async for row in verifying.time_stamps(db, ledger_id):
        column = _stamp_problem(row, log_keys)
        if column:
            found.add(
                Finding(
                    rule="time-stamp-wrong",
                    table="time_stamps",
                    position=row["size"],
                    column=column,
                    detail=row["authority"][:100],
                )
            )


def _stamp_problem(row: Row, log_keys: Sequence[VerifyingKey]) -> str:
    try:
        stamped = read_note(row["stamped"].encode())
        is_of_it = stamped.text == read_note((row["note"] or "").encode()).text
        if not is_of_it or (log_keys and not stamped.signatures_by(log_keys)):
            return "stamped"
    except LedgerError:
        return "stamped"
    return "" if sha256(row["stamped"].encode()).digest() in row["token"] else "token"
