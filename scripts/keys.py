"""`minzhang keys create|show|rotate`: the log's keys. Only public keys are ever shown.

minzhang keys show    # the vkeys with which others check what this log signs
"""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import orjson

from ledger.core.clock import utc_now
from ledger.core.errors import ReasonMissing
from ledger.log_history import LogHistory, PublicKey
from ledger.publishing.announcing import announce_keys, history_of, name_service_key
from ledger.publishing.log_keys import KeyMissing, KeySource, LogKeys
from ledger.publishing.signer import Signer
from ledger.storage.connect import connect
from ledger.storage.entry_macs import EntryMacs
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.service_key import ServiceKey, replace_key
from ledger.storage.stops import key_check_of
from scripts.arguments import SubParsers
from scripts.database import open_database
from scripts.init import initialise
from scripts.opening import opened
from scripts.publishing import guard_log, key_source
from scripts.settings import Settings

OVERLAP_DAYS = 30
OVERLAP_DAYS_MAX = 3650


def add(subparsers: SubParsers) -> None:
    """Add the sub-commands."""
    parser = subparsers.add_parser("keys", help="日志密钥 / the log's keys")
    actions = parser.add_subparsers(title="actions / 操作", metavar="ACTION", required=True)
    for name, run, text in (
        ("create", create, "新建首个密钥 / make the first key"),
        ("show", show, "列出公钥 / list the public keys"),
        ("rotate", rotate, "更换密钥 / replace the key by a new one"),
        ("replace-service", replace_service, "更换服务密钥 / replace the service's own key"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("--json", action="store_true", help="print as JSON")
        action.set_defaults(run=run)
        if name == "replace-service":
            action.add_argument("--reason", required=True, metavar="WHY", help="public, for ever")
        if name == "rotate":
            action.add_argument(
                "--overlap-days",
                type=_days,
                default=OVERLAP_DAYS,
                metavar="N",
                help=f"days in which the old key signs along (default {OVERLAP_DAYS})",
            )


async def create(args: argparse.Namespace, settings: Settings) -> None:
    """Make the log's first key and record its public half."""
    async with _opened(settings) as (ledger, source):
        keys = source.create()
        Signer(source.folder).begin(keys, utc_now())
        await announce_keys(ledger, keys)
        _print(args, keys, await history_of(ledger))


async def show(args: argparse.Namespace, settings: Settings) -> None:
    """List the public keys: those that sign, then those that the log names besides."""
    async with _opened(settings) as (ledger, source):
        keys, history = source.find(), await history_of(ledger)
        if keys is None and not (history and history.keys):
            raise KeyMissing(origin=source.origin, path=str(source.path))
        _print(args, keys, history)


async def rotate(args: argparse.Namespace, settings: Settings) -> None:
    """Make a new key, let the old one sign along for a while, and record both."""
    async with _opened(settings) as (ledger, source):
        await announce_keys(ledger, source.read())
        keys = source.rotate(until=utc_now() + timedelta(days=args.overlap_days))
        await announce_keys(ledger, keys)
        _print(args, keys, await history_of(ledger))


async def replace_service(args: argparse.Namespace, settings: Settings) -> None:
    """Make a new key of the service and name it; one that is lost cannot speak for it."""
    if not args.reason.strip():
        raise ReasonMissing()
    async with open_database(settings) as database:
        await database.bring_up_to_date()
        db = await connect(database.dsn)
        try:
            await guard_log(db, settings)
            named = await key_check_of(db, settings.ledger)
        finally:
            await db.close()
        key = ServiceKey.kept_in(settings.key_file)
        if EntryMacs(key, settings.ledger).check == named:
            key = replace_key(settings.key_file)
        opening = open_ledger(database.dsn, settings.ledger, pool_size_max=1, key=key)
        async with opening as ledger:
            await name_service_key(ledger, reason=args.reason)
    check = EntryMacs(key, settings.ledger).check.hex()
    said = {"key_check": check}
    print(orjson.dumps(said).decode() if args.json else check)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[tuple[Ledger, KeySource]]:
    async with open_database(settings) as database:
        await initialise(database, settings)
        async with opened(database, settings, pool_size_max=1) as ledger:
            yield ledger, await key_source(ledger.pool, settings)


def _print(args: argparse.Namespace, keys: LogKeys | None, history: LogHistory | None) -> None:
    listed = _listed(keys, history)
    if args.json:
        rows: list[dict[str, Any]] = [
            {"vkey": key.vkey, "origin": key.origin, "until": key.until} for key in listed
        ]
        print(orjson.dumps(rows, option=orjson.OPT_UTC_Z).decode())
        return
    for key in listed:
        until = "" if key.until is None else f"  至 until {key.until:%Y-%m-%dT%H:%M:%SZ}"
        print(f"{key.vkey}{until}")


def _listed(keys: LogKeys | None, history: LogHistory | None) -> list[PublicKey]:
    """Return all public keys, the newest first, each once."""
    found: dict[str, PublicKey] = {}
    if keys is not None:
        found[str(keys.current.verifying)] = PublicKey(str(keys.current.verifying), keys.origin)
        for former in keys.former:
            vkey = str(former.key.verifying)
            found[vkey] = PublicKey(vkey, keys.origin, former.until)
    for key in reversed(history.keys if history else []):
        found.setdefault(key.vkey, key)
    return list(found.values())


def _days(text: str) -> int:
    days = int(text)
    if not 0 <= days <= OVERLAP_DAYS_MAX:
        raise ValueError(text)
    return days
