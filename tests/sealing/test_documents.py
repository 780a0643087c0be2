"""A sealed document opens whole or not at all, and any part of it opens alone."""

from __future__ import annotations

import io
import random
from dataclasses import replace
from itertools import pairwise
from uuid import UUID

import pytest

from ledger.sealing import DocumentCipher, SealBroken, SlotPlace
from ledger.sealing.documents import CHUNK_BYTES, TAG_BYTES

PLACE = SlotPlace(
    ledger_id="371329", slot_id=UUID(int=1), subject_id=UUID(int=2), record_id=UUID(int=1)
)
SECRET = bytes(range(32))
HEAD_BYTES, SEALED_BYTES = 28, CHUNK_BYTES + TAG_BYTES
DATA = random.Random(7).randbytes(3 * CHUNK_BYTES + 100)  # noqa: S311  content, not a secret


def sealed(data: bytes, cut: int = 1000) -> bytes:
    sealing = DocumentCipher(PLACE, SECRET).sealing()
    places = [*range(0, len(data), cut), len(data)]
    parts = [part for a, b in pairwise(places) for part in sealing.update(data[a:b])]
    return sealing.begin() + b"".join(parts) + sealing.finish()


def opened(file: bytes, place: SlotPlace = PLACE, secret: bytes = SECRET) -> bytes:
    return DocumentCipher(place, secret).reader(io.BytesIO(file)).read()


@pytest.mark.parametrize(
    "size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, len(DATA)]
)
def test_what_was_sealed_opens(size: int) -> None:
    data = DATA[:size]
    assert opened(sealed(data)) == data
    assert opened(sealed(data, cut=200_000)) == data
    assert sealed(data) != sealed(data), "never the same twice"


def test_any_part_opens_alone() -> None:
    reader = DocumentCipher(PLACE, SECRET).reader(io.BytesIO(sealed(DATA)))
    assert reader.seek(0, io.SEEK_END) == len(DATA)
    for start in (0, 5, CHUNK_BYTES - 3, 2 * CHUNK_BYTES, len(DATA) - 1, len(DATA) + 9):
        reader.seek(start)
        assert reader.read(CHUNK_BYTES) == DATA[start : start + CHUNK_BYTES]
    reader.seek(10)
    reader.seek(-4, io.SEEK_CUR)
    assert reader.read(2) == DATA[6:8]


def test_what_was_changed_cut_or_moved_does_not_open() -> None:
    file = sealed(DATA)
    first, second = HEAD_BYTES, HEAD_BYTES + SEALED_BYTES
    changes = {
        "a bit": file[:-40] + bytes([file[-40] ^ 1]) + file[-39:],
        "the nonce": file[: HEAD_BYTES - 1] + bytes([file[HEAD_BYTES - 1] ^ 1]) + file[HEAD_BYTES:],
        "the last chunk is left out": file[: HEAD_BYTES + 3 * SEALED_BYTES],
        "the last byte is left out": file[:-1],
        "a chunk is left out": file[:first] + file[second:],
        "two chunks change places": file[:first]
        + file[second : second + SEALED_BYTES]
        + file[first:second]
        + file[second + SEALED_BYTES :],
        "more behind it": file + bytes(20),
        "no chunk at all": file[:HEAD_BYTES],
        "another kind of file": DATA,
    }
    for what, changed in changes.items():
        with pytest.raises(SealBroken):
            assert not opened(changed), what
    for place, secret in ((replace(PLACE, subject_id=UUID(int=3)), SECRET), (PLACE, bytes(32))):
        with pytest.raises(SealBroken):
            opened(file, place, secret)
