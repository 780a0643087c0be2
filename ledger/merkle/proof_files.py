"""A proof that stands by itself: an entry is in the log, under a checkpoint (C2SP tlog-proof).

    c2sp.org/tlog-proof@v1
    extra YWdlLXYxLjIuMQ==                          ← perhaps; nobody vouches for it
    index 73894
    gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=    ← from the leaf's sibling up to the root
    B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
                                                    ← an empty line, then the checkpoint as it is
    ledger.example.org/371329
    109482
    …

Who holds the entry, this file and a policy needs nobody else, and nobody's leave.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.core.errors import InvalidValue
from ledger.merkle.checkpoints import SIZE_MAX, Checkpoint, SignedCheckpoint, read_checkpoint
from ledger.merkle.keys import read_base64
from ledger.merkle.notes import NOTE_BYTES_MAX, read_note
from ledger.merkle.policies import Policy
from ledger.merkle.proofs import PROOF_HASHES_MAX, check_inclusion
from ledger.merkle.tree import HASH_BYTES, leaf_hash

MEDIA_TYPE = "text/plain; charset=utf-8"
FILE_SUFFIX = ".tlog-proof"
EXTRA_BYTES_MAX = 100_000
FILE_BYTES_MAX = NOTE_BYTES_MAX + 2 * EXTRA_BYTES_MAX

_FIRST_LINE = "c2sp.org/tlog-proof@v1"
_EXTRA = "extra "
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


class ProofFileMalformed(InvalidValue):
    """A proof file is "c2sp.org/tlog-proof@v1", an index, hashes, an empty line, a checkpoint.

    证明文件应为“c2sp.org/tlog-proof@v1”、序号、若干哈希、一个空行与检查点。
    """


@dataclass(frozen=True, slots=True)
class ProofFile:
    """A proof as it was read; only ``check`` says whether it proves anything.

    ``checkpoint`` is the whole signed note, byte for byte. ``extra`` is whatever the maker
    enclosed: no signature covers it.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def to_bytes(self) -> bytes:
        """Return the file."""
        lines = [_FIRST_LINE]
        if self.extra is not None:
            lines.append(f"{_EXTRA}{b64encode(self.extra).decode()}")
        lines.append(f"index {self.index}")
        lines.extend(b64encode(one).decode() for one in self.hashes)
        return "".join(f"{line}\n" for line in lines).encode() + b"\n" + self.checkpoint

    @property
    def claimed(self) -> Checkpoint:
        """The checkpoint as the file has it, before anybody looked at the signatures."""
        return read_checkpoint(read_note(self.checkpoint).text)

    def check(self, leaf: bytes, policy: Policy) -> SignedCheckpoint:
        """Check that a leaf hash is in the log, and return the checkpoint that says so.

        Raises what ``Policy.open`` raises, and ``ProofWrong``.
        """
        signed = policy.open(self.checkpoint)
        check_inclusion(
            leaf=leaf,
            index=self.index,
            size=signed.checkpoint.size,
            proof=self.hashes,
            root=signed.checkpoint.root,
        )
        return signed

    def check_entry(self, entry: bytes, policy: Policy) -> SignedCheckpoint:
        """Check that exactly these bytes are in the log (see ``check``)."""
        return self.check(leaf_hash(entry), policy)


def read_proof_file(data: bytes) -> ProofFile:
    """Read a proof file (``ProofFileMalformed``, and what reading its checkpoint refuses)."""
    if len(data) > FILE_BYTES_MAX:
        raise ProofFileMalformed(bytes=len(data), bytes_max=FILE_BYTES_MAX)
    head, gap, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as wrong:
        raise ProofFileMalformed(byte=wrong.start) from wrong
    if not gap or lines[0] != _FIRST_LINE:
        raise ProofFileMalformed(line=1)
    extra = _read_extra(lines[1]) if len(lines) > 1 and lines[1].startswith(_EXTRA) else None
    at = 1 if extra is None else 2
    found = _INDEX.fullmatch(lines[at]) if at < len(lines) else None
    if found is None or int(found[1]) >= SIZE_MAX:
        raise ProofFileMalformed(line=at + 1)
    proof = ProofFile(int(found[1]), _read_hashes(lines, at + 1), checkpoint, extra)
    if proof.index >= proof.claimed.size:
        raise ProofFileMalformed(index=proof.index, size=proof.claimed.size)
    return proof


def _read_extra(line: str) -> bytes:
    extra = read_base64(line.removeprefix(_EXTRA))
    if not extra or len(extra) > EXTRA_BYTES_MAX:  # nothing to enclose: no such line
        raise ProofFileMalformed(line=2, bytes_max=EXTRA_BYTES_MAX)
    return extra


def _read_hashes(lines: Sequence[str], begin: int) -> tuple[bytes, ...]:
    if len(lines) - begin > PROOF_HASHES_MAX:
        raise ProofFileMalformed(hashes=len(lines) - begin, hashes_max=PROOF_HASHES_MAX)
    hashes = []
    for number, line in enumerate(lines[begin:], start=begin + 1):
        one = read_base64(line)
        if one is None or len(one) != HASH_BYTES:
            raise ProofFileMalformed(line=number)
        hashes.append(one)
    return tuple(hashes)
