"""Files that hold secrets or must outlive a crash: private keys, and what was signed last.

    DATA/log/371329/        mode 0700
        key                 mode 0600: the log's private keys
        signed              what was signed last (``ledger.publishing.signer``)

A private file that others may read, or that belongs to somebody else, is refused: whoever can
read a key can sign in its owner's name. No error here ever repeats what a file holds.
"""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ledger.core.errors import LedgerError

FILE_BYTES_MAX = 1_000_000


class FileNotPrivate(LedgerError):
    """This file or folder must belong to who runs this program and be closed to everybody else.

    该文件或目录须归运行本程序的用户所有，且不得对其他任何人开放。
    """


class PrivateFileUnreadable(LedgerError):
    """This file does not hold what it should.

    该文件的内容不是应有的内容。
    """


class FileBusy(LedgerError):
    """Another process holds this lock.

    另一个进程正占用该锁。
    """


def make_private_folder(path: Path) -> None:
    """Make a folder that is closed to others, or check that an existing one is."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):  # another process was quicker
            path.mkdir(mode=0o700)
    _must_be_private(path, path.lstat(), stat.S_ISDIR)


def read_private(path: Path) -> str | None:
    """Return a private file's text; ``None`` if there is none (``FileNotPrivate``)."""
    try:
        held = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:  # a symbolic link, or somebody else's
        raise FileNotPrivate(path=str(path), problem=error.strerror) from None
    with os.fdopen(held, "rb") as file:
        _must_be_private(path, os.fstat(held), stat.S_ISREG)
        data = file.read(FILE_BYTES_MAX + 1)
    try:
        if len(data) > FILE_BYTES_MAX:
            raise PrivateFileUnreadable(path=str(path), bytes_max=FILE_BYTES_MAX)
        return data.decode()
    except UnicodeDecodeError:
        raise PrivateFileUnreadable(path=str(path)) from None


def write_private(path: Path, text: str) -> None:
    """Replace a private file in one step; when this returns, it survives a loss of power."""
    held, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(held, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock for a block (``FileBusy`` if another does); it ends with the process."""
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FileBusy(path=str(path)) from None
        yield
    finally:
        os.close(held)


def _must_be_private(path: Path, found: os.stat_result, is_kind: object) -> None:
    right_kind = callable(is_kind) and is_kind(found.st_mode)
    if not right_kind or found.st_uid != os.geteuid():
        raise FileNotPrivate(path=str(path), owner=found.st_uid, should_be=os.geteuid())
    if found.st_mode & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        wanted = mode & 0o700
        raise FileNotPrivate(path=str(path), mode=f"{mode:04o}", should_be=f"{wanted:04o}")


def _flush_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
