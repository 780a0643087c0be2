"""Figures as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from api.web import figures
from ledger.core.errors import InvalidValue


@pytest.mark.parametrize(
    ("amount_fen", "exact", "short"),
    [
        (0, "¥0.00", "¥0"),
        (7, "¥0.07", "¥0"),
        (434_567, "¥4,345.67", "¥4,345"),
        (-434_567, "−¥4,345.67", "−¥4,345"),
        (100_000_000, "¥1,000,000.00", "¥1,000,000"),
    ],
)
def test_money(amount_fen: int, exact: str, short: str) -> None:
    assert figures.yuan(amount_fen) == exact
    assert figures.yuan_short(amount_fen) == short


def test_numbers() -> None:
    assert figures.count(12_345) == "12,345"
    assert [figures.percent(bp) for bp in (500, 550, 555, 0)] == ["5%", "5.5%", "5.55%", "0%"]
    assert figures.field_figure("amount_fen", 500) == "¥5.00"
    assert figures.field_figure("rate_bp", 500) == "5%"
    nothing = (figures.yuan(None), figures.count(None), figures.day(None), figures.short_id(None))
    assert nothing == ("–", "–", "–", "–")


def test_times_are_those_of_china() -> None:
    late = datetime(2026, 3, 1, 17, 30, tzinfo=UTC)
    assert figures.day(late) == "2026-03-02"
    assert figures.moment(late) == "2026-03-02 01:30"
    assert figures.day(date(2026, 3, 2)) == "2026-03-02"
    assert figures.read_moment("2026-03-02T09:00", field="at").astimezone(UTC).hour == 1
    assert figures.moment(figures.read_day("2026-03-02", field="at")) == "2026-03-02 00:00"
    assert figures.day(figures.read_moment("2026-03-02", field="at")) == "2026-03-02"


@pytest.mark.parametrize("given", ["yesterday", "2026-02-30", "2026-03-02T25:00", "9999999999"])
def test_what_is_no_time_is_refused(given: str) -> None:
    for read in (figures.read_moment, figures.read_day):
        with pytest.raises(InvalidValue):
            read(given, field="at")
