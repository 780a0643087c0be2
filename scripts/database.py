"""The database that the settings name, for the time of a block, and the roles that use it.

What migrates connects as the owner of the tables, all else as the app, which may change
nothing of the log (`ledger/storage/privileges.py`). The embedded server has both roles;
for another one `MINZHANG_DSN` is the app's and `MINZHANG_OWNER_DSN` the owner's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from ledger.postgres import EmbeddedServer
from ledger.storage.connect import LOST_CONNECTION, connect
from ledger.storage.privileges import beyond_the_list
from ledger.storage.roles import APP, OWNER, bring_up_to_date, prepare_roles
from ledger.storage.space import SpaceGuard
from scripts.failures import Failure
from scripts.settings import DSNS, Settings
from scripts.transport import refused_by_tls, tell_unverified

SERVER_VERSION_MIN = 15

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Database:
    """A database that answers; `volume` is where it keeps its data, if that is this machine.

    `dsn` is the app's, `owner_dsn` the owner's (None: nobody else than the app is known).
    """

    dsn: str
    owner_dsn: str | None = None
    volume: Path | None
    free_space_floor_bytes: int

    def space_guard(self) -> SpaceGuard | None:
        """What refuses appends while the disk is nearly full; None for a server elsewhere."""
        if self.volume is None:
            return None
        return SpaceGuard(self.volume, self.free_space_floor_bytes)

    async def bring_up_to_date(self) -> list[str]:
        """Migrate and grant as the owner; return what was applied."""
        if self.owner_dsn is not None:
            await _check(self.owner_dsn, "MINZHANG_OWNER_DSN")
        return await bring_up_to_date(self.dsn, self.owner_dsn)

    async def is_archived(self) -> bool:
        """Tell whether the server archives its write-ahead log now."""
        db = await connect(self.dsn)
        try:
            return str(await db.fetchval("SHOW archive_mode")) == "on"
        finally:
            await db.close()

    async def warn_of_power(self) -> None:
        """Say in the log what the role that serves may do beyond serving, if anything."""
        db = await connect(self.dsn)
        try:
            beyond = await beyond_the_list(db)
            role = await db.fetchval("SELECT current_user")
        finally:
            await db.close()
        if beyond:
            words = "; ".join(beyond)
            log.warning(
                "数据库角色 %s 不只能服务，还能改动账本的数据表（%s）；"
                "如何分设两个角色见 docs/database-roles.md。"
                " / the database role %s can do more than serve (%s): it could change the tables of"
                " the log; docs/database-roles.md says how to set up two roles",
                role,
                words,
                role,
                words,
            )


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """Start the embedded server for the block, or make sure that the named one answers.

    An embedded server that is killed during the block is started again.
    """
    floor = settings.free_space_floor_bytes
    for name in DSNS:
        tell_unverified(f"MINZHANG_{name.upper()}", getattr(settings, name))
    if settings.dsn is not None:
        await _check(settings.dsn, "MINZHANG_DSN")
        yield Database(
            dsn=settings.dsn,
            owner_dsn=settings.owner_dsn,
            volume=None,
            free_space_floor_bytes=floor,
        )
        return
    async with EmbeddedServer(settings.data, wal_archive=settings.wal_archive) as server:
        watch = asyncio.create_task(server.keep_alive())
        try:
            await prepare_roles(server.dsn)
            yield Database(
                dsn=server.dsn_as(APP),
                owner_dsn=server.dsn_as(OWNER),
                volume=server.place.home,
                free_space_floor_bytes=floor,
            )
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)


async def _check(dsn: str, name: str) -> None:
    try:
        connection = await connect(dsn)
    except (*LOST_CONNECTION, asyncpg.PostgresError, ValueError) as refused:
        raise refused_by_tls(refused, name) or Failure(
            f"无法连接 {name} 指定的数据库：{refused}。",
            f"cannot connect to the database that {name} names: {refused}",
        ) from refused
    version = connection.get_server_version().major
    await connection.close()
    if version < SERVER_VERSION_MIN:
        raise Failure(
            f"{name} 指定的是 PostgreSQL {version}，需要 {SERVER_VERSION_MIN} 或更高版本。",
            f"{name} names a PostgreSQL {version}; {SERVER_VERSION_MIN} or newer is needed",
        )
