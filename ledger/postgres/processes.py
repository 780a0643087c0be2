"""The processes of one server, found by what cannot be mistaken.

Every PostgreSQL process works in its data directory and belongs to the server's user. The
number in `postmaster.pid` alone proves nothing: it may be a zombie's or a stranger's.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path


def processes_in(data: Path, uid: int) -> list[int]:
    """Return the living processes of user `uid` that work in the data directory."""
    numbers = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in numbers if _works_in(pid, data, uid)]


def postmaster_of(data: Path, uid: int) -> int | None:
    """Return the number of the living postmaster, or None."""
    try:
        pid = int((data / "postmaster.pid").read_text().partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return None
    return pid if _works_in(pid, data, uid) else None


def is_ready(data: Path) -> bool:
    """Whether `postmaster.pid` says that connections are accepted (its eighth line)."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def send(number: signal.Signals, pids: list[int]) -> None:
    """Signal all of them; those that are gone already do not matter."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _works_in(pid: int, data: Path, uid: int) -> bool:
    entry = Path("/proc", str(pid))
    try:
        return entry.stat().st_uid == uid and Path(os.readlink(entry / "cwd")) == data
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False
