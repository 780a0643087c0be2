"""The text of a PDF, read by what it says about its own typefaces (ISO 32000-1, 9.10)."""

from __future__ import annotations

import re
import zlib
from base64 import a85decode

_OBJECT = re.compile(rb"(\d+) 0 obj\s(.*?)endobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_FONT = re.compile(rb"/Name /(\S+)")
_TOLD = re.compile(rb"/ToUnicode (\d+) 0 R")
_MAPPED = re.compile(r"<([0-9A-F]{2})> <([0-9A-F]{4,8})>")
_SHOWN = re.compile(rb"/(\S+) [\d.]+ Tf|\(((?:[^\\()]|\\.)*)\) Tj", re.DOTALL)
_ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)


def text_of(pdf: bytes) -> str:
    """Return all text, in the order in which it is drawn."""
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    fonts = {}
    for body in objects.values():
        name, told = _FONT.search(body), _TOLD.search(body)
        if b"/Type /Font" in body and name is not None:
            mapped = _stream(objects[int(told[1])]).decode() if told else ""
            fonts[name[1]] = {
                int(code, 16): bytes.fromhex(spelled).decode("utf-16-be")
                for code, spelled in _MAPPED.findall(mapped)
            }
    streams = (_stream(body) for body in objects.values() if b"/FlateDecode" in body)
    return "".join(_drawn(one, fonts) for one in streams if b" Tf" in one)


def _drawn(content: bytes, fonts: dict[bytes, dict[int, str]]) -> str:
    font: dict[int, str] = {}
    drawn = []
    for name, shown in _SHOWN.findall(content):
        if name:
            font = fonts.get(name, {})
        drawn += [font.get(code, chr(code)) for code in _ESCAPED.sub(_plain, shown)]
    return "".join(drawn)


def _plain(escaped: re.Match[bytes]) -> bytes:
    said = escaped[1]
    if len(said) == 3:
        return bytes([int(said, 8)])
    return {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}.get(said, said)


def _stream(body: bytes) -> bytes:
    found = _STREAM.search(body)
    assert found is not None
    data = found[1]
    if b"/ASCII85Decode" in body:
        data = a85decode(data.strip().removesuffix(b"~>"))
    return zlib.decompress(data)
