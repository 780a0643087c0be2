"""The head of the log, read so that no failover can take it back afterwards.

What is visible may still be on one machine only: a synchronous standby's word is waited for at
the commit, and a wait that was cancelled leaves a commit that readers see and a failover loses. So
before anything about the head is said in public, a transaction of our own is committed behind it;
what it waits for covers the head as well, and a warning at that commit means: not certain.
"""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

from ledger.storage.errors import Unavailable
from ledger.storage.reading import Head, read_head

CONFIRM_SECONDS = 8.0

_WRITE_TO_WAL = "SELECT pg_logical_emit_message(true, 'minzhang', $1)"


class HeadUnconfirmed(Unavailable):
    """The standby did not confirm the head of the log; nothing was said about it in public.

    备用服务器未确认日志末端，故未就此对外发布任何内容。
    """


async def confirmed_head(db: asyncpg.Connection, ledger_id: str) -> Head:
    """Return the head once it is as durable as any commit (refuses with ``HeadUnconfirmed``)."""
    warnings: list[str] = []

    def note(_: object, message: Any) -> None:
        if message.severity_en == "WARNING":
            warnings.append(message.message)

    db.add_log_listener(note)
    try:
        async with asyncio.timeout(CONFIRM_SECONDS), db.transaction():
            head = await read_head(db, ledger_id)
            await db.execute(_WRITE_TO_WAL, ledger_id)
    except TimeoutError as error:
        db.terminate()
        raise HeadUnconfirmed(seconds=int(CONFIRM_SECONDS)) from error
    finally:
        db.remove_log_listener(note)
    if warnings:
        raise HeadUnconfirmed(problem=warnings[0][:200])
    return head
