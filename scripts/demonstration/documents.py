"""The demo's documents: small real files, each with a content of its own, the same each time.

Papers are PDFs of a few lines in a typeface that every reader brings; photographs are small PNGs
with coloured areas. They are so plain that they are written here: a library takes longer over a
thousand of them than the ledger takes to record them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from hashlib import sha256

from ledger.core.aggregate import Evidence
from ledger.storage.evidence_kinds import kind_of

LEFT, TOP, LINE = 36, 250, 22
OUTLINE = (
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 420 298] /Contents 7 0 R"
    " /Resources << /Font << /F 4 0 R >> >> >>",
    "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UTF16-H"
    " /DescendantFonts [5 0 R] >>",
    "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 /W [1 95 500]"
    " /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >>"
    " /FontDescriptor 6 0 R >>",
    "<< /Type /FontDescriptor /FontName /STSong-Light /Flags 4 /FontBBox [-25 -254 1000 880]"
    " /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
)
"""The objects of every paper, but for what its page shows."""
DISCLAIMER = "演示数据，非真实单据 / synthetic, for demonstration"
AREA, ACROSS, DOWN = 40, 4, 3
"""A photograph is made of ``ACROSS`` by ``DOWN`` areas of so many pixels a side."""
PNG = b"\x89PNG\r\n\x1a\n"
COLOUR_BYTES, DEPTH, RGB = 3, 8, 2


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the demo with its content."""

    name: str
    content: bytes

    @property
    def evidence(self) -> Evidence:
        """What an event says of it."""
        return Evidence(
            sha256=sha256(self.content).hexdigest(),
            name=self.name,
            media_type=kind_of(self.name).media_type,
            size_bytes=len(self.content),
        )

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the content, as an upload brings it."""
        yield self.content


def yuan(amount_fen: int) -> str:
    """Return an amount as papers write it."""
    return f"¥{amount_fen // 100:,}.{amount_fen % 100:02}"


def a_paper(name: str, lines: Iterable[str]) -> Document:
    """Return a PDF of one page with a title and some lines; its file is named by the title."""
    texts = (name, "", *lines, DISCLAIMER)
    shown = "\n".join(f"<{text.encode('utf-16-be').hex()}> Tj T*" for text in texts)
    page = f"BT /F 12 Tf {LINE} TL {LEFT} {TOP} Td\n{shown}\nET"
    bodies = (*OUTLINE, f"<< /Length {len(page)} >>\nstream\n{page}\nendstream")
    parts, places = ["%PDF-1.4\n"], []
    for number, body in enumerate(bodies, 1):
        places.append(sum(map(len, parts)))
        parts.append(f"{number} 0 obj\n{body}\nendobj\n")
    begin = sum(map(len, parts))
    count = len(bodies) + 1
    parts.append(f"xref\n0 {count}\n0000000000 65535 f \n")
    parts.extend(f"{place:010} 00000 n \n" for place in places)
    parts.append(f"trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{begin}\n%%EOF\n")
    return Document(f"{name}.pdf", "".join(parts).encode("ascii"))


def a_photo(name: str) -> Document:
    """Return a PNG whose colours come of its name."""
    colours = sha256(name.encode()).digest() * 2
    rows = []
    for down in range(DOWN):
        first = down * ACROSS * COLOUR_BYTES
        areas = [
            colours[first + across * COLOUR_BYTES :][:COLOUR_BYTES] * AREA
            for across in range(ACROSS)
        ]
        rows.append((b"\0" + b"".join(areas)) * AREA)
    head = struct.pack(">IIBBBBB", AREA * ACROSS, AREA * DOWN, DEPTH, RGB, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    return Document(f"{name}.png", PNG + b"".join(_chunk(*chunk) for chunk in chunks))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
