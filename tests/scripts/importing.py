"""A county whose history is imported: organisations, accounts, and files to import."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from rich.progress import Progress

from ledger.core.entry import Entry
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_entries
from scripts.imports.flow import Options, import_rows, let_others_follow, read
from scripts.imports.preparing import Ways
from scripts.imports.report import Report
from scripts.imports.tables import Source, read_source
from tests.commands.county import build_county
from tests.commands.money import open_accounts

EXAMPLES = Path(__file__).parent.parent.parent / "docs" / "examples" / "import"
ALL_ENTRIES = 1_000_000
WAYS = ("mapping", "ignored", "constants", "values")


async def found_county(ledger: Ledger) -> int:
    """Establish the county and its accounts; return how many entries that took."""
    await build_county(ledger)
    await open_accounts(ledger)
    return await size_of(ledger)


async def size_of(ledger: Ledger) -> int:
    return len(await entries_of(ledger))


async def entries_of(ledger: Ledger, start: int = 0) -> list[Entry]:
    return await read_entries(ledger.pool, ledger.id, start=start, limit=ALL_ENTRIES)


async def history_of(ledger: Ledger) -> list[Entry]:
    """Return the entries that an import made."""
    return [entry for entry in await entries_of(ledger) if entry.by.is_history]


async def topics_of(ledger: Ledger) -> Counter[str]:
    """Count the events that imports made."""
    return Counter(entry.topic for entry in await history_of(ledger))


async def imported(ledger: Ledger, kind: str, source: Source | Path, **options: Any) -> Report:
    """Import a file into an open ledger."""
    if isinstance(source, Path):
        source = read_source(source)
    report = Report(
        kind=kind,
        file=source.name,
        sha256=source.sha256,
        is_dry_run=options.get("is_dry_run", False),
    )
    ways = {one: options.pop(one) for one in WAYS if one in options}
    chosen = Options(ways=Ways(**ways), **options)
    with Progress(disable=True) as bar:
        reading = read(source, chosen, report, bar)
        if reading is not None and await import_rows(ledger, reading, chosen, report, bar):
            await let_others_follow(ledger, report, bar)
    return report


def text_file(folder: Path, text: str, name: str = "table.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def workbook(folder: Path, rows: list[list[object]], name: str = "table.xlsx") -> Path:
    """Write rows into the first sheet of a workbook."""
    book = Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    path = folder / name
    book.save(path)
    return path


def rules_of(report: Report) -> set[tuple[int | None, str, str]]:
    """Return where which rules were broken."""
    return {(one.row, one.column, one.rule) for one in report.problems}


def marked(report: Report) -> dict[str, tuple[int, ...]]:
    """Return which rules the recorded history broke, and the rows."""
    return {one.rule: one.rows for one in report.breaches}
