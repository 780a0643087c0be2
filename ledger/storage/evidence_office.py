"""Documents of word processors and spreadsheets that carry programs, or fetch them from elsewhere.

What such a document says of its parts is XML; it is searched as bytes, in whatever encoding they
come, and never parsed. References to characters, which could hide a word, have no place there.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePosixPath
from typing import BinaryIO

from ledger.storage.evidence_archives import first_bytes
from ledger.storage.evidence_errors import EvidenceArchiveUnsafe, EvidenceKindMismatch

TYPES = "[Content_Types].xml"
TYPES_BYTES_MAX = 512 * 1024
_PROGRAMS = (b"macroenabled", b"vbaproject", b"vbadata", b"activex", b"macrosheet", b"oleobject")
"""How content types and relations of programs are called."""
_FOLDERS = frozenset({"activex", "macrosheets", "embeddings", "dialogsheets", "customui"})
_FROM_ELSEWHERE = (b"attachedtemplate", b"oleobject", b"externallinkpath/xlstartup")
_HIDING = (b"<!doctype", b"<!entity", b"&#")


def check_office(file: BinaryIO, names: Collection[str]) -> None:
    """Refuse (``EvidenceArchiveUnsafe``) programs, and templates that come from elsewhere."""
    for name in names:
        parts = [part.lower() for part in PurePosixPath(name).parts]
        if parts[-1].startswith("vba") or not _FOLDERS.isdisjoint(parts[:-1]):
            raise EvidenceArchiveUnsafe(rule="program within")
    if any(word in _told(file, TYPES) for word in _PROGRAMS):
        raise EvidenceArchiveUnsafe(rule="program within")
    for name in names:
        if name.endswith(".rels"):
            told = _told(file, name)
            if any(word in told for word in _PROGRAMS):
                raise EvidenceArchiveUnsafe(rule="program within")
            if b"external" in told and any(word in told for word in _FROM_ELSEWHERE):
                raise EvidenceArchiveUnsafe(rule="fetched from elsewhere")


def _told(file: BinaryIO, name: str) -> bytes:
    """Return what a part says, in small letters, without the zeros of wide encodings."""
    found = first_bytes(file, name, TYPES_BYTES_MAX + 1)
    if len(found) > TYPES_BYTES_MAX:
        raise EvidenceKindMismatch(rule=name)
    plain = found.replace(b"\0", b"").lower()
    if any(word in plain for word in _HIDING):
        raise EvidenceKindMismatch(rule=name)
    return plain
