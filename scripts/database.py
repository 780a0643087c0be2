"""The database that the settings name, for the time of a block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from ledger.postgres import EmbeddedServer
from ledger.storage.connect import LOST_CONNECTION, connect
from ledger.storage.space import SpaceGuard
from scripts.failures import Failure
from scripts.settings import Settings
from scripts.transport import refused_by_tls, tell_unverified

SERVER_VERSION_MIN = 15


@dataclass(frozen=True, kw_only=True)
class Database:
    """A database that answers; `volume` is where it keeps its data, if that is this machine."""

    dsn: str
    volume: Path | None
    free_space_floor_bytes: int

    def space_guard(self) -> SpaceGuard | None:
        """What refuses appends while the disk is nearly full; None for a server elsewhere."""
        if self.volume is None:
            return None
        return SpaceGuard(self.volume, self.free_space_floor_bytes)


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """Start the embedded server for the block, or make sure that the named one answers.

    An embedded server that is killed during the block is started again.
    """
    floor = settings.free_space_floor_bytes
    tell_unverified("MINZHANG_DSN", settings.dsn)
    tell_unverified("MINZHANG_KEYS_DSN", settings.keys_dsn)
    if settings.dsn is not None:
        await _check(settings.dsn)
        yield Database(dsn=settings.dsn, volume=None, free_space_floor_bytes=floor)
        return
    async with EmbeddedServer(settings.data) as server:
        watch = asyncio.create_task(server.keep_alive())
        try:
            yield Database(dsn=server.dsn, volume=server.place.home, free_space_floor_bytes=floor)
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)


async def _check(dsn: str) -> None:
    try:
        connection = await connect(dsn)
    except (*LOST_CONNECTION, asyncpg.PostgresError, ValueError) as refused:
        raise refused_by_tls(refused) or Failure(
            f"无法连接 MINZHANG_DSN 指定的数据库：{refused}。",
            f"cannot connect to the database that MINZHANG_DSN names: {refused}",
        ) from refused
    version = connection.get_server_version().major
    await connection.close()
    if version < SERVER_VERSION_MIN:
        raise Failure(
            f"MINZHANG_DSN 指定的是 PostgreSQL {version}，需要 {SERVER_VERSION_MIN} 或更高版本。",
            f"MINZHANG_DSN names a PostgreSQL {version}; {SERVER_VERSION_MIN} or newer is needed",
        )
