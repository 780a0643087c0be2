"""Cells: amounts to the fen, days in every usual form, words, persons, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.clock import LOCAL
from ledger.core.errors import LedgerError
from ledger.petitions.labels import CHANNELS, OUTCOMES
from scripts.imports import cells, rules
from scripts.imports.cells import Broken, Cell, Formula, Reader, When
from scripts.imports.columns import no_personal_code, no_personal_data, no_personal_reference


@pytest.mark.parametrize(
    ("cell", "fen"),
    [
        ("5,000.00", 5_000_00),
        ("¥5000", 5_000_00),
        ("￥ 5,000.5 元", 5_000_50),
        ("５，０００．０１", 5_000_01),
        ("0.01", 1),
        ("1,234,567.8", 1_234_567_80),
        ("12.3400", 12_34),
        ("-3.50", -3_50),
        ("-0.50", -50),
        (5000, 5_000_00),
        (0.1, 10),
        (0.1 + 0.2, 30),
        (1_234_567_890.12, 1_234_567_890_12),
        (19.99, 19_99),
    ],
)
def test_amounts_are_exact(cell: Cell, fen: int) -> None:
    assert cells.amount(cell) == fen


@given(st.integers(min_value=0, max_value=10**13))
def test_a_spreadsheet_number_of_fen_comes_back_as_it_was(fen: int) -> None:
    assert cells.amount(float(Decimal(fen) / 100)) == fen


@pytest.mark.parametrize(
    "cell", ["", "五千", "5,00", "1,2345", "5万元", "1e5", "5 000", "--5", "5.", True, "$5"]
)
def test_what_is_no_amount(cell: Cell) -> None:
    with pytest.raises(rules.AmountMalformed):
        cells.amount(cell)


def test_an_amount_finer_than_a_fen_is_refused() -> None:
    for cell in ("0.001", 0.125):
        with pytest.raises(rules.AmountTooFine):
            cells.amount(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "2026-03-02",
        "2026/3/2",
        "2026.3.2",
        "2026年3月2日",
        "2026 年 03 月 02 日",
        "20260302",
        "２０２６－０３－０２",
        date(2026, 3, 2),
        datetime.combine(date(2026, 3, 2), time()),
    ],
)
def test_days_in_their_usual_forms(cell: Cell) -> None:
    assert cells.when(cell) == When(datetime(2026, 3, 2, tzinfo=LOCAL), is_day=True)
    assert cells.day(cell) == date(2026, 3, 2)


@pytest.mark.parametrize(
    "cell",
    [
        "2026-03-02 09:30",
        "2026/3/2 9:30:00",
        "2026年3月2日9时30分",
        "2026-03-02T09:30:00+08:00",
        "2026-03-02T01:30:00Z",
        datetime.combine(date(2026, 3, 2), time(9, 30)),
    ],
)
def test_moments_are_of_china_unless_they_say_otherwise(cell: Cell) -> None:
    read = cells.when(cell)

    assert (read.at, read.is_day) == (datetime(2026, 3, 2, 1, 30, tzinfo=UTC), False)
    with pytest.raises(rules.DayMalformed):
        cells.day(cell)


@pytest.mark.parametrize(
    "cell", ["2026-02-30", "2026-13-01", "3/2/2026", "昨天", "2026", 46083, "2026-03-02 25:00", "2"]
)
def test_what_is_no_day(cell: Cell) -> None:
    with pytest.raises(rules.DayMalformed):
        cells.when(cell)


def test_words_are_known_by_code_and_label() -> None:
    channel = cells.word(CHANNELS)

    for cell in ("hotline", "HOTLINE", "热线工单", " Hotline order "):
        assert channel(cell) == "hotline"
    assert channel("书记“码”上办") == "qr_code"
    assert channel("our_own_channel") == "our_own_channel"  # the ledger's rules judge it
    with pytest.raises(rules.ChoiceUnknown) as caught:
        channel("电话")
    assert "热线工单 hotline" in str(caught.value.facts["known"])
    with pytest.raises(rules.ChoiceUnknown):
        cells.one_of(OUTCOMES)("unheard_of")


def test_yes_and_no() -> None:
    assert [cells.truth(cell) for cell in ("是", "满意", True, 1, "Y", "√")] == [True] * 6
    assert [cells.truth(cell) for cell in ("否", "不满意", False, 0, "no")] == [False] * 5
    with pytest.raises(rules.TruthMalformed):
        cells.truth("基本满意")


def test_numbers_hours_and_rates() -> None:
    assert cells.whole_number(120.0) == 120
    assert cells.hours("1.5小时") == 90
    assert cells.hours(0.25) == 15
    assert (cells.rate("5%"), cells.rate("7.25％"), cells.rate(0.05)) == (500, 725, 500)


@pytest.mark.parametrize(
    ("read", "cell", "error"),
    [
        (cells.whole_number, "-1", rules.WholeNumberMalformed),
        (cells.whole_number, 1.5, rules.WholeNumberMalformed),
        (cells.whole_number, True, rules.WholeNumberMalformed),
        (cells.hours, "1.001", rules.HoursMalformed),
        (cells.rate, "5", rules.RateMalformed),
        (cells.rate, 5, rules.RateMalformed),
        (cells.rate, "5.001%", rules.RateMalformed),
        (cells.person, "王小明", rules.PersonMalformed),
        (cells.person, "a b", rules.PersonMalformed),
        (cells.record_id, "17", rules.IdMalformed),
        (cells.plain, Formula(), rules.FormulaRefused),
        (cells.amount, Broken(), rules.CellInError),
        (cells.plain, 1234567890123456, rules.NumberBeyondPrecision),
        (cells.plain, 1e300, rules.NumberBeyondPrecision),
        (cells.plain, float("nan"), rules.NumberBeyondPrecision),
        (cells.plain, "a\x07b", rules.CharacterRefused),
        (cells.plain, "a\x00b", rules.CharacterRefused),
        (cells.plain, "a\ud800b", rules.CharacterRefused),
    ],
)
def test_what_each_reader_refuses(read: Reader, cell: Any, error: type[LedgerError]) -> None:
    with pytest.raises(error):
        read(cell)


def test_a_staff_number_is_the_same_from_text_and_number() -> None:
    assert cells.person("10023") == cells.person(10023) == cells.person(10023.0) == "10023"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("电话13812345678", "mobile-number"),
        ("电话１３８１２３４５６７８", "mobile-number"),
        ("138 1234 5678", "mobile-number"),
        ("身份证11010519491231002X", "identity-number"),
        ("卡号6222 0212 3456 7890 123", "bank-card"),
    ],
)
def test_personal_numbers_in_texts_are_refused(text: str, kind: str) -> None:
    with pytest.raises(rules.PersonalDataInCell) as caught:
        no_personal_data(text)
    assert caught.value.facts == {"kind": kind}


def test_a_reference_may_be_long_and_a_bare_one_is_asked_about_later() -> None:
    no_personal_reference("2026030212345678901")
    no_personal_reference("110105194912310021")  # its check digit is wrong: no identity number
    for text in ("11010519491231002x", "GD-11010519491231002X", "13812345678"):
        no_personal_reference(text)  # somebody may have confirmed that it only looks like one
        with pytest.raises(rules.PersonalDataInCell):
            no_personal_code(text)
    for text in ("业主电话13812345678", "李大山 11010519491231002X"):
        with pytest.raises(rules.PersonalDataInCell):
            no_personal_reference(text)
