"""Rent against schedule: what each instalment of a lease still lacks, the oldest paid first.

Pure reckoning over a lease's row and the sum of its receipts; all amounts in fen.
"""

from __future__ import annotations

from datetime import date

from projections.engine import Row


def against_schedule(lease: Row, received_fen: int, on: date) -> Row:
    """Return the lease with what was due by a day, received, in arrears, paid ahead, due next.

    Money that came in settles the oldest instalment first. What would fall due after a lease
    ended is not owed.
    """
    row = dict(lease)
    instalments = _settled(row.pop("schedule"), received_fen, row["ended_on"], on)
    due_fen = sum(i["amount_fen"] for i in instalments if i["due_on"] <= on)
    unpaid = [i for i in instalments if i["open_fen"]]
    upcoming = [i for i in instalments if i["due_on"] > on]
    return row | {
        "on": on,
        "is_running": row["starts_on"] <= on <= (row["ended_on"] or row["ends_on"]),
        "due_fen": due_fen,
        "received_fen": received_fen,
        "arrears_fen": max(0, due_fen - received_fen),
        "ahead_fen": max(0, received_fen - due_fen),
        "overdue_since_on": unpaid[0]["due_on"] if unpaid and unpaid[0]["due_on"] < on else None,
        "next_due_on": upcoming[0]["due_on"] if upcoming else None,
        "next_due_fen": upcoming[0]["amount_fen"] if upcoming else 0,
        "instalments": instalments,
    }


def _settled(schedule: list[Row], received_fen: int, ended_on: date | None, on: date) -> list[Row]:
    left_fen = max(0, received_fen)
    instalments = []
    for agreed in schedule:
        due_on, amount_fen = date.fromisoformat(agreed["due_on"]), agreed["amount_fen"]
        if ended_on is not None and due_on > ended_on:
            continue
        paid_fen = min(amount_fen, left_fen)
        left_fen -= paid_fen
        instalments.append(
            {
                "due_on": due_on,
                "amount_fen": amount_fen,
                "received_fen": paid_fen,
                "open_fen": amount_fen - paid_fen,
                "status": _status(amount_fen - paid_fen, paid_fen, due_on, on),
            }
        )
    return instalments


def _status(open_fen: int, paid_fen: int, due_on: date, on: date) -> str:
    if not open_fen:
        return "paid"
    if due_on < on:
        return "overdue"
    return "partly_paid" if paid_fen else "due" if due_on == on else "upcoming"
