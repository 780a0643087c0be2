"""`minzhang recover --acknowledge-loss|--acknowledge-clock --reason WHY`: go on, in the open.

For a service that refuses to start (exit code 3) after everything that could be restored was. The
loss becomes a public entry, and the log goes on under another origin with another key: whoever
holds a checkpoint of the old log sees that it ended, and has to decide to believe the new one.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict

import asyncpg
import orjson

from api.outgoing import web_client
from ledger.core.clock import utc_now
from ledger.core.errors import ReasonMissing
from ledger.log_history import LogHistory
from ledger.merkle.notes import Note
from ledger.publishing.announcing import by_publisher, history_of
from ledger.publishing.checking import (
    LogDoubtful,
    LogTorn,
    check_log,
    check_with_witnesses,
    held_by_witnesses,
    look_at_log,
)
from ledger.publishing.log_keys import KeySource
from ledger.publishing.recovery import NothingLost, Recovered, acknowledge_loss
from ledger.publishing.signer import Signer
from ledger.storage.connect import connect
from ledger.storage.ledger import open_ledger
from ledger.storage.ledgers import hold_alone
from ledger.storage.roles import connect_as_owner
from scripts.arguments import SubParsers
from scripts.database import Database, open_database
from scripts.failures import Failure
from scripts.init import initialise
from scripts.publishing import key_source, read_policy
from scripts.settings import Settings


def add(subparsers: SubParsers) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser(
        "recover", help="确认缺失后继续 / go on after a loss that somebody answers for"
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--acknowledge-loss", action="store_true", help="entries that were signed are gone for good"
    )
    what.add_argument(
        "--acknowledge-clock", action="store_true", help="the clock had run ahead and is right now"
    )
    parser.add_argument("--reason", required=True, metavar="WHY", help="public, for ever")
    parser.add_argument("--json", action="store_true", help="print as JSON")
    parser.set_defaults(run=run)


async def run(args: argparse.Namespace, settings: Settings) -> None:
    """Record what is acknowledged, and say what outsiders have to be told."""
    if not args.reason.strip():
        raise ReasonMissing()
    async with open_database(settings) as database:
        if args.acknowledge_clock:
            await _put_clock_right(database, settings, args.reason)
            return
        done = await _acknowledge_loss(database, settings, args.reason)
    if args.json:
        print(orjson.dumps(asdict(done)).decode())
        return
    print(
        f"日志 {done.former_origin} 止于 {done.former_size}，现存 {done.kept_size} 条，"
        f"今后以 {done.origin} 的名义继续。请把新公钥告知见证人和监督者：\n"
        f"the log {done.former_origin} ended at {done.former_size}; {done.kept_size} entries are"
        f" left; it goes on as {done.origin}. Tell witnesses and monitors the new key:\n"
        f"{done.vkey}"
    )


async def _acknowledge_loss(database: Database, settings: Settings, reason: str) -> Recovered:
    await database.bring_up_to_date()
    # As the owner: the app cannot set checkpoints aside, nor give a log another origin.
    owner_dsn = database.owner_dsn
    db = await (connect(database.dsn) if owner_dsn is None else connect_as_owner(owner_dsn))
    try:
        if not await hold_alone(db, settings.ledger, "publisher"):
            raise Failure(
                "有进程正在发布该日志；请先停止所有服务。",
                "a process is publishing this log: stop all services first",
            )
        source = await key_source(db, settings)
        witnessed = await _loss_of(db, settings, source)
        return await acknowledge_loss(
            db, settings.ledger, source, reason=reason, clock=utc_now, witnessed=witnessed
        )
    finally:
        await db.close()


async def _loss_of(db: asyncpg.Connection, settings: Settings, source: KeySource) -> Note | None:
    """Make sure that something is lost; return the largest checkpoint that a witness holds."""
    here = await look_at_log(db, settings.ledger, source)
    policy = read_policy(settings)
    async with web_client() as web:
        held = await held_by_witnesses(here, policy, web)
        try:
            await check_log(db, settings.ledger, source)
            await check_with_witnesses(db, settings.ledger, here, policy, web)
        except LogTorn:
            raise
        except LogDoubtful:
            largest = max(held, key=lambda one: one[1].checkpoint.size, default=None)
            return largest[1].note if largest else None
    raise NothingLost(size=here.head.size)


async def _put_clock_right(database: Database, settings: Settings, reason: str) -> None:
    await initialise(database, settings)
    async with open_ledger(database.dsn, settings.ledger, pool_size_max=1) as ledger:
        signer, now = Signer(settings.log_folder), utc_now()
        last = signer.last()
        if last is None or last.signed_at <= now:
            raise NothingLost(clock=now.isoformat())
        history = await history_of(ledger) or LogHistory.begin(by_publisher(now))
        history.put_clock_right(by_publisher(now, reason=reason), signed_at=last.signed_at)
        await ledger.save(history)
        signer.put_clock_right(now)
    print(f"{last.signed_at:%Y-%m-%dT%H:%M:%SZ} → {now:%Y-%m-%dT%H:%M:%SZ}")
