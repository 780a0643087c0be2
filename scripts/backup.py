"""`minzhang backup DEST`: everything that a ledger needs to begin again, while it is served.

minzhang backup /var/backups/minzhang/2026-12-01
minzhang backup /var/backups/minzhang/2026-12-01 --keys-to /media/safe/2026-12-01
minzhang backup --check /var/backups/minzhang/2026-12-01

See docs/backup.md. Exit code 0: done, or nothing wrong; 1: not done, or the backup is not what it
should be.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import orjson

from scripts.arguments import SubParsers
from scripts.backups.checking import Checked, check_backup
from scripts.backups.manifest import Manifest
from scripts.backups.taking import Asked, back_up
from scripts.failures import Failure
from scripts.settings import Settings

MIB = 1024**2


def add(subparsers: SubParsers) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser(
        "backup", help="备份，或核验备份 / make a backup, or check one whole"
    )
    parser.add_argument("place", type=Path, metavar="DEST", help="a folder that does not exist yet")
    parser.add_argument(
        "--check", action="store_true", help="check the backup in DEST, on a server of its own"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--with-keys", action="store_true", help="put the private keys into it too")
    where.add_argument(
        "--keys-to",
        type=Path,
        metavar="DIR",
        help="put the private keys into a folder of their own",
    )
    parser.add_argument(
        "--export",
        action="store_true",
        help="tables as text instead of a base backup of the embedded server",
    )
    parser.add_argument("--json", action="store_true", help="print as JSON")
    parser.set_defaults(run=run)


async def run(args: argparse.Namespace, settings: Settings) -> int:
    """Make or check a backup, and say what is in it."""
    if args.check:
        try:
            checked = await check_backup(args.place.absolute())
        except OSError as error:
            raise not_there(error) from error
        print(_as_json(checked) if args.json else _told(args.place, checked))
        return int(checked.findings_count > 0)
    asked = Asked(
        place=args.place.absolute(),
        with_keys=args.with_keys,
        keys_place=args.keys_to.absolute() if args.keys_to else None,
        is_export=args.export,
    )
    try:
        made = await back_up(settings, asked)
    except OSError as error:
        raise not_there(error) from error
    print(made.to_bytes().decode() if args.json else _said(asked, made))
    return 0


def not_there(error: OSError) -> Failure:
    """Return what a person is told when the system refuses a file or the database is lost."""
    words = error.strerror or type(error).__name__
    where = f" {error.filename}" if error.filename else ""
    return Failure(
        f"未完成，也未留下任何内容：{words}{where}。",
        f"not done, and nothing is left of it: {words}{where}",
    )


def _said(asked: Asked, made: Manifest) -> str:
    form = "基础备份 / base backup" if made.kind == "base" else "导出 / export"
    size = sum(file.size for file in made.files) / MIB
    lines = [f"{asked.place}: {form}, {len(made.files)} files, {size:.1f} MiB", *_ledgers(made)]
    if made.wal is not None:
        state = "在归档 / is archived" if made.wal.is_archived else "未归档 / is NOT archived"
        lines.append(f"WAL {made.wal.start} … {made.wal.end}, {made.wal.first_file}; {state}")
    if asked.keys_place is not None:
        lines.append(f"密钥在 / the keys are in {asked.keys_place}")
    elif not asked.with_keys:
        named = ", ".join(made.keys) or "-"
        lines.append(
            f"不含密钥，请另行妥善备份 / WITHOUT the keys, which you keep elsewhere: {named}"
        )
    lines += [f"不在备份中 / in no backup: {name}" for name in made.keys_elsewhere]
    return "\n".join(lines)


def _told(place: Path, checked: Checked) -> str:
    size = checked.bytes_total / MIB
    lines = [f"{place}: {len(checked.manifest.files)} files, {size:.1f} MiB"]
    lines += _ledgers(checked.manifest)
    for ledger, report in checked.reports.items():
        root = report.root.hex()
        lines.append(f"账本 / ledger {ledger}: {report.size:,} 条 / entries read, {root}")
        for one in report.findings.first:
            lines.append(f"{one.table} {one.position}: {one.zh} / {one.en}")
    if not checked.has_keys:
        lines.append("不含密钥 / without the keys")
    count = checked.findings_count
    lines.append(f"发现 {count} 处问题 / {count} problems" if count else "完好 / nothing wrong")
    return "\n".join(lines)


def _ledgers(manifest: Manifest) -> list[str]:
    return [
        f"账本 / ledger {one.ledger}: {one.size:,} 条 / entries, {one.root};"
        f" 检查点 / checkpoint {one.checkpoint_size:,}"
        for one in manifest.ledgers
    ]


def _as_json(checked: Checked) -> str:
    said = {
        "result": "changed" if checked.findings_count else "right",
        "kind": checked.manifest.kind,
        "made_at": checked.manifest.made_at,
        "bytes": checked.bytes_total,
        "has_keys": checked.has_keys,
        "ledgers": [
            {
                "ledger": ledger,
                "size": report.size,
                "root": report.root.hex(),
                "findings": [one.as_json() for one in report.findings.first],
            }
            for ledger, report in checked.reports.items()
        ],
    }
    return orjson.dumps(said).decode()
