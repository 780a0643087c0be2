"""`minzhang bundle create`: a whole slice of the log in one file, which anybody can check.

minzhang bundle create --from 0 --to 1000 -o first-thousand.zip
minzhang bundle create --period 2026-01..2026-03 --estate 371329001-01 -o books.zip
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from rich.console import Console
from rich.progress import Progress

from ledger.bundles.statements import Scope, Statement
from ledger.bundles.writer import Bundle, CheckpointMissing, write_bundle
from ledger.commands.openings import open_slice
from ledger.core.aggregate import By
from ledger.merkle.checkpoints import Checkpoint, read_checkpoint
from ledger.merkle.notes import NOTE_BYTES_MAX, read_note
from ledger.readings import Reading
from ledger.storage.checkpoints import KeptCheckpoint, latest_published
from ledger.storage.connect import Connection, connect
from ledger.storage.errors import NotInitialised
from ledger.storage.ledger import Ledger
from ledger.storage.vault import SealingKeys
from projections import statements
from projections.engine import View, ViewBehind, catch_up, status
from scripts.arguments import OPERATOR, SubParsers
from scripts.database import open_database
from scripts.failures import Failure
from scripts.opening import opened
from scripts.periods import read_period
from scripts.publishing import guard_log
from scripts.sealing_keys import read_keys
from scripts.settings import Settings

"""Stands for whoever runs commands on the service's own machine."""
OPERATION = "create_bundle"


def add(subparsers: SubParsers) -> None:
    """Add the sub-commands."""
    parser = subparsers.add_parser("bundle", help="审计包 / audit bundles")
    actions = parser.add_subparsers(title="actions / 操作", metavar="ACTION", required=True)
    creating = actions.add_parser("create", help="制作审计包 / make one")
    creating.add_argument("--from", dest="start", type=_position, metavar="POSITION")
    creating.add_argument(
        "--to", dest="end", type=_position, metavar="POSITION", help="up to, not including"
    )
    creating.add_argument(
        "--period", type=read_period, metavar="2026-01..2026-03", help="or 2026Q1, or 2026"
    )
    creating.add_argument(
        "--estate", action="append", default=[], metavar="CODE", help="may be repeated"
    )
    creating.add_argument(
        "--whole", action="store_true", help="up to the checkpoint: no late entry can be missing"
    )
    creating.add_argument(
        "--since",
        action="append",
        default=[],
        type=Path,
        metavar="CHECKPOINT",
        help="an older checkpoint that the reader holds; may be repeated",
    )
    creating.add_argument(
        "--no-statement", action="store_true", help="entries and proofs only, no balances"
    )
    creating.add_argument(
        "--open",
        action="append",
        default=[],
        type=UUID,
        metavar="PERSON",
        help="put this person's sealed data in, opened: it is recorded first; may be repeated"
        " / 出示此人的密封信息，先记入账本",
    )
    creating.add_argument(
        "--purpose", default="", metavar="CODE", help="what for, of the list privacy.purposes"
    )
    creating.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.zip")
    creating.add_argument("--json", action="store_true", help="print what was made as JSON")
    creating.set_defaults(run=create)


async def create(args: argparse.Namespace, settings: Settings) -> int | None:
    """Make a bundle and say what is in it."""
    if args.period and (args.start is not None or args.end is not None):
        raise Wrong(
            "--period 与 --from、--to 不能同时使用。", "give --period, or --from and --to, not both"
        )
    if bool(args.open) != bool(args.purpose):
        raise Wrong(
            "--open 须与 --purpose 一同使用。", "give --open with --purpose, or neither of them"
        )
    older = [_read_older(path) for path in args.since]
    keys = await read_keys(settings) if args.open else None
    async with _opened(settings, keys) as (ledger, db):
        scope = Scope(args.period, await statements.places_of(ledger, args.estate))
        views = () if args.no_statement and scope == Scope() else statements.VIEWS
        await catch_up(ledger, views)
        async with _snapshot(db, ledger.id, views=views) as kept:
            start, end = await _range(db, ledger.id, args, scope, kept.checkpoint.size)
            by = await _record(ledger, args, start, end)
            bundle = Bundle(
                ledger_id=ledger.id,
                start=start,
                end=end,
                kept=kept,
                older=older,
                openings=await _openings(ledger, args, by, start, end),
            )
            source = statements.ViewedStatement(
                db=db, ledger_id=ledger.id, start=start, end=end, scope=scope
            )
            statement = None if args.no_statement else (Statement(scope), source)
            with _progress(end - start) as told, _writing(args.output):
                await write_bundle(db, bundle, args.output, statement=statement, told=told)
    _tell(args, kept, start, end)
    return None


