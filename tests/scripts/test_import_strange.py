"""What spreadsheets and systems do to a table is read right, or refused with the cell's name."""

from __future__ import annotations

import io
import os
import re
import resource
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from ledger.accounts import PublicAccount
from ledger.core.errors import LedgerError
from ledger.storage.ledger import Ledger
from scripts.imports import cells, file_rules, rules, xlsx_files
from scripts.imports.cells import Cell, When
from scripts.imports.encodings import decode
from scripts.imports.lines import Line
from scripts.imports.tables import Source, Where, read_table
from scripts.imports.units import unit_above
from tests.commands.money import ACCOUNT
from tests.scripts.importing import found_county, imported, rules_of, text_file, workbook
from tests.scripts.test_import_files import packed

HEADINGS = "小区代码,收入类别,金额,到账日期,缴款方,银行流水号"
ESTATE = "371329001001.e1"


def local(*parts: int) -> datetime:
    """A moment as spreadsheets store it, without a zone."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


# Digits -----------------------------------------------------------------------------------

MARKS = ("①", "②", "⑩", "²", "³", "₂", "½", "¼", "❶", "⓪", "Ⅳ", "㈠", "㊀", "٣", "𝟑", "၃", "百")


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize(
    "read", [cells.amount, cells.hours, cells.whole_number, cells.rate, cells.when, cells.day]
)
def test_marks_are_no_digits(read: Callable[[Cell], Any], mark: str) -> None:
    for text in (f"20{mark}", f"{mark}20", f"2026-11-2{mark}", f"5{mark}%", mark):
        with pytest.raises(LedgerError):
            read(text)


def test_full_width_forms_are_the_usual_ones() -> None:
    assert cells.amount("￥５，０００．２５元") == 5_000_25
    assert cells.hours("１．５小时") == 90
    assert cells.rate("５％") == 500
    assert cells.when("２０２６－１１－２０　９：３０").at == cells.when("2026-11-20 9:30").at
    assert cells.code("ＢＫ－０１①") == "BK-01①", "what is no form of width is kept"


async def test_each_mark_is_refused_with_its_cell(ledger: Ledger, tmp_path: Path) -> None:
    await found_county(ledger)
    rows = [f"{ESTATE},parking,{amount},2026-11-20,顺达,BK1" for amount in ("5000①", "8000²")]
    report = await imported(
        ledger, "revenue", text_file(tmp_path, "\n".join([HEADINGS, *rows, ""]))
    )
    assert rules_of(report) == {(2, "金额", "amount-malformed"), (3, "金额", "amount-malformed")}
    assert [one.cell for one in report.problems] == ["C2", "C3"]


# Units ------------------------------------------------------------------------------------


def table_in(unit: str, heading: str, amount: str) -> str:
    return (
        f"公共收益明细\n{unit}\n{HEADINGS.replace('金额', heading)}\n"
        f"{ESTATE},parking,{amount},2026-11-20,顺达,BK1\n"
    )


@pytest.mark.parametrize(
    ("told", "fen"),
    [
        ((",,单位：万元", "金额", "1.25"), 12_500_00),
        (("（金额单位: 千元）", "金额", "1.25"), 1_250_00),
        (("单位：人民币元", "金额", "1.25"), 1_25),
        (("单 位", "金额（万元）", "0.000001"), 1),
        (("单位：万元", "金额(万元)", "1.25万元"), 12_500_00),
        (("填报单位：阳光物业公司", "金额", "1.25"), 1_25),
        (("制表单位：阳光公司　金额单位：亿元", "到账金额", "0.0001"), 10_000_00),
    ],
)
async def test_the_unit_that_is_told_counts(
    ledger: Ledger, tmp_path: Path, told: tuple[str, str, str], fen: int
) -> None:
    await found_county(ledger)
    path = text_file(tmp_path, table_in(*told))
    report = await imported(ledger, "revenue", path)
    assert (report.problems, report.recorded_count) == ([], 1)
    assert (await ledger.load(PublicAccount, ACCOUNT)).balance_fen == fen


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        (("单位：万元", "金额(元)", "1.25"), "unit-contradicts"),
        (("单位：万元", "金额", "5元"), "unit-contradicts"),
        (("单位：万元,单位：元", "金额", "5"), "unit-contradicts"),
        (("单位：美元", "金额", "5"), "amount-unit-unknown"),
        (("单位：万元", "金额", "1.0000001"), "amount-too-fine"),
        (("", "金额", "5万元"), "amount-malformed"),
    ],
)
async def test_units_that_contradict_each_other_are_refused(
    ledger: Ledger, tmp_path: Path, told: tuple[str, str, str], rule: str
) -> None:
    await found_county(ledger)
    path = text_file(tmp_path, table_in(*told))
    report = await imported(ledger, "revenue", path)
    assert [one.rule for one in report.problems] == [rule]
    assert report.recorded_count == 0


def test_a_unit_of_something_else_is_none() -> None:
    assert unit_above([Line(1, ("单位：小时", 5, None))]) is None
    assert unit_above([]) is None


# Encodings --------------------------------------------------------------------------------

TEXT = "小区代码,缴款方\ne1,顺达停车管理有限公司\ne2,惠民便利店\n"
OLD_TEXT = "小區代碼,繳款方\ne1,順達停車管理有限公司\ne2,惠民便利店\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk"])
def test_what_is_whole_is_read(encoding: str) -> None:
    assert decode(TEXT.encode(encoding)).removeprefix("\ufeff") == TEXT
    rare = TEXT.replace("惠民便利店", "惠民𠮷便利店") * 3
    assert decode(rare.encode("gb18030")) == rare


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_one_lost_byte_is_refused_wherever_it_is(encoding: str) -> None:
    whole = TEXT.encode(encoding)
    high = [place for place, byte in enumerate(whole) if byte >= 0x80 and place > 3]
    for place in high:
        lost = whole[:place] + whole[place + 1 :]
        with pytest.raises((file_rules.EncodingBroken, file_rules.EncodingUnclear)) as caught:
            decode(lost)
        assert "line" in caught.value.facts or "looks_like" in caught.value.facts


def test_a_lost_byte_of_utf8_names_line_and_encoding() -> None:
    whole = TEXT.encode()
    place = whole.index("惠".encode()) + 1
    with pytest.raises(file_rules.EncodingBroken) as caught:
        decode(whole[:place] + whole[place + 1 :])
    assert caught.value.facts == {"encoding": "utf-8", "line": 3}


def test_big5_is_named_and_read_where_it_is_said() -> None:
    data = OLD_TEXT.encode("big5")
    with pytest.raises(file_rules.EncodingUnclear) as caught:
        decode(data)
    assert caught.value.facts["looks_like"] == "big5"
    assert decode(data, "big5") == OLD_TEXT
    with pytest.raises(file_rules.EncodingBroken):
        decode(TEXT.encode("gb18030"), "utf-8")
    with pytest.raises(file_rules.EncodingBroken):
        decode(b"\xef\xbb\xbf" + TEXT.encode("gb18030"))


# What spreadsheets make of cells ----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "error"),
    [
        *((one, rules.CellInError) for one in ("#N/A", "#REF!", "#DIV/0!", "#NAME?", "#####")),
        *((one, rules.FormulaRefused) for one in ("=1+1", "=cmd|'/c calc'!A1", '="001"')),
        *((one, rules.NumberBeyondPrecision) for one in ("1.1E+17", "2.02611E+13", "-1E-05")),
    ],
)
@pytest.mark.parametrize("read", [cells.plain, cells.code, cells.amount, cells.when, cells.person])
def test_what_a_spreadsheet_made_of_a_value_is_none(
    read: Callable[[Cell], Any], text: str, error: type[LedgerError]
) -> None:
    with pytest.raises(error):
        read(text)


def test_other_texts_are_texts() -> None:
    for text in ("#3楼", "1E5", "A=B", "E+17", "No.1"):
        assert cells.plain(text) == text


def sheet_with(change: Callable[[Any], None], rows: list[list[object]] | None = None) -> bytes:
    """A workbook of two columns, changed."""
    book = Workbook()
    for row in rows or [["甲", "乙"], ["1", "2"], ["3", "4"]]:
        book.active.append(row)  # type: ignore[union-attr]
    change(book)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def rows_of(data: bytes, where: Where | None = None) -> list[tuple[object, ...]]:
    table = read_table(Source("book.xlsx", "", data), where or Where())
    return [line.cells for line in table.lines]


def test_escapes_of_workbooks_are_read() -> None:
    data = sheet_with(
        lambda _: None, [["甲"], ["一行_x000D_\n二行"], ["_x005F_x000D_"], ["x_x00zz_"]]
    )
    read = [cells.plain(row[0]) for row in rows_of(data)]  # type: ignore[arg-type]
    assert read == ["一行\n二行", "_x000D_", "x_x00zz_"]


@pytest.mark.parametrize("number", [*range(27, 37), *range(50, 59)])
def test_the_built_in_dates_of_east_asia_are_dates(number: int) -> None:
    book = Workbook()
    book.active.append(["日期"])  # type: ignore[union-attr]
    book.active.append([local(2026, 11, 10)])  # type: ignore[union-attr]
    written = io.BytesIO()
    book.save(written)
    parts = []
    with zipfile.ZipFile(written) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            if name == "xl/styles.xml":
                data = re.sub(rb'(<xf [^>]*numFmtId=")(?!0")\d+', rb"\g<1>%d" % number, data)
            parts.append((name, data))
    ((cell,),) = rows_of(packed(*parts))
    assert cells.when(cell).day == date(2026, 11, 10)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "facts"),
    [
        (lambda book: setattr(book.active.row_dimensions[3], "hidden", True), {"rows": "3"}),
        (lambda book: setattr(book.active.row_dimensions[3], "height", 0.05), {"rows": "3"}),
        (
            lambda book: setattr(book.active.column_dimensions["B"], "hidden", True),
            {"columns": "B"},
        ),
        (
            lambda book: book.active.column_dimensions.group("A", "B", hidden=True),
            {"columns": "A, B"},
        ),
        (
            lambda book: setattr(book.active.sheet_format, "zeroHeight", True),
            {"rows": "1, 2, 3"},
        ),
    ],
)
def test_what_is_hidden_is_refused_unless_it_is_asked_for(
    change: Callable[[Any], None], facts: dict[str, str]
) -> None:
    data = sheet_with(change)
    with pytest.raises(file_rules.HiddenCells) as caught:
        rows_of(data)
    assert {k: v for k, v in caught.value.facts.items() if v is not None} == facts
    assert rows_of(data, Where(takes_hidden=True)) == [("1", "2"), ("3", "4")]


def test_hidden_rows_and_columns_without_content_are_let_be() -> None:
    def hide(book: Any) -> None:
        book.active.row_dimensions[9].hidden = True
        book.active.column_dimensions["D"].hidden = True

    assert rows_of(sheet_with(hide)) == [("1", "2"), ("3", "4")]


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_hidden_sheets_are_not_taken_silently(state: str) -> None:
    def hide(book: Any) -> None:
        book.create_sheet("见得到").append(["甲"])
        book["见得到"].append(["看见"])
        book["Sheet"].sheet_state = state
        book.active = 1

    data = sheet_with(hide)
    assert rows_of(data) == [("看见",)], "the first that is shown"
    with pytest.raises(file_rules.SheetHidden):
        rows_of(data, Where(sheet="Sheet"))
    assert len(rows_of(data, Where(sheet="Sheet", takes_hidden=True))) == 2


# Limits -----------------------------------------------------------------------------------


def with_styles(styles: bytes) -> bytes:
    parts = []
    with zipfile.ZipFile(io.BytesIO(sheet_with(lambda _: None))) as archive:
        for name in archive.namelist():
            parts.append((name, styles if name == "xl/styles.xml" else archive.read(name)))
    return packed(*parts)


def test_a_workbook_of_many_formats_is_refused_before_it_is_parsed() -> None:
    begin = (
        b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts>'
    )
    one = '<numFmt numFmtId="{}" formatCode="0.{}"/>'
    formats = "".join(one.format(164 + n, os.urandom(8).hex()) for n in range(900_000)).encode()
    data = with_styles(begin + formats + b"</numFmts></styleSheet>")
    before = resource.getrusage(resource.RUSAGE_SELF)
    with pytest.raises(file_rules.WorkbookUnsafe):
        rows_of(data)
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_utime - before.ru_utime < 10, "processor time, not the clock's"
    assert after.ru_maxrss - before.ru_maxrss < 100 * 1024


def test_many_elements_beside_the_cells_are_refused() -> None:
    fonts = b"<styleSheet><fonts>" + b"<font/>" * xlsx_files.ELEMENTS_MAX + b"</fonts></styleSheet>"
    with pytest.raises(file_rules.WorkbookUnsafe):
        rows_of(with_styles(fonts.ljust(100)))


# The same row, however it is stored -------------------------------------------------------


def test_midnight_is_the_day() -> None:
    day = When(cells.when("2026-11-10").at, is_day=True)
    for same in (
        "2026/11/10 0:00",
        "2026-11-10 00:00:00",
        "20261110000000",
        "2026年11月10日",
        local(2026, 11, 10),
        date(2026, 11, 10),
        20261110,
    ):
        assert cells.when(same) == day
    assert cells.when("20261114090000") == cells.when(local(2026, 11, 14, 9, 0, 0, 300))
    assert cells.when("2026-11-14T01:00:00Z") == cells.when("2026-11-14 9:00")


async def test_a_workbook_and_the_csv_of_it_are_the_same_rows(
    ledger: Ledger, tmp_path: Path
) -> None:
    await found_county(ledger)
    rows: list[list[object]] = [
        list(HEADINGS.split(",")),
        [ESTATE, "停车费", 1000, local(2026, 11, 10), "顺达停车", "F2-0"],
        [ESTATE, "停车费", 1001.5, local(2026, 11, 11, 9, 30), "顺达停车", 20261110001],
    ]
    first = await imported(ledger, "revenue", workbook(tmp_path, rows))
    assert (first.problems, first.recorded_count) == ([], 2)
    text = (
        f"{HEADINGS}\n{ESTATE},停车费,1000,2026/11/10 0:00,顺达停车,Ｆ２－０\n"
        f'{ESTATE},停车费,"1,001.50",2026/11/11 9:30,顺达停车,20261110001\n'
    )
    again = await imported(ledger, "revenue", text_file(tmp_path, text, encoding="gb18030"))
    assert (again.problems, again.there_count, again.recorded_count) == ([], 2, 0)


PETITIONS = "渠道,标题,内容,社区代码,受理时间,编号"
SPELLINGS = ("REF-001", "ref-001", "REF‐001", "REF－001", "REF—001", "REF-001\u200b", " REF - 001")


async def test_a_reference_is_one_however_it_is_typed(ledger: Ledger, tmp_path: Path) -> None:
    await found_county(ledger)
    row = "热线工单,灯,路灯不亮,371329001001,2026-11-14 09:00,{}"
    first = text_file(tmp_path, f"{PETITIONS}\n{row.format('REF-001')}\n")
    assert (await imported(ledger, "petitions", first)).recorded_count == 1

    rows = "\n".join(row.format(one) for one in ("REF-001", "ref-001"))
    twice = await imported(ledger, "petitions", text_file(tmp_path, f"{PETITIONS}\n{rows}\n"))
    assert (3, "编号", "row-repeated") in rules_of(twice) or (3, "", "row-repeated") in rules_of(
        twice
    )
    for spelling in SPELLINGS:
        path = text_file(tmp_path, f"{PETITIONS}\n{row.format(spelling)}\n")
        again = await imported(ledger, "petitions", path)
        assert (again.there_count, again.recorded_count) == (1, 0), spelling


async def test_bank_references_are_kept_as_typed_and_compared_by_key(
    ledger: Ledger, tmp_path: Path
) -> None:
    await found_county(ledger)
    row = ESTATE + ",parking,1000,2026-11-10,顺达,{}"
    for number, spelling in enumerate(SPELLINGS[:5]):
        path = text_file(tmp_path, f"{HEADINGS}\n{row.format(spelling)}\n")
        report = await imported(ledger, "revenue", path)
        assert report.problems == []
        assert report.recorded_count == (number == 0), spelling
