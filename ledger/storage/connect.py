"""Connections to PostgreSQL.

A DSN may name several hosts; they are raced, so that one that hangs costs
nothing, and the first that accepts writes wins. Nothing connects at import.

Names without a schema are looked for in the log's schema first, so that nothing in the
views' schema, where the role that serves makes tables, can stand in front of the log.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit
from weakref import WeakSet

import asyncpg

from ledger.core.errors import InvalidValue, LedgerError
from ledger.storage.errors import Unavailable

Connection: TypeAlias = "asyncpg.Connection | asyncpg.pool.PoolConnectionProxy"
Database: TypeAlias = "asyncpg.Pool | Connection"

Opened: TypeAlias = WeakSet[asyncpg.Connection]
"""The connections that a pool opened and that are still there."""

CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 30.0
SERVER_VERSION_MIN = 15

LOG_SCHEMA = "public"
VIEWS_SCHEMA = "minzhang_views"
SCRATCH_SCHEMAS = tuple(f"minzhang_scratch_{number}" for number in range(1, 5))
SEARCH_PATH = f"{LOG_SCHEMA}, {VIEWS_SCHEMA}, pg_temp"

LOST_CONNECTION = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a pool that takes back a connection cut in mid-query
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.TargetServerAttributeNotMatched,
)
"""What asyncpg raises when the server or the way to it is gone, rather than the statement wrong."""

REFUSALS = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.TransactionRollbackError,
    asyncpg.SyntaxOrAccessError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.InvalidTransactionStateError,
    asyncpg.RaiseError,
)
"""Errors of a statement that the server undid. Any other may have come after the commit."""


def is_refusal(error: asyncpg.PostgresError) -> bool:
    """Tell whether it is certain that a statement which commits by itself wrote nothing.

    A server that goes down says so with FATAL or PANIC, at any moment, also after the commit.
    """
    is_certain = isinstance(error, REFUSALS)
    is_doubtful = isinstance(error, asyncpg.StatementCompletionUnknownError)
    return is_certain and not is_doubtful and getattr(error, "severity_en", None) == "ERROR"


async def connect(
    dsn: str, *, search_path: str | None = None, **options: Any
) -> asyncpg.Connection:
    """Open a connection to the first host of ``dsn`` that accepts writes.

    A ``search_path`` that the DSN itself names counts before ``SEARCH_PATH``.
    """
    if search_path is not None or "search_path" not in parse_qs(urlsplit(dsn).query):
        options["server_settings"] = {"search_path": search_path or SEARCH_PATH}
    racing = {asyncio.create_task(_connect_one(one, options)) for one in hosts_of(dsn)}
    failure: BaseException | None = None
    try:
        while racing:
            finished, racing = await asyncio.wait(racing, return_when=asyncio.FIRST_COMPLETED)
            winners = [task for task in finished if task.exception() is None]
            racing |= set(winners[1:])
            if winners:
                return winners[0].result()
            failure = failure or finished.pop().exception()
    finally:
        await _close_losers(racing)
    raise failure or Unavailable()


async def create_pool(
    dsn: str,
    *,
    size_min: int = 1,
    size_max: int = 10,
    search_path: str | None = None,
    opened: Opened | None = None,
) -> asyncpg.Pool:
    """Open a pool whose connections are raced for as in ``connect``, and noted in ``opened``."""

    async def open_one(*_: Any, **options: Any) -> asyncpg.Connection:
        connection = await connect(dsn, search_path=search_path, **options)
        if opened is not None:
            opened.add(connection)
        return connection

    return await asyncpg.create_pool(
        dsn,
        min_size=size_min,
        max_size=size_max,
        connect=open_one,
        reset=_leave_as_it_is,
        command_timeout=COMMAND_SECONDS,
    )


async def _leave_as_it_is(_: Connection) -> None:
    """Save the round trip that resets a session after each read: nobody here changes one.

    Settings are made with SET LOCAL, locks are given back where they are taken, and asyncpg
    itself ends a transaction that was left open.
    """


class HostsAndPorts(InvalidValue):
    """The connection string must name one port for all hosts, or one for each.

    连接字符串中的端口应只写一个，或与主机一一对应。
    """


class PoolerBetween(LedgerError):
    """A connection pooler such as pgbouncer stands here: name the PostgreSQL server itself.

    此处是 pgbouncer 一类的连接池，而不是 PostgreSQL 服务器本身；请直接连接数据库服务器。
    """


def hosts_of(dsn: str) -> list[str]:
    """Split a DSN with several hosts into one DSN a host (refuses with ``HostsAndPorts``).

    libpq's two ways: ``//one:5432,two:5433/name``, and ``//…?host=one,two&port=5432,5433``.
    """
    parts = urlsplit(dsn)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    query.pop("target_session_attrs", None)
    listed = query.pop("host", "").split(",")
    if listed != [""]:
        ports = query.pop("port", "").split(",")
        if len(ports) not in (1, len(listed)):
            raise HostsAndPorts(hosts=len(listed), ports=len(ports))
        ports = ports * len(listed) if len(ports) == 1 else ports
        return [_with(parts, query | _place(*one)) for one in zip(listed, ports, strict=True)]
    user, at, hosts = parts.netloc.rpartition("@")
    split = [parts._replace(netloc=f"{user}{at}{host}") for host in hosts.split(",")]
    return [_with(one, query) for one in split]


def _place(host: str, port: str) -> dict[str, str]:
    return {"host": host, "port": port} if port else {"host": host}


def _with(parts: Any, query: dict[str, str]) -> str:
    dsn: str = urlunsplit(parts._replace(query=urlencode(query)))
    return dsn


async def _connect_one(dsn: str, options: dict[str, Any]) -> asyncpg.Connection:
    try:
        connection = await asyncpg.connect(
            dsn,
            **{"timeout": CONNECT_SECONDS, "command_timeout": COMMAND_SECONDS, **options},
            target_session_attrs="read-write",
        )
    except asyncpg.ProtocolViolationError as error:
        if "startup parameter" in str(error):  # what pgbouncer says of our search path
            raise PoolerBetween() from error
        raise
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await _refuse_pooler(connection)
    except BaseException:
        connection.terminate()
        raise
    if connection.get_server_version().major < SERVER_VERSION_MIN:
        await connection.close()
        raise OSError(f"PostgreSQL {SERVER_VERSION_MIN} or newer is needed")
    return connection


async def _refuse_pooler(connection: asyncpg.Connection) -> None:
    """Refuse (``PoolerBetween``) a session that several clients take turns in.

    What we say in one statement must hold in the next: locks, news that we listen for, the
    search path, prepared statements. A pooler tells a client another number than the server's.
    """
    try:
        pid = await connection.fetchval("SELECT pg_backend_pid()")
    except (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError):
        pid = None  # prepared in one session and asked for in another
    if pid != connection.get_server_pid():
        raise PoolerBetween()


async def _close_losers(racing: set[asyncio.Task[asyncpg.Connection]]) -> None:
    """Stop who is still trying, and close who came in after the winner."""
    for task in racing:
        task.cancel()
    for outcome in await asyncio.gather(*racing, return_exceptions=True):
        if not isinstance(outcome, BaseException):
            await outcome.close()
