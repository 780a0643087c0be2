"""The embedded server as its users see it.

    with EmbeddedServer(data_dir) as server:
        connect(server.dsn_as("minzhang_app"))

Everybody who enters shares one server; the last one to leave stops it. A user that is killed
counts no longer, and a server that was killed is healed by the next one who enters.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from ledger.postgres.account import current_account
from ledger.postgres.archiving import archive_settings
from ledger.postgres.binaries import readable_binaries
from ledger.postgres.cluster import Cluster, answers
from ledger.postgres.configuration import DATABASE, ROLE
from ledger.postgres.errors import NoServerHere, NotOurs, ServerBusy, ServerError
from ledger.postgres.files import locked
from ledger.postgres.place import (
    STATE,
    Place,
    erase_place,
    existing_place,
    prepare_data_dir,
    prepare_place,
    prepare_state,
    start_lock,
)
from ledger.postgres.users import User, Users

LOCK_SECONDS = 660.0  # longer than the longest start
WATCH_SECONDS = 0.25
RETRY_SECONDS = 2.0

logger = logging.getLogger(__name__)


class EmbeddedServer:
    """A use of the PostgreSQL that lives in a data directory.

    `settings` (postgresql.conf) and `environment` count when this use starts the server, not
    when it finds one running. Raises subclasses of `ServerError`. The asynchronous form does
    the same in a thread. ``wal_archive`` is a folder that the write-ahead log is archived in from
    now on, or "none" (``archiving.py``).
    """

    def __init__(
        self,
        data_dir: Path | str,
        *,
        settings: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        wal_archive: str | None = None,
    ) -> None:
        self._wal_archive = wal_archive
        self.data_dir = _resolved(data_dir)
        self._settings = dict(settings or {})
        self._environment = dict(environment or {})
        self._cluster: Cluster | None = None
        self._user: User | None = None

    @property
    def dsn(self) -> str:
        """The connection string of the server's own superuser, once started."""
        return self.dsn_as(ROLE)

    def dsn_as(self, role: str) -> str:
        """Return the connection string of another role, once started."""
        return dsn_of(self._running.place, role)

    @property
    def place(self) -> Place:
        """Where the server's files lie, once started."""
        return self._running.place

    def start(self) -> Self:
        """Join the users of the server, which is started when it does not run."""
        account = current_account()
        prepare_state(account)
        prepare_data_dir(self.data_dir, account)
        with locked(start_lock(self.data_dir), seconds=LOCK_SECONDS):
            place = prepare_place(self.data_dir, account)
            archiving = archive_settings(place, account, self._wal_archive)
            cluster = Cluster(
                place=place,
                account=account,
                binaries=readable_binaries(account, STATE),
                settings=archiving | self._settings,
                environment=self._environment,
            )
            cluster.ensure_running()
            self._user = Users(cluster.place.users).join()
            self._cluster = cluster
        return self

    def stop(self) -> None:
        """Leave; the last user to leave stops the server. Leaving twice does nothing."""
        if self._user is None or self._cluster is None:
            return
        with locked(start_lock(self.data_dir), seconds=LOCK_SECONDS):
            self._user.leave()
            self._user = None
            if not Users(self._cluster.place.users).anyone():
                self._cluster.stop()

    def restart_if_dead(self) -> None:
        """Start the server again when it was killed under its users; else do nothing."""
        with locked(start_lock(self.data_dir), seconds=LOCK_SECONDS):
            self._running.ensure_running()

    async def keep_alive(self) -> None:
        """Restart the server whenever it was killed, until cancelled.

        A restart that fails (a full disk, say) is logged and tried again.
        """
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if self._running.has_postmaster():
                continue
            logger.error("The embedded PostgreSQL has died and is started again.")
            try:
                await asyncio.to_thread(self.restart_if_dead)
            except (ServerError, OSError):
                logger.exception("The embedded PostgreSQL could not be started again.")
                await asyncio.sleep(RETRY_SECONDS)

    @property
    def _running(self) -> Cluster:
        if self._cluster is None:
            raise NoServerHere("内置数据库尚未启动。", "the embedded server is not started")
        return self._cluster

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        starting = asyncio.ensure_future(asyncio.to_thread(self.start))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:  # Ctrl-C: the thread goes on, so leave when it is through
            await asyncio.wait([starting])
            await asyncio.to_thread(self.stop)
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.stop)


def running(data_dir: Path | str, role: str = ROLE) -> str | None:
    """Return the connection string of the server that runs on this directory, or None."""
    try:
        place = existing_place(_resolved(data_dir))
    except NoServerHere:
        return None
    return dsn_of(place, role) if answers(place) else None


def dsn_for(data_dir: Path | str, role: str = ROLE) -> str:
    """Return the connection string of this directory's server, running or not."""
    return dsn_of(existing_place(_resolved(data_dir)), role)


def erase(data_dir: Path | str) -> None:
    """Remove the server and all its data for good; refused while somebody uses it."""
    directory = _resolved(data_dir)
    if not os.path.lexists(directory / "postgres"):
        return
    account = current_account()
    prepare_data_dir(directory, account)
    with locked(start_lock(directory), seconds=LOCK_SECONDS):
        place = existing_place(directory)
        if Users(place.users).anyone():
            raise ServerBusy(
                f"{directory} 的数据库正在使用中；请先停止使用它的程序。",
                f"the server of {directory} is in use; stop the programs that use it first",
            )
        Cluster(place=place, account=account, binaries=readable_binaries(account, STATE)).stop()
        erase_place(place, directory)


def dsn_of(place: Place, role: str) -> str:
    """Write the place of the socket as a connection string that asyncpg and libpq read."""
    return f"postgresql://{role}@/{DATABASE}?host={quote(str(place.run), safe='/')}"


def _resolved(data_dir: Path | str) -> Path:
    path = Path(data_dir).expanduser().resolve()
    if not str(path).isprintable():
        raise NotOurs(
            "MINZHANG_DATA 的路径含有不可打印的字符。",
            "the path of MINZHANG_DATA contains characters that cannot be printed",
        )
    return path
