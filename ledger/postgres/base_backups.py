"""Base backups of an embedded server: taken while it runs, laid out as a new server elsewhere.

    base.tar.gz       the data directory as pg_basebackup streams it
    pg_wal.tar.gz     the write-ahead log without which it is not consistent
    backup_manifest   PostgreSQL's own list of both, with the range of the log

A server that is laid out from it goes through recovery at its first start, to the end of the log
that there is or to a moment, and then goes on as a timeline of its own: what it archives never
collides with what the server before archived.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ledger.postgres.account import Account, clean_environment, current_account
from ledger.postgres.binaries import readable_binaries
from ledger.postgres.embedded import LOCK_SECONDS, EmbeddedServer
from ledger.postgres.errors import ArchiveIncomplete, BackupFailed, PlaceTaken
from ledger.postgres.files import locked
from ledger.postgres.place import (
    STATE,
    Place,
    erase_place,
    prepare_data_dir,
    prepare_place,
    prepare_state,
    start_lock,
)

DATA, WAL, LIST = "base.tar.gz", "pg_wal.tar.gz", "backup_manifest"
WORDS_MAX = 800
FILES_A_NUMBER = 256
SEGMENT = 24  # bits: a file of the log has 16 MiB
ARCHIVED = re.compile(r"([0-9A-F]{8})([0-9A-F]{16})|([0-9A-F]{8})\.history")
"""A whole segment or a timeline's history in an archive; other files there are not wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalRange:
    """The write-ahead log that a base backup needs: a timeline and two positions (LSN)."""

    timeline: int
    start: str
    end: str

    @property
    def first_file(self) -> str:
        """The first file of an archive that a restore from this backup can use."""
        return self._file(self.start)

    @property
    def last_file(self) -> str:
        """The last file that the backup itself holds."""
        return self._file(self.end)

    def _file(self, position: str) -> str:
        high, _, low = position.partition("/")
        return f"{self.timeline:08X}{int(high, 16):08X}{int(low, 16) >> SEGMENT:08X}"


