"""`minzhang verify`: the full check of a database, while the service runs; for people and for cron.

minzhang verify
minzhang verify --views --json
minzhang verify --resume /var/lib/minzhang/verified.json    # only what came since the last time

Exit code 0: nothing wrong; 1: something was changed, and what; 2: wrong usage; 3: it could not be
checked.
"""

from __future__ import annotations

import argparse
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from rich.console import Console
from rich.progress import Progress

from ledger.core.clock import utc_now
from ledger.core.errors import LedgerError
from ledger.key_files import write_private
from ledger.log_history import LOG_HISTORY_ID, LogHistory
from ledger.merkle.keys import VerifyingKey
from ledger.postgres import ServerError
from ledger.publishing.checking import look_at_log
from ledger.publishing.former_keys import keys_ever
from ledger.reactions import REACTIONS
from ledger.reactions.checking import check_timers
from ledger.storage.connect import LOST_CONNECTION, connect
from ledger.storage.reading import read_stream
from ledger.storage.service_key import ServiceKey
from ledger.verification.check import Report, Wanted, check_ledger
from ledger.verification.findings import Finding
from ledger.verification.ranges import FormerOrigin
from ledger.verification.whole import StateUnusable, Whole
from projections import VIEWS
from projections.engine import verify as verify_view
from scripts.arguments import SubParsers
from scripts.database import open_database
from scripts.failures import Failure
from scripts.publishing import key_source, read_policy
from scripts.settings import Settings

STATE_BYTES_MAX = 10_000_000
SAVE_SECONDS = 5.0
CANNOT = (LedgerError, ServerError, ExceptionGroup, asyncpg.PostgresError)


class CouldNotCheck(Failure):
    """The check did not come to an end: nothing is said about the data."""

    exit_code = 3


