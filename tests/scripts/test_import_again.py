"""Importing again adds nothing: twice, otherwise written, side by side, killed and grown."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ledger.accounts import PublicAccount
from ledger.commands.petitions import AlreadyFiled, file_petition
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.reading import read_head
from scripts.imports.flow import KINDS
from tests.commands.county import DAMP_GARAGE, who
from tests.commands.money import ACCOUNT, receive, until_settled
from tests.conftest import DATA_VARIABLE
from tests.scripts.importing import (
    EXAMPLES,
    found_county,
    history_of,
    imported,
    rules_of,
    size_of,
    text_file,
    topics_of,
    workbook,
)

ROOT = EXAMPLES.parent.parent.parent
KILL_SECONDS_MAX = 60.0


def rows_of(kind: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO((EXAMPLES / f"{kind}.csv").read_text("utf-8"))))


def written(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def mirrored(rows: list[list[str]]) -> list[list[str]]:
    """Return the table with its columns and its rows the other way round."""
    heading, *others = [row[::-1] for row in rows]
    return [heading, *others[::-1]]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_file_imported_twice_adds_nothing(ledger: Ledger, kind: str) -> None:
    await found_county(ledger)
    first = await imported(ledger, kind, EXAMPLES / f"{kind}.csv")
    size = await size_of(ledger)

    again = await imported(ledger, kind, EXAMPLES / f"{kind}.csv")

    assert first.recorded_count == first.rows_count > 0
    assert (again.problems, again.there_count, again.recorded_count) == ([], again.rows_count, 0)
    assert await size_of(ledger) == size


@pytest.mark.parametrize("kind", KINDS)
async def test_the_same_rows_written_otherwise_add_nothing(
    ledger: Ledger, tmp_path: Path, kind: str
) -> None:
    await found_county(ledger)
    await imported(ledger, kind, EXAMPLES / f"{kind}.csv")
    size = await size_of(ledger)
    rows = rows_of(kind)
    sheet: list[list[object]] = [[cell or None for cell in row] for row in rows]

    for path in (
        text_file(tmp_path, written(mirrored(rows)), "turned.csv", "gb18030"),
        workbook(tmp_path, sheet),
    ):
        again = await imported(ledger, kind, path)
        assert (again.problems, again.there_count) == ([], again.rows_count)
    assert await size_of(ledger) == size


async def test_typed_cells_of_a_workbook_are_the_rows_of_the_csv(
    ledger: Ledger, tmp_path: Path
) -> None:
    await found_county(ledger)
    await imported(ledger, "revenue", EXAMPLES / "revenue.csv")
    rows: list[list[object]] = [
        ["received_by", "payer", "received_at", "amount", "category", "estate", "bank_reference"],
        ["C401", "顺达停车管理有限公司", date(2025, 1, 15), 5000, "parking", "371329001001.e1",
         "BK20250115001"],
        ["C401", "惠民便利店", date(2025, 3, 1), 8000.5, "Rent", "371329001002.e1",
         "BK20250301002"],
    ]  # fmt: skip

    again = await imported(ledger, "revenue", workbook(tmp_path, rows))

    assert (again.problems, again.there_count, again.recorded_count) == ([], 2, 0)


async def test_a_file_that_has_grown_adds_what_is_new(ledger: Ledger, tmp_path: Path) -> None:
    await found_county(ledger)
    rows = rows_of("petitions")
    answered_at = rows[0].index("答复时间")
    younger = [
        rows[0],
        *([*row[:answered_at], *[""] * (len(row) - answered_at)] for row in rows[1:3]),
    ]
    early = await imported(ledger, "petitions", text_file(tmp_path, written(younger)))
    before = await topics_of(ledger)

    grown = await imported(ledger, "petitions", EXAMPLES / "petitions.csv")

    assert early.recorded_count == 2
    assert (grown.problems, grown.recorded_count, grown.there_count) == ([], 3, 0)
    added = await topics_of(ledger) - before
    assert added == Counter(
        {
            "petition.answered.v1": 2,
            "petition.visited_back.v1": 2,
            "petition.closed.v1": 2,
            "petition.filed.v1": 1,
        }
    )


@pytest.mark.parametrize(
    ("column", "value", "heading"),
    [
        ("答复内容", "已更换水泵", "答复时间"),
        ("签收时间", "", "签收时间"),
        ("是否满意", "否", "回访时间"),
    ],
)
async def test_a_step_that_was_changed_since_is_refused(
    ledger: Ledger, tmp_path: Path, column: str, value: str, heading: str
) -> None:
    await found_county(ledger)
    rows = rows_of("petitions")
    if column == "签收时间":  # the first import had no acceptance, the second has
        rows[1][rows[0].index(column)] = rows[1][rows[0].index("签收人工号")] = value
        await imported(ledger, "petitions", text_file(tmp_path, written(rows)))
        rows = rows_of("petitions")
    else:
        await imported(ledger, "petitions", text_file(tmp_path, written(rows)))
        rows[1][rows[0].index(column)] = value
    size = await size_of(ledger)

    again = await imported(
        ledger, "petitions", text_file(tmp_path, written(rows)), accepts_good_rows=True
    )

    assert {rule[1:] for rule in rules_of(again)} == {(heading, "row-altered")}
    assert await size_of(ledger) == size


async def test_two_imports_side_by_side_record_each_row_once(
    ledger: Ledger, store_dsn: str, tmp_path: Path
) -> None:
    await found_county(ledger)
    path = many_receipts(tmp_path, 60)
    async with (
        open_ledger(store_dsn, ledger.id, pool_size_max=4, is_sole_writer=True) as one,
        open_ledger(store_dsn, ledger.id, pool_size_max=4, is_sole_writer=True) as other,
    ):
        reports = await asyncio.gather(
            imported(one, "revenue", path), imported(other, "revenue", path)
        )

    assert [report.problems for report in reports] == [[], []]
    assert len(await history_of(ledger)) == 60


async def test_an_import_and_live_commands_do_not_disturb_each_other(
    ledger: Ledger, store_dsn: str, tmp_path: Path
) -> None:
    await found_county(ledger)

    async def live(other: Ledger) -> None:
        for _ in range(20):
            await until_settled(lambda: receive(other, 1_00))

    async with open_ledger(store_dsn, ledger.id, pool_size_max=4, is_sole_writer=True) as mine:
        report, _ = await asyncio.gather(
            imported(mine, "revenue", many_receipts(tmp_path, 60)), live(ledger)
        )

    assert (report.problems, report.recorded_count) == ([], 60)
    account = await ledger.load(PublicAccount, ACCOUNT)
    assert account.balance_fen == 20 * 1_00 + sum(range(1, 61)) * 1_00


async def test_the_same_reference_filed_today_while_importing_is_told(
    ledger: Ledger, tmp_path: Path
) -> None:
    await found_county(ledger)
    await imported(ledger, "petitions", EXAMPLES / "petitions.csv")
    size = await size_of(ledger)
    with pytest.raises(AlreadyFiled):
        await file_petition(replace(DAMP_GARAGE, reference="RX2025-0311"), ledger, who())
    assert await size_of(ledger) == size


def many_receipts(folder: Path, count: int) -> Path:
    """Write receipts of 1, 2, 3 … yuan, all of one account."""
    rows = ["estate,category,amount,received_at,payer"]
    rows += [f"371329001001.e1,parking,{n},2025-02-01,停车公司" for n in range(1, count + 1)]
    return text_file(folder, "\n".join(rows), "receipts.csv")


# The command ------------------------------------------------------------------------------


def command(ledger: Ledger, dsn: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "scripts.cli", "import", *map(str, arguments)],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "MINZHANG_DATA": str(Path(os.environ[DATA_VARIABLE], "imports")),
            "MINZHANG_DSN": dsn,
            "MINZHANG_LEDGER": ledger.id,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


async def kill_when(process: subprocess.Popen[str], is_time: Callable[[], Awaitable[bool]]) -> None:
    """Kill the process with SIGKILL as soon as something is so, or when it has ended."""
    until = time.monotonic() + KILL_SECONDS_MAX
    while process.poll() is None and time.monotonic() < until:
        if await is_time():
            break
    process.kill()
    process.communicate()


async def test_a_killed_import_goes_on_where_it_stopped(
    ledger: Ledger, store_dsn: str, tmp_path: Path
) -> None:
    before = await found_county(ledger)
    path = many_receipts(tmp_path, 300)
    sizes = []
    for share in (1, 100, 200):

        async def is_there(least: int = before + share) -> bool:
            return (await read_head(ledger.pool, ledger.id)).size >= least

        await kill_when(command(ledger, store_dsn, "revenue", path), is_there)
        sizes.append((await read_head(ledger.pool, ledger.id)).size)

    code, out, err = finished(command(ledger, store_dsn, "revenue", path, "--json"))

    assert (code, err) == (0, "")
    report = json.loads(out)
    assert report["problems"] == []
    assert report["there_count"] + report["recorded_count"] == 300
    # A receipt makes two entries, its own and the claim of its bank reference.
    assert 2 * report["there_count"] >= sizes[-1] - before > 0
    account = await ledger.load(PublicAccount, ACCOUNT)
    assert account.balance_fen == sum(range(1, 301)) * 1_00
    assert len(await history_of(ledger)) == 300


async def test_the_command_tells_what_it_did(
    ledger: Ledger, store_dsn: str, tmp_path: Path
) -> None:
    await found_county(ledger)
    good = EXAMPLES / "expenses.csv"
    bad = text_file(tmp_path, good.read_text("utf-8").replace('"4,800.00"', "=SUM(A1)"))
    problems = tmp_path / "problems.csv"
    mapping = text_file(tmp_path, '{"payee": "收款方"}', "mapping.json")

    checked = finished(command(ledger, store_dsn, "expenses", good, "--dry-run"))
    refused = finished(command(ledger, store_dsn, "expenses", bad, "--report", problems))
    stored = finished(
        command(ledger, store_dsn, "expenses", good, "--mapping", mapping, "--map", "amount=金额")
    )

    assert checked[0] == 0
    assert "good rows not stored: 3" in checked[1]
    assert refused[0] == 1
    assert "formula-refused" in refused[1]
    assert "formula-refused" in problems.read_text("utf-8-sig")
    assert stored[0] == 0
    assert "same-person-twice" in stored[1]
    assert "3 recorded" in stored[1]


async def test_the_command_says_what_is_wrong_with_its_usage(
    ledger: Ledger, store_dsn: str, tmp_path: Path
) -> None:
    path = text_file(tmp_path, "not json", "mapping.json")

    usage = finished(command(ledger, store_dsn, "nothing", path))
    pair = finished(command(ledger, store_dsn, "revenue", path, "--map", "amount"))
    mapping = finished(command(ledger, store_dsn, "revenue", path, "--mapping", path, "--json"))
    missing = finished(command(ledger, store_dsn, "revenue", tmp_path / "none.csv", "--json"))

    assert (usage[0], pair[0]) == (2, 2)
    assert [one["rule"] for one in json.loads(mapping[1])["problems"]] == ["mapping-unreadable"]
    assert [one["rule"] for one in json.loads(missing[1])["problems"]] == ["file-unreadable"]
    assert (mapping[0], missing[0]) == (1, 1)


async def test_a_dry_run_does_not_begin_a_ledger(
    ledger: Ledger, store_dsn: str, tmp_path: Path
) -> None:
    other = ("--ledger", f"{ledger.id}-none", "--dry-run", "--json")

    code, out, _ = finished(command(ledger, store_dsn, "revenue", EXAMPLES / "revenue.csv", *other))

    assert code == 1
    assert [one["rule"] for one in json.loads(out)["problems"]] == ["not-initialised"]
