"""What a view of deposits keeps, and how a line is booked.

The register's figures follow from the lines: ``held = received + topped up +
refunded - paid - returned - kept``, at any two times.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ledger.deposits import DrawStatus
from projections.engine import Entry, Row, Rows, View

FIGURES = ("held_fen", "promised_fen", "required_fen", "demanded_fen")
"""What lines change."""

view = View("deposits", version=2)
deposits = view.table("deposits_v2", key=("deposit_id",), history="deposit_states_v2")
draws = view.table(
    "deposit_draws_v2",
    key=("deposit_id", "draw_id"),
    history="deposit_draw_states_v2",
    stream="deposit_id",
)
demands = view.table(
    "deposit_demands_v2",
    key=("deposit_id", "demand_id"),
    history="deposit_demand_states_v2",
    stream="deposit_id",
)
lines = view.lines("deposit_lines_v2", sums=FIGURES)
reminders = view.lines("deposit_reminders_v2")

OPEN_DRAWS = (DrawStatus.REQUESTED, DrawStatus.APPROVED)

TOTALS = {
    "received": "received_fen",
    "top_up_received": "topped_up_fen",
    "draw_paid": "paid_fen",
    "draw_refunded": "refunded_fen",
    "returned": "returned_fen",
    "forfeited": "forfeited_fen",
}
"""Which column adds up the money of which kind of line."""


async def book(  # noqa: PLR0913 - each by name
    rows: Rows,
    event: Any,
    entry: Entry,
    *,
    held_fen: int = 0,
    promised_fen: int = 0,
    required_fen: int = 0,
    demanded_fen: int = 0,
    **about: Any,
) -> None:
    """Change a deposit's figures by so much, and write the line that says so."""
    deposit_id: UUID = event.originator_id
    kind = entry.topic.split(".")[1]
    row = await rows.get(deposits, deposit_id)
    changes = {
        "held_fen": held_fen,
        "promised_fen": promised_fen,
        "required_fen": required_fen,
        "demanded_fen": demanded_fen,
    }
    for column, change_fen in changes.items():
        row[column] += change_fen
    if total := TOTALS.get(kind):
        row[total] += abs(held_fen)
    row["open_draw_count"] += (promised_fen > 0) - (promised_fen < 0)
    rows.put(deposits, settle(row))
    rows.add(
        lines,
        {
            "deposit_id": deposit_id,
            "estate_id": row["estate_id"],
            "kind": kind,
            **changes,
            **about,
            "reason": event.by.reason,
            "actor_id": event.by.actor_id,
            "role": event.by.role,
            "breaches": list(event.by.breaches),
        },
    )


def settle(row: Row) -> Row:
    """Bring what follows from a deposit's other columns up to date."""
    row["free_fen"] = row["held_fen"] - row["promised_fen"]
    missing_fen = row["required_fen"] - row["held_fen"] - row["demanded_fen"]
    row["shortfall_fen"] = 0 if row["ended_on"] else max(0, missing_fen)
    row["status"] = _status(row)
    return row


def _status(row: Row) -> str:
    if row["is_closed"]:
        return "closed"
    if row["ended_on"]:
        return "ended"
    if row["held_fen"] >= row["required_fen"]:
        return "full"
    return "short" if row["received_fen"] else "assessed"
