"""`minzhang sealing move-keys`: put the secrets of sealed data into another database.

    KEYS='postgresql://keeper@other/keys' minzhang sealing move-keys --to-env KEYS
    KEYS=… OWNER=… minzhang sealing move-keys --to-env KEYS --to-owner-env OWNER
    MINZHANG_KEYS_DSN='postgresql://…' minzhang sealing move-keys --to-main

No address with a password is ever an argument. Stop what serves before: it refuses to seal and
to open from the moment of the switch until it is started with the new setting.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from ledger.commands.sealing_keys import note_move
from ledger.storage.connect import Connection, connect
from ledger.storage.migrate import MayNotMigrate
from ledger.storage.moving_keys import move_keys, moved_away
from scripts.arguments import SubParsers
from scripts.database import open_database
from scripts.failures import Failure
from scripts.opening import opened
from scripts.sealing_keys import prepare_keys_database, read_keys
from scripts.settings import Settings


def add_move(actions: SubParsers) -> None:
    """Add the action."""
    moving = actions.add_parser(
        "move-keys", help="将密钥槽迁至另一数据库 / put the wrapped secrets into another database"
    )
    where = moving.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--to-env",
        metavar="NAME",
        help="the environment variable that holds the other database's address"
        " / 保存目标数据库地址的环境变量",
    )
    where.add_argument(
        "--to-main",
        action="store_true",
        help="back into the ledger's own database / 迁回账本数据库",
    )
    moving.add_argument(
        "--to-owner-env",
        metavar="NAME",
        help="the same of the role that owns its tables, if another / 同上，表的所有者角色",
    )
    moving.set_defaults(run=move)


async def move(args: argparse.Namespace, settings: Settings) -> None:
    """Copy, compare, switch, and say what to set; killed anywhere, run it again."""
    keys = await read_keys(settings)
    to = None if args.to_main else _address(args.to_env)
    if args.to_main and settings.keys_dsn is None:
        raise Failure(
            "密钥槽已在账本数据库中。", "the secrets are in the ledger's own database already"
        )
    async with open_database(settings) as database:
        main = database.dsn
        await database.bring_up_to_date()
        if settings.keys_dsn is not None:
            await prepare_keys_database(settings.keys_dsn, settings.keys_owner_dsn)
        if to is not None:
            owner = args.to_owner_env and _address(args.to_owner_env)
            await _prepare_target(to, owner)
        async with _open(settings.keys_dsn or main) as source, _open(to or main) as target:
            if await moved_away(source, settings.ledger) is None:
                async for done in move_keys(settings.ledger, source, target, keys.keyring):
                    sys.stderr.write(f"\r{done}")
            moved = await moved_away(source, settings.ledger)
            await source.execute("VACUUM sealing_slots")
        if moved is None:
            raise TypeError("a move that was committed is noted")
        async with opened(database, settings, pool_size_max=2) as ledger:
            await note_move(ledger, moved)
    print(f"已迁移 / moved {moved.slots_count}")
    if args.to_main:
        print("请去掉设置 / now remove the setting MINZHANG_KEYS_DSN")
    else:
        print(f"请设置 / now set MINZHANG_KEYS_DSN = ${args.to_env}")


def _address(name: str) -> str:
    address = os.environ.get(name, "")
    if not address.startswith(("postgresql://", "postgres://")):
        raise Failure(
            f"环境变量 {name} 中没有数据库地址（postgresql://…）。",
            f"the environment variable {name} holds no address of a database (postgresql://…)",
        )
    return address


async def _prepare_target(dsn: str, owner_dsn: str | None) -> None:
    try:
        await prepare_keys_database(dsn, owner_dsn)
    except MayNotMigrate as refused:
        raise Failure(
            "无权在目标数据库中建表：请用 --to-owner-env 指明表的所有者。",
            f"the role {refused.facts['role']} may make no tables in the other database: name their"
            " owner with --to-owner-env",
        ) from refused
    except (OSError, asyncpg.PostgresError) as error:
        raise _cannot_connect(error) from error


def _cannot_connect(error: Exception) -> Failure:
    return Failure(
        f"无法连接存放密钥的数据库：{type(error).__name__}。",
        f"cannot connect to the database for the secrets: {type(error).__name__}",
    )


@asynccontextmanager
async def _open(dsn: str) -> AsyncIterator[Connection]:
    try:
        db = await connect(dsn)
    except (OSError, asyncpg.PostgresError) as error:
        raise _cannot_connect(error) from error
    try:
        yield db
    finally:
        await db.close()
