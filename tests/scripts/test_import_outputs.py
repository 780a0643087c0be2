"""What an import says and writes: only what it did itself, and over nothing that it reads."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.commands.references import ConfirmReference, confirm_reference
from ledger.storage.ledger import Ledger
from scripts.imports.records import person_id
from tests.commands.county import COMMUNITY, who
from tests.scripts.importing import EXAMPLES, found_county, imported, size_of, text_file
from tests.scripts.test_import_again import command, finished

HEADINGS = "小区代码,收入类别,金额,到账日期,缴款方,银行流水号"
ROWS = 40


async def test_two_imports_at_once_each_tell_what_they_recorded(
    ledger: Ledger, tmp_path: Path
) -> None:
    size = await found_county(ledger)
    rows = "".join(
        f"371329001001.e1,parking,{100 + number},2026-11-02,顺达停车,B-{number}\n"
        for number in range(ROWS)
    )
    path = text_file(tmp_path, f"{HEADINGS}\n{rows}")

    reports = await asyncio.gather(*(imported(ledger, "revenue", path) for _ in range(3)))

    assert await size_of(ledger) - size >= ROWS
    assert sum(one.recorded_count for one in reports) == ROWS
    assert sum(one.steps_count for one in reports) == ROWS
    topics = {topic for one in reports for topic in one.events}
    assert "public_account.revenue_received.v1" in topics
    for topic in topics:
        assert sum(one.events.get(topic, 0) for one in reports) == ROWS
    for one in reports:
        assert one.problems == []
        assert one.there_count + one.recorded_count == one.rows_count == ROWS
        assert one.to_record_count == one.recorded_count


async def test_a_reference_that_looks_personal_goes_in_once_it_is_confirmed(
    ledger: Ledger, tmp_path: Path
) -> None:
    await found_county(ledger)
    row = "371329001001.e1,parking,100,2026-11-02,顺达停车,{},{}\n"
    told = f"{HEADINGS},经办人工号\n{row.format('TX13705398642', 'Z-1')}"
    path = text_file(tmp_path, told)
    refused = await imported(ledger, "revenue", path)
    assert [(one.row, one.rule) for one in refused.problems] == [(2, "reference-looks-personal")]

    word = ConfirmReference(organisation_id=COMMUNITY, reference="tx 13705398642")
    await confirm_reference(
        word, ledger, replace(who(reason="银行流水号"), actor_id=person_id("Z-1"))
    )
    again = await imported(ledger, "revenue", path)
    assert [one.rule for one in again.problems] == ["reference-looks-personal"], "their own word"
    await confirm_reference(word, ledger, who(reason="银行流水号"))
    report = await imported(ledger, "revenue", path)
    assert (report.problems, report.recorded_count) == ([], 1)

    other = text_file(tmp_path, f"{HEADINGS},经办人工号\n{row.format('联系13705398642', 'Z-1')}")
    never = await imported(ledger, "revenue", other)
    assert [one.rule for one in never.problems] == ["personal-data-in-cell"]


@pytest.mark.parametrize("way", ["itself", "symlink", "hard link", "dots", "linked folder"])
@pytest.mark.parametrize("option", ["--report", "--save-profile"])
async def test_nothing_is_written_over_the_file_that_is_read(
    ledger: Ledger, store_dsn: str, tmp_path: Path, way: str, option: str
) -> None:
    path = text_file(tmp_path, (EXAMPLES / "revenue.csv").read_text("utf-8"))
    before, other = path.read_bytes(), tmp_path / "other.csv"
    if way == "symlink":
        other.symlink_to(path)
    elif way == "hard link":
        other.hardlink_to(path)
    elif way == "linked folder":
        (tmp_path / "folder").symlink_to(tmp_path)
        other = tmp_path / "folder" / path.name
    else:
        other = path if way == "itself" else tmp_path / "." / ".." / tmp_path.name / path.name

    code, told = finished(command(ledger, store_dsn, "revenue", path, option, other, "--json"))[:2]

    assert code == 1
    assert [one["rule"] for one in json.loads(told)["problems"]] == ["overwrites-input"]
    assert path.read_bytes() == before


async def test_a_report_is_not_written_over_a_profile_or_mapping(
    ledger: Ledger, store_dsn: str, tmp_path: Path
) -> None:
    for option in ("--profile", "--mapping"):
        kept = text_file(tmp_path, "{}", "kept.json")
        asked = command(
            ledger, store_dsn, "revenue", EXAMPLES / "revenue.csv", option, kept, "--report", kept
        )
        assert finished(asked)[0] == 1
        assert kept.read_text() == "{}"


async def test_a_profile_is_saved_and_read_again(
    ledger: Ledger, store_dsn: str, tmp_path: Path
) -> None:
    await found_county(ledger)
    path = text_file(
        tmp_path, "小区,金额,到账日期,谁付的\n阳光花园,5,2026-11-02,顺达停车\n合计,5,,\n"
    )
    kept = tmp_path / "kept.json"
    said = ("--map", "estate=小区", "--map", "payer=谁付的", "--set", "category=parking")
    named = ("--value", "estate:阳光花园=371329001001.e1")

    first = finished(
        command(ledger, store_dsn, "revenue", path, *said, *named, "--save-profile", kept, "--json")
    )
    again = finished(command(ledger, store_dsn, "revenue", path, "--profile", kept, "--json"))

    assert (first[0], json.loads(first[1])["recorded_count"]) == (0, 1)
    assert json.loads(first[1])["totals"] == [3]
    assert (again[0], json.loads(again[1])["there_count"]) == (0, 1)
    assert json.loads(kept.read_text("utf-8"))["values"] == {
        "estate": {"阳光花园": "371329001001.e1"}
    }
