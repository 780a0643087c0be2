"""Commands of `minzhang` as processes of their own, on a real database."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

_MINZHANG = ("-c", "import sys; from scripts.cli import main; sys.exit(main())")


def environment_for(database: str, folder: Path) -> dict[str, str]:
    """Return what a process is told of the database, a data directory and any free port."""
    return os.environ | {
        "MINZHANG_DSN": database,
        "MINZHANG_DATA": str(folder / "data"),
        "MINZHANG_PORT": "0",
        "MINZHANG_LEDGER": "t1",
    }


async def start(environment: dict[str, str], *arguments: str) -> Process:
    """Start a command; its output is for the test to read."""
    return await asyncio.create_subprocess_exec(
        sys.executable, *_MINZHANG, *arguments, env=environment, stdout=PIPE, stderr=PIPE
    )
