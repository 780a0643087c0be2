"""Which documents are taken: what the name's end says, when the content says the same.

Everything else is refused, programs, HTML and SVG among it; so is a file that is two things at
once, such as a picture with an archive behind it.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from ledger.storage.evidence_archives import first_bytes, has_end_of_archive, names_in
from ledger.storage.evidence_errors import (
    EvidenceArchiveUnsafe,
    EvidenceEmpty,
    EvidenceKindMismatch,
    EvidenceKindUnknown,
)
from ledger.storage.evidence_images import check_jpeg, check_png, check_webp
from ledger.storage.evidence_office import check_office

Check = Callable[[BinaryIO], None]

PART_BYTES = 256 * 1024
PDF_END_WITHIN = 2048
_ACTIVE = ("<!doctype", "<html", "<script", "<svg", "<?xml", "<head", "<body", "<?php", "#!")
_OTHERS = ("%PDF-", "MZ", "PK\x03\x04", "{\\rtf", "GIF8")
_CONTROLS = frozenset(map(chr, range(32))) - set("\t\n\r\f")
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document: how its names end, what it is called on the web, how it is checked."""

    suffixes: tuple[str, ...]
    media_type: str
    check: Check


def inspect(file: BinaryIO, name: str) -> str:
    """Return the media type of a document that is what its name says; refuse any other."""
    kind = kind_of(name)
    if file.seek(0, 2) == 0:
        raise EvidenceEmpty()
    file.seek(0)
    kind.check(file)
    return kind.media_type


def kind_of(name: str) -> Kind:
    """Return the kind that a name's end tells (refuses with ``EvidenceKindUnknown``)."""
    suffix = PurePosixPath(name).suffix.lower()
    kind = _BY_SUFFIX.get(suffix)
    if kind is None:
        raise EvidenceKindUnknown(suffix=suffix[:20])
    return kind


def suffix_for(media_type: str) -> str:
    """Return how names of documents of a media type end."""
    found = (kind.suffixes[0] for kind in KINDS if kind.media_type == media_type)
    return next(found, ".bin")


def plain_name(digest: str, media_type: str) -> str:
    """Return a document's name in the log: how its digest begins, and what its content is."""
    return digest[:16] + suffix_for(media_type)


def _pdf(file: BinaryIO) -> None:
    if file.read(5) != b"%PDF-":
        raise EvidenceKindMismatch(rule="%PDF-")
    size = file.seek(0, 2)
    file.seek(max(0, size - PDF_END_WITHIN))
    if b"%%EOF" not in file.read():
        raise EvidenceKindMismatch(rule="%%EOF")
    _only_one_thing(file)


def _picture(check: Check) -> Check:
    def look(file: BinaryIO) -> None:
        check(file)
        _only_one_thing(file)

    return look


def _only_one_thing(file: BinaryIO) -> None:
    if has_end_of_archive(file):
        raise EvidenceKindMismatch(rule="an archive behind it")


def _text(file: BinaryIO) -> None:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    is_first = True
    while True:
        part = file.read(PART_BYTES)
        try:
            text = decoder.decode(part, final=not part)
        except UnicodeDecodeError as error:
            raise EvidenceKindMismatch(rule="UTF-8") from error
        if _CONTROLS & set(text):
            raise EvidenceKindMismatch(rule="control characters")
        if is_first and _is_no_plain_text(text):
            raise EvidenceKindMismatch(rule="plain text")
        if not part:
            break
        is_first = False
    _only_one_thing(file)


def _is_no_plain_text(text: str) -> bool:
    return text.startswith(_OTHERS) or text.lstrip().lower().startswith(_ACTIVE)


def _archive(file: BinaryIO) -> None:
    _names_of_archive(file)


def _office(*parts: str) -> Check:
    def look(file: BinaryIO) -> None:
        names = _names_of_archive(file)
        if any(part not in names for part in ("[Content_Types].xml", *parts)):
            raise EvidenceKindMismatch(rule=parts[0])
        check_office(file, names)

    return look


def _sheet(file: BinaryIO) -> None:
    names = _names_of_archive(file)
    if not {"mimetype", "content.xml"} <= names or first_bytes(file, "mimetype", 100) != _ODS:
        raise EvidenceKindMismatch(rule="mimetype")
    if any(name.startswith(("Basic/", "Scripts/")) for name in names):
        raise EvidenceArchiveUnsafe(rule="program within")


def _names_of_archive(file: BinaryIO) -> frozenset[str]:
    if file.read(4) != b"PK\x03\x04":
        raise EvidenceKindMismatch(rule="PK")
    return names_in(file)


_OFFICE = "application/vnd.openxmlformats-officedocument."
KINDS = (
    Kind((".pdf",), "application/pdf", _pdf),
    Kind((".png",), "image/png", _picture(check_png)),
    Kind((".jpg", ".jpeg"), "image/jpeg", _picture(check_jpeg)),
    Kind((".webp",), "image/webp", _picture(check_webp)),
    Kind((".docx",), _OFFICE + "wordprocessingml.document", _office("word/document.xml")),
    Kind((".xlsx",), _OFFICE + "spreadsheetml.sheet", _office("xl/workbook.xml")),
    Kind((".ods",), _ODS.decode(), _sheet),
    Kind((".csv",), "text/csv", _text),
    Kind((".txt",), "text/plain", _text),
    Kind((".zip",), "application/zip", _archive),
)
_BY_SUFFIX: Mapping[str, Kind] = {suffix: kind for kind in KINDS for suffix in kind.suffixes}
