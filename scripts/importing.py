"""`minzhang import KIND FILE`: take history over from a table, CSV or XLSX.

minzhang import petitions 诉求台账.xlsx --dry-run
minzhang import expenses expenses.csv --map amount=含税金额 --report problems.csv
minzhang import petitions 12345.xlsx --set channel=hotline --value satisfied:基本满意=是 \\
    --save-profile 12345.json
"""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from rich.console import Console
from rich.progress import Progress

from ledger.core.errors import LedgerError
from ledger.storage.errors import NotInitialised
from ledger.storage.ledger import Ledger
from scripts.arguments import SubParsers
from scripts.database import Database, open_database
from scripts.failures import Failure
from scripts.imports import file_rules, rules
from scripts.imports.encodings import ENCODINGS
from scripts.imports.flow import KINDS, Options, ReadFile, import_rows, let_others_follow, read
from scripts.imports.preparing import Ways
from scripts.imports.problems import printable, problem
from scripts.imports.profiles import Profile, merged, read_profile, write_profile
from scripts.imports.report import Report, as_csv, show
from scripts.imports.tables import read_source
from scripts.init import initialise
from scripts.opening import opened
from scripts.settings import Settings

MAPPING_BYTES_MAX = 1024**2


def add(subparsers: SubParsers) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser("import", help="导入历史数据 / import history from a table")
    kinds = ", ".join(f"{name} ({kind.TITLE})" for name, kind in KINDS.items())
    parser.add_argument("kind", choices=list(KINDS), metavar="KIND", help=kinds)
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV or XLSX")
    parser.add_argument("--sheet", metavar="NAME", help="sheet of a workbook; default: the first")
    parser.add_argument(
        "--header-row", type=_row, metavar="N", help="row of the headings; default: first filled"
    )
    _add_ways(parser)
    parser.add_argument("--dry-run", action="store_true", help="check everything, store nothing")
    parser.add_argument(
        "--accept-good-rows", action="store_true", help="store the good rows though others are bad"
    )
    parser.add_argument(
        "--mask-personal",
        action="store_true",
        help="replace personal numbers in texts by asterisks, and report each, instead of refusing"
        " the row / 将文字中的个人号码用星号替换并逐处报告，而不拒绝该行",
    )
    parser.add_argument("--report", type=Path, metavar="FILE.csv", help="write all problems there")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.set_defaults(run=run)


def _add_ways(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--encoding", choices=list(ENCODINGS), help="encoding of a CSV")
    parser.add_argument(
        "--include-hidden", action="store_true", help="take hidden sheets, rows and columns as well"
    )
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        type=_pair,
        metavar="FIELD=HEADING",
        help="heading of a field, if it is not the standard one; may be repeated",
    )
    parser.add_argument(
        "--mapping", type=Path, metavar="FILE.json", help='the same as JSON: {"field": "heading"}'
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=_pair,
        metavar="FIELD=VALUE",
        help="value of a field for every row, where the table has no column; may be repeated",
    )
    parser.add_argument(
        "--value",
        action="append",
        default=[],
        type=_value,
        metavar="FIELD:TEXT=VALUE",
        help="what is put for a text in a field's cells, as a code for a name; may be repeated",
    )
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="HEADING", help="leave a column out"
    )
    parser.add_argument("--profile", type=Path, metavar="FILE.json", help="all of these, kept")
    parser.add_argument(
        "--save-profile",
        type=Path,
        metavar="FILE.json",
        help="keep what was said here as a profile",
    )


async def run(args: argparse.Namespace, settings: Settings) -> int:
    """Import a file and tell what became of it; 1 if anything was refused."""
    report = Report(
        kind=args.kind, file=printable(args.file.name), sha256="", is_dry_run=args.dry_run
    )
    is_writable = True
    with _progress() as bar:
        try:
            _guard_outputs(args)
        except LedgerError as refused:
            is_writable = False
            report.problems.append(problem(refused))
        else:
            await _import_and_tell(args, settings, report, bar)
    if args.report and is_writable:
        _write(args.report, as_csv([*report.problems, *report.masked]))
    if args.json:
        print(orjson.dumps(report.as_json()).decode())
    else:
        show(report, Console())
    return int(report.is_refused)


async def _import_and_tell(
    args: argparse.Namespace, settings: Settings, report: Report, bar: Progress
) -> None:
    try:
        await _import(args, settings, report, bar)
    except LedgerError as refused:
        report.problems.append(problem(refused))


