"""Who owns the data and who runs the server.

PostgreSQL refuses to run as root. For an ordinary user both are the same person. For root
the server runs as a system user of its own, `minzhang-pg`, which owns nothing but the
server's data, and root's connections are let in by a peer map (`configuration.py`).
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.postgres.errors import NoAccount

SYSTEM_USER = "minzhang-pg"


@dataclass(frozen=True, kw_only=True)
class Account:
    """The owner of the data (`owner`, this process) and the user who runs the server."""

    owner: str
    server: str
    server_uid: int
    server_gid: int

    @property
    def is_apart(self) -> bool:
        """Whether the server runs as another user than this process (that is: we are root)."""
        return self.owner != self.server

    def spawn_options(self) -> dict[str, Any]:
        """Arguments for `subprocess` that make a program run as the server's user."""
        options: dict[str, Any] = {"cwd": "/", "stdin": subprocess.DEVNULL}
        if self.is_apart:
            options |= {"user": self.server_uid, "group": self.server_gid, "extra_groups": []}
        return options

    def run(
        self,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        text_in: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as the server's user to its end; its output is in the answer."""
        options = self.spawn_options()
        if text_in is not None:
            del options["stdin"]
        return subprocess.run(
            list(map(str, command)),
            env=clean_environment(environment),
            input=text_in,
            capture_output=True,
            text=True,
            check=False,
            **options,
        )

    def can_enter(self, directory: Path) -> bool:
        """Whether the server's user may pass through every folder down to `directory`."""
        return self.run(["/usr/bin/test", "-x", directory]).returncode == 0

    def give(self, path: Path, mode: int) -> None:
        """Make a fresh file or folder the server's own, with exactly this mode."""
        os.chmod(path, mode)
        if self.is_apart:
            os.chown(path, self.server_uid, self.server_gid, follow_symlinks=False)


def clean_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Only what PostgreSQL needs: nothing of the caller's PG*, LD_* or locale reaches it."""
    return {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        **(more or {}),
    }


def current_account() -> Account:
    """Who we are and who will run the server; as root the system user is made if missing."""
    try:
        owner = pwd.getpwuid(os.geteuid())
    except KeyError as unknown:
        raise NoAccount(
            f"用户编号 {os.geteuid()} 在系统中没有账户，PostgreSQL 无法以它运行；请为它建立账户。",
            f"user id {os.geteuid()} has no account here, which PostgreSQL needs; create one",
        ) from unknown
    server = _system_user() if owner.pw_uid == 0 else owner
    return Account(
        owner=owner.pw_name,
        server=server.pw_name,
        server_uid=server.pw_uid,
        server_gid=server.pw_gid,
    )


def _system_user() -> pwd.struct_passwd:
    """Return the system user, created when missing (twice at once does no harm)."""
    if (found := _find(SYSTEM_USER)) is not None:
        return found
    words = "useradd is not installed"
    if (useradd := shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")) is not None:
        options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        done = subprocess.run(
            [useradd, *options, "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            capture_output=True,
            text=True,
            check=False,
        )
        words = done.stderr.strip()
    if (found := _find(SYSTEM_USER)) is not None:
        return found
    raise NoAccount(
        f"无法建立系统用户 {SYSTEM_USER}（{words}）；请先建立它，或以普通用户运行。",
        f"cannot create the system user {SYSTEM_USER} ({words});"
        " create it first, or run as an ordinary user",
    )


def _find(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None
