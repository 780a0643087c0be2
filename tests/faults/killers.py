"""Those who kill -9: all of PostgreSQL, or one of its back ends."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import asyncpg

from ledger.postgres import EmbeddedServer
from ledger.postgres.account import current_account
from ledger.postgres.processes import processes_in, send
from tests.waiting import wait_until


async def kill_server(server: EmbeddedServer) -> None:
    """Kill -9 every process of a server that is ours; return when none is left."""
    data, uid = server.place.data, current_account().server_uid

    def all_dead() -> bool:
        left = processes_in(data, uid)
        send(signal.SIGKILL, left)
        return not left

    await wait_until(all_dead)


async def kill_back_end(server: EmbeddedServer, dice: random.Random) -> None:
    """Kill -9 one back end that serves a client; PostgreSQL then restarts all of itself."""
    db = await asyncpg.connect(server.dsn)
    rows = await db.fetch(
        "SELECT pid FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    await db.close()
    victim = dice.choice([row["pid"] for row in rows])
    assert victim in processes_in(server.place.data, current_account().server_uid)
    send(signal.SIGKILL, [victim])
    await wait_until(lambda: not Path("/proc", str(victim), "exe").exists())