async def _import(
    args: argparse.Namespace, settings: Settings, report: Report, bar: Progress
) -> None:
    profile = _profile(args)
    options = Options(
        sheet=profile.sheet,
        header_row=profile.header_row,
        encoding=profile.encoding,
        takes_hidden=args.include_hidden,
        ways=profile.ways,
        is_dry_run=args.dry_run,
        accepts_good_rows=args.accept_good_rows,
        masks_personal=args.mask_personal,
    )
    source = read_source(args.file)
    report.sha256 = source.sha256
    if args.save_profile:
        write_profile(args.save_profile, args.kind, profile)
    read_file = read(source, options, report, bar)
    if read_file is not None:
        await _store(read_file, options, report, settings, bar)


def _profile(args: argparse.Namespace) -> Profile:
    """Return what is said on the command line, and behind it what a profile says."""
    kept = read_profile(args.profile, args.kind) if args.profile else Profile()
    values: dict[str, dict[str, str]] = {}
    for field, text, value in args.value:
        values.setdefault(field, {})[text] = value
    said = Ways(
        mapping=_mapping(args.mapping) | dict(args.map),
        ignored=tuple(args.ignore),
        constants=dict(args.set),
        values=values,
    )
    if kept.encoding not in (None, *ENCODINGS):
        raise file_rules.ProfileUnreadable(file=printable(args.profile.name), problem="encoding")
    return Profile(
        ways=merged(said, kept.ways),
        sheet=args.sheet or kept.sheet,
        header_row=args.header_row or kept.header_row,
        encoding=args.encoding or kept.encoding,
    )


def _guard_outputs(args: argparse.Namespace) -> None:
    """Refuse (``OverwritesInput``) to write over what is read, also by way of a link."""
    inputs = [one for one in (args.file, args.profile, args.mapping) if one]
    outputs = [one for one in (args.report, args.save_profile) if one]
    for output in outputs:
        if any(_is_same(output, one) for one in inputs if one != args.profile):
            raise file_rules.OverwritesInput(file=printable(output.name))
    if args.report and any(
        _is_same(args.report, one) for one in (args.profile, args.save_profile) if one
    ):
        raise file_rules.OverwritesInput(file=printable(args.report.name))


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # one of them is not there
        return one.resolve() == other.resolve()


async def _store(
    reading: ReadFile, options: Options, report: Report, settings: Settings, bar: Progress
) -> None:
    async with open_database(settings) as database:
        if not options.is_dry_run:  # which leaves even the tables as they are
            await initialise(database, settings)
        async with _open(database, settings, is_sole_writer=True) as ledger:
            is_recorded = await import_rows(ledger, reading, options, report, bar)
        if is_recorded:
            async with _open(database, settings, is_sole_writer=False) as ledger:
                await let_others_follow(ledger, report, bar)


@asynccontextmanager
async def _open(
    database: Database, settings: Settings, *, is_sole_writer: bool
) -> AsyncIterator[Ledger]:
    try:
        opening = opened(
            database,
            settings,
            space=database.space_guard(),
            pool_size_max=settings.pool_size_max,
            queue_max=settings.queue_max,
            is_sole_writer=is_sole_writer,
        )
        async with opening as ledger:
            yield ledger
    except asyncpg.UndefinedTableError as error:
        raise NotInitialised(ledger=settings.ledger) from error


@contextmanager
def _progress() -> Iterator[Progress]:
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        yield bar


def _mapping(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        with path.open("rb") as file:
            read_mapping: Any = orjson.loads(file.read(MAPPING_BYTES_MAX))
    except (OSError, ValueError) as error:
        raise rules.MappingUnreadable(file=printable(path.name)) from error
    if not isinstance(read_mapping, dict) or not all(
        isinstance(heading, str) for heading in read_mapping.values()
    ):
        raise rules.MappingUnreadable(file=printable(path.name))
    return read_mapping


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise Failure(
            f"无法写入报告 {path}：{error.strerror}。",
            f"cannot write the report {path}: {error.strerror}",
        ) from error


def _pair(text: str) -> tuple[str, str]:
    name, equals, heading = text.partition("=")
    if not (name and equals and heading):
        raise ValueError(text)
    return name, heading


def _value(text: str) -> tuple[str, str, str]:
    """Read ``FIELD:TEXT=VALUE``; the text may hold both signs, the value no ``=``."""
    field, colon, rest = text.partition(":")
    shown, equals, value = rest.rpartition("=")
    if not (field and colon and shown and equals and value):
        raise ValueError(text)
    return field, shown, value


def _row(text: str) -> int:
    row = int(text)
    if row < 1:
        raise ValueError(text)
    return row
