"""Archiving the write-ahead log, so that a base backup can be taken forward to any moment.

    DATA/postgres/archive       the folder that the log is archived in, and an id, remembered
    FOLDER/archive_of           the same id: the archive is of this data directory and no other
    FOLDER/00000001000000000000002A, …        mode 0700, the server's own

Whichever command happens to start the server archives: a run that did not would leave a gap that
nobody notices before a restore. A server that was put back from a backup, for a drill or for good,
goes another way from there; what it archived into the same folder would be taken for the way
to go. So it archives into a folder of its own.

PostgreSQL's own module writes each file whole or not at all, and never over another. A file of
16 MiB is closed after five minutes at the latest, so that is what a lost disk may cost.
"""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

from ledger.postgres.account import Account
from ledger.postgres.errors import ArchiveUnusable
from ledger.postgres.place import Place

OFF = "none"
"""In the place of a folder: archive no longer."""
MARK = "archive_of"
CLOSE_SECONDS = 300


def archive_settings(place: Place, account: Account, wanted: str | None) -> dict[str, str]:
    """Return what the server is told; ``wanted`` is a folder, ``OFF`` or, as remembered, ``None``.

    Call while holding the start lock. Refuses with ``ArchiveUnusable``.
    """
    remembered = place.home / "archive"
    if wanted == OFF:
        remembered.unlink(missing_ok=True)
    elif wanted is not None:
        _prepare(Path(wanted), account, remembered)
    if not remembered.exists():
        return {}
    folder, _ = _read(remembered)
    return {
        "archive_mode": "on",
        "archive_library": "basic_archive",
        "basic_archive.archive_directory": folder,
        "archive_timeout": f"{CLOSE_SECONDS}s",
    }


def _prepare(folder: Path, account: Account, remembered: Path) -> None:
    """Make the folder the server's own, or make sure that it is, and of this data directory."""
    if not os.path.lexists(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        account.give(folder, 0o700)
    found = folder.lstat()
    is_private = found.st_uid == account.server_uid and not found.st_mode & 0o077
    if not folder.is_dir() or not is_private or not account.can_enter(folder):
        raise ArchiveUnusable(
            f"归档目录 {folder} 必须属于用户 {account.server}、权限 0700，"
            "且其上各级目录允许该用户进入。",
            f"the archive {folder} must be a directory of the user {account.server} with mode 0700,"
            " below directories that this user may enter",
        )
    own = _read(remembered)[1] if remembered.exists() else uuid4().hex
    mark = folder / MARK
    if any(folder.iterdir()) and (not mark.exists() or mark.read_text().strip() != own):
        raise ArchiveUnusable(
            f"归档目录 {folder} 中有另一数据目录的归档；请指定一个新的目录，然后做一次新的备份。",
            f"the archive {folder} holds what another data directory archived: name a new folder,"
            " and make a new backup then",
        )
    mark.write_text(f"{own}\n", encoding="utf-8")
    remembered.write_text(f"{folder}\n{own}\n", encoding="utf-8")


def _read(remembered: Path) -> tuple[str, str]:
    folder, own = remembered.read_text(encoding="utf-8").splitlines()
    return folder, own
