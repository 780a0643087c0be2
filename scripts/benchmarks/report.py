"""The tables that `minzhang bench` prints."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from scripts.benchmarks.rows import Row
from scripts.benchmarks.targets import Target, Verdict


def print_report(console: Console, rows: Sequence[Row], verdicts: Sequence[Verdict]) -> None:
    """Print all measurements, and each target beside what was reached."""
    console.print(_measured(rows))
    if verdicts:
        console.print(_judged(verdicts))


def _measured(rows: Sequence[Row]) -> Table:
    table = Table(title="测量结果 / measured (medians of the rounds)")
    for name in ("case", "system"):
        table.add_column(name)
    for name in ("writers", "events/s", "p50 ms", "p95 ms", "p99 ms", "p99.9 ms"):
        table.add_column(name, justify="right")
    for row in rows:
        times = (row.p50_ms, row.p95_ms, row.p99_ms, row.p999_ms)
        table.add_row(
            row.case,
            row.system,
            str(row.writers),
            f"{row.events_per_s:,.0f}",
            *(f"{time:,.2f}" for time in times),
        )
    return table


def _judged(verdicts: Sequence[Verdict]) -> Table:
    table = Table(title="目标 / targets")
    table.add_column("measure")
    table.add_column("value", justify="right")
    table.add_column("target", justify="right")
    table.add_column("verdict")
    for verdict in verdicts:
        table.add_row(
            f"{verdict.target.zh}\n{verdict.target.en}",
            f"{verdict.value:,.2f}" if verdict.value < 100 else f"{verdict.value:,.0f}",
            _limit(verdict.target),
            "达标 / met" if verdict.is_met else "[bold red]未达标 / missed[/]",
        )
    return table


def _limit(target: Target) -> str:
    return f"≥ {target.at_least:,g}" if target.at_least is not None else f"≤ {target.at_most:,g}"
