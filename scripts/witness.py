"""`minzhang witness serve|key|add-log|remove-log|show|evidence`: cosign other people's logs.

A witness signs what a log shows it only if that continues what the log showed it before. It needs
no database, only this package and a directory (DATA/witness):

minzhang witness key --name witness.example.org/owners    # make the key, print the vkey
minzhang witness add-log 'ledger.example.org/371329+2ade02e0+AZsf…'
minzhang witness serve --host 0.0.0.0 --port 8081
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

import orjson

from api.witness.app import create_witness_app
from ledger.core.clock import utc_now
from ledger.core.errors import LedgerError
from ledger.key_files import make_private_folder, read_private, write_private
from ledger.merkle.keys import KeyKind, KeyWrong, SigningKey, VerifyingKey
from ledger.witness.book import Book, Evidence
from ledger.witness.witness import Witness
from scripts.arguments import SubParsers
from scripts.failures import Failure
from scripts.logs import start_logging
from scripts.serve import listening, stop_on_signals
from scripts.settings import Settings

KEY_FILE = "key"
BOOK_FILE = "witness.sqlite3"


class WitnessKeyMissing(LedgerError):
    """This witness has no key yet: run minzhang witness key --name NAME.

    本见证人还没有密钥：请运行 minzhang witness key --name 名称。
    """


class WitnessKeyNamed(LedgerError):
    """This witness has a key already, under another name.

    本见证人已有另一名称的密钥。
    """


def add(subparsers: SubParsers) -> None:
    """Add the sub-commands."""
    parser = subparsers.add_parser("witness", help="日志见证人 / witness other people's logs")
    actions = parser.add_subparsers(title="actions / 操作", metavar="ACTION", required=True)
    serving = actions.add_parser("serve", help="启动见证服务 / serve")
    serving.set_defaults(run=serve)
    making = actions.add_parser("key", help="打印公钥，必要时新建 / print the vkey; make it")
    making.add_argument("--name", metavar="NAME", help="a URL without its scheme; for a new key")
    making.set_defaults(run=key)
    for name, run, text in (
        ("add-log", add_log, "见证一个日志 / watch a log"),
        ("remove-log", remove_log, "不再认可日志公钥 / no longer believe a log's key"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("vkey", metavar="VKEY")
        action.set_defaults(run=run)
    showing = actions.add_parser("show", help="列出公钥、日志和大小 / list key, logs and sizes")
    showing.set_defaults(run=show)
    proving = actions.add_parser("evidence", help="打印分叉证据 / print the evidence of forks")
    proving.set_defaults(run=evidence)
    for action in (showing, proving):
        action.add_argument("--json", action="store_true", help="print as JSON")


async def serve(_: argparse.Namespace, settings: Settings) -> None:
    """Cosign until told to stop."""
    start_logging(settings)
    stop = stop_on_signals()
    witness = Witness(_key(settings), _book(settings), utc_now)
    async with listening(create_witness_app(witness), settings) as address:
        print(f"{address}  见证人 / witness {witness.key.verifying}", flush=True)
        if not witness.book.logs():
            print("尚未见证任何日志 / no log is watched yet: minzhang witness add-log VKEY")
        await stop.wait()


async def key(args: argparse.Namespace, settings: Settings) -> None:
    """Print the vkey, making the key first if there is none and a name is given."""
    folder = _folder(settings)
    if read_private(folder / KEY_FILE) is None and args.name:
        made = SigningKey.generate(args.name, KeyKind.COSIGNATURE)
        write_private(folder / KEY_FILE, f"{made.to_text()}\n")
    found = _key(settings)
    if args.name and found.name != args.name:
        raise WitnessKeyNamed(name=found.name)
    print(found.verifying)


async def add_log(args: argparse.Namespace, settings: Settings) -> None:
    """Watch the log whose vkey this is; a second key of the same log is believed as well."""
    vkey = VerifyingKey.of_text(args.vkey)
    is_new = await asyncio.to_thread(_book(settings).add_log, vkey, utc_now())
    print(f"{'已加入 added' if is_new else '已在其中 was there'}: {vkey}")


async def remove_log(args: argparse.Namespace, settings: Settings) -> None:
    """No longer believe a log's key."""
    vkey = VerifyingKey.of_text(args.vkey)
    if not await asyncio.to_thread(_book(settings).remove_log, vkey):
        raise Failure(f"本见证人未见证 {vkey.name}。", f"{vkey} is not among the logs watched")
    print(f"已移除 removed: {vkey}")


async def show(args: argparse.Namespace, settings: Settings) -> None:
    """List the key, what is watched and how far each log was cosigned."""
    book, vkey = _book(settings), _key(settings).verifying
    rows = []
    for watched in book.logs():
        seen = book.seen(watched.name)
        size, at = (None, None) if seen is None else (seen.size, seen.cosigned_at)
        rows.append({"log": str(watched), "size": size, "cosigned_at": at})
    found = book.evidence()
    if args.json:
        whole = {"witness": str(vkey), "logs": rows, "evidence": len(found)}
        print(orjson.dumps(whole, option=orjson.OPT_UTC_Z).decode())
        return
    print(f"见证人 witness  {vkey}")
    for row in rows:
        print(f"日志 log  {row['log']}  {row['size']}  {row['cosigned_at']}")
    if found:
        print(f"证据 evidence: {len(found)}  minzhang witness evidence")


async def evidence(args: argparse.Namespace, settings: Settings) -> int:
    """Print what logs signed that does not go together; 1 if there is any, for cron."""
    found = _book(settings).evidence()
    for one in found:
        print(_as_json(one) if args.json else _as_text(one))
    return int(bool(found))


def _as_json(one: Evidence) -> str:
    return orjson.dumps(one, option=orjson.OPT_UTC_Z).decode()


def _as_text(one: Evidence) -> str:
    return f"== {one.kind} {one.origin} {one.seen_at}\n{one.held}--\n{one.shown}"


def _folder(settings: Settings) -> Path:
    folder = settings.data / "witness"
    make_private_folder(folder)
    return folder


def _book(settings: Settings) -> Book:
    return Book(_folder(settings) / BOOK_FILE)


def _key(settings: Settings) -> SigningKey:
    text = read_private(_folder(settings) / KEY_FILE)
    if text is None:
        raise WitnessKeyMissing()
    found = SigningKey.of_text(text.strip())
    if found.kind is not KeyKind.COSIGNATURE:
        raise KeyWrong(name=found.name, kind=found.kind)
    return found
