"""`minzhang sealing ACTION`: look after sealed personal data and its keys."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from pathlib import Path
from uuid import UUID

import orjson

from api.person_pdf import render_pdf
from api.roles import Role
from ledger.commands.person_exports import ExportFormat, ExportPerson, export_person
from ledger.commands.sealing import Disclosed
from ledger.commands.sealing_check import Report, check_sealing
from ledger.commands.sealing_keys import note_index_key, note_kek
from ledger.core.aggregate import By
from ledger.core.clock import local_day, utc_now
from ledger.reactions.sealing import SealingUpkeep
from ledger.storage.clear_documents import seal_clear_documents
from ledger.storage.index_rotation import drop_old_indexes, index_again, indexed_count
from ledger.storage.ledger import Ledger
from ledger.storage.upkeep import rotate as wrap_again
from ledger.storage.upkeep import settle as settle_pending
from ledger.storage.vault import SealingKeys
from scripts.arguments import SubParsers
from scripts.database import open_database
from scripts.failures import Failure
from scripts.init import initialise
from scripts.opening import opened
from scripts.sealing_keys import read_keys, replace_file
from scripts.sealing_moving import add_move
from scripts.settings import Settings


def add(subparsers: SubParsers) -> None:
    """Add the sub-commands."""
    parser = subparsers.add_parser(
        "sealing", help="密封的个人信息及其密钥 / sealed personal data and its keys"
    )
    actions = parser.add_subparsers(title="actions / 操作", metavar="ACTION", required=True)
    verifying = actions.add_parser(
        "verify", help="核对保管库与账本 / does the vault hold what the log says"
    )
    verifying.add_argument(
        "--open", action="store_true", help="also open every value and check it / 并逐项解封核对"
    )
    verifying.add_argument("--json", action="store_true", help="print as JSON")
    verifying.set_defaults(run=verify)
    rotating = actions.add_parser(
        "rotate", help="换用新的密钥加密密钥 / wrap all secrets under the newest key"
    )
    rotating.add_argument(
        "--new", action="store_true", help="first add a new key to the key file / 先加入新密钥"
    )
    rotating.add_argument(
        "--drop-old", action="store_true", help="then drop keys no longer used / 再去掉旧密钥"
    )
    rotating.set_defaults(run=rotate)
    indexing = actions.add_parser(
        "rotate-index", help="换用新的索引密钥 / find people by the newest index key"
    )
    indexing.add_argument(
        "--new", action="store_true", help="first add a new key to the key file / 先加入新密钥"
    )
    indexing.add_argument(
        "--drop-old",
        action="store_true",
        help="then drop the older ones: only once what serves was started again with the new key"
        " / 再去掉旧密钥（须先用新密钥重新启动服务）",
    )
    indexing.set_defaults(run=rotate_index)
    add_move(actions)
    settling = actions.add_parser(
        "settle", help="处理未了事项 / finish what was cut short, now instead of later"
    )
    settling.set_defaults(run=settle)
    exporting = actions.add_parser(
        "export", help="导出一人的全部信息 / hand out everything about one person"
    )
    exporting.add_argument("person_id", type=UUID, metavar="PERSON_ID")
    exporting.add_argument("--out", type=Path, required=True, metavar="FILE", help="a new file")
    exporting.add_argument(
        "--format", choices=[one.value for one in ExportFormat], default=ExportFormat.PDF.value
    )
    exporting.add_argument(
        "--actor", type=UUID, required=True, metavar="UUID", help="who hands it out: it is recorded"
    )
    exporting.add_argument("--reason", required=True, metavar="TEXT", help="why: it is recorded")
    exporting.set_defaults(run=export)


async def verify(args: argparse.Namespace, settings: Settings) -> int:
    """Say what is not as the log says; exit with 1 if anything is not."""
    async with _ledger(settings) as ledger:
        report = await check_sealing(ledger, opens_values=args.open)
    if args.json:
        print(orjson.dumps(asdict(report) | {"is_sound": report.is_sound}).decode())
    else:
        _tell(report)
    return 0 if report.is_sound else 1


async def rotate(args: argparse.Namespace, settings: Settings) -> None:
    """Wrap every secret under the newest key; stopped half-way, it goes on where it was."""
    keys = await read_keys(settings)
    if args.new:
        keys = replace(keys, keyring=keys.keyring.with_new_kek(local_day(utc_now())))
        replace_file(_key_file(settings), keys.keyring)
    done = 0
    async with _ledger(settings, keys) as ledger:
        async for done in wrap_again(ledger.vault):
            sys.stderr.write(f"\r{done}")
        await note_kek(ledger, done)
    if done:
        sys.stderr.write("\n")
    print(f"密钥 / key {keys.keyring.current}: {done} 份重新加密 / wrapped again")
    if args.drop_old:
        await _guard_all_wrapped(settings, keys)
        replace_file(_key_file(settings), keys.keyring.with_current_kek_alone())
        print("旧密钥已去掉 / older keys dropped")


async def rotate_index(args: argparse.Namespace, settings: Settings) -> None:
    """Index every searchable value by the newest key; stopped half-way, it goes on."""
    keys = await read_keys(settings)
    if args.new:
        keys = replace(keys, keyring=keys.keyring.with_new_index_key())
        replace_file(_key_file(settings), keys.keyring)
    async with _ledger(settings, keys) as ledger:
        async for done in index_again(ledger.vault):
            sys.stderr.write(f"\r{done}")
        count, _ = await indexed_count(ledger.vault)
        await note_index_key(ledger, count)
        left = await drop_old_indexes(ledger.vault) if args.drop_old else 0
    print(f"索引密钥 / index key {keys.keyring.index_name}: {count} 项 / values")
    if left:
        raise Failure(
            f"仍有 {left} 项只由旧密钥索引，旧密钥保留；请再次执行。",
            f"{left} values are indexed by an older key alone, which is kept: run it again",
        )
    if args.drop_old:
        replace_file(_key_file(settings), keys.keyring.with_current_index_key_alone())
        print("旧索引密钥已去掉 / older index keys dropped")


async def settle(_: argparse.Namespace, settings: Settings) -> None:
    """Confirm or remove what was left pending, carry out erasures that were cut short."""
    async with _ledger(settings) as ledger:
        settled = await settle_pending(ledger.vault)
        documents = await seal_clear_documents(ledger.vault)
        carried_out = await SealingUpkeep(ledger).run_once()
    print(
        f"确认 / confirmed {settled.confirmed}, 清除 / removed {settled.discarded},"
        f" 补办删除 / erasures carried out {carried_out},"
        f" 加密旧文件 / documents sealed {documents}"
    )


async def export(args: argparse.Namespace, settings: Settings) -> None:
    """Record the hand-out and write the file, which only its owner reads."""
    by = By(
        actor_id=args.actor,
        at=utc_now(),
        role=Role.DATA_PROTECTION_OFFICER,
        reason=args.reason,
    )
    command = ExportPerson(person_id=args.person_id, format=ExportFormat(args.format))
    descriptor = _new_file(args.out)
    with os.fdopen(descriptor, "wb") as file:
        async with _ledger(settings) as ledger:
            recorded = await export_person(command, ledger, by)
        if not isinstance(recorded, Disclosed):
            raise TypeError("an export discloses what it exports")
        document = recorded.disclosed["document"]
        is_pdf = command.format is ExportFormat.PDF
        file.write(render_pdf(document) if is_pdf else orjson.dumps(document))
    print(f"{args.out}  #{recorded.position}")


def _new_file(path: Path) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Failure(
            f"无法新建文件 {path}：{error.strerror}。",
            f"cannot make the file {path}: {error.strerror}",
        ) from error


def _tell(report: Report) -> None:
    print(f"密封 / sealed {report.living}, 已删除 / erased {report.erased}", end="")
    print(f", 待确认 / pending {report.pending}, 已解封核对 / opened {report.opened}", end="")
    print(f", 文件 / documents {report.documents}")
    for kek, count in sorted(report.keks.items()):
        print(f"  密钥 / key {kek}: {count}")
    for erasure_id in report.not_carried_out:
        print(f"  {erasure_id}  已批准未销毁 / approved and not carried out")
    for finding in report.findings:
        print(f"  {finding.slot_id}  {finding.problem}")
    print("一致 / sound" if report.is_sound else "不一致 / NOT SOUND")


async def _guard_all_wrapped(settings: Settings, keys: SealingKeys) -> None:
    async with _ledger(settings, keys) as ledger:
        report = await check_sealing(ledger)
    left = set(report.keks) - {keys.keyring.current}
    if left:
        raise Failure(
            f"仍有内容由旧密钥 {'、'.join(sorted(left))} 保护，不能去掉。",
            f"some secrets are still under {', '.join(sorted(left))}: those keys cannot be dropped",
        )


def _key_file(settings: Settings) -> Path:
    kind, _, where = settings.sealing_keys.partition(":")
    if kind != "file":
        raise Failure(
            "密钥不在文件中：请在其来源中自行增减 kek 行，最后一行为当前密钥。",
            "the keys are not in a file: add or drop kek lines where they come from;"
            " the last one is the current key",
        )
    return Path(where)


@asynccontextmanager
async def _ledger(settings: Settings, keys: SealingKeys | None = None) -> AsyncIterator[Ledger]:
    async with open_database(settings) as database:
        await initialise(database, settings)
        keys = keys or await read_keys(settings)
        async with opened(database, settings, pool_size_max=2, keys=keys) as ledger:
            yield ledger
