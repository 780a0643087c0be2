"""Files as they come: encodings, separators, workbooks, headings, and files that are a trap."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import pytest
from openpyxl import Workbook

from ledger.core.errors import LedgerError
from scripts.imports import csv_files, file_rules, tables, xlsx_files
from scripts.imports.cells import Broken, Formula
from scripts.imports.columns import match_headings
from scripts.imports.revenue_rows import RevenueRow
from scripts.imports.tables import Source, Table, Where, read_source, read_table
from tests.scripts.importing import text_file, workbook

TEXT = "小区代码,缴款方\ne1,惠民便利店\n"


def table_of(path: Path, sheet: str | None = None, header_row: int | None = None) -> Table:
    return read_table(read_source(path), Where(sheet=sheet, header_row=header_row))


def cells_of(table: Table) -> list[tuple[object, ...]]:
    return [line.cells for line in table.lines]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_encoding_is_recognised(tmp_path: Path, encoding: str) -> None:
    table = table_of(text_file(tmp_path, TEXT, encoding=encoding))

    assert table.headings == ("小区代码", "缴款方")
    assert cells_of(table) == [("e1", "惠民便利店")]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_recognised(tmp_path: Path, separator: str) -> None:
    text = f'"甲,乙;丙"{separator}列二{separator}列三\n"1,000"{separator}b{separator}\n'

    table = table_of(text_file(tmp_path, text))

    assert table.headings == ("甲,乙;丙", "列二", "列三")
    assert cells_of(table) == [("1,000", "b", "")]


def test_rows_are_counted_as_a_spreadsheet_counts_them(tmp_path: Path) -> None:
    text = '\n临沭县台账\na,b\n\n"两\n行",2\n3,4\n'

    table = table_of(text_file(tmp_path, text), header_row=3)

    assert table.header_row == 3
    assert [(line.number, line.cells) for line in table.lines] == [
        (5, ("两\n行", "2")),
        (6, ("3", "4")),
    ]


def test_a_workbook_gives_typed_cells(tmp_path: Path) -> None:
    day = datetime.combine(date(2026, 3, 2), time())
    moment = datetime.combine(day, time(9, 30))
    rows: list[list[object]] = [
        ["a", "b", "c", "d", "e", "f"],
        ["文字", 5000.1, 12, moment, day.date(), True],
        ["=1+1", "#REF!", None, None, None, None],
    ]

    first, second = cells_of(table_of(workbook(tmp_path, rows)))

    assert first[:6] == ("文字", 5000.1, 12, moment, day, True)
    assert second[:2] == (Formula(), Broken())


def test_a_sheet_can_be_named(tmp_path: Path) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(["first"])
    book.create_sheet("二月").append(["a"])
    book["二月"].append([1])
    book.save(tmp_path / "book.xlsx")

    assert table_of(tmp_path / "book.xlsx", sheet="二月").headings == ("a",)
    with pytest.raises(file_rules.SheetUnknown) as caught:
        table_of(tmp_path / "book.xlsx", sheet="三月")
    assert caught.value.facts["sheets"] == "Sheet、二月"


def test_headings_are_chinese_english_or_mapped() -> None:
    headings = ("小区代码", "Received at", "category", "金额（元）", "付钱的人", "备注")
    placed, wrong = match_headings(
        RevenueRow, headings, mapping={"payer": "付钱的人"}, ignored=("备注",)
    )

    assert wrong == []
    assert placed.units == {"amount_fen": "元"}
    assert placed.places == {
        "estate": 0,
        "received_at": 1,
        "category": 2,
        "amount_fen": 3,
        "payer": 4,
    }


def test_every_wrong_heading_is_named_at_once() -> None:
    headings = ("小区代码", "estate", "类别", "金额", "电话")
    _, wrong = match_headings(
        RevenueRow, headings, mapping={"payer": "付款人", "nothing": "金额"}, ignored=()
    )

    assert {(column, error.code()) for column, error in wrong} == {
        ("nothing", "field-unknown"),
        ("estate", "column-doubled"),
        ("电话", "heading-unknown"),
        ("received_at", "column-missing"),
        ("付款人", "heading-missing"),
    }


def unfit(data: bytes, name: str = "table.csv") -> LedgerError:
    with pytest.raises(LedgerError) as caught:
        read_table(Source(name, "", data), Where())
    return caught.value


def test_what_is_no_table_is_refused() -> None:
    assert isinstance(unfit(b"\x80\xff,\xff"), file_rules.EncodingBroken)
    assert isinstance(unfit(b"\xd0\xcf\x11\xe0", "old.xls"), file_rules.FileFormatUnknown)
    assert isinstance(unfit(b"a,b\n\0,1\n"), file_rules.FileFormatUnknown)
    assert isinstance(unfit(b'a,b\n"open,1\n'), file_rules.CsvBroken)
    assert isinstance(unfit(b"a,b\n" + b"x" * 40_000 + b",1\n"), file_rules.CsvBroken)
    assert isinstance(unfit(b"a,b\n\n ,\n"), file_rules.TableEmpty)
    assert isinstance(unfit(b""), file_rules.TableEmpty)
    assert isinstance(
        unfit(b",".join(b"h" for _ in range(300)) + b"\n1\n"), file_rules.ColumnsTooMany
    )
    assert isinstance(unfit(b"PK\x03\x04 and nothing else"), file_rules.WorkbookBroken)


def test_files_that_are_not_there_too_large_or_badly_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(file_rules.FileUnreadable):
        read_source(tmp_path / "nothing.csv")
    with pytest.raises(file_rules.FileUnreadable):
        read_source(tmp_path)
    with pytest.raises(file_rules.FileNameUnfit):
        read_source(text_file(tmp_path, TEXT, "王某13812345678.csv"))
    monkeypatch.setattr(tables, "FILE_BYTES_MAX", 10)
    with pytest.raises(file_rules.FileTooLarge):
        read_source(text_file(tmp_path, TEXT))


def test_a_table_of_a_million_rows_is_refused_without_reading_them_all() -> None:
    data = b"a\n" + b"1\n" * 1_000_000

    assert unfit(data).facts == {"rows_max": tables.ROWS_MAX}
    assert isinstance(unfit(b"a\n" + b"\n" * 1_100_000), file_rules.RowsTooMany)


def packed(*parts: tuple[str, bytes]) -> bytes:
    """Return an archive."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts:
            archive.writestr(name, data)
    return written.getvalue()


