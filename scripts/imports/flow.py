"""From a file to the ledger and back to a report: read, check all, record, let views follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.progress import Progress

from ledger.reactions import REACTIONS
from ledger.reactions.engine import Reactions
from ledger.storage.ledger import Ledger
from projections import VIEWS
from projections.engine import ViewStopped, catch_up
from scripts.imports.award_rows import AwardRow
from scripts.imports.checking import Checks, read_rows
from scripts.imports.columns import known_count
from scripts.imports.deposit_rows import DepositRow
from scripts.imports.expense_rows import ExpenseRow
from scripts.imports.petition_rows import PetitionRow
from scripts.imports.plan import NumberedRow, PlannedRow
from scripts.imports.preparing import Ways, named, prepare
from scripts.imports.records import ImportRow
from scripts.imports.report import Report, breach
from scripts.imports.revenue_rows import RevenueRow
from scripts.imports.running import Recorder
from scripts.imports.tables import Source, Where, read_table

KINDS: Mapping[str, type[ImportRow]] = {
    kind.KIND: kind for kind in (PetitionRow, ExpenseRow, RevenueRow, DepositRow, AwardRow)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a file is to be read, and what is to be done with it."""

    sheet: str | None = None
    header_row: int | None = None
    encoding: str | None = None
    takes_hidden: bool = False
    ways: Ways = field(default_factory=Ways)
    is_dry_run: bool = False
    accepts_good_rows: bool = False
    masks_personal: bool = False


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file's readable rows, and the headings by which people know the fields."""

    source: Source
    rows: list[NumberedRow]
    labels: Mapping[str, str]


def read(source: Source, options: Options, report: Report, bar: Progress) -> ReadFile | None:
    """Read all rows; what is wrong goes into the report (``None``: the headings do not fit)."""
    kind = KINDS[report.kind]
    ways = named(kind, options.ways)
    table = read_table(source, _where(kind, options, ways))
    masked = report.masked if options.masks_personal else None
    prepared, problems = prepare(kind, table, ways, masked)
    report.totals, report.others = prepared.totals, prepared.others
    report.rows_count = len(table.lines) - len(prepared.totals) - len(prepared.others)
    report.problems += problems
    if any(one.row in (None, table.header_row) for one in problems):
        report.refused_count = report.rows_count
        return None
    task = bar.add_task("读取 / reading", total=report.rows_count)
    rows, problems = read_rows(
        kind, prepared.table, prepared.reading, lambda n: bar.advance(task, n)
    )
    report.problems += problems
    return ReadFile(source, rows, prepared.reading.labels)


def _where(kind: type[ImportRow], options: Options, ways: Ways) -> Where:
    return Where(
        sheet=options.sheet,
        header_row=options.header_row,
        encoding=options.encoding,
        takes_hidden=options.takes_hidden,
        known_count=lambda texts: known_count(
            kind, texts, mapping=ways.mapping, ignored=ways.ignored
        ),
    )


async def import_rows(
    ledger: Ledger,
    reading: ReadFile,
    options: Options,
    report: Report,
    bar: Progress,
) -> bool:
    """Check all rows, and record them unless one is bad or nothing is to be stored.

    Return whether they were recorded. The ledger may remember what it saved, although others
    write to it too: a step decided on an old state is decided again.
    """
    task = bar.add_task("检查 / checking", total=len(reading.rows))
    checks = Checks(ledger, reading.labels, lambda n: bar.advance(task, n))
    rows, problems = await checks.check(reading.rows)
    report.problems = sorted([*report.problems, *problems], key=lambda one: one.row or 0)
    report.refused_count = report.rows_count - len(rows)
    missing = [row for row in rows if row.there_count < len(row.steps)]
    report.there_count = len(rows) - len(missing)
    report.to_record_count = len(missing)
    if options.is_dry_run or (report.problems and not options.accepts_good_rows):
        return False
    await _record(ledger, reading.source, missing, report, bar)
    return True


async def _record(
    ledger: Ledger, source: Source, rows: list[PlannedRow], report: Report, bar: Progress
) -> None:
    steps_count = sum(len(row.steps) - row.there_count for row in rows)
    task = bar.add_task("入账 / recording", total=steps_count)
    done = await Recorder(ledger, source, lambda n: bar.advance(task, n)).record(rows)
    refused = {one.row for one in done.problems}
    report.problems += done.problems
    report.refused_count += len(refused)
    report.recorded_count = len(done.rows - refused)
    by_others = len(done.replayed_rows - done.rows - refused)
    report.there_count += by_others
    report.to_record_count -= len(refused) + by_others
    report.steps_count = done.steps_count
    report.events = dict(sorted(done.topics.items()))
    report.breaches = [
        breach(rule, count, done.breach_rows[rule]) for rule, count in done.breaches.most_common()
    ]


async def let_others_follow(ledger: Ledger, report: Report, bar: Progress) -> None:
    """Let reactions answer what was recorded and views show it, so that serving begins at once.

    Where the ledger is being served, its server does the same: each event counts once.
    """
    task = bar.add_task("更新视图 / views and deadlines", total=None)
    reactions = Reactions(ledger, REACTIONS)
    await reactions.catch_up()
    report.notes += [
        f"提醒：{one.name} 已停止 / {one.name} stopped: {one.failure}"
        for one in reactions.followers
        if one.failure is not None
    ]
    try:
        await catch_up(ledger, VIEWS)
    except ViewStopped as stopped:
        report.notes.append(f"{stopped.title_zh()} / {stopped}")
    bar.update(task, total=1, completed=1)
