"""The benchmark runs on a tiny scale and says what it must; how quick it was is no matter here."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import pytest
from rich.console import Console

from scripts import bench
from scripts.arguments import Parser
from scripts.benchmarks.report import print_report
from scripts.benchmarks.rows import Row, Sample, row_of
from scripts.benchmarks.targets import judge
from scripts.settings import Settings, load_settings

FIELDS = {"case", "system", "writers", "events_per_s", "p50_ms", "p95_ms", "p99_ms", "p999_ms"}


def settings_of(dsn: str, tmp_path: Path) -> Settings:
    return load_settings({}, {"MINZHANG_DSN": dsn, "HOME": str(tmp_path)}, tmp_path)


def arguments(*words: str) -> Namespace:
    parser = Parser()
    bench.add(parser.add_subparsers(parser_class=Parser))
    return parser.parse_args(["bench", *words])


async def test_every_case_gives_rows_and_the_scratch_database_is_gone(
    server_dsn: str, tmp_path: Path
) -> None:
    file = tmp_path / "rows.json"
    tiny = ("--rounds", "1", "--scale", "0.001", "--grown-events", "20000", "--json", str(file))
    assert await bench.run(arguments(*tiny), settings_of(server_dsn, tmp_path)) == 0
    rows = json.loads(file.read_text())
    seen = {(row["case"], row["system"], row["writers"]) for row in rows}

    assert all(row.keys() == FIELDS and row["events_per_s"] > 0 for row in rows)
    assert len(seen) == len(rows), "each row once"
    assert {("append", "minzhang", writers) for writers in (1, 32, 256)} <= seen
    assert {("append", "eventsourcing", writers) for writers in (1, 32, 256)} <= seen
    assert {("append", "copy", 1), ("bulk", "copy", 1), ("bulk", "minzhang", 1)} <= seen
    assert {(one, "minzhang", 1) for one in ("proof-inclusion", "proof-consistency")} <= seen
    assert {
        ("receipt", "minzhang", 1),
        ("commands", "minzhang", 64),
        ("projections", "minzhang", 1),
    } <= seen


async def test_a_case_that_does_not_exist_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = arguments("appendix")
    assert await bench.run(args, settings_of("postgresql://nowhere/x", tmp_path)) == 2
    assert "appendix" in capsys.readouterr().err


def row(case: str, system: str, writers: int, events_per_s: float) -> Row:
    return row_of(case, system, writers, [Sample(int(events_per_s), 1.0, [0.001, 0.002])])


def test_figures_are_medians_of_the_rounds() -> None:
    samples = [Sample(number, 1.0, [number / 1_000]) for number in (10, 30, 20)]
    found = row_of("append", "minzhang", 1, samples)
    assert (found.events_per_s, found.p50_ms, found.p999_ms) == (20, 20, 20)


def test_a_target_that_is_missed_is_shown_as_missed() -> None:
    rows = [row("append", "minzhang", 32, 3_100), row("append", "eventsourcing", 32, 100)]
    met = {verdict.target.en: verdict.is_met for verdict in judge(rows, 1_000)}
    assert met == {
        "32 writers beside the library's default recorder": True,
        "32 writers, p99 in ms": True,
    }

    rows[0] = row("append", "minzhang", 32, 2_900)
    verdicts = judge(rows, 1_000)
    assert [verdict.is_met for verdict in verdicts] == [False, True]
    console = Console(record=True, width=120)
    print_report(console, rows, verdicts)
    assert "missed" in console.export_text()
