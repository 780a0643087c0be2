"""Periods as people write them on a command line: 2026, 2026Q1, 2026-03, 2026-01..2026-03."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

from ledger.bundles.statements import Span

_PART = re.compile(r"(?P<year>[0-9]{4})(?:-(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4]))?")


def read_period(text: str) -> Span:
    """Return the days from the first of the first part to the last of the last (``ValueError``)."""
    first, dots, last = text.partition("..")
    begin = _months(first)
    end = _months(last) if dots else begin
    span = Span(date(*begin[0], 1), date(*end[1], monthrange(*end[1])[1]))
    if span.last < span.first:
        raise ValueError(text)
    return span


def _months(text: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the first and the last month of one part, as (year, month)."""
    found = _PART.fullmatch(text)
    if found is None or not 1 < int(found["year"]) < 9999:
        raise ValueError(text)
    year = int(found["year"])
    if found["month"]:
        return (year, int(found["month"])), (year, int(found["month"]))
    if found["quarter"]:
        last = 3 * int(found["quarter"])
        return (year, last - 2), (year, last)
    return (year, 1), (year, 12)
