"""Documents as people send them, good and bad, made in memory."""

from __future__ import annotations

import io
import stat
import struct
import zlib
from collections.abc import Mapping
from zipfile import ZIP_DEFLATED, ZIP_LZMA, ZipFile, ZipInfo

PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
TEXT = "项目,金额\n路灯,1200\n".encode()
ODS = b"application/vnd.oasis.opendocument.spreadsheet"
OFFICE = "[Content_Types].xml"


def png(width: int = 4, height: int = 3) -> bytes:
    head = struct.pack(">2L5B", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    parts = (
        struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def jpeg(width: int = 4, height: int = 3) -> bytes:
    exif = b"\xff\xe1" + struct.pack(">H", 8) + b"Exif\0\0"
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 8, 8, height, width, 0)
    return b"\xff\xd8" + exif + frame + b"\xff\xd9"


def webp(width: int = 4, height: int = 3) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<L", 10) + bytes(4) + size
    return b"RIFF" + struct.pack("<L", len(chunk) + 4) + b"WEBP" + chunk


def webp_lossless(width: int, height: int) -> bytes:
    bits = struct.pack("<L", (width - 1) | (height - 1) << 14)
    chunk = b"VP8L" + struct.pack("<L", 5) + b"\x2f" + bits + bytes(5)
    return b"RIFF" + struct.pack("<L", len(chunk) + 4) + b"WEBP" + chunk


def archive(files: Mapping[str, bytes], *, method: int = ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with ZipFile(made, "w", method) as out:
        for name, data in files.items():
            out.writestr(name, data)
    return made.getvalue()


def with_link() -> bytes:
    made = io.BytesIO()
    with ZipFile(made, "w") as out:
        link = ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        out.writestr(link, "/etc/passwd")
    return made.getvalue()


def lying_of_sizes() -> bytes:
    """An archive that unpacks to 60 MiB and says that it is 10 bytes, in both its places."""
    size = 60 * 1024**2
    honest = archive({"a.txt": bytes(size)})
    return honest.replace(struct.pack("<L", size), struct.pack("<L", 10))


def encrypted() -> bytes:
    honest = bytearray(archive({"a.txt": b"a"}))
    honest[honest.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(honest)


def renamed(name: str) -> bytes:
    """An archive with a name that the library would not write."""
    return archive({"x" * len(name): b"a"}).replace(b"x" * len(name), name.encode())


GOOD: Mapping[str, tuple[bytes, str]] = {
    "发票.pdf": (PDF, "application/pdf"),
    "a.png": (png(), "image/png"),
    "a.JPG": (jpeg(), "image/jpeg"),
    "a.jpeg": (jpeg(8, 8), "image/jpeg"),
    "a.webp": (webp(), "image/webp"),
    "b.webp": (webp_lossless(100, 200), "image/webp"),
    "账.csv": (TEXT, "text/csv"),
    "a.txt": (b"\xef\xbb\xbf" + TEXT, "text/plain"),
    "a.zip": (archive({"照片/a.png": png(), "照片/": b""}), "application/zip"),
    "a.docx": (
        archive({OFFICE: b"<x/>", "word/document.xml": b"<x/>"}),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "a.xlsx": (
        archive({OFFICE: b"<x/>", "xl/workbook.xml": b"", "xl/printerSettings1.bin": b"1"}),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "a.ods": (archive({"mimetype": ODS, "content.xml": b"<x/>"}), ODS.decode()),
}

MISMATCH, UNKNOWN = "evidence-kind-mismatch", "evidence-kind-unknown"
UNSAFE, LARGE = "evidence-archive-unsafe", "evidence-image-too-large"

DOCUMENT = {"word/document.xml": b""}
TEMPLATE = b'<Relationship Type="x/attachedTemplate" Target="http://a/b" TargetMode="External"/>'
BAD: Mapping[str, tuple[str, bytes, str]] = {
    "program": ("a.exe", b"MZ\x90\0", UNKNOWN),
    "page": ("a.html", b"<html>", UNKNOWN),
    "drawing": ("a.svg", b"<svg/>", UNKNOWN),
    "gif": ("a.gif", b"GIF89a", UNKNOWN),
    "macros": ("a.docm", archive({OFFICE: b""}), UNKNOWN),
    "no ending": ("pdf", PDF, UNKNOWN),
    "two endings": ("a.pdf.exe", PDF, UNKNOWN),
    "program called pdf": ("a.pdf", b"MZ\x90\0", MISMATCH),
    "cut pdf": ("a.pdf", PDF[:20], MISMATCH),
    "pdf called png": ("a.png", PDF, MISMATCH),
    "png called jpg": ("a.jpg", png(), MISMATCH),
    "page called text": ("a.txt", b" \n<!DOCTYPE html><script>1</script>", MISMATCH),
    "script called text": ("a.txt", b"#!/bin/sh\n", MISMATCH),
    "drawing called csv": ("a.csv", b'<?xml version="1.0"?><svg/>', MISMATCH),
    "pdf called text": ("a.txt", PDF, MISMATCH),
    "not UTF-8": ("a.csv", "项目".encode("gbk"), MISMATCH),
    "binary called text": ("a.txt", b"a\0b", MISMATCH),
    "half a character": ("a.txt", "项".encode()[:2], MISMATCH),
    "empty": ("a.txt", b"", "evidence-empty"),
    "picture and archive": ("a.jpg", jpeg() + archive({"a": b"a"}), MISMATCH),
    "pdf and archive": ("a.pdf", PDF + archive({"a": b"a"}), MISMATCH),
    "picture and more": ("a.png", png() + b"<script>", MISMATCH),
    "cut picture": ("a.png", png()[:-6], MISMATCH),
    "no frame": ("a.jpg", b"\xff\xd8\xff\xd9", MISMATCH),
    "longer webp": ("a.webp", webp() + b"more", MISMATCH),
    "large png": ("a.png", png(10_000, 5_001), LARGE),
    "large jpeg": ("a.jpg", jpeg(60_000, 60_000), LARGE),
    "large webp": ("a.webp", webp(16_000, 16_000), LARGE),
    "large lossless webp": ("a.webp", webp_lossless(16_000, 16_000), LARGE),
    "no pixels": ("a.png", png(0, 5), MISMATCH),
    "archive behind a page": ("a.zip", b"<html>" + archive({"a": b"a"}), MISMATCH),
    "two archives": ("a.zip", archive({"a": b"a"}) + archive({"b": b"b"}), MISMATCH),
    "archive and more": ("a.zip", archive({"a": b"a"}) + b"more", MISMATCH),
    "no archive": ("a.zip", b"PK\x03\x04 and no more", MISMATCH),
    "zip called docx": ("a.docx", archive({"a.txt": b"a"}), MISMATCH),
    "docx called xlsx": ("a.xlsx", archive({OFFICE: b"", "word/document.xml": b""}), MISMATCH),
    "zip called ods": ("a.ods", archive({"mimetype": b"x", "content.xml": b""}), MISMATCH),
    "docx with macros": (
        "a.docx",
        archive({OFFICE: b"", "word/document.xml": b"", "word/vba.bin": b"\xd0\xcf\x11\xe0"}),
        UNSAFE,
    ),
    "docx with macros under another name": (
        "a.docx",
        archive({OFFICE: b"", "word/document.xml": b"", "word/vbaProject.bin": b"packed"}),
        UNSAFE,
    ),
    "docx that says it has macros": (
        "a.docx",
        archive({OFFICE: b"application/vnd.ms-word.document.macroEnabled.main+xml", **DOCUMENT}),
        UNSAFE,
    ),
    "docx that says so in wide letters": (
        "a.docx",
        archive({OFFICE: "<Types>macroEnabled</Types>".encode("utf-16"), **DOCUMENT}),
        UNSAFE,
    ),
    "docx that hides it": (
        "a.docx",
        archive({OFFICE: b"<Types>macro&#69;nabled</Types>", **DOCUMENT}),
        MISMATCH,
    ),
    "xlsx with a relation to macros": (
        "a.xlsx",
        archive(
            {OFFICE: b"", "xl/workbook.xml": b"", "xl/_rels/workbook.xml.rels": b"<vbaProject/>"}
        ),
        UNSAFE,
    ),
    "xlsx with a sheet of macros": (
        "a.xlsx",
        archive({OFFICE: b"", "xl/workbook.xml": b"", "xl/macrosheets/sheet1.xml": b""}),
        UNSAFE,
    ),
    "docx with a template from elsewhere": (
        "a.docx",
        archive({OFFICE: b"", **DOCUMENT, "word/_rels/settings.xml.rels": TEMPLATE}),
        UNSAFE,
    ),
    "many entries": ("a.zip", archive({f"{n}.txt": b"" for n in range(1001)}), UNSAFE),
    "bomb": ("a.zip", archive({"a.txt": bytes(3 * 1024**2)}), UNSAFE),
    "lying bomb": ("a.zip", lying_of_sizes(), MISMATCH),
    "link": ("a.zip", with_link(), UNSAFE),
    "encrypted": ("a.zip", encrypted(), UNSAFE),
    "other compression": ("a.zip", archive({"a.txt": b"a"}, method=ZIP_LZMA), UNSAFE),
    "way up": ("a.zip", archive({"../a.txt": b"a"}), UNSAFE),
    "way up inside": ("a.zip", archive({"b/../../a.txt": b"a"}), UNSAFE),
    "absolute": ("a.zip", archive({"/etc/passwd": b"a"}), UNSAFE),
    "drive": ("a.zip", archive({"C:a.txt": b"a"}), UNSAFE),
    "backslash": ("a.zip", renamed("..\\a.txt"), UNSAFE),
    "archive within": ("a.zip", archive({"b.zip": archive({"a": b"a"})}), UNSAFE),
    "archive within, renamed": ("a.zip", archive({"b.txt": archive({"a": b"a"})}), UNSAFE),
    "program within": ("a.zip", archive({"b.exe": b"a"}), UNSAFE),
    "program within, renamed": ("a.zip", archive({"b.txt": b"MZ\x90\0"}), UNSAFE),
    "page within": ("a.zip", archive({"b.html": b"a"}), UNSAFE),
}