class Wrong(Failure):
    """The command line asks for what cannot be."""

    exit_code = 2


async def _range(
    db: Connection, ledger_id: str, args: argparse.Namespace, scope: Scope, size: int
) -> tuple[int, int]:
    """Return the slice: as told, or the smallest that holds what the statement is about."""
    start, end = args.start, args.end
    if scope.span is not None or (scope.places is not None and start is None and end is None):
        start, end = await statements.reach(db, ledger_id, size, scope)
    start = 0 if start is None else start
    return start, size if end is None or args.whole else end


async def _record(ledger: Ledger, args: argparse.Namespace, start: int, end: int) -> By:
    """Put into the log itself that a bundle is taken out of it, before one is."""
    now = ledger.clock()
    about = [f"[{start}, {end})", *args.estate]
    if args.period is not None:
        about.append(f"{args.period.first} … {args.period.last}")
    by = By(actor_id=OPERATOR, at=now, role="system", reason=f"minzhang bundle: {', '.join(about)}")
    await ledger.save(Reading.begin(by, operation=OPERATION, begins_at=now, ends_at=now))
    return by


async def _openings(
    ledger: Ledger, args: argparse.Namespace, by: By, start: int, end: int
) -> list[bytes]:
    """Open what was asked for, once that it is read is in the log; as lines of the bundle."""
    if not args.open:
        return []
    opened = await open_slice(
        ledger.for_request(),
        by,
        person_ids=args.open,
        purpose=args.purpose,
        start=start,
        end=end,
    )
    return [
        orjson.dumps(
            {
                "field": one.field,
                "key": one.key_hex,
                "ledger": one.ledger_id,
                "person": one.person_id,
                "position": one.position,
                "record": one.record_id,
                "slot": one.slot_id,
                "value": one.value,
            }
        )
        for one in opened
    ]


@asynccontextmanager
async def _opened(
    settings: Settings, keys: SealingKeys | None = None
) -> AsyncIterator[tuple[Ledger, Connection]]:
    """Open the ledger, and a connection on which long questions may take their time."""
    async with open_database(settings) as database:
        db = await connect(database.dsn, command_timeout=None)
        try:
            await guard_log(db, settings)
            async with opened(database, settings, pool_size_max=2, keys=keys) as ledger:
                yield ledger, db
        except asyncpg.UndefinedTableError as missing:
            raise NotInitialised(ledger=settings.ledger) from missing
        finally:
            await db.close()


@asynccontextmanager
async def _snapshot(
    db: Connection, ledger_id: str, *, views: Sequence[View]
) -> AsyncIterator[KeptCheckpoint]:
    """Hold one state of the database, whatever is appended meanwhile."""
    async with db.transaction(isolation="repeatable_read", readonly=True):
        kept = await latest_published(db, ledger_id)
        if kept is None:
            raise CheckpointMissing()
        for view in await status(db, ledger_id, views):
            if view.position < kept.checkpoint.size - 1:
                raise ViewBehind(view=view.name, position=view.position)
        yield kept


def _read_older(path: Path) -> Checkpoint:
    try:
        with path.open("rb") as file:
            data = file.read(NOTE_BYTES_MAX + 1)
    except OSError as error:
        raise Failure(
            f"无法读取检查点 {path}：{error.strerror}。",
            f"cannot read the checkpoint {path}: {error.strerror}",
        ) from error
    return read_checkpoint(read_note(data).text)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Failure(
            f"无法写入 {path}：{error.strerror}。", f"cannot write {path}: {error.strerror}"
        ) from error


@contextmanager
def _progress(count: int) -> Iterator[Callable[[int], None]]:
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("条目 entries", total=count)
        yield lambda more: bar.advance(task, more)


def _tell(args: argparse.Namespace, kept: KeptCheckpoint, start: int, end: int) -> None:
    with args.output.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    made: dict[str, Any] = {
        "file": str(args.output),
        "sha256": digest,
        "origin": kept.checkpoint.origin,
        "start": start,
        "end": end,
        "size": kept.checkpoint.size,
    }
    if args.json:
        print(orjson.dumps(made).decode())
        return
    print(f"{args.output}  [{start}, {end})  检查点 / checkpoint {kept.checkpoint.size}")
    print(f"sha256 {digest}")
    print("核验 / check: python3 verify_ledger.py FILE.zip --log-key VKEY")


def _position(text: str) -> int:
    position = int(text)
    if position < 0:
        raise ValueError(text)
    return position