def take_base_backup(dsn: str, folder: Path) -> WalRange:
    """Stream a running server into an empty folder, as its superuser (``BackupFailed``)."""
    binaries = readable_binaries(current_account(), STATE)
    options = ["--format=tar", "--gzip", "--wal-method=stream", "--checkpoint=fast"]
    options += ["--manifest-checksums=SHA256", "--label=minzhang", "--no-password"]
    done = subprocess.run(
        [str(binaries.program("pg_basebackup")), f"--dbname={dsn}", f"--pgdata={folder}", *options],
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        words = " ".join(done.stderr.split())[-WORDS_MAX:]
        raise BackupFailed(
            f"未能备份内置数据库：{words}", f"the embedded server could not be backed up: {words}"
        )
    return range_of(folder)


def range_of(folder: Path) -> WalRange:
    """Return the range of the log that the backup in a folder needs."""
    listed = json.loads((folder / LIST).read_text("utf-8"))
    (found,) = listed["WAL-Ranges"]
    return WalRange(timeline=found["Timeline"], start=found["Start-LSN"], end=found["End-LSN"])


def lay_out(
    data_dir: Path,
    folder: Path,
    *,
    archive: Path | None = None,
    until: datetime | None = None,
) -> None:
    """Make a server of a base backup, and let it go through recovery once.

    With an ``archive`` it replays all that is there, or what was committed ``until`` a moment.
    Refuses with ``PlaceTaken`` where there is a server already, ``ArchiveIncomplete``, and
    ``ServerDidNotStart`` where the log ends before that moment. What fails leaves nothing behind.
    """
    account = current_account()
    prepare_state(account)
    prepare_data_dir(data_dir, account)
    with locked(start_lock(data_dir), seconds=LOCK_SECONDS):
        refuse_a_second_server(data_dir)
        place = prepare_place(data_dir, account)
        try:
            _unpack(place, account, folder)
            _bring(place, account, _needed(folder, archive, until))
        except BaseException:
            erase_place(place, data_dir)
            raise
    try:
        recovery = _recovery(place, until=until)
        with EmbeddedServer(data_dir, settings=recovery):
            pass
    except BaseException:
        with locked(start_lock(data_dir), seconds=LOCK_SECONDS):
            erase_place(place, data_dir)
        raise
    shutil.rmtree(_brought(place), ignore_errors=True)


def refuse_a_second_server(data_dir: Path) -> None:
    """Refuse a directory that has a server already (``PlaceTaken``)."""
    if os.path.lexists(data_dir / "postgres"):
        raise PlaceTaken(
            f"{data_dir}/postgres 已存在：恢复不会覆盖任何数据库；请先将其移走。",
            f"{data_dir}/postgres is there already: a restore overwrites no database."
            " Move it away first",
        )


def refuse_a_gap(archive: Path, needed: WalRange) -> None:
    """Refuse an archive that ends before its last file: the rest would be left out in silence."""
    first = _number(needed.last_file) + 1
    found = [ARCHIVED.fullmatch(path.name) for path in archive.iterdir()]
    numbers = {_number(one[0]) for one in found if one and one[2]}
    for number in range(first, max(numbers, default=first)):
        if number not in numbers:
            name = f"{number // FILES_A_NUMBER:08X}{number % FILES_A_NUMBER:08X}"
            raise ArchiveIncomplete(
                f"归档 {archive} 中缺少文件 …{name}，其后的内容无法恢复；"
                "可用 --until 恢复到此前的时刻。",
                f"the archive {archive} lacks the file …{name}, and what came after it cannot be"
                " restored; --until names a moment before it",
            )


def _number(name: str) -> int:
    """Return which file of the log this is, whatever its timeline."""
    return int(name[8:16], 16) * FILES_A_NUMBER + int(name[16:24], 16)


def _unpack(place: Place, account: Account, folder: Path) -> None:
    """Unpack beside its place, give it to the server's user, and rename it into it."""
    fresh = place.server / "data.new"
    fresh.mkdir(mode=0o700)
    for name, target in ((DATA, fresh), (WAL, fresh / "pg_wal")):
        with tarfile.open(folder / name) as packed:
            packed.extractall(target, filter="data")
    (fresh / "recovery.signal").touch()
    for path in _all_below(fresh):
        account.give(path, 0o700 if path.is_dir() else 0o600)
    fresh.rename(place.data)


def _needed(folder: Path, archive: Path | None, until: datetime | None) -> Iterator[Path]:
    """Yield the archived files that a recovery reads."""
    if archive is None:
        return
    needed = range_of(folder)
    if until is None:
        refuse_a_gap(archive, needed)
    for path in sorted(archive.iterdir()):
        found = ARCHIVED.fullmatch(path.name)
        if found and (found[3] or path.name[8:] >= needed.first_file[8:]):
            yield path


def _bring(place: Place, account: Account, paths: Iterator[Path]) -> None:
    """Copy archived files to where the server may read them."""
    beside = _brought(place)
    beside.mkdir(mode=0o700)
    account.give(beside, 0o700)
    for path in paths:
        shutil.copyfile(path, beside / path.name)
        account.give(beside / path.name, 0o600)


def _brought(place: Place) -> Path:
    return place.server / "archived"


def _recovery(place: Place, *, until: datetime | None) -> dict[str, str]:
    """Return the settings of the one start that recovers; nobody is let in before it is through."""
    quoted = shlex.quote(str(_brought(place)).replace("%", "%%"))
    settings = {
        "restore_command": f'/bin/cp {quoted}/%f "%p"',
        "recovery_target_timeline": "latest",
        "hot_standby": "off",
    }
    if until is not None:
        settings |= {
            "recovery_target_time": until.isoformat(),
            "recovery_target_action": "promote",
        }
    return settings


def _all_below(folder: Path) -> Iterator[Path]:
    yield folder
    for parent, folders, names in os.walk(folder):
        for name in (*folders, *names):
            yield Path(parent, name)
