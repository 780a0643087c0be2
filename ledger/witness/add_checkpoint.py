"""What a log asks of a witness, as bytes (C2SP tlog-witness, ``add-checkpoint``).

old 20852014                                      ← the size that the witness cosigned last
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=      ← the consistency proof from there
…
                                                  ← an empty line
example.com/behind-the-sofa                       ← the signed checkpoint
20852163
…
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.core.errors import InvalidValue
from ledger.merkle.keys import read_base64
from ledger.merkle.notes import Note, read_note
from ledger.merkle.proofs import PROOF_HASHES_MAX
from ledger.merkle.tree import HASH_BYTES

BODY_BYTES_MAX = 256 * 1024
SIZE_TYPE = "text/x.tlog.size"
SIZE_MAX = 2**63 - 1

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_OLD = "old "


class RequestMalformed(InvalidValue):
    """A request to a witness is "old SIZE", up to 63 hashes, an empty line and a signed checkpoint.

    对见证人的请求应为 “old 大小”、至多 63 行哈希、一个空行和签名检查点。
    """


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request: the size that the witness should know, the proof from there, the checkpoint."""

    old_size: int
    proof: tuple[bytes, ...]
    note: Note

    def to_bytes(self) -> bytes:
        """Return the body of the request."""
        return write_request(self.old_size, self.proof, str(self.note))


def write_request(old_size: int, proof: Sequence[bytes], note: str) -> bytes:
    """Return the body of a request."""
    hashes = "".join(f"{b64encode(one).decode()}\n" for one in proof)
    return f"{_OLD}{old_size}\n{hashes}\n{note}".encode()


def read_request(body: bytes) -> AddCheckpoint:
    """Read the body of a request (refuses with ``RequestMalformed`` and ``NoteMalformed``)."""
    head, gap, note = body.partition(b"\n\n")
    try:
        first, *hashes = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise RequestMalformed(rule="ASCII before the empty line") from None
    old_size = read_size(first.removeprefix(_OLD))
    if not gap or not first.startswith(_OLD) or old_size is None:
        raise RequestMalformed(first_line=first[:40])
    if len(hashes) > PROOF_HASHES_MAX:
        raise RequestMalformed(hashes=len(hashes), hashes_max=PROOF_HASHES_MAX)
    return AddCheckpoint(old_size, tuple(map(_read_hash, hashes)), read_note(note))


def read_size(text: str) -> int | None:
    """Read a size in decimal without leading zeros; ``None`` for anything else."""
    if not _DECIMAL.fullmatch(text) or int(text) > SIZE_MAX:
        return None
    return int(text)


def _read_hash(line: str) -> bytes:
    data = read_base64(line)
    if data is None or len(data) != HASH_BYTES:
        raise RequestMalformed(hash=line[:50])
    return data
