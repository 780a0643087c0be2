"""Typefaces of PDFs: each character in the first one that has it, embedded.

    Helvetica               ASCII; every reader of PDFs brings it
    Droid Sans Fallback     Chinese as it is written in China, 28,000 characters (Apache-2.0)
    Hanazono Mincho A, B    100,000 more, also beyond U+FFFF: 𠮷 㐂 𬎆 (OFL-1.1)

Names of people have such characters. Where the files are missing, STSong-Light, which readers
bring themselves, shows the usual ones. A character that no typeface here has is shown by its
number, ``[U+1F600]``: what is missing is seen to be missing, and nothing turns into another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

from ledger.core.characters import is_invisible

LATIN, READERS_OWN = "Helvetica", "STSong-Light"
FOLDER = Path("/usr/share/fonts/truetype")
PACKAGES = {
    "DroidSansFallbackFull": ("fonts-droid-fallback", "droid/DroidSansFallbackFull.ttf"),
    "HanaMinA": ("fonts-hanazono", "hanazono/HanaMinA.ttf"),
    "HanaMinB": ("fonts-hanazono", "hanazono/HanaMinB.ttf"),
}
"""Each typeface, the Debian package that brings it, and where."""
_BEYOND = re.compile(rb"<([0-9A-F]{2})> <([0-9A-F]{5,6})>")


class Embedded(TTFont):  # type: ignore[misc]
    """A typeface whose characters beyond U+FFFF can be found and copied out of the PDF.

    The library writes their numbers where PDF wants UTF-16 (ISO 32000-1, 9.10.3).
    """

    def addObjects(self, doc: Any) -> None:
        """Add what the document needs of this typeface."""
        super().addObjects(doc)
        for name, thing in doc.idToObject.items():
            if name.startswith("toUnicodeCMap:"):
                content = thing.content
                written = content if isinstance(content, bytes) else content.encode("ascii")
                thing.content = _BEYOND.sub(_in_utf16, written)


def _in_utf16(found: re.Match[bytes]) -> bytes:
    spelled = chr(int(found[2], 16)).encode("utf-16-be").hex().upper()
    return b"<%b> <%b>" % (found[1], spelled.encode())


@dataclass(slots=True)
class Faces:
    """The typefaces that are there, and those that are not."""

    characters: dict[str, frozenset[int]] = field(default_factory=dict)
    lacking: list[str] = field(default_factory=list)

    def of(self, character: str) -> str:
        """Return the typeface that shows a character, or nothing."""
        if " " <= character <= "~":
            return LATIN
        code = ord(character)
        for name, has in self.characters.items():
            if code in has:
                return name
        return READERS_OWN if self.lacking and _is_usual(character) else ""


def lacking(folder: Path = FOLDER) -> list[str]:
    """Return the Debian packages of typefaces that are not there."""
    missing = (package for package, path in PACKAGES.values() if not (folder / path).is_file())
    return list(dict.fromkeys(missing))


@cache
def faces(folder: Path = FOLDER) -> Faces:
    """Register the typefaces of a folder, once."""
    found = Faces(lacking=lacking(folder))
    for name, (_, path) in PACKAGES.items():
        if (folder / path).is_file():
            face = Embedded(name, str(folder / path))
            pdfmetrics.registerFont(face)
            found.characters[name] = frozenset(face.face.charToGlyph)
    if found.lacking:
        pdfmetrics.registerFont(UnicodeCIDFont(READERS_OWN))
    return found


def runs(text: str, known: Faces) -> Iterator[tuple[str, str]]:
    """Yield a text in pieces, each with its typeface; what nobody sees is left out."""
    shown = [one for one in text if not is_invisible(one)]
    for name, characters in groupby(shown, key=known.of):
        if name:
            yield name, "".join(characters)
        else:
            yield LATIN, "".join(f"[U+{ord(one):04X}]" for one in characters)


def is_whole(text: str, known: Faces) -> bool:
    """Tell whether every character of a text can be shown."""
    return all(known.of(one) or is_invisible(one) for one in text)


def markup(text: str, known: Faces) -> str:
    """Return a text as reportlab's paragraphs take it, each piece in its typeface."""
    return "".join(
        f'<font name="{name}">{escape(piece)}</font>' for name, piece in runs(text, known)
    )


def _is_usual(character: str) -> bool:
    """Tell whether a reader's own typeface has a character: those of GBK."""
    return character <= "\uffff" and len(character.encode("gb18030")) <= 2
