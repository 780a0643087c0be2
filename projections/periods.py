"""Months, quarters and years in China, as books are kept; and a book's roll-forward over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from projections.engine import Row


class Period(StrEnum):
    """How long each part of a roll-forward is."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_FORMATS = {Period.MONTH: "YYYY-MM", Period.QUARTER: 'YYYY-"Q"Q', Period.YEAR: "YYYY"}


OCCURRED_ON = "(occurred_at AT TIME ZONE 'Asia/Shanghai')::date"


def period_of(day: str, period: Period) -> str:
    """Return SQL for the period of a day in SQL: 2026-03, 2026-Q1 or 2026."""
    return f"to_char({day}, '{_FORMATS[period]}')"


def period_columns(period: Period, day: str = OCCURRED_ON) -> dict[str, str]:
    """Return SQL for the period in which a line counts, by its day.

    With it the first and the last position among the selected lines of that period.
    """
    name = period_of(day, period)
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


NOTHING_LATER: Row = {"told_later_in_fen": 0, "told_later_out_fen": 0, "told_later_count": 0}


def with_told_later(periods: Sequence[Row], sums: Iterable[Row]) -> list[Row]:
    """Return periods with what was told of each after it had been closed, in columns of its own.

    The period's own figures leave it out: it is booked in the first period that was open when
    it was told. ``sums`` have ``period``, the three columns, and the first and last position.
    """
    found = {row["period"]: row for row in sums}
    rows = {row["period"]: row | NOTHING_LATER for row in periods}
    for period, later in found.items():
        if period in rows:
            rows[period] |= {name: later[name] for name in NOTHING_LATER}
    return list(rows.values())
