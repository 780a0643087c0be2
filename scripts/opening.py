"""The ledger as every command opens it: with the service's own key, and never with another one.

    service.key is there and is the one the log names ─► open
    the log names none yet                            ─► made if missing, and named
    the log names one that is not here                ─► refused, exit code 3

So a second machine, or one that was set up anew, does not start with keys of its own making.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from ledger.storage.connect import connect
from ledger.storage.entry_macs import EntryMacs
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.service_key import ServiceKey
from ledger.storage.stops import key_check_of
from scripts.database import Database
from scripts.failures import Failure
from scripts.settings import Settings


class ServiceKeyRefused(Failure):
    """The service's key is not the one that the ledger names."""

    exit_code = 3


async def read_service_key(
    db: asyncpg.Connection, settings: Settings, *, may_make: bool = False
) -> ServiceKey:
    """Return the service's key (``ServiceKeyRefused``).

    Where the log names none and no file is there, it is made, or one that lives for this command.
    """
    named = await key_check_of(db, settings.ledger)
    path = settings.key_file
    if named is None:
        is_kept = may_make or path.exists()
        return ServiceKey.kept_in(path) if is_kept else ServiceKey.random()
    if not path.exists():
        raise ServiceKeyRefused(
            f"缺少服务密钥 {path}（MINZHANG_KEY_FILE）：账本已有用它生成的记录码。"
            "请从原机器或备份复制该文件；确已丢失的，"
            "运行 minzhang keys replace-service --reason 说明原因。",
            f"the service's key {path} (MINZHANG_KEY_FILE) is not here, and the ledger has codes by"
            " it: copy it from the machine that serves, or from its backup; if it is lost, run"
            " minzhang keys replace-service --reason WHY",
        )
    key = ServiceKey.kept_in(path)
    if EntryMacs(key, settings.ledger).check != named:
        raise ServiceKeyRefused(
            f"服务密钥 {path} 不是账本所载的那一把。请复制正确的文件；确已丢失的，"
            "运行 minzhang keys replace-service --reason 说明原因。",
            f"the service's key {path} is not the one that the ledger names: copy the right file;"
            " if it is lost, run minzhang keys replace-service --reason WHY",
        )
    return key


@asynccontextmanager
async def opened(database: Database, settings: Settings, **options: Any) -> AsyncIterator[Ledger]:
    """Open the ledger that the settings name, with the service's key."""
    db = await connect(database.dsn)
    try:
        key = await read_service_key(db, settings)
    finally:
        await db.close()
    async with open_ledger(database.dsn, settings.ledger, key=key, **options) as ledger:
        yield ledger
