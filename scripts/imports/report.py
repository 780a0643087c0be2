"""What an import tells: a table for people, JSON for programs, a CSV to hand back.

The CSV can be opened in a spreadsheet without running anything that the imported file said.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ledger.core.errors import LedgerError
from scripts.imports.problems import Problem

SHOWN_PROBLEMS_MAX = 100
SHOWN_ROWS_MAX = 20

_DANGEROUS = re.compile(r"""(?:["']|[^\S\t\r])*[=+\-@\t\r\0＝＋－＠]""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A rule that recorded history broke: how many events were marked, of which rows."""

    rule: str
    zh: str
    en: str
    events_count: int
    rows: tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class Report:
    """The outcome of one import; counts are of rows unless they say otherwise.

    ``totals`` are the rows that only add others up, ``others`` those of the other direction of
    money: neither is a record, and ``rows_count`` leaves them out.
    """

    kind: str
    file: str
    sha256: str
    is_dry_run: bool
    rows_count: int = 0
    totals: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)
    refused_count: int = 0
    there_count: int = 0
    to_record_count: int = 0
    recorded_count: int = 0
    steps_count: int = 0
    events: dict[str, int] = field(default_factory=dict)
    breaches: list[Breach] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    masked: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_refused(self) -> bool:
        """Whether anything of the file was refused."""
        return bool(self.problems)

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return asdict(self)


def breach(rule: str, events_count: int, rows: set[int]) -> Breach:
    """Return a breach with the sentences of its rule."""
    error = _errors().get(rule, LedgerError)
    return Breach(
        rule=rule,
        zh=error.title_zh(),
        en=error.title_en(),
        events_count=events_count,
        rows=tuple(sorted(rows)),
    )


def _errors(kind: type[LedgerError] = LedgerError) -> dict[str, type[LedgerError]]:
    found = {kind.code(): kind}
    for subclass in kind.__subclasses__():
        found |= _errors(subclass)
    return found


# For people -------------------------------------------------------------------------------


def show(report: Report, console: Console) -> None:
    """Print the report."""
    if report.problems:
        console.print(_problem_table(report.problems))
        more = len(report.problems) - SHOWN_PROBLEMS_MAX
        if more > 0:
            console.print(f"… 另有 {more} 处，完整清单请用 --report / {more} more: use --report")
    if report.masked:
        console.print(_problem_table(report.masked, "已遮盖的个人号码 / personal numbers masked"))
    if report.breaches:
        console.print(_breach_table(report.breaches))
    if report.events:
        console.print(_event_table(report.events))
    for line in _summary(report):
        console.print(Text(line), soft_wrap=True)


def _problem_table(problems: Sequence[Problem], title: str = "问题 / problems") -> Table:
    table = Table(title=title, title_justify="left")
    for heading in ("行 row", "列 column", "规则 rule", "说明 message"):
        table.add_column(heading, overflow="fold")
    for one in problems[:SHOWN_PROBLEMS_MAX]:
        row = "" if one.row is None else str(one.row)
        column = f"{one.column} ({one.cell})" if one.cell else one.column
        table.add_row(*(Text(cell) for cell in (row, column, one.rule, f"{one.zh}\n{one.en}")))
    return table


def _breach_table(breaches: Sequence[Breach]) -> Table:
    table = Table(title="已入账并标注 / recorded and marked", title_justify="left")
    for heading in ("规则 rule", "事件 events", "行 rows", "说明 message"):
        table.add_column(heading, overflow="fold")
    for one in breaches:
        rows = ", ".join(str(row) for row in one.rows[:SHOWN_ROWS_MAX])
        rows += " …" if len(one.rows) > SHOWN_ROWS_MAX else ""
        cells = (one.rule, str(one.events_count), rows, f"{one.zh}\n{one.en}")
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _event_table(events: dict[str, int]) -> Table:
    table = Table(title="已入账的事件 / events recorded", title_justify="left")
    table.add_column("事件 event")
    table.add_column("数量 count", justify="right")
    for topic, count in sorted(events.items()):
        table.add_row(Text(topic), str(count))
    return table


def _summary(report: Report) -> Iterator[str]:
    yield f"{report.file}  SHA-256 {report.sha256}"
    rows, refused = report.rows_count, report.refused_count
    there, recorded = report.there_count, report.recorded_count
    yield (
        f"共 {rows} 行：有问题 {refused}，已在账本中 {there}，新入账 {recorded} / "
        f"{rows} rows: {refused} refused, {there} already there, {recorded} recorded"
    )
    yield from _left_out(report)
    if report.to_record_count > report.recorded_count:
        yield (
            f"未入账的合格行 {report.to_record_count - report.recorded_count} / good rows not "
            f"stored: {report.to_record_count - report.recorded_count}"
        )
    if report.masked:
        count, rows_count = len(report.masked), len({one.row for one in report.masked})
        yield (
            f"遮盖个人号码 {count} 处，涉及 {rows_count} 行 / "
            f"{count} personal numbers masked, in {rows_count} rows"
        )
    yield from report.notes


def _left_out(report: Report) -> Iterator[str]:
    for rows, zh, en in (
        (report.totals, "合计行，未作为记录", "rows of totals, which are no records"),
        (report.others, "另一收支方向的行，未作为记录", "rows of the other direction of money"),
    ):
        if rows:
            listed = ", ".join(map(str, rows[:SHOWN_ROWS_MAX]))
            listed += " …" if len(rows) > SHOWN_ROWS_MAX else ""
            yield f"{zh} {len(rows)} / {len(rows)} {en}: {listed}"


# For spreadsheets -------------------------------------------------------------------------


def as_csv(problems: Sequence[Problem]) -> bytes:
    """Return the problems as a CSV that spreadsheets open with its Chinese, and run nothing of."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL)
    writer.writerow(["row", "column", "cell", "rule", "message_zh", "message_en"])
    for one in problems:
        row = "" if one.row is None else str(one.row)
        cells = (row, one.column, one.cell, one.rule, one.zh, one.en)
        writer.writerow([inert(cell) for cell in cells])
    return written.getvalue().encode("utf-8-sig")


def inert(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    flat = cell.replace("\0", "").replace("\r", " ").replace("\n", " ")
    return "'" + flat if _DANGEROUS.match(cell) else flat
