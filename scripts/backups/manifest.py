"""The manifest of a backup: what it holds, of which versions, with the digest of each file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import file_digest
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import orjson
from pydantic import StringConstraints, TypeAdapter, ValidationError

from ledger.core.errors import LedgerError

MANIFEST = "manifest.json"

Hex = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
Kind = Literal["base", "export", "keys"]


class BackupUnreadable(LedgerError):
    """This folder is not a backup that this version reads.

    该目录不是本版本能读取的备份。
    """


class BackupDamaged(LedgerError):
    """The backup is not as it was made: a file is missing, was changed or was added.

    备份与制作时不符：有文件缺失、被改动或被添加。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file below the backup's folder."""

    path: str
    size: int
    sha256: Hex


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerMark:
    """Where a log was when the backup was made: ``size`` entries at the least, with this root.

    ``checkpoint`` is the newest published note by then ("": none), over ``checkpoint_size`` of
    them; ``vkeys`` are the log's public keys.
    """

    ledger: str
    origin: str
    size: int
    root: Hex
    checkpoint: str
    checkpoint_size: int
    vkeys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wal:
    """The write-ahead log that a base backup begins and ends with."""

    timeline: int
    start: str
    end: str
    first_file: str
    is_archived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A table of an export, as the file of its name holds it."""

    table: str
    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything that is said about a backup."""

    kind: Kind
    made_at: str
    minzhang: str
    server: str
    migrations: dict[str, str]
    ledgers: tuple[LedgerMark, ...]
    wal: Wal | None = None
    tables: tuple[Copied, ...] = ()
    keys: tuple[str, ...] = ()
    keys_elsewhere: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    format: Literal["minzhang-backup.v1"] = "minzhang-backup.v1"

    def to_bytes(self) -> bytes:
        """Return what is written."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2) + b"\n"


_READ = TypeAdapter(Manifest)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a backup (refuses with ``BackupUnreadable``)."""
    try:
        found = _READ.validate_json((folder / MANIFEST).read_bytes(), extra="forbid")
    except OSError as error:
        raise BackupUnreadable(path=str(folder), problem=error.strerror) from error
    except ValidationError as wrong:
        where = ".".join(map(str, wrong.errors()[0]["loc"]))
        raise BackupUnreadable(path=str(folder), field=where) from wrong
    for file in found.files:
        if not _is_below(file.path):
            raise BackupUnreadable(path=str(folder), file=file.path)
    return found


def check_files(folder: Path, manifest: Manifest) -> int:
    """Check that exactly the files of the manifest are there; return how many bytes they have.

    Refuses with ``BackupDamaged``, which names the first that is not right.
    """
    listed = {file.path: file for file in manifest.files}
    there = set(paths_below(folder)) - {MANIFEST}
    for path in sorted(listed.keys() - there):
        raise BackupDamaged(missing=path)
    for path in sorted(there - listed.keys()):
        raise BackupDamaged(added=path)
    for path, file in listed.items():
        if described(folder, path) != file:
            raise BackupDamaged(changed=path)
    return sum(file.size for file in manifest.files)


def described(folder: Path, path: str) -> File:
    """Return a file's size and digest."""
    with (folder / path).open("rb") as opened:
        digest = file_digest(opened, "sha256").hexdigest()
        return File(path=path, size=os.fstat(opened.fileno()).st_size, sha256=digest)


def paths_below(folder: Path) -> Iterator[str]:
    """Yield the files below a folder, in order, without following links."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield Path(parent, name).relative_to(folder).as_posix()


def _is_below(path: str) -> bool:
    """Tell whether a path is plain: relative, and never upwards."""
    parts = PurePosixPath(path).parts
    return bool(parts) and path == "/".join(parts) and not {"..", ".", "/"} & set(parts)
