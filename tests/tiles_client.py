"""A client of a tiled log that knows only the public formats, written apart from our code.

It trusts a key and nothing else. It imports nothing of the project: what both get wrong in the
same way nobody would notice.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Fetch: TypeAlias = Callable[[str], Awaitable[bytes]]


class LogLies(Exception):
    """What the log says does not fit together."""


@dataclass(frozen=True)
class TreeHead:
    """What the log's signature covers."""

    origin: str
    size: int
    root: bytes


def _h(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def root_over(hashes: list[bytes]) -> bytes:
    """RFC 6962's MTH over leaf hashes, by its recursive definition."""
    if not hashes:
        return _h(b"")
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return _h(b"\x01" + root_over(hashes[:split]) + root_over(hashes[split:]))


def open_note(note: str, vkey: str) -> TreeHead:
    """Check the signature of the one key that is trusted."""
    name, key_id, encoded = vkey.split("+", 2)
    raw = base64.b64decode(encoded)
    if _h(name.encode() + b"\n" + raw)[:4].hex() != key_id or raw[0] != 1:
        raise LogLies("the key's id")
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    for line in signatures.splitlines():
        dash, who, blob = line.split(" ")
        data = base64.b64decode(blob)
        if dash == "—" and who == name and data[:4].hex() == key_id:
            Ed25519PublicKey.from_public_bytes(raw[1:]).verify(data[4:], text.encode())
            origin, size, root = text.splitlines()
            if origin != name:
                raise LogLies("the origin")
            return TreeHead(origin, int(size), base64.b64decode(root))
    raise LogLies("nobody who is trusted signed this")


def path_of(level: str, number: int, width: int) -> str:
    """The address of a tile."""
    digits = f"{number:03d}"
    while len(digits) % 3:
        digits = "0" + digits
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    grouped = "/".join([*("x" + group for group in groups[:-1]), groups[-1]])
    return f"tile/{level}/{grouped}" + ("" if width == 256 else f".p/{width}")


async def tile_row(fetch: Fetch, level: int, count: int) -> list[bytes]:
    """All hashes of a level, tile by tile."""
    row: list[bytes] = []
    for number in range(-(-count // 256)):
        width = min(256, count - number * 256)
        data = await fetch(path_of(str(level), number, width))
        if len(data) != 32 * width:
            raise LogLies(f"the width of tile {number} at level {level}")
        row += [data[i : i + 32] for i in range(0, len(data), 32)]
    return row


async def check_tree(fetch: Fetch, head: TreeHead) -> list[bytes]:
    """Recompute the root from level 0, and every parent from its children; return the leaves."""
    leaves = await tile_row(fetch, 0, head.size)
    children, level = leaves, 0
    while len(children) >= 256:
        level += 1
        parents = await tile_row(fetch, level, len(children) // 256)
        for number, parent in enumerate(parents):
            if root_over(children[number * 256 : number * 256 + 256]) != parent:
                raise LogLies(f"hash {number} of level {level} is not over its children")
        children = parents
    if root_over(leaves) != head.root:
        raise LogLies("the leaves do not make the root")
    return leaves


async def read_entries(fetch: Fetch, leaves: list[bytes]) -> list[bytes]:
    """Fetch all entries and check each against its leaf."""
    entries: list[bytes] = []
    for number in range(-(-len(leaves) // 256)):
        width = min(256, len(leaves) - number * 256)
        data = await fetch(path_of("entries", number, width))
        while data:
            (length,) = struct.unpack(">H", data[:2])
            entries.append(data[2 : 2 + length])
            data = data[2 + length :]
    if [_h(b"\x00" + entry) for entry in entries] != leaves:
        raise LogLies("entries and leaves differ")
    return entries


def check_proof(proof: str, leaf: bytes, vkey: str) -> tuple[int, TreeHead]:
    """Check a proof file for a leaf, with the recursive verifier of RFC 6962, 2.1.1."""
    top, _, note = proof.partition("\n\n")
    lines = top.splitlines()
    if lines[0] != "c2sp.org/tlog-proof@v1" or not lines[1].startswith("index "):
        raise LogLies("the form of the proof")
    index, head = int(lines[1][6:]), open_note(note, vkey)
    path = [base64.b64decode(line) for line in lines[2:]]
    if index >= head.size or climb(leaf, index, head.size, path) != head.root:
        raise LogLies("the proof does not lead to the root")
    return index, head


def climb(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that an inclusion path leads to, top down."""
    if size == 1 or not path:
        if size > 1 or path:
            raise LogLies("the length of the proof")
        return leaf
    split = 1
    while split * 2 < size:
        split *= 2
    if index < split:
        return _h(b"\x01" + climb(leaf, index, split, path[:-1]) + path[-1])
    return _h(b"\x01" + path[-1] + climb(leaf, index - split, size - split, path[:-1]))
