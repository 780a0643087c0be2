"""A checkpoint: which log, how many leaves, which root (C2SP tlog-checkpoint).

    ledger.example.org/371329
    91228
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

It is the text of a signed note. The key that signs it has the log's name, its origin. Extension
lines are refused: nobody could audit what they say.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from ledger.core.errors import InvalidValue
from ledger.merkle.keys import VerifyingKey, is_key_name, read_base64
from ledger.merkle.notes import Note, NoteUnsigned, Signature, read_note
from ledger.merkle.tree import EMPTY_ROOT, HASH_BYTES

SIZE_MAX = 2**63 - 1
SINCE = "/since-"

_STAMP = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class CheckpointMalformed(InvalidValue):
    """A checkpoint is three lines: origin, size without leading zeros, root in base64.

    检查点应为三行：来源、不带前导零的大小、base64 编码的树根。
    """


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: ``size`` leaves under ``root``; ``str`` gives the note's text."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint with the note that carries it and the signatures that were found to hold."""

    checkpoint: Checkpoint
    note: Note
    signatures: tuple[Signature, ...]


def read_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint (refuses with ``CheckpointMalformed``)."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not is_key_name(lines[0]):
        raise CheckpointMalformed(lines=len(lines) - 1)
    origin, size, encoded, _ = lines
    root = read_base64(encoded)
    if not _SIZE.fullmatch(size) or int(size) > SIZE_MAX or root is None or len(root) != HASH_BYTES:
        raise CheckpointMalformed(size=size[:20])
    if int(size) == 0 and root != EMPTY_ROOT:
        raise CheckpointMalformed(size=0)
    return Checkpoint(origin, int(size), root)


def open_checkpoint(
    data: bytes, log_keys: Iterable[VerifyingKey], witness_keys: Iterable[VerifyingKey] = ()
) -> SignedCheckpoint:
    """Read a checkpoint that its log signed, with whatever of these witnesses cosigned it.

    Raises the errors of ``read_note`` and ``read_checkpoint``, ``SignatureWrong`` if any known
    key's signature fails, and ``NoteUnsigned`` unless a log key named like the origin signed.
    """
    note = read_note(data)
    checkpoint = read_checkpoint(note.text)
    logs = [key for key in log_keys if key.name == checkpoint.origin]
    by_log = note.signatures_by(logs)
    if not by_log:
        raise NoteUnsigned(origin=checkpoint.origin)
    by_witnesses = note.signatures_by(witness_keys)
    return SignedCheckpoint(checkpoint, note, (*by_log, *by_witnesses))


def origin_since(origin: str, moment: datetime) -> str:
    """Return the origin under which a log that lost entries goes on from a moment."""
    stamp = moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{base_of_origin(origin)}{SINCE}{stamp}"


def base_of_origin(origin: str) -> str:
    """Return the origin under which a log began: entries keep the one of their time.

    ``ledger.example.org/371329/since-20260302T010000Z`` goes on ``ledger.example.org/371329``.
    """
    base, since, stamp = origin.rpartition(SINCE)
    return base if since and _STAMP.fullmatch(stamp) else origin
