"""How many pixels a picture has, from its headers alone: nothing is ever decoded here."""

from __future__ import annotations

from typing import BinaryIO

from ledger.storage.evidence_errors import EvidenceImageTooLarge, EvidenceKindMismatch

PIXELS_MAX = 50_000_000

_PNG = b"\x89PNG\r\n\x1a\n"
_SIZED = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG segments (start of frame) that tell height and width."""
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
"""JPEG segments without a length."""
_SCAN, _END = 0xDA, 0xD9


def check_png(file: BinaryIO) -> None:
    """Refuse what is no PNG from its first chunk to its last, or is too large."""
    _expect(file, _PNG)
    kind, size = _chunk(file)
    if kind != b"IHDR" or size != 13:
        raise EvidenceKindMismatch(rule="IHDR")
    head = _exactly(file, 8)
    check_pixels(int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big"))
    file.seek(size - 8 + 4, 1)
    while kind != b"IEND":
        kind, size = _chunk(file)
        file.seek(size, 1)
        _exactly(file, 4)
    if file.read(1):
        raise EvidenceKindMismatch(rule="content after IEND")


def check_jpeg(file: BinaryIO) -> None:
    """Refuse what does not begin like a JPEG with a frame, or is too large."""
    _expect(file, b"\xff\xd8")
    while True:
        kind = _marker(file)
        if kind in _BARE:
            continue
        if kind in (_SCAN, _END):
            raise EvidenceKindMismatch(rule="no frame")
        size = int.from_bytes(_exactly(file, 2), "big") - 2
        if size < 0:
            raise EvidenceKindMismatch(rule="segment")
        if kind in _SIZED:
            head = _exactly(file, 5)
            check_pixels(int.from_bytes(head[3:5], "big"), int.from_bytes(head[1:3], "big"))
            return
        file.seek(size, 1)


def check_webp(file: BinaryIO) -> None:
    """Refuse what is no WebP of exactly the length it tells, or is too large."""
    head = _exactly(file, 30)
    end = file.seek(0, 2)
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        raise EvidenceKindMismatch(rule="RIFF WEBP")
    if int.from_bytes(head[4:8], "little") + 8 != end:
        raise EvidenceKindMismatch(rule="length")
    check_pixels(*_webp_size(head[12:16], head[20:]))


def _webp_size(kind: bytes, body: bytes) -> tuple[int, int]:
    if kind == b"VP8X":
        width, height = body[4:7], body[7:10]
        return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1
    if kind == b"VP8L" and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = body[6:8], body[8:10]
        return int.from_bytes(width, "little") & 0x3FFF, int.from_bytes(height, "little") & 0x3FFF
    raise EvidenceKindMismatch(rule="VP8")


def check_pixels(width: int, height: int) -> None:
    """Refuse a picture without, or with too many, pixels."""
    if not width or not height:
        raise EvidenceKindMismatch(rule="no pixels")
    if width * height > PIXELS_MAX:
        raise EvidenceImageTooLarge(width=width, height=height, pixels_max=PIXELS_MAX)


def _chunk(file: BinaryIO) -> tuple[bytes, int]:
    head = _exactly(file, 8)
    return head[4:], int.from_bytes(head[:4], "big")


def _marker(file: BinaryIO) -> int:
    _expect(file, b"\xff")
    kind = 0xFF
    while kind == 0xFF:  # any number of them may stand before a segment
        kind = _exactly(file, 1)[0]
    return kind


def _expect(file: BinaryIO, wanted: bytes) -> None:
    if _exactly(file, len(wanted)) != wanted:
        raise EvidenceKindMismatch(rule="signature")


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) != count:
        raise EvidenceKindMismatch(rule="cut short")
    return data
