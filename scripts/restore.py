"""`minzhang restore SRC`: put a backup back, where there is nothing yet.

minzhang restore /var/backups/minzhang/2026-12-01 --keys-from /media/safe/2026-12-01
minzhang restore /var/backups/minzhang/2026-12-01 --wal none
minzhang restore /var/backups/minzhang/2026-12-01 --until 2026-12-01T09:30:00+08:00

See docs/backup.md. Nothing is overwritten. What is behind what was signed is refused when the
service starts (exit code 3).
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import orjson

from scripts.arguments import SubParsers
from scripts.backups.restoring import Restored, restore
from scripts.failures import Failure
from scripts.settings import Settings

MEANING = {
    "log": "没有它无法签署检查点，服务不会启动 / nothing can be signed, and nothing is served",
    "sealing.keys": "没有它个人信息和文件无法打开 / personal data and documents cannot be opened",
    "service.key": "没有它第二因素须重新设置 / second factors have to be set up anew",
}


def add(subparsers: SubParsers) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser("restore", help="恢复备份 / put a backup back")
    parser.add_argument("place", type=Path, metavar="SRC", help="the folder of the backup")
    parser.add_argument(
        "--keys-from", type=Path, metavar="DIR", help="the folder that --keys-to of the backup made"
    )
    parser.add_argument(
        "--wal",
        metavar="DIR",
        help="go on with the log archived in DIR (default: MINZHANG_WAL_ARCHIVE; none: do not)",
    )
    parser.add_argument(
        "--until", type=_moment, metavar="MOMENT", help="and only to this moment, with its offset"
    )
    parser.add_argument("--json", action="store_true", help="print as JSON")
    parser.set_defaults(run=run)


async def run(args: argparse.Namespace, settings: Settings) -> None:
    """Restore, and say what came back and what is lacking."""
    try:
        done = await restore(
            settings,
            args.place.absolute(),
            keys_folder=args.keys_from.absolute() if args.keys_from else None,
            wal=args.wal,
            until=args.until,
        )
    except OSError as error:
        words = error.strerror or type(error).__name__
        raise Failure(
            f"恢复未完成：{words} {error.filename or ''}。排除原因后可以重新执行。",
            f"not restored: {words} {error.filename or ''}; run it again once that is mended",
        ) from error
    print(orjson.dumps(asdict(done)).decode() if args.json else _said(done))


def _said(done: Restored) -> str:
    lines = [f"账本 / ledger {name}: {size:,} 条 / entries" for name, size in done.sizes.items()]
    lines += [f"保留原有文件 / kept as it was here: {name}" for name in done.kept]
    if done.documents_missing:
        count = done.documents_missing
        lines.append(f"缺少 {count} 份文件 / {count} documents have no file in DATA/evidence")
    for name in done.keys_missing:
        meaning = MEANING.get(name.split("/")[0], "由设置提供 / the settings bring it")
        lines.append(f"缺少密钥 / LACKING key {name}: {meaning}")
    return "\n".join(lines)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment
