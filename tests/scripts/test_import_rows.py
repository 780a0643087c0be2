"""What is wrong with rows: everything at once, each with its row, column and rule."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.commands.petitions import file_petition
from ledger.core.guards import UNPROVEN
from ledger.storage.ledger import Ledger
from scripts.imports.columns import fields_of
from scripts.imports.flow import KINDS
from scripts.imports.problems import Problem, printable
from scripts.imports.report import as_csv, inert
from tests.commands.county import DAMP_GARAGE, build_county, who
from tests.scripts.importing import (
    EXAMPLES,
    found_county,
    history_of,
    imported,
    marked,
    rules_of,
    size_of,
    text_file,
    workbook,
)

ESTATE = "371329001001.e1"
COMMUNITY = "371329001001"
PETITION = {
    "channel": "hotline",
    "title": "楼道灯不亮",
    "summary": "三号楼楼道灯损坏",
    "community": COMMUNITY,
    "filed_at": "2025-04-02",
}
EXPENSE = {
    "estate": ESTATE,
    "amount": "100",
    "category": "repair",
    "purpose": "更换门禁",
    "payee": "安捷门禁有限公司",
    "applied_at": "2025-04-02",
    "applied_by": "Y501",
}
DEPOSIT = {
    "line": "drawn",
    "estate": ESTATE,
    "company": "company-1",
    "contract": "2024",
    "at": "2025-04-02",
    "by": "Q601",
    "amount": "5000",
    "payee": "宏远管道维修部",
    "purpose": "抢修",
    "cause_kind": "emergency",
    "cause_record": "管道破裂",
}
ASSESSED = {
    **{name: DEPOSIT[name] for name in ("estate", "company", "contract", "at", "by")},
    "line": "assessed",
    "base_amount": "600000",
    "rate": "5%",
    "basis": "履约协议",
    "ends_on": "2026-12-31",
}
AWARD = {
    "volunteer": "V-1",
    "community": COMMUNITY,
    "kind": "patrol",
    "served_on": "2025-04-02",
    "points": "20",
    "minutes": "120",
}
REVENUE = {
    "estate": ESTATE,
    "category": "rent",
    "amount": "100",
    "received_at": "2025-04-02",
    "payer": "惠民便利店",
}


def table(folder: Path, *rows: dict[str, str], name: str = "table.csv") -> Path:
    """Write rows that name their cells."""
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    written = io.StringIO()
    writer = csv.DictWriter(written, headings, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text_file(folder, written.getvalue(), name)


async def test_every_bad_cell_of_every_row_is_in_one_report(ledger: Ledger, tmp_path: Path) -> None:
    size = await found_county(ledger)
    path = table(
        tmp_path,
        REVENUE,
        REVENUE | {"amount": "很多", "received_at": "昨天", "payer": ""},
        REVENUE | {"estate": "nowhere", "amount": "0"},
        REVENUE | {"payer": "王某13812345678"},
        REVENUE | {"received_at": "2999-01-01"},
        REVENUE | {"payer": "店" * 101, "category": "房租收入"},
    )

    report = await imported(ledger, "revenue", path)

    assert rules_of(report) == {
        (3, "amount", "amount-malformed"),
        (3, "received_at", "day-malformed"),
        (3, "payer", "cell-required"),
        (4, "amount", "greater-than"),
        (5, "payer", "personal-data-in-cell"),
        (6, "received_at", "day-in-future"),
        (7, "payer", "too-long"),
        (7, "category", "choice-unknown"),
    }
    assert all(one.zh and one.en for one in report.problems)
    assert (report.refused_count, report.to_record_count, report.recorded_count) == (5, 1, 0)
    assert await size_of(ledger) == size


async def test_good_rows_are_stored_when_that_is_asked_for(ledger: Ledger, tmp_path: Path) -> None:
    await found_county(ledger)
    path = table(tmp_path, REVENUE, REVENUE | {"amount": "-1"})

    report = await imported(ledger, "revenue", path, accepts_good_rows=True)

    assert rules_of(report) == {(3, "amount", "greater-than")}
    assert (report.refused_count, report.recorded_count) == (1, 1)
    assert len(await history_of(ledger)) == 1


async def test_a_dry_run_checks_all_and_stores_nothing(ledger: Ledger, tmp_path: Path) -> None:
    size = await found_county(ledger)
    path = table(tmp_path, REVENUE)

    report = await imported(ledger, "revenue", path, is_dry_run=True)

    assert (report.problems, report.to_record_count, report.recorded_count) == ([], 1, 0)
    assert await size_of(ledger) == size


@pytest.mark.parametrize(
    ("kind", "row", "column", "rule"),
    [
        ("petitions", PETITION | {"community": "nowhere"}, "community", "organisation-unknown"),
        ("petitions", PETITION | {"community": ESTATE}, "community", "organisation-unfit"),
        ("petitions", PETITION | {"community": ""}, "community", "cells-belong-together"),
        ("petitions", PETITION | {"category": "facilities"}, "item", "cells-belong-together"),
        ("petitions", PETITION | {"dispatched_at": "2025-04-03"}, "dispatched_to",
         "cells-belong-together"),
        ("petitions", PETITION | {"answered_at": "2025-04-03", "outcome": "resolved"}, "answer",
         "cell-required"),
        ("petitions", PETITION | {"visited_at": "2025-04-03", "resolved": "是"}, "satisfied",
         "cells-belong-together"),
        ("petitions", PETITION | {"closed_by": "S1"}, "closed_at", "cell-required"),
        ("petitions", PETITION | {"closed_at": "2025-04-01"}, "closed_at", "days-out-of-order"),
        ("petitions", PETITION | {"filed_at": "2019-04-01"}, "filed_at", "policy-missing"),
        ("petitions", PETITION | {"filed_by": "王小明"}, "filed_by", "person-malformed"),
        ("petitions", PETITION | {"petitioner": "13812345678"}, "petitioner",
         "personal-data-in-cell"),
        ("petitions", PETITION | {"reference": "13812345678"}, "reference",
         "reference-looks-personal"),
        ("petitions", PETITION | {"place": "身份证11010519491231002X"}, "place",
         "personal-data-in-cell"),
        ("revenue", REVENUE | {"lease": "12"}, "lease", "id-malformed"),
        ("revenue", REVENUE | {"estate": COMMUNITY}, "estate", "organisation-unfit"),
        ("expenses", EXPENSE | {"reviewed_at": "2025-04-03"}, "reviewed_by",
         "cells-belong-together"),
        ("expenses", EXPENSE | {"evidence_name": "发票.pdf", "evidence_sha256": "12",
                                "evidence_bytes": "9"}, "evidence_sha256", "pattern"),
        ("expenses", EXPENSE | {"evidence_name": "发票.pdf"}, "evidence_sha256",
         "cells-belong-together"),
        ("expenses", EXPENSE | {"approved_at": "2025-04-05", "approved_by": "J1",
                                "paid_at": "2025-04-04", "paid_by": "J2"}, "paid_at",
         "days-out-of-order"),
        ("deposits", DEPOSIT, "contract", "deposit-not-assessed"),
        ("deposits", ASSESSED | {"rate": ""}, "rate", "cell-required"),
        ("deposits", ASSESSED | {"purpose": "抢修"}, "purpose", "cell-not-for-line"),
        ("deposits", ASSESSED | {"company": "housing"}, "company", "organisation-unfit"),
        ("deposits", ASSESSED | {"line": "lost"}, "line", "choice-unknown"),
        ("point-awards", AWARD | {"hours": "2"}, "minutes", "one-of-cells-needed"),
        ("point-awards", AWARD | {"minutes": ""}, "minutes", "one-of-cells-needed"),
        ("point-awards", AWARD | {"minutes": "1500"}, "minutes", "at-most"),
        ("point-awards", AWARD | {"awarded_at": "2025-04-01"}, "awarded_at", "days-out-of-order"),
    ],
)  # fmt: skip
async def test_a_bad_row_is_refused(  # noqa: PLR0917
    ledger: Ledger, tmp_path: Path, kind: str, row: dict[str, str], column: str, rule: str
) -> None:
    size = await found_county(ledger)

    report = await imported(ledger, kind, table(tmp_path, row))

    assert (2, column, rule) in rules_of(report)
    assert report.recorded_count == 0
    assert await size_of(ledger) == size


async def test_no_account_no_import(ledger: Ledger, tmp_path: Path) -> None:
    await build_county(ledger)

    for kind, row in (("revenue", REVENUE), ("expenses", EXPENSE)):
        report = await imported(ledger, kind, table(tmp_path, row))
        assert rules_of(report) == {(2, "estate", "account-not-open")}


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("petitions", PETITION | {"reference": "RX1"}),
        ("deposits", ASSESSED),
        ("point-awards", AWARD | {"reference": "ZY1"}),
    ],
)
async def test_one_record_stands_once_in_a_file(
    ledger: Ledger, tmp_path: Path, kind: str, row: dict[str, str]
) -> None:
    await found_county(ledger)

    report = await imported(ledger, kind, table(tmp_path, row, row))

    assert rules_of(report) == {(3, "", "row-repeated")}


async def test_what_was_recorded_otherwise_is_not_recorded_again(
    ledger: Ledger, tmp_path: Path
) -> None:
    await found_county(ledger)
    await file_petition(replace(DAMP_GARAGE, reference="RX1"), ledger, who())
    path = table(tmp_path, PETITION | {"reference": "RX1"}, PETITION | {"reference": "RX2"})

    report = await imported(ledger, "petitions", path, accepts_good_rows=True)

    assert rules_of(report) == {(2, "reference", "already-filed")}
    assert report.recorded_count == 1


async def test_an_assessment_of_a_known_deposit_and_a_known_award_are_refused(
    ledger: Ledger, tmp_path: Path
) -> None:
    await found_county(ledger)
    award = AWARD | {"reference": "ZY1"}
    await imported(ledger, "deposits", table(tmp_path, ASSESSED))
    await imported(ledger, "point-awards", table(tmp_path, award))

    assessed = await imported(ledger, "deposits", table(tmp_path, ASSESSED | {"rate": "6%"}))
    awarded = await imported(ledger, "point-awards", table(tmp_path, award | {"points": "21"}))

    assert rules_of(assessed) == {(2, "contract", "deposit-already-assessed")}
    assert rules_of(awarded) == {(2, "reference", "service-awarded-twice")}


async def test_codes_that_no_list_has_are_recorded_and_marked(
    ledger: Ledger, tmp_path: Path
) -> None:
    await found_county(ledger)

    petitions = await imported(
        ledger, "petitions", table(tmp_path, PETITION | {"channel": "old_mailbox"})
    )
    expenses = await imported(ledger, "expenses", table(tmp_path, EXPENSE | {"category": "gifts"}))

    assert marked(petitions) == {"not-listed": (2,)}
    assert marked(expenses) == {"expense-category-unknown": (2,)}


async def test_whoever_is_not_named_is_nobody_twice(ledger: Ledger, tmp_path: Path) -> None:
    await found_county(ledger)
    row = PETITION | {
        "dispatched_at": "2025-04-02", "dispatched_to": "housing", "accepted_at": "2025-04-02",
        "answered_at": "2025-04-03", "outcome": "resolved", "answer": "已修好",
        "visited_at": "2025-04-03", "resolved": "是", "satisfied": "是",
        "closed_at": "2025-04-04", "category": "facilities", "item": "lighting",
    }  # fmt: skip

    report = await imported(ledger, "petitions", table(tmp_path, row))

    assert report.problems == []
    assert marked(report) == {UNPROVEN: (2,)}
    entries = await history_of(ledger)
    assert len({entry.by.actor_id for entry in entries}) == len(entries) == 6
    assert {entry.by.post for entry in entries} == {"unrecorded"}


async def test_formulas_and_broken_cells_are_refused(ledger: Ledger, tmp_path: Path) -> None:
    size = await found_county(ledger)
    headings: list[object] = ["estate", "category", "amount", "received_at", "payer"]
    path = workbook(
        tmp_path,
        [
            headings,
            [ESTATE, "rent", "=100+1", "2025-04-02", "店"],
            [ESTATE, "rent", "#REF!", "2025-04-02", "店"],
            [ESTATE, "rent", 100, "2025-04-02", "店", "超出表头"],
        ],
    )

    report = await imported(ledger, "revenue", path)

    assert rules_of(report) == {
        (2, "amount", "formula-refused"),
        (3, "amount", "cell-in-error"),
        (4, "", "cell-beside-table"),
    }
    assert await size_of(ledger) == size


async def test_wrong_headings_are_reported_by_the_file_s_own_names(
    ledger: Ledger, tmp_path: Path
) -> None:
    await found_county(ledger)
    path = text_file(tmp_path, "小区代码,类别,金额,到账日期,谁付的\n1,2,3,4,5\n")

    report = await imported(ledger, "revenue", path)
    mapped = await imported(ledger, "revenue", path, mapping={"payer": "谁付的"})

    assert rules_of(report) == {(1, "谁付的", "heading-unknown"), (1, "payer", "column-missing")}
    assert report.refused_count == 1
    assert (2, "到账日期", "day-malformed") in rules_of(mapped)


def test_a_report_runs_nothing_in_a_spreadsheet() -> None:
    nasty = [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        '"=1',
        "\n=1",
        "＝1",
        "＋1",
        "－1",
        "＠1",
        "\0=1",
    ]
    for cell in nasty:
        assert inert(cell).startswith("'")
    assert inert("plain") == "plain"

    problem = Problem(row=2, column="=cmd|' /C calc'!A0", rule="r", zh="一，\r\n二", en='say "no"')
    data = as_csv([problem])

    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[1] == ["2", "'=cmd|' /C calc'!A0", "", "r", "一，  二", 'say "no"']


def test_what_is_shown_moves_no_cursor() -> None:
    assert printable("a\x1b[2J\u202e\nb") == "a\\x1b[2J\\u202e\\nb"


@pytest.mark.parametrize("kind", KINDS)
def test_no_two_fields_share_a_heading(kind: str) -> None:
    headings = [
        heading
        for field in fields_of(KINDS[kind])
        for heading in {field.heading, field.column.zh, *field.column.also}
    ]
    assert len(set(headings)) == len(headings)


@pytest.mark.parametrize("kind", KINDS)
def test_the_documentation_names_every_field(kind: str) -> None:
    text = (EXAMPLES.parent.parent / "importing.md").read_text("utf-8")
    section = text.split(f"### `{kind}`")[1].split("###")[0]
    for field in fields_of(KINDS[kind]):
        is_needed = "**" if field.is_required else ""
        assert f"| {is_needed}`{field.heading}`{is_needed} | {field.column.zh} |" in section
