"""A sealed document: encrypted in chunks, each authentic, so that any part can be read alone.

    minzhang document v1\\n | 7 random bytes | chunk 0 | chunk 1 | ... | last chunk
    chunk = AES-256-GCM(key, 65,536 bytes at most, nonce = random bytes | number | is it the last,
                        aad = place)
    key   = HKDF-SHA256(the slot's secret, "minzhang document v1\\n")

Chunks that are left out, moved, or cut off at the end do not open. Nothing here ever holds more
than one chunk, and the plaintext never touches a disk.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator
from typing import BinaryIO, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.sealing.slots import SealBroken, SlotPlace, derived_key

CHUNK_BYTES = 64 * 1024
TAG_BYTES = 16
PREFIX_BYTES = 7
_MAGIC = b"minzhang document v1\n"
_HEAD_BYTES = len(_MAGIC) + PREFIX_BYTES
_SEALED_BYTES = CHUNK_BYTES + TAG_BYTES


class DocumentCipher:
    """Encrypts and opens the document of one slot."""

    def __init__(self, place: SlotPlace, secret: bytes) -> None:
        self.slot_id = place.slot_id
        self._aead = AESGCM(derived_key(secret, _MAGIC))
        self._bound = _MAGIC + place.to_bytes()

    def sealing(self) -> DocumentSealing:
        """Begin to encrypt: each time under another nonce."""
        return DocumentSealing(self, secrets.token_bytes(PREFIX_BYTES))

    def reader(self, file: BinaryIO) -> BinaryIO:
        """Return the plaintext of a sealed file, to be read and sought in (``SealBroken``)."""
        return io.BufferedReader(cast(io.RawIOBase, _Reader(self, file)), CHUNK_BYTES)

    def encrypt(self, prefix: bytes, number: int, data: bytes, *, is_last: bool) -> bytes:
        """Return one chunk, encrypted."""
        return self._aead.encrypt(_nonce(prefix, number, is_last), data, self._bound)

    def decrypt(self, prefix: bytes, number: int, data: bytes, *, is_last: bool) -> bytes:
        """Return one chunk, opened (refuses with ``SealBroken``)."""
        try:
            return self._aead.decrypt(_nonce(prefix, number, is_last), data, self._bound)
        except (InvalidTag, ValueError) as error:
            raise SealBroken(slot_id=str(self.slot_id), chunk=number) from error


class DocumentSealing:
    """A document on its way to the disk: what ``update`` and ``finish`` yield, in order."""

    def __init__(self, cipher: DocumentCipher, prefix: bytes) -> None:
        self._cipher = cipher
        self._prefix = prefix
        self._number = 0
        self._left = bytearray()

    def begin(self) -> bytes:
        """Return how the file begins."""
        return _MAGIC + self._prefix

    def update(self, data: bytes) -> Iterator[bytes]:
        """Yield the chunks that are full now; the last is kept back until ``finish``."""
        self._left += data
        while len(self._left) > CHUNK_BYTES:
            yield self._next(bytes(self._left[:CHUNK_BYTES]), is_last=False)
            del self._left[:CHUNK_BYTES]

    def finish(self) -> bytes:
        """Return the last chunk."""
        return self._next(bytes(self._left), is_last=True)

    def _next(self, data: bytes, *, is_last: bool) -> bytes:
        chunk = self._cipher.encrypt(self._prefix, self._number, data, is_last=is_last)
        self._number += 1
        return chunk


class _Reader(io.RawIOBase):
    """The plaintext of a sealed file; a chunk is opened when something in it is read."""

    def __init__(self, cipher: DocumentCipher, file: BinaryIO) -> None:
        self._cipher = cipher
        self._file = file
        self._at = 0
        file.seek(0)
        head = file.read(_HEAD_BYTES)
        body = file.seek(0, io.SEEK_END) - _HEAD_BYTES
        if not head.startswith(_MAGIC) or body < TAG_BYTES:
            raise SealBroken(slot_id=str(cipher.slot_id))
        self._prefix = head[len(_MAGIC) :]
        self._count = -(-body // _SEALED_BYTES)
        self._size = body - self._count * TAG_BYTES
        self._opened = (-1, b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("negative position")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: bytearray, /) -> int:  # type: ignore[override]
        number, start = divmod(self._at, CHUNK_BYTES)
        if number >= self._count:
            return 0
        part = self._chunk(number)[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _chunk(self, number: int) -> bytes:
        if self._opened[0] != number:
            self._file.seek(_HEAD_BYTES + number * _SEALED_BYTES)
            sealed = self._file.read(_SEALED_BYTES)
            is_last = number == self._count - 1
            opened = self._cipher.decrypt(self._prefix, number, sealed, is_last=is_last)
            self._opened = (number, opened)
        return self._opened[1]


def _nonce(prefix: bytes, number: int, is_last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([is_last])
