"""`minzhang bench`: measure the store beside others, on the same PostgreSQL, in one run.

Works in a database of its own, which is dropped afterwards. Needs the extra `bench`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import orjson
from rich.console import Console

from ledger.postgres import dsn_for
from ledger.storage.connect import connect
from ledger.storage.migrate import migrate
from scripts.arguments import SubParsers
from scripts.benchmarks import (
    catching_up,
    commands,
    lag,
    library,
    over_http,
    permissions,
    proofs,
    proving,
    raw_copy,
    reading,
    sessions,
    signing_in,
    store,
    umadb_server,
    worst_requests,
)
from scripts.benchmarks.report import print_report
from scripts.benchmarks.rows import Row
from scripts.benchmarks.targets import judge
from scripts.benchmarks.trials import Place, Trial, run_rounds
from scripts.database import open_database
from scripts.settings import Settings

CASES: dict[str, Callable[[Place], Sequence[Trial]]] = {
    "append": lambda _: [
        *store.trials_of_appends(),
        *library.trials_of_library_appends(),
        *umadb_server.trials_of_umadb(),
        raw_copy.trial_of_copy("append", streams=256),
    ],
    "bulk": lambda _: [
        *store.trials_of_bulk(),
        *library.trials_of_library_bulk(),
        raw_copy.trial_of_copy("bulk", streams=1),
    ],
    "conflicts": lambda _: store.trials_of_conflicts(),
    "growth": lambda place: store.trials_of_growth(place.grown_events),
    "commands": lambda _: commands.trials_of_commands(),
    "api": lambda _: over_http.trials_of_api(),
    "proofs": lambda place: proofs.trials_of_proofs(place.grown_events),
    "permissions": lambda _: permissions.trials_of_permissions(),
    "sessions": lambda _: sessions.trials_of_sessions(),
    "sign-in": lambda _: signing_in.trials_of_signing_in(),
    "projections": lambda _: catching_up.trials_of_projections(),
    "bundle": lambda _: proving.trials_of_bundles(),
    "verify": lambda _: proving.trials_of_verify(),
    "reads": lambda _: reading.trials_of_reading(),
    "lag": lambda _: lag.trials_of_lag(),
    "worst-bodies": lambda _: worst_requests.trials_of_worst_bodies(),
}


def add(subparsers: SubParsers) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser("bench", help="性能测试 / measure beside others")
    parser.add_argument(
        "cases", nargs="*", metavar="CASE", help=f"{', '.join(CASES)}; all if none is named"
    )
    parser.add_argument("--json", metavar="FILE", help="write the rows as JSON ('-': stdout)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds in turn (median; default 5)")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the calls (default 1)")
    parser.add_argument(
        "--grown-events",
        type=int,
        default=1_000_000,
        help="length of the long log in `growth` and `proofs`",
    )
    parser.set_defaults(run=run)


async def run(args: argparse.Namespace, settings: Settings) -> int:
    """Run the cases, print the tables, write the rows."""
    if unknown := set(args.cases) - CASES.keys():
        sys.stderr.write(f"minzhang: 未知的测试项 / unknown case: {', '.join(sorted(unknown))}\n")
        return 2
    library.check_installed()
    console = Console(stderr=args.json == "-")
    async with open_database(settings):
        maker = settings.owner_dsn or settings.dsn or dsn_for(settings.data)
        await _measure_in_a_database_of_its_own(maker, args, console)
    return 0


async def _measure_in_a_database_of_its_own(
    maker_dsn: str, args: argparse.Namespace, console: Console
) -> None:
    async with scratch_database(maker_dsn) as dsn:
        place = Place(dsn=dsn, rounds=args.rounds, scale=args.scale, grown_events=args.grown_events)
        rows = await measure(args.cases or list(CASES), place, console)
    print_report(console, rows, judge(rows, args.grown_events))
    if args.json:
        write_rows(rows, args.json)


async def measure(cases: Sequence[str], place: Place, console: Console) -> list[Row]:
    """Run the named cases one after the other."""
    rows: list[Row] = []
    with console.status("") as status:

        def tell(trial: Trial) -> None:
            status.update(f"{trial.case}: {trial.system}, {trial.writers} writers")

        for case in cases:
            rows += await run_rounds(CASES[case](place), place, tell)
    return rows


@asynccontextmanager
async def scratch_database(dsn: str) -> AsyncIterator[str]:
    """Give the connection string of a database with the store's tables, dropped afterwards."""
    name = f"minzhang_bench_{uuid4().hex}"
    admin = await connect(dsn, command_timeout=None)
    try:
        await admin.execute(f"CREATE DATABASE {name}")
        scratch = urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))
        db = await connect(scratch)
        await migrate(db)
        await db.close()
        yield scratch
    finally:
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.close()


def write_rows(rows: Sequence[Row], target: str) -> None:
    """Write the rows as one JSON array."""
    text = orjson.dumps([asdict(row) for row in rows], option=orjson.OPT_INDENT_2) + b"\n"
    if target == "-":
        sys.stdout.write(text.decode())
    else:
        Path(target).write_bytes(text)
