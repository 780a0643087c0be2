"""What may be in an uploaded archive: looked through once, unpacked nowhere.

Sizes are counted while reading, not believed; what an archive says of itself may be a lie.
"""

from __future__ import annotations

import re
import stat
import struct
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from ledger.storage.evidence_errors import EvidenceArchiveUnsafe, EvidenceKindMismatch

ENTRIES_MAX = 1000
UNPACKED_BYTES_MAX = 200 * 1024**2
RATIO_MAX = 100
DIRECTORY_BYTES_MAX = 1024**2
PART_BYTES = 256 * 1024

ARCHIVES = frozenset(
    {"7z", "ar", "arj", "bz2", "cab", "cpio", "docm", "docx", "ear", "epub", "gz", "iso", "jar"}
    | {"lz4", "lzh", "odp", "ods", "odt", "pptx", "rar", "tar", "tgz", "war", "xlsm", "xlsx", "xz"}
    | {"zip", "zst"}
)
EXECUTABLES = frozenset(
    {"apk", "app", "bat", "class", "cmd", "com", "cpl", "dll", "dmg", "elf", "exe", "hta"}
    | {"htm", "html", "js", "jse", "lnk", "mht", "mhtml", "msi", "ps1", "py", "scr", "sh", "so"}
    | {"svg", "swf", "vbe", "vbs", "wsf", "xht", "xhtml"}
)
_NESTED = (b"PK\x03\x04", b"PK\x05\x06", b"Rar!", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh")
_NESTED_TOO = (b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"MSCF")
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")
_OLE = b"\xd0\xcf\x11\xe0"
"""How macros and packed objects of office documents begin."""
_END = struct.Struct("<4s4H2LH")
_END_SIGNATURE = b"PK\x05\x06"
_FURTHER_END = 65_535
_DRIVE = re.compile(r"[A-Za-z]:")
_ENCRYPTED = 0x1
_LOOKED_AT = 8


def names_in(file: BinaryIO) -> frozenset[str]:
    """Return the names in an archive that keeps all rules (refuses with what it breaks)."""
    _check_end(file)
    try:
        with ZipFile(file) as archive:
            entries = archive.infolist()
            _check_entries(entries)
            _check_contents(archive, entries, file.seek(0, 2))
            return frozenset(entry.filename for entry in entries)
    except (BadZipFile, NotImplementedError, EOFError, zlib.error, ValueError, OSError) as error:
        raise EvidenceKindMismatch(rule="a readable archive") from error


def first_bytes(file: BinaryIO, name: str, count: int) -> bytes:
    """Return how an entry of an archive that was looked through begins."""
    with ZipFile(file) as archive, archive.open(name) as entry:
        return entry.read(count)


@dataclass(frozen=True, slots=True)
class _End:
    """What the end of an archive tells, and where in the file it stands."""

    position: int
    file_bytes: int
    entries: int
    directory_bytes: int
    directory_at: int
    comment_bytes: int

    @property
    def is_whole(self) -> bool:
        """Tell whether the file is this archive, with nothing before, between and behind."""
        return (
            self.directory_at + self.directory_bytes == self.position
            and self.position + _END.size + self.comment_bytes == self.file_bytes
        )


def has_end_of_archive(file: BinaryIO) -> bool:
    """Tell whether an archive ends with this file, whatever it begins with."""
    return _end_of(file) is not None


def _end_of(file: BinaryIO) -> _End | None:
    size = file.seek(0, 2)
    begins_at = max(0, size - _END.size - _FURTHER_END)
    file.seek(begins_at)
    tail = file.read()
    at = tail.rfind(_END_SIGNATURE)
    if at < 0 or len(tail) - at < _END.size:
        return None
    _, _, _, _, entries, directory_bytes, directory_at, comment = _END.unpack_from(tail, at)
    return _End(begins_at + at, size, entries, directory_bytes, directory_at, comment)


def _check_end(file: BinaryIO) -> None:
    """Refuse two archives in one, and a list of entries that would take much memory to read."""
    end = _end_of(file)
    if end is None:
        raise EvidenceKindMismatch(rule="end of archive")
    if end.entries > ENTRIES_MAX or end.directory_bytes > DIRECTORY_BYTES_MAX:
        raise EvidenceArchiveUnsafe(rule="entries", entries_max=ENTRIES_MAX)
    if not end.is_whole:
        raise EvidenceKindMismatch(rule="one archive, nothing before or behind it")


def _check_entries(entries: Collection[ZipInfo]) -> None:
    if len(entries) > ENTRIES_MAX:
        raise EvidenceArchiveUnsafe(rule="entries", entries_max=ENTRIES_MAX)
    if len({entry.filename for entry in entries}) != len(entries):
        raise EvidenceArchiveUnsafe(rule="a name twice")
    for entry in entries:
        _check_name(entry.filename)
        _check_name(entry.orig_filename)
        mode = stat.S_IFMT(entry.external_attr >> 16)
        if mode not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise EvidenceArchiveUnsafe(rule="links and devices")
        if entry.flag_bits & _ENCRYPTED:
            raise EvidenceArchiveUnsafe(rule="encrypted")
        if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise EvidenceArchiveUnsafe(rule="compression method")


def _check_name(name: str) -> None:
    parts = PurePosixPath(name).parts
    is_outside = name.startswith("/") or ".." in parts or _DRIVE.match(name) is not None
    if not name or is_outside or "\\" in name or "\0" in name:
        raise EvidenceArchiveUnsafe(rule="names within the archive")
    suffix = PurePosixPath(name).suffix.lower().removeprefix(".")
    if suffix in ARCHIVES:
        raise EvidenceArchiveUnsafe(rule="archive within")
    if suffix in EXECUTABLES:
        raise EvidenceArchiveUnsafe(rule="program within")


def _check_contents(archive: ZipFile, entries: Collection[ZipInfo], packed_bytes: int) -> None:
    allowed = min(UNPACKED_BYTES_MAX, packed_bytes * RATIO_MAX)
    rule = "unpacked size" if allowed == UNPACKED_BYTES_MAX else "ratio"
    if sum(entry.file_size for entry in entries) > allowed:
        raise EvidenceArchiveUnsafe(rule=rule, bytes_max=allowed)
    unpacked = 0
    for entry in entries:
        with archive.open(entry) as content:
            part = content.read(PART_BYTES)
            _check_beginning(part[:_LOOKED_AT])
            while part:
                unpacked += len(part)
                if unpacked > allowed:
                    raise EvidenceArchiveUnsafe(rule=rule, bytes_max=allowed)
                part = content.read(PART_BYTES)


def _check_beginning(beginning: bytes) -> None:
    if beginning.startswith((*_NESTED, *_NESTED_TOO)):
        raise EvidenceArchiveUnsafe(rule="archive within")
    if beginning.startswith((*_PROGRAMS, _OLE)):
        raise EvidenceArchiveUnsafe(rule="program within")
