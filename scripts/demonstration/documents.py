"""The demo's documents: small real files, each with a content of its own, the same each time.

Papers are PDFs of a few lines in a typeface that every reader brings; photographs are small PNGs
with coloured areas. All of them say, or show by it, that they are invented.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from ledger.core.aggregate import Evidence
from ledger.storage.evidence_kinds import kind_of

FONT = "STSong-Light"
PAPER = (420, 298)
LEFT, TOP, LINE = 36, 250, 22
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
    """Return a PDF with a title and some lines; ``name`` is the title and ends up with ``.pdf``."""
    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    out = BytesIO()
    canvas = Canvas(out, pagesize=PAPER, invariant=True)
    canvas.setTitle(name)
    canvas.setFont(FONT, 16)
    canvas.drawString(LEFT, TOP, name)
    canvas.setFont(FONT, 11)
    for number, line in enumerate((*lines, DISCLAIMER), 2):
        canvas.drawString(LEFT, TOP - number * LINE, line)
    canvas.save()
    return Document(f"{name}.pdf", out.getvalue())


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
