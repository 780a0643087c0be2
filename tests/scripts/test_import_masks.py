"""Personal numbers in texts of history: refused, or masked and reported, as the import says."""

from __future__ import annotations

from pathlib import Path

from ledger.storage.ledger import Ledger
from scripts.imports.report import as_csv
from tests.scripts.importing import entries_of, found_county, imported, size_of
from tests.scripts.test_import_rows import PETITION, table
from tests.storage.sealed import leaks

MOBILE, IDENTITY = "13812345678", "11010519491231002X"
ROWS = (
    PETITION | {"title": f"车库积水{MOBILE}", "summary": f"联系{MOBILE}，身份证{IDENTITY}"},
    PETITION | {"title": "路灯不亮", "reference": ""},
)


async def test_numbers_in_texts_are_masked_and_each_is_reported(
    ledger: Ledger, tmp_path: Path
) -> None:
    size = await found_county(ledger)
    path = table(tmp_path, *ROWS)
    refused = await imported(ledger, "petitions", path)
    assert (refused.refused_count, refused.masked) == (1, [])
    assert await size_of(ledger) == size, "nothing is stored unless the switch says so"

    report = await imported(ledger, "petitions", path, masks_personal=True)
    assert (report.problems, report.recorded_count) == ([], 2)
    assert [(one.row, one.column, one.rule) for one in report.masked] == [
        (2, "title", "personal-data-masked"),
        (2, "summary", "personal-data-masked"),
        (2, "summary", "personal-data-masked"),
    ]
    told = as_csv(report.masked) + b"".join(entry.data for entry in await entries_of(ledger))
    assert leaks(told, [MOBILE, IDENTITY]) == []
    assert "联系＊＊＊＊＊＊＊＊＊＊＊，身份证＊＊＊＊" in told.decode("utf-8", "replace")
    again = await imported(ledger, "petitions", path, masks_personal=True)
    assert (again.there_count, again.recorded_count, len(again.masked)) == (2, 0, 3)


async def test_persons_and_references_are_refused_all_the_same(
    ledger: Ledger, tmp_path: Path
) -> None:
    size = await found_county(ledger)
    rows = (PETITION | {"petitioner": MOBILE}, PETITION | {"reference": MOBILE, "title": "另一件"})
    report = await imported(ledger, "petitions", table(tmp_path, *rows), masks_personal=True)
    assert [(one.row, one.column, one.rule) for one in report.problems] == [
        (2, "petitioner", "personal-data-in-cell"),
        (3, "reference", "reference-looks-personal"),
    ]
    assert await size_of(ledger) == size
