"""Other processes that use the embedded server, and other people who try to."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]

ENTER_AND_WAIT = """
import sys
from ledger.postgres import EmbeddedServer
with EmbeddedServer(sys.argv[1]) as server:
    print(server.dsn, flush=True)
    sys.stdin.readline()
"""


@contextmanager
def another_user(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that uses the server until a line is written to it or the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", ENTER_AND_WAIT, str(data_dir)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    """What the process said first; waits for it."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def mode_of(path: Path) -> int:
    """The permission bits of a path."""
    return os.stat(path).st_mode & 0o777
