"""Where the server's files lie, given the data directory of the ledger (`MINZHANG_DATA`).

    DATA/postgres.lock          one start or stop at a time
    DATA/postgres/              the server's home; ours, not the server's
        alive                   locked by every PostgreSQL process of this server
        users/                  who uses it (`users.py`)
        conf/                   postgresql.conf, pg_hba.conf, pg_ident.conf
        server/                 mode 0700, the server's own: data/, run/ (socket), server.log

As root the server's user must be able to reach its home. Where DATA lies behind a closed
door (`/root/...`), no door is opened: the home gets a fresh name in /var/lib/minzhang,
DATA/postgres is a symbolic link to it, and the file `for` in it names DATA.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ledger.postgres.account import Account
from ledger.postgres.errors import NoServerHere, NotOurs

STATE = Path("/var/lib/minzhang")
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_BYTES_MAX = 107  # sun_path of Linux, less its closing zero
PLAIN_PATH = re.compile(r"[A-Za-z0-9._/@+-]+")  # needs no quoting in any place a socket is named


@dataclass(frozen=True)
class Place:
    """The server's home and what is in it."""

    home: Path

    @property
    def alive(self) -> Path:
        """Locked as long as any process of the server lives."""
        return self.home / "alive"

    @property
    def users(self) -> Path:
        """One file for each user of the server."""
        return self.home / "users"

    @property
    def conf(self) -> Path:
        """Configuration, written by us at every start; the server may only read it."""
        return self.home / "conf"

    @property
    def server(self) -> Path:
        """What belongs to the server's user."""
        return self.home / "server"

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.server / "data"

    @property
    def log(self) -> Path:
        """What PostgreSQL says."""
        return self.server / "server.log"

    @property
    def run(self) -> Path:
        """The folder of the socket; a short one below /tmp where the path would be too long."""
        folder = self.server / "run"
        length = len(os.fsencode(folder / SOCKET_NAME))
        if length <= SOCKET_PATH_BYTES_MAX and PLAIN_PATH.fullmatch(str(folder)):
            return folder
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:20]
        return Path(f"/tmp/mz-{digest}")  # noqa: S108  checked for its owner and mode before use

    @property
    def socket(self) -> Path:
        """The server's socket."""
        return self.run / SOCKET_NAME


def start_lock(data_dir: Path) -> Path:
    """Return the file that is locked during a start or a stop."""
    return data_dir / "postgres.lock"


def existing_place(data_dir: Path) -> Place:
    """Return the place of a server that was started before."""
    home = data_dir / "postgres"
    if not home.is_dir():
        raise NoServerHere(
            f"{data_dir} 中还没有内置数据库；请先运行 minzhang init 或 make demo。",
            f"{data_dir} holds no embedded server yet; run minzhang init or make demo first",
        )
    return Place(home.resolve())


def prepare_data_dir(data_dir: Path, account: Account) -> None:
    """Create the data directory, or make sure that an existing one is ours."""
    if not data_dir.exists():
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        _folder(data_dir, 0o711 if account.is_apart else 0o700)
    _must_be_owned(data_dir, os.geteuid())


def prepare_place(data_dir: Path, account: Account) -> Place:
    """Create all folders of the server's home. Call while holding the start lock."""
    home = data_dir / "postgres"
    if not os.path.lexists(home) and account.is_apart and not account.can_enter(data_dir):
        apart = Path(tempfile.mkdtemp(prefix="home-", dir=STATE))
        apart.chmod(0o711)
        (apart / "for").write_text(f"{data_dir}\n", encoding="utf-8")
        home.symlink_to(apart)
    place = Place(home.resolve())
    _folder(place.home, 0o711 if account.is_apart else 0o700)
    _folder(place.users, 0o700)
    _folder(place.conf, 0o755)
    for folder in (place.server, place.run):
        if not os.path.lexists(folder):
            folder.mkdir(mode=0o700)
            account.give(folder, 0o700)
        _must_be_private(folder, account.server_uid)
    return place


def prepare_state(account: Account) -> None:
    """As root: the folder for copied programs and for homes that DATA cannot hold."""
    if account.is_apart:
        _folder(STATE, 0o755)


def erase_place(place: Place, data_dir: Path) -> None:
    """Remove the server's home and all its data. Call when no process of it is alive."""
    if os.path.lexists(place.run) and not place.run.is_symlink():
        shutil.rmtree(place.run)
    shutil.rmtree(place.home)
    if (data_dir / "postgres").is_symlink():
        (data_dir / "postgres").unlink()


def _folder(path: Path, mode: int) -> None:
    """Make a folder that has its mode from its first moment, whatever the umask."""
    if not path.exists():
        fresh = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        fresh.chmod(mode)
        try:
            fresh.rename(path)
        except OSError:  # somebody else was quicker and has put something into it already
            fresh.rmdir()
    _must_be_owned(path, os.geteuid())


def _must_be_owned(path: Path, uid: int) -> os.stat_result:
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid:
        raise NotOurs(
            f"{path} 不是用户 {uid} 的目录；请换一个 MINZHANG_DATA，或以目录的主人运行。",
            f"{path} is not a directory of user id {uid};"
            " choose another MINZHANG_DATA, or run as its owner",
        )
    return found


def _must_be_private(path: Path, uid: int) -> None:
    if _must_be_owned(path, uid).st_mode & 0o077:
        raise NotOurs(
            f"{path} 对他人开放，应为 0700；请检查是谁改了它。",
            f"{path} is open to others and should be 0700; find out who changed it",
        )