def test_archives_that_unpack_to_too_much_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    zeros = bytes(5 * 1024**2)
    assert "ratio_max" in unfit(packed(("xl/workbook.xml", zeros))).facts
    assert "archive" in unfit(packed(("xl/inside.zip", b"PK"))).facts
    assert "entries" in unfit(packed(*((f"{n}.xml", b"") for n in range(1_001)))).facts
    monkeypatch.setattr(xlsx_files, "UNPACKED_BYTES_MAX", 1_000)
    assert "bytes" in unfit(packed(("xl/workbook.xml", bytes(2_000)))).facts


@pytest.mark.parametrize(
    "part",
    [
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
        b" " * (xlsx_files.CHUNK_BYTES - 5) + b"<!DOCTYPE x>",
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x><x/>'.encode("utf-16"),
        b'<?xml version="1.0" encoding="cp037"?>'
        + '<!DOCTYPE x [<!ENTITY a "a">]>'.encode("cp037"),
        b"\xef\xbb\xbf<?xml version='1.0' encoding='cp1026'?>" + "<!DOCTYPE x>".encode("cp1026"),
    ],
)
def test_document_types_are_refused(part: bytes) -> None:
    for name in ("xl/workbook.xml", "xl/worksheets/sheet1.dat", "xl/media/logo.png"):
        assert isinstance(unfit(packed((name, part))), file_rules.WorkbookUnsafe), name


LAUGHS = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 12))


@pytest.mark.parametrize(
    "document_type",
    [
        f'<!DOCTYPE sst [<!ENTITY l0 "ha">{LAUGHS}]>',
        '<!DOCTYPE sst [<!ENTITY l11 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE sst [<!ENTITY % far SYSTEM "http://127.0.0.1:1/x.dtd"> %far;]>',
        '<!DOCTYPE sst SYSTEM "http://127.0.0.1:1/x.dtd">',
    ],
    ids=["billion laughs", "file", "parameter", "external"],
)
@pytest.mark.parametrize("changed", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "_rels/.rels"])
def test_a_workbook_that_laughs_or_asks_elsewhere_is_refused(
    document_type: str, changed: str
) -> None:
    """A real workbook, with entities in one of the parts that the reader parses."""
    book, written = Workbook(), io.BytesIO()
    assert book.active is not None
    book.active.append(["a"])
    book.save(written)
    parts = []
    with zipfile.ZipFile(written) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            if name == changed:
                data = document_type.encode() + data.replace(b"</", b"&l11;</", 1)
            parts.append((name, data))

    assert isinstance(unfit(packed(*parts)), file_rules.WorkbookUnsafe)


def test_a_row_that_claims_to_stand_a_billion_rows_down_is_refused() -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(["a"])
    written = io.BytesIO()
    book.save(written)
    parts = []
    with zipfile.ZipFile(written) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            if name.endswith("sheet1.xml"):
                far = b'<row r="1000000000"><c r="A1000000000"><v>1</v></c></row></sheetData>'
                data = data.replace(b"</sheetData>", far)
            parts.append((name, data))

    assert isinstance(unfit(packed(*parts)), file_rules.RowsTooMany)


def test_what_stands_most_often_outside_quotation_marks_separates() -> None:
    assert csv_files.separator_of('"a,b,c,d";e;f\n') == ";"
    assert csv_files.separator_of("alone\n") == ","
