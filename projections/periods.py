"""Months, quarters and years in China, as books are kept; and a book's roll-forward over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from projections.engine import Row


class Period(StrEnum):
    """How long each part of a roll-forward is."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_FORMATS = {Period.MONTH: "YYYY-MM", Period.QUARTER: 'YYYY-"Q"Q', Period.YEAR: "YYYY"}


def period_columns(period: Period) -> dict[str, str]:
    """Return SQL for the period in which a line happened (2026-03, 2026-Q1 or 2026).

    With it the first and the last position among the selected lines of that period.
    """
    name = f"to_char(occurred_at AT TIME ZONE 'Asia/Shanghai', '{_FORMATS[period]}')"
    return {
        "period": name,
        "first_position": f"min(position) OVER (PARTITION BY {name})",
        "last_position": f"max(position) OVER (PARTITION BY {name})",
    }


OF_A_PERIOD = ("period", "kind", "first_position", "last_position")
"""What lines are summed up by before ``roll_forward``."""


def roll_forward(
    sums: Iterable[Row], kinds: Mapping[str, str], *, amount: str, held: str
) -> list[Row]:
    """Return one row a period: opening, what came in and went out by kind, closing; oldest first.

    ``sums`` are the lines' sums by ``OF_A_PERIOD``: the signed change in ``amount``, and in
    ``held`` what was set aside (both in fen). ``kinds`` names the column of each kind, whose
    figure is shown without its sign.
    """
    periods: dict[str, Row] = {}
    balance_fen = held_fen = 0
    for found in sorted(sums, key=lambda row: str(row["period"])):
        row = periods.get(found["period"])
        if row is None:
            row = periods[found["period"]] = _begun(found, kinds, balance_fen)
        change_fen = found[amount]
        row["in_fen" if change_fen > 0 else "out_fen"] += abs(change_fen)
        if column := kinds.get(found["kind"]):
            row[column] += abs(change_fen)
        row["line_count"] += found["count"]
        balance_fen += change_fen
        held_fen += found[held]
        row["closing_fen"], row["closing_held_fen"] = balance_fen, held_fen
    return list(periods.values())


def _begun(found: Row, kinds: Mapping[str, str], opening_fen: int) -> Row:
    return {
        "period": found["period"],
        "opening_fen": opening_fen,
        "in_fen": 0,
        "out_fen": 0,
        **dict.fromkeys(kinds.values(), 0),
        "line_count": 0,
        "first_position": found["first_position"],
        "last_position": found["last_position"],
    }
