"""`minzhang recover --acknowledge-loss|-clock|-signed --reason WHY`: go on, in the open.

For a log that is stopped, or a service that refuses to start (exit code 3), after everything that
could be restored was. What is acknowledged becomes a public entry. If nothing that was signed is
lost, the log goes on under its name; else under another origin with another key: whoever holds a
checkpoint of the old log sees that it ended, and has to decide to believe the new one.
"""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass

import asyncpg
import orjson

from api.outgoing import web_client
from ledger.core.clock import utc_now
from ledger.core.entry import stamp
from ledger.core.errors import ReasonMissing
from ledger.merkle.notes import Note
from ledger.publishing.answering import put_clock_right, replace_signer_memory
from ledger.publishing.checking import (
    CheckpointForeign,
    KeyLost,
    Standpoint,
    check_log,
    check_tree,
    check_with_witnesses,
    held_by_witnesses,
    known_keys,
    look_at_log,
    was_signed,
)
from ledger.publishing.log_keys import KeySource
from ledger.publishing.recovery import Admission, NothingLost, Recovered, acknowledge_loss
from ledger.storage.connect import connect
from ledger.storage.doubts import (
    LogAheadOfClock,
    LogDoubtful,
    LogStoppedBefore,
    LogTorn,
    SignedMissing,
    is_ahead,
)
from ledger.storage.entry_macs import EntryMacs
from ledger.storage.ledgers import hold_alone
from ledger.storage.roles import connect_as_owner
from ledger.storage.stops import key_check_of
from projections import VIEWS
from projections.engine import rebuild
from scripts.arguments import SubParsers
from scripts.database import Database, open_database
from scripts.failures import Failure
from scripts.opening import read_service_key
from scripts.publishing import key_source, read_policy
from scripts.settings import Settings


def add(subparsers: SubParsers) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser(
        "recover", help="确认缺失后继续 / go on after a loss that somebody answers for"
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--acknowledge-loss",
        action="store_true",
        help="the log is stopped: entries are gone for good, or why is known",
    )
    what.add_argument(
        "--acknowledge-clock", action="store_true", help="the clock had run ahead and is right now"
    )
    what.add_argument(
        "--acknowledge-signed",
        action="store_true",
        help="the signer's file is lost, or this machine never signed",
    )
    parser.add_argument("--reason", required=True, metavar="WHY", help="public, for ever")
    parser.add_argument("--json", action="store_true", help="print as JSON")
    parser.set_defaults(run=run)


async def run(args: argparse.Namespace, settings: Settings) -> None:
    """Record what is acknowledged, and say what outsiders have to be told."""
    if not args.reason.strip():
        raise ReasonMissing()
    async with open_database(settings) as database, _alone(database, settings) as found:
        if args.acknowledge_clock:
            await _put_clock_right(found, args.reason)
            return
        if args.acknowledge_signed:
            await _replace_signer_memory(found, args.reason)
            return
        done = await _acknowledge_loss(found, args.reason)
        if done.mended or done.origin != done.former_origin:
            await _make_views_again(database.dsn, settings.ledger)
    if args.json:
        print(orjson.dumps(asdict(done)).decode())
        return
    _tell(done)


def _tell(done: Recovered) -> None:
    mended = "、".join(done.mended) or "无"
    if done.origin == done.former_origin:
        print(
            f"已签名的内容无一缺失，日志 {done.origin} 以原名继续，现有 {done.kept_size} 条。"
            f"重新生成：{mended}\n"
            f"nothing that was signed is lost; the log {done.origin} goes on under its name with"
            f" {done.kept_size} entries. Made again: {', '.join(done.mended) or 'nothing'}"
        )
        return
    print(
        f"日志 {done.former_origin} 止于 {done.former_size}，现存 {done.kept_size} 条，"
        f"今后以 {done.origin} 的名义继续。请把新公钥告知见证人和监督者：\n"
        f"the log {done.former_origin} ended at {done.former_size}; {done.kept_size} entries are"
        f" left; it goes on as {done.origin}. Tell witnesses and monitors the new key:\n"
        f"{done.vkey}"
    )


@dataclass(frozen=True, slots=True)
class Found:
    """The ledger to recover, with nobody else publishing it, as the owner of its tables."""

    db: asyncpg.Connection
    settings: Settings
    source: KeySource
    macs: EntryMacs | None  # None: the log names no key of the service yet

    @property
    def ledger_id(self) -> str:
        return self.settings.ledger


