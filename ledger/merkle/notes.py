"""Signed notes: a text, an empty line, and who signed it (C2SP signed-note, tlog-cosignature).

    ledger.example.org/371329                         ← the text; it ends with a newline
    91228
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — ledger.example.org/371329 Az3grl…               ← base64(key id ‖ signature)
    — witness.example.org/w1 jWbPPwAAAABkGFDL…        ← base64(key id ‖ time ‖ signature)

A signature by an unknown key is ignored. One by a known key that does not hold refuses the
whole note: somebody is lying, and nothing else in it may be believed.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from struct import Struct

from ledger.core.errors import InvalidValue
from ledger.merkle.keys import (
    ID_BYTES,
    SIGNATURE_BYTES,
    KeyKind,
    SigningKey,
    VerifyingKey,
    is_key_name,
    read_base64,
)

NOTE_BYTES_MAX = 1_000_000
SIGNATURES_MAX = 100
DASH = "— "

_TIME = Struct(">Q")
_TIME_MAX = 253_402_300_799  # the last second of the year 9999: what a datetime can say


class NoteMalformed(InvalidValue):
    """A signed note is UTF-8: a text, an empty line, and lines "— NAME BASE64".

    签名笔记应为 UTF-8：正文、一个空行、若干“— 名称 BASE64”签名行。
    """


class NoteUnsigned(InvalidValue):
    """No key that is trusted here signed this note.

    没有受信任的密钥为这份笔记签名。
    """


class SignatureWrong(InvalidValue):
    """A signature that claims to be by a trusted key does not hold; nothing in this note counts.

    声称由受信任密钥作出的签名不成立；该笔记一概不可采信。
    """


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One line below a note, not checked yet."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{DASH}{self.name} {b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature that holds. ``at`` is when, if it says so (a witness's does)."""

    key: VerifyingKey
    line: SignatureLine
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it was read: the text and all of its signature lines, in order."""

    text: str
    lines: tuple[SignatureLine, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.lines))}"

    def signatures_by(self, keys: Iterable[VerifyingKey]) -> list[Signature]:
        """Return what these keys signed, each once; ``SignatureWrong`` if one of theirs fails."""
        known = {(key.name, key.id): key for key in keys}
        held: dict[VerifyingKey, Signature] = {}
        for line in self.lines:
            key = known.get((line.name, line.key_id))
            if key is not None:
                checked = _checked(self.text, line, key)
                held.setdefault(key, checked)
        return list(held.values())

    def with_lines(self, *lines: SignatureLine) -> Note:
        """Return the note with further signature lines; one that is there already stays once."""
        return Note(self.text, tuple(dict.fromkeys((*self.lines, *lines))))


def read_note(data: bytes) -> Note:
    """Read a note without checking who signed it (refuses with ``NoteMalformed``)."""
    if len(data) > NOTE_BYTES_MAX:
        raise NoteMalformed(bytes=len(data), bytes_max=NOTE_BYTES_MAX)
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as wrong:
        raise NoteMalformed(byte=wrong.start) from wrong
    if any(character < " " and character != "\n" for character in whole):
        raise NoteMalformed(rule="no control characters")
    text, gap, below = whole.rpartition("\n\n")
    if not gap or not text or not below.endswith("\n"):
        raise NoteMalformed(rule="text, empty line, signatures")
    return Note(text + "\n", read_signature_lines(below))


def open_note(data: bytes, keys: Iterable[VerifyingKey]) -> tuple[Note, list[Signature]]:
    """Read a note that at least one of these keys signed.

    Raises ``NoteMalformed``, ``SignatureWrong`` and ``NoteUnsigned``.
    """
    note = read_note(data)
    signatures = note.signatures_by(keys)
    if not signatures:
        raise NoteUnsigned()
    return note, signatures


def read_signature_lines(text: str) -> tuple[SignatureLine, ...]:
    """Read the lines below a note, as a witness answers them too (``NoteMalformed``)."""
    lines = text.split("\n")
    if lines.pop() or not 0 < len(lines) <= SIGNATURES_MAX:
        raise NoteMalformed(signatures=len(lines), signatures_max=SIGNATURES_MAX)
    return tuple(map(_read_line, lines))


def sign_note(text: str, key: SigningKey, *, at: datetime | None = None) -> SignatureLine:
    """Sign a text; a witness's key needs the moment ``at`` which it signs."""
    if key.kind is KeyKind.NOTE:
        return SignatureLine(key.name, key.verifying.id, key.sign(text.encode()))
    if at is None:
        raise ValueError("a cosignature says when it was made")
    seconds = int(at.timestamp())
    signature = _TIME.pack(seconds) + key.sign(_cosigned(text, seconds))
    return SignatureLine(key.name, key.verifying.id, signature)


def _read_line(line: str) -> SignatureLine:
    name, gap, encoded = line.removeprefix(DASH).partition(" ")
    data = read_base64(encoded)
    if not line.startswith(DASH) or not gap or not is_key_name(name) or data is None:
        raise NoteMalformed(line=line[:100])
    if len(data) <= ID_BYTES:
        raise NoteMalformed(line=line[:100])
    return SignatureLine(name, data[:ID_BYTES], data[ID_BYTES:])


def _checked(text: str, line: SignatureLine, key: VerifyingKey) -> Signature:
    wrong = SignatureWrong(name=key.name, key_id=key.id.hex())
    if key.kind is KeyKind.NOTE:
        if len(line.signature) != SIGNATURE_BYTES or not key.signed(text.encode(), line.signature):
            raise wrong
        return Signature(key, line)
    if len(line.signature) != _TIME.size + SIGNATURE_BYTES:
        raise wrong
    (seconds,) = _TIME.unpack(line.signature[: _TIME.size])
    message, signature = _cosigned(text, seconds), line.signature[_TIME.size :]
    if seconds > _TIME_MAX or not key.signed(message, signature):
        raise wrong
    return Signature(key, line, datetime.fromtimestamp(seconds, UTC))


def _cosigned(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()
