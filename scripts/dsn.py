"""`minzhang dsn`: print the connection string in use. Starts nothing.

psql "$(minzhang dsn)"            as the role that serves: it reads everything, changes no entry
psql "$(minzhang dsn --owner)"    as the role that owns the tables
"""

from __future__ import annotations

import argparse

import orjson

from ledger.postgres import dsn_for, running
from ledger.storage.roles import APP, OWNER
from scripts.arguments import SubParsers
from scripts.settings import Settings


def add(subparsers: SubParsers) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser("dsn", help="打印连接串 / print the connection string in use")
    parser.add_argument("--json", action="store_true", help="print as JSON")
    parser.add_argument("--owner", action="store_true", help="of the role that owns the tables")
    parser.set_defaults(run=run)


async def run(args: argparse.Namespace, settings: Settings) -> None:
    """Print it; fails when there is no embedded server yet."""
    dsn = settings.dsn or dsn_for(settings.data, OWNER if args.owner else APP)
    if settings.dsn is not None and args.owner:
        dsn = settings.owner_dsn or settings.dsn
    if not args.json:
        print(dsn)
        return
    embedded = settings.dsn is None
    row = {"dsn": dsn, "embedded": embedded}
    if embedded:
        row["running"] = running(settings.data) is not None
    print(orjson.dumps(row).decode())