def add(subparsers: SubParsers) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser("verify", help="核验全库 / check every byte of the log")
    parser.add_argument(
        "--views", action="store_true", help="also make every view again and compare"
    )
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="FILE",
        help="keep in FILE how far it came; begin there if it exists",
    )
    parser.add_argument(
        "--log-key", action="append", default=[], type=_key, metavar="VKEY", help="a key of the log"
    )
    parser.add_argument("--workers", type=_count, metavar="N", help="processes; default: one a CPU")
    parser.add_argument(
        "--gaps-allowed", action="store_true", help="streams may skip versions (other software's)"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.set_defaults(run=run)


async def run(args: argparse.Namespace, settings: Settings) -> int:
    """Check the ledger and say what was found."""
    began = time.monotonic()
    try:
        async with open_database(settings) as database:
            wanted = await _wanted(args, settings, database.dsn)
            with _progress(args.resume) as told:
                report = await check_ledger(wanted, told)
            await _timers(database.dsn, settings.ledger, report)
            views = await _views(database.dsn, settings) if args.views else {}
    except (*CANNOT, *LOST_CONNECTION) as error:
        raise CouldNotCheck(f"未能完成核验：{error}", f"could not check it: {error}") from error
    except Failure as failure:
        raise CouldNotCheck(failure.zh, failure.en) from failure
    if not args.views:
        report.not_checked.append("views (--views)")
    _tell(args, report, views, time.monotonic() - began, wanted)
    return int(report.findings.count > 0 or not all(views.values()))


def _service_key(settings: Settings) -> ServiceKey | None:
    """Return the service's own key if it is here; the check makes none."""
    return ServiceKey.kept_in(settings.key_file) if settings.key_file.is_file() else None


async def _wanted(args: argparse.Namespace, settings: Settings, dsn: str) -> Wanted:
    """Gather the keys that are known: from the keys' folder, from the log itself, as told."""
    db = await connect(dsn)
    wanted = Wanted(dsn=dsn, ledger_id=settings.ledger, key=_service_key(settings))
    try:
        here = await look_at_log(db, settings.ledger, await key_source(db, settings))
        wanted = replace(
            wanted,
            log_keys=tuple(dict.fromkeys([*args.log_key, *keys_ever(here)])),
            former=await former_origins(db, settings.ledger),
            signed=here.signed.checkpoint if here.signed else None,
        )
    except (LedgerError, ValueError):
        # A log that was damaged so that it cannot even be looked at: the check will say where.
        wanted = replace(wanted, log_keys=tuple(args.log_key))
    finally:
        await db.close()
    return replace(
        wanted,
        witness_keys=tuple(one.key for one in read_policy(settings).witnesses),
        start=_start(args.resume, settings.ledger),
        workers=args.workers,
        are_gaps_allowed=args.gaps_allowed,
    )


async def former_origins(db: asyncpg.Connection, ledger_id: str) -> tuple[FormerOrigin, ...]:
    """Return the names that the log had before losses that were acknowledged."""
    former = []
    for entry in await read_stream(db, ledger_id, str(LOG_HISTORY_ID)):
        if isinstance(entry.event, LogHistory.LossAcknowledged):
            former.append(FormerOrigin(entry.event.former_origin, entry.event.kept_size))
    return tuple(former)


def _start(path: Path | None, ledger_id: str) -> Whole | None:
    """Return where the last run came to, if there is such a file."""
    if path is None or not path.exists():
        return None
    try:
        with path.open("rb") as file:
            state = orjson.loads(file.read(STATE_BYTES_MAX))
        return Whole.of_state(ledger_id, state)
    except (OSError, ValueError, StateUnusable) as wrong:
        raise CouldNotCheck(
            f"无法从 {path} 继续：{wrong}。删除该文件即从头核验。",
            f"cannot go on from {path}: {wrong}; remove it to check from the beginning",
        ) from wrong


@contextmanager
def _progress(resume: Path | None) -> Iterator[Callable[[Whole, int], None]]:
    """Show how far it is, and keep it every few seconds: a point at which nothing was wrong."""
    console = Console(stderr=True)
    saved_at = time.monotonic()
    reached: deque[dict[str, Any]] = deque(maxlen=1)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("条目 entries", total=None)

        def told(whole: Whole, size: int) -> None:
            nonlocal saved_at
            bar.update(task, completed=whole.frontier.size, total=size)
            if resume is None or whole.findings.count:
                return
            if whole.can_go_on():
                reached.append(whole.to_state() | {"checked_at": utc_now().isoformat()})
            is_last = whole.frontier.size == size
            if reached and (is_last or time.monotonic() - saved_at > SAVE_SECONDS):
                write_private(resume, orjson.dumps(reached[-1]).decode())
                reached.clear()
                saved_at = time.monotonic()

        yield told


async def _timers(dsn: str, ledger_id: str, report: Report) -> None:
    """Ask every record with deadlines whether a timer waits for the next; not in a resumed run."""
    if report.start:
        report.not_checked.append("timers: compared by a run from the beginning")
        return
    db = await connect(dsn, command_timeout=None)
    try:
        async with db.transaction(isolation="repeatable_read", readonly=True):
            await check_timers(db, ledger_id, REACTIONS, report.findings)
    finally:
        await db.close()


async def _views(dsn: str, settings: Settings) -> dict[str, bool]:
    """Make every view again and compare; return which are right."""
    return {view.name: (await verify_view(dsn, settings.ledger, view)).is_right for view in VIEWS}


def _tell(
    args: argparse.Namespace,
    report: Report,
    views: dict[str, bool],
    seconds: float,
    wanted: Wanted,
) -> None:
    ledger_id = wanted.ledger_id
    if args.json:
        said: dict[str, Any] = {
            "ledger": ledger_id,
            "origin": report.origin,
            "result": "changed" if report.findings.count else "right",
            "start": report.start,
            "size": report.size,
            "root": report.root,
            "seconds": round(seconds, 3),
            "findings_count": report.findings.count,
            "findings": [found.as_json() for found in report.findings.first],
            "not_checked": report.not_checked,
            "views": views,
            "ended": [{"origin": one.origin, "kept_size": one.end} for one in wanted.former],
        }
        print(orjson.dumps(said, default=_encoded).decode())
        return
    for one in wanted.former:
        print(
            f"日志 {one.origin} 因已确认的缺失而终止，保留其前 {one.end:,} 条"
            f" / the log {one.origin} ended in a loss that was acknowledged; its first"
            f" {one.end:,} entries are kept"
        )
    for found in report.findings.first:
        print(_sentence(ledger_id, found))
    for name, is_right in views.items():
        print(f"视图 / view {name}: {'一致 / right' if is_right else '不一致 / WRONG'}")
    for what in report.not_checked:
        print(f"未检查 NOT CHECKED: {what}")
    count, entries = report.findings.count, report.size - report.start
    verdict = "未发现改动 / nothing wrong"
    if count:
        verdict = f"发现 {count} 处改动 / {count} changes found"
    print(f"账本 / ledger {ledger_id}: {entries:,} 条 / entries, {seconds:.1f} s: {verdict}")


def _sentence(ledger_id: str, found: Finding) -> str:
    place = f"{found.table}.{found.column}" if found.column else found.table
    position = "" if found.position is None else f" {found.position}"
    detail = f" ({found.detail})" if found.detail else ""
    shown = "".join(c if c.isprintable() else "?" for c in detail)
    return f"{ledger_id} {place}{position}: {found.zh} / {found.en}{shown}"


def _encoded(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _key(text: str) -> VerifyingKey:
    try:
        return VerifyingKey.of_text(text)
    except LedgerError as wrong:
        raise ValueError(text) from wrong


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise ValueError(text)
    return count