@asynccontextmanager
async def _alone(database: Database, settings: Settings) -> AsyncIterator[Found]:
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
        key = await read_service_key(db, settings)
        is_named = await key_check_of(db, settings.ledger) is not None
        macs = EntryMacs(key, settings.ledger) if is_named else None
        yield Found(db, settings, await key_source(db, settings), macs)
    finally:
        await db.close()


async def _acknowledge_loss(found: Found, reason: str) -> Recovered:
    doubt, witnessed = await _doubt(found)
    admitted = Admission(
        reason=reason,
        clock=utc_now,
        witnessed=witnessed,
        macs=found.macs,
        is_key_lost=isinstance(doubt, KeyLost | CheckpointForeign),
    )
    return await acknowledge_loss(found.db, found.ledger_id, found.source, admitted)


async def _doubt(found: Found) -> tuple[LogDoubtful, Note | None]:
    """Make sure that something is wrong; return what, and the largest checkpoint of a witness."""
    db, ledger_id, source = found.db, found.ledger_id, found.source
    try:
        here = await look_at_log(db, ledger_id, source)
    except ValueError:  # the head is not even one
        return LogTorn(), None
    policy = read_policy(found.settings)
    async with web_client() as web:
        held = await held_by_witnesses(here, policy, web)
        try:
            await check_tree(db, ledger_id, here)
            await check_with_witnesses(db, ledger_id, here, policy, web)
            await check_log(db, ledger_id, source)
        except (LogAheadOfClock, SignedMissing) as other:
            raise Failure(*_advice_for(other)) from other
        except LogDoubtful as doubt:
            largest = max(held, key=lambda one: one[1].checkpoint.size, default=None)
            return doubt, largest[1].note if largest else None
    raise NothingLost(size=here.head.size)


def _advice_for(doubt: LogDoubtful) -> tuple[str, str]:
    option = "clock" if isinstance(doubt, LogAheadOfClock) else "signed"
    return (
        f"{doubt.title_zh()}请用 --acknowledge-{option}。",
        f"{doubt.title_en()} Use --acknowledge-{option}.",
    )


async def _standpoint(found: Found, *, may_end: type[LogDoubtful]) -> Standpoint:
    """Look at a log that must be what was signed, stopped by nothing but ``may_end``."""
    here = await look_at_log(found.db, found.ledger_id, found.source)
    await check_tree(found.db, found.ledger_id, here)
    if here.stop is not None and here.stop.why != may_end.__name__:
        raise LogStoppedBefore(why=here.stop.why, stopped_at=stamp(here.stop.at))
    return here


async def _put_clock_right(found: Found, reason: str) -> None:
    here, now = await _standpoint(found, may_end=LogAheadOfClock), utc_now()
    is_signer_ahead = here.signed is not None and here.signed.signed_at > now
    is_log_ahead = here.head.size > 0 and is_ahead(here.head.recorded_at, now)
    if not (is_signer_ahead or is_log_ahead or here.stop):
        raise NothingLost(clock=now.isoformat())
    wrong_at = await put_clock_right(
        found.db, found.ledger_id, found.source, reason, utc_now, found.macs
    )
    print(f"{wrong_at:%Y-%m-%dT%H:%M:%SZ} → {now:%Y-%m-%dT%H:%M:%SZ}")


async def _replace_signer_memory(found: Found, reason: str) -> None:
    here = await _standpoint(found, may_end=SignedMissing)
    if here.signed is not None or not was_signed(here):
        raise NothingLost(size=here.head.size)
    if here.kept and not here.kept.note.signatures_by(known_keys(here)):
        raise CheckpointForeign(size=here.kept.checkpoint.size)
    taken = await replace_signer_memory(
        found.db, found.ledger_id, found.source, reason, utc_now, found.macs
    )
    print(
        f"签名程序自检查点 {taken.checkpoint.size} 起继续。"
        f" / the signer goes on from checkpoint {taken.checkpoint.size}"
    )


async def _make_views_again(dsn: str, ledger_id: str) -> None:
    """Views may tell of entries that are gone, or were others."""
    for view in VIEWS:
        await rebuild(dsn, ledger_id, view)
