"""`minzhang log proof|export|show`: give out what others need to check the ledger.

minzhang log proof 4711 > 4711.tlog-proof      the proof of one event, for anybody
minzhang log export /srv/log --with-entries    the whole log as files for any web server
minzhang log show                              the latest checkpoint, and who vouches for it
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import asyncpg
import orjson

from api.answers import to_json
from api.log.desk import published, published_covering
from api.log.proofs import prove
from api.log.standing import Standing, standing_of
from ledger.commands.readings import note_reading
from ledger.core.aggregate import By
from ledger.core.clock import utc_now
from ledger.storage.connect import connect
from ledger.storage.reading import read_head
from scripts.arguments import OPERATOR, SubParsers
from scripts.database import open_database
from scripts.log_export import export_log
from scripts.opening import opened
from scripts.publishing import key_source, read_policy
from scripts.settings import Settings
from scripts.trust import trust_in


def add(subparsers: SubParsers) -> None:
    """Add the sub-commands."""
    parser = subparsers.add_parser("log", help="防篡改日志 / proofs, checkpoints, exports")
    actions = parser.add_subparsers(title="actions / 操作", metavar="ACTION", required=True)
    proving = actions.add_parser("proof", help="输出证明文件 / write a proof file to stdout")
    proving.add_argument("position", type=_whole, metavar="POSITION")
    proving.add_argument(
        "--size",
        type=_whole,
        metavar="N",
        help="under the checkpoint of this size; default: latest",
    )
    proving.set_defaults(run=proof)
    exporting = actions.add_parser("export", help="导出为静态网站 / write files for a web server")
    exporting.add_argument("directory", type=Path, metavar="DIR")
    exporting.add_argument(
        "--with-entries",
        action="store_true",
        help="also entries, which hold business data; this is told in the log",
    )
    exporting.add_argument("--json", action="store_true", help="print as JSON")
    exporting.set_defaults(run=export)
    showing = actions.add_parser("show", help="检查点的现状 / how the latest checkpoint stands")
    showing.add_argument("--json", action="store_true", help="print as JSON")
    showing.set_defaults(run=show)


async def proof(args: argparse.Namespace, settings: Settings) -> None:
    """Write the proof file of an event to standard output."""
    async with _open(settings) as db:
        kept = await published_covering(db, settings.ledger, args.position, args.size)
        found = await prove(db, settings.ledger, args.position, kept)
    sys.stdout.buffer.write(found.to_bytes())


async def export(args: argparse.Namespace, settings: Settings) -> None:
    """Write what is new of the log into a directory."""
    async with _open(settings, noted="export_entries" if args.with_entries else "") as db:
        kept = await published(db, settings.ledger)
        done = await export_log(
            db, settings.ledger, args.directory, kept, with_entries=args.with_entries
        )
    if args.json:
        print(orjson.dumps(asdict(done)).decode())
        return
    print(
        f"{done.origin}: {max(done.size_before, 0)} → {done.size} 条 / entries;"
        f" {done.files_written} 个文件 / files, {done.bytes_written:,} B"
    )


async def show(args: argparse.Namespace, settings: Settings) -> None:
    """Say how the latest published checkpoint stands."""
    async with _open(settings) as db:
        kept = await published(db, settings.ledger)
        trust = trust_in(await key_source(db, settings), read_policy(settings))
        standing = await standing_of(db, settings.ledger, kept, trust=trust, now=utc_now())
    print(to_json(standing.told()).decode() if args.json else "\n".join(_lines(standing)))


def _lines(standing: Standing) -> list[str]:
    told = standing.told()
    quorum = {
        None: "未要求 / none asked for",
        True: "已满足 / met",
        False: "未满足 / NOT met",
    }[standing.is_quorate]
    lines = [
        f"来源 / origin         {told['origin']}",
        f"大小 / size           {told['size']}",
        f"树根 / root           {told['root']}",
        f"发布 / published      {told['published_at']} ({told['age_seconds']} s)",
        f"未覆盖 / uncovered    {told['unpublished_count']}",
        f"见证 / quorum         {quorum}",
    ]
    lines += [f"公钥 / vkey           {vkey}" for vkey in told["vkeys"]]
    for one in told["witnesses"]:
        lines.append(f"见证人 / witness      {one['name']}  {one['cosigned_at'] or '–'}")
    for stamp in told["time_stamps"]:
        lines.append(f"时间戳 / time stamp   {stamp['authority']}  {stamp['stamped_at']}")
    return lines


@asynccontextmanager
async def _open(settings: Settings, *, noted: str = "") -> AsyncIterator[asyncpg.Connection]:
    """Open the log; ``noted`` is what of it is read, if that is itself told in the log."""
    async with open_database(settings) as database:
        await database.bring_up_to_date()
        db = await connect(database.dsn)
        try:
            await read_head(db, settings.ledger)
            if noted:
                async with opened(database, settings, pool_size_max=2) as ledger:
                    by = By(actor_id=OPERATOR, at=ledger.clock(), role="system")
                    await note_reading(ledger.for_request(), by, noted)
            yield db
        finally:
            await db.close()


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise ValueError(text)
    return int(text)
